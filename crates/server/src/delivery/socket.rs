//! The socket: one type for each phase, so that nothing but a proof is read before one, and nothing but `hello` is sent.
//!
//! Buffers are small because a million idle sockets are the normal case: tungstenite's default of 128 KiB to read into
//! would be fifty times what a socket needs.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use std::{sync::Arc, time::Duration};
use tegata_protocol::{
    ConsentRequestId,
    device::{
        V1,
        decision::DecisionRequest,
        delivery::{ByeReason, DeviceFrame, ServerFrame, parse_device_frame},
        limits,
        problem::ProblemCode,
    },
    rng::random_below,
};
use tokio::time::{Instant, sleep_until, timeout};

use super::{Registry, Seat, UnprovedPlace, pending::pending_set};
use crate::{
    app::App,
    domain::PairedDevice,
    http::{
        device::{
            decisions, endpoints,
            problem::{self, Refusal},
            proof, requests,
        },
        nonce::{self, NonceUse},
    },
};

/// Bytes that are read at once; frames may be longer.
pub(crate) const READ_BUFFER: usize = 1024;
/// Bytes that are held back before they are written: none, every frame is sent at once.
pub(crate) const WRITE_BUFFER: usize = 0;
/// The longest frame and message from a device.
pub(crate) const LONGEST_MESSAGE: usize = limits::MESSAGE;
/// Seconds over which devices come back after a restart.
const RESTART_WINDOW: u64 = 20;

/// Sets the buffers. Every socket of the gateway goes through here.
pub(crate) fn with_small_buffers(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(LONGEST_MESSAGE)
        .max_frame_size(LONGEST_MESSAGE)
}

/// The peer is gone, or takes nothing any more.
struct Gone;

/// A socket with its way of sending.
struct Wire {
    socket: WebSocket,
    limit: Duration,
}

impl Wire {
    async fn send(&mut self, frame: &ServerFrame) -> Result<(), Gone> {
        let text = serde_json::to_string(frame).map_err(|_| Gone)?;
        self.send_raw(Message::Text(text.into())).await
    }

    async fn send_raw(&mut self, message: Message) -> Result<(), Gone> {
        match timeout(self.limit, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    /// The next frame with text in it. Pings are answered below; other frames do not exist here.
    async fn receive(&mut self) -> Result<Received, Gone> {
        match self.socket.recv().await {
            Some(Ok(Message::Text(text))) => Ok(Received::Text(text.to_string())),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Received::Alive),
            Some(Ok(Message::Binary(_))) => Ok(Received::Foreign),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
        }
    }

    async fn bye(mut self, app: &App, reason: ByeReason) {
        let retry_after = match reason {
            ByeReason::Restart => {
                let jitter = 1 + random_below(app.rng(), RESTART_WINDOW);
                u32::try_from(jitter).unwrap_or(1)
            }
            _ => 0,
        };
        let frame = ServerFrame::Bye {
            reason,
            retry_after,
        };
        if self.send(&frame).await.is_ok() {
            // The frame said why; whether the closing handshake also arrives makes no difference.
            drop(self.send_raw(Message::Close(None)).await);
        }
    }
}

enum Received {
    Text(String),
    Alive,
    Foreign,
}

/// A socket from which only a proof is read.
pub(crate) struct Unproved {
    app: Arc<App>,
    wire: Wire,
    place: UnprovedPlace,
}

impl Unproved {
    pub(crate) fn new(app: Arc<App>, socket: WebSocket, place: UnprovedPlace) -> Self {
        let limit = app.delivery.limits.send;
        Self {
            app,
            wire: Wire { socket, limit },
            place,
        }
    }

    /// Says hello, reads the proof, and serves the device until the socket closes.
    pub(crate) async fn serve(mut self) {
        let nonce = nonce::make(&self.app, NonceUse::Device);
        let hello = ServerFrame::Hello { v: V1, nonce };
        if self.wire.send(&hello).await.is_err() {
            return;
        }
        let deadline = Instant::now() + self.app.delivery.limits.proof;
        // Boxed, so that what checking a proof takes is given back.
        match Box::pin(self.proved_by(deadline)).await {
            Ok(Ok(device)) => {
                drop(self.place);
                let seat = Registry::seat(&self.app, &device.id);
                // A task of its own: this one is larger, by the upgrade and the first phase, and ends here.
                tokio::spawn(Proved::new(self.app, self.wire, seat, device).serve());
            }
            Ok(Err(reason)) => self.wire.bye(&self.app, reason).await,
            Err(Gone) => {}
        }
    }

