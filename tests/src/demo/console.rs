//! What the demo says to the person in front of it.

use std::io::{self, Write as _};

/// Says one or more lines on standard output. A closed one is no reason to stop.
pub(super) fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
