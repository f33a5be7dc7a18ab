//! The tables, goals and plots of what was measured.

use super::{
    Cores, Measured, Size,
    load::{Flows, Spent},
};
use crate::{
    calibration::Calibration,
    latency::Latencies,
    report::{Bound, Goal, Plot, PlotKind, Report, Row, Series, Table},
};

/// Fills in everything but the calibration, which it has.
pub(super) fn report(mut report: Report, cores: &Cores, size: &Size, measured: Measured) -> Report {
    let Calibration {
        sign_us, verify_us, ..
    } = report.calibration;
    let words = cores.words();
    report.tables = vec![
        flows_table(&measured.flows, words, size.people),
        steps_table(&measured.flows, words),
        alone_table(&measured, words),
    ];
    report.tables.extend(measured.areas);
    if let Some(last) = measured.flows.last() {
        let model = 3.0 * verify_us + 3.0 * sign_us + 60.0;
        report.goals.push(Goal {
            text: format!(
                "server CPU per flow, {} in flight, ÷ (3 verifications + 3 signatures + 60 µs = {model:.0} µs)",
                last.spent.in_flight
            ),
            value: last.spent.server_us() / model,
            bound: Bound::AtMost(1.6),
        });
    }
    let model = 2.0 * verify_us + 20.0;
    report.goals.push(Goal {
        text: format!(
            "server CPU per poll of a pending request ÷ (2 verifications + 20 µs = {model:.0} µs)"
        ),
        value: measured.polls.spent.server_us() / model,
        bound: Bound::AtMost(1.0),
    });
    report.plots = plots(&measured.flows);
    report
}

fn flows_table(flows: &[Flows], words: &str, people: usize) -> Table {
    Table {
        id: "flows".to_owned(),
        title: format!(
            "Complete flows, durable, private_key_jwt; {people} people with one connected device each, asked in turn; {words}"
        ),
        columns: [
            "flows",
            "flows/s",
            "server CPU (µs/flow)",
            "generator CPU (µs/flow)",
            "written (KiB/flow)",
            "waits of the server (/flow)",
            "server memory (MiB)",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: flows
            .iter()
            .map(|flows| spent_row(format!("{} in flight", flows.spent.in_flight), &flows.spent))
            .collect(),
    }
}

fn spent_row(label: String, spent: &Spent) -> Row {
    let cells = [
        spent.count as f64,
        spent.per_second(),
        spent.server_us(),
        spent.generator_us(),
        spent.written() / 1024.0,
        spent.switches(),
        spent.resident as f64 / (1024.0 * 1024.0),
    ];
    Row {
        label,
        cells: cells.map(Some).to_vec(),
    }
}

fn steps_table(flows: &[Flows], words: &str) -> Table {
    let rows = flows.iter().flat_map(|flows| {
        let steps = [
            ("request", &flows.steps.request),
            ("request answered → prompt", &flows.steps.delivery),
            ("decision → receipt", &flows.steps.decision),
            ("token", &flows.steps.token),
            ("whole flow", &flows.steps.whole),
        ];
        steps.map(|(name, latencies)| Row {
            label: format!("{} in flight: {name}", flows.spent.in_flight),
            cells: percentiles(latencies),
        })
    });
    Table {
        id: "flow-steps".to_owned(),
        title: format!("How long the steps of a flow take, seen from outside; {words}"),
        columns: ["p50 (ms)", "p99 (ms)"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn percentiles(latencies: &Latencies) -> Vec<Option<f64>> {
    [0.5, 0.99].map(|at| Some(latencies.millis_at(at))).to_vec()
}

fn alone_table(measured: &Measured, words: &str) -> Table {
    let row = |label: String, spent: &Spent, latencies: &Latencies, in_rounds: bool| {
        let mut cells = vec![
            Some(spent.count as f64),
            // Rounds wait for the interval, so their rate says nothing.
            (!in_rounds).then(|| spent.per_second()),
            Some(spent.server_us()),
            Some(spent.generator_us()),
            Some(spent.written() / 1024.0),
        ];
        cells.extend(percentiles(latencies));
        Row { label, cells }
    };
    let (requests, polls) = (&measured.requests, &measured.polls);
    Table {
        id: "flow-alone".to_owned(),
        title: format!(
            "Requests alone, each told to a device that leaves it open, and polls of them; {words}. Standing still the \
             server takes {:.1} ms of CPU a second",
            polls.idle_share * 1000.0
        ),
        columns: [
            "count",
            "/s",
            "server CPU (µs each)",
            "generator CPU (µs each)",
            "written (KiB each)",
            "p50 (ms)",
            "p99 (ms)",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: vec![
            row(
                format!(
                    "backchannel requests, {} in flight",
                    requests.spent.in_flight
                ),
                &requests.spent,
                &requests.latencies,
                false,
            ),
            row(
                format!(
                    "polls of pending requests, {} in flight",
                    polls.spent.in_flight
                ),
                &polls.spent,
                &polls.latencies,
                true,
            ),
        ],
    }
}

fn plots(flows: &[Flows]) -> Vec<Plot> {
    let series = |name: &str, y: &dyn Fn(&Flows) -> f64| Series {
        name: name.to_owned(),
        points: flows
            .iter()
            .map(|flows| (flows.spent.in_flight as f64, y(flows)))
            .collect(),
    };
    let plot = |id: &str, title: &str, y: &str, series: Vec<Series>| Plot {
        id: id.to_owned(),
        title: title.to_owned(),
        x: "Flows in flight".to_owned(),
        y: y.to_owned(),
        kind: PlotKind::LinesLogX,
        series,
    };
    vec![
        plot(
            "flow-rate",
            "Complete flows a second, server on one core",
            "Flows a second",
            vec![series("flows", &|flows| flows.spent.per_second())],
        ),
        plot(
            "flow-cpu",
            "CPU time of one complete flow",
            "CPU time (µs)",
            vec![
                series("server", &|flows| flows.spent.server_us()),
                series("load generator", &|flows| flows.spent.generator_us()),
            ],
        ),
        plot(
            "flow-latency",
            "How long the steps of a flow take (p50)",
            "Time (ms)",
            vec![
                series("request", &|flows| flows.steps.request.millis_at(0.5)),
                series("decision to receipt", &|flows| {
                    flows.steps.decision.millis_at(0.5)
                }),
                series("token", &|flows| flows.steps.token.millis_at(0.5)),
                series("whole flow", &|flows| flows.steps.whole.millis_at(0.5)),
            ],
        ),
    ]
}
