//! The `protocol` benchmark: what single operations of the protocol cost, as criterion has just measured them.
//!
//! The measuring is done by the bench target of this crate (`cargo bench -p tegata-bench --bench protocol`), because
//! counting allocations replaces the allocator of the whole program. It leaves in criterion's folder
//!
//! * [`recorded::FILE`], written before anything is timed: every operation, what it is to be compared with, and the
//!   allocations of one call;
//! * `GROUP/NAME/new/estimates.json`, criterion's own: the thread's CPU time of one call, in nanoseconds.
//!
//! [`run`] puts the two together. The folder is `$CRITERION_HOME`, or else `criterion` beside the folder of the built
//! programs ([`recorded::folder`]). Estimates older than the record are another run's and are left out.
//!
//! Checking client assertions is not among them, since it is private to the server: the `flow` benchmark has it.
//!
//! To add an operation: a line in the bench target's `cases`.

pub mod recorded;

use anyhow::{Context as _, ensure};
use recorded::{Estimate, Operation, Recorded, Yardstick};

use crate::{
    Options,
    calibration::Calibration,
    report::{Plot, PlotKind, Report, Row, Series, Table},
};

/// Columns of every table.
const COLUMNS: [&str; 6] = [
    "CPU (ns)",
    "95 % within (±%)",
    "× ring sign",
    "× ring verify",
    "allocations",
    "allocated (bytes)",
];

/// Reads what the bench target of this crate has measured.
///
/// # Errors
/// It has not been run, or only in part so that ring's own signature and verification are missing; or the calibration
/// fails.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let folder = recorded::folder(&options.programs);
    let recorded = Recorded::read(&folder).with_context(|| {
        format!(
            "nothing was measured in {}: run `cargo bench -p tegata-bench --bench protocol` first",
            folder.display()
        )
    })?;
    let estimates = recorded.estimates(&folder)?;
    let calibration = Calibration::measure(&options.scratch)?;
    let mut report = Report::new("protocol", options.quick || recorded.quick, calibration);
    let figures = recorded.operations.iter().zip(&estimates);
    let figures: Vec<(&Operation, Option<Estimate>)> = figures
        .map(|(operation, estimate)| (operation, *estimate))
        .collect();
    let yardsticks = Yardsticks::of(&figures)?;
    report.tables = tables(&figures, &yardsticks);
    report.plots = vec![plot(&figures, &yardsticks)];
    Ok(report)
}

/// Nanoseconds of ring's own work, in the run that is reported.
struct Yardsticks {
    sign: f64,
    verify: f64,
}

impl Yardsticks {
    /// Each is measured at the start and at the end; the mean counts, so that a machine that slows down does so on both
    /// sides of the ratio.
    fn of(figures: &[(&Operation, Option<Estimate>)]) -> anyhow::Result<Self> {
        let mean = |yardstick: Yardstick| {
            let values: Vec<f64> = figures
                .iter()
                .filter(|(operation, _)| operation.is_yardstick == Some(yardstick))
                .filter_map(|(_, estimate)| estimate.map(|estimate| estimate.nanoseconds))
                .collect();
            ensure!(
                !values.is_empty(),
                "ring's own {yardstick:?} was not measured in the last run: run the whole bench target"
            );
            Ok(values.iter().sum::<f64>() / values.len() as f64)
        };
        Ok(Self {
            sign: mean(Yardstick::Sign)?,
            verify: mean(Yardstick::Verify)?,
        })
    }

    fn ratio(&self, operation: &Operation, nanoseconds: f64) -> (Option<f64>, Option<f64>) {
        match operation.against {
            Yardstick::Sign => (Some(nanoseconds / self.sign), None),
            Yardstick::Verify => (None, Some(nanoseconds / self.verify)),
        }
    }
}

/// One table for each group, in the order in which the groups begin.
fn tables(figures: &[(&Operation, Option<Estimate>)], yardsticks: &Yardsticks) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for (operation, estimate) in figures {
        let row = row(operation, *estimate, yardsticks);
        match tables.iter_mut().find(|table| table.id == operation.group) {
            Some(table) => table.rows.push(row),
            None => tables.push(Table {
                id: operation.group.clone(),
                title: title(&operation.group).to_owned(),
                columns: COLUMNS.map(str::to_owned).to_vec(),
                rows: vec![row],
            }),
        }
    }
    tables
}