    async fn proved_by(
        &mut self,
        deadline: Instant,
    ) -> Result<Result<PairedDevice, ByeReason>, Gone> {
        let unproved = Ok(Err(ByeReason::Unproved));
        loop {
            let received = tokio::select! {
                received = self.wire.receive() => received?,
                () = sleep_until(deadline) => return unproved,
            };
            return match received {
                Received::Alive => continue,
                Received::Foreign => unproved,
                Received::Text(text) => match parse_device_frame(text.as_bytes()) {
                    Ok(DeviceFrame::Proof { proof }) => Ok(check(&self.app, &proof)
                        .await
                        .map_err(|refusal| bye_reason(&refusal))),
                    _ => unproved,
                },
            };
        }
    }
}

async fn check(app: &Arc<App>, proof: &str) -> Result<PairedDevice, Refusal> {
    let connect = endpoints::all(&app.issuer).connect;
    proof::verify_device(app, proof, "GET", &connect, &[]).await
}

/// A socket of a device that has proved itself.
struct Proved {
    app: Arc<App>,
    wire: Wire,
    seat: Seat,
    /// Without its documents; read again before anything is done with it.
    device: PairedDevice,
    next_ping: Instant,
    pong_by: Option<Instant>,
    reprove_at: Instant,
    proof_by: Option<Instant>,
}

/// Whether the socket goes on.
enum Next {
    On,
    Bye(ByeReason),
}

impl Proved {
    fn new(app: Arc<App>, wire: Wire, seat: Seat, device: PairedDevice) -> Self {
        let (within, now) = (app.delivery.limits, Instant::now());
        Self {
            app,
            wire,
            seat,
            device: without_documents(device),
            next_ping: now + within.ping,
            pong_by: None,
            reprove_at: now + within.reprove,
            proof_by: None,
        }
    }

    async fn serve(mut self) {
        if let Ok(reason) = self.run().await {
            // The seat is kept until the socket is closed, which is what `drain` waits for.
            let Self {
                app,
                wire,
                seat: _seat,
                ..
            } = self;
            Box::pin(wire.bye(&app, reason)).await;
        }
    }

    async fn run(&mut self) -> Result<ByeReason, Gone> {
        if let Next::Bye(reason) = Box::pin(self.deliver()).await? {
            return Ok(reason);
        }
        loop {
            let deadline = [self.pong_by, self.proof_by]
                .into_iter()
                .flatten()
                .fold(self.next_ping.min(self.reprove_at), Instant::min);
            // What a socket does is boxed: it does nothing nearly all the time, and then it takes no space for it.
            let next = tokio::select! {
                // Closing comes before answering.
                biased;
                () = self.seat.rung() => Box::pin(self.deliver()).await?,
                received = self.wire.receive() => Box::pin(self.take(received?)).await?,
                () = sleep_until(deadline) => Box::pin(self.keep_time(Instant::now())).await?,
            };
            if let Next::Bye(reason) = next {
                return Ok(reason);
            }
        }
    }

    /// Sends the whole pending set, unless the socket must close.
    async fn deliver(&mut self) -> Result<Next, Gone> {
        if let Some(reason) = self.seat.bye() {
            return Ok(Next::Bye(reason));
        }
        match pending_set(&self.app, &self.device.id).await {
            Ok(Some(set)) => {
                self.wire.send(&ServerFrame::Pending(set)).await?;
                Ok(Next::On)
            }
            Ok(None) => Ok(Next::Bye(ByeReason::Revoked)),
            Err(error) => {
                tracing::warn!(%error, "the pending set cannot be read; the device will come back");
                Ok(Next::Bye(ByeReason::Restart))
            }
        }
    }

    async fn keep_time(&mut self, now: Instant) -> Result<Next, Gone> {
        if self.pong_by.is_some_and(|by| now >= by) {
            return Err(Gone);
        }
        if self.proof_by.is_some_and(|by| now >= by) {
            return Ok(Next::Bye(ByeReason::Unproved));
        }
        let within = self.app.delivery.limits;
        if now >= self.reprove_at {
            let nonce = nonce::make(&self.app, NonceUse::Device);
            self.wire.send(&ServerFrame::Reprove { nonce }).await?;
            self.proof_by = Some(now + within.proof);
            // One at a time: until this one is answered or its time is over there is no other.
            self.reprove_at = now + within.proof + within.reprove;
        }
        if now >= self.next_ping {
            self.wire.send_raw(Message::Ping(Vec::new().into())).await?;
            self.pong_by.get_or_insert(now + within.pong);
            self.next_ping = now + within.ping;
        }
        Ok(Next::On)
    }

