//! Examples of `docs/protocol.md`, each taken from a vector.
//!
//! A line `<!-- example: area/name part -->` is followed by a fenced block whose content is that part of the vector:
//! `input` (a JSON message), `header` or `payload` (of a JWS), `metadata` (the payload inside a metadata answer),
//! `client_data` (of a decision), or `result`. JSON is indented; nothing else is changed.

use super::{Input, Vector, read_vector};
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{fs, path::Path};
use tegata_protocol::bytes::decode_b64u;

const OPENING: &str = "<!-- example: ";
const CLOSING: &str = " -->";

fn document() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md")
}

/// Puts the vectors' content into the document.
///
/// # Errors
/// The document names a vector or a part that does not exist, or cannot be written.
pub fn write(vectors: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(document()).context("read docs/protocol.md")?;
    let filled = fill(&text, vectors)?;
    if filled != text {
        fs::write(document(), filled).context("write docs/protocol.md")?;
    }
    Ok(())
}

/// Whether the document's examples are what the vectors hold; one line each if not.
///
/// # Errors
/// The document names a vector or a part that does not exist.
pub fn differences(vectors: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(document()).context("read docs/protocol.md")?;
    let filled = fill(&text, vectors)?;
    let differing = text
        .lines()
        .zip(filled.lines())
        .position(|(is, should)| is != should);
    Ok(match differing {
        Some(line) => vec![format!(
            "docs/protocol.md line {}: not as in the vector",
            line + 1
        )],
        None if text != filled => {
            vec!["docs/protocol.md: an example is not as in the vector".to_owned()]
        }
        None => Vec::new(),
    })
}

/// How many examples the document has.
///
/// # Errors
/// The document cannot be read.
pub fn count() -> anyhow::Result<usize> {
    let text = fs::read_to_string(document()).context("read docs/protocol.md")?;
    Ok(text
        .lines()
        .filter(|line| line.starts_with(OPENING))
        .count())
}

fn fill(text: &str, vectors: &Path) -> anyhow::Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(example) = line
            .strip_prefix(OPENING)
            .and_then(|rest| rest.strip_suffix(CLOSING))
        else {
            continue;
        };
        if lines.next() != Some("```json") {
            bail!("a fenced block of JSON must follow the example {example}");
        }
        if !lines.any(|line| line == "```") {
            bail!("the block of the example {example} does not end");
        }
        let content = part(example, vectors)?;
        out.extend(["```json\n", content.as_str(), "\n```\n"]);
    }
    Ok(out)
}

fn part(example: &str, vectors: &Path) -> anyhow::Result<String> {
    let (name, part) = example
        .split_once(' ')
        .with_context(|| format!("{example} names no part"))?;
    let vector = read_vector(&vectors.join(format!("{name}.json")))?;
    let value = value(&vector, part).with_context(|| format!("{name} has no {part}"))?;
    Ok(serde_json::to_string_pretty(&value)?)
}

fn value(vector: &Vector, part: &str) -> Option<Value> {
    let Input::Text(text) = &vector.input else {
        return None;
    };
    let json = || serde_json::from_str::<Value>(text).ok();
    match part {
        "input" => json(),
        "header" => jws_part(text, 0),
        "payload" => jws_part(text, 1),
        "metadata" => jws_part(json()?["metadata_jws"].as_str()?, 1),
        "client_data" => {
            let assertion = &json()?["assertion"];
            jws_part(assertion["response"]["clientDataJSON"].as_str()?, 0)
        }
        "result" => vector.result.clone(),
        _ => None,
    }
}

/// JSON inside one of the parts that dots divide.
fn jws_part(text: &str, index: usize) -> Option<Value> {
    let bytes = decode_b64u(text.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}
