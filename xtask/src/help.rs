//! The help texts: one for each command, each with examples.

/// A page of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Bench,
    Build,
    Bundle,
    Demo,
    Fuzz,
    Gen,
    Lint,
    Overview,
    Screens,
    Setup,
    Test,
}

impl Topic {
    pub(crate) const ALL: [Self; 11] = [
        Self::Demo,
        Self::Test,
        Self::Build,
        Self::Bundle,
        Self::Lint,
        Self::Gen,
        Self::Screens,
        Self::Fuzz,
        Self::Bench,
        Self::Setup,
        Self::Overview,
    ];

    /// The command that the page is about; none for the overview.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Bench => Some("bench"),
            Self::Build => Some("build"),
            Self::Bundle => Some("bundle"),
            Self::Demo => Some("demo"),
            Self::Fuzz => Some("fuzz"),
            Self::Gen => Some("gen"),
            Self::Lint => Some("lint"),
            Self::Overview => None,
            Self::Screens => Some("screens"),
            Self::Setup => Some("setup"),
            Self::Test => Some("test"),
        }
    }

    /// The page of a command's name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|topic| topic.name() == Some(name))
    }
}

/// The page, without a line break at its end.
pub(crate) fn text(topic: Topic) -> &'static str {
    match topic {
        Topic::Bench => BENCH,
        Topic::Build => BUILD,
        Topic::Bundle => BUNDLE,
        Topic::Demo => DEMO,
        Topic::Fuzz => FUZZ,
        Topic::Gen => GEN,
        Topic::Lint => LINT,
        Topic::Overview => OVERVIEW,
        Topic::Screens => SCREENS,
        Topic::Setup => SETUP,
        Topic::Test => TEST,
    }
}

const OVERVIEW: &str = "\
Everything that is done with this repository is one of these:

  cargo xtask demo      see a sign-in from request to verified evidence
  cargo xtask test      every check and every test, as continuous integration runs them
  cargo xtask build     the UI, then every crate
  cargo xtask bundle    the app as .deb and .rpm, built for size
  cargo xtask lint      formatting, clippy and the UI's lints; --fix formats
  cargo xtask gen       are the generated files up to date? --write writes them
  cargo xtask screens   pictures of every screen, checked for accessibility
  cargo xtask fuzz      libFuzzer on the parsers of outside bytes
  cargo xtask bench     measure it, beside what this machine takes for known work
  cargo xtask setup     install what the tests need, and nothing else
  cargo xtask help …    more about one of them, with examples

Commands that need something installed list it with reasons and ask once; `--yes` agrees beforehand, and
nothing is asked when `CI` is set or there is no terminal.

Exit codes: 0 done, 1 something failed, 2 wrong usage, 3 something has to be installed first.

Environment:
  TEGATA_CACHE      where Python packages are kept (default: $XDG_CACHE_HOME/tegata or ~/.cache/tegata)
  CHROMIUM          the browser that takes the pictures (default: Chromium or Chrome on PATH)
  CARGO_TARGET_DIR  where built programs go, as for cargo itself
  CI                set: ask nothing, and show a stage's output only if it fails";

const DEMO: &str = "\
cargo xtask demo [--once] [--terminal] [--no-window] [--reset] [--yes] [--data-dir DIR]

Builds and starts the server on loopback with a data folder of its own, makes a demo person and a demo
client, opens the app's window, and prints the addresses of the demo page and the pairing page. Without a
display the window opens on a virtual one, and the terminal device's commands are printed to go on with.
Ctrl-C stops everything. What has to be installed for it, system packages and the Node packages of ui, is
listed with reasons before one question.

  --once          do it all without a person, verify the evidence, and end
  --terminal      approve with the terminal device; needs no display and no WebKit
  --no-window     start the server and the demo page only; pair whatever device you like
  --reset         delete the demo's data first and start over
  --data-dir DIR  keep the data there (default: tegata-demo, with --once tegata-demo-once, in $XDG_DATA_HOME
                  or ~/.local/share)
  -y, --yes       install what is missing without asking

Examples:
  cargo xtask demo                    pair the app, press Sign in, approve
  cargo xtask demo --once --terminal  the quickest look: a timeline, the token, `receipt verified`
  cargo xtask demo --once             the same through the real window
  cargo xtask demo --reset            forget the demo's accounts and keys first";

const TEST: &str = "\
cargo xtask test [--only GROUP[,GROUP…]] [--yes]

Installs what the tests need and runs every check in order, stopping at the first that fails. Each stage has
a limit after which it is ended; their times are listed at the end.

  --only GROUP  rust     formatting, clippy, build, tests, generated files, documentation; its tests also run
                         the real programs against each other: server, terminal device, app
                ui       types, lints, unit tests, and pictures of every screen
                vectors  the shared vectors, checked by programs in JavaScript and Python
                e2e      the demo without a person: terminal device, then the real window; nothing else
                (may be given more than once; the stages it builds on run too)
  -y, --yes     install what is missing without asking

Examples:
  cargo xtask test                    everything
  cargo xtask test --only rust        while working on a crate
  cargo xtask test --only ui,e2e      after changing a screen";

const BUILD: &str = "\
cargo xtask build [--yes]

Builds the UI into ui/dist, which the app embeds, and then every crate with its tests (dev profile).

  -y, --yes  install what is missing without asking

