//! Telling clients of results (CIBA Core sections 10.2, 10.3 and 12): pings, pushes, and when they are tried again.
//!
//! What is to be told is a row that the deciding commit writes, so a crash loses none of it. One task looks for what is due,
//! takes a job by compare-and-swap, calls the client through [`crate::egress`], and ends the attempt by another one. A job is
//! done after a 2xx, given up after any other answer below 500, and tried again with growing waits after everything else for
//! as long as telling is of use. Whoever crashes between a call and the end of the attempt calls once more: that a client is
//! told at all goes before being told once.
//!
//! Nothing goes out before the client has been answered what it is told about: [`Unanswered`].
//!
//! What this does **not** do: decide anything, or hold state that is lost with the process.
//!
//! To add a way of telling: its own file beside `ping` and `push`, and an arm in `attempt`.

mod attempt;
mod counters;
mod ping;
mod push;
mod sealed;
mod unanswered;
mod worker;

#[cfg(test)]
mod tests;

use tokio::sync::Notify;

pub use counters::{NotificationStatistics, NotificationsOfMode};
pub(crate) use sealed::seal;
pub use unanswered::{Answering, Unanswered};
pub(crate) use worker::run;

use counters::Counters;

/// What handlers and the task share.
#[derive(Debug, Default)]
pub struct Notifier {
    wake: Notify,
    unanswered: std::sync::Arc<Unanswered>,
    counters: Counters,
}

impl Notifier {
    /// Has the task look for what is due, now and not at its next look.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Notes that the client of `seq` has not been answered yet. To be called before the request is stored.
    pub fn answering(self: &std::sync::Arc<Self>, seq: crate::domain::FlowSeq) -> Answering {
        Answering::begin(std::sync::Arc::clone(self), seq)
    }

    /// What has been done since the start.
    pub fn statistics(&self) -> NotificationStatistics {
        self.counters.read()
    }
}
