//! Agreeing on what is to be installed, and installing system packages: on Debian and Ubuntu by their package
//! manager, after asking; elsewhere by saying exactly what is missing.

use std::{
    collections::BTreeSet,
    env,
    io::{self, IsTerminal as _, Write as _},
    process::Command,
    time::Duration,
};

use crate::{
    args::Consent,
    elsewhere,
    failure::Failure,
    node::{self, JS_TESTS, PEER, UI},
    packages::{self, Package, Purpose},
    platform::Platform,
    project::{self, Project},
    python,
    stage::{self, Output, Stages},
};

/// Packages that a language's own client installs for this project alone, as a file of the checkout pins them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    NodeForPeer,
    NodeForTests,
    NodeForUi,
    PythonForTests,
}

impl Fetched {
    fn is_there(self, project: &Project) -> Result<bool, Failure> {
        match self {
            Self::NodeForPeer => node::is_installed(project, PEER),
            Self::NodeForTests => node::is_installed(project, JS_TESTS),
            Self::NodeForUi => node::is_installed(project, UI),
            Self::PythonForTests => python::is_installed(project),
        }
    }

    fn entry(self, project: &Project) -> Entry {
        let (name, reason) = match self {
            Self::NodeForPeer => (
                format!("Node packages ({PEER})"),
                "npm ci: the other provider that is measured under the same load",
            ),
            Self::NodeForTests => (
                format!("Node packages ({JS_TESTS})"),
                "npm ci: another checker of the test vectors, and the tests' own parts",
            ),
            Self::NodeForUi => (
                format!("Node packages ({UI})"),
                "npm ci: builds and checks the app's screens",
            ),
            Self::PythonForTests => (
                format!("Python packages ({})", project.python_dir().display()),
                "pip install: an independent checker of the test vectors",
            ),
        };
        Entry { name, reason }
    }
}

/// A line of what is going to be installed.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    reason: &'static str,
}

/// Makes sure that the system packages for a purpose are there, and that the person agreed to those and to whatever
/// of `fetched` is not there yet: one list, one question. Nothing missing: nothing is asked. Fetching is left to the
/// stages that follow.
///
/// # Errors
///
/// Exit code 3 if something has to be installed by hand, with the names or the command; exit code 1 if the
/// person said no or the package manager failed.
pub(crate) fn ensure(
    project: &Project,
    stages: &mut Stages,
    purpose: Purpose,
    fetched: &[Fetched],
    consent: Consent,
) -> Result<(), Failure> {
    let platform = Platform::current();
    let name = "system packages";
    let managed = matches!(platform, Platform::Debian | Platform::Ubuntu);
    let missing = if managed {
        let installed = installed(&platform, purpose)?;
        packages::missing(&platform, purpose, &installed, project::is_on_path)
    } else {
        stages.work(name, || elsewhere::check(&platform, purpose))?;
        Vec::new()
    };
    let mut absent = Vec::new();
    for packages in fetched {
        if !packages.is_there(project)? {
            absent.push(packages.entry(project));
        }
    }
    let entries = list(&platform, &missing, absent);
    if !entries.is_empty() {
        println!("To be installed:\n{}", lines(&entries));
    }
    let names: Vec<&str> = missing
        .iter()
        .map(|package| package.apt_name(&platform))
        .collect();
    let by_hand = |why: &str| {
        Failure::missing(format!(
            "installing needs an administrator, and {why}. Run this as root, then try again:\n  \
             apt-get update && apt-get install --no-install-recommends {}",
            names.join(" ")
        ))
    };
    let rights = if missing.is_empty() {
        None
    } else {
        Some(Rights::current().ok_or_else(|| by_hand("there is no sudo"))?)
    };
    let can_ask = !stage::is_ci() && io::stdin().is_terminal();
    if is_asked(&entries, consent, can_ask) && !ask("Install them now?")? {
        return Err(Failure::failed("nothing was installed"));
    }
    let Some(rights) = rights else {
        if managed {
            stages.up_to_date(name, "all installed");
        }
        return Ok(());
    };
    if !rights.unlock()? {
        return Err(by_hand("sudo does not make this user one"));
    }
    let update = rights.apt_get(&["update"]);
    let mut install = rights.apt_get(&["install", "--yes", "--no-install-recommends"]);
    install.args(&names);
    stages.run(
        name,
        Duration::from_mins(20),
        Output::Progress,
        [update, install],
    )
}

/// Everything in the order in which it will be installed.
fn list(platform: &Platform, missing: &[&Package], absent: Vec<Entry>) -> Vec<Entry> {
    let system = missing.iter().map(|package| Entry {
        name: package.apt_name(platform).to_owned(),
        reason: package.reason,
    });
    system.chain(absent).collect()
}

fn lines(entries: &[Entry]) -> String {
    let lines: Vec<_> = entries
        .iter()
        .map(|entry| format!("  {:24} {}", entry.name, entry.reason))
        .collect();
    lines.join("\n")
}

