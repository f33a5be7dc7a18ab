//! The connection loop of one account, and what it does once per round: metadata, countersignature, an unsettled decision.

use super::{
    Backoff, receive,
    socket::{SocketEnd, serve},
};
use crate::{
    decide,
    device::Device,
    error::{AccessError, GatewayError},
    gateway::ExchangeLimits,
    live::{LiveAccount, Session, health_of, lock},
    management,
    metadata::{MetadataFetchError, fetch_metadata, is_ageing, is_over},
    model::{Connection, Health},
};
use std::{sync::Arc, time::Duration};
use tegata_protocol::device::{
    V1,
    delivery::{ByeReason, PendingRequest, PendingSet},
    metadata::MetadataError,
    pairing::{ConfirmRequest, ConfirmResponse},
    problem::ProblemCode,
};

/// Wait between tries to open an account whose secret cannot be had.
const LOCKED_PAUSE: Duration = Duration::from_secs(30);
/// Least wait when a newer connection of this device closed ours, so that two processes do not close each other in turns.
const REPLACED_PAUSE: Duration = Duration::from_secs(30);
/// Milliseconds within which metadata is not fetched again for an unknown key.
const REFRESH_PAUSE: i64 = 60_000;

/// Connects, serves, waits, for as long as the account exists.
pub(crate) async fn run(device: Device, live: Arc<LiveAccount>) {
    let mut backoff = Backoff::default();
    loop {
        let session = match device.session(&live).await {
            Ok(session) => session,
            Err(AccessError::Unknown) => return,
            Err(error) => {
                tracing::info!(%error, "an account cannot be opened now");
                pause(&live, LOCKED_PAUSE).await;
                continue;
            }
        };
        if lock(&live.status).health == Health::DeviceRevoked {
            live.wake.notified().await;
        }
        if live.set_connection(Connection::Connecting) {
            device.changed(|changes| changes.accounts += 1);
        }
        let wait = round(&device, &live, &session, &mut backoff).await;
        let since = device.ports().clock.now();
        if live.set_connection(Connection::Offline { since }) {
            device.changed(|changes| changes.accounts += 1);
        }
        pause(&live, wait).await;
    }
}

async fn pause(live: &LiveAccount, wait: Duration) {
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = live.wake.notified() => {}
    }
}

/// One connection from start to end; gives the wait before the next.
async fn round(
    device: &Device,
    live: &Arc<LiveAccount>,
    session: &Arc<Session>,
    backoff: &mut Backoff,
) -> Duration {
    if let Err(error) = renew_metadata(device, live, session).await {
        tracing::info!(%error, "not connected: the metadata has expired and was not renewed");
        return backoff.next(session.rng(), LOCKED_PAUSE);
    }
    settle_aside(device, live, session);
    let end = serve(device, live, session).await;
    device.tick(live, session);
    let rng = session.rng();
    match end {
        SocketEnd::Woken => {
            backoff.reset();
            Duration::ZERO
        }
        SocketEnd::Bye {
            reason,
            retry_after,
        } => {
            if reason == ByeReason::Revoked {
                device.set_standing(live, session, ProblemCode::DeviceRevoked);
            }
            backoff.reset();
            let floor = if reason == ByeReason::Replaced {
                retry_after.max(REPLACED_PAUSE)
            } else {
                retry_after
            };
            backoff.next(rng, floor)
        }
        SocketEnd::Refused(problem) => {
            device.set_standing(live, session, problem.code);
            backoff.next(rng, LOCKED_PAUSE)
        }
        SocketEnd::Access(error) => {
            tracing::warn!(%error, "an account's file failed");
            device.note_access(live, &error);
            backoff.next(rng, LOCKED_PAUSE)
        }
        SocketEnd::Lost(error) => {
            tracing::debug!(%error, "not connected");
            // Where sockets do not pass, the pending set still may.
            match fetch_pending(device, live, session).await {
                Ok(()) => {
                    backoff.reset();
                    if !lock(&live.inbox).noticed().is_empty() {
                        settle_aside(device, live, session);
                    }
                    Duration::from_secs(5) + backoff.next(rng, Duration::ZERO)
                }
                Err(_) => backoff.next(rng, Duration::ZERO),
            }
        }
    }
}

/// Goes on with what is undone: a decision without a receipt, the countersignature. Beside the connection, because a decision
/// may travel on it; not ended with it, because where sockets do not pass it travels by POST.
pub(super) fn settle_aside(device: &Device, live: &Arc<LiveAccount>, session: &Arc<Session>) {
    let (device, live, session) = (device.clone(), Arc::clone(live), Arc::clone(session));
    tokio::spawn(async move {
        if let Err(error) = decide::resume(&device, &live, &session).await {
            tracing::debug!(%error, "a decision is not settled yet");
        }
        if let Err(error) = decide::settle_noticed(&device, &live, &session).await {
            tracing::debug!(%error, "a request that this device closed is not settled yet");
        }
        if let Err(error) = management::settle_key(&device, &live, &session).await {
            tracing::debug!(%error, "it is not known yet which approval key the server has");
        }
        countersign(&session).await;
    });
}

/// Renews metadata beside an open connection. A failure is tried again, at most once a minute.
pub(super) fn renew_aside(device: &Device, live: &Arc<LiveAccount>, session: &Arc<Session>) {
    let (device, live, session) = (device.clone(), Arc::clone(live), Arc::clone(session));
    tokio::spawn(async move {
        if let Err(error) = renew_metadata(&device, &live, &session).await {
            tracing::debug!(%error, "the metadata has expired and was not renewed");
        }
    });
}

