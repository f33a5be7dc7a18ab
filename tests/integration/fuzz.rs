//! Every parser of outside bytes on random and on spoilt input. None may panic or hang; `cargo xtask fuzz` looks longer.

use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;
use std::collections::BTreeSet;
use tegata_protocol::{
    bytes::decode_b64u,
    fuzz::{self as protocol, FuzzEntry},
};
use tegata_server::fuzz as server;
use tegata_tests::vectors::{directory, load_all};

mod examples;

/// Inputs for each entry and test; together they take a few seconds in a dev build.
const CASES: u32 = 250;

fn runner() -> TestRunner {
    TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    })
}

fn for_each_entry(test: impl Fn(&FuzzEntry)) {
    protocol::ENTRIES
        .iter()
        .chain(server::ENTRIES)
        .for_each(test);
}

#[test]
fn every_parser_has_an_entry_of_its_own_name() {
    let (protocol, server) = (protocol::ENTRIES, server::ENTRIES);
    assert!(protocol.len() >= 19, "of messages: {}", protocol.len());
    assert!(server.len() >= 11, "of the server: {}", server.len());
    let names: BTreeSet<_> = protocol
        .iter()
        .chain(server)
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names.len(), protocol.len() + server.len());
}

/// Every message of the vectors, and what is packed inside: parts of JWS, and base64url in members of JSON.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for named in load_all(&directory()).expect("every file is a vector") {
        let bytes = named.vector.input.bytes().to_vec();
        if let Ok(value) = serde_json::from_slice(&bytes) {
            unpack(&value, &mut seeds);
        } else if let Ok(text) = std::str::from_utf8(&bytes) {
            unpack_text(text, &mut seeds);
        }
        seeds.push(bytes);
    }
    seeds
}

fn unpack(value: &Value, seeds: &mut Vec<Vec<u8>>) {
    match value {
        Value::String(text) => unpack_text(text, seeds),
        Value::Array(items) => items.iter().for_each(|item| unpack(item, seeds)),
        Value::Object(members) => members.values().for_each(|member| unpack(member, seeds)),
        _ => {}
    }
}

fn unpack_text(text: &str, seeds: &mut Vec<Vec<u8>>) {
    let decoded = text.split('.').filter_map(|part| decode_b64u(part).ok());
    seeds.extend(decoded.filter(|bytes| bytes.len() > 32));
}

/// One way of spoiling bytes.
#[derive(Debug, Clone)]
enum Spoil {
    Cut(Index),
    Drop(Index, u8),
    FlipBit(Index, u8),
    Insert(Index, Vec<u8>),
    Repeat(Index, u8),
    Splice(Index, Index),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let at = any::<Index>;
    prop_oneof![
        1 => at().prop_map(Spoil::Cut),
        2 => (at(), any::<u8>()).prop_map(|(at, count)| Spoil::Drop(at, count)),
        4 => (at(), 0..8u8).prop_map(|(at, bit)| Spoil::FlipBit(at, bit)),
        2 => (at(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
        2 => (at(), any::<u8>()).prop_map(|(at, count)| Spoil::Repeat(at, count)),
        1 => (at(), at()).prop_map(|(at, other)| Spoil::Splice(at, other)),
    ]
}

fn apply(spoil: &Spoil, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let here = |at: &Index, bytes: &Vec<u8>| at.index(bytes.len() + 1);
    match spoil {
        Spoil::Cut(at) => bytes.truncate(here(at, bytes)),
        Spoil::Drop(at, count) => {
            let start = here(at, bytes);
            let end = bytes.len().min(start + usize::from(*count));
            bytes.drain(start..end);
        }
        Spoil::FlipBit(at, bit) => {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }
        Spoil::Insert(at, inserted) => {
            let at = here(at, bytes);
            bytes.splice(at..at, inserted.iter().copied());
        }
        Spoil::Repeat(at, count) => {
            let start = here(at, bytes);
            let end = bytes.len().min(start + usize::from(*count));
            let copy = bytes[start..end].to_vec();
            bytes.splice(start..start, copy);
        }
        Spoil::Splice(at, other) => {
            let at = here(at, bytes);
            let other = other.get(seeds);
            bytes.truncate(at);
            bytes.extend(other.iter().skip(at));
        }
    }
}

#[test]
fn no_entry_panics_on_random_bytes() {
    for_each_entry(|entry| {
        runner()
            .run(&vec(any::<u8>(), 0..400), |bytes| {
                (entry.run)(&bytes);
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{}: {failure}", entry.name));
    });
}

#[test]
fn no_entry_panics_on_json_like_text() {
    for_each_entry(|entry| {
        runner()
            .run(
                &"[\\[\\]{}\":,0-9a-f\\\\u. \\-\u{0}\u{fffe}\u{e9}]{0,200}",
                |text| {
                    (entry.run)(text.as_bytes());
                    Ok(())
                },
            )
            .unwrap_or_else(|failure| panic!("{}: {failure}", entry.name));
    });
}

#[test]
fn no_entry_panics_on_any_vector() {
    let seeds = seeds();
    assert!(
        seeds.len() > 1000,
        "vectors and what is packed inside: {}",
        seeds.len()
    );
    for_each_entry(|entry| seeds.iter().for_each(|seed| (entry.run)(seed)));
}

fn feed_spoilt(entry: &FuzzEntry, seeds: &[Vec<u8>]) {
    let strategy = (any::<Index>(), vec(spoil(), 1..5));
    runner()
        .run(&strategy, |(seed, spoils)| {
            let mut bytes = seed.get(seeds).clone();
            for spoil in &spoils {
                apply(spoil, &mut bytes, seeds);
            }
            (entry.run)(&bytes);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{}: {failure}", entry.name));
}

#[test]
fn no_entry_panics_on_spoilt_vectors() {
    let seeds = seeds();
    for_each_entry(|entry| feed_spoilt(entry, &seeds));
}

#[test]
fn no_entry_of_the_server_panics_on_examples_whole_or_spoilt() {
    for entry in server::ENTRIES {
        let examples = examples::of(entry.name);
        assert!(!examples.is_empty(), "{} has no example", entry.name);
        for example in &examples {
            (entry.run)(example);
        }
        feed_spoilt(entry, &examples);
    }
}
