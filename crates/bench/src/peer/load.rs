//! Complete flows against the peer: request, token.

use super::id_token::PublishedKeys;
use crate::{
    cpu::{self, Usage},
    http_client::{Answer, Connection, FORM},
    latency::Latencies,
    relying_party::RelyingParty,
};
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{net::SocketAddr, rc::Rc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How often a flow asks again after "pending" before it gives up.
const MOST_POLLS: u64 = 1000;

/// What may follow a phase's planned end: the flows that were under way.
const LAST_FLOWS: Duration = Duration::from_secs(30);

/// What is the same for all flows.
pub(super) struct Load {
    /// Where the peer listens.
    pub(super) address: SocketAddr,
    /// Its issuer identifier.
    pub(super) issuer: String,
    /// The client that the peer knows.
    pub(super) relying_party: RelyingParty,
}

/// What one phase measured.
#[derive(Debug)]
pub(super) struct Phase {
    /// Flows at once.
    pub(super) in_flight: usize,
    /// Complete flows.
    pub(super) flows: u64,
    /// Token requests that were answered with "pending", over all flows.
    pub(super) pending: u64,
    /// Wall-clock time.
    pub(super) elapsed: Duration,
    /// CPU time of the peer's process, over all its threads.
    pub(super) peer: Duration,
    /// CPU time of this process.
    pub(super) generator: Duration,
    /// Latency of the backchannel requests, the approval in them.
    pub(super) request: Latencies,
    /// Latency of the token requests that were answered with tokens.
    pub(super) token: Latencies,
    /// Resident memory of the peer at the end, in bytes.
    pub(super) resident: u64,
}

impl Phase {
    /// CPU time of the peer per flow in microseconds.
    pub(super) fn peer_micros_per_flow(&self) -> f64 {
        self.peer.as_secs_f64() * 1e6 / self.flows as f64
    }
}

#[derive(Default)]
struct Done {
    flows: u64,
    pending: u64,
    request: Latencies,
    token: Latencies,
    last_id_token: String,
}

impl Load {
    /// Keeps `in_flight` flows under way for `duration`, each on a connection of its own, and checks one ID token.
    /// The connections are open before the clock starts.
    ///
    /// # Errors
    /// A flow fails, none completes, or the ID token is not what the peer's published key signed.
    pub(super) async fn run(
        self: &Rc<Self>,
        pid: u32,
        in_flight: usize,
        duration: Duration,
    ) -> anyhow::Result<Phase> {
        let mut connections = Vec::new();
        for _ in 0..in_flight {
            connections.push(Connection::open(self.address).await?);
        }
        let before = Usage::of(pid)?;
        let generator = cpu::of_this_process();
        let start = Instant::now();
        let workers: Vec<_> = connections
            .into_iter()
            .enumerate()
            .map(|(index, connection)| {
                let load = Rc::clone(self);
                tokio::task::spawn_local(async move {
                    load.flows(connection, index, start + duration).await
                })
            })
            .collect();
        let mut all = Done::default();
        for worker in workers {
            let done = timeout_at(start + duration + LAST_FLOWS, worker)
                .await
                .context("the peer did not answer in time")???;
            all.flows += done.flows;
            all.pending += done.pending;
            all.request.add(&done.request);
            all.token.add(&done.token);
            all.last_id_token = done.last_id_token;
        }
        let phase = Phase {
            in_flight,
            flows: all.flows,
            pending: all.pending,
            elapsed: start.elapsed(),
            peer: Usage::of(pid)?.since(&before).cpu,
            generator: cpu::of_this_process().saturating_sub(generator),
            request: all.request,
            token: all.token,
            resident: cpu::resident_bytes(pid)?,
        };
        let keys = Connection::open(self.address)
            .await?
            .send("GET", "/jwks", &[], "")
            .await?
            .ok_json()?;
        PublishedKeys(keys)
            .check(
                &all.last_id_token,
                &self.issuer,
                self.relying_party.client_id(),
            )
            .context("the peer's ID token")?;
        Ok(phase)
    }

    /// One flow after another until `end`, one at least.
    async fn flows(
        &self,
        mut connection: Connection,
        index: usize,
        end: Instant,
    ) -> anyhow::Result<Done> {
        let login_hint = format!("user-{index}");
        let mut done = Done::default();
        loop {
            self.flow(&mut connection, &login_hint, &mut done).await?;
            if Instant::now() >= end {
                return Ok(done);
            }
        }
    }

    async fn flow(
        &self,
        connection: &mut Connection,
        login_hint: &str,
        done: &mut Done,
    ) -> anyhow::Result<()> {
        let form = self.relying_party.request_form(login_hint);
        let start = Instant::now();
        let answer = connection
            .send("POST", "/backchannel", &[FORM], form)
            .await?;
        done.request.record(start.elapsed());
        let answer = answer.ok_json().context("backchannel request")?;
        let auth_req_id = text(&answer, "auth_req_id")?;
        for _ in 0..MOST_POLLS {
            let form = self.relying_party.token_form(auth_req_id);
            let start = Instant::now();
            let answer = connection.send("POST", "/token", &[FORM], form).await?;
            let latency = start.elapsed();
            if is_pending(&answer)? {
                done.pending += 1;
                continue;
            }
            done.token.record(latency);
            let tokens = answer.ok_json().context("token request")?;
            text(&tokens, "id_token")?.clone_into(&mut done.last_id_token);
            done.flows += 1;
            return Ok(());
        }
        bail!("still pending after {MOST_POLLS} polls")
    }
}

fn is_pending(answer: &Answer) -> anyhow::Result<bool> {
    Ok(answer.status == 400 && answer.json()?["error"] == "authorization_pending")
}

fn text<'a>(answer: &'a Value, member: &str) -> anyhow::Result<&'a str> {
    answer[member]
        .as_str()
        .with_context(|| format!("the answer has no {member}"))
}
