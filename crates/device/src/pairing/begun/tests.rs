use super::*;
use crate::{
    Pin,
    pairing::{
        Invited, PairingCause, PairingRemedy,
        tests::{Bench, bench},
    },
    ports::{HttpResponse, SecretStoreError},
    test_server::{PIN, TestServer},
};
use proptest::prelude::*;
use tegata_protocol::{
    SystemRng,
    device::{
        invitation::{format_begun, format_link},
        metadata::{Metadata, sign_metadata},
    },
};

const WELL_KNOWN: &str = "/.well-known/tegata-device";

/// The link that names the server alone.
fn named(server: &TestServer) -> String {
    let (issuer, root) = (&server.issuer, server.root.thumbprint());
    format!("tegata://pair?v=1&i={issuer}&k={root}")
}

fn invited(bench: &Bench) -> Invited {
    let link = named(&bench.server);
    bench.device.read_invitation(&link).unwrap()
}

fn answered(server: &TestServer) -> String {
    format_begun(&server.issuer, &server.code, &server.root.thumbprint())
}

/// From now on the server signs other metadata, by the same root.
fn alter_metadata(bench: &Bench, alter: impl Fn(&mut Metadata) + Send + 'static) {
    let server = std::sync::Arc::clone(&bench.server);
    bench.server.alter(move |request, answer| {
        if !request.url.ends_with(WELL_KNOWN) {
            return Ok(answer);
        }
        let mut metadata = server.metadata();
        alter(&mut metadata);
        let body = serde_json::to_vec(&sign_metadata(&server.root, &metadata)).unwrap();
        Ok(HttpResponse { body, ..answer })
    });
}

#[tokio::test]
async fn the_key_that_the_page_was_told_of_is_the_one_that_is_registered() {
    let bench = bench();
    let begun = invited(&bench).begin().await.unwrap();
    let asked = bench.server.state.lock().unwrap().asked.clone();
    assert_eq!(asked, [WELL_KNOWN], "nothing but metadata is asked for");
    let (start, told) = begun.page().split_once("?jkt=").unwrap();
    assert_eq!(start, "http://localhost:4455/pair/start");
    let told = told.to_owned();

    let code = begun.take_link(&answered(&bench.server)).unwrap();
    let offered = begun.with_code(code).check().await.unwrap();
    assert!(!offered.is_first_use(), "the link named the root");
    let made = offered.accept().make_keys(Pin::choose(PIN).unwrap()).await;
    let registered = made.unwrap().register().await.unwrap();
    let (_, possession) = bench.server.state.lock().unwrap().keys.unwrap();
    assert_eq!(possession.thumbprint().to_string(), told);

    bench.server.state.lock().unwrap().confirmed = true;
    let account = registered.confirmed().await.unwrap();
    bench.device.refresh(&account.id).await.unwrap();
    assert!(bench.server.state.lock().unwrap().countersigned);
}

#[tokio::test]
async fn every_pairing_begins_with_a_key_of_its_own_and_leaves_nothing_when_it_is_dropped() {
    let bench = bench();
    let one = invited(&bench).begin().await.unwrap();
    let other = invited(&bench).begin().await.unwrap();
    assert_ne!(one.page(), other.page());
    let said = format!("{one:?}");
    assert!(
        said.contains("redacted") && !said.contains("PRIVATE"),
        "{said}"
    );
    drop((one, other));
    bench.assert_nothing_is_left();
}

#[tokio::test]
async fn a_server_typed_by_hand_is_held_to_the_root_it_answered_with_and_the_person_still_compares()
{
    let bench = bench();
    let invited = bench.device.read_server("LOCALHOST:4455").unwrap();
    assert!(invited.needs_code() && !invited.pins_root());
    let begun = invited.begin().await.unwrap();
    assert_eq!(begun.issuer().host(), "localhost:4455");

    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let server = &bench.server;
    let other_root = format_begun(&server.issuer, &server.code, &stranger.thumbprint());
    assert!(begun.take_link(&other_root).is_none());
    let code = begun.take_link(&answered(server)).unwrap();
    let offered = begun.with_code(code).check().await.unwrap();
    assert!(offered.is_first_use());
    assert_eq!(offered.root(), server.root.thumbprint());
}

#[tokio::test]
async fn another_root_after_the_browser_is_not_trusted_and_gets_no_code() {
    let bench = bench();
    let begun = bench.device.read_server("localhost:4455").unwrap();
    let begun = begun.begin().await.unwrap();
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let metadata = bench.server.metadata();
    bench.server.alter(move |_, answer| {
        let body = serde_json::to_vec(&sign_metadata(&stranger, &metadata)).unwrap();
        Ok(HttpResponse { body, ..answer })
    });
    let code = bench.server.code.clone();
    let failure = begun.with_code(code).check().await.unwrap_err();
    assert_eq!(failure.cause, PairingCause::IssuerUntrusted);
    let asked = bench.server.state.lock().unwrap().asked.clone();
    assert_eq!(asked, [WELL_KNOWN, WELL_KNOWN]);
}

#[tokio::test]
async fn a_server_without_a_page_is_told_apart_and_the_code_can_still_be_typed() {
    let bench = bench();
    bench.server.state.lock().unwrap().managed.bare = true;
    let failure = invited(&bench).begin().await.unwrap_err();
    assert_eq!(failure.cause, PairingCause::BrowserNotOffered);
    assert_eq!(failure.remedy(), PairingRemedy::NewInvitation);
    let code = bench.server.code.expose_grouped();
    let typed = invited(&bench).with_code(&code).unwrap();
    assert_eq!(typed.check().await.unwrap().account_name(), "hanako");
}

