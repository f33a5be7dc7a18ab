//! What every test stands on: a server with one person and the devices paired with it.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tegata_tests::{
    folders::{make_private_dir, write_private},
    http::Http,
    processes::Program,
    programs,
    relying_party::RelyingParty,
    server::{COMMAND, Server, ServerSetup},
    terminal_device::TerminalDevice,
};
use tempfile::TempDir;

/// The person who is asked.
pub(crate) const PERSON: &str = "hanako";

/// The PIN of every device here.
pub(crate) const PIN: &str = "482915";

/// How long anything may take that is not measured.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// A running server with one person, in a folder that goes with it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) http: Http,
    _witness: Witness,
    // Last, so that nothing uses the folder any more.
    pub(crate) dir: TempDir,
}

/// Shows the server's log when a test fails, before the folder goes.
struct Witness(PathBuf);

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.0).unwrap_or_default();
            eprintln!("--- the server's log\n{log}---");
        }
    }
}

/// `tegata-server invite`, waiting for a device.
pub(crate) struct Invite(Program);

impl Invite {
    /// Types the digits.
    pub(crate) async fn confirm(mut self, digits: &str) {
        self.0
            .line("asking for the digits", LIMIT, |line| {
                member(line, "state").filter(|state| state == "ready")
            })
            .await
            .unwrap();
        self.0.write(&format!("{digits}\n")).unwrap();
        self.0.finish(LIMIT).await.unwrap().ok().unwrap();
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|setup| setup).await
    }

    /// Starts with settings of the test's own.
    pub(crate) async fn start_with(configure: impl FnOnce(ServerSetup) -> ServerSetup) -> Self {
        Self::start_for(configure, &[]).await
    }

    /// Starts with further options of `tegata-server user add`.
    pub(crate) async fn start_for(
        configure: impl FnOnce(ServerSetup) -> ServerSetup,
        further: &[&str],
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let setup = configure(server_in(&dir));
        run(&setup, &["init"]).await;
        let user = ["user", "add", PERSON, "--name", "Yamada Hanako"];
        run(&setup, &[&user, further].concat()).await;
        Self::serve(dir, setup).await
    }

    /// Starts with the demo's person and pages, and no one else.
    pub(crate) async fn start_demo() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let setup = server_in(&dir).demo();
        Self::serve(dir, setup).await
    }

    async fn serve(dir: TempDir, setup: ServerSetup) -> Self {
        Self {
            server: setup.start().await.unwrap(),
            http: Http::make().unwrap(),
            _witness: Witness(dir.path().join("server.log")),
            dir,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Registers a client with a secret. `further` are options of `tegata-server client add`.
    pub(crate) async fn client(&self, id: &str, further: &[&str]) -> (RelyingParty, String) {
        let secret = self.register(id, further).await["client_secret"]
            .as_str()
            .expect("a client without keys gets a secret")
            .to_owned();
        (RelyingParty::new(&self.server, id, &secret), secret)
    }

    /// Registers a client and answers what the command printed.
    pub(crate) async fn register(&self, id: &str, further: &[&str]) -> Value {
        let mut args = vec![
            "client",
            "add",
            "--json",
            "--id",
            id,
            "--name",
            "Reading room kiosk",
        ];
        args.extend(further);
        let printed = run(self.server.setup(), &args).await;
        let printed: Value = serde_json::from_str(&printed).unwrap();
        printed.get(0).cloned().unwrap_or(printed)
    }

    /// A terminal device that is not paired.
    pub(crate) fn unpaired(&self, name: &str) -> TerminalDevice {
        let data_dir = self.path(name);
        make_private_dir(&data_dir).unwrap();
        let binary = programs::built(programs::DEVICE).unwrap();
        TerminalDevice::new(&binary, &data_dir).unwrap()
    }

    /// A paired terminal device. The digits go through the administrator's terminal.
    pub(crate) async fn device(&self, name: &str) -> TerminalDevice {
        let device = self.unpaired(name);
        let (link, invite) = self.invite().await;
        let pairing = device.begin_pairing(&link, PIN, name).await.unwrap();
        invite.confirm(pairing.digits()).await;
        pairing.finish().await.unwrap();
        device
    }

    /// An invitation's link, and the administrator's terminal that waits for the digits.
    pub(crate) async fn invite(&self) -> (String, Invite) {
        let mut program = self
            .server
            .setup()
            .command(&["invite", PERSON, "--json"])
            .with_input()
            .start()
            .unwrap();
        let link = program
            .line("the invitation", LIMIT, |line| member(line, "link"))
            .await
            .unwrap();
        (link, Invite(program))
    }

    /// Writes a client's evidence, as a client that knows the server's root would keep it.
    pub(crate) async fn client_evidence(&self, client_receipt: &str) -> PathBuf {
        let url = self.server.url("/.well-known/tegata-device");
        let metadata = self.http.fetch(&url).await.unwrap().ok_json().unwrap();
        let evidence = json!({
            "v": 1,
            "metadata_jws": metadata["metadata_jws"],
            "root": metadata["root"],
            "client_receipt": client_receipt,
        });
        let file = self.path("client-evidence.json");
        write_private(&file, evidence.to_string().as_bytes()).unwrap();
        file
    }
}

/// A server on a port of the system's choice, in this folder.
pub(crate) fn server_in(dir: &TempDir) -> ServerSetup {
    let binary = programs::built(programs::SERVER).unwrap();
    ServerSetup::new(
        &binary,
        &dir.path().join("server"),
        &dir.path().join("server.log"),
    )
}

/// Runs one of the server's commands to its good end.
pub(crate) async fn run(setup: &ServerSetup, args: &[&str]) -> String {
    setup
        .command(args)
        .run(COMMAND)
        .await
        .unwrap()
        .ok()
        .unwrap()
}

/// A text member of a line of JSON.
pub(crate) fn member(line: &str, name: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).ok()?;
    Some(value.get(name)?.as_str()?.to_owned())
}
