//! `cargo xtask setup`

use super::{check_node, check_rust, fetch_crates, with_stages};
use crate::{
    args::Consent,
    failure::Failure,
    install::{self, Fetched},
    node::{self, JS_TESTS, UI},
    packages::Purpose,
    project::Project,
    python,
};

/// Installs whatever the tests and the demo need, and builds nothing.
pub(crate) fn run(project: &Project, consent: Consent) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        check_node(project, stages)?;
        let fetched = [
            Fetched::NodeForUi,
            Fetched::NodeForTests,
            Fetched::PythonForTests,
        ];
        install::ensure(project, stages, Purpose::Test, &fetched, consent)?;
        fetch_crates(project, stages)?;
        node::install(project, stages, UI)?;
        node::install(project, stages, JS_TESTS)?;
        python::install(project, stages)
    })
}
