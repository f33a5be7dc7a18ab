//! The desktop without one: what it does to a window that only takes notes.

use super::*;
use crate::tests::{Fixture, call, fixture_with};
use serde_json::json;
use tegata_device::settings::CloseChoice;

#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Notes {
    fn add(&self, note: &'static str) {
        guard(&self.0).push(note);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut *guard(&self.0))
    }
}

impl Screen for Notes {
    fn present(&self) {
        self.add("present");
    }

    fn hide(&self) {
        self.add("hide");
    }

    fn is_in_use(&self) -> bool {
        false
    }

    fn is_shown(&self) -> bool {
        !guard(&self.0).contains(&"hide")
    }

    fn call(&self) {
        self.add("call");
    }

    fn protect(&self, on: bool) {
        self.add(if on { "protect" } else { "show to all" });
    }

    fn quit(&self) {
        self.add("quit");
    }
}

fn start() -> (Fixture, Notes) {
    let notes = Notes::default();
    (fixture_with(Box::new(notes.clone())), notes)
}

fn desktop(fixture: &Fixture) -> Desktop {
    fixture.state().desktop.clone()
}

fn choose(fixture: &Fixture, choice: CloseChoice) {
    let device = &fixture.state().device;
    let mut settings = device.settings();
    settings.on_close = choice;
    device.set_settings(settings).unwrap();
}

#[test]
fn covered_screens_answer_nothing_but_what_the_cover_is_made_of() {
    let (fixture, _) = start();
    // As it is with an account, which takes a server to pair with.
    desktop(&fixture).0.lock.set(true);
    for command in tegata_ui_contract::command_names() {
        let answer = call(&fixture, command, json!({}));
        let locked = answer.is_err_and(|error| error["code"] == "app_locked");
        let open = [
            "accounts_list",
            "close_answer",
            "desktop_state",
            "lock_now",
            "lock_open",
            "lock_state",
            "settings_get",
            "start",
        ];
        assert_eq!(locked, !open.contains(command), "{command}");
    }
    let started = call(&fixture, "start", json!({})).unwrap();
    assert_eq!(started["lock"]["locked"], true);
    assert_eq!(started["inbox"], json!({"requests": [], "blocked": []}));
}

#[test]
fn nothing_is_covered_that_no_pin_could_uncover() {
    let (fixture, _) = start();
    let answer = call(&fixture, "lock_now", json!({}));
    assert_eq!(answer, Ok(json!({"locked": false})));
    desktop(&fixture).session_left();
    assert!(!desktop(&fixture).is_covered());
}

#[test]
fn closing_asks_and_the_answer_is_carried_out_and_kept() {
    let (fixture, notes) = start();
    let desktop = desktop(&fixture);
    desktop.tray_event(TrayEvent::Shown(true));
    assert_eq!(desktop.close(), Closing::Ask);
    let state = call(&fixture, "desktop_state", json!({})).unwrap();
    assert_eq!(
        (&state["close_asked"], &state["tray"]),
        (&json!(true), &json!(true))
    );

    let stay = json!({"request": {"choice": null, "remember": true}});
    call(&fixture, "close_answer", stay).unwrap();
    assert!(!desktop.is_close_asked());
    assert_eq!(notes.take(), Vec::<&str>::new());

    let hide = json!({"request": {"choice": "hide", "remember": true}});
    call(&fixture, "close_answer", hide).unwrap();
    assert_eq!(notes.take(), ["hide"]);
    assert_eq!(
        fixture.state().device.settings().on_close,
        CloseChoice::Hide
    );
    assert_eq!(desktop.close(), Closing::Hide);
}

#[test]
fn without_a_tray_a_window_is_neither_hidden_nor_left_hidden() {
    let (fixture, notes) = start();
    let desktop = desktop(&fixture);
    choose(&fixture, CloseChoice::Hide);
    assert_eq!(desktop.close(), Closing::Ask);
    let hide = json!({"request": {"choice": "hide", "remember": false}});
    let refused = call(&fixture, "close_answer", hide).unwrap_err();
    assert_eq!(refused["code"], "not_offered");

    desktop.tray_event(TrayEvent::Shown(true));
    desktop.screen().hide();
    desktop.tray_event(TrayEvent::Shown(false));
    assert_eq!(notes.take(), ["hide", "present"]);
}

#[test]
fn a_notification_that_nothing_waits_for_any_more_opens_the_window_and_denies_nothing() {
    let (fixture, notes) = start();
    let desktop = desktop(&fixture);
    for pressed in [Pressed::Open, Pressed::Deny] {
        desktop.pressed(Slot::Requests, pressed);
        assert_eq!(notes.take(), ["present"], "{pressed:?}");
    }
    assert_eq!(
        call(&fixture, "shown_request", json!({})),
        Ok(json!({"request": null}))
    );
}

#[test]
fn a_request_that_was_asked_for_is_told_once() {
    let (fixture, _) = start();
    let id = "AAAAAAAAAAAAAAAAAAAAAA.abc";
    desktop(&fixture).open(RequestKey::parse(id));
    let told = call(&fixture, "shown_request", json!({})).unwrap();
    assert_eq!(told["request"], json!(id));
    let again = call(&fixture, "shown_request", json!({})).unwrap();
    assert_eq!(again["request"], json!(null));
}

#[test]
fn an_opened_link_waits_for_its_code_and_for_covered_screens() {
    let (fixture, notes) = start();
    let root = "A".repeat(43);
    let link = || {
        CodeEntry::new(format!(
            "tegata://pair?v=1&i=https%3A%2F%2Fid.example&k={root}"
        ))
    };
    desktop(&fixture).0.lock.set(true);
    fixture.state().open_link(link());
    assert_eq!(notes.take(), ["present"]);
    desktop(&fixture).0.lock.set(false);
    let before = call(&fixture, "pairing_state", json!({})).unwrap();
    assert_eq!(before["stage"], "idle");

    fixture
        .state()
        .open_link(desktop(&fixture).take_link().unwrap());
    let after = call(&fixture, "pairing_state", json!({})).unwrap();
    assert_eq!(after, json!({"stage": "code", "host": "id.example"}));
    assert!(desktop(&fixture).take_link().is_none());

    // A code that is none ends it without asking anybody.
    let input = json!({"form": "code", "server": "id.example", "code": "x"});
    let failed = call(
        &fixture,
        "pairing_start",
        json!({"request": {"input": input}}),
    )
    .unwrap();
    assert_eq!(failed["code"], "invitation_malformed");
}

#[test]
fn the_menu_says_how_many_wait_in_the_language_of_the_screens() {
    let (fixture, _) = start();
    let desktop = desktop(&fixture);
    let mut settings = fixture.state().device.settings();
    settings.locale = Some("ja".into());
    fixture.state().device.set_settings(settings).unwrap();
    let face = desktop.face(&Waiting::default());
    assert_eq!(face.waiting_text, "待っている要求はありません");
    assert_eq!(face.quit, "終了");
    assert_eq!(
        face.lock, None,
        "there is no account whose PIN could uncover"
    );
}
