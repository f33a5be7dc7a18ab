//! Latencies, recorded so that the slow ones stay visible.

use hdrhistogram::Histogram;
use std::time::Duration;

/// Latencies from 1 µs to 60 s, to three digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are valid"))
    }
}

impl Latencies {
    /// Records one; longer than a minute counts as a minute.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(
            u64::try_from(latency.as_micros())
                .unwrap_or(u64::MAX)
                .max(1),
        );
    }

    /// Adds those of another recorder.
    ///
    /// # Panics
    /// Never: all recorders have the same bounds.
    pub fn add(&mut self, other: &Self) {
        // Both have the same bounds.
        self.0.add(&other.0).expect("the bounds are the same");
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency in milliseconds that this fraction (0 to 1) of all stayed within; 0 if there are none.
    pub fn millis_at(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }
}
