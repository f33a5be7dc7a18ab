//! The figures of the `devices` benchmark as tables, goals and pictures.

use super::Seen;
use crate::{
    latency::Latencies,
    report::{Bound, Goal, Plot, PlotKind, Report, Row, Series, Table},
};

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;
/// Resident KiB for each idle device, without TLS.
const MEMORY_GOAL: f64 = 14.0;

/// Fills in everything but the calibration and the storms.
pub(super) fn fill(report: &mut Report, seen: &Seen) {
    memory(report, seen);
    heartbeats(report, seen);
    connecting(report, seen);
    delivery(report, seen);
}

fn row(label: &str, cells: &[f64]) -> Row {
    Row {
        label: label.to_owned(),
        cells: cells.iter().copied().map(Some).collect(),
    }
}

fn table(id: &str, title: String, columns: &[&str], rows: Vec<Row>) -> Table {
    Table {
        id: id.to_owned(),
        title,
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        rows,
    }
}

/// Sets a figure beside its bound.
pub(super) fn goal(report: &mut Report, text: &str, value: f64, bound: Bound) {
    report.goals.push(Goal {
        text: text.to_owned(),
        value,
        bound,
    });
}

fn memory(report: &mut Report, seen: &Seen) {
    let count = seen.devices as f64;
    let empty = seen.resident.first().map_or(0, |(_, bytes)| *bytes) as f64;
    let line = |label: &str, bytes: u64| {
        let bytes = bytes as f64;
        row(label, &[bytes / MIB, (bytes - empty) / KIB / count])
    };
    let mut rows: Vec<Row> = Vec::new();
    if let Some((_, bytes)) = seen.resident.last() {
        rows.push(line("all devices connected", *bytes));
    }
    rows.push(line("after the idle time", seen.resident_idle));
    for storm in &seen.storms {
        rows.push(line(
            &format!("all back after the server was {}", storm.name),
            storm.resident,
        ));
    }
    let [tcp, websocket] = seen.floor;
    for (label, bytes) in [
        ("an acceptor of empty TCP connections", tcp),
        ("axum's WebSocket with the same buffers alone", websocket),
    ] {
        rows.push(Row {
            label: label.to_owned(),
            cells: vec![None, Some(bytes / KIB)],
        });
    }
    report.tables.push(table(
        "devices-memory",
        format!(
            "Memory of the server with {} devices; {:.1} MiB without",
            seen.devices,
            empty / MIB
        ),
        &["resident (MiB)", "for each device (KiB)"],
        rows,
    ));
    let idle = (seen.resident_idle as f64 - empty) / KIB / count;
    goal(
        report,
        "KiB of resident memory for each idle device, without TLS",
        idle,
        Bound::AtMost(MEMORY_GOAL),
    );
    let grown = |bytes_each: f64| vec![(0.0, 0.0), (count, bytes_each * count / MIB)];
    let own = seen.resident.iter().map(|&(devices, bytes)| {
        let more = (bytes as f64 - empty) / MIB;
        (devices as f64, more)
    });
    let series = |name: &str, points: Vec<(f64, f64)>| Series {
        name: name.to_owned(),
        points,
    };
    report.plots.push(Plot {
        id: "devices-memory".to_owned(),
        title: "Resident memory beyond that of a server without devices".to_owned(),
        x: "idle devices".to_owned(),
        y: "MiB".to_owned(),
        kind: PlotKind::Lines,
        series: vec![
            series("tegata-server", own.collect()),
            series("WebSocket alone", grown(websocket)),
            series("TCP alone", grown(tcp)),
        ],
    });
}

fn heartbeats(report: &mut Report, seen: &Seen) {
    let count = seen.devices as f64;
    let [alone, idle] = seen.idle_cpu;
    let minute = idle * 60.0 * 1e6 / count;
    let caused = (idle - alone).max(0.0);
    // A cycle is a ping and its pong; there are no whole ones in a short run.
    let cycle = (seen.pings > 0).then(|| caused * super::PING_EVERY as f64 * 1e6 / count);
    report.tables.push(table(
        "devices-heartbeats",
        format!(
            "CPU time of the server with {} idle devices, pinged every {} seconds",
            seen.devices,
            super::PING_EVERY
        ),
        &[""],
        vec![
            row("part of a core without devices (%)", &[alone * 100.0]),
            row("part of a core with all of them (%)", &[idle * 100.0]),
            row("for each device and minute (µs)", &[minute]),
            Row {
                label: "for each ping and pong, beyond the server without devices (µs)".to_owned(),
                cells: vec![cycle],
            },
        ],
    ));
}

fn connecting(report: &mut Report, seen: &Seen) {
    let (seconds, pairing_cpu) = seen.pairing;
    let verify = report.calibration.verify_us;
    report.tables.push(table(
        "devices-connecting",
        format!(
            "Pairing and connecting, CPU time of the server for each device; {}",
            if seen.apart {
                "server and devices on a core each"
            } else {
                "server and devices on ONE core"
            }
        ),
        &["CPU (µs)", "ES256 verifications", "p50 (ms)", "p99 (ms)"],
        vec![
            Row {
                label: format!(
                    "pairing with an account of its own ({:.0} a second)",
                    seen.devices as f64 / seconds
                ),
                cells: vec![Some(pairing_cpu), Some(pairing_cpu / verify), None, None],
            },
            row(
                "connection, proof and first pending set",
                &[
                    seen.connect_cpu_us,
                    seen.connect_cpu_us / verify,
                    seen.connect.millis_at(0.5),
                    seen.connect.millis_at(0.99),
                ],
            ),
        ],
    ));
}

fn delivery(report: &mut Report, seen: &Seen) {
    let seen = &seen.delivery;
    let line = |label: &str, latencies: &Latencies| {
        let at = |quantile| latencies.millis_at(quantile);
        row(label, &[at(0.5), at(0.99), at(1.0)])
    };
    report.tables.push(table(
        "devices-delivery",
        format!(
            "One prompt to each device: {:.0} devices a second, {:.0} µs of the server's CPU for each; {} frames came before the client had its answer",
            seen.per_second, seen.cpu_us, seen.frame_first
        ),
        &["p50 (ms)", "p99 (ms)", "longest (ms)"],
        vec![
            line("request to its answer", &seen.answer),
            line("answer to the frame at the device", &seen.after_answer),
            line("request to the frame at the device", &seen.frame),
        ],
    ));
    let quantiles = |name: &str, latencies: &Latencies| Series {
        name: name.to_owned(),
        points: (1..=100)
            .map(|percent| {
                let percent = f64::from(percent);
                (latencies.millis_at(percent / 100.0).max(0.001), percent)
            })
            .collect(),
    };
    report.plots.push(Plot {
        id: "devices-delivery".to_owned(),
        title: "One prompt to each device, 64 requests in flight".to_owned(),
        x: "milliseconds".to_owned(),
        y: "% of devices".to_owned(),
        kind: PlotKind::LinesLogX,
        series: vec![
            quantiles("request to answer", &seen.answer),
            quantiles("request to frame", &seen.frame),
        ],
    });
}
