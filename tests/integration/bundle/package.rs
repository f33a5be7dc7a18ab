//! A package of the app, read by the tools of the systems that it is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use tegata_tests::programs;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Where the packages are that `cargo xtask bundle --check` has just made.
const VARIABLE: &str = "TEGATA_BUNDLES";

/// The Tauri command line, from the checkout's root.
const TAURI: &str = "ui/node_modules/@tauri-apps/cli/tauri.js";

static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();

/// Whether the packages are those of the profile that is tuned for size.
pub(crate) fn is_tuned() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// The one package of a format: the one that was named, or one made of the app as it was built for tests.
pub(crate) async fn find(format: &str) -> PathBuf {
    let folder =
        FOLDER.get_or_init(async || env::var_os(VARIABLE).map_or_else(make, PathBuf::from));
    let folder = folder.await.join(format);
    let mut found: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("read {}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == format))
        .collect();
    assert_eq!(found.len(), 1, "one package: {found:?}");
    found.remove(0)
}

/// Packs the program of the dev profile as `cargo xtask bundle` packs that of its own.
fn make() -> PathBuf {
    let checkout = programs::checkout();
    let program = programs::built(programs::APP).unwrap();
    let folder = program.with_file_name("bundle");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("what an earlier run left can be removed");
    }
    run(Command::new("node")
        .arg(checkout.join(TAURI))
        .args(["bundle", "--debug", "--ci", "--no-sign"])
        .args(["--no-binary-patching", "--bundles", "deb,rpm"])
        .current_dir(checkout.join("src-tauri")));
    folder
}

/// Runs a program to its good end and answers what it printed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let name = command.get_program().to_owned();
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("start {}: {error}", name.display()));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{text}{errors}");
    text
}

/// A Debian package, unpacked into a folder in which nothing else is.
pub(crate) struct Deb {
    control: BTreeMap<String, String>,
    tree: TempDir,
}

impl Deb {
    pub(crate) fn unpack(file: &Path) -> Self {
        let tree = tempfile::tempdir().unwrap();
        run(Command::new("dpkg-deb")
            .arg("--extract")
            .args([file, tree.path()]));
        let fields = run(Command::new("dpkg-deb").arg("--field").arg(file));
        let control = fields
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { control, tree }
    }

    /// A field of the control file.
    pub(crate) fn field(&self, name: &str) -> &str {
        let value = self.control.get(name);
        value.unwrap_or_else(|| panic!("no {name} in {:?}", self.control))
    }

    /// What it depends on: names, and versions that are at least needed.
    pub(crate) fn depends(&self) -> BTreeMap<&str, Option<&str>> {
        let entries = self.field("Depends").split(", ");
        entries
            .map(|entry| match entry.split_once(" (>= ") {
                Some((name, version)) => (name, version.strip_suffix(')')),
                None => (entry, None),
            })
            .collect()
    }

    /// A file of the package by its path on a system, without the slash before it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.tree.path().join(path)
    }

    /// The paths of all files, as on a system.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        let mut folders = vec![self.tree.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let below = path.strip_prefix(self.tree.path()).unwrap();
                    files.insert(format!("/{}", below.display()));
                }
            }
        }
        files
    }
}

/// What a program links.
pub(crate) struct Linked {
    /// The sonames of shared libraries.
    pub(crate) libraries: BTreeSet<String>,
    /// The latest version of the C library that a symbol needs: major and minor.
    pub(crate) c_library: (u32, u32),
}

impl Linked {
    pub(crate) fn of(program: &Path) -> Self {
        let readelf = |what: &str| run(Command::new("readelf").args(["--wide", what]).arg(program));
        let libraries = readelf("--dynamic")
            .lines()
            .filter_map(|line| line.split_once("Shared library: ["))
            .filter_map(|(_, rest)| Some(rest.split_once(']')?.0.to_owned()))
            .collect();
        let c_library = readelf("--version-info")
            .split("GLIBC_")
            .skip(1)
            .filter_map(version)
            .max()
            .expect("a program that uses the C library");
        Self {
            libraries,
            c_library,
        }
    }
}

/// Major and minor at the beginning of a text.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.split_once('.')?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit());
    let minor = rest.get(..end.unwrap_or(rest.len()))?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The package that owns the file of a library on this machine; nothing where dpkg does not manage it.
pub(crate) fn owner(program: &Path, soname: &str) -> Option<String> {
    let linked = run(Command::new("ldd").arg(program));
    let line = linked.lines().find(|line| line.contains(soname))?;
    let file = line
        .split_whitespace()
        .find(|word| word.starts_with('/'))
        .and_then(|path| fs::canonicalize(path).ok())?;
    let answer = Command::new("dpkg").arg("--search").arg(&file).output();
    let answer = String::from_utf8(answer.ok()?.stdout).ok()?;
    let (package, _) = answer.lines().next()?.split_once(':')?;
    Some(package.to_owned())
}
