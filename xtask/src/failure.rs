//! Why a command stopped, and the exit code that says which kind of reason it was.

use std::fmt;

/// Exit code of a stage that failed.
const FAILED: u8 = 1;
/// Exit code of a command line that cannot be understood.
const USAGE: u8 = 2;
/// Exit code when something must be installed that this program does not install itself.
const MISSING: u8 = 3;

/// A message for the person, and the process's exit code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// 1: something failed; 2: wrong usage; 3: something is missing; others: passed on from a child.
    pub(crate) exit: u8,
    message: String,
}

impl Failure {
    /// Something that was tried did not work.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: FAILED,
            message: message.into(),
        }
    }

    /// The command line cannot be understood.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: USAGE,
            message: message.into(),
        }
    }

    /// The person has to install something first.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self {
            exit: MISSING,
            message: message.into(),
        }
    }

    /// A reading, writing or starting that failed, with what was being attempted.
    pub(crate) fn io(attempt: &str, error: &std::io::Error) -> Self {
        Self::failed(format!("{attempt}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
