//! The `peer` benchmark: node-oidc-provider under the load generator that Tegata's server gets.
//!
//! It says what the ordinary part of a backchannel sign-in costs in a well-known implementation: two requests that are
//! authenticated by `private_key_jwt`, one ID token. It says **nothing** about the rest of what Tegata does: here nobody
//! is asked. The peer approves by itself before it answers the request, so its figures have no device, no prompt, no
//! signed approval and no disk in them.
//!
//! The peer runs on one core and the generator on another. `npm ci` in `crates/bench/peer` must have been run. It takes
//! the `node` of `PATH`, and the report says which that is: the package works on Node 20 but supports 22 and later.

mod id_token;
mod load;
mod process;

use self::{
    load::{Load, Phase},
    process::PeerProcess,
};
use crate::{
    Options,
    calibration::Calibration,
    cpu,
    report::{Plot, PlotKind, Report, Row, Series, Table},
};
use anyhow::{Context as _, bail};
use std::{rc::Rc, time::Duration};

/// Flows that are in flight at once, one phase each.
const IN_FLIGHT: [usize; 3] = [1, 16, 64];

/// What the comparison leaves out; stands in every title.
const LEFT_OUT: &str = "no device, no prompt, no signed approval, no disk";

/// Runs it.
///
/// # Errors
/// There are fewer than two cores, Node or its packages are missing, the peer does not start, or a flow fails.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let calibration = Calibration::measure(&options.scratch)?;
    let cores = cpu::cores()?;
    let [peer_core, generator_core, ..] = cores[..] else {
        bail!("this needs two cores: one for the peer, one for the load generator");
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = tokio::task::LocalSet::new().block_on(
        &runtime,
        measure(options.quick, &[peer_core], &[generator_core]),
    );
    cpu::pin(&cores)?;
    let (versions, phases) = outcome?;
    let mut report = Report::new("peer", options.quick, calibration);
    report
        .tables
        .push(table(&versions, &phases, report.calibration.verify_us));
    report.plots = plots(&phases);
    Ok(report)
}

async fn measure(
    quick: bool,
    peer: &[usize],
    generator: &[usize],
) -> anyhow::Result<(String, Vec<Phase>)> {
    // What is started inherits the cores, with all its threads.
    cpu::pin(peer)?;
    let process = PeerProcess::start().await;
    cpu::pin(generator)?;
    let (process, relying_party) = process.context(
        "cannot start node-oidc-provider: `npm ci` in crates/bench/peer installs it, and Node must be there",
    )?;
    let load = Rc::new(Load {
        address: process.address(),
        issuer: process.issuer().to_owned(),
        relying_party,
    });
    let (warm_up, measured) = if quick {
        (Duration::from_millis(500), Duration::from_secs(1))
    } else {
        // The peer is compiled while it runs, and gets faster for seconds.
        (Duration::from_secs(8), Duration::from_secs(12))
    };
    load.run(process.pid(), 16, warm_up).await?;
    let mut phases = Vec::new();
    for in_flight in IN_FLIGHT {
        phases.push(load.run(process.pid(), in_flight, measured).await?);
    }
    let versions = process.versions().to_owned();
    process.stop().await?;
    Ok((versions, phases))
}

fn table(versions: &str, phases: &[Phase], verify_us: f64) -> Table {
    let columns = [
        "flows/s",
        "CPU per flow (µs)",
        "CPU per flow (ES256 verifies)",
        "request p50 (ms)",
        "request p99 (ms)",
        "token p50 (ms)",
        "token p99 (ms)",
        "memory (MiB)",
        "pending answers (per flow)",
        "peer's core busy (%)",
        "generator's core busy (%)",
    ];
    let rows = phases.iter().map(|phase| {
        let seconds = phase.elapsed.as_secs_f64();
        let flows = phase.flows as f64;
        let cpu_micros = phase.peer_micros_per_flow();
        let cells = [
            flows / seconds,
            cpu_micros,
            cpu_micros / verify_us,
            phase.request.millis_at(0.5),
            phase.request.millis_at(0.99),
            phase.token.millis_at(0.5),
            phase.token.millis_at(0.99),
            phase.resident as f64 / f64::from(1 << 20),
            phase.pending as f64 / flows,
            100.0 * phase.peer.as_secs_f64() / seconds,
            100.0 * phase.generator.as_secs_f64() / seconds,
        ];
        Row {
            label: format!("{} in flight", phase.in_flight),
            cells: cells.map(Some).to_vec(),
        }
    });
    Table {
        id: "peer".to_owned(),
        title: format!("{versions}, in memory, approves by itself: {LEFT_OUT}"),
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn plots(phases: &[Phase]) -> Vec<Plot> {
    let series = |name: &str, value: &dyn Fn(&Phase) -> f64| Series {
        name: name.to_owned(),
        points: phases
            .iter()
            .map(|phase| (phase.in_flight as f64, value(phase)))
            .collect(),
    };
    vec![Plot {
        id: "peer-latency".to_owned(),
        title: format!("Latency of node-oidc-provider: {LEFT_OUT}"),
        x: "flows in flight".to_owned(),
        y: "ms".to_owned(),
        kind: PlotKind::LinesLogX,
        series: vec![
            series("request, p50", &|phase| phase.request.millis_at(0.5)),
            series("request, p99", &|phase| phase.request.millis_at(0.99)),
            series("token, p50", &|phase| phase.token.millis_at(0.5)),
            series("token, p99", &|phase| phase.token.millis_at(0.99)),
        ],
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latencies;

    #[test]
    fn every_row_has_a_cell_for_every_column_and_the_title_says_what_is_left_out() {
        let phase = Phase {
            in_flight: 16,
            flows: 1000,
            pending: 0,
            elapsed: Duration::from_secs(2),
            peer: Duration::from_secs(1),
            generator: Duration::from_millis(500),
            request: Latencies::default(),
            token: Latencies::default(),
            resident: 100 << 20,
        };
        let table = table("peer 1", &[phase], 50.0);
        let row = &table.rows[0];
        assert_eq!(row.cells.len(), table.columns.len());
        let cells: Vec<f64> = row.cells.iter().copied().flatten().collect();
        assert_eq!(
            cells,
            [
                500.0, 1000.0, 20.0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.0, 50.0, 25.0
            ]
        );
        assert!(table.title.contains("no device, no prompt"));
    }
}
