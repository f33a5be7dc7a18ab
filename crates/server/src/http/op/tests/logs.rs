use super::{bench::TestClock, *};
use std::{
    io,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_name_the_events_and_hold_no_secrets() {
    let lines = Lines::default();
    // With one dispatcher alone, an event that another test's thread comes to first is taken to interest nobody anywhere.
    let _another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    // While there is only one dispatcher, an event that another test's thread reaches first is asked of that thread's, which
    // is none, and is off for all. With two, both are asked.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    // One thread runs the whole test, so this subscriber sees every handler.
    let guard = tracing::subscriber::set_default(subscriber);
    let config = automation::with_hook();
    let bench = Bench::open(config, 8480, TestClock::standing(), |kiosk| {
        kiosk.transfer_code = true;
    })
    .await;
    let device = bench.pair("hanako").await;
    let reply = bench
        .ask(&format!("{DEFAULTS}&binding_message=Desk%204711"))
        .await;
    let (id, code) = (reply.text("auth_req_id"), reply.text("transfer_code"));
    bench.poll("kiosk", id).await;
    bench.poll("other", id).await;
    bench
        .post("/token", &basic("kiosk", "wrong-secret"), "")
        .await;
    let key: String = form_urlencoded::byte_serialize(automation::KEY.as_bytes()).collect();
    for key in [key.as_str(), "wrong-key"] {
        let hook =
            format!("/ciba-sim?auth_req_id={id}&action=allow&key={key}&transfer_code={code}");
        bench.post(&hook, "", "").await;
    }
    bench.decide(&device, true, Some(code)).await;
    let tokens = bench.poll("kiosk", id).await;
    drop(guard);

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for event in [
        "backchannel_authentication.requested",
        "backchannel_authentication.redeemed",
        "client_authentication.failed",
        "automation.refused",
    ] {
        assert!(log.contains(event), "{event} is missing:\n{log}");
    }
    for secret in [
        id,
        code,
        SECRET,
        "wrong-secret",
        "wrong-key",
        automation::KEY,
        key.as_str(),
        "Desk 4711",
        "Desk%204711",
        tokens.text("access_token"),
        tokens.text("id_token"),
    ] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
