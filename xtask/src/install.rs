//! Installing system packages: on Debian and Ubuntu by their package manager, after asking; elsewhere by
//! saying exactly what is missing.

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
    packages::{self, Purpose},
    platform::Platform,
    project,
    stage::{self, Output, Stages},
};

/// Makes sure that the packages for a purpose are there.
///
/// # Errors
///
/// Exit code 3 if something has to be installed by hand, with the names or the command; exit code 1 if the
/// person said no or the package manager failed.
pub(crate) fn ensure(
    stages: &mut Stages,
    purpose: Purpose,
    consent: Consent,
) -> Result<(), Failure> {
    let platform = Platform::current();
    let name = "system packages";
    if !matches!(platform, Platform::Debian | Platform::Ubuntu) {
        return stages.work(name, || elsewhere::check(&platform, purpose));
    }
    let missing = packages::missing(
        &platform,
        purpose,
        &installed(&platform, purpose)?,
        project::is_on_path,
    );
    if missing.is_empty() {
        stages.up_to_date(name, "all installed");
        return Ok(());
    }
    println!("To be installed:");
    for package in &missing {
        println!("  {:24} {}", package.apt_name(&platform), package.reason);
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
    let rights = Rights::current().ok_or_else(|| by_hand("there is no sudo"))?;
    let asks = !consent.yes && !stage::is_ci() && io::stdin().is_terminal();
    if asks && !ask("Install them now?")? {
        return Err(Failure::failed("nothing was installed"));
    }
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
