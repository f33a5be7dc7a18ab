//! `cargo xtask bundle`: the app in the profile `app`, packed by the Tauri command line.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{build::build_programs, check_node, check_rust, prepare_ui, with_stages};
use crate::{
    args::BundleOptions,
    failure::Failure,
    install::{self, Fetched},
    node::UI,
    packages::Purpose,
    project::Project,
    stage::{Output, Stages},
};

/// The profile of the root manifest that is tuned for size.
const PROFILE: &str = "app";

/// The Tauri command line among the Node packages of `ui`.
const TAURI: &str = "node_modules/@tauri-apps/cli/tauri.js";

/// A kind of package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    AppImage,
    Deb,
    Rpm,
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Deb, Self::Rpm, Self::AppImage];

    /// Those that need nothing downloaded.
    const USUAL: [Self; 2] = [Self::Deb, Self::Rpm];

    /// What the command line, Tauri and its folders call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AppImage => "appimage",
            Self::Deb => "deb",
            Self::Rpm => "rpm",
        }
    }

    /// How its files' names end.
    fn extension(self) -> &'static str {
        match self {
            Self::AppImage => "AppImage",
            Self::Deb => "deb",
            Self::Rpm => "rpm",
        }
    }

    /// The format of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Makes the packages, and on demand proves that they can be used.
pub(crate) fn run(project: &Project, options: &BundleOptions) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err(Failure::missing(
            "packages are made for Linux only so far; docs/install.md says what is prepared for other systems",
        ));
    }
    let formats = if options.formats.is_empty() {
        Format::USUAL.to_vec()
    } else {
        options.formats.clone()
    };
    println!("{}\n", plan(&formats));
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        check_node(project, stages)?;
        let purpose = if options.check {
            Purpose::Test
        } else {
            Purpose::Window
        };
        let fetched = [Fetched::NodeForUi];
        install::ensure(project, stages, purpose, &fetched, options.consent)?;
        prepare_ui(project, stages)?;
        // What an earlier version left there must not pass for this one's.
        for format in &formats {
            remove(&folder(project, *format))?;
        }
        stages.run(
            "packages",
            Duration::from_hours(1),
            Output::Progress,
            [tauri_build(project, &formats, &[])],
        )?;
        let made = formats
            .iter()
            .map(|format| Made::find(project, *format))
            .collect::<Result<Vec<_>, _>>()?;
        if options.check {
            check(project, stages)?;
        }
        println!();
        for package in made {
            println!("{}", package.line());
        }
        Ok(())
    })
}

/// For the person, before anything is done.
fn plan(formats: &[Format]) -> String {
    let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
    let mut text = format!(
        "To be made: {}, after a build of the app for size, which takes 5 to 15 min the first time.",
        names.join(", ")
    );
    if formats.contains(&Format::AppImage) {
        text.push_str(
            "\nFor the AppImage the Tauri command line downloads its tools from GitHub, outside of any package registry.",
        );
    }
    text
}

/// Builds and packs in one call, so that both agree on profile and features. `further` is said to cargo.
pub(super) fn tauri_build(project: &Project, formats: &[Format], further: &[&str]) -> Command {
    let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
    let mut build = Command::new("node");
    build
        .arg(project.root.join(UI).join(TAURI))
        .args(["build", "--ci", "--no-sign", "--no-binary-patching"])
        .args(["--bundles", &names.join(",")])
        .args(["--", "--locked", "--profile", PROFILE])
        .args(further)
        .current_dir(project.root.join("src-tauri"));
    build
}

/// The tests of the packages, on those that were just made. The server and the clients that they need are those of
/// the dev profile.
fn check(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    build_programs(project, stages, true)?;
    // The whole workspace's features, as everywhere: with those of one package nearly everything would be compiled again.
    let arguments = ["test", "--locked", "--workspace", "--test", "bundle"];
    let mut test = project.cargo(arguments);
    test.env("TEGATA_BUNDLES", bundles(project));
    stages.run(
        "tests of the packages",
        Duration::from_mins(30),
        Output::Shown,
        [test],
    )
}

fn bundles(project: &Project) -> PathBuf {
    project.app_dir().join("bundle")
}

fn folder(project: &Project, format: Format) -> PathBuf {
    bundles(project).join(format.name())
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::io(&format!("remove {}", folder.display()), &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A package that is there.
struct Made {
    path: PathBuf,
    bytes: u64,
}

impl Made {
    fn find(project: &Project, format: Format) -> Result<Self, Failure> {
        let folder = folder(project, format);
        let nothing = || {
            Failure::failed(format!(
                "the Tauri command line made no .{} in {}",
                format.extension(),
                folder.display()
            ))
        };
        let entries = fs::read_dir(&folder).map_err(|_| nothing())?;
        entries
            .filter_map(Result::ok)
            .find(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|end| end == format.extension())
            })
            .and_then(|entry| {
                Some(Self {
                    path: entry.path(),
                    bytes: entry.metadata().ok()?.len(),
                })
            })
            .ok_or_else(nothing)
    }

    fn line(&self) -> String {
        let (whole, tenth) = (self.bytes / 1_000_000, self.bytes % 1_000_000 / 100_000);
        format!("{:>4}.{tenth} MB  {}", whole, self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_no_other() {
        for format in Format::ALL {
            assert_eq!(Format::find(format.name()), Some(format));
        }
        assert_eq!(Format::find("Deb"), None);
        assert_eq!(Format::find("msi"), None);
    }

    #[test]
    fn says_before_it_begins_what_will_be_downloaded() {
        assert!(!plan(&Format::USUAL).contains("download"));
        let text = plan(&Format::ALL);
        assert!(text.contains("deb, rpm, appimage") && text.contains("downloads its tools"));
    }

    #[test]
    fn builds_in_the_profile_that_the_root_manifest_defines() {
        let project = Project::find().unwrap();
        let manifest = fs::read_to_string(project.root.join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("[profile.{PROFILE}]\n")));
        let build = tauri_build(&project, &Format::USUAL, &[]);
        let words: Vec<_> = build
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        assert!(words.contains(&"deb,rpm".into()), "{words:?}");
        assert_eq!(words[words.len() - 3..], ["--locked", "--profile", PROFILE]);
        assert!(project.app_dir().ends_with(PROFILE));
    }

    #[test]
    fn a_size_is_told_in_megabytes() {
        let made = Made {
            path: "a.deb".into(),
            bytes: 3_456_789,
        };
        assert_eq!(made.line(), "   3.4 MB  a.deb");
    }
}
