//! Every vector in `tests/vectors`, through the protocol crate and webauthn-rs-core.

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use tegata_protocol::bytes::{decode_b64u, encode_b64u};
use tegata_tests::vectors::{
    Area, Input, NamedVector, check, class::Class, directory, examples, foreign, generate,
    keys::TestKeys, load_all,
};

/// All that look at vectors. The others are in `tests/js` and `tests/python`, and measure what they refuse themselves.
const CHECKERS: [&str; 8] = [
    "fido2",
    "jose",
    "node",
    "py_webauthn",
    "python",
    "simplewebauthn",
    "tegata",
    "webauthn-rs",
];

fn loaded() -> (TestKeys, Vec<NamedVector>) {
    let dir = directory();
    let keys = TestKeys::read(&dir).expect("the test keys are there");
    (keys, load_all(&dir).expect("every file is a vector"))
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_vector_gets_exactly_the_verdict_that_it_expects() {
    let (keys, vectors) = loaded();
    let mut complaints = Vec::new();
    for named in &vectors {
        let vector = &named.vector;
        let outcome = check::run(named.area, &vector.input, &vector.context, &keys);
        let expected = match vector.expect {
            Class::Valid => Ok(vector.result.clone().unwrap_or(Value::Null)),
            class => Err(class),
        };
        if outcome != expected {
            complaints.push(format!(
                "{}: expected {expected:?}, got {outcome:?}",
                named.label()
            ));
        }
        if vector.refused_by.contains(generate::TEGATA) == outcome.is_ok() {
            complaints.push(format!(
                "{}: `refused_by` is wrong about tegata",
                named.label()
            ));
        }
    }
    assert_none(&complaints);
}

#[test]
fn webauthn_rs_refuses_what_the_vectors_say_and_nothing_valid() {
    let (keys, vectors) = loaded();
    let mut complaints = Vec::new();
    let mut seen = 0;
    for named in &vectors {
        let vector = &named.vector;
        let Some(refused) = foreign::refuses(named.area, &vector.input, &vector.context, &keys)
        else {
            continue;
        };
        seen += 1;
        if refused != vector.refused_by.contains(foreign::NAME) {
            complaints.push(format!("{}: refused is {refused}", named.label()));
        }
        if refused && vector.expect == Class::Valid {
            complaints.push(format!("{}: a valid message is refused", named.label()));
        }
    }
    assert!(
        seen > 100,
        "assertions, decisions and registrations were checked: {seen}"
    );
    assert_none(&complaints);
}

#[test]
fn the_directory_and_the_document_are_what_the_generator_knows() {
    generate::check().unwrap();
    assert!(
        examples::count().unwrap() >= 20,
        "the document has examples"
    );
}

#[test]
fn every_class_every_area_and_every_checker_occurs() {
    let (_, vectors) = loaded();
    let classes: BTreeSet<Class> = vectors.iter().map(|named| named.vector.expect).collect();
    let missing: Vec<&Class> = Class::ALL
        .iter()
        .filter(|class| !classes.contains(class))
        .collect();
    assert!(missing.is_empty(), "no vector expects {missing:?}");
    let checkers: BTreeSet<&str> = vectors
        .iter()
        .flat_map(|named| named.vector.refused_by.iter().map(String::as_str))
        .collect();
    assert_eq!(checkers, CHECKERS.into_iter().collect());
    let mut verdicts: BTreeMap<Area, (usize, usize)> = BTreeMap::new();
    for named in &vectors {
        let (valid, bad) = verdicts.entry(named.area).or_default();
        *(if named.vector.expect == Class::Valid {
            valid
        } else {
            bad
        }) += 1;
    }
    assert_eq!(verdicts.len(), 19, "every area has a folder");
    for (area, (valid, bad)) in &verdicts {
        assert!(
            *valid > 0 && *bad > 0,
            "{area:?} has {valid} valid and {bad} bad vectors"
        );
    }
    let bad: usize = verdicts.values().map(|(_, bad)| bad).sum();
    assert!(
        bad >= 130 && vectors.len() - bad >= 25,
        "{bad} bad of {}",
        vectors.len()
    );
}

#[test]
fn every_vector_says_what_it_shows() {
    let (_, vectors) = loaded();
    for named in vectors {
        assert!(
            named.vector.comment.ends_with('.'),
            "{}: a sentence",
            named.label()
        );
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(named.name.chars().all(is_name), "{}", named.label());
    }
}

/// Every `fn` below a folder.
fn functions(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).expect("a folder of sources") {
        let path = entry.expect("a folder of sources").path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let names = text
                .lines()
                .filter_map(|line| line.trim().split_once("fn "));
            found.extend(names.filter_map(|(_, rest)| rest.split('(').next().map(str::to_owned)));
        }
    }
}

