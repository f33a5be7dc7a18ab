use super::*;
use crate::http::{device, op};
use serde_json::Value;
use std::collections::BTreeSet;

/// Pages for people, which speak no API.
const PAGES: [&str; 3] = ["/", "/favicon.ico", "/pair"];

fn document_value() -> Value {
    serde_json::from_str(&text()).unwrap()
}

/// The path of each route, read off what the router says of itself.
fn routes() -> BTreeSet<String> {
    let routers = format!(
        "{:?}{:?}{:?}{:?}",
        op::router(),
        op::automation::router(),
        op::registration::router(),
        device::router()
    );
    let paths = routers
        .split('"')
        .filter(|text| text.starts_with('/'))
        .filter(|path| {
            !PAGES.contains(path) && !path.starts_with("/pair/") && !path.contains("{*")
        });
    paths.map(str::to_owned).collect()
}

#[test]
fn every_route_is_in_the_document_and_nothing_else() {
    let document = document_value();
    let documented: BTreeSet<_> = document["paths"].as_object().unwrap().keys().collect();
    let routes = routes();
    assert!(routes.len() > 10, "the router says what it has: {routes:?}");
    assert_eq!(documented, routes.iter().collect());
}

#[test]
fn the_copy_in_the_documentation_is_up_to_date() {
    let copy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let copy = std::fs::read_to_string(copy).unwrap();
    assert!(
        copy == text(),
        "run: tegata-server openapi > docs/openapi.json"
    );
}

#[test]
fn the_document_is_whole() {
    let document = document_value();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    for member in ["title", "version"] {
        assert!(document["info"][member].is_string());
    }
    // Each operation has a name of its own, a summary, answers, and says who may call it.
    let mut names = BTreeSet::new();
    let tags: BTreeSet<_> = names_of(&document["tags"]);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            assert!(operation["summary"].is_string(), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            let good = responses
                .keys()
                .filter(|status| !status.starts_with(['4', '5']));
            let expected = usize::from(name != "authorize");
            assert_eq!(good.count(), expected, "{method} {path}");
            for response in responses.values() {
                assert!(response["description"].is_string(), "{method} {path}");
            }
            for tag in operation["tags"].as_array().unwrap() {
                assert!(tags.contains(tag.as_str().unwrap()));
            }
        }
    }
    // Every reference leads to a schema, every schema is used, every security scheme is there.
    let mut references = BTreeSet::new();
    collect(&document, "$ref", &mut references);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let defined: BTreeSet<_> = schemas
        .keys()
        .map(|name| format!("#/components/schemas/{name}"))
        .collect();
    assert_eq!(references, defined);
    for schema in schemas.values() {
        let properties = schema["properties"].as_object();
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(properties.unwrap().contains_key(required.as_str().unwrap()));
        }
    }
}

fn names_of(list: &Value) -> BTreeSet<String> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

fn collect(value: &Value, member: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                match inner {
                    Value::String(text) if name == member => {
                        found.insert(text.clone());
                    }
                    inner => collect(inner, member, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|inner| collect(inner, member, found)),
        _ => {}
    }
}
