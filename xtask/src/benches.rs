//! What can be measured: what `tegata-bench` calls it, and what it takes.
//!
//! To add one: a variant here, and the subcommand of the same name in `crates/bench`.

use std::time::Duration;

use crate::packages::Purpose;

/// One benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bench {
    Calibration,
    Devices,
    Flow,
    Peer,
    Poll,
    Protocol,
    Store,
    Ui,
}

impl Bench {
    /// In the order in which they are run.
    pub(crate) const ALL: [Self; 8] = [
        Self::Calibration,
        Self::Store,
        Self::Protocol,
        Self::Flow,
        Self::Devices,
        Self::Poll,
        Self::Peer,
        Self::Ui,
    ];

    /// What the command line, the reports and the page of performance call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Calibration => "calibration",
            Self::Devices => "devices",
            Self::Flow => "flow",
            Self::Peer => "peer",
            Self::Poll => "poll",
            Self::Protocol => "protocol",
            Self::Store => "store",
            Self::Ui => "ui",
        }
    }

    /// The benchmark of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bench| bench.name() == name)
    }

    /// What is measured, in a few words.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Calibration => "what this machine takes for known work",
            Self::Devices => "thousands of paired devices: memory, delivery, reconnect storm",
            Self::Flow => "complete sign-ins, polls and requests against a real server",
            Self::Peer => "node-oidc-provider under the same load generator",
            Self::Poll => "ten thousand pending requests, polled for five minutes",
            Self::Protocol => "single operations of the protocol",
            Self::Store => "durable operations on a file of its own",
            Self::Ui => "the app: payload, installed size, start, idle",
        }
    }

    /// About how long it runs, with nothing else going on. A quick run takes seconds.
    pub(crate) fn about(self, quick: bool) -> Duration {
        let (full, short) = match self {
            Self::Calibration => (3, 3),
            Self::Devices => (300, 30),
            Self::Flow => (300, 30),
            Self::Peer => (120, 20),
            Self::Poll => (340, 30),
            Self::Protocol => (240, 60),
            Self::Store => (420, 20),
            Self::Ui => (180, 30),
        };
        Duration::from_secs(if quick { short } else { full })
    }

    /// After this it is ended: a machine that is much slower, and busy.
    pub(crate) fn limit(self, quick: bool) -> Duration {
        self.about(quick) * 6 + Duration::from_mins(2)
    }

    /// What has to be installed for it.
    pub(crate) fn purpose(self) -> Purpose {
        match self {
            // Where there is no display, and so that the size of the display is known.
            Self::Ui => Purpose::DrivenWindow,
            _ => Purpose::Terminal,
        }
    }

    /// Whether Node is needed: to build the app's screens, or to run the peer.
    pub(crate) fn needs_node(self) -> bool {
        matches!(self, Self::Peer | Self::Ui)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_benchmark_is_found_by_its_name_and_no_other() {
        for bench in Bench::ALL {
            assert_eq!(Bench::find(bench.name()), Some(bench));
            assert!(bench.about(true) <= bench.about(false), "{bench:?}");
            assert!(bench.limit(false) > bench.about(false) * 2, "{bench:?}");
        }
        assert_eq!(Bench::find("Store"), None);
        assert_eq!(Bench::find(""), None);
    }

    #[test]
    fn only_the_app_needs_a_window() {
        for bench in Bench::ALL {
            let expected = if bench == Bench::Ui {
                Purpose::DrivenWindow
            } else {
                Purpose::Terminal
            };
            assert_eq!(bench.purpose(), expected, "{bench:?}");
        }
    }
}
