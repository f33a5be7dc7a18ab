use super::{key::InvalidKeySet, *};
use serde_json::{Value, json};

/// One signature for each algorithm, made by `jose` (npm).
const SIGNATURES: &str = include_str!("signatures.json");

const EVERY: [Algorithm; 4] = [
    Algorithm::Es256,
    Algorithm::Ps256,
    Algorithm::EdDsa,
    Algorithm::Rs256,
];

struct Signed {
    algorithm: Algorithm,
    jwk: Value,
    jws: String,
}

fn signed() -> Vec<Signed> {
    let all: Value = serde_json::from_str(SIGNATURES).unwrap();
    let all = all["signatures"].as_array().unwrap();
    assert_eq!(all.len(), EVERY.len());
    all.iter()
        .map(|one| Signed {
            algorithm: Algorithm::parse(one["alg"].as_str().unwrap()).unwrap(),
            jwk: one["jwk"].clone(),
            jws: one["jws"].as_str().unwrap().to_owned(),
        })
        .collect()
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(&json!({ "keys": keys }).to_string())
}

fn verifies(jws: &str, keys: &KeySet) -> bool {
    CompactJws::parse(jws, 4096, &EVERY).is_ok_and(|jws| jws.verify(keys).is_ok())
}

fn with(jwk: &Value, name: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value;
    jwk
}

#[test]
fn verifies_what_another_library_signed_and_nothing_that_was_altered() {
    for Signed {
        algorithm,
        jwk,
        jws,
    } in signed()
    {
        let keys = set(std::slice::from_ref(&jwk));
        let parsed = CompactJws::parse(&jws, 4096, &EVERY).unwrap();
        assert_eq!(parsed.typ().as_deref(), Some("jwt"));
        assert_eq!(parsed.verify(&keys), Ok(()), "{algorithm}");
        let (signed, signature) = jws.rsplit_once('.').unwrap();
        let (header, payload) = signed.split_once('.').unwrap();
        let other_payload = tegata_protocol::bytes::encode_b64u(b"{}");
        assert_ne!(payload, other_payload);
        let swapped = format!("{header}.{other_payload}.{signature}");
        assert!(!verifies(&swapped, &keys), "{algorithm}: another payload");
        let mut bytes = tegata_protocol::bytes::decode_b64u(signature).unwrap();
        bytes[7] ^= 1;
        let altered = tegata_protocol::bytes::encode_b64u(&bytes);
        let altered = format!("{signed}.{altered}");
        assert!(!verifies(&altered, &keys), "{algorithm}: another signature");
    }
}

#[test]
fn a_key_is_used_for_its_own_algorithm_only() {
    let all = signed();
    for one in &all {
        for other in &all {
            let same = one.algorithm == other.algorithm;
            let keys = set(std::slice::from_ref(&other.jwk));
            assert_eq!(
                verifies(&one.jws, &keys),
                same,
                "{} with the key of {}",
                one.algorithm,
                other.algorithm
            );
        }
        let keys = set(&all.iter().map(|one| one.jwk.clone()).collect::<Vec<_>>());
        assert!(verifies(&one.jws, &keys), "found among all of them");
        let restricted = with(&one.jwk, "alg", json!("RS256"));
        let restricted = verifies(&one.jws, &set(&[restricted]));
        assert_eq!(restricted, one.algorithm == Algorithm::Rs256);
        let for_encryption = with(&one.jwk, "use", json!("enc"));
        assert!(!verifies(&one.jws, &set(&[for_encryption])));
    }
}

#[test]
fn a_kid_chooses_among_keys_that_have_one() {
    for one in signed() {
        let kid = format!("k-{}", one.algorithm);
        assert!(verifies(
            &one.jws,
            &set(&[with(&one.jwk, "kid", json!(kid))])
        ));
        let other = with(&one.jwk, "kid", json!("another"));
        assert!(!verifies(&one.jws, &set(std::slice::from_ref(&other))));
        assert!(
            verifies(&one.jws, &set(&[other, one.jwk.clone()])),
            "nameless"
        );
    }
}

