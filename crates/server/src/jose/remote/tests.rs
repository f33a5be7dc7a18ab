use super::*;
use crate::jose::Algorithm;
use serde_json::json;
use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Notify;

const ADDRESS: &str = "https://rp.example/jwks";

fn set(kid: &str) -> Vec<u8> {
    json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "kid": kid,
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }] })
    .to_string()
    .into_bytes()
}

fn has(kid: &str) -> impl Fn(&KeySet) -> bool {
    move |keys| {
        let mut candidates = keys.candidates(Algorithm::Es256, Some(kid));
        candidates.next().is_some()
    }
}

/// Asks for `kid` at second `at`; how often the address was asked for it, and whether the key is there.
async fn ask(
    keys: &RemoteKeys,
    at: i64,
    kid: &str,
    answer: Result<Vec<u8>, &'static str>,
) -> (usize, Result<bool, RemoteKeysError>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let fetch = async move {
        counted.fetch_add(1, Ordering::SeqCst);
        answer
    };
    let found = keys.at(ADDRESS, UnixTime(at), has(kid), fetch).await;
    let found = found.map(|keys| has(kid)(&keys));
    (asked.load(Ordering::SeqCst), found)
}

/// Conformance: AUTH-jwks-uri
#[tokio::test]
async fn an_answer_is_good_for_five_minutes() {
    let keys = RemoteKeys::default();
    assert_eq!(ask(&keys, 0, "a", Ok(set("a"))).await, (1, Ok(true)));
    assert_eq!(ask(&keys, 299, "a", Ok(set("b"))).await, (0, Ok(true)));
    assert_eq!(ask(&keys, 300, "a", Ok(set("b"))).await, (1, Ok(false)));
}

/// Conformance: AUTH-jwks-uri
#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_thirty_seconds() {
    let keys = RemoteKeys::default();
    assert_eq!(ask(&keys, 0, "a", Ok(set("a"))).await, (1, Ok(true)));
    assert_eq!(ask(&keys, 29, "b", Ok(set("b"))).await, (0, Ok(false)));
    assert_eq!(ask(&keys, 30, "b", Ok(set("b"))).await, (1, Ok(true)));
    assert_eq!(ask(&keys, 31, "c", Ok(set("c"))).await, (0, Ok(false)));
    assert_eq!(ask(&keys, 60, "c", Ok(set("b"))).await, (1, Ok(false)));
}

#[tokio::test]
async fn what_an_address_said_last_stands_in_for_an_hour_while_it_fails() {
    let keys = RemoteKeys::default();
    assert_eq!(ask(&keys, 0, "a", Ok(set("a"))).await, (1, Ok(true)));
    assert_eq!(ask(&keys, 3000, "a", Err("down")).await, (1, Ok(true)));
    assert_eq!(ask(&keys, 3029, "a", Err("down")).await, (0, Ok(true)));
    assert_eq!(
        ask(&keys, 3599, "a", Ok(b"<html>".to_vec())).await,
        (1, Ok(true))
    );
    let failing = Err(RemoteKeysError::Failing);
    assert_eq!(ask(&keys, 3600, "a", Err("down")).await, (0, failing));
    let down = Err(RemoteKeysError::Fetch("down".to_owned()));
    assert_eq!(ask(&keys, 3629, "a", Err("down")).await, (1, down));
    assert_eq!(ask(&keys, 3659, "a", Ok(set("a"))).await, (1, Ok(true)));
}

#[tokio::test]
async fn what_is_no_set_is_no_answer_and_an_empty_set_is_one() {
    for wrong in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        &format!("{{\"keys\":[{}]}}", " ".repeat(MAX_SET)),
        &format!("{{\"keys\":[{}]}}", "[".repeat(40) + &"]".repeat(40)),
    ] {
        let keys = RemoteKeys::default();
        let (_, found) = ask(&keys, 0, "a", Ok(wrong.as_bytes().to_vec())).await;
        assert!(
            matches!(found, Err(RemoteKeysError::NoSet(_))),
            "{wrong}: {found:?}"
        );
    }
    let keys = RemoteKeys::default();
    assert_eq!(
        ask(&keys, 0, "a", Ok(br#"{"keys":[]}"#.to_vec())).await,
        (1, Ok(false))
    );
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_fetch() {
    let keys = Arc::new(RemoteKeys::default());
    let (asked, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let askers: Vec<_> = (0..32)
        .map(|_| {
            let (keys, asked, answer) = (keys.clone(), asked.clone(), answer.clone());
            tokio::spawn(async move {
                let fetch = async move {
                    asked.fetch_add(1, Ordering::SeqCst);
                    answer.notified().await;
                    Ok::<_, Infallible>(set("a"))
                };
                let found = keys.at(ADDRESS, UnixTime(0), has("a"), fetch).await;
                found.is_ok_and(|keys| has("a")(&keys))
            })
        })
        .collect();
    answer.notify_one();
    for asker in askers {
        assert!(asker.await.unwrap());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn whoever_hangs_up_leaves_the_answer_to_the_others() {
    let keys = Arc::new(RemoteKeys::default());
    let (begun, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let asker = tokio::spawn({
        let (keys, begun, answer) = (keys.clone(), begun.clone(), answer.clone());
        async move {
            let fetch = async move {
                begun.notify_one();
                answer.notified().await;
                Ok::<_, Infallible>(set("a"))
            };
            keys.at(ADDRESS, UnixTime(0), has("a"), fetch).await
        }
    });
    begun.notified().await;
    asker.abort();
    assert!(asker.await.unwrap_err().is_cancelled());
    answer.notify_one();
    assert_eq!(ask(&keys, 1, "a", Err("down")).await, (0, Ok(true)));
}

#[tokio::test]
async fn only_so_many_addresses_are_remembered_and_the_longest_unasked_goes_first() {
    let keys = RemoteKeys::default();
    for number in 0..=MOST {
        let (address, at) = (number.to_string(), i64::try_from(number).unwrap());
        let fetch = async { Ok::<_, Infallible>(set("a")) };
        let found = keys.at(&address, UnixTime(at), has("a"), fetch).await;
        assert!(found.is_ok());
    }
    let places = keys.0.lock().unwrap();
    assert_eq!(places.len(), MOST);
    assert!(!places.contains_key("0") && places.contains_key("1"));
}
