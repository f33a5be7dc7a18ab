//! Complete flows, as many at a time as wanted, and what each cost.

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    future::Future,
    time::Duration,
};
use tokio::time::{Instant, timeout};

use super::people::{People, Person};
use crate::{
    cpu::{self, Usage},
    http_client::{Connection, FORM},
    latency::Latencies,
    relying_party::RelyingParty,
    server_process::ServerProcess,
};

/// Longest that a single step may take before the run is given up.
const STEP: Duration = Duration::from_secs(30);

/// Everything that a load needs.
pub(super) struct Stage<'a> {
    /// What is measured.
    pub(super) server: &'a ServerProcess,
    /// Who is asked.
    pub(super) people: &'a People,
    /// Who asks.
    pub(super) client: &'a RelyingParty,
}

/// What a load cost, in all.
#[derive(Debug, Clone)]
pub(super) struct Spent {
    /// How many were in flight at a time.
    pub(super) in_flight: usize,
    /// How many there were.
    pub(super) count: usize,
    /// From first to last.
    pub(super) elapsed: Duration,
    /// By the server.
    pub(super) server: Usage,
    /// CPU time of the load generator.
    pub(super) generator: Duration,
    /// The server's memory afterwards, in bytes.
    pub(super) resident: u64,
}

impl Spent {
    /// Server CPU per piece, in µs.
    pub(super) fn server_us(&self) -> f64 {
        self.server.cpu.as_secs_f64() * 1e6 / self.count as f64
    }

    /// Load generator's CPU per piece, in µs.
    pub(super) fn generator_us(&self) -> f64 {
        self.generator.as_secs_f64() * 1e6 / self.count as f64
    }

    /// Pieces per second.
    pub(super) fn per_second(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }

    /// Bytes that the server wrote to disk, per piece.
    pub(super) fn written(&self) -> f64 {
        self.server.written as f64 / self.count as f64
    }

    /// Times that the server waited by itself, per piece.
    pub(super) fn switches(&self) -> f64 {
        self.server.voluntary_switches as f64 / self.count as f64
    }
}

/// How long the steps of flows took.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// Backchannel request: sent to answered.
    pub(super) request: Latencies,
    /// Backchannel request answered to prompt arrived; 1 µs where the prompt was faster than the answer.
    pub(super) delivery: Latencies,
    /// Decision sent to receipt arrived.
    pub(super) decision: Latencies,
    /// Token request: sent to answered.
    pub(super) token: Latencies,
    /// Backchannel request sent to token answered.
    pub(super) whole: Latencies,
}

/// What one flow of a phase ended with, for a closer look.
pub(super) struct Product {
    /// The device's receipt.
    pub(super) receipt: String,
    /// The token endpoint's answer.
    pub(super) tokens: Value,
}

/// A phase of complete flows.
pub(super) struct Flows {
    pub(super) spent: Spent,
    pub(super) steps: Steps,
    pub(super) product: Product,
}

/// Runs `count` flows, `in_flight` at a time, each worker on a connection of its own that is open before time is taken.
///
/// # Errors
/// Any flow that does not end with tokens.
pub(super) async fn flows(
    stage: &Stage<'_>,
    in_flight: usize,
    count: usize,
) -> anyhow::Result<Flows> {
    let steps = RefCell::new(Steps::default());
    let product = RefCell::new(None);
    let spent = load(stage, in_flight, count, async |connection| {
        let mut person = stage.people.next().lock().await;
        let done = flow(stage.client, connection, &mut person, &steps).await?;
        product.borrow_mut().get_or_insert(done);
        Ok(())
    })
    .await?;
    Ok(Flows {
        spent,
        steps: steps.into_inner(),
        product: product.into_inner().context("there was no flow")?,
    })
}

async fn flow(
    client: &RelyingParty,
    connection: &mut Connection,
    person: &mut Person,
    steps: &RefCell<Steps>,
) -> anyhow::Result<Product> {
    // 1. The client asks; meanwhile the device may already be told.
    let (asked, answered, prompted, auth_req_id) = ask(client, connection, person).await?;
    // 2. The device decides by itself.
    let settled = person.settled().await?;
    // 3. The client collects.
    let form = client.token_form(&auth_req_id);
    let collecting = Instant::now();
    let answer = connection.send("POST", "/token", &[FORM], form).await?;
    let collected = Instant::now();
    let tokens = answer.ok_json().context("the token request")?;
    ensure!(tokens["id_token"].is_string(), "no ID token: {tokens}");
    let mut steps = steps.borrow_mut();
    steps.request.record(answered - asked);
    steps
        .delivery
        .record(prompted.saturating_duration_since(answered));
    steps.decision.record(settled.at - settled.decided);
    steps.token.record(collected - collecting);
    steps.whole.record(collected - asked);
    Ok(Product {
        receipt: settled.receipt,
        tokens,
    })
}

/// Asks one person: when it began, when it was answered, when the device was told, and the request's id.
///
/// # Errors
/// The server refuses, or the device is not told.
pub(super) async fn ask(
    client: &RelyingParty,
    connection: &mut Connection,
    person: &mut Person,
) -> anyhow::Result<(Instant, Instant, Instant, String)> {
    let form = client.request_form(&person.login_name);
    let asked = Instant::now();
    let request = async {
        let answer = connection
            .send("POST", "/backchannel-authentication", &[FORM], form)
            .await?;
        Ok((answer, Instant::now()))
    };
    let ((answer, answered), prompted) = tokio::try_join!(request, person.prompted(asked))?;
    let answer = answer.ok_json().context("the backchannel request")?;
    let id = answer["auth_req_id"].as_str().context("no auth_req_id")?;
    Ok((asked, answered, prompted, id.to_owned()))
}

/// Does something `count` times, `in_flight` at a time, and answers what it cost.
///
/// # Errors
/// The first that fails, or that takes longer than half a minute.
pub(super) async fn load(
    stage: &Stage<'_>,
    in_flight: usize,
    count: usize,
    piece: impl AsyncFn(&mut Connection) -> anyhow::Result<()>,
) -> anyhow::Result<Spent> {
    let address = stage.server.address();
    let mut connections = try_join_all((0..in_flight).map(|_| Connection::open(address))).await?;
    let left = Cell::new(count);
    let (piece, left) = (&piece, &left);
    measured(stage.server.pid(), in_flight, count, async move {
        let workers = connections.iter_mut().map(|connection| async move {
            while let Some(rest) = left.get().checked_sub(1) {
                left.set(rest);
                timeout(STEP, piece(connection))
                    .await
                    .context("half a minute has passed")??;
            }
            anyhow::Ok(())
        });
        try_join_all(workers).await.map(drop)
    })
    .await
}

/// What `work` of `count` pieces cost this process and the server `pid`.
///
/// # Errors
/// Those of `work`; the server's usage cannot be read.
pub(super) async fn measured(
    pid: u32,
    in_flight: usize,
    count: usize,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Spent> {
    let before = Usage::of(pid)?;
    let (start, own) = (Instant::now(), cpu::of_this_process());
    work.await?;
    let elapsed = start.elapsed();
    let generator = cpu::of_this_process().saturating_sub(own);
    Ok(Spent {
        in_flight,
        count,
        elapsed,
        server: Usage::of(pid)?.since(&before),
        generator,
        resident: cpu::resident_bytes(pid)?,
    })
}
