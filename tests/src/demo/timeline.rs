//! What happened when.

use tokio::time::Instant;

use super::console;

/// Says each step with the milliseconds since the start.
#[derive(Debug)]
pub(super) struct Timeline {
    start: Instant,
}

impl Timeline {
    /// Starts now.
    pub(super) fn start() -> Self {
        console::say("timeline (milliseconds since the start)");
        Self {
            start: Instant::now(),
        }
    }

    /// Notes that something has just been done.
    pub(super) fn note(&self, what: &str) {
        let elapsed = self.start.elapsed().as_millis();
        console::say(&format!("  {elapsed:>6}  {what}"));
    }
}
