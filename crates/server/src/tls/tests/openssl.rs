//! The server as `openssl s_client` finds it, whose TLS is none of ours.

use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tegata_protocol::ClientId;
use tokio::time::timeout;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    authority::{Authority, RSA_KEY},
    server::{DEADLINE, Server},
};
use crate::{
    domain::{
        BindingMessageUse, CertificateName, Client, ClientAuthentication, ClientSettings,
        RegisteredBy,
    },
    jose::VerifyingKey,
    storage::ops::CreateClient,
};

/// A server whose key allows both versions, and a folder for clients' files.
struct Probed {
    server: Server,
    folder: tempfile::TempDir,
    authority: PathBuf,
    /// Of clients; the server knows it.
    clients: Authority,
}

impl Probed {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clients = Authority::make();
        let file = folder.path().join("clients.pem");
        fs::write(&file, clients.pem()).unwrap();
        let rsa = KeyPair::from_pem(RSA_KEY).unwrap();
        let server = Server::start_with(&rsa, |config, _| {
            config.tls.client_authorities = Some(file);
        })
        .await;
        let authority = folder.path().join("authority.pem");
        fs::write(&authority, server.authority.pem()).unwrap();
        Self {
            server,
            folder,
            authority,
            clients,
        }
    }

    /// What `openssl s_client` with these arguments prints, errors included, until one side has had enough.
    async fn probe(&self, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-servername", "localhost", "-connect"])
            .arg(format!("127.0.0.1:{}", self.server.port))
            .args(["-verify_return_error", "-CAfile"])
            .arg(&self.authority)
            .args(arguments);
        let input = input.to_owned();
        // The server runs on this test's own thread, which must not wait.
        let probing = tokio::task::spawn_blocking(move || run(command, &input));
        timeout(DEADLINE, probing).await.unwrap().unwrap()
    }

    /// An answer to a request for `/health`.
    async fn health(&self, arguments: &[&str]) -> String {
        let request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        self.probe(&[arguments, &["-ign_eof"]].concat(), request)
            .await
    }

    /// The status for `client` with these files as certificate and key, or without: 400, since nobody is asked, once the
    /// client is known to be itself.
    async fn authenticates(&self, client: &str, files: Option<&(PathBuf, PathBuf)>) -> String {
        let form = format!("scope=openid&login_hint=nobody&client_id={client}");
        let request = format!(
            "POST /backchannel-authentication HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let mut arguments = vec!["-ign_eof"];
        if let Some((certificate, key)) = files {
            arguments.extend(["-cert", certificate.to_str().unwrap()]);
            arguments.extend(["-key", key.to_str().unwrap()]);
        }
        let said = self.probe(&arguments, &request).await;
        let (_, answer) = said
            .split_once("HTTP/1.1 ")
            .unwrap_or_else(|| panic!("no answer: {said}"));
        let error = ["invalid_client", "unknown_user_id"]
            .into_iter()
            .find(|error| answer.contains(error));
        let status = answer.split(' ').next().unwrap();
        format!("{status} {}", error.unwrap_or("?"))
    }

    async fn register(&self, id: &str, method: ClientAuthentication, settings: ClientSettings) {
        let client = Client {
            id: ClientId::parse(id).unwrap(),
            name: id.to_owned(),
            authentication: method,
            registered_by: RegisteredBy::Operator,
            since: self.server.app.now(),
            host: None,
            binding_message: BindingMessageUse::Show,
            transfer_code: false,
            settings,
        };
        let store = &self.server.app.store;
        store.apply(CreateClient(client)).await.unwrap();
    }
}

fn run(mut command: Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl, which the tests need");
    let mut stdin = child.stdin.take().unwrap();
    // Whoever has been refused may be gone already; what it printed tells.
    drop(stdin.write_all(input.as_bytes()));
    // Open until the end, so that the program does not leave first.
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Runs `openssl` to make something.
fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
}

/// A self-signed certificate and its key, as shell scripts make them: the first version of X.509 where openssl still has it,
/// and no names but the subject's.
fn self_signed(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let file = |kind: &str| folder.join(format!("{name}.{kind}"));
    let (certificate, key, request) = (file("pem"), file("key"), file("csr"));
    let [certificate_text, key_text, request_text] =
        [&certificate, &key, &request].map(|path| path.to_str().unwrap());
    let curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];
    let make_key = ["genpkey", "-algorithm", "EC", "-out", key_text];
    openssl(&[&make_key[..], &curve].concat());
    let subject = format!("/CN={name}");
    openssl(&[
        "req",
        "-new",
        "-key",
        key_text,
        "-subj",
        &subject,
        "-out",
        request_text,
    ]);
    openssl(&[
        "x509",
        "-req",
        "-in",
        request_text,
        "-signkey",
        key_text,
        "-days",
        "2",
        "-out",
        certificate_text,
    ]);
    (certificate, key)
}

fn jwks_of(certificate: &Path) -> String {
    let der = CertificateDer::from_pem_file(certificate).unwrap();
    let (_, parsed) = X509Certificate::from_der(&der).unwrap();
    let key = VerifyingKey::from_public_key_info(parsed.public_key()).unwrap();
    serde_json::json!({ "keys": [key.to_jwk()] }).to_string()
}

