//! What the demo says to the person in front of it.

use std::io::{self, Write as _};

/// Standard output. A closed one is no reason to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Console;

impl Console {
    /// Says one or more lines.
    pub(super) fn say(self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }
}
