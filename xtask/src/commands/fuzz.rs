//! `cargo xtask fuzz`: libFuzzer on the entries of `tests/fuzz`, a workspace of its own that only a nightly
//! Rust builds.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use super::with_stages;
use crate::{
    args::FuzzOptions,
    failure::Failure,
    project::Project,
    stage::{Output, Stages},
};

/// What makes the compiler tell libFuzzer which paths an input takes, and notice wrong use of memory.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Zsanitizer=address -Ccodegen-units=1";

/// Longer inputs than any parser accepts.
const MAX_INPUT_BYTES: u32 = 128 * 1024;
/// An input that takes longer is a finding.
const MAX_INPUT_SECONDS: u32 = 5;

/// Runs one entry or all of them.
pub(crate) fn run(project: &Project, options: &FuzzOptions) -> Result<(), Failure> {
    with_stages(project, |stages| {
        let host = stages.work("nightly Rust", host)?;
        let program = build(project, stages, &host)?;
        for entry in chosen(&program, options.target.as_deref())? {
            run_entry(project, stages, &program, &entry, options.seconds)?;
        }
        Ok(())
    })
}

/// The platform that the nightly Rust builds for by itself.
fn host() -> Result<String, Failure> {
    let output = nightly("rustc").args(["--version", "--verbose"]).output();
    let text = output
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.as_deref().and_then(host_of).ok_or_else(|| {
        Failure::missing("libFuzzer needs a nightly Rust:\n  rustup toolchain install nightly")
    })
}

fn host_of(version: &str) -> Option<String> {
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

fn build(project: &Project, stages: &mut Stages, host: &str) -> Result<PathBuf, Failure> {
    let target_dir = fuzz_dir(project).join("target");
    let mut build = nightly("cargo");
    build.args(["build", "--release", "--locked", "--target", host]);
    build
        .args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir"])
        .arg(&target_dir);
    build
        .env("RUSTFLAGS", INSTRUMENTED)
        .current_dir(&project.root);
    stages.run(
        "build for fuzzing",
        Duration::from_mins(20),
        Output::Progress,
        [build],
    )?;
    let name = format!("tegata-fuzz{}", std::env::consts::EXE_SUFFIX);
    Ok(target_dir.join(host).join("release").join(name))
}

/// Asks the program for its entries.
fn chosen(program: &PathBuf, wanted: Option<&str>) -> Result<Vec<String>, Failure> {
    let output = Command::new(program)
        .env_remove("TEGATA_FUZZ_ENTRY")
        .output()
        .map_err(|error| Failure::io(&format!("start {}", program.display()), &error))?;
    let all: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    if !output.status.success() || all.is_empty() {
        return Err(Failure::failed(format!(
            "{} lists no entries",
            program.display()
        )));
    }
    match wanted {
        None => Ok(all),
        Some(name) if all.iter().any(|entry| entry == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(Failure::usage(format!(
            "there is no fuzz target `{name}`; there are:\n  {}",
            all.join("\n  ")
        ))),
    }
}

fn run_entry(
    project: &Project,
    stages: &mut Stages,
    program: &PathBuf,
    entry: &str,
    seconds: u64,
) -> Result<(), Failure> {
    let corpus = fuzz_dir(project).join("corpus").join(entry);
    let findings = fuzz_dir(project).join("findings");
    for dir in [&corpus, &findings] {
        fs::create_dir_all(dir)
            .map_err(|error| Failure::io(&format!("make {}", dir.display()), &error))?;
    }
    let mut fuzz = Command::new(program);
    fuzz.env("TEGATA_FUZZ_ENTRY", entry)
        .current_dir(&project.root);
    // New inputs are kept in the first folder; the vectors are where it starts from.
    fuzz.arg(&corpus).arg("tests/vectors");
    fuzz.arg(format!("-max_total_time={seconds}"));
    fuzz.arg(format!("-max_len={MAX_INPUT_BYTES}"))
        .arg(format!("-timeout={MAX_INPUT_SECONDS}"));
    // libFuzzer takes this as the beginning of a file's name: the entry and a dash complete the folder.
    fuzz.arg(format!("-artifact_prefix={}/{entry}-", findings.display()));
    let limit = Duration::from_secs(seconds) + Duration::from_mins(2);
    stages.run(&format!("fuzz {entry}"), limit, Output::Progress, [fuzz])
}

/// Where everything that fuzzing makes is kept.
fn fuzz_dir(project: &Project) -> PathBuf {
    project.scratch_dir().join("fuzz")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_host_in_what_rustc_says() {
        let text = "rustc 1.97.0-nightly\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n";
        assert_eq!(host_of(text).as_deref(), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(host_of("rustc 1.97.0-nightly\n"), None);
    }
}
