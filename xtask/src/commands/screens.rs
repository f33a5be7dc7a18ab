//! `cargo xtask screens`

use std::time::Duration;

use super::{UI, check_node, prepare_ui, with_stages};
use crate::{
    args::Consent,
    failure::Failure,
    install,
    node::npm,
    packages::Purpose,
    project::Project,
    stage::{Output, Stages},
};

/// Pictures of every screen, each checked for accessibility.
pub(crate) fn run(project: &Project, consent: Consent) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_node(project, stages)?;
        install::ensure(stages, Purpose::Test, consent)?;
        prepare_ui(project, stages)?;
        take(project, stages)
    })
}

pub(super) fn take(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let screens = npm(project, UI, ["run", "screens"]);
    stages.run(
        "UI screens",
        Duration::from_mins(10),
        Output::Progress,
        [screens],
    )
}
