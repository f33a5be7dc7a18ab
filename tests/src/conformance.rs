//! What the provider must do, tied to the tests that show it: `docs/conformance.md` is made of `docs/conformance.toml`
//! and of the lines `Conformance: ID, ID` in the doc comments of tests.
//!
//! A requirement without a test, a test that names no requirement, and a line that stands above anything but a test are
//! errors, so the table cannot say more than is tested.

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// From the checkout's root.
const REQUIREMENTS: &str = "docs/conformance.toml";
const TABLE: &str = "docs/conformance.md";
const SOURCES: [&str; 2] = ["crates", "tests/integration"];
const MARK: &str = "/// Conformance: ";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirements {
    section: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: String,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    of: String,
    level: Level,
    text: String,
}

#[derive(Clone, Copy, Deserialize)]
enum Level {
    #[serde(rename = "M")]
    Must,
    #[serde(rename = "S")]
    Should,
    #[serde(rename = "O")]
    Optional,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::Optional => "optional",
        }
    }
}

/// A test that names requirements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Proof {
    /// From the checkout's root, with slashes.
    file: String,
    /// The function.
    name: String,
}

/// Writes the table.
///
/// # Errors
/// If a requirement has no test, or a test names none, or a file cannot be read or written.
pub fn write() -> anyhow::Result<()> {
    let root = root()?;
    Ok(fs::write(root.join(TABLE), made(&root)?)?)
}

/// Compares the table with what [`write()`] would write.
///
/// # Errors
/// As [`write()`], and if they differ.
pub fn check() -> anyhow::Result<()> {
    let root = root()?;
    let stored = fs::read_to_string(root.join(TABLE)).unwrap_or_default();
    ensure!(
        stored == made(&root)?,
        "{TABLE} is not what the tests say: run `cargo xtask gen --write`"
    );
    Ok(())
}

fn root() -> anyhow::Result<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(tests
        .parent()
        .context("the tests have a folder above")?
        .to_owned())
}

fn made(root: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(root.join(REQUIREMENTS))?;
    let requirements: Requirements = toml::from_str(&text).context(REQUIREMENTS)?;
    let mut proofs = BTreeMap::new();
    for folder in SOURCES {
        collect(root, &root.join(folder), &mut proofs)?;
    }
    table(&requirements, &proofs)
}

/// Reads every Rust file below `folder`.
fn collect(
    root: &Path,
    folder: &Path,
    proofs: &mut BTreeMap<String, BTreeSet<Proof>>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path
                .file_name()
                .is_some_and(|name| name != "node_modules" && name != "target")
            {
                collect(root, &path, proofs)?;
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            let file = path
                .strip_prefix(root)?
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect::<Vec<_>>()
                .join("/");
            for (id, name) in marks(&fs::read_to_string(&path)?).with_context(|| file.clone())? {
                let proof = Proof {
                    file: file.clone(),
                    name,
                };
                proofs.entry(id).or_default().insert(proof);
            }
        }
    }
    Ok(())
}

/// The ids in a source with the tests that name them.
fn marks(source: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if let Some(ids) = line.strip_prefix(MARK) {
            open.extend(ids.split(',').map(|id| id.trim().to_owned()));
            is_test = false;
        } else if open.is_empty() || line.starts_with("///") {
        } else if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        } else if let Some((_, after)) = line.split_once("fn ") {
            let name = after.split(['(', '<']).next().unwrap_or(after);
            ensure!(is_test, "{name} names requirements and is no test");
            found.extend(open.drain(..).map(|id| (id, name.to_owned())));
        } else {
            bail!("a line of requirements is not above a test: {open:?}");
        }
    }
    ensure!(
        open.is_empty(),
        "a line of requirements is above nothing: {open:?}"
    );
    Ok(found)
}

fn table(
    requirements: &Requirements,
    proofs: &BTreeMap<String, BTreeSet<Proof>>,
) -> anyhow::Result<String> {
    let rows: Vec<&Row> = requirements
        .section
        .iter()
        .flat_map(|section| &section.rows)
        .collect();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    ensure!(ids.len() == rows.len(), "an id is there twice");
    let unproved: Vec<&str> = ids
        .iter()
        .copied()
        .filter(|id| !proofs.contains_key(*id))
        .collect();
    let unknown: Vec<&str> = proofs
        .keys()
        .map(String::as_str)
        .filter(|id| !ids.contains(id))
        .collect();
    ensure!(
        unproved.is_empty(),
        "requirements without a test: {}",
        unproved.join(", ")
    );
    ensure!(
        unknown.is_empty(),
        "tests name what is no requirement: {}",
        unknown.join(", ")
    );
    let mut page = format!(
        "# Conformance\n\n\
         What the provider must do ({} requirements), and the tests that show it. The table is made by `cargo xtask gen \
         --write` from [conformance.toml](conformance.toml) and from the tests' own words; a requirement without a test is \
         an error. It says what these tests check and nothing more: the certification suites of the OpenID Foundation have \
         not been run.\n",
        rows.len()
    );
    for section in &requirements.section {
        write!(
            page,
            "\n## {}\n\n| Requirement | From | Level | Id | Tests |\n|---|---|---|---|---|\n",
            section.title
        )?;
        for row in &section.rows {
            let tests: Vec<String> = proofs[&row.id]
                .iter()
                .map(|proof| format!("[{}](../{})", sentence(&proof.name), proof.file))
                .collect();
            writeln!(
                page,
                "| {} | {} | {} | `{}` | {} |",
                row.text,
                row.of,
                row.level.word(),
                row.id,
                tests.join("; ")
            )?;
        }
    }
    Ok(page)
}

/// A test's name as the words that it is made of.
fn sentence(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proofs(of: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<Proof>> {
        let proof = |name: &str| Proof {
            file: "crates/a.rs".to_owned(),
            name: name.to_owned(),
        };
        of.iter()
            .map(|(id, name)| ((*id).to_owned(), BTreeSet::from([proof(name)])))
            .collect()
    }

    fn requirements() -> Requirements {
        let row = |id: &str| Row {
            id: id.to_owned(),
            of: "RFC 1".to_owned(),
            level: Level::Must,
            text: "It works".to_owned(),
        };
        Requirements {
            section: vec![Section {
                title: "All".to_owned(),
                rows: vec![row("A-1"), row("A-2")],
            }],
        }
    }

    #[test]
    fn a_mark_belongs_to_the_test_below_it() {
        let source = "/// Words.\n    /// Conformance: A-1, A-2\n    #[tokio::test]\n    async fn it_works() {}\n";
        let expected = ["A-1", "A-2"].map(|id| (id.to_owned(), "it_works".to_owned()));
        assert_eq!(marks(source).unwrap(), expected);
        for bad in [
            "/// Conformance: A-1\nfn helper() {}",
            "/// Conformance: A-1\nstruct A;",
            "/// Conformance: A-1",
        ] {
            assert!(marks(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_has_no_test_and_what_is_no_requirement_are_errors() {
        let refused = |of| table(&requirements(), &proofs(of)).unwrap_err().to_string();
        assert!(refused(&[("A-1", "a")]).ends_with("without a test: A-2"));
        let foreign = refused(&[("A-1", "a"), ("A-2", "b"), ("B", "c")]);
        assert!(foreign.ends_with("no requirement: B"), "{foreign}");
        let page = table(&requirements(), &proofs(&[("A-1", "a_b"), ("A-2", "b")])).unwrap();
        assert!(page.contains("| It works | RFC 1 | must | `A-1` | [a b](../crates/a.rs) |"));
    }
}
