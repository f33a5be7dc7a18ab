//! A server with a certificate of a private authority, and a device that trusts this authority alone.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{fs, io, path::Path, sync::Arc};
use tegata_device::{
    Connection, Pin,
    pairing::PairingCause,
    ports::{NetworkSettings, ProxySetting},
};
use tegata_protocol::{Clock as _, SystemRng};
use tegata_server::{
    app::App,
    config::{Config, Issuer, TlsConfig},
    data_folder::DataFolder,
    http::serve_tls,
    tls::{Renewal, TlsListener},
};
use tegata_tests::{
    folders::write_private,
    http::Http,
    in_process::{PIN, World, eventually},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A server for `https://localhost:PORT`.
struct Server {
    app: Arc<App>,
    admin: String,
    task: JoinHandle<io::Result<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(world: &World, folder: &Path) -> Self {
        let data = DataFolder::at(folder.join("server"));
        let rng = SystemRng::new();
        data.make(&rng).unwrap();
        let tls = TlsConfig {
            certificate: Some(folder.join("chain.pem")),
            key: Some(folder.join("key.pem")),
            ..TlsConfig::default()
        };
        let files = tls.files(data.path()).unwrap();
        let renewal = Renewal::open(files, world.clock.now()).unwrap();
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let local = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = public.local_addr().unwrap().port();
        let config = Config {
            issuer: Some(Issuer::parse(&format!("https://localhost:{port}")).unwrap()),
            tls,
            ..Config::default()
        };
        let clock = world.clock.clone();
        let app = App::open(config, &data, port, clock, Arc::new(rng))
            .await
            .unwrap();
        let admin = format!("http://{}/admin/v1", local.local_addr().unwrap());
        let task = tokio::spawn(serve_tls(
            Arc::clone(&app),
            TlsListener::new(public, renewal),
            local,
            std::future::pending(),
        ));
        Self { app, admin, task }
    }

    async fn admin(&self, path: &str, body: serde_json::Value) -> serde_json::Value {
        // EXPOSE: the test is the operator.
        let token = format!("Bearer {}", self.app.admin_token.expose());
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
        ];
        Http::make()
            .unwrap()
            .post(&format!("{}{path}", self.admin), &headers, body.to_string())
            .await
            .unwrap()
            .ok_json()
            .unwrap()
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[tokio::test]
async fn a_device_that_trusts_a_private_authority_pairs_and_connects_and_another_does_not() {
    // The other server's devices and clock are all that is used of it.
    let world = World::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    fs::write(folder.path().join("chain.pem"), certificate.pem()).unwrap();
    write_private(
        &folder.path().join("key.pem"),
        key.serialize_pem().as_bytes(),
    )
    .unwrap();
    let ca_file = folder.path().join("authority.pem");
    fs::write(&ca_file, authority.pem()).unwrap();
    let server = Server::start(&world, folder.path()).await;
    let person = serde_json::json!({"login_name": "hanako", "display_name": null, "test": true});
    server.admin("/users", person).await;
    let invite = serde_json::json!({"user": "hanako", "page": false});
    let invited = server.admin("/invitations", invite).await;
    let link = invited["form"]["link"].as_str().unwrap();
    assert!(link.contains("https"), "{link}");

    let stranger = world.device().unwrap();
    let refused = stranger.device.read_invitation(link).unwrap().check().await;
    let failure = refused.unwrap_err();
    assert_eq!(failure.cause, PairingCause::IssuerUntrusted, "{failure:?}");
    assert!(failure.detail.contains("UnknownIssuer"), "{failure:?}");

    let device = world.device().unwrap();
    let network = NetworkSettings {
        ca_file: Some(ca_file),
        proxy: ProxySetting::Direct,
    };
    let offered = device
        .device
        .read_invitation(link)
        .unwrap()
        .with_network(network)
        .check()
        .await
        .unwrap();
    let keys = offered.accept().make_keys(Pin::choose(PIN).unwrap());
    let registered = keys.await.unwrap().register().await.unwrap();
    let session = invited["session"].as_str().unwrap();
    let digits =
        serde_json::json!({"secret": invited["form"]["secret"], "code": registered.digits()});
    let progress = server
        .admin(&format!("/invitations/{session}/confirm"), digits)
        .await;
    assert_eq!(progress["state"], "confirmed", "{progress}");
    let account = registered.confirmed().await.unwrap().id;
    device.device.refresh(&account).await.unwrap();
    device.device.connect();
    eventually("the socket is open over TLS", || {
        device.device.accounts()[0].connection == Connection::Online
    })
    .await
    .unwrap();
}
