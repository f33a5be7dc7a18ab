//! The folders with Node packages: the UI, the independent checkers in JavaScript, and the benchmarks' peer.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    failure::Failure,
    project::Project,
    stage::{Output, Stages},
    tools,
};

/// Folders inside `ui/` that are made from the others.
const NOT_SOURCES: [&str; 6] = [
    "node_modules",
    "dist",
    "dist-demo",
    "screens",
    "artifacts",
    "test-results",
];

/// The folders, from the checkout's root: the UI, the checkers in JavaScript, and the provider that the benchmarks
/// measure beside ours.
pub(crate) const UI: &str = "ui";
pub(crate) const JS_TESTS: &str = "tests/js";
pub(crate) const PEER: &str = "crates/bench/peer";

/// `npm` with arguments, in a folder of the checkout.
pub(crate) fn npm<const N: usize>(
    project: &Project,
    folder: &str,
    arguments: [&str; N],
) -> Command {
    let mut command = Command::new(tools::npm_program());
    command
        .args(arguments)
        .current_dir(project.root.join(folder));
    command
}

/// Installs a folder's packages exactly as its `package-lock.json` says, if that changed since last time.
///
/// # Errors
///
/// There is no lock file, or `npm ci` fails.
pub(crate) fn install(project: &Project, stages: &mut Stages, folder: &str) -> Result<(), Failure> {
    let name = format!("Node packages of {folder}");
    let stamp = packages_stamp(project, folder)?;
    if stamp.is_current() {
        stages.up_to_date(&name, "as the lock file says");
        return Ok(());
    }
    let command = npm(project, folder, ["ci", "--no-audit", "--no-fund"]);
    stages.run(&name, Duration::from_mins(10), Output::Progress, [command])?;
    stamp.write()
}

/// Whether a folder's packages are what its `package-lock.json` says.
///
/// # Errors
///
/// There is no lock file.
pub(crate) fn is_installed(project: &Project, folder: &str) -> Result<bool, Failure> {
    Ok(packages_stamp(project, folder)?.is_current())
}

fn packages_stamp(project: &Project, folder: &str) -> Result<Stamp, Failure> {
    let dir = project.root.join(folder);
    Ok(Stamp {
        file: dir.join("node_modules/.installed-lock.json"),
        current: read(&dir.join("package-lock.json"))?,
    })
}

/// Builds `ui/dist`, which the app embeds, if a source of it changed since last time. Leaving an unchanged
/// one alone saves compiling the app again.
///
/// # Errors
///
/// The build fails, or makes no `index.html`.
pub(crate) fn build_ui(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let name = "UI build";
    let ui = project.root.join("ui");
    let index = ui.join("dist/index.html");
    let hash =
        hash_of_sources(&ui).map_err(|error| Failure::io("read the UI's sources", &error))?;
    let stamp = Stamp {
        file: project.scratch_dir().join("ui-build"),
        current: format!("{hash:016x}\n").into_bytes(),
    };
    if index.is_file() && stamp.is_current() {
        stages.up_to_date(name, "no source changed");
        return Ok(());
    }
    let command = npm(project, "ui", ["run", "build"]);
    stages.run(name, Duration::from_mins(5), Output::Progress, [command])?;
    if !index.is_file() {
        return Err(Failure::failed(format!(
            "{name}: made no {}",
            index.display()
        )));
    }
    stamp.write()
}

/// A file that remembers for which input something was last done.
pub(crate) struct Stamp {
    pub(crate) file: PathBuf,
    pub(crate) current: Vec<u8>,
}

impl Stamp {
    pub(crate) fn is_current(&self) -> bool {
        fs::read(&self.file).is_ok_and(|stamp| stamp == self.current)
    }

    /// To be called once it is done.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        let dir = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir)
            .and_then(|()| fs::write(&self.file, &self.current))
            .map_err(|error| Failure::io(&format!("write {}", self.file.display()), &error))
    }
}

/// Reads a file that the checkout must have.
///
/// # Errors
///
/// It cannot be read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::io(&format!("read {}", path.display()), &error))
}

/// Depends on the names and contents of all sources, and on nothing else.
fn hash_of_sources(dir: &Path) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    hash_dir(dir, &mut hasher)?;
    Ok(hasher.finish())
}

fn hash_dir(dir: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if NOT_SOURCES.iter().any(|folder| name == *folder) {
            continue;
        }
        name.hash(hasher);
        if entry.file_type()?.is_dir() {
            hash_dir(&entry.path(), hasher)?;
            "end".hash(hasher);
        } else {
            fs::read(entry.path())?.hash(hasher);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        fs::create_dir_all(dir.join("src")).unwrap();
        fs::write(dir.join("src/a.ts"), "a").unwrap();
        dir
    }

    #[test]
    fn only_sources_change_the_hash() {
        let dir = folder("hash");
        let first = hash_of_sources(&dir).unwrap();
        for made in NOT_SOURCES {
            fs::create_dir_all(dir.join(made).join("x")).unwrap();
            fs::write(dir.join(made).join("x/index.js"), "anything").unwrap();
            assert_eq!(hash_of_sources(&dir).unwrap(), first, "{made} is made");
        }
        fs::write(dir.join("src/a.ts"), "b").unwrap();
        let second = hash_of_sources(&dir).unwrap();
        assert_ne!(second, first, "changed content");
        fs::rename(dir.join("src/a.ts"), dir.join("a.ts")).unwrap();
        assert_ne!(hash_of_sources(&dir).unwrap(), second, "moved file");
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_stamp_is_current_only_for_what_it_was_written_for() {
        let dir = folder("stamp");
        let file = dir.join("made/later/stamp");
        let stamp = |text: &str| Stamp {
            file: file.clone(),
            current: text.into(),
        };
        assert!(!stamp("one").is_current(), "never written");
        stamp("one").write().unwrap();
        assert!(stamp("one").is_current());
        assert!(!stamp("two").is_current());
        fs::remove_dir_all(&dir).unwrap();
    }
}
