//! `cargo xtask build`

use std::time::Duration;

use super::{check_node, check_rust, prepare_ui, with_stages};
use crate::{
    args::Consent,
    failure::Failure,
    install,
    packages::Purpose,
    project::Project,
    stage::{Output, Stages},
};

/// Builds the UI and every crate with its tests.
pub(crate) fn run(project: &Project, consent: Consent) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        check_node(project, stages)?;
        install::ensure(stages, Purpose::Window, consent)?;
        prepare_ui(project, stages)?;
        build_workspace(project, stages)
    })
}

/// One build of everything: the tests and the demo then compile nothing more.
pub(super) fn build_workspace(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let build = project.cargo(["build", "--locked", "--workspace", "--all-targets"]);
    stages.run("build", Duration::from_hours(1), Output::Progress, [build])
}
