//! The system packages, each with the reason it is needed, and what they are called where.
//!
//! To add one: a row in [`PACKAGES`], and the names that Fedora and Arch have for it.

use std::collections::BTreeSet;

use crate::platform::Platform;

/// What a command is going to do; decides which packages it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Build and run the server and the terminal device.
    Terminal,
    /// Build the app, and open its window on a display that is there.
    Window,
    /// Open the app's window on a virtual display, or drive it without a person.
    DrivenWindow,
    /// Everything that the tests do.
    Test,
}

/// One thing that has to be installed.
pub(crate) struct Package {
    pub(crate) debian: &'static str,
    pub(crate) fedora: &'static str,
    pub(crate) arch: &'static str,
    pub(crate) reason: &'static str,
    /// The least of the purposes that needs it; the later ones of [`Purpose`] do too.
    from: Purpose,
    /// Commands of which any one does as well as the package, whoever installed it.
    or_commands: &'static [&'static str],
}

impl Package {
    /// The name for apt-get and dpkg.
    pub(crate) fn apt_name(&self, platform: &Platform) -> &'static str {
        match (self.debian, platform) {
            ("chromium", Platform::Ubuntu) => "chromium-browser",
            (name, _) => name,
        }
    }
}

/// The commands of browsers that can take the pictures, in the order in which they are preferred.
pub(crate) const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

const PACKAGES: &[Package] = &[
    Package {
        debian: "build-essential",
        fedora: "gcc gcc-c++ make",
        arch: "base-devel",
        reason: "C compiler and linker: SQLite and the cryptography are partly C",
        from: Purpose::Terminal,
        or_commands: &[],
    },
    Package {
        debian: "pkg-config",
        fedora: "pkgconf-pkg-config",
        arch: "pkgconf",
        reason: "finds the window's libraries when building",
        from: Purpose::Window,
        or_commands: &[],
    },
    Package {
        debian: "libwebkit2gtk-4.1-dev",
        fedora: "webkit2gtk4.1-devel",
        arch: "webkit2gtk-4.1",
        reason: "the app's window",
        from: Purpose::Window,
        or_commands: &[],
    },
    Package {
        debian: "dbus",
        fedora: "dbus-daemon",
        arch: "dbus",
        reason: "a session bus for the secret service, where the desktop has none",
        from: Purpose::Window,
        or_commands: &[],
    },
    Package {
        debian: "gnome-keyring",
        fedora: "gnome-keyring",
        arch: "gnome-keyring",
        reason: "the secret service that keeps the app's wrapping secret, where the desktop has none",
        from: Purpose::Window,
        or_commands: &[],
    },
    Package {
        debian: "xvfb",
        fedora: "xorg-x11-server-Xvfb",
        arch: "xorg-server-xvfb",
        reason: "a virtual display",
        from: Purpose::DrivenWindow,
        or_commands: &[],
    },
    Package {
        debian: "xauth",
        fedora: "xorg-x11-xauth",
        arch: "xorg-xauth",
        reason: "keeps other users off the virtual display",
        from: Purpose::DrivenWindow,
        or_commands: &[],
    },
    Package {
        debian: "fonts-dejavu-core",
        fedora: "dejavu-sans-fonts dejavu-sans-mono-fonts",
        arch: "ttf-dejavu",
        reason: "letters in the window, on machines without any font",
        from: Purpose::DrivenWindow,
        or_commands: &[],
    },
    Package {
        debian: "webkit2gtk-driver",
        fedora: "webkit2gtk-driver",
        arch: "webkit2gtk-4.1",
        reason: "WebDriver: presses the app's buttons without a person",
        from: Purpose::DrivenWindow,
        or_commands: &[],
    },
    Package {
        debian: "libsecret-tools",
        fedora: "libsecret",
        arch: "libsecret",
        reason: "looks into the secret service from outside the app",
        from: Purpose::Test,
        or_commands: &[],
    },
    Package {
        debian: "curl",
        fedora: "curl",
        arch: "curl",
        reason: "runs the integrator guide's snippet in the tests",
        from: Purpose::Test,
        or_commands: &["curl"],
    },
    Package {
        debian: "openssl",
        fedora: "openssl",
        arch: "openssl",
        reason: "probes the server's TLS from outside",
        from: Purpose::Test,
        or_commands: &["openssl"],
    },
    Package {
        debian: "chromium",
        fedora: "chromium",
        arch: "chromium",
        reason: "renders every screen of the UI for pictures and accessibility checks",
        from: Purpose::Test,
        or_commands: BROWSERS,
    },
    Package {
        debian: "fonts-noto-cjk",
        fedora: "google-noto-sans-cjk-fonts",
        arch: "noto-fonts-cjk",
        reason: "Japanese letters on those screens",
        from: Purpose::Test,
        or_commands: &[],
    },
    Package {
        debian: "python3",
        fedora: "python3",
        arch: "python",
        reason: "an independent checker of the test vectors",
        from: Purpose::Test,
        or_commands: &[],
    },
    Package {
        debian: "python3-venv",
        fedora: "python3",
        arch: "python",
        reason: "an environment of its own for that checker's packages",
        from: Purpose::Test,
        or_commands: &[],
    },
    Package {
        debian: "python3-pip",
        fedora: "python3-pip",
        arch: "python-pip",
        reason: "installs that checker's packages",
        from: Purpose::Test,
        or_commands: &[],
    },
    Package {
        debian: "desktop-file-utils",
        fedora: "desktop-file-utils",
        arch: "desktop-file-utils",
        reason: "validates the desktop entry of the app's packages",
        from: Purpose::Test,
        or_commands: &["desktop-file-validate"],
    },
    Package {
        debian: "appstream",
        fedora: "appstream",
        arch: "appstream",
        reason: "validates what the app's packages tell software centres",
        from: Purpose::Test,
        or_commands: &["appstreamcli"],
    },
    Package {
        debian: "dpkg",
        fedora: "dpkg",
        arch: "dpkg",
        reason: "unpacks the app's .deb",
        from: Purpose::Test,
        or_commands: &["dpkg-deb"],
    },
    Package {
        debian: "rpm",
        fedora: "rpm",
        arch: "rpm-tools",
        reason: "reads the app's .rpm",
        from: Purpose::Test,
        or_commands: &["rpm"],
    },
    Package {
        debian: "sqlite3",
        fedora: "sqlite",
        arch: "sqlite",
        reason: "reads the server's database independently of the server",
        from: Purpose::Test,
        or_commands: &[],
    },
];