Examples:
  cargo xtask build
  CARGO_TARGET_DIR=../built cargo xtask build  programs go there";

const BUNDLE: &str = "\
cargo xtask bundle [deb|rpm|appimage …] [--check] [--yes]

Builds the app in the profile `app`, which is tuned for size and takes 5 to 15 minutes the first time, and packs
it for Linux by the Tauri command line, a Node package of ui. Without a name it makes the .deb and the .rpm.
Where they are and how large is printed at the end; docs/install.md says how to install them.

  deb        for Debian 12, Ubuntu 22.04 and later
  rpm        for Fedora and others of its kind
  appimage   one file for any distribution; downloads its tools from the network, so it is made only when named

  --check    then unpack the .deb into a bare folder, compare what it depends on with what its program links,
             validate its desktop entry and metadata, start it on a virtual display and pair it with a server
  -y, --yes  install what is missing without asking

Examples:
  cargo xtask bundle
  cargo xtask bundle --check   before a release
  cargo xtask bundle deb       only that";

const LINT: &str = "\
cargo xtask lint [--fix] [--yes]

Formatting, clippy with warnings as errors, and the UI's type and lint checks.

  --fix      format the Rust code instead of checking its format
  -y, --yes  install what is missing without asking

Examples:
  cargo xtask lint
  cargo xtask lint --fix";

const GEN: &str = "\
cargo xtask gen [--write] [--yes]

Some committed files are written by programs of this repository: the TypeScript that crosses to the UI, the
test vectors, the tables and pictures of docs/performance.md, and the icons, from icons/icon.svg. Without
options this says whether they are what the programs would write today.

  --write    write them
  -y, --yes  install what is missing without asking

Examples:
  cargo xtask gen           exit code 1 and a list if something is out of date
  cargo xtask gen --write   after changing a type in crates/ui-contract, or the icon";

const SCREENS: &str = "\
cargo xtask screens [--docs] [--yes]

Opens every state of the UI's screens in a browser in both languages and both themes, checks each for accessibility,
at three sizes and with large text, and keeps the pictures in ui/screens. The browser is the one that CHROMIUM names, or
else Chromium or Chrome as installed.

  --docs     also write the pictures that the documentation shows: docs/screens.md and docs/images
  -y, --yes  install what is missing without asking

Examples:
  cargo xtask screens
  cargo xtask screens --docs   after changing or adding a state of a screen";

const FUZZ: &str = "\
cargo xtask fuzz [TARGET] [--seconds N]

Runs libFuzzer on the parsers of outside bytes, one after the other or only TARGET. Needs a nightly Rust, and
says how to get one. The ordinary tests feed the same parsers with random and mutated input for a few seconds
each, without it. Inputs that were found are kept in target/xtask/fuzz.

  --seconds N  for each target (default: 60)

Examples:
  cargo xtask fuzz
  cargo xtask fuzz evidence --seconds 3600";

const BENCH: &str = "\
cargo xtask bench [calibration|store|protocol|flow|devices|poll|peer|ui …] [--quick] [--docs] [--yes]

Builds in the release profile and measures what is named, or everything, on Linux. It says first what it will
measure and about how long that takes. Each figure stands beside what the same machine took, in the same run,
for known work: a signature, a verification, a synced write, an exchange over TCP. Nothing fails because it is
slow. Results: target/bench/NAME.json and tables on the terminal; docs/performance.md says what they mean.

  calibration  the known work by itself
  store        durable operations on a file
  protocol     single operations of the protocol (criterion)
  flow         complete sign-ins against a server on a core of its own; polls and requests alone
  devices      thousands of paired devices: memory, heartbeats, delivery, reconnect storm
  poll         ten thousand pending requests, each polled at its interval for five minutes
  peer         node-oidc-provider under the same load generator
  ui           the app: payload, installed size, start, idle

  --quick    seconds instead of minutes, to try the instruments out; the figures are not to be published
  --docs     afterwards make the figures those of docs/performance, and draw its tables and pictures anew
  -y, --yes  install what is missing without asking

Examples:
  cargo xtask bench                  everything; leave the machine alone meanwhile
  cargo xtask bench store --quick    while working on the store
  cargo xtask bench --docs           before a release";

const SETUP: &str = "\
cargo xtask setup [--yes]

Installs what `cargo xtask test` and `cargo xtask demo` need: system packages (Debian and Ubuntu; elsewhere it
says what to install), Node packages, and a Python environment outside the checkout. Runs nothing else.

  -y, --yes  do not ask

Example:
  cargo xtask setup --yes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_shows_how_to_call_its_command() {
        for topic in Topic::ALL {
            let page = text(topic);
            if let Some(name) = topic.name() {
                assert!(
                    page.starts_with(&format!("cargo xtask {name}")),
                    "{name} has a synopsis"
                );
                assert!(page.contains("\nExample"), "{name} has examples");
                assert!(
                    OVERVIEW.contains(&format!("cargo xtask {name} ")),
                    "{name} is listed"
                );
            }
        }
    }

    #[test]
    fn the_default_of_fuzz_is_the_one_that_is_documented() {
        assert!(FUZZ.contains(&format!("(default: {})", crate::args::DEFAULT_FUZZ_SECONDS)));
    }
}
