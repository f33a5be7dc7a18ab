//! `cargo xtask fuzz`: libFuzzer on the targets of `tests/fuzz`, a workspace of its own that only a nightly
//! Rust builds.

use std::{fs, path::Path, process::Command, time::Duration};

use super::with_stages;
use crate::{
    args::FuzzOptions,
    failure::Failure,
    project::{self, Project},
    stage::{Output, Stages},
};

/// Runs one target or all of them.
pub(crate) fn run(project: &Project, options: &FuzzOptions) -> Result<(), Failure> {
    let all = targets(&project.root.join("tests/fuzz/fuzz_targets"))?;
    let chosen = match &options.target {
        None => all,
        Some(name) if all.contains(name) => vec![name.clone()],
        Some(name) => {
            return Err(Failure::usage(format!(
                "there is no fuzz target `{name}`; there are:\n  {}",
                all.join("\n  ")
            )));
        }
    };
    with_stages(project, |stages| {
        stages.work("nightly Rust and cargo-fuzz", check_tools)?;
        for target in &chosen {
            run_target(project, stages, target, options.seconds)?;
        }
        Ok(())
    })
}

fn check_tools() -> Result<(), Failure> {
    let nightly = nightly("rustc").arg("--version").output();
    let mut missing = Vec::new();
    if !nightly.is_ok_and(|output| output.status.success()) {
        missing.push("rustup toolchain install nightly");
    }
    if !project::is_on_path("cargo-fuzz") {
        missing.push("cargo install cargo-fuzz --locked");
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::missing(format!(
        "libFuzzer needs a nightly Rust and cargo-fuzz. Install what is missing:\n  {}",
        missing.join("\n  ")
    )))
}

fn run_target(
    project: &Project,
    stages: &mut Stages,
    target: &str,
    seconds: u64,
) -> Result<(), Failure> {
    let dir = project.scratch_dir().join("fuzz");
    let corpus = dir.join("corpus").join(target);
    let findings = dir.join("findings");
    for dir in [&corpus, &findings] {
        fs::create_dir_all(dir)
            .map_err(|error| Failure::io(&format!("make {}", dir.display()), &error))?;
    }
    let mut fuzz = nightly("cargo");
    fuzz.args(["fuzz", "run", "--fuzz-dir", "tests/fuzz", "--target-dir"])
        .arg(dir.join("target"));
    fuzz.arg(target).arg(&corpus).arg("tests/vectors");
    fuzz.arg("--").arg(format!("-max_total_time={seconds}"));
    // libFuzzer takes this as the beginning of a file's name: the folder needs its separator.
    fuzz.arg(format!("-artifact_prefix={}/", findings.display()));
    fuzz.current_dir(&project.root);
    let limit = Duration::from_secs(seconds) + Duration::from_mins(20);
    stages.run(&format!("fuzz {target}"), limit, Output::Shown, [fuzz])
}

/// A program of the nightly toolchain; the cargo that runs this one has left marks of its own toolchain.
fn nightly(program: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", program]);
    for mark in [
        "CARGO",
        "RUSTC",
        "RUSTDOC",
        "RUSTUP_TOOLCHAIN",
        "RUST_RECURSION_COUNT",
    ] {
        command.env_remove(mark);
    }
    command
}

/// The names of the targets, in order.
fn targets(dir: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(dir)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| Failure::io(&format!("list {}", dir.display()), &error))?;
    let mut names: Vec<String> = entries
        .iter()
        .map(fs::DirEntry::path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(Failure::failed(format!("{} has no targets", dir.display())));
    }
    Ok(names)
}
