//! The only two places that print.

use std::io::{self, Write};

/// One line of a result. A closed pipe is no error: whoever reads has seen enough.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// A question on the line where the answer is typed; appears at once.
pub(super) fn ask(question: &str) {
    let mut out = io::stdout().lock();
    drop(write!(out, "{question}").and_then(|()| out.flush()));
}

/// One line that is not the result: progress, warnings, errors.
pub(super) fn warn(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}
