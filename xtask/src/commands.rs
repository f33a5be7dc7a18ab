//! One file for each command.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod bundle;
pub(crate) mod demo;
pub(crate) mod fuzz;
pub(crate) mod generate;
pub(crate) mod lint;
pub(crate) mod screens;
pub(crate) mod setup;
pub(crate) mod test;

use std::{path::PathBuf, time::Duration};

use crate::{
    failure::Failure,
    node::UI,
    project::Project,
    stage::{Output, Stages},
};

/// Runs a command's stages and prints the table of their times, whatever became of them.
fn with_stages(
    project: &Project,
    steps: impl FnOnce(&mut Stages) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut stages = Stages::new(log_dir(project));
    let outcome = steps(&mut stages);
    stages.print_table();
    outcome
}

fn log_dir(project: &Project) -> PathBuf {
    project.scratch_dir().join("logs")
}

/// Installs the UI's packages and builds it.
fn prepare_ui(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    crate::node::install(project, stages, UI)?;
    crate::node::build_ui(project, stages)
}

/// Downloads every crate of the lock file, also those of other platforms: tests read all their manifests.
fn fetch_crates(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let fetch = project.cargo(["fetch", "--locked"]);
    stages.run(
        "download crates",
        Duration::from_mins(15),
        Output::Progress,
        [fetch],
    )
}

fn check_rust(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    stages.work("Rust", || crate::tools::check_rust(project))
}

fn check_node(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    stages.work("Node", || crate::tools::check_node(project))
}