#[test]
fn every_attack_of_the_document_names_tests_that_exist() {
    let (_, vectors) = loaded();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut known: BTreeSet<String> = vectors.iter().map(NamedVector::label).collect();
    for folder in ["crates", "tests/integration"] {
        functions(&root.join(folder), &mut known);
    }
    let document = fs::read_to_string(root.join("docs/protocol.md")).unwrap();
    let (_, attacks) = document.split_once("\n## 15 ").unwrap();
    let rows = attacks
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1);
    let mut named = 0;
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for test in tests.split('`').skip(1).step_by(2) {
            named += 1;
            assert!(known.contains(test), "{test} does not exist: {row}");
        }
    }
    assert!(named > 80, "the table names its tests: {named}");
}

#[test]
fn a_file_that_is_no_vector_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let vector = directory().join("ijson/plain.json");
    let add = |folder: &str, name: &str| {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
        fs::copy(&vector, dir.path().join(folder).join(name)).unwrap();
    };
    add("ijson", "plain.json");
    assert_eq!(load_all(dir.path()).unwrap().len(), 1);
    add("ijson", "plain.json.orig");
    assert!(load_all(dir.path()).is_err(), "another extension");
    fs::remove_file(dir.path().join("ijson/plain.json.orig")).unwrap();
    add("no_such_area", "plain.json");
    assert!(load_all(dir.path()).is_err(), "another area");
}

/// The last byte of a base64url string changed.
fn altered(text: &str) -> String {
    let mut bytes = decode_b64u(text).expect("base64url");
    *bytes.last_mut().expect("not empty") ^= 1;
    encode_b64u(&bytes)
}

fn with_altered_jws(text: &str) -> String {
    let (signed, signature) = text.rsplit_once('.').expect("a JWS");
    format!("{signed}.{}", altered(signature))
}

/// The self attestation's signature, which is the last entry but one of the object.
fn with_altered_attestation(object: &str) -> String {
    let mut bytes = decode_b64u(object).expect("base64url");
    let label = bytes
        .windows(4)
        .position(|window| window == b"\x63sig")
        .expect("a statement with a signature");
    let last = label + 5 + usize::from(bytes[label + 5]);
    bytes[last] ^= 1;
    encode_b64u(&bytes)
}

/// The message with one signature altered, and the class that it must then have; `None` without a signature.
fn spoilt(named: &NamedVector) -> Option<(String, Class)> {
    let Input::Text(text) = &named.vector.input else {
        return None;
    };
    let in_json = |pointer: &str, alter: &dyn Fn(&str) -> String, class| {
        let mut value: Value = serde_json::from_str(text).expect("JSON");
        let member = value.pointer_mut(pointer)?;
        *member = json!(alter(member.as_str().expect("a string")));
        Some((value.to_string(), class))
    };
    match named.area {
        Area::Jws | Area::Offer | Area::Reveal | Area::Prompt | Area::Proof | Area::Receipt => {
            Some((with_altered_jws(text), Class::JwsSignature))
        }
        Area::Assertion => in_json("/response/signature", &altered, Class::AssertionSignature),
        Area::Decision => in_json(
            "/assertion/response/signature",
            &altered,
            Class::AssertionSignature,
        ),
        Area::Registration => in_json(
            "/response/attestationObject",
            &with_altered_attestation,
            Class::AttestationSignature,
        ),
        Area::Metadata => in_json("/metadata_jws", &with_altered_jws, Class::JwsSignature),
        Area::Evidence => in_json("/prompt", &with_altered_jws, Class::EvidencePrompt)
            .or_else(|| in_json("/client_receipt", &with_altered_jws, Class::EvidenceReceipt)),
        _ => None,
    }
}

#[test]
fn altering_a_signature_makes_every_valid_message_fail() {
    let (keys, vectors) = loaded();
    let mut altered = 0;
    for named in vectors
        .iter()
        .filter(|named| named.vector.expect == Class::Valid)
    {
        let Some((text, class)) = spoilt(named) else {
            continue;
        };
        altered += 1;
        let outcome = check::run(named.area, &Input::Text(text), &named.vector.context, &keys);
        assert_eq!(outcome, Err(class), "{}", named.label());
    }
    assert!(altered > 35, "{altered} messages were altered");
}