/// Conformance: FAPI-CIBA-7.9-tls
#[tokio::test]
async fn openssl_gets_tls_1_3_and_of_1_2_the_two_suites_that_are_allowed() {
    let probed = Probed::start().await;
    for (arguments, version, suite) in [
        (vec!["-tls1_3"], "TLSv1.3", "TLS_AES_"),
        (vec![], "TLSv1.3", "TLS_AES_"),
        (
            vec!["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"],
            "TLSv1.2",
            "ECDHE-RSA-AES128-GCM-SHA256",
        ),
        (
            vec!["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"],
            "TLSv1.2",
            "ECDHE-RSA-AES256-GCM-SHA384",
        ),
        (vec!["-tls1_2"], "TLSv1.2", "ECDHE-RSA-AES"),
    ] {
        let said = probed.health(&arguments).await;
        let agreed = format!("New, {version}, Cipher is {suite}");
        assert!(said.contains(&agreed), "{arguments:?}: {said}");
        assert!(said.contains("HTTP/1.1 200"), "{arguments:?}: {said}");
        assert!(said.contains("Verify return code: 0"), "{said}");
    }
}

/// Conformance: FAPI-CIBA-7.9-tls
#[tokio::test]
async fn openssl_is_refused_every_older_version_and_every_other_suite_by_the_server() {
    let probed = Probed::start().await;
    for (version, suites) in [
        ("-tls1", "ALL:@SECLEVEL=0"),
        ("-tls1_1", "ALL:@SECLEVEL=0"),
        ("-tls1_2", "ECDHE-RSA-AES128-SHA256"),
        ("-tls1_2", "ECDHE-RSA-AES256-SHA384"),
        ("-tls1_2", "ECDHE-RSA-AES128-SHA"),
        ("-tls1_2", "AES128-GCM-SHA256"),
        ("-tls1_2", "AES256-SHA"),
        ("-tls1_2", "DHE-RSA-AES128-GCM-SHA256"),
        ("-tls1_2", "DHE-RSA-AES256-GCM-SHA384"),
        ("-tls1_2", "ECDHE-RSA-CHACHA20-POLY1305"),
        ("-tls1_2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ] {
        let said = probed.health(&[version, "-cipher", suites]).await;
        // It is the server that has refused, and not the program that cannot ask.
        assert!(
            said.contains("SSL alert number"),
            "{version} {suites}: {said}"
        );
        assert!(
            said.contains("Cipher is (NONE)"),
            "{version} {suites}: {said}"
        );
        assert!(!said.contains("HTTP/1.1"), "{version} {suites}: {said}");
    }
}

/// Conformance: FAPI-CIBA-7.9-tls
#[tokio::test]
async fn openssl_cannot_renegotiate_or_resume() {
    let probed = Probed::start().await;
    let said = probed.probe(&["-tls1_2"], "R\n").await;
    assert!(said.contains("RENEGOTIATING"), "{said}");
    assert!(said.contains("no renegotiation"), "{said}");
    for version in ["-tls1_2", "-tls1_3"] {
        let file = probed.folder.path().join(version);
        let file = file.to_str().unwrap();
        let said = probed.health(&[version, "-sess_out", file]).await;
        assert!(said.contains("New, TLSv1."), "{said}");
        // In TLS 1.3 there is nothing to come back with.
        if Path::new(file).exists() && version == "-tls1_2" {
            let said = probed.health(&[version, "-sess_in", file]).await;
            assert!(said.contains("New, TLSv1.2"), "{said}");
            assert!(!said.contains("Reused"), "{said}");
        } else {
            assert!(!said.contains("NewSessionTicket"), "{said}");
        }
    }
}

/// Conformance: RFC8705-2.2
#[tokio::test]
async fn openssl_authenticates_with_a_self_signed_certificate_and_not_with_anothers() {
    let probed = Probed::start().await;
    let [one, two] = ["one", "two"].map(|name| self_signed(probed.folder.path(), name));
    for (id, (certificate, _)) in [("one", &one), ("two", &two)] {
        let settings = ClientSettings::with_jwks(jwks_of(certificate));
        let method = ClientAuthentication::SelfSignedTlsClientAuth;
        probed.register(id, method, settings).await;
    }
    for (id, files, expected) in [
        ("one", Some(&one), "400 unknown_user_id"),
        ("two", Some(&two), "400 unknown_user_id"),
        ("one", Some(&two), "401 invalid_client"),
        ("two", Some(&one), "401 invalid_client"),
        ("one", None, "401 invalid_client"),
        ("nobody", Some(&one), "401 invalid_client"),
    ] {
        let found = probed.authenticates(id, files).await;
        assert_eq!(found, expected, "{id} with {files:?}");
    }
}

/// Conformance: RFC8705-2.1
#[tokio::test]
async fn openssl_authenticates_with_a_certificate_by_the_clients_authority_and_no_other() {
    let probed = Probed::start().await;
    let name = CertificateName::SanDns("mtls.localhost".to_owned());
    let method = ClientAuthentication::TlsClientAuth { name };
    probed
        .register("till", method, ClientSettings::default())
        .await;
    let files = |name: &str, authority: &Authority| {
        let key = KeyPair::generate().unwrap();
        let file = |kind: &str| probed.folder.path().join(format!("{name}.{kind}"));
        let (certificate, key_file) = (file("pem"), file("key"));
        fs::write(&certificate, authority.certify(&key, 4_000_000_000)).unwrap();
        fs::write(&key_file, key.serialize_pem()).unwrap();
        (certificate, key_file)
    };
    let known = files("known", &probed.clients);
    let unknown = files("unknown", &probed.server.authority);
    for (files, expected) in [
        (Some(&known), "400 unknown_user_id"),
        (Some(&unknown), "401 invalid_client"),
        (None, "401 invalid_client"),
    ] {
        let found = probed.authenticates("till", files).await;
        assert_eq!(found, expected, "{files:?}");
    }
}
