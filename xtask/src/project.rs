//! Where things are: the checkout, built programs, caches; and cargo.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::Failure;

/// The places that commands work in.
pub(crate) struct Project {
    /// Outside the checkout, shared by all checkouts: things that are costly to fetch.
    pub(crate) cache_dir: PathBuf,
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Where cargo puts finished programs; our own stamps and logs are in `xtask/` below it.
    target_dir: PathBuf,
}

impl Project {
    /// Asks cargo and the environment.
    ///
    /// # Errors
    ///
    /// `cargo metadata` fails, or there is no home folder and nothing set in its place.
    pub(crate) fn find() -> Result<Self, Failure> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .parent()
            .ok_or_else(|| Failure::failed("xtask's own folder has no parent folder"))?
            .to_path_buf();
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1", "--locked"])
            .current_dir(&root)
            .output()
            .map_err(|error| Failure::io("start `cargo metadata`", &error))?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::failed(format!(
                "`cargo metadata` failed:\n{message}"
            )));
        }
        let metadata = String::from_utf8_lossy(&output.stdout);
        let target_dir = json_member(&metadata, "target_directory")
            .map(PathBuf::from)
            .ok_or_else(|| Failure::failed("`cargo metadata` names no target directory"))?;
        let cache_dir = match env::var_os("TEGATA_CACHE") {
            Some(dir) if !dir.is_empty() => PathBuf::from(dir),
            _ => user_dir("XDG_CACHE_HOME", ".cache")?.join("tegata"),
        };
        Ok(Self {
            cache_dir,
            root,
            target_dir,
        })
    }

    /// A program built from the workspace in the dev profile.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target_dir
            .join("debug")
            .join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// A program built from the workspace in the release profile.
    pub(crate) fn release_program(&self, name: &str) -> PathBuf {
        self.release_dir()
            .join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// Where programs of the release profile are.
    pub(crate) fn release_dir(&self) -> PathBuf {
        self.target_dir.join("release")
    }

    /// Where programs of the profile `app` are, and the packages made of them.
    pub(crate) fn app_dir(&self) -> PathBuf {
        self.target_dir.join("app")
    }

    /// Where cargo puts what is built.
    pub(crate) fn target_dir(&self) -> &Path {
        &self.target_dir
    }

    /// Where stamps, logs and throw-away data of this program are.
    pub(crate) fn scratch_dir(&self) -> PathBuf {
        self.target_dir.join("xtask")
    }

    /// `cargo` with a subcommand, at the root, using exactly the versions of `Cargo.lock`.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(cargo());
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// The Python of the environment that [`crate::python`] makes.
    pub(crate) fn python(&self) -> PathBuf {
        let dir = self.python_dir();
        if cfg!(windows) {
            dir.join("Scripts/python.exe")
        } else {
            dir.join("bin/python")
        }
    }

    pub(crate) fn python_dir(&self) -> PathBuf {
        self.cache_dir.join("python")
    }
}

/// A folder for this user's files of one kind, by the XDG variable or its default below the home folder.
///
/// # Errors
///
/// Neither the variable nor a home folder is known.
pub(crate) fn user_dir(variable: &str, below_home: &str) -> Result<PathBuf, Failure> {
    user_dir_from(env::var_os(variable), env::home_dir(), below_home).ok_or_else(|| {
        Failure::failed(format!(
            "there is no home folder; set {variable} to an absolute path"
        ))
    })
}

/// XDG base directory specification: a relative path in the variable is to be ignored.
fn user_dir_from(
    variable: Option<OsString>,
    home: Option<PathBuf>,
    below_home: &str,
) -> Option<PathBuf> {
    variable
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(home.filter(|home| home.is_absolute())?.join(below_home)))
}

/// Whether a program of this name can be started.
pub(crate) fn is_on_path(program: &str) -> bool {
    on_path(program).is_some()
}

/// The file that is started by this name.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| is_program(file))
}

fn is_program(path: &Path) -> bool {
    path.is_file() || path.with_extension("exe").is_file()
}

/// The cargo that runs this program, or the first on the path.
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// The string value of the first member with this name. Good enough for output of cargo, in which no string
/// before it can contain a quoted member name unescaped.
fn json_member(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    let mut value = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => match characters.next()? {
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_member_and_undoes_its_escapes() {
        let json = r#"{"a":"\"target\":\"no\"","target":"C:\\t\u00e9 \"x\"","b":1}"#;
        assert_eq!(json_member(json, "target").as_deref(), Some("C:\\té \"x\""));
        assert_eq!(json_member(json, "other"), None);
        assert_eq!(json_member(r#"{"target":"unfinished"#, "target"), None);
    }

    #[test]
    fn follows_the_base_directory_specification() {
        let home = || Some(PathBuf::from("/home/u"));
        let dir = |variable: Option<&str>, home| {
            user_dir_from(variable.map(OsString::from), home, ".cache")
        };
        assert_eq!(dir(Some("/c"), home()), Some("/c".into()));
        assert_eq!(dir(Some("relative"), home()), Some("/home/u/.cache".into()));
        assert_eq!(dir(Some(""), home()), Some("/home/u/.cache".into()));
        assert_eq!(dir(None, home()), Some("/home/u/.cache".into()));
        assert_eq!(dir(None, None), None);
    }

    #[test]
    fn knows_the_checkout_and_its_programs() {
        let project = Project::find().unwrap();
        assert!(
            project.root.join("xtask/src/project.rs").is_file(),
            "{}",
            project.root.display()
        );
        let program = project.program("tegata");
        assert!(program.is_absolute(), "{}", program.display());
    }
}
