//! What the app takes on a disk: its package, and what is unpacked from it.

use anyhow::Context as _;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Bytes of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Package {
    /// As it is sent.
    pub(super) sent: u64,
    /// As it says of itself when it is installed.
    pub(super) installed: u64,
}

/// The app's .deb below the folder of its profile.
///
/// # Errors
/// It has not been made, or dpkg cannot read it.
pub(super) fn size(app: &Path) -> anyhow::Result<Package> {
    let file = find(&app.join("bundle/deb"))?;
    let answer = Command::new("dpkg-deb")
        .arg("--field")
        .arg(&file)
        .arg("Installed-Size")
        .output()
        .context("cannot start dpkg-deb; on Debian it is in the package dpkg")?;
    let kib: u64 = String::from_utf8_lossy(&answer.stdout)
        .trim()
        .parse()
        .with_context(|| format!("{} says nothing of its size", file.display()))?;
    Ok(Package {
        sent: fs::metadata(&file)?.len(),
        installed: kib * 1024,
    })
}

fn find(folder: &Path) -> anyhow::Result<PathBuf> {
    let no_package = || format!("no .deb in {}; make it first", folder.display());
    for entry in fs::read_dir(folder).with_context(no_package)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            return Ok(path);
        }
    }
    anyhow::bail!(no_package())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_asked_for_its_own_figure() {
        let folder = tempfile::tempdir().unwrap();
        assert!(size(folder.path()).is_err(), "nothing was made");
        let control = folder.path().join("tree/DEBIAN");
        fs::create_dir_all(&control).unwrap();
        let fields = "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b.example>\n\
                      Installed-Size: 7\nDescription: a\n";
        fs::write(control.join("control"), fields).unwrap();
        let made = folder.path().join("bundle/deb");
        fs::create_dir_all(&made).unwrap();
        let built = Command::new("dpkg-deb")
            .arg("--build")
            .arg(folder.path().join("tree"))
            .arg(made.join("a.deb"))
            .output()
            .unwrap();
        assert!(built.status.success());
        let package = size(folder.path()).unwrap();
        assert_eq!(package.installed, 7 * 1024);
        assert!(package.sent > 100);
    }
}
