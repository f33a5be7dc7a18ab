//! What `docs/architecture.md` promises about the workspace, checked on the resolved dependency graph: who may
//! depend on whom, which licences, sources and crates are let in, and how manifests are written.
//!
//! Each rule is a function from metadata or text to a list of violations, and has a test that makes it fail.
//! To add one: such a function in [`rules`] or [`manifests`], a row in its table of failures, and a test here.

mod licence;
mod manifests;
mod metadata;
mod rules;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use metadata::Metadata;

static WORKSPACE: LazyLock<Metadata> = LazyLock::new(|| Metadata::of_workspace(&root()));

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

#[track_caller]
fn assert_none(rule: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{rule}:\n  {}",
        violations.join("\n  ")
    );
}

#[test]
fn dependencies_follow_the_arrows_of_the_architecture() {
    assert_none("arrows", &rules::arrows(&WORKSPACE));
    assert_none(
        "device and server never see each other",
        &rules::sides_apart(&WORKSPACE),
    );
    assert_none(
        "only the app knows Tauri",
        &rules::tauri_only_in_app(&WORKSPACE),
    );
    assert_none(
        "the protocol does no I/O",
        &rules::pure_protocol(&WORKSPACE),
    );
}

#[test]
fn every_dependency_may_be_used_and_shipped() {
    assert_none("licences", &rules::licences(&WORKSPACE));
    assert_none("banned crates", &rules::banned(&WORKSPACE));
    assert_none("sources", &rules::sources(&WORKSPACE));
    assert_none(
        "versions of direct dependencies",
        &rules::direct_duplicates(&WORKSPACE),
    );
}

#[test]
fn every_manifest_is_under_the_workspaces_lints() {
    let members: Vec<_> = WORKSPACE.members().collect();
    assert!(
        members.len() >= 7,
        "the workspace has lost members: {}",
        members.len()
    );
    for member in members {
        let text = read(Path::new(&member.manifest_path));
        assert_none(&member.manifest_path, &manifests::lints(&text));
    }
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let text = read(&root().join("Cargo.toml"));
    assert_none("Cargo.toml", &manifests::purposes(&text));
}

#[test]
fn the_list_for_cargo_deny_is_the_one_that_is_checked_here() {
    let text = read(&root().join("deny.toml"));
    let quoted: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix('"')?.split('"').next())
        .collect();
    for licence in licence::ALLOWED
        .iter()
        .chain(&licence::ALLOWED_WITH_EXCEPTION)
    {
        assert!(
            quoted.contains(licence),
            "deny.toml does not allow {licence}"
        );
    }
    for name in rules::BANNED {
        assert!(
            text.contains(&format!("crate = \"{name}\"")),
            "deny.toml does not ban {name}"
        );
    }
}
