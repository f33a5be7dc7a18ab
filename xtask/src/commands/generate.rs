//! `cargo xtask gen`
//!
//! To add a generator: a program of the workspace that writes its files into the checkout, and with `--check`
//! exits with a code other than 0 if that would change one; then a line in [`GENERATORS`].

use std::{process::Command, time::Duration};

use super::{build::build_programs, check_node, check_rust, with_stages};
use crate::{
    args::GenOptions,
    failure::Failure,
    install::{self, Fetched},
    node::{self, UI, npm},
    packages::Purpose,
    project::Project,
    stage::{Output, Stages},
};

/// The stage's name, the program, and its arguments.
const GENERATORS: [(&str, &str, &[&str]); 4] = [
    ("generated TypeScript", "tegata-ui-bindings", &[]),
    ("generated vectors", "tegata-vectors", &[]),
    ("table of conformance", "tegata-conformance", &[]),
    ("page of performance", BENCH, &["document"]),
];

/// Does something on Linux only.
const BENCH: &str = "tegata-bench";

/// Compares the committed files with what their programs would write, or writes them.
pub(crate) fn run(project: &Project, options: &GenOptions) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        check_node(project, stages)?;
        let fetched = [Fetched::NodeForUi];
        install::ensure(
            project,
            stages,
            Purpose::Terminal,
            &fetched,
            options.consent,
        )?;
        node::install(project, stages, UI)?;
        build_programs(project, stages, false)?;
        generate(project, stages, options.write)
    })
}

/// The programs must have been built, and the Node packages of `ui` be there.
pub(super) fn generate(project: &Project, stages: &mut Stages, write: bool) -> Result<(), Failure> {
    for (name, program, arguments) in GENERATORS {
        if program == BENCH && !cfg!(target_os = "linux") {
            stages.up_to_date(name, "its program needs Linux");
            continue;
        }
        let mut command = Command::new(project.program(program));
        command.args(arguments).current_dir(&project.root);
        if !write {
            command.arg("--check");
        }
        stages.run(name, Duration::from_mins(2), Output::Progress, [command])?;
    }
    let mut icons = npm(project, UI, ["run", "icons"]);
    if !write {
        icons.args(["--", "--check"]);
    }
    stages.run("icons", Duration::from_mins(2), Output::Progress, [icons])
}
