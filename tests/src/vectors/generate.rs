//! Writes what is missing, and compares what is there.

use super::{
    NamedVector, Vector,
    cases::{self, Case},
    check, directory, examples, foreign,
    keys::TestKeys,
    load_all,
};
use anyhow::{Context as _, ensure};
use std::{collections::BTreeMap, fs, path::Path};

/// Our own name in `refused_by`.
pub const TEGATA: &str = "tegata";

/// Writes keys and vectors that are missing, removes those that no case makes, and fills the examples of the document.
///
/// # Errors
/// A case does not have the verdict that it claims, or a file cannot be written.
pub fn write() -> anyhow::Result<()> {
    let dir = directory();
    TestKeys::make_missing(&dir)?;
    let keys = TestKeys::read(&dir)?;
    let cases = by_label(cases::all(&keys, &dir))?;
    for vector in load_all(&dir)? {
        let frozen = cases.get(&vector.label());
        if frozen.is_none_or(|case| difference(case, &vector).is_some()) {
            fs::remove_file(dir.join(format!("{}.json", vector.label())))?;
        }
    }
    for (label, case) in &cases {
        let path = dir.join(format!("{label}.json"));
        if !path.exists() {
            fs::create_dir_all(dir.join(case.area.folder()))?;
            let text = serde_json::to_string_pretty(&freeze(case, &keys)?)? + "\n";
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
    }
    examples::write(&dir)
}

/// Compares the directory with the cases, and the examples of the document with the directory.
///
/// # Errors
/// Every difference, one a line.
pub fn check() -> anyhow::Result<()> {
    let dir = directory();
    let mut differences = compare(&dir)?;
    differences.extend(examples::differences(&dir)?);
    ensure!(
        differences.is_empty(),
        "run `cargo xtask gen --write`:\n{}",
        differences.join("\n")
    );
    Ok(())
}

fn compare(dir: &Path) -> anyhow::Result<Vec<String>> {
    let keys = TestKeys::read(dir)?;
    let mut cases = by_label(cases::all(&keys, dir))?;
    let mut differences = Vec::new();
    for vector in load_all(dir)? {
        let label = vector.label();
        match cases.remove(&label) {
            None => differences.push(format!("{label}: no case makes it")),
            Some(case) => {
                differences
                    .extend(difference(&case, &vector).map(|what| format!("{label}: {what}")));
            }
        }
    }
    differences.extend(cases.keys().map(|label| format!("{label}: missing")));
    Ok(differences)
}

fn by_label(cases: Vec<Case>) -> anyhow::Result<BTreeMap<String, Case>> {
    let mut labels = BTreeMap::new();
    for case in cases {
        let label = format!("{}/{}", case.area.folder(), case.name);
        let before = labels.insert(label, case);
        ensure!(before.is_none(), "two cases have the same name: {before:?}");
    }
    Ok(labels)
}

/// What is not as the case says. Signatures differ each time, so messages with one are compared by what is said of them.
fn difference(case: &Case, frozen: &NamedVector) -> Option<&'static str> {
    let vector = &frozen.vector;
    if vector.comment != case.comment {
        Some("another comment")
    } else if vector.expect != case.expect {
        Some("another verdict")
    } else if !case.is_signed && vector.input != case.input {
        Some("another message")
    } else if !case.is_signed && vector.context != case.context {
        Some("another context")
    } else {
        None
    }
}

/// Runs a new case through the protocol crate and webauthn-rs-core; foreign checkers record their own verdicts.
fn freeze(case: &Case, keys: &TestKeys) -> anyhow::Result<Vector> {
    let outcome = check::run(case.area, &case.input, &case.context, keys);
    let verdict = outcome
        .as_ref()
        .err()
        .copied()
        .unwrap_or(super::class::Class::Valid);
    ensure!(
        verdict == case.expect,
        "{}/{}: expected {:?}, got {verdict:?}",
        case.area.folder(),
        case.name,
        case.expect
    );
    let mut vector = Vector {
        comment: case.comment.clone(),
        expect: case.expect,
        refused_by: std::collections::BTreeSet::new(),
        input: case.input.clone(),
        context: case.context.clone(),
        result: outcome.ok().filter(|result| !result.is_null()),
    };
    if vector.expect != super::class::Class::Valid {
        vector.refused_by.insert(TEGATA.to_owned());
    }
    if foreign::refuses(case.area, &case.input, &case.context, keys) == Some(true) {
        vector.refused_by.insert(foreign::NAME.to_owned());
    }
    Ok(vector)
}
