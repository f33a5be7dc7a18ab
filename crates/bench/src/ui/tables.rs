//! The figures as tables, goals and pictures.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Windows,
    installed::Package,
    payload::Bytes,
    start::{Idle, Start},
};
use crate::report::{Bound, Goal, Plot, PlotKind, Report, Row, Series, Table};

/// In the order of [`Windows`].
const LABELS: [&str; 2] = ["empty window", "app with an account"];

/// Everything that was measured.
pub(super) struct Measured {
    /// The screens' files by extension.
    pub(super) payload: BTreeMap<String, Bytes>,
    /// What a start loads, by language.
    pub(super) at_start: BTreeMap<String, Bytes>,
    /// Bytes of the app's program.
    pub(super) program: usize,
    /// The app's .deb.
    pub(super) package: Package,
    /// The windows.
    pub(super) windows: Windows,
}

pub(super) fn fill(report: &mut Report, measured: &Measured) {
    let code = ["js", "css"]
        .iter()
        .filter_map(|extension| measured.payload.get(*extension))
        .fold(Bytes::default(), |sum, more| Bytes {
            plain: sum.plain + more.plain,
            compressed: sum.compressed + more.compressed,
        });
    let [empty, app] = measured
        .windows
        .starts
        .each_ref()
        .map(|all| Medians::of(all));
    let [quiet, connected] = measured.windows.idle.each_ref().map(share_of_a_core);
    report.tables = vec![
        starts(&measured.windows.starts),
        idle(&measured.windows.idle),
        sizes(measured, code),
    ];
    report.goals = vec![
        goal(
            "kB that a start loads in one language, gzipped; the largest",
            measured
                .at_start
                .values()
                .map(|bytes| bytes.compressed)
                .max()
                .unwrap_or_default() as f64
                / 1000.0,
            60.0,
        ),
        goal(
            "start to inbox as a multiple of the empty window's start, medians of the same run",
            app.last / empty.last,
            1.15,
        ),
        goal(
            "MB of the installed .deb",
            measured.package.installed as f64 / 1e6,
            10.0,
        ),
        goal(
            "% of one core that the connected app uses idle, more than the empty window",
            (connected - quiet).max(0.0),
            0.1,
        ),
    ];
    report.plots = vec![Plot {
        id: "ui-start".to_owned(),
        title: "From the start of the process to the picture that stays, median".to_owned(),
        x: String::new(),
        y: "ms".to_owned(),
        kind: PlotKind::Bars,
        series: LABELS
            .into_iter()
            .zip([&empty, &app])
            .map(|(name, medians)| Series {
                name: name.to_owned(),
                points: vec![(0.0, medians.last)],
            })
            .collect(),
    }];
}

fn goal(text: &str, value: f64, bound: f64) -> Goal {
    Goal {
        text: text.to_owned(),
        value,
        bound: Bound::AtMost(bound),
    }
}

/// In milliseconds.
struct Medians {
    shown: f64,
    first: f64,
    last: f64,
    cpu: f64,
}

impl Medians {
    fn of(starts: &[Start]) -> Self {
        let all = |pick: fn(&Start) -> Duration| median(starts.iter().map(pick).map(millis));
        Self {
            shown: all(|start| start.shown),
            first: all(|start| start.first),
            last: all(|start| start.last),
            cpu: all(|start| start.cpu),
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The middle one; of an even number, the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = |index: usize| values.get(index).copied().unwrap_or_default();
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        middle(half)
    } else {
        f64::midpoint(middle(half.saturating_sub(1)), middle(half))
    }
}

fn starts(starts: &[Vec<Start>; 2]) -> Table {
    let row = |(label, starts): (&str, &Vec<Start>)| {
        let medians = Medians::of(starts);
        let last = || starts.iter().map(|start| millis(start.last));
        Row {
            label: label.to_owned(),
            cells: vec![
                Some(medians.shown),
                Some(medians.first),
                Some(medians.last),
                last().min_by(f64::total_cmp),
                last().max_by(f64::total_cmp),
                Some(medians.cpu),
            ],
        }
    };
    let count = starts.iter().map(Vec::len).min().unwrap_or_default();
    Table {
        id: "ui-start".to_owned(),
        title: format!(
            "Start of a process that does not run yet, seen on the display; medians of {count} starts in turns"
        ),
        columns: [
            "window there (ms)",
            "first content (ms)",
            "at rest (ms)",
            "fastest (ms)",
            "slowest (ms)",
            "CPU of all processes (ms)",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: LABELS.into_iter().zip(starts).map(row).collect(),
    }
}

/// In percent.
fn share_of_a_core(idle: &Idle) -> f64 {
    idle.usage.cpu.as_secs_f64() / idle.time.as_secs_f64() * 100.0
}

fn idle(idle: &[Idle; 2]) -> Table {
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let row = |(label, idle): (&str, &Idle)| Row {
        label: label.to_owned(),
        cells: vec![
            Some(share_of_a_core(idle)),
            Some(idle.wakeups as f64 / idle.time.as_secs_f64()),
            idle.usage.proportional.map(mib),
            Some(mib(idle.usage.resident)),
            Some(idle.usage.processes as f64),
        ],
    };
    let seconds = idle
        .iter()
        .map(|idle| idle.time.as_secs())
        .min()
        .unwrap_or_default();
    Table {
        id: "ui-idle".to_owned(),
        title: format!(
            "Left alone for {seconds} s, the app connected to its server; all processes"
        ),
        columns: [
            "CPU (% of one core)",
            "wake-ups (1/s)",
            "memory, shared divided (MiB)",
            "memory, resident (MiB)",
            "processes",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: LABELS.into_iter().zip(idle).map(row).collect(),
    }
}

fn sizes(measured: &Measured, code: Bytes) -> Table {
    let row = |label: String, plain: f64, compressed: Option<f64>| Row {
        label,
        cells: vec![Some(plain), compressed],
    };
    let mut rows: Vec<Row> = measured
        .payload
        .iter()
        .map(|(extension, bytes)| {
            row(
                format!("screens, {extension}"),
                bytes.plain as f64,
                Some(bytes.compressed as f64),
            )
        })
        .collect();
    rows.extend(measured.at_start.iter().map(|(tag, bytes)| {
        row(
            format!("loaded by a start, language {tag}"),
            bytes.plain as f64,
            Some(bytes.compressed as f64),
        )
    }));
    rows.push(row(
        "screens, all scripts and styles".to_owned(),
        code.plain as f64,
        Some(code.compressed as f64),
    ));
    rows.push(row(
        "program, with the screens in it".to_owned(),
        measured.program as f64,
        None,
    ));
    rows.push(row(
        ".deb, installed and as it is sent".to_owned(),
        measured.package.installed as f64,
        Some(measured.package.sent as f64),
    ));
    Table {
        id: "ui-size".to_owned(),
        title: "What is loaded".to_owned(),
        columns: vec!["bytes".to_owned(), "gzipped (bytes)".to_owned()],
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_or_the_mean_of_the_two_in_the_middle() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < 1e-9);
    }
}