/// The packages for a purpose.
pub(crate) fn needed(purpose: Purpose) -> impl Iterator<Item = &'static Package> {
    PACKAGES
        .iter()
        .filter(move |package| rank(package.from) <= rank(purpose))
}

/// The Debian packages for a purpose that are neither installed nor replaced by a command that is there.
pub(crate) fn missing(
    platform: &Platform,
    purpose: Purpose,
    installed: &BTreeSet<String>,
    has_command: impl Fn(&str) -> bool,
) -> Vec<&'static Package> {
    needed(purpose)
        .filter(|package| !installed.contains(package.apt_name(platform)))
        .filter(|package| {
            !package
                .or_commands
                .iter()
                .any(|command| has_command(command))
        })
        .collect()
}

/// The installed packages in the output of
/// `dpkg-query --show --showformat '${Package}\t${db:Status-Status}\n' …`.
pub(crate) fn installed(dpkg_query: &str) -> BTreeSet<String> {
    dpkg_query
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, status)| *status == "installed")
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn rank(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Terminal => 0,
        Purpose::Window => 1,
        Purpose::DrivenWindow => 2,
        Purpose::Test => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(packages: &[&Package]) -> Vec<&'static str> {
        packages.iter().map(|package| package.debian).collect()
    }

    #[test]
    fn the_terminal_demo_needs_a_compiler_only() {
        let missing = missing(
            &Platform::Debian,
            Purpose::Terminal,
            &BTreeSet::new(),
            |_| false,
        );
        assert_eq!(names(&missing), ["build-essential"]);
    }

    #[test]
    fn each_purpose_needs_what_the_one_before_it_needs() {
        let purposes = [
            Purpose::Terminal,
            Purpose::Window,
            Purpose::DrivenWindow,
            Purpose::Test,
        ];
        for pair in purposes.windows(2) {
            let [less, more] = pair else {
                unreachable!("windows of two")
            };
            let more: Vec<_> = needed(*more).map(|package| package.debian).collect();
            assert!(
                needed(*less).all(|package| more.contains(&package.debian)),
                "{pair:?}"
            );
            assert!(needed(*less).count() < more.len(), "{pair:?} differ");
        }
    }

    #[test]
    fn only_packages_that_are_fully_installed_count() {
        let installed = installed(
            "build-essential\tinstalled\npkg-config\tconfig-files\nxvfb\tunpacked\ngarbage\n",
        );
        assert_eq!(installed.iter().collect::<Vec<_>>(), ["build-essential"]);
        let missing = missing(&Platform::Debian, Purpose::Window, &installed, |_| false);
        assert!(
            names(&missing).contains(&"pkg-config"),
            "removed, configuration left behind"
        );
        assert!(!names(&missing).contains(&"build-essential"));
    }

    #[test]
    fn nothing_is_missing_when_everything_is_installed() {
        let all = needed(Purpose::Test)
            .map(|package| package.debian.to_owned())
            .collect();
        assert_eq!(
            names(&missing(&Platform::Debian, Purpose::Test, &all, |_| false)),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn a_browser_from_elsewhere_does_as_well() {
        let chrome = |command: &str| command == "google-chrome";
        let missing = missing(&Platform::Debian, Purpose::Test, &BTreeSet::new(), chrome);
        assert!(!names(&missing).contains(&"chromium"));
        assert!(
            names(&missing).contains(&"sqlite3"),
            "a browser replaces the browser only"
        );
    }

    #[test]
    fn ubuntu_calls_the_browser_something_else() {
        let names = |platform: &Platform| -> BTreeSet<_> {
            needed(Purpose::Test)
                .map(|package| package.apt_name(platform))
                .collect()
        };
        let (debian, ubuntu) = (names(&Platform::Debian), names(&Platform::Ubuntu));
        assert_eq!(
            debian.difference(&ubuntu).collect::<Vec<_>>(),
            [&"chromium"]
        );
        assert_eq!(
            ubuntu.difference(&debian).collect::<Vec<_>>(),
            [&"chromium-browser"]
        );
    }

    #[test]
    fn no_package_is_listed_twice() {
        let names: BTreeSet<_> = PACKAGES.iter().map(|package| package.debian).collect();
        assert_eq!(names.len(), PACKAGES.len());
    }
}