#[tokio::test]
async fn a_page_whose_address_says_more_than_where_it_is_is_not_opened() {
    for further in ["?next=x", "#x"] {
        let bench = bench();
        alter_metadata(&bench, move |metadata| {
            let start = metadata.endpoints.pair_start.as_mut().unwrap();
            start.push_str(further);
        });
        let failure = invited(&bench).begin().await.unwrap_err();
        assert_eq!(failure.cause, PairingCause::ServerError, "{further}");
    }
    let bench = bench();
    alter_metadata(&bench, |metadata| {
        metadata.endpoints.pair_start = Some("http://localhost:9/pair/start".into());
    });
    let failure = invited(&bench).begin().await.unwrap_err();
    assert_eq!(failure.cause, PairingCause::IssuerUntrusted);
}

#[tokio::test]
async fn a_credential_store_that_fails_is_found_out_before_the_server_is_asked() {
    let bench = bench();
    bench.secrets.fail_with(Some(SecretStoreError::Locked));
    let failure = invited(&bench).begin().await.unwrap_err();
    assert_eq!(failure.cause, PairingCause::KeyringLocked);
    assert!(bench.server.state.lock().unwrap().asked.is_empty());
}

/// One parameter of a link: left out, as it should be, or as it should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Absent,
    Right,
    Wrong(&'static str),
}

fn value(wrong: &'static [&'static str]) -> impl Strategy<Value = Value> {
    // Mostly right, so that single faults are met often.
    prop_oneof![
        1 => Just(Value::Absent),
        8 => Just(Value::Right),
        2 => prop::sample::select(wrong).prop_map(Value::Wrong),
    ]
}

const OTHER_ROOT: &str = "lwuaJoQUOxbB6z34oTBZKENc_iZ0t05QNZtwQTdAA-w";

#[tokio::test]
async fn a_link_is_taken_only_if_all_of_it_is_what_is_waited_for() {
    let bench = bench();
    let begun = invited(&bench).begin().await.unwrap();
    let server = &bench.server;
    let right = [
        ("v", "1".to_owned()),
        ("i", server.issuer.to_string()),
        // EXPOSE: a code of this test.
        ("c", server.code.expose_canonical().to_owned()),
        ("k", server.root.thumbprint().to_string()),
    ];
    let values = (
        value(&["2", "", "1.0"]),
        value(&[
            "http://localhost:4455/",
            "http://localhost:4456",
            "https://localhost:4455",
            "http://LOCALHOST:4455",
            "https://id.example",
        ]),
        value(&["", "0123-4567", "0123-4567-89AU", "0123456789ABC"]),
        value(&["", OTHER_ROOT, "AAAA"]),
    );
    let heads = prop::sample::select(&[
        "tegata://pair?",
        "TEGATA://pair?",
        "tegata://pairs?",
        "tegata:pair?",
        "https://id.example/pair#",
        "http://localhost:4455/pair#",
    ]);
    proptest!(|(
        (v, i, c, k) in values,
        head in prop_oneof![4 => Just("tegata://pair?"), 1 => heads],
        doubled in prop::option::weighted(0.2, prop::sample::select(&["v", "i", "c", "k"])),
        further in prop::option::of("[a-z]{2,6}=[A-Za-z0-9%+]{0,9}"),
        order in Just([0_usize, 1, 2, 3]).prop_shuffle(),
    )| {
        let given = [v, i, c, k];
        let mut fields = url::form_urlencoded::Serializer::new(String::new());
        for index in order {
            let (name, right) = &right[index];
            let text = match given[index] {
                Value::Absent => continue,
                Value::Right => right.as_str(),
                Value::Wrong(text) => text,
            };
            fields.append_pair(name, text);
            if doubled == Some(*name) {
                fields.append_pair(name, text);
            }
        }
        let doubled = doubled.is_some_and(|name| {
            right.iter().zip(given).any(|((n, _), value)| *n == name && value != Value::Absent)
        });
        let mut link = format!("{head}{}", fields.finish());
        if let Some(further) = further {
            link = format!("{link}&{further}");
        }
        let fits = given.iter().all(|value| *value == Value::Right)
            && !doubled
            && head.eq_ignore_ascii_case("tegata://pair?");
        let taken = begun.take_link(&link);
        prop_assert_eq!(taken, fits.then(|| server.code.clone()), "{}", link);
    });
}

#[tokio::test]
async fn no_other_text_is_taken() {
    let bench = bench();
    let begun = invited(&bench).begin().await.unwrap();
    let server = &bench.server;
    let complete = format_link(&server.issuer, &server.code, &server.root.thumbprint());
    assert!(
        begun.take_link(&complete).is_none(),
        "only an opened link answers"
    );
    assert!(
        begun.take_link(&named(server)).is_none(),
        "there is no code"
    );
    assert!(begun.take_link(&server.code.expose_grouped()).is_none());
    let padded = format!("{}&x={}", answered(server), "a".repeat(2048));
    assert!(begun.take_link(&padded).is_none(), "too long to be one");
    let answer = answered(server);
    proptest!(|(text in any::<String>(), at in any::<prop::sample::Index>())| {
        prop_assert!(begun.take_link(&text).is_none());
        // A byte less is another link.
        let mut cut = answer.clone();
        cut.remove(at.index(answer.len()));
        prop_assert!(begun.take_link(&cut).is_none(), "{}", cut);
    });
}
