use super::*;
use crate::test_server::{PIN, Paired, person};
use serde_json::json;
use std::path::Path;

fn write_file(dir: &Path, value: &Value) {
    fs::write(dir.join("settings.json"), value.to_string()).unwrap();
}

fn read_file(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("settings.json")).unwrap()).unwrap()
}

#[test]
fn a_file_of_an_older_version_keeps_what_it_says_and_has_defaults_for_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let old = json!({ "device_name": "Desk", "locale": "ja", "theme": null,
        "network": { "proxy": "direct" } });
    write_file(dir.path(), &old);
    let settings = Settings::read(dir.path());
    assert_eq!(settings.device_name, "Desk");
    assert_eq!(settings.locale.as_deref(), Some("ja"));
    let expected = Settings {
        device_name: "Desk".into(),
        locale: Some("ja".into()),
        network: settings.network.clone(),
        ..Settings::default()
    };
    assert_eq!(settings, expected);
    assert!(settings.notifications && settings.protect_content && !settings.sound);
}

#[test]
fn what_a_newer_version_wrote_costs_nothing_else_and_stays_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let newer = json!({ "device_name": "Desk", "unknown_clients": "ask_me", "on_close": "hide",
        "quiet_hours": { "from": 60, "to": 9999 }, "halo": { "colour": "green" } });
    write_file(dir.path(), &newer);
    let mut settings = Settings::read(dir.path());
    assert_eq!(settings.unknown_clients, UnknownClients::Caution);
    assert_eq!(settings.on_close, CloseChoice::Hide);
    assert_eq!(settings.quiet_hours, None);
    settings.sound = true;
    settings.write(dir.path()).unwrap();
    let written = read_file(dir.path());
    assert_eq!(written["halo"], newer["halo"]);
    assert_eq!(written["unknown_clients"], "ask_me", "not chosen here");
    assert_eq!(written["sound"], true);
    settings.unknown_clients = UnknownClients::DenyOnly;
    settings.write(dir.path()).unwrap();
    assert_eq!(read_file(dir.path())["unknown_clients"], "deny_only");
    assert_eq!(
        Settings::read(dir.path()).unknown_clients,
        UnknownClients::DenyOnly
    );
}

#[tokio::test]
async fn values_that_cannot_be_are_refused_and_the_old_ones_stand() {
    let paired = Paired::new().await;
    let good = paired.device.settings();
    let bad = [
        Settings {
            device_name: "a\u{202e}b".into(),
            ..good.clone()
        },
        Settings {
            device_name: " ".into(),
            ..good.clone()
        },
        Settings {
            lock_after_minutes: 1441,
            ..good.clone()
        },
        Settings {
            quiet_hours: Some(QuietHours { from: 0, to: 1440 }),
            ..good.clone()
        },
    ];
    for settings in bad {
        let refused = paired.device.set_settings(settings);
        assert!(matches!(refused, Err(SettingsError::Invalid(_))));
    }
    assert_eq!(paired.device.settings(), good);
}

#[test]
fn quiet_hours_go_over_midnight() {
    let night = QuietHours {
        from: 1320,
        to: 420,
    };
    assert!(night.contains(1320) && night.contains(0) && night.contains(419));
    assert!(!night.contains(420) && !night.contains(1319));
    let noon = QuietHours { from: 720, to: 780 };
    assert!(noon.contains(720) && !noon.contains(780) && !noon.contains(0));
    assert!(QuietHours { from: 5, to: 5 }.contains(4));
}

#[tokio::test]
async fn clients_that_registered_themselves_can_be_made_deny_only() {
    let paired = Paired::new().await;
    let mut prompt = paired.server.prompt("r1", false);
    prompt.client.registered_by = RegisteredBy::Itself;
    paired.server.push(&prompt);
    paired.server.push(&paired.server.prompt("r2", false));
    paired.refresh().await;
    let key = paired.key("r1");
    assert!(paired.device.request(&key).unwrap().can_be_approved());
    let settings = Settings {
        unknown_clients: UnknownClients::DenyOnly,
        ..paired.device.settings()
    };
    paired.device.set_settings(settings).unwrap();
    assert!(!paired.device.request(&key).unwrap().can_be_approved());
    let shown = paired.device.inbox().requests;
    let marked: Vec<_> = shown.iter().map(|request| request.unknown_client).collect();
    assert_eq!(marked, [true, false]);
    let refused = paired.device.approve(&key, None, &person(PIN)).await;
    assert!(matches!(
        refused,
        Err(crate::error::DecideError::UnknownClient)
    ));
    assert!(paired.server.state.lock().unwrap().posted.is_empty());
    let reason = tegata_protocol::device::decision::DenyReason::NotMe;
    paired.device.deny(&key, reason).await.unwrap();
}