/// Fetches the pending set once by POST and takes it.
pub(crate) async fn fetch_pending(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
) -> Result<(), FetchError> {
    let url = session.metadata().metadata.endpoints.pending.clone();
    let request = PendingRequest { v: V1 };
    let answer: Result<PendingSet, GatewayError> = session
        .gateway
        .post(&url, &request, ExchangeLimits::PENDING)
        .await;
    match answer {
        Ok(set) => Ok(receive(device, live, session, set).await?),
        Err(error) => {
            if let Some(code) = error.code() {
                device.set_standing(live, session, code);
            }
            Err(error.into())
        }
    }
}

/// Why the pending set was not had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// Renews metadata that is ageing. Old metadata goes on being good until it expires, so only then is a failure one.
pub(crate) async fn renew_metadata(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
) -> Result<(), MetadataFetchError> {
    let now = device.ports().clock.now();
    if !is_ageing(&session.metadata().metadata, now) {
        return Ok(());
    }
    let renewed = refresh_metadata(device, session).await;
    note_metadata(device, live, renewed.as_ref().err());
    match renewed {
        Err(error) if is_over(&session.metadata().metadata, now) => Err(error),
        _ => Ok(()),
    }
}

/// Fetches metadata against the pinned root and keeps it. At most once a minute.
pub(crate) async fn refresh_metadata(
    device: &Device,
    session: &Session,
) -> Result<(), MetadataFetchError> {
    let now = device.ports().clock.now_millis();
    {
        let mut refreshed_at = lock(&session.refreshed_at);
        if now.saturating_sub(*refreshed_at) < REFRESH_PAUSE {
            return Err(MetadataFetchError::TooSoon);
        }
        *refreshed_at = now;
    }
    let seen = session.metadata().metadata.seq;
    let fresh = fetch_metadata(
        session.gateway.transport().as_ref(),
        &session.issuer,
        Some(session.root.thumbprint()),
        seen,
        device.ports().clock.now(),
    )
    .await?;
    let (jws, seq, name) = (
        fresh.jws.clone(),
        fresh.metadata.seq,
        fresh.metadata.name.clone(),
    );
    session
        .update(|header, state| {
            // Another process may have seen a later one.
            if seq >= state.metadata_seq {
                state.metadata_jws = jws;
                state.metadata_seq = seq;
                header.issuer_name = name;
            }
        })
        .map_err(|error| MetadataFetchError::File(error.to_string()))?;
    session.set_metadata(fresh);
    Ok(())
}

fn note_metadata(device: &Device, live: &LiveAccount, error: Option<&MetadataFetchError>) {
    let before = lock(&live.status).health;
    let health = match error {
        Some(MetadataFetchError::Refused(MetadataError::Root)) => Health::IssuerChanged,
        None if before == Health::IssuerChanged => Health::Ok,
        _ => return,
    };
    if live.set_health(health) {
        device.changed(|changes| changes.accounts += 1);
    }
}

/// Sends the countersignature under the pairing receipt, if the server did not get it then.
pub(crate) async fn countersign(session: &Session) {
    let Ok(state) = session.read_state() else {
        return;
    };
    if state.countersigned {
        return;
    }
    let request = ConfirmRequest {
        v: V1,
        countersignature: Some(state.countersignature.clone()),
        wait: 0,
    };
    let url = session.metadata().metadata.endpoints.confirm.clone();
    let answer: Result<ConfirmResponse, _> = session
        .gateway
        .post(&url, &request, ExchangeLimits::HELD)
        .await;
    if answer.is_ok() {
        // There may be another receipt by now, after the approval key was replaced.
        let marked = session
            .update(|_, now| now.countersigned |= now.countersignature == state.countersignature);
        if let Err(error) = marked {
            tracing::warn!(%error, "the countersignature will be sent again");
        }
    }
}

impl Device {
    /// Opens an account, or gives the opened one. Sets the account's health.
    pub(crate) async fn session(
        &self,
        live: &Arc<LiveAccount>,
    ) -> Result<Arc<Session>, AccessError> {
        let mut slot = live.session.lock().await;
        if let Some(session) = &*slot {
            return Ok(Arc::clone(session));
        }
        let id = live.id();
        let secret = match self.ports().secrets.load(&id).await {
            Ok(secret) => secret,
            Err(error) => {
                let error = AccessError::from(error);
                self.note_access(live, &error);
                return Err(error);
            }
        };
        self.open_session(live, &mut slot, secret)
    }

    pub(crate) fn open_session(
        &self,
        live: &Arc<LiveAccount>,
        slot: &mut Option<Arc<Session>>,
        secret: crate::ports::AccountSecret,
    ) -> Result<Arc<Session>, AccessError> {
        let opened = Session::open(
            self.folder(),
            &live.id(),
            secret,
            self.ports(),
            self.system_rng(),
        );
        let (session, state) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.note_access(live, &error);
                return Err(error);
            }
        };
        let session = Arc::new(session);
        *slot = Some(Arc::clone(&session));
        if live.set_health(health_of(&state)) {
            self.changed(|changes| changes.accounts += 1);
        }
        decide::put_on_show(self, live, &session, &state);
        Ok(session)
    }

    /// Keeps and shows why an account cannot be used.
    pub(crate) fn note_access(&self, live: &LiveAccount, error: &AccessError) {
        if live.set_health(error.health()) {
            self.changed(|changes| changes.accounts += 1);
        }
    }
}
