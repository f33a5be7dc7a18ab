//! Calls to a real HTTPS server, with a resolver that lies.

use super::receiver::{Receiver, answer};
use crate::{
    config::Config,
    egress::{Egress, EgressError, EgressLimits, Resolver, Resolving},
};
use axum::{
    Router,
    body::{Body, Bytes},
    response::Response,
    routing::post,
};
use futures_util::stream;
use std::{
    collections::VecDeque,
    convert::Infallible,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tegata_protocol::Secret;
use tokio::{net::TcpListener, sync::Semaphore, time::Instant};

/// Says one thing after another, and the last one for ever.
#[derive(Debug)]
struct Liar(Mutex<VecDeque<Vec<IpAddr>>>);

impl Liar {
    fn saying(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|one| one.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }
}

impl Resolver for Liar {
    fn resolve(&self, _: &str) -> Resolving {
        let mut answers = self.0.lock().unwrap();
        let next = if answers.len() > 1 {
            answers.pop_front().unwrap()
        } else {
            answers[0].clone()
        };
        Box::pin(async move { Ok(next) })
    }
}

/// A guard that trusts the receiver's authority and allows `allow` at the receiver's port.
fn guard(receiver: &Receiver, allow: &[&str], resolver: Arc<dyn Resolver>) -> Egress {
    guard_with(receiver, allow, resolver, EgressLimits::default())
}

fn guard_with(
    receiver: &Receiver,
    allow: &[&str],
    resolver: Arc<dyn Resolver>,
    limits: EgressLimits,
) -> Egress {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        callbacks: receiver.allowed(folder.path()),
        ..Config::default()
    };
    config.callbacks.allow = allow.iter().map(|peer| peer.parse().unwrap()).collect();
    config.callbacks.ports.push(receiver.port());
    Egress::with(&config, folder.path(), resolver, limits).unwrap()
}

fn example(receiver: &Receiver) -> String {
    format!("https://client.example:{}/cb", receiver.port())
}

async fn ping(egress: &Egress, url: &str) -> Result<u16, EgressError> {
    let bearer = Secret::new("token-1".to_owned());
    let status = egress.post_json(url, &bearer, b"{}".to_vec()).await?;
    Ok(status.as_u16())
}

#[tokio::test]
async fn posts_json_with_a_bearer_token_and_keeps_the_connection() {
    let receiver = Receiver::answering(204).await;
    let egress = guard(&receiver, &["127.0.0.0/8"], Liar::saying(&[&["127.0.0.1"]]));
    for _ in 0..3 {
        assert_eq!(ping(&egress, &example(&receiver)).await.unwrap(), 204);
    }
    let all = receiver.received(3).await;
    assert_eq!(all[0].method, "POST");
    assert_eq!(all[0].path, "/cb");
    assert_eq!(all[0].header("authorization"), "Bearer token-1");
    assert_eq!(all[0].header("content-type"), "application/json");
    assert_eq!(all[0].body, b"{}");
    assert_eq!(receiver.connections(), 1);
}

/// Conformance: CIBA-14-callback-guard
#[tokio::test]
async fn a_host_with_any_address_that_is_not_public_is_not_connected_to() {
    let receiver = Receiver::answering(200).await;
    for addresses in [
        &["127.0.0.1"][..],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::"],
        &["169.254.169.254"],
        // One good address does not make up for the other.
        &["93.184.216.34", "127.0.0.1"],
    ] {
        let egress = guard(&receiver, &[], Liar::saying(&[addresses]));
        let refused = ping(&egress, &example(&receiver)).await;
        assert!(
            matches!(refused, Err(EgressError::Forbidden)),
            "{refused:?}"
        );
    }
    assert_eq!(receiver.connections(), 0);
    let egress = guard(&receiver, &[], Liar::saying(&[&[]]));
    let refused = ping(&egress, &example(&receiver)).await;
    assert!(
        matches!(refused, Err(EgressError::Unresolved)),
        "{refused:?}"
    );
}

