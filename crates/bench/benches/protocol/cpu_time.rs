//! Criterion's clock: the CPU time of the measuring thread.

use criterion::{
    Throughput,
    measurement::{Measurement, ValueFormatter},
};
use std::time::Duration;
use tegata_bench::cpu;

/// CPU time of this thread; values are nanoseconds.
pub(crate) struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        cpu::of_this_thread()
    }

    fn end(&self, start: Duration) -> Duration {
        cpu::of_this_thread().saturating_sub(start)
    }

    fn add(&self, first: &Duration, second: &Duration) -> Duration {
        *first + *second
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_secs_f64() * 1e9
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &Nanoseconds
    }
}

/// Nanoseconds below ten thousand, microseconds above.
struct Nanoseconds;

impl ValueFormatter for Nanoseconds {
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        if typical < 1e4 {
            return "ns";
        }
        for value in values {
            *value /= 1e3;
        }
        "µs"
    }

    fn scale_throughputs(
        &self,
        typical: f64,
        _throughput: &Throughput,
        values: &mut [f64],
    ) -> &'static str {
        // No case sets a throughput.
        self.scale_values(typical, values)
    }

    fn scale_for_machines(&self, _values: &mut [f64]) -> &'static str {
        "ns"
    }
}