fn row(operation: &Operation, estimate: Option<Estimate>, yardsticks: &Yardsticks) -> Row {
    let (sign, verify) = estimate.map_or((None, None), |estimate| {
        yardsticks.ratio(operation, estimate.nanoseconds)
    });
    let size = operation
        .bytes
        .map_or_else(String::new, |bytes| format!(" ({bytes} B)"));
    Row {
        label: format!("{}{size}", operation.label),
        cells: vec![
            estimate.map(|estimate| estimate.nanoseconds),
            estimate.map(|estimate| estimate.half_width_percent),
            sign,
            verify,
            Some(operation.allocations as f64),
            Some(operation.allocated_bytes as f64),
        ],
    }
}

fn title(group: &str) -> &str {
    match group {
        "ring" => "ring's own work in the same run, over 600 bytes",
        "flow" => "What one approval takes, on both sides",
        "pairing" => "Pairing",
        "evidence" => "Metadata and evidence",
        "json" => "JSON: I-JSON check, canonical form, exact reading",
        "parse" => "Reading each message, without any signature on it",
        other => other,
    }
}

/// Operations that hold one signature or verification, as multiples of it.
fn plot(figures: &[(&Operation, Option<Estimate>)], yardsticks: &Yardsticks) -> Plot {
    let series = figures.iter().filter(|(operation, _)| operation.plotted);
    let series = series.filter_map(|(operation, estimate)| {
        let (sign, verify) = yardsticks.ratio(operation, estimate.as_ref()?.nanoseconds);
        let (unit, value) = sign
            .map(|value| ("sign", value))
            .or_else(|| verify.map(|value| ("verify", value)))?;
        Some(Series {
            name: format!("{} / ring {unit}", operation.label),
            points: vec![(0.0, value)],
        })
    });
    Plot {
        id: "protocol-operations".into(),
        title: "Operations with one signature, as multiples of ring's signature alone".into(),
        x: "operation".into(),
        y: "multiple of the same run's ring figure".into(),
        kind: PlotKind::Bars,
        series: series.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(name: &str, against: Yardstick, is_yardstick: bool) -> Operation {
        Operation {
            group: if is_yardstick { "ring" } else { "flow" }.into(),
            name: name.into(),
            label: name.into(),
            against,
            is_yardstick: is_yardstick.then_some(against),
            plotted: !is_yardstick,
            bytes: Some(600),
            allocations: 3,
            allocated_bytes: 120,
        }
    }

    fn estimate(nanoseconds: f64) -> Estimate {
        Estimate {
            nanoseconds,
            half_width_percent: 1.0,
        }
    }

    #[test]
    fn ratios_are_to_the_mean_of_both_ends_of_the_run() {
        let first = operation("sign", Yardstick::Sign, true);
        let second = operation("verify", Yardstick::Verify, true);
        let measured = operation("prompt", Yardstick::Verify, false);
        let last = operation("verify_again", Yardstick::Verify, true);
        let figures = [
            (&first, Some(estimate(10.0))),
            (&second, Some(estimate(30.0))),
            (&measured, Some(estimate(60.0))),
            (&last, Some(estimate(50.0))),
        ];
        let yardsticks = Yardsticks::of(&figures).unwrap();
        let tables = tables(&figures, &yardsticks);
        assert_eq!(tables[1].rows[0].label, "prompt (600 B)");
        let cells = [60.0, 1.0].map(Some).into_iter();
        let cells = cells.chain([None]).chain([1.5, 3.0, 120.0].map(Some));
        assert_eq!(tables[1].rows[0].cells, cells.collect::<Vec<_>>());
        assert_eq!(plot(&figures, &yardsticks).series[0].points, [(0.0, 1.5)]);
    }

    #[test]
    fn a_run_without_its_yardsticks_is_not_reported() {
        let measured = operation("prompt", Yardstick::Verify, false);
        assert!(Yardsticks::of(&[(&measured, Some(estimate(60.0)))]).is_err());
    }

    #[test]
    fn what_was_not_measured_has_no_time_and_still_its_allocations() {
        let measured = operation("prompt", Yardstick::Sign, false);
        let yardsticks = Yardsticks {
            sign: 1.0,
            verify: 1.0,
        };
        let cells = row(&measured, None, &yardsticks).cells;
        assert_eq!(cells, [None, None, None, None, Some(3.0), Some(120.0)]);
    }
}
