//! The tools that this program never installs: Rust and Node. It says what is missing and where it comes from.

use std::{fmt, path::Path, process::Command};

use crate::{failure::Failure, project::Project};

const OLDEST_NODE: Version = Version([20, 19, 0]);

/// Checks that the Rust of `rust-toolchain.toml` is what cargo uses.
///
/// # Errors
///
/// It is older, or lacks a component: exit code 3 and what to do.
pub(crate) fn check_rust(project: &Project) -> Result<(), Failure> {
    let file = project.root.join("rust-toolchain.toml");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::io(&format!("read {}", file.display()), &error))?;
    let wanted = channel(&text)
        .ok_or_else(|| Failure::failed(format!("{} names no version", file.display())))?;
    let found = first_version(&project.root, "rustc");
    if found.is_none_or(|found| found < wanted) {
        return Err(Failure::missing(format!(
            "Rust {wanted} is needed, {}.\n\
             With rustup (https://rustup.rs) it is installed by itself in this folder; without, install \
             Rust {wanted} with clippy and rustfmt.",
            found_words(found)
        )));
    }
    Ok(())
}

/// Checks for Node and npm.
///
/// # Errors
///
/// Missing or too old: exit code 3 and what to do.
pub(crate) fn check_node(project: &Project) -> Result<(), Failure> {
    let node = first_version(&project.root, "node");
    if node.is_none_or(|node| node < OLDEST_NODE) {
        return Err(Failure::missing(format!(
            "Node {OLDEST_NODE} or newer is needed to build the UI, {}.\n\
             Install it from https://nodejs.org/en/download or with a version manager (nvm, fnm, mise); the \
             one that Debian 12 and Ubuntu 24.04 package is too old.",
            found_words(node)
        )));
    }
    if first_version(&project.root, npm_program()).is_none() {
        return Err(Failure::missing(
            "npm is needed to build the UI and is not there; it comes with Node from \
             https://nodejs.org/en/download, or as a package `npm` where Node is packaged without it.",
        ));
    }
    Ok(())
}

/// npm is a script on Windows, which is started by its whole name only.
pub(crate) fn npm_program() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

fn found_words(found: Option<Version>) -> String {
    found.map_or_else(
        || "and there is none".to_owned(),
        |found| format!("and this is {found}"),
    )
}

/// What a program says to `--version`; none if it cannot be started or says something else.
fn first_version(root: &Path, program: &str) -> Option<Version> {
    let output = Command::new(program)
        .arg("--version")
        .current_dir(root)
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())?
        .split_whitespace()
        .find_map(Version::parse)
}

/// `channel = "1.95.0"`
fn channel(toolchain_file: &str) -> Option<Version> {
    toolchain_file.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "channel").then(|| Version::parse(value.trim().trim_matches('"')))?
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version([u32; 3]);

impl Version {
    /// `v20.19.0`, `20.19`, `1.96.0-nightly`; a missing part counts as zero.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers = text.split(['-', '+']).next()?;
        let mut parts = [0; 3];
        let mut count = 0;
        for (part, number) in parts.iter_mut().zip(numbers.split('.')) {
            *part = number.parse().ok()?;
            count += 1;
        }
        (count >= 2).then_some(Self(parts))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_as_programs_print_them() {
        for (text, expected) in [
            ("v20.19.0", Some([20, 19, 0])),
            ("1.95.0", Some([1, 95, 0])),
            ("1.97.0-nightly", Some([1, 97, 0])),
            ("11.19", Some([11, 19, 0])),
            ("rustc", None),
            ("20", None),
            ("20.x", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text), expected.map(Version), "{text}");
        }
    }

    #[test]
    fn compares_versions_by_number() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("v20.9.0") < OLDEST_NODE, "9 is less than 19");
        assert!(version("v20.19.0") >= OLDEST_NODE);
        assert!(version("v22.0.0") >= OLDEST_NODE);
    }

    #[test]
    fn finds_the_channel_of_a_toolchain_file() {
        let text = "[toolchain]\nchannel = \"1.95.0\"\ncomponents = [\"clippy\"]\n";
        assert_eq!(channel(text), Version::parse("1.95.0"));
        assert_eq!(channel("[toolchain]\nprofile = \"minimal\"\n"), None);
    }

    #[test]
    fn a_program_that_is_not_there_has_no_version() {
        assert_eq!(
            first_version(Path::new("."), "tegata-no-such-program"),
            None
        );
    }
}
