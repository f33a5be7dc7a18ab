use super::*;
use crate::config::DetailTypeConfig;
use proptest::prelude::*;
use serde_json::json;

/// Payments as RFC 9396 section 2 has them, with whole numbers.
fn payment() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "const": "payment_initiation" },
            "amount": {
                "type": "object",
                "properties": { "currency": { "pattern": "^[A-Z]{3}$" }, "value": { "type": "integer" } },
                "required": ["currency", "value"],
                "additionalProperties": false,
            },
            "creditors": { "type": "array", "items": { "properties": { "name": { "type": "string" } } } },
            "note": {},
        },
        "required": ["type", "amount"],
        "additionalProperties": false,
    })
}

fn types() -> DetailTypes {
    DetailTypes::of_schema("payment_initiation", &payment()).unwrap()
}

fn one() -> Value {
    json!({ "type": "payment_initiation", "amount": { "currency": "EUR", "value": 12350 } })
}

fn with(name: &str, value: Value) -> Value {
    let mut one = one();
    one[name] = value;
    json!([one])
}

fn check(details: Value) -> Result<Vec<Value>, DetailsError> {
    types().check(details, &["payment_initiation".to_owned()])
}

/// Conformance: RFC9396-5, RFC9396-10
#[test]
fn every_way_in_which_details_do_not_fit_has_its_error() {
    assert_eq!(check(json!([one(), one()])), Ok(vec![one(), one()]));
    for (details, error) in [
        (json!([]), DetailsError::Form),
        (one(), DetailsError::Form),
        (json!("x"), DetailsError::Form),
        (json!([1]), DetailsError::Form),
        (json!([{ "amount": 1 }]), DetailsError::Form),
        (json!([{ "type": 1 }]), DetailsError::Form),
        (json!([{ "type": "other" }]), DetailsError::UnknownType),
        (
            json!([one(), { "type": "Payment_initiation" }]),
            DetailsError::UnknownType,
        ),
        (
            json!([{ "type": "payment_initiation" }]),
            DetailsError::Schema,
        ),
        (with("unknown", json!(1)), DetailsError::Schema),
        (
            with("amount", json!({ "currency": "eur", "value": 1 })),
            DetailsError::Schema,
        ),
        (
            with("amount", json!({ "currency": "EUR", "value": "1" })),
            DetailsError::Schema,
        ),
        (with("note", json!("a\nb")), DetailsError::Text),
        (with("note", json!("a\u{202e}b")), DetailsError::Text),
        (with("note", json!({ "a\u{200b}b": 1 })), DetailsError::Text),
        (with("note", json!(vec![0; 62])), DetailsError::Limit),
        (
            with("note", json!("x".repeat(MAX_DETAILS))),
            DetailsError::Limit,
        ),
    ] {
        assert_eq!(check(details.clone()), Err(error), "{details}");
    }
    assert!(check(with("note", json!(vec![0; 61]))).is_ok(), "64 leaves");
    assert_eq!(
        types().check(json!([one()]), &["other".to_owned()]),
        Err(DetailsError::NotRegistered)
    );
}

#[test]
fn details_are_no_deeper_than_a_device_reads_with_what_is_put_around_them() {
    let nested = |levels: usize| {
        let mut value = json!(1);
        for _ in 0..levels {
            value = json!([value]);
        }
        with("note", value)
    };
    // The array and its object are two levels.
    assert!(check(nested(MAX_DEPTH - 2)).is_ok());
    assert_eq!(check(nested(MAX_DEPTH - 1)), Err(DetailsError::Limit));
}

#[test]
fn errors_can_be_sent_as_they_are() {
    for error in [
        DetailsError::Form,
        DetailsError::Limit,
        DetailsError::NotRegistered,
        DetailsError::Schema,
        DetailsError::Text,
        DetailsError::UnknownType,
    ] {
        let text = error.to_string();
        assert!(
            text.bytes()
                .all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
            "{text}"
        );
    }
}

fn loaded(schema: &str, more: &str) -> Result<DetailTypes, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("payment.json"), schema).unwrap();
    let text =
        format!("[authorization_details.payment_initiation]\nschema = \"payment.json\"\n{more}");
    DetailTypes::load(&Config::parse(&text).unwrap(), folder.path())
}

#[test]
fn labels_stand_at_the_leaves_that_they_name_in_the_language_of_the_device() {
    let types = loaded(
        &payment().to_string(),
        "title = { en = \"Payment\", ja = \"支払い\" }\n\
         [authorization_details.payment_initiation.labels]\n\
         \"/amount/value\" = { en = \"Cents\", ja = \"セント\" }\n\
         \"/creditors/*/name\" = { en = \"To\", ja = \"宛先\" }",
    )
    .unwrap();
    let mut first = one();
    first["creditors"] = json!([{ "name": "A" }, { "name": "B" }]);
    let found: Vec<_> = types
        .labels(&[first.clone(), one()], Language::English)
        .into_iter()
        .map(|label| (label.pointer, label.text))
        .collect();
    let mut expected = [
        ("/0/type", "Payment"),
        ("/0/amount/value", "Cents"),
        ("/0/creditors/0/name", "To"),
        ("/0/creditors/1/name", "To"),
        ("/1/type", "Payment"),
        ("/1/amount/value", "Cents"),
    ]
    .map(|(pointer, text)| (pointer.to_owned(), text.to_owned()))
    .to_vec();
    let mut sorted = found.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
    let japanese = types.labels(&[first], Language::Japanese);
    assert!(japanese.iter().any(|label| label.text == "宛先"));
    let unknown = json!({ "type": "other", "name": 1 });
    assert!(types.labels(&[unknown], Language::English).is_empty());
}

#[test]
fn a_schema_that_cannot_be_used_stops_the_server_with_its_name() {
    for (schema, word) in [
        ("{", "payment.json"),
        (r#"{"type":"nonsense"}"#, "payment.json"),
        (
            r#"{"$ref":"https://schemas.example/payment.json"}"#,
            "schemas.example",
        ),
        (r#"{"pattern":"(?=a)"}"#, "payment.json"),
    ] {
        let error = loaded(schema, "").unwrap_err().to_string();
        assert!(
            error.contains("authorization_details: payment_initiation") && error.contains(word),
            "{error}"
        );
    }
    let missing = Config {
        authorization_details: BTreeMap::from([(
            "a".to_owned(),
            DetailTypeConfig {
                schema: "missing.json".into(),
                title: None,
                labels: BTreeMap::new(),
            },
        )]),
        ..Config::default()
    };
    let error = DetailTypes::load(&missing, Path::new("/nonexistent")).unwrap_err();
    assert!(error.to_string().contains("missing.json"), "{error}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..9_007_199_254_740_992).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z/~*]{0,4}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_passes_is_carried_unchanged_and_every_label_is_at_a_leaf(note in any_json()) {
        let details = with("note", note);
        if let Ok(passed) = check(details.clone()) {
            prop_assert_eq!(&Value::Array(passed.clone()), &details);
            let leaves = detail_leaves(&passed, &[]);
            prop_assert!(leaves.len() <= limits::DETAIL_LEAVES);
            for label in types().labels(&passed, Language::English) {
                prop_assert!(leaves.iter().any(|leaf| leaf.pointer == label.pointer));
            }
        }
    }
}
