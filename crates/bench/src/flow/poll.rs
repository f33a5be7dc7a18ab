//! Requests that nobody answers: what making one costs, and what asking after it again and again costs.

use anyhow::ensure;
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::load::{Spent, Stage, ask, load};
use crate::{
    cpu::Usage,
    http_client::{Connection, FORM},
    latency::Latencies,
};

/// Seconds that the server wants between two polls of one request, as the settings say.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many polls are in flight at a time.
const POLLS_AT_ONCE: usize = 16;

/// Requests alone, and the ids that they got.
pub(super) struct Requests {
    pub(super) spent: Spent,
    pub(super) latencies: Latencies,
    ids: Vec<String>,
}

/// Polls of pending requests alone.
pub(super) struct Polls {
    pub(super) spent: Spent,
    pub(super) latencies: Latencies,
    /// Server CPU over the time that has passed while nothing was asked, with the same devices connected.
    pub(super) idle_share: f64,
}

/// Asks each person once. Their devices are told and leave it open.
///
/// # Errors
/// A request is refused, or a device is not told.
pub(super) async fn requests(stage: &Stage<'_>, in_flight: usize) -> anyhow::Result<Requests> {
    stage.people.approve(false);
    let latencies = RefCell::new(Latencies::default());
    let ids = RefCell::new(Vec::new());
    let spent = load(stage, in_flight, stage.people.count(), async |connection| {
        let mut person = stage.people.next().lock().await;
        let (asked, answered, _, id) = ask(stage.client, connection, &mut person).await?;
        latencies.borrow_mut().record(answered - asked);
        ids.borrow_mut().push(id);
        Ok(())
    })
    .await?;
    Ok(Requests {
        spent,
        latencies: latencies.into_inner(),
        ids: ids.into_inner(),
    })
}

/// Polls all of them, round after round, no request sooner than the interval allows; between two
/// rounds the server may stand still, so only CPU times mean something.
///
/// # Errors
/// A poll is answered otherwise than that nobody has decided.
pub(super) async fn polls(
    stage: &Stage<'_>,
    requests: &Requests,
    rounds: usize,
) -> anyhow::Result<Polls> {
    let pid = stage.server.pid();
    let before = Usage::of(pid)?;
    let idle = 2 * INTERVAL;
    sleep(idle).await;
    let idle_cpu = Usage::of(pid)?.since(&before).cpu;
    let latencies = RefCell::new(Latencies::default());
    let (next, count) = (Cell::new(0), requests.ids.len());
    let answered: Vec<Cell<Option<Instant>>> =
        requests.ids.iter().map(|_| Cell::new(None)).collect();
    let spent = load(stage, POLLS_AT_ONCE, rounds * count, async |connection| {
        let index = next.get();
        next.set((index + 1) % count);
        if let Some(last) = answered[index].get() {
            sleep_until(last + INTERVAL).await;
        }
        poll(stage, connection, &requests.ids[index], &latencies).await?;
        answered[index].set(Some(Instant::now()));
        Ok(())
    })
    .await?;
    Ok(Polls {
        spent,
        latencies: latencies.into_inner(),
        idle_share: idle_cpu.as_secs_f64() / idle.as_secs_f64(),
    })
}

async fn poll(
    stage: &Stage<'_>,
    connection: &mut Connection,
    id: &str,
    latencies: &RefCell<Latencies>,
) -> anyhow::Result<()> {
    let form = stage.client.token_form(id);
    let asked = Instant::now();
    let answer = connection.send("POST", "/token", &[FORM], form).await?;
    latencies.borrow_mut().record(asked.elapsed());
    let body = answer.json()?;
    ensure!(
        answer.status == 400 && body["error"] == "authorization_pending",
        "a poll was answered with {} {body}",
        answer.status
    );
    Ok(())
}
