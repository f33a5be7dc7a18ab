//! The `poll` benchmark: thousands of requests that nobody answers, each polled at its interval for minutes.
//!
//! The polls of all requests are spread evenly over the interval, and each is due at a time of its own whatever the ones
//! before it took: a server that falls behind shows it in the latencies, which are counted from when a poll was due. Every
//! answer must say that nobody has decided yet; any other is counted as an error. The server's memory is looked at as it
//! goes on, since what single polls leave behind shows only in the sum.
//!
//! What it does **not** do: decide anything (the `flow` benchmark does).

use anyhow::ensure;
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

use crate::{
    Options,
    calibration::Calibration,
    cpu::{self, Usage, resident_bytes},
    http_client::{Connection, FORM},
    latency::Latencies,
    relying_party::RelyingParty,
    report::{Bound, Goal, Plot, PlotKind, Report, Row, Series, Table},
    server_process::{LOAD_SETTINGS, ServerProcess},
};

/// Seconds between two polls of one request, as the server wants it.
const INTERVAL: u64 = 5;

/// Beyond the interval, so that the time that a poll waits for its turn never makes the next one of its request too early.
const SLACK: Duration = Duration::from_millis(100);

/// Connections, each with one poll at a time.
const CONNECTIONS: usize = 32;

/// People who are asked, in turn. They have no devices: nothing is decided here.
const PEOPLE: usize = 100;

/// How much is measured.
struct Scale {
    requests: usize,
    /// Polls of each request.
    rounds: u32,
    /// Rounds between two looks at the memory.
    look_every: u32,
}

impl Scale {
    fn of(options: &Options) -> Self {
        if options.quick {
            Self {
                requests: 500,
                rounds: 3,
                look_every: 1,
            }
        } else {
            Self {
                requests: 10_000,
                rounds: 60,
                look_every: 6,
            }
        }
    }
}

/// Time for one poll of each request.
fn round() -> Duration {
    Duration::from_secs(INTERVAL) + SLACK
}

/// What was seen.
struct Seen {
    scale: Scale,
    latencies: Latencies,
    errors: u64,
    cpu: Duration,
    wall: Duration,
    written: u64,
    /// Resident memory before the first request, and with all of them pending.
    resident: (u64, u64),
    /// Seconds since the first poll, and resident memory then.
    looks: Vec<(f64, u64)>,
}

/// Runs it.
///
/// # Errors
/// The server cannot be started, or refuses a request. What polls are answered is counted, not an error here.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let calibration = Calibration::measure(&options.scratch)?;
    let cores = cpu::cores()?;
    let (own, servers) = match cores.as_slice() {
        [first, second, ..] => (vec![*first], vec![*second]),
        _ => (cores.clone(), cores.clone()),
    };
    cpu::pin(&own)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let seen = runtime.block_on(measure(options, &servers));
    cpu::pin(&cores)?;
    let mut report = Report::new("poll", options.quick, calibration);
    fill(&mut report, &seen?);
    Ok(report)
}

async fn measure(options: &Options, servers: &[usize]) -> anyhow::Result<Seen> {
    let scale = Scale::of(options);
    let longest = (round() * (scale.rounds + 1)).as_secs() + 600;
    let settings = format!(
        "{}\n[lifetimes]\nrequest = {longest}\nrequest_longest = {longest}\n",
        LOAD_SETTINGS.replace("interval = 1\n", &format!("interval = {INTERVAL}\n"))
    );
    let server = ServerProcess::start(options, servers, &settings).await?;
    let client = RelyingParty::new("bench", server.issuer())?;
    let mut admin = server.admin()?;
    admin
        .add_client(client.client_id(), Some(client.jwks()))
        .await?;
    for person in 0..PEOPLE {
        admin.add_user(&format!("person-{person}")).await?;
    }
    let before = resident_bytes(server.pid())?;
    let ids = ask(&server, &client, scale.requests).await?;
    let pending = resident_bytes(server.pid())?;
    let usage = Usage::of(server.pid())?;
    let polled = poll_all(&server, &client, &scale, &ids).await?;
    let used = Usage::of(server.pid())?.since(&usage);
    server.stop().await?;
    Ok(Seen {
        scale,
        latencies: polled.latencies.into_inner(),
        errors: polled.errors.get(),
        cpu: used.cpu,
        wall: polled.wall,
        written: used.written,
        resident: (before, pending),
        looks: polled.looks,
    })
}

/// Makes the requests, over as many connections as they will be polled.
async fn ask(
    server: &ServerProcess,
    client: &RelyingParty,
    count: usize,
) -> anyhow::Result<Vec<String>> {
    let next = Cell::new(0);
    let ids = RefCell::new(Vec::with_capacity(count));
    let ask = async || {
        let mut connection = Connection::open(server.address()).await?;
        loop {
            let number = next.get();
            if number == count {
                return anyhow::Ok(());
            }
            next.set(number + 1);
            let form = client.request_form(&format!("person-{}", number % PEOPLE));
            let answer = connection
                .send("POST", "/backchannel-authentication", &[FORM], form)
                .await?
                .ok_json()?;
            let id = answer["auth_req_id"].as_str().unwrap_or_default();
            ensure!(!id.is_empty(), "no auth_req_id: {answer}");
            ids.borrow_mut().push(id.to_owned());
        }
    };
    futures_util::future::try_join_all((0..CONNECTIONS).map(|_| ask())).await?;
    Ok(ids.into_inner())
}

