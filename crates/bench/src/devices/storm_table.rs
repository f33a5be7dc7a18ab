//! The figures of the storms as table, goals and picture.

use super::{Seen, storm::Storm, tables::goal};
use crate::report::{Bound, Plot, PlotKind, Report, Row, Series, Table};

/// Devices seated after a kill as a part of what the server's CPU time allows.
const STORM_GOAL: f64 = 0.5;

/// Fills in the storms.
pub(super) fn fill(report: &mut Report, seen: &Seen) {
    let columns: Vec<String> = seen
        .storms
        .iter()
        .map(|storm| storm.name.to_owned())
        .collect();
    let line = |label: &str, value: &dyn Fn(&Storm) -> f64| Row {
        label: label.to_owned(),
        cells: seen.storms.iter().map(|storm| Some(value(storm))).collect(),
    };
    let calm = seen.connect_cpu_us;
    let mut rows = vec![
        line("seconds until the server listened again", &|s| s.down),
        line("seconds from then until half were back", &|s| {
            s.seconds_until(0.5)
        }),
        line("seconds until nine in ten were back", &|s| {
            s.seconds_until(0.9)
        }),
        line("seconds until all were back", &|s| s.seconds_until(1.0)),
        line("devices a second, until nine in ten were back", &|s| {
            s.per_second()
        }),
        line("as a part of what the server's CPU allows (%)", &|s| {
            s.per_second() * calm / 1e4
        }),
        line("CPU of the server for each device (µs)", &|s| {
            s.server_cpu_us
        }),
        line("CPU of the load generator for each device (µs)", &|s| {
            s.own_cpu_us
        }),
        line("requests of the client while the server listened", &|s| {
            s.asked as f64
        }),
        line("of these failed", &|s| s.failed as f64),
        line("requests that failed while nobody listened", &|s| {
            s.failed_down as f64
        }),
        line("answers: p50 (ms)", &|s| s.answers.millis_at(0.5)),
        line("answers: p99 (ms)", &|s| s.answers.millis_at(0.99)),
    ];
    let names: Vec<&str> = seen.storms.first().map_or(Vec::new(), |storm| {
        storm.setbacks.iter().map(|(name, _)| *name).collect()
    });
    for (index, name) in names.into_iter().enumerate() {
        rows.push(Row {
            label: name.to_owned(),
            cells: seen
                .storms
                .iter()
                .map(|storm| storm.setbacks.get(index).map(|(_, count)| *count as f64))
                .collect(),
        });
    }
    report.tables.push(Table {
        id: "devices-storm".to_owned(),
        title: format!("{} devices come back to a server that was", seen.devices),
        columns,
        rows,
    });
    let failed: usize = seen.storms.iter().map(|storm| storm.failed).sum();
    goal(
        report,
        "backchannel requests that failed while the server listened and all devices came back",
        failed as f64,
        Bound::AtMost(0.0),
    );
    if let Some(storm) = seen.storms.iter().find(|storm| storm.name == "killed") {
        goal(
            report,
            "devices seated a second after a kill × the server's CPU time for seating one in calm",
            storm.per_second() * calm / 1e6,
            Bound::AtLeast(STORM_GOAL),
        );
    }
    report.plots.push(Plot {
        id: "devices-storm".to_owned(),
        title: "All devices come back".to_owned(),
        x: "seconds since the server listens again".to_owned(),
        y: "devices seated".to_owned(),
        kind: PlotKind::Lines,
        series: seen
            .storms
            .iter()
            .map(|storm| Series {
                name: format!("server was {}", storm.name),
                points: curve(&storm.seated),
            })
            .collect(),
    });
}

/// How many had happened by when, in at most a hundred steps; `times` are sorted.
fn curve(times: &[f64]) -> Vec<(f64, f64)> {
    let step = times.len().div_ceil(100).max(1);
    let last = times.len().saturating_sub(1);
    let points = times.iter().enumerate();
    let points = points.filter(|(index, _)| index % step == 0 || *index == last);
    points
        .map(|(index, &time)| (time, (index + 1) as f64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_first_and_last_and_is_short() {
        let times: Vec<f64> = (0..1234).map(f64::from).collect();
        let points = curve(&times);
        assert!(points.len() <= 102, "{}", points.len());
        assert_eq!(points.first(), Some(&(0.0, 1.0)));
        assert_eq!(points.last(), Some(&(1233.0, 1234.0)));
        assert_eq!(curve(&[]), vec![]);
    }
}
