//! Systems on which packages are not installed by this program: it says exactly what is missing, as far as that
//! can be seen, and what it is called there. It never guesses that something is there.

use std::{collections::BTreeSet, process::Command};

use crate::{
    failure::Failure,
    packages::{self, BROWSERS, Package, Purpose},
    platform::Platform,
    project,
};

/// Says what is needed where this program does not install, and fails if something detectable is missing.
pub(crate) fn check(platform: &Platform, purpose: Purpose) -> Result<(), Failure> {
    if let Some(reason) = unsupported(platform, purpose) {
        return Err(Failure::missing(reason));
    }
    let absent = absent(platform, purpose, &|probe| probe.succeeds());
    if absent.is_empty() {
        return Ok(());
    }
    Err(Failure::missing(instructions(platform, purpose, &absent)))
}

/// Something that shows without a package manager whether a package is there.
enum Probe {
    Command(&'static str),
    Library(&'static str),
    /// Commands that do equally well.
    OneOf(&'static [&'static str]),
    /// Apple's compiler and linker.
    XcodeTools,
}

impl Probe {
    fn succeeds(&self) -> bool {
        let runs = |program: &str, arguments: &[&str]| {
            Command::new(program)
                .args(arguments)
                .output()
                .is_ok_and(|out| out.status.success())
        };
        match self {
            Self::Command(name) => project::is_on_path(name),
            Self::OneOf(names) => names.iter().any(|name| project::is_on_path(name)),
            Self::Library(name) => runs("pkg-config", &["--exists", name]),
            Self::XcodeTools => runs("xcode-select", &["-p"]),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Command(name) => format!("the command `{name}`"),
            Self::OneOf(names) => format!("one of the commands {}", names.join(", ")),
            Self::Library(name) => format!("the library {name} (by pkg-config)"),
            Self::XcodeTools => "Apple's command line tools".to_owned(),
        }
    }
}

/// Why a purpose cannot be served on a platform at all, whatever is installed.
fn unsupported(platform: &Platform, purpose: Purpose) -> Option<String> {
    let system = match platform {
        Platform::MacOs => "macOS",
        Platform::Windows => "Windows",
        Platform::OtherSystem(name) => name,
        Platform::Arch
        | Platform::Debian
        | Platform::Fedora
        | Platform::OtherLinux(_)
        | Platform::Ubuntu => {
            return None;
        }
    };
    (purpose != Purpose::Terminal).then(|| {
        format!(
            "the app's window is made for Linux only so far: it keeps its secret in a Secret Service \
             (org.freedesktop.secrets), and its tests drive WebKitGTK, and {system} has neither.\n\
             What works without them: cargo xtask demo --once --terminal"
        )
    })
}

/// The probes of a purpose that fail.
fn absent(platform: &Platform, purpose: Purpose, succeeds: &dyn Fn(&Probe) -> bool) -> Vec<Probe> {
    let mut probes = match platform {
        Platform::MacOs => vec![Probe::XcodeTools],
        // The compiler of Windows is found by the registry, not by a name; cargo itself reports it.
        Platform::Windows => vec![],
        _ => vec![Probe::Command("cc")],
    };
    if purpose != Purpose::Terminal {
        probes.push(Probe::Command("pkg-config"));
        probes.push(Probe::Library("webkit2gtk-4.1"));
        probes.push(Probe::Command("dbus-run-session"));
        probes.push(Probe::Command("gnome-keyring-daemon"));
    }
    if matches!(purpose, Purpose::DrivenWindow | Purpose::Test) {
        probes.push(Probe::Command("Xvfb"));
        probes.push(Probe::Command("xauth"));
        probes.push(Probe::Command("WebKitWebDriver"));
    }
    if purpose == Purpose::Test {
        probes.push(Probe::OneOf(BROWSERS));
        probes.push(Probe::Command("python3"));
        probes.push(Probe::Command("secret-tool"));
        probes.push(Probe::Command("desktop-file-validate"));
        probes.push(Probe::Command("appstreamcli"));
        probes.push(Probe::Command("dpkg-deb"));
        probes.push(Probe::Command("rpm"));
        probes.push(Probe::Command("sqlite3"));
    }
    probes.retain(|probe| !succeeds(probe));
    probes
}

fn instructions(platform: &Platform, purpose: Purpose, absent: &[Probe]) -> String {
    let mut lines = vec!["missing:".to_owned()];
    lines.extend(absent.iter().map(|probe| format!("  {}", probe.words())));
    let names = |name: fn(&Package) -> &'static str| {
        let names: BTreeSet<_> = packages::needed(purpose)
            .flat_map(|package| name(package).split(' '))
            .collect();
        names.into_iter().collect::<Vec<_>>().join(" ")
    };
    match platform {
        Platform::Arch => {
            lines.push("Everything that is needed:".to_owned());
            lines.push(format!(
                "  pacman -S --needed {}",
                names(|package| package.arch)
            ));
        }
        Platform::Fedora => {
            lines.push("Everything that is needed:".to_owned());
            lines.push(format!("  dnf install {}", names(|package| package.fedora)));
        }
        Platform::MacOs => lines.push("Install them with:\n  xcode-select --install".to_owned()),
        Platform::OtherLinux(name) => {
            lines.push(format!("On {name} install what Debian calls:"));
            lines.extend(
                packages::needed(purpose)
                    .map(|package| format!("  {:24} {}", package.debian, package.reason)),
            );
        }
        Platform::Debian | Platform::OtherSystem(_) | Platform::Ubuntu | Platform::Windows => {
            lines.push("Install a C compiler and a linker.".to_owned());
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_packages_of_the_distribution() {
        let missing = [Probe::Library("webkit2gtk-4.1")];
        let text = |platform: Platform| instructions(&platform, Purpose::Window, &missing);
        for (platform, expected) in [
            (Platform::Fedora, "dnf install dbus-daemon gcc gcc-c++"),
            (Platform::Arch, "pacman -S --needed base-devel dbus"),
            (
                Platform::OtherLinux("NixOS".to_owned()),
                "libwebkit2gtk-4.1-dev",
            ),
        ] {
            let text = text(platform);
            assert!(
                text.starts_with("missing:\n  the library webkit2gtk-4.1"),
                "{text}"
            );
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn looks_only_for_what_the_purpose_needs() {
        let count = |purpose| absent(&Platform::Fedora, purpose, &|_| false).len();
        assert_eq!(count(Purpose::Terminal), 1, "a compiler");
        assert!(count(Purpose::Terminal) < count(Purpose::Window));
        assert!(count(Purpose::Window) < count(Purpose::DrivenWindow));
        assert!(count(Purpose::DrivenWindow) < count(Purpose::Test));
        assert!(
            absent(&Platform::Fedora, Purpose::Test, &|_| true).is_empty(),
            "all is there"
        );
    }

    #[test]
    fn any_of_the_browsers_will_do() {
        let chrome = |probe: &Probe| match probe {
            Probe::OneOf(names) => names.contains(&"google-chrome"),
            _ => true,
        };
        assert!(absent(&Platform::Fedora, Purpose::Test, &chrome).is_empty());
        let [none] = &absent(&Platform::Fedora, Purpose::Test, &|probe| {
            !matches!(probe, Probe::OneOf(_))
        })[..] else {
            panic!("the browser alone is missing")
        };
        assert!(none.words().contains("chromium, "), "{}", none.words());
    }

    #[test]
    fn says_where_there_is_no_window() {
        for platform in [
            Platform::MacOs,
            Platform::Windows,
            Platform::OtherSystem("freebsd"),
        ] {
            assert!(
                unsupported(&platform, Purpose::Window).is_some(),
                "{platform:?}"
            );
            assert!(
                unsupported(&platform, Purpose::Terminal).is_none(),
                "{platform:?}"
            );
        }
        for platform in [Platform::Debian, Platform::OtherLinux(String::new())] {
            assert!(
                unsupported(&platform, Purpose::Test).is_none(),
                "{platform:?}"
            );
        }
    }
}
