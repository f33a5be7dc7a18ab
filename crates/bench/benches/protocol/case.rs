//! One operation that is measured.

use std::{fmt::Debug, hint::black_box};
use tegata_bench::protocol::recorded::{Operation, Yardstick};

/// An operation, ready to be called any number of times.
pub(crate) struct Case<'a> {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    label: &'static str,
    against: Yardstick,
    is_yardstick: bool,
    plotted: bool,
    bytes: Option<usize>,
    /// One call. What it makes is dropped in it, so that is measured too.
    pub(crate) run: Box<dyn Fn() + 'a>,
}

impl<'a> Case<'a> {
    /// Compared with one verification by ring.
    pub(crate) fn new<T>(
        (group, name): (&'static str, &'static str),
        label: &'static str,
        operation: impl Fn() -> T + 'a,
    ) -> Self {
        Self {
            group,
            name,
            label,
            against: Yardstick::Verify,
            is_yardstick: false,
            plotted: false,
            bytes: None,
            run: Box::new(move || drop(black_box(operation()))),
        }
    }

    /// The same for what can fail and must not.
    pub(crate) fn checked<T, E: Debug>(
        names: (&'static str, &'static str),
        label: &'static str,
        operation: impl Fn() -> Result<T, E> + 'a,
    ) -> Self {
        Self::new(names, label, move || {
            operation().expect("the input is valid")
        })
    }

    /// Compared with one signature by ring instead.
    pub(crate) fn signing(mut self) -> Self {
        self.against = Yardstick::Sign;
        self
    }

    /// It is what the others are compared with.
    pub(crate) fn yardstick(mut self) -> Self {
        self.is_yardstick = true;
        self
    }

    /// It holds exactly one signature or verification, and is drawn.
    pub(crate) fn plotted(mut self) -> Self {
        self.plotted = true;
        self
    }

    /// Size of the input.
    pub(crate) fn over(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Counts the allocations of one call, after one that warms up what is made only once.
    pub(crate) fn record(&self) -> Operation {
        (self.run)();
        let counted = allocation_counter::measure(|| (self.run)());
        Operation {
            group: self.group.to_owned(),
            name: self.name.to_owned(),
            label: self.label.to_owned(),
            against: self.against,
            is_yardstick: self.is_yardstick.then_some(self.against),
            plotted: self.plotted,
            bytes: self.bytes,
            allocations: counted.count_total,
            allocated_bytes: counted.bytes_total,
        }
    }
}
