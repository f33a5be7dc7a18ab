//! `cargo xtask build`

use std::time::Duration;

use super::{check_node, check_rust, prepare_ui, with_stages};
use crate::{
    args::Consent,
    failure::Failure,
    install::{self, Fetched},
    packages::Purpose,
    project::Project,
    stage::{Output, Stages},
};

/// Builds the UI and every crate with its tests.
pub(crate) fn run(project: &Project, consent: Consent) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        check_node(project, stages)?;
        install::ensure(
            project,
            stages,
            Purpose::Window,
            &[Fetched::NodeForUi],
            consent,
        )?;
        prepare_ui(project, stages)?;
        build_workspace(project, stages)
    })
}

/// One build of everything: the tests and the demo then compile nothing more.
pub(super) fn build_workspace(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let build = project.cargo(["build", "--locked", "--workspace", "--all-targets"]);
    stages.run("build", Duration::from_hours(1), Output::Progress, [build])
}

/// Builds the programs: all of them, or all but the app.
///
/// Without the app, dependencies are compiled with fewer features. Where the app has been built before, it is
/// built along: that compiles nothing anew, where leaving it out would compile most of the dependencies again.
pub(super) fn build_programs(
    project: &Project,
    stages: &mut Stages,
    with_app: bool,
) -> Result<(), Failure> {
    let ui_is_built = project.root.join("ui/dist/index.html").is_file();
    let build = if with_app || (ui_is_built && project.program("tegata-app").is_file()) {
        project.cargo(["build", "--locked", "--workspace"])
    } else {
        // The workspace's default members.
        project.cargo(["build", "--locked"])
    };
    stages.run("build", Duration::from_hours(1), Output::Progress, [build])
}