#[test]
fn an_algorithm_that_is_not_allowed_is_refused_before_any_key_is_looked_for() {
    for one in signed() {
        let others: Vec<_> = EVERY.into_iter().filter(|a| *a != one.algorithm).collect();
        let refused = CompactJws::parse(&one.jws, 4096, &others).unwrap_err();
        assert_eq!(refused, CompactError::Algorithm);
    }
    let jws = |header: Value| {
        let part = |value: Value| tegata_protocol::bytes::encode_b64u(value.to_string().as_bytes());
        format!("{}.{}.AA", part(header), part(json!({})))
    };
    let parse = |header: Value| CompactJws::parse(&jws(header), 4096, &EVERY).map(drop);
    for alg in ["none", "HS256", "es256", "ES384", ""] {
        assert_eq!(
            parse(json!({ "alg": alg })),
            Err(CompactError::Algorithm),
            "{alg}"
        );
    }
    for header in [
        json!({}),
        json!({ "alg": 1 }),
        json!({ "alg": "ES256", "crit": [] }),
        json!({ "alg": "ES256", "b64": true }),
        json!([]),
    ] {
        assert_eq!(parse(header.clone()), Err(CompactError::Header), "{header}");
    }
    assert_eq!(
        parse(json!({ "alg": "ES256", "x5c": [], "jku": "x" })),
        Ok(())
    );
    for text in ["", "a.b", "a.b.c.d", "e30.e30.!", "e30.e30=.AA"] {
        let refused = CompactJws::parse(text, 4096, &EVERY).unwrap_err();
        assert_eq!(refused, CompactError::Malformed, "{text}");
    }
    assert_eq!(
        CompactJws::parse(&signed()[0].jws, 10, &EVERY).unwrap_err(),
        CompactError::Malformed
    );
}

#[test]
fn only_sets_whose_keys_can_verify_are_registered() {
    let all = signed();
    let require = |keys: &[Value]| KeySet::require(&json!({ "keys": keys }).to_string()).map(drop);
    for one in &all {
        let jwk = &one.jwk;
        assert_eq!(require(std::slice::from_ref(jwk)), Ok(()));
        assert_eq!(
            require(&[with(jwk, "x5c", json!(["MIIB"]))]),
            Ok(()),
            "a certificate beside the key"
        );
        let enc = with(jwk, "use", json!("enc"));
        assert_eq!(
            require(std::slice::from_ref(&enc)),
            Err(InvalidKeySet::NoneSigns)
        );
        assert_eq!(require(&[enc, jwk.clone()]), Ok(()));
        let private = with(jwk, "d", json!("AA"));
        assert_eq!(require(&[private]), Err(InvalidKeySet::Private));
        let foreign = with(jwk, "alg", json!("ES384"));
        assert_eq!(require(&[foreign]), Err(InvalidKeySet::NoneSigns));
        assert_eq!(require(&vec![jwk.clone(); MAX_KEYS]), Ok(()));
        let too_many = vec![jwk.clone(); MAX_KEYS + 1];
        assert_eq!(require(&too_many), Err(InvalidKeySet::TooMany));
    }
    let rsa = &all[1].jwk;
    let short = tegata_protocol::bytes::encode_b64u(&[0xc5; 255]);
    let long = tegata_protocol::bytes::encode_b64u(&[0xc5; 513]);
    let padded = format!("AA{}", rsa["n"].as_str().unwrap());
    let elliptic = &all[0].jwk;
    for bad in [
        with(rsa, "n", json!(short)),
        with(rsa, "n", json!(long)),
        with(rsa, "n", json!(padded)),
        with(rsa, "e", json!("")),
        with(elliptic, "crv", json!("P-384")),
        with(elliptic, "y", Value::Null),
        with(elliptic, "x", json!("AA")),
        json!({ "kty": "oct", "x": "AA" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": all[3].jwk["x"] }),
        json!({}),
        json!([]),
    ] {
        assert_eq!(
            require(std::slice::from_ref(&bad)),
            Err(InvalidKeySet::Unusable),
            "{bad}"
        );
    }
    assert_eq!(
        require(&[json!({ "kty": "oct", "k": "AA" })]),
        Err(InvalidKeySet::Private)
    );
    assert_eq!(require(&[]), Err(InvalidKeySet::Empty));
    assert_eq!(KeySet::require("{}").unwrap_err(), InvalidKeySet::NoKeys);
    assert_eq!(KeySet::require("{").unwrap_err(), InvalidKeySet::NotJson);
}

/// Conformance: RFC7638-3
#[test]
fn thumbprints_are_those_of_the_standards() {
    let thumbprint = |jwk: Value| {
        let key = VerifyingKey::from_jwk(&jwk).unwrap();
        assert_eq!(
            VerifyingKey::from_jwk(&Value::Object(key.to_jwk())),
            Some(key.clone())
        );
        key.thumbprint().to_string()
    };
    // RFC 7638 section 3.1.
    let rsa = json!({
        "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj\
              hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5\
              hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    });
    assert_eq!(
        thumbprint(rsa),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    // RFC 8037 appendix A.3.
    let okp = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    assert_eq!(
        thumbprint(okp),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    // RFC 9449 section 6.1: `jkt` of the key of its examples.
    let elliptic = json!({
        "kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    });
    assert_eq!(
        thumbprint(elliptic),
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    );
}
