//! `cargo xtask lint`

use std::time::Duration;

use super::{check_node, check_rust, prepare_ui, with_stages};
use crate::{
    args::LintOptions,
    failure::Failure,
    install::{self, Fetched},
    node::{UI, npm},
    packages::Purpose,
    project::Project,
    stage::{Output, Stages},
};

/// Formatting, clippy and the UI's lints.
pub(crate) fn run(project: &Project, options: &LintOptions) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        check_node(project, stages)?;
        install::ensure(
            project,
            stages,
            Purpose::Window,
            &[Fetched::NodeForUi],
            options.consent,
        )?;
        if options.fix {
            let format = project.cargo(["fmt", "--all"]);
            stages.run(
                "rustfmt",
                Duration::from_mins(2),
                Output::Progress,
                [format],
            )?;
        } else {
            check_format(project, stages)?;
        }
        // Clippy compiles the app, which embeds the built UI.
        prepare_ui(project, stages)?;
        clippy(project, stages)?;
        check_ui(project, stages)
    })
}

pub(super) fn check_format(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let check = project.cargo(["fmt", "--all", "--check"]);
    stages.run("rustfmt", Duration::from_mins(2), Output::Progress, [check])
}

pub(super) fn clippy(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let arguments = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ];
    stages.run(
        "clippy",
        Duration::from_hours(1),
        Output::Progress,
        [project.cargo(arguments)],
    )
}

pub(super) fn check_ui(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let checks = [npm(project, UI, ["run", "check"])];
    stages.run("UI types", Duration::from_mins(5), Output::Progress, checks)
}
