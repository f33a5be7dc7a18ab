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
        console::say(&format!("  {elapsed:>6}  {}", without_isolates(what)));
    }
}

/// The app isolates names from the direction of the text around them; on a terminal the marks are only in the way.
fn without_isolates(text: &str) -> String {
    text.replace(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_no_invisible_marks() {
        assert_eq!(
            without_isolates("Sign in to \u{2068}Demo\u{2069}?"),
            "Sign in to Demo?"
        );
    }
}
