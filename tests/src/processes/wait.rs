//! Waiting for conditions.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(20);

/// A moment after which nobody waits any longer.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// The moment after this time from now.
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// Whether it has passed.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// Waits until the condition is to be looked at again.
    pub async fn pause(self) {
        tokio::time::sleep_until((Instant::now() + INTERVAL).min(self.0)).await;
    }
}

/// Asks again and again until the answer is something. `what` completes the sentence "gave up waiting until …".
///
/// # Errors
///
/// The first error of `ask`, or the limit was reached.
pub async fn wait_until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Deadline::after(limit);
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if deadline.is_over() {
            bail!("gave up after {} s waiting until {what}", limit.as_secs());
        }
        deadline.pause().await;
    }
}