    async fn take(&mut self, received: Received) -> Result<Next, Gone> {
        self.pong_by = None;
        let text = match received {
            Received::Alive => return Ok(Next::On),
            Received::Foreign => return Ok(Next::Bye(ByeReason::Protocol)),
            Received::Text(text) => text,
        };
        match parse_device_frame(text.as_bytes()) {
            Ok(DeviceFrame::Decision { decision }) => {
                let request = decision.detail.request.clone();
                let result = decide(&self.app, &self.device, *decision).await;
                self.answer(request, result).await
            }
            Ok(DeviceFrame::Proof { proof }) => self.reproved(&proof).await,
            Ok(DeviceFrame::Seen { request }) => {
                match mark_seen(&self.app, &self.device, &request).await {
                    Ok(()) => Ok(Next::On),
                    Err(problem) => self.answer(request, Err(problem)).await,
                }
            }
            // A frame of a later version.
            Ok(_) => Ok(Next::Bye(ByeReason::Protocol)),
            Err(error) => match decision_named_in(&text) {
                // A decision that cannot be read is answered like the same bytes in a POST.
                Some(request) => {
                    let refusal = problem::detail_invalid(&error);
                    self.answer(request, Err(refusal)).await
                }
                None => Ok(Next::Bye(ByeReason::Protocol)),
            },
        }
    }

    async fn answer(
        &mut self,
        request: ConsentRequestId,
        result: Result<String, Refusal>,
    ) -> Result<Next, Gone> {
        let frame = match result {
            Ok(receipt) => ServerFrame::Receipt { request, receipt },
            Err(problem) => ServerFrame::Problem {
                request,
                problem: problem.into_problem(),
            },
        };
        self.wire.send(&frame).await?;
        Ok(Next::On)
    }

    async fn reproved(&mut self, proof: &str) -> Result<Next, Gone> {
        if self.proof_by.is_none() {
            return Ok(Next::Bye(ByeReason::Protocol));
        }
        match check(&self.app, proof).await {
            Ok(device) if device.id == self.device.id => {
                self.proof_by = None;
                self.reprove_at = Instant::now() + self.app.delivery.limits.reprove;
                Ok(Next::On)
            }
            Err(refusal) => Ok(Next::Bye(bye_reason(&refusal))),
            Ok(_) => Ok(Next::Bye(ByeReason::Unproved)),
        }
    }
}

/// Why a socket closes whose proof was refused: only who has proved the key learns that it is revoked.
fn bye_reason(refusal: &Refusal) -> ByeReason {
    match refusal.code {
        ProblemCode::DeviceRevoked => ByeReason::Revoked,
        ProblemCode::TemporarilyUnavailable | ProblemCode::Internal => ByeReason::Restart,
        _ => ByeReason::Unproved,
    }
}

/// What a socket keeps of its device. Receipt, countersignature and credentials are a few KiB, and nobody looks at them
/// until the device sends something; then the store is asked again, since the device may have changed as well.
fn without_documents(mut device: PairedDevice) -> PairedDevice {
    device.pairing_receipt = String::new();
    device.countersignature = None;
    device.registration.device_info = String::new();
    device.registration.possession_credential = String::new();
    device.registration.approval_credential = String::new();
    device
}

/// The same as POST `decisions`.
async fn decide(
    app: &App,
    device: &PairedDevice,
    decision: DecisionRequest,
) -> Result<String, Refusal> {
    let size = serde_json::to_vec(&decision).map_or(usize::MAX, |json| json.len());
    if size > limits::DECISION {
        return Err(Refusal::new(ProblemCode::PayloadTooLarge));
    }
    let device = requests::reload(app, device).await?;
    decisions::decide(app, &device, decision).await
}

/// The same as POST `seen`.
async fn mark_seen(
    app: &App,
    device: &PairedDevice,
    request: &ConsentRequestId,
) -> Result<(), Refusal> {
    let device = requests::reload(app, device).await?;
    requests::mark_seen(app, &device, request).await
}

/// The request that a decision frame is about, if the frame is otherwise not what the protocol says.
fn decision_named_in(text: &str) -> Option<ConsentRequestId> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    if frame.get("type")?.as_str()? != "decision" {
        return None;
    }
    let request = frame.pointer("/decision/detail/request")?.as_str()?;
    ConsentRequestId::parse(request).ok()
}
