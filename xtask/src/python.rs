//! The Python environment of the independent checkers. It is kept outside the checkout.

use std::{path::PathBuf, process::Command, time::Duration};

use crate::{
    failure::Failure,
    node::{Stamp, read},
    project::Project,
    stage::{Output, Stages},
};

/// Makes the environment anew if `tests/python/requirements.txt` changed since last time.
///
/// # Errors
///
/// There is no such file, or Python or pip fails.
pub(crate) fn install(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let name = "Python packages";
    let requirements = requirements(project);
    let stamp = stamp(project)?;
    if is_installed(project)? {
        stages.up_to_date(name, "as the requirements say");
        return Ok(());
    }
    let mut make = Command::new(if cfg!(windows) { "python" } else { "python3" });
    make.args(["-m", "venv", "--clear"])
        .arg(project.python_dir());
    let mut fill = Command::new(project.python());
    fill.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--requirement",
    ])
    .arg(&requirements);
    stages.run(
        name,
        Duration::from_mins(10),
        Output::Progress,
        [make, fill],
    )?;
    stamp.write()
}

/// Whether the environment is there as `tests/python/requirements.txt` says.
///
/// # Errors
///
/// There is no such file.
pub(crate) fn is_installed(project: &Project) -> Result<bool, Failure> {
    Ok(stamp(project)?.is_current() && project.python().is_file())
}

fn requirements(project: &Project) -> PathBuf {
    project.root.join("tests/python/requirements.txt")
}

fn stamp(project: &Project) -> Result<Stamp, Failure> {
    Ok(Stamp {
        file: project.python_dir().join("installed-requirements.txt"),
        current: read(&requirements(project))?,
    })
}

/// The environment's Python with a script of the checkout.
pub(crate) fn script(project: &Project, path: &str) -> Command {
    let mut command = Command::new(project.python());
    command
        .arg(project.root.join(path))
        .current_dir(&project.root);
    // Nothing is written into the checkout.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
