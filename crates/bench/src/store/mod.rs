//! The `store` benchmark.

use crate::{Options, calibration::Calibration, report::Report};

/// Runs it.
///
/// # Errors
/// Something that is measured cannot be started or fails.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let calibration = Calibration::measure(&options.scratch)?;
    Ok(Report::new("store", options.quick, calibration))
}
