//! Where the programs under test are.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::bail;

use crate::processes::Launch;

/// The server's program.
pub const SERVER: &str = "tegata-server";
/// The terminal device's program.
pub const DEVICE: &str = "tegata";
/// The app's program.
pub const APP: &str = "tegata-app";
/// The demo's program.
pub const DEMO: &str = "tegata-demo";

/// A program of this workspace, in the folder into which cargo built the running one.
///
/// # Errors
///
/// It has not been built; the message says how to.
pub fn built(name: &str) -> anyhow::Result<PathBuf> {
    let current = env::current_exe()?;
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    // Beside us; or, as a test runs from a folder of the build directory, where finished programs are put.
    let mut dirs: Vec<PathBuf> = current.parent().map(Path::to_owned).into_iter().collect();
    let profile = if current
        .components()
        .any(|part| part.as_os_str() == "release")
    {
        "release"
    } else {
        "debug"
    };
    if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
        dirs.push(PathBuf::from(target).join(profile));
    }
    dirs.push(checkout().join("target").join(profile));
    for dir in &dirs {
        let candidate = dir.join(&file);
        if candidate.is_file() {
            return Ok(candidate);
        }
    }
    bail!(
        "the program {name} is not built; run `cargo xtask test` (or `cargo build --workspace`) first"
    );
}

/// A program of this project, about to start: variables that would configure it are not inherited.
pub fn launch(program: &Path) -> Launch {
    env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().starts_with("TEGATA_"))
        .fold(Launch::new(program), Launch::without_env)
}

/// The Python that has the packages of `tests/python/requirements.txt`.
///
/// # Errors
///
/// `cargo xtask test`, which makes it, has not said where it is.
pub fn python() -> anyhow::Result<PathBuf> {
    match env::var_os("TEGATA_PYTHON") {
        Some(python) => Ok(PathBuf::from(python)),
        None => {
            bail!("TEGATA_PYTHON is not set; run `cargo xtask test`, which makes the environment")
        }
    }
}

/// The checkout that this was built from.
pub fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A program that is installed on this machine.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}
