//! JSON documents of a wanted size.

use serde_json::{Value, json};

/// An object of short texts, numbers and nested objects, as messages are, with at least `bytes` bytes as text and at most
/// some hundred more.
pub(crate) fn of_size(bytes: usize) -> Value {
    let mut items = Vec::new();
    let mut length = 0;
    while length < bytes {
        let item = json!({
            "id": format!("req-{:06}", items.len()),
            "name": "Harbour library kiosk",
            "place": "Lesesaal im Erdgeschoß \u{2013} 閲覧室",
            "since": 1_791_360_000,
            "confidential": true,
            "labels": [{ "pointer": "/0/amount", "text": "Amount \"net\"" }],
        });
        length += item.to_string().len() + 1;
        items.push(item);
    }
    json!({ "v": 1, "items": items })
}