/// Conformance: CIBA-14-callback-guard
#[tokio::test]
async fn a_host_that_is_rebound_between_two_calls_is_refused_at_the_second() {
    let receiver = Receiver::start(|_| async {
        // Not kept, so that the second call has to connect.
        let mut answer = answer(200);
        answer
            .headers_mut()
            .insert("connection", "close".parse().unwrap());
        answer
    })
    .await;
    let liar = Liar::saying(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let egress = guard(&receiver, &["127.0.0.1"], liar);
    assert_eq!(ping(&egress, &example(&receiver)).await.unwrap(), 200);
    let refused = ping(&egress, &example(&receiver)).await;
    assert!(
        matches!(refused, Err(EgressError::Forbidden)),
        "{refused:?}"
    );
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn the_certificate_must_be_in_the_name_of_the_url() {
    let receiver = Receiver::answering(200).await;
    let egress = guard(&receiver, &["127.0.0.0/8"], Liar::saying(&[&["127.0.0.1"]]));
    let url = format!("https://other.example:{}/", receiver.port());
    let refused = ping(&egress, &url).await;
    assert!(
        matches!(refused, Err(EgressError::Connection(_))),
        "{refused:?}"
    );
    assert_eq!(ping(&egress, &example(&receiver)).await.unwrap(), 200);
    let mut config = Config::default();
    config.callbacks.allow = vec!["localhost".parse().unwrap()];
    let stranger = Egress::open(&config, "/".as_ref()).unwrap();
    let refused = ping(&stranger, &receiver.url("/")).await;
    assert!(
        matches!(refused, Err(EgressError::Connection(_))),
        "{refused:?}"
    );
    assert_eq!(receiver.so_far().len(), 1);
}

#[tokio::test]
async fn redirects_are_answers_and_are_not_followed() {
    let receiver = Receiver::start(|_| async {
        let mut answer = answer(307);
        answer
            .headers_mut()
            .insert("location", "/elsewhere".parse().unwrap());
        answer
    })
    .await;
    let egress = guard(
        &receiver,
        &["client.example"],
        Liar::saying(&[&["127.0.0.1"]]),
    );
    assert_eq!(ping(&egress, &example(&receiver)).await.unwrap(), 307);
    let refused = egress.get(&example(&receiver), 100).await;
    assert!(matches!(refused, Err(EgressError::Status(status)) if status == 307));
    let paths: Vec<_> = receiver.so_far().into_iter().map(|one| one.path).collect();
    assert_eq!(paths, ["/cb", "/cb"]);
}

fn endless(chunk: &'static [u8]) -> Response {
    Response::new(Body::from_stream(stream::repeat_with(move || {
        Ok::<_, Infallible>(Bytes::from_static(chunk))
    })))
}

fn silent() -> Response {
    Response::new(Body::from_stream(stream::pending::<
        Result<Bytes, Infallible>,
    >()))
}

#[tokio::test]
async fn endless_and_slow_bodies_are_cut_off() {
    let receiver = Receiver::start(|one| async move {
        match one.path.as_str() {
            "/endless" => endless(&[b'x'; 1000]),
            "/silent" => silent(),
            _ => Response::new(Body::from("twelve bytes")),
        }
    })
    .await;
    let limits = EgressLimits {
        total: Duration::from_secs(3),
        ..EgressLimits::default()
    };
    let liar = Liar::saying(&[&["127.0.0.1"]]);
    let egress = guard_with(&receiver, &["client.example"], liar, limits);
    let url = |path: &str| format!("https://client.example:{}{path}", receiver.port());
    assert_eq!(egress.get(&url("/"), 12).await.unwrap(), b"twelve bytes");
    let refused = egress.get(&url("/"), 11).await;
    assert!(matches!(refused, Err(EgressError::TooLarge)), "announced");
    let refused = egress.get(&url("/endless"), 100_000).await;
    assert!(matches!(refused, Err(EgressError::TooLarge)), "{refused:?}");
    let refused = egress.get(&url("/silent"), 100).await;
    assert!(matches!(refused, Err(EgressError::Timeout)), "{refused:?}");
    // To a POST the answer is the status, whatever its body does.
    let started = Instant::now();
    assert_eq!(ping(&egress, &url("/endless")).await.unwrap(), 200);
    assert_eq!(ping(&egress, &url("/silent")).await.unwrap(), 200);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_host_gets_so_many_calls_at_once_and_holds_up_nobody_else() {
    let open = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&open);
    let receiver = Receiver::start(move |one| {
        let gate = Arc::clone(&gate);
        async move {
            if one.header("host").starts_with("client.example") {
                drop(gate.acquire().await);
            }
            answer(200)
        }
    })
    .await;
    let limits = EgressLimits {
        per_host: 2,
        all: 3,
        ..EgressLimits::default()
    };
    let liar = Liar::saying(&[&["127.0.0.1"]]);
    let egress = guard_with(&receiver, &["client.example", "localhost"], liar, limits);
    let (slow, quick) = (example(&receiver), receiver.url("/quick"));
    let calls = async {
        tokio::join!(
            ping(&egress, &slow),
            ping(&egress, &slow),
            ping(&egress, &slow)
        )
    };
    let between = async {
        receiver.received(2).await;
        assert_eq!(ping(&egress, &quick).await.unwrap(), 200);
        let slow =
            |all: &[super::receiver::Received]| all.iter().filter(|one| one.path == "/cb").count();
        assert_eq!(slow(&receiver.so_far()), 2, "the third waits for its turn");
        open.add_permits(100);
    };
    let ((a, b, c), ()) = tokio::join!(calls, between);
    assert_eq!((a.unwrap(), b.unwrap(), c.unwrap()), (200, 200, 200));
}

#[tokio::test]
async fn the_demo_calls_this_machine_in_the_clear_and_nothing_else() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = tcp.local_addr().unwrap().port();
    let router = Router::new().route("/cb", post(|| async {}));
    let task = tokio::spawn(async move { axum::serve(tcp, router).await.unwrap() });
    let demo = Config {
        demo: true,
        ..Config::default()
    };
    let egress = Egress::open(&demo, "/".as_ref()).unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{port}/cb");
        assert_eq!(ping(&egress, &url).await.unwrap(), 200);
        let plain = Egress::open(&Config::default(), "/".as_ref()).unwrap();
        assert!(plain.require_url(&url).is_err());
    }
    let liar = Liar::saying(&[&["93.184.216.34"]]);
    let egress = Egress::with(&demo, "/".as_ref(), liar, EgressLimits::default()).unwrap();
    let refused = ping(&egress, &format!("http://a.localhost:{port}/cb")).await;
    assert!(
        matches!(refused, Err(EgressError::Forbidden)),
        "{refused:?}"
    );
    assert!(egress.require_url("http://client.example/").is_err());
    task.abort();
}

/// Conformance: CIBA-14-callback-guard
#[test]
fn only_https_urls_without_userinfo_and_fragment_at_known_ports_are_called() {
    let mut config = Config::default();
    config.callbacks.allow = ["named.example", "10.0.0.0/8"]
        .map(|peer| peer.parse().unwrap())
        .into();
    let egress = Egress::open(&config, "/".as_ref()).unwrap();
    for url in [
        "https://client.example/cb?state=1",
        "https://client.example:443/",
        "https://93.184.216.34/",
        "https://[2600::1]/",
        "https://named.example:8443/",
        "https://NAMED.example.:8443/",
        "https://10.1.2.3/",
        "https://[::ffff:10.1.2.3]/",
    ] {
        assert!(egress.require_url(url).is_ok(), "{url}");
    }
    for url in [
        "",
        "client.example",
        "http://client.example/",
        "ftp://client.example/",
        "file:///etc/passwd",
        "https://user@client.example/",
        "https://user:secret@client.example/",
        "https://client.example/#part",
        "https://client.example:22/",
        "https://10.1.2.3:22/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://169.254.169.254/latest",
        "http://localhost/",
    ] {
        assert!(egress.require_url(url).is_err(), "{url}");
    }
}
