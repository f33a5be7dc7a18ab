//! The command as an operator runs it: real processes, a scratch data folder, ports that the system picks.

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        path::Path,
        process::{Child, Command, Output, Stdio},
    };

    /// A command on the data folder `data` below `scratch`, with nothing of this process's environment that matters.
    fn command(scratch: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tegata-server"));
        command
            .arg("--data-dir")
            .arg(scratch.join("data"))
            .args(arguments)
            .stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TEGATA_")) {
            command.env_remove(name);
        }
        command
    }

    fn run(scratch: &Path, arguments: &[&str]) -> Output {
        command(scratch, arguments).output().unwrap()
    }

    fn stdout(output: &Output) -> String {
        String::from_utf8(output.stdout.clone()).unwrap()
    }

    /// Exit code and error text of a command that is expected to fail.
    fn failure(scratch: &Path, arguments: &[&str]) -> (i32, String) {
        let output = run(scratch, arguments);
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    fn succeed(scratch: &Path, arguments: &[&str]) -> String {
        let output = run(scratch, arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        stdout(&output)
    }

    /// A running server; killed when dropped.
    struct Server {
        child: Child,
        address: String,
    }

    impl Server {
        fn start(scratch: &Path, listen: &str) -> Self {
            Self::start_with(scratch, &["serve", "--listen", listen])
        }

        fn start_with(scratch: &Path, arguments: &[&str]) -> Self {
            let mut child = command(scratch, arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap())
                .read_line(&mut line)
                .unwrap();
            let address = line
                .trim()
                .strip_prefix("listening on ")
                .expect(&line)
                .to_owned();
            Self { child, address }
        }

        fn port(&self) -> &str {
            self.address.rsplit_once(':').unwrap().1
        }

        /// Tells it to stop and waits until it has.
        #[cfg(unix)]
        fn stop(mut self) -> std::process::ExitStatus {
            let pid = self.child.id().to_string();
            assert!(
                Command::new("kill")
                    .args(["-TERM", &pid])
                    .status()
                    .unwrap()
                    .success()
            );
            self.child.wait().unwrap()
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // It may have ended by itself, which is fine.
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }

    #[test]
    fn a_user_code_is_drawn_or_typed_and_can_be_taken_away() {
        let scratch = tempfile::tempdir().unwrap();
        let scratch = scratch.path();
        succeed(scratch, &["init"]);
        succeed(scratch, &["user", "add", "alice"]);
        let drawn = succeed(scratch, &["user", "code", "alice"]);
        let code = drawn.lines().next().unwrap().rsplit(' ').next().unwrap();
        assert!(
            code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()),
            "{drawn}"
        );
        assert!(!succeed(scratch, &["user", "list", "--json"]).contains(code));
        let typed = |code: &str| {
            let mut child = command(scratch, &["user", "code", "alice", "--type"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            writeln!(stdin, "{code}").unwrap();
            drop(stdin);
            child.wait_with_output().unwrap()
        };
        let good = typed("correct horse");
        assert!(good.status.success() && !stdout(&good).contains("correct"));
        let short = typed("horse");
        assert_eq!(short.status.code(), Some(1));
        assert!(String::from_utf8(short.stderr).unwrap().contains("6 to 64"));
        succeed(scratch, &["user", "code", "alice", "--remove"]);
        let (status, error) = failure(scratch, &["user", "code", "bob"]);
        assert!(status == 1 && error.contains("there is no user"), "{error}");
    }

    #[test]
    fn init_makes_an_identity_once() {
        let scratch = tempfile::tempdir().unwrap();
        let made = succeed(scratch.path(), &["init"]);
        assert!(made.contains("fingerprint"), "{made}");
        let keys = std::fs::read(scratch.path().join("data/keys.json")).unwrap();
        let (code, error) = failure(scratch.path(), &["init"]);
        assert_eq!(code, 1);
        assert!(error.contains("Nothing was changed"), "{error}");
        assert_eq!(
            std::fs::read(scratch.path().join("data/keys.json")).unwrap(),
            keys
        );
    }

    #[test]
    fn a_token_of_digits_is_taken_from_the_environment_as_text() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let doctor = |token: &str| {
            let mut command = command(scratch.path(), &["doctor"]);
            command.env("TEGATA_METRICS__TOKEN", token);
            command.output().unwrap()
        };
        for good in [
            "1234567890123456",
            "\"1234567890123456\"",
            "[234567890123456",
        ] {
            let output = doctor(good);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{good}: {error}");
        }
        let short = doctor("123456789012345");
        let error = String::from_utf8_lossy(&short.stderr).into_owned();
        assert!(
            error.contains("metrics.token") && !error.contains("12345"),
            "{error}"
        );
    }

    #[test]
    fn every_kind_of_client_is_registered_and_shown_with_and_without_a_running_server() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let shown = |id: &str| -> serde_json::Value {
            let shown = succeed(scratch.path(), &["client", "show", id, "--json"]);
            serde_json::from_str(&shown).unwrap()
        };
        let add = |arguments: &[&str]| {
            let arguments = [&["client", "add"], arguments].concat();
            succeed(scratch.path(), &arguments)
        };
        add(&[
            "--id",
            "plain",
            "--auth-method",
            "client_secret_post",
            "--refresh",
            "--long-poll",
            "30",
        ]);
        let plain = shown("plain");
        assert_eq!(
            (&plain["long_poll"], &plain["test"]),
            (&30.into(), &false.into())
        );
        assert_eq!(plain["introspection"], false);
        add(&["--id", "resource", "--introspection"]);
        assert_eq!(shown("resource")["introspection"], true);
        assert_eq!(
            plain["metadata"]["token_endpoint_auth_method"],
            "client_secret_post"
        );
        assert_eq!(plain["metadata"]["grant_types"][1], "refresh_token");
        assert_eq!(plain["metadata"]["backchannel_token_delivery_mode"], "poll");
        let metadata = scratch.path().join("client.json");
        std::fs::write(&metadata, plain["metadata"].to_string()).unwrap();

        let server = Server::start(scratch.path(), "127.0.0.1:0");
        let file = metadata.to_str().unwrap();
        let ping = [
            "--delivery",
            "ping",
            "--notification-endpoint",
            "https://rp.example/ciba",
        ];
        add(&[&["--id", "again", "--metadata", file, "--test"], &ping[..]].concat());
        let again = shown("again");
        assert_eq!(again["test"], true);
        assert_eq!(again["metadata"]["backchannel_token_delivery_mode"], "ping");
        assert_eq!(
            again["metadata"]["client_name"], "plain",
            "as the file has it"
        );
        let text = succeed(scratch.path(), &["client", "show", "again"]);
        assert!(
            text.lines()
                .any(|line| line.ends_with(" https://rp.example/ciba")),
            "{text}"
        );
        for (arguments, said) in [
            (
                &["--delivery", "push"][..],
                "backchannel_client_notification_endpoint",
            ),
            (&["--request-alg", "ES256"], "jwks"),
            (&["--auth-method", "none"], "token_endpoint_auth_method"),
            (
                &["--jwks-uri", "https://127.0.0.1/jwks"],
                "jwks_uri cannot be called",
            ),
        ] {
            let arguments = [&["client", "add"], arguments].concat();
            let (code, error) = failure(scratch.path(), &arguments);
            assert!(code == 1 && error.contains(said), "{arguments:?}: {error}");
        }
        let (code, error) = failure(scratch.path(), &["client", "show", "nobody"]);
        assert!(code == 1 && error.contains("nobody"), "{error}");
        server.stop();
    }

    /// Conformance: OIDC-rotation
    #[test]
    fn keys_are_rotated_with_and_without_a_running_server() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let states = |alg: &str| -> Vec<String> {
            let list = succeed(scratch.path(), &["keys", "list", "--json"]);
            let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
            let of = list.iter().filter(|key| key["alg"] == alg);
            of.map(|key| key["state"].as_str().unwrap().to_owned())
                .collect()
        };
        let rotated = succeed(scratch.path(), &["keys", "rotate", "--alg", "es256"]);
        assert!(rotated.contains("next: signs in 5 minutes") || rotated.contains("6 minutes"));
        assert_eq!(states("ES256"), ["signing", "next"]);
        assert_eq!(states("EdDSA"), ["signing"]);

        let server = Server::start(scratch.path(), "127.0.0.1:0");
        assert_eq!(states("ES256"), ["signing", "next"], "it was stored");
        succeed(scratch.path(), &["keys", "rotate", "--alg", "EdDSA"]);
        assert_eq!(states("EdDSA"), ["signing", "next"]);
        let (code, error) = failure(scratch.path(), &["keys", "rotate"]);
        assert_eq!(code, 1);
        assert!(error.contains("published already"), "{error}");
        let (_, error) = failure(scratch.path(), &["keys", "rotate", "--alg", "RS256"]);
        assert!(error.contains("tokens.algorithms"), "{error}");
        let doctor = succeed(scratch.path(), &["doctor"]);
        assert!(
            doctor.contains("ES256 1 signing, 1 next; EdDSA 1 signing, 1 next"),
            "{doctor}"
        );
        drop(server);
        assert_eq!(states("EdDSA"), ["signing", "next"]);
        let shown = succeed(scratch.path(), &["keys", "list"]);
        assert_eq!(shown.lines().count(), 4);
    }

    #[test]
    fn people_and_clients_are_the_same_with_and_without_a_running_server() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        succeed(scratch.path(), &["user", "add", "alice", "--name", "Alice"]);
        let server = Server::start(scratch.path(), "127.0.0.1:0");
        succeed(scratch.path(), &["user", "add", "bob"]);
        let running = succeed(scratch.path(), &["user", "list", "--json"]);
        drop(server);
        let stopped = succeed(scratch.path(), &["user", "list", "--json"]);
        assert_eq!(running, stopped);
        assert!(
            running.contains("alice") && running.contains("bob"),
            "{running}"
        );
    }

    #[test]
    fn two_servers_never_share_a_data_folder() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let _server = Server::start(scratch.path(), "127.0.0.1:0");
        let (code, error) = failure(scratch.path(), &["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(code, 2);
        assert!(error.contains("in use by another tegata-server"), "{error}");
    }

    #[test]
    fn the_demo_comes_back_to_its_own_person_and_takes_over_nobody_elses_account() {
        let scratch = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            drop(Server::start_with(
                scratch.path(),
                &["serve", "--demo", "--listen", "127.0.0.1:0"],
            ));
        }
        succeed(scratch.path(), &["user", "remove", "hanako"]);
        succeed(scratch.path(), &["user", "add", "hanako"]);
        let demo = ["serve", "--demo", "--listen", "127.0.0.1:0"];
        let mut child = command(scratch.path(), &demo)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        if !line.is_empty() {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((line.as_str(), output.status.code()), ("", Some(1)));
        assert!(
            error.contains("hanako") && error.contains("not made by the demo"),
            "{error}"
        );
    }

    #[test]
    fn a_port_in_use_is_a_clear_error() {
        let scratch = tempfile::tempdir().unwrap();
        let (first, second) = (scratch.path().join("first"), scratch.path().join("second"));
        succeed(&first, &["init"]);
        succeed(&second, &["init"]);
        let server = Server::start(&first, "127.0.0.1:0");
        let listen = format!("127.0.0.1:{}", server.port());
        let (code, error) = failure(&second, &["serve", "--listen", &listen]);
        assert_eq!(code, 2);
        assert!(
            error.contains(&listen) && error.contains("in use"),
            "{error}"
        );
    }

    #[test]
    fn it_listens_on_loopback_only() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let (code, error) = failure(scratch.path(), &["serve", "--listen", "0.0.0.0:0"]);
        assert_eq!(code, 2);
        assert!(
            error.contains("loopback") && error.contains("TLS"),
            "{error}"
        );
    }

    /// Writes a certificate for `localhost` that ends a minute before so many days are over, its key, and the configuration
    /// that names them.
    fn with_certificate(scratch: &Path, days: u64) -> rcgen::CertifiedKey<rcgen::KeyPair> {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        params.not_after =
            rcgen::date_time_ymd(1970, 1, 1) + now + std::time::Duration::from_hours(24 * days)
                - std::time::Duration::from_mins(1);
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let cert = params.self_signed(&signing_key).unwrap();
        let data = scratch.join("data");
        std::fs::write(data.join("chain.pem"), cert.pem()).unwrap();
        let mut options = std::fs::File::options();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut key = options
            .create(true)
            .truncate(true)
            .write(true)
            .open(data.join("key.pem"))
            .unwrap();
        key.write_all(signing_key.serialize_pem().as_bytes())
            .unwrap();
        std::fs::write(
            data.join("tegata-server.toml"),
            "issuer = \"https://localhost:8480\"\n[tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n",
        )
        .unwrap();
        rcgen::CertifiedKey { cert, signing_key }
    }

    #[test]
    fn with_tls_it_listens_on_any_address_and_its_commands_still_reach_it() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        with_certificate(scratch.path(), 90);
        let server = Server::start(scratch.path(), "0.0.0.0:0");
        assert!(
            server.address.starts_with("https://localhost:"),
            "{}",
            server.address
        );
        succeed(scratch.path(), &["user", "add", "alice"]);
        assert!(succeed(scratch.path(), &["user", "list"]).contains("alice"));
        let report = succeed(scratch.path(), &["doctor"]);
        assert!(
            report.contains("ok   certificate") && report.contains("with TLS"),
            "{report}"
        );
        let announced = std::fs::read_to_string(scratch.path().join("data/server.json")).unwrap();
        assert!(
            announced.contains("127.0.0.1:") && !announced.contains(server.port()),
            "{announced}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_hangup_makes_it_read_its_certificate_again_and_does_not_end_it() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        with_certificate(scratch.path(), 90);
        let server = Server::start(scratch.path(), "127.0.0.1:0");
        let renewed = with_certificate(scratch.path(), 90);
        let pid = server.child.id().to_string();
        let told = Command::new("kill").args(["-HUP", &pid]).status().unwrap();
        assert!(told.success());
        // Only the new certificate is trusted, so an answer is an answer under it.
        let root = reqwest::Certificate::from_der(renewed.cert.der()).unwrap();
        drop(rustls::crypto::ring::default_provider().install_default());
        let url = format!("{}/health", server.address);
        let answered = tokio::runtime::Runtime::new().unwrap().block_on(async {
            let asking = async {
                loop {
                    let client = reqwest::Client::builder()
                        .tls_certs_only([root.clone()])
                        .no_proxy()
                        .build()
                        .unwrap();
                    if let Ok(answer) = client.get(&url).send().await {
                        return answer.status().as_u16();
                    }
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(20), asking).await
        });
        assert_eq!(answered.unwrap(), 200);
    }

    #[test]
    fn doctor_warns_of_a_certificate_that_ends_soon_and_calls_one_bad_that_has_ended() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        with_certificate(scratch.path(), 13);
        let report = succeed(scratch.path(), &["doctor"]);
        assert!(
            report.contains("warn certificate") && report.contains("ends in 12 days"),
            "{report}"
        );
        with_certificate(scratch.path(), 0);
        let output = run(scratch.path(), &["doctor"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("BAD  certificate"));
    }

    #[cfg(unix)]
    #[test]
    fn it_does_not_start_with_a_certificate_that_it_cannot_serve() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        with_certificate(scratch.path(), 90);
        let key = scratch.path().join("data/key.pem");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
        let (code, error) = failure(scratch.path(), &["serve", "--listen", "0.0.0.0:0"]);
        assert_eq!(code, 2);
        assert!(
            error.contains("key.pem") && error.contains("chmod 600"),
            "{error}"
        );
        std::fs::remove_file(&key).unwrap();
        let (code, error) = failure(scratch.path(), &["serve", "--listen", "0.0.0.0:0"]);
        assert_eq!(code, 2);
        assert!(error.contains("key.pem"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn it_stops_when_told_and_comes_back_under_the_same_issuer() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let server = Server::start(scratch.path(), "127.0.0.1:0");
        let address = server.address.clone();
        let status = server.stop();
        assert!(status.success(), "{status}");
        assert!(
            !scratch.path().join("data/server.json").exists(),
            "a stopped server takes its announcement back"
        );
        let again = Server::start(scratch.path(), "127.0.0.1:0");
        assert_eq!(again.address, address);
    }

    #[test]
    fn a_killed_server_is_not_taken_for_a_running_one() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        drop(Server::start(scratch.path(), "127.0.0.1:0"));
        assert!(
            scratch.path().join("data/server.json").exists(),
            "a kill leaves the announcement behind"
        );
        succeed(scratch.path(), &["user", "add", "alice"]);
        let (code, error) = failure(scratch.path(), &["invite", "alice"]);
        assert_eq!(code, 3);
        assert!(error.contains("tegata-server serve"), "{error}");
        assert!(succeed(scratch.path(), &["doctor"]).contains("not running"));
    }

    #[test]
    fn configuration_errors_name_their_source_and_key() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let output = command(scratch.path(), &["doctor"])
            .env("TEGATA_LIFETIMES__REQUEST", "soon")
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(
            error.to_lowercase().contains("lifetimes.request") && error.contains("TEGATA_"),
            "{error}"
        );
        std::fs::write(
            scratch.path().join("data/tegata-server.toml"),
            "interval = \"often\"",
        )
        .unwrap();
        let (code, error) = failure(scratch.path(), &["doctor"]);
        assert_eq!(code, 2);
        assert!(
            error.contains("interval") && error.contains("tegata-server.toml"),
            "{error}"
        );
    }

    #[test]
    fn an_uninitialized_folder_is_said_to_be_one() {
        let scratch = tempfile::tempdir().unwrap();
        for arguments in [
            &["serve"][..],
            &["user", "list"],
            &["backup", "copy.sqlite"],
        ] {
            let (code, error) = failure(scratch.path(), arguments);
            assert_eq!(code, 1, "{arguments:?}");
            assert!(
                error.contains("tegata-server init"),
                "{arguments:?}: {error}"
            );
        }
    }

    #[test]
    fn a_database_of_a_newer_program_is_refused_with_both_versions() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        let database =
            rusqlite::Connection::open(scratch.path().join("data/tegata.sqlite")).unwrap();
        let own: i64 = database
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        database.pragma_update(None, "user_version", 99).unwrap();
        drop(database);
        let (code, error) = failure(scratch.path(), &["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(code, 1);
        assert!(
            error.contains("schema 99") && error.contains(&format!("up to {own}")),
            "{error}"
        );
    }

    #[test]
    fn a_backup_is_a_working_store_without_keys() {
        let scratch = tempfile::tempdir().unwrap();
        succeed(scratch.path(), &["init"]);
        succeed(scratch.path(), &["user", "add", "alice"]);
        let copy = scratch.path().join("copy.sqlite");
        let _server = Server::start(scratch.path(), "127.0.0.1:0");
        succeed(scratch.path(), &["backup", copy.to_str().unwrap()]);
        let database = rusqlite::Connection::open(&copy).unwrap();
        let login: String = database
            .query_row("SELECT login_name FROM account", [], |row| row.get(0))
            .unwrap();
        assert_eq!(login, "alice");
    }
}