fn is_asked(entries: &[Entry], consent: Consent, can_ask: bool) -> bool {
    !entries.is_empty() && !consent.yes && can_ask
}

/// Which of the packages dpkg knows as installed.
fn installed(platform: &Platform, purpose: Purpose) -> Result<BTreeSet<String>, Failure> {
    let output = Command::new("dpkg-query")
        .args([
            "--show",
            "--showformat",
            "${Package}\\t${db:Status-Status}\\n",
        ])
        .args(packages::needed(purpose).map(|package| package.apt_name(platform)))
        .output()
        .map_err(|error| Failure::io("start dpkg-query", &error))?;
    // Its exit code is 1 as soon as one name is unknown to it; the others are listed all the same.
    Ok(packages::installed(&String::from_utf8_lossy(
        &output.stdout,
    )))
}

/// How this user may install packages.
#[derive(Clone, Copy)]
enum Rights {
    Root,
    Sudo,
}

impl Rights {
    fn current() -> Option<Self> {
        let id = Command::new("id").arg("-u").output().ok()?;
        if id.stdout.trim_ascii() == b"0" {
            Some(Self::Root)
        } else {
            project::is_on_path("sudo").then_some(Self::Sudo)
        }
    }

    /// Lets sudo ask for its password while it still has the terminal to itself; false if it says no.
    fn unlock(self) -> Result<bool, Failure> {
        let sudo = |arguments: &[&str]| {
            let status = Command::new("sudo").args(arguments).status();
            status
                .map(|status| status.success())
                .map_err(|error| Failure::io("start sudo", &error))
        };
        match self {
            Self::Root => Ok(true),
            Self::Sudo if !io::stdin().is_terminal() => sudo(&["--non-interactive", "true"]),
            Self::Sudo => sudo(&["true"]),
        }
    }

    fn apt_get(self, arguments: &[&str]) -> Command {
        // By way of `env`, because sudo drops the environment.
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["--non-interactive", "env"]);
                sudo
            }
        };
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"])
            .args(arguments);
        command
    }
}

/// Asks a question to which just Enter means yes.
fn ask(question: &str) -> Result<bool, Failure> {
    print!("{question} [Y/n] ");
    let mut answer = String::new();
    io::stdout()
        .flush()
        .and_then(|()| io::stdin().read_line(&mut answer))
        .map_err(|error| Failure::io("ask", &error))?;
    Ok(is_yes(&answer))
}

/// The end of input is no answer, and no consent.
fn is_yes(line: &str) -> bool {
    line.ends_with('\n') && matches!(line.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

/// Whether a display is there to open a window on.
pub(crate) fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_node_and_python_packages_are_one_list_with_reasons() {
        let project = Project::find().unwrap();
        let missing = packages::missing(
            &Platform::Debian,
            Purpose::Window,
            &["build-essential", "dbus", "gnome-keyring", "pkg-config"]
                .map(str::to_owned)
                .into(),
            |_| false,
        );
        let absent = [
            Fetched::NodeForUi,
            Fetched::NodeForTests,
            Fetched::PythonForTests,
            Fetched::NodeForPeer,
        ];
        let entries = list(
            &Platform::Debian,
            &missing,
            absent.map(|one| one.entry(&project)).into(),
        );
        let text = lines(&entries);
        let mut listed = text.lines();
        for (name, reason) in [
            ("libwebkit2gtk-4.1-dev", "the app's window"),
            ("Node packages (ui)", "npm ci: "),
            ("Node packages (tests/js)", "npm ci: "),
            ("Python packages (", "pip install: "),
            ("Node packages (crates/bench/peer)", "npm ci: "),
        ] {
            let line = listed.next().unwrap_or_default();
            assert!(
                line.contains(name) && line.contains(reason),
                "{name}: {line:?}"
            );
        }
        assert_eq!(listed.next(), None);
    }

    #[test]
    fn nothing_missing_or_agreed_beforehand_is_not_asked() {
        let no_consent = Consent::default();
        let entries = [Entry {
            name: "Node packages (ui)".to_owned(),
            reason: "a reason",
        }];
        assert!(is_asked(&entries, no_consent, true), "something to install");
        assert!(!is_asked(&[], no_consent, true), "nothing is missing");
        assert!(!is_asked(&entries, Consent { yes: true }, true), "--yes");
        assert!(!is_asked(&entries, no_consent, false), "nobody is there");
    }

    #[test]
    fn only_enter_or_yes_is_consent() {
        for (line, expected) in [
            ("\n", true),
            ("y\n", true),
            ("YES\n", true),
            (" y \r\n", true),
            ("n\n", false),
            ("no\n", false),
            ("perhaps\n", false),
            ("", false),
        ] {
            assert_eq!(is_yes(line), expected, "{line:?}");
        }
    }
}