struct Polled {
    latencies: RefCell<Latencies>,
    errors: Cell<u64>,
    wall: Duration,
    looks: Vec<(f64, u64)>,
}

/// Polls each request in each round at its own time.
async fn poll_all(
    server: &ServerProcess,
    client: &RelyingParty,
    scale: &Scale,
    ids: &[String],
) -> anyhow::Result<Polled> {
    let latencies = RefCell::new(Latencies::default());
    let errors = Cell::new(0);
    let (start, round) = (Instant::now(), round());
    let apart = round / u32::try_from(ids.len())?;
    let connections = (0..CONNECTIONS).map(|first| {
        let (latencies, errors) = (&latencies, &errors);
        async move {
            let mut connection = Connection::open(server.address()).await?;
            for number in 0..scale.rounds {
                let begin = start + round * number;
                for (index, id) in ids.iter().enumerate().skip(first).step_by(CONNECTIONS) {
                    let due = begin + apart * u32::try_from(index)?;
                    sleep_until(due).await;
                    let form = client.token_form(id);
                    let answer = connection.send("POST", "/token", &[FORM], form).await?;
                    latencies.borrow_mut().record(due.elapsed());
                    let expected =
                        answer.status == 400 && answer.json()?["error"] == "authorization_pending";
                    errors.set(errors.get() + u64::from(!expected));
                }
            }
            anyhow::Ok(())
        }
    });
    let looks = RefCell::new(Vec::new());
    let looking = async {
        let mut number = 1;
        while number <= scale.rounds {
            sleep_until(start + round * number).await;
            let resident = resident_bytes(server.pid())?;
            looks
                .borrow_mut()
                .push((start.elapsed().as_secs_f64(), resident));
            number += scale.look_every;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(futures_util::future::try_join_all(connections), looking)?;
    let wall = start.elapsed();
    let last = (wall.as_secs_f64(), resident_bytes(server.pid())?);
    looks.borrow_mut().push(last);
    Ok(Polled {
        latencies,
        errors,
        wall,
        looks: looks.into_inner(),
    })
}

fn fill(report: &mut Report, seen: &Seen) {
    let mib = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
    let polls = seen.latencies.count() as f64;
    let row = |label: &str, value: f64| Row {
        label: label.to_owned(),
        cells: vec![Some(value)],
    };
    report.tables.push(Table {
        id: "poll-load".to_owned(),
        title: format!(
            "{} pending requests, each polled every {INTERVAL} seconds for {:.0} seconds, private_key_jwt",
            seen.scale.requests,
            seen.wall.as_secs_f64()
        ),
        columns: vec!["value".to_owned()],
        rows: vec![
            row("polls", polls),
            row("answers other than authorization_pending", seen.errors as f64),
            row("polls a second", polls / seen.wall.as_secs_f64()),
            row("server CPU for each poll (µs)", seen.cpu.as_secs_f64() * 1e6 / polls),
            row(
                "part of a core (%)",
                100.0 * seen.cpu.as_secs_f64() / seen.wall.as_secs_f64(),
            ),
            row("from when it was due to its answer, p50 (ms)", seen.latencies.millis_at(0.5)),
            row("the same, p99 (ms)", seen.latencies.millis_at(0.99)),
            row("the same, p99.9 (ms)", seen.latencies.millis_at(0.999)),
            row("written to disk for each poll (bytes)", seen.written as f64 / polls),
            row("server memory before the requests (MiB)", mib(seen.resident.0)),
            row("with all of them pending (MiB)", mib(seen.resident.1)),
        ],
    });
    report.tables.push(Table {
        id: "poll-memory".to_owned(),
        title: "Memory of the server while it is polled".to_owned(),
        columns: vec!["resident (MiB)".to_owned()],
        rows: seen
            .looks
            .iter()
            .map(|(seconds, bytes)| row(&format!("after {seconds:.0} s"), mib(*bytes)))
            .collect(),
    });
    report.goals.push(Goal {
        text: "polls answered otherwise than that nobody has decided yet".to_owned(),
        value: seen.errors as f64,
        bound: Bound::AtMost(0.0),
    });
    // The first minute fills what is bounded: remembered assertions live that long.
    let settled = seen.looks.iter().find(|(seconds, _)| *seconds >= 90.0);
    if let (Some((_, settled)), Some((_, last))) = (settled, seen.looks.last()) {
        report.goals.push(Goal {
            text: "memory at the end ÷ memory after a minute and a half".to_owned(),
            value: mib(*last) / mib(*settled),
            bound: Bound::AtMost(1.05),
        });
    }
    report.plots.push(Plot {
        id: "poll-memory".to_owned(),
        title: format!(
            "Memory of the server with {} pending requests",
            seen.scale.requests
        ),
        x: "seconds".to_owned(),
        y: "MiB".to_owned(),
        kind: PlotKind::Lines,
        series: vec![Series {
            name: "tegata-server".to_owned(),
            points: seen
                .looks
                .iter()
                .map(|(seconds, bytes)| (*seconds, mib(*bytes)))
                .collect(),
        }],
    });
}
