//! One attempt to tell a client.

use reqwest::StatusCode;
use std::time::Duration;

use super::{counters::count, ping, push, sealed};
use crate::{
    app::{App, Doorbell},
    domain::{BackchannelAuthenticationState, notification::back_off_millis},
    egress::EgressError,
    storage::{
        Operation, StoreError,
        ops::{EndAttempt, TakeJob},
        views::DueJob,
    },
};

/// When a job is due again whose attempt nothing is heard of, in milliseconds: longer than any call takes.
const LOST_AFTER_MILLIS: i64 = 30_000;

/// How often the end of an attempt is stored again while the store is busy, and the pause between.
const STORE_TRIES: usize = 20;
const STORE_PAUSE: Duration = Duration::from_millis(100);

/// What came of it.
enum Outcome {
    /// The client has been told.
    Delivered,
    /// It does not want to be.
    Refused(StatusCode),
    /// Perhaps later.
    Failed(Failure),
    /// Nothing can be sent: what it would be about is gone, or does not open with the key of the key file.
    Unreadable,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// By the operator. Lifted in time, the client is told after all.
    #[error("the client is suspended")]
    Suspended,
}

/// Takes the job, if it is still there to be taken, and carries it out. `false`: the store could not say, and the job is as
/// due as before.
pub(super) async fn attempt(app: &App, job: DueJob) -> bool {
    let take = TakeJob {
        seq: job.seq,
        attempts: job.attempts,
        lost_at_millis: app.clock.0.now_millis() + LOST_AFTER_MILLIS,
    };
    match app.store.apply(take).await {
        Ok(true) => {}
        Ok(false) => return true,
        Err(error) => {
            tracing::error!(%error, "notification.not_taken");
            return false;
        }
    }
    let attempts = job.attempts + 1;
    let counters = app.notifier.counters.of(job.is_push);
    let (client, push) = (&job.client, job.is_push);
    let mut next_at_millis = None;
    if app.now() >= job.until {
        count(&counters.abandoned);
        tracing::warn!(%client, push, attempts, "notification.abandoned");
    } else {
        match call(app, &job, attempts).await {
            Outcome::Delivered => {
                count(&counters.delivered);
                tracing::info!(%client, push, attempts, "notification.delivered");
            }
            Outcome::Refused(status) => {
                count(&counters.refused);
                tracing::warn!(%client, push, status = status.as_u16(), "notification.refused");
            }
            Outcome::Unreadable => {
                count(&counters.abandoned);
                tracing::error!(%client, push, "notification.unreadable");
            }
            Outcome::Failed(failure) => {
                let next = app.clock.0.now_millis() + back_off_millis(attempts, app.rng());
                if next < job.until.0.saturating_mul(1000) {
                    next_at_millis = Some(next);
                    count(&counters.failed);
                    tracing::info!(%client, push, attempts, reason = %failure, "notification.failed");
                } else {
                    count(&counters.abandoned);
                    tracing::warn!(%client, push, attempts, reason = %failure, "notification.abandoned");
                }
            }
        }
    }
    let end = EndAttempt {
        seq: job.seq,
        attempts,
        next_at_millis,
    };
    if let Err(error) = store(app, end).await {
        tracing::error!(%error, "notification.not_stored");
    }
    if job.is_push && next_at_millis.is_none() {
        tell_device(app, &job).await;
    }
    true
}

/// What is pushed is collected when it has arrived: the device that approved tells the person.
async fn tell_device(app: &App, job: &DueJob) {
    let Some(addressed) = sealed::open(app, job.seq, &job.sealed) else {
        return;
    };
    let id = addressed.auth_req_id.clone();
    let read = app
        .store
        .read(move |reader| reader.backchannel_authentication(&id));
    if let Ok(Some(flow)) = read.await
        && let BackchannelAuthenticationState::Redeemed { approval, .. } = flow.state
    {
        app.delivery.ring(&[approval.device]);
    }
}

async fn call(app: &App, job: &DueJob, attempts: u32) -> Outcome {
    let Some(addressed) = sealed::open(app, job.seq, &job.sealed) else {
        return Outcome::Unreadable;
    };
    match app.store.client(&job.client).await {
        Ok(Some(client)) if client.settings.suspended => {
            return Outcome::Failed(Failure::Suspended);
        }
        Ok(_) => {}
        Err(error) => return Outcome::Failed(error.into()),
    }
    let body = if job.is_push {
        match push::body(app, job, attempts, &addressed).await {
            push::Body::Send(body) => body.to_vec(),
            push::Body::Later(error) => return Outcome::Failed(error.into()),
            push::Body::Never => return Outcome::Unreadable,
        }
    } else {
        ping::body(&addressed)
    };
    let bearer = &addressed.client_notification_token;
    match app.egress.post_json(&job.endpoint, bearer, body).await {
        Ok(status) if status.is_success() => Outcome::Delivered,
        Ok(status) if status.is_server_error() => Outcome::Failed(Failure::Status(status)),
        Ok(status) => Outcome::Refused(status),
        Err(error) => Outcome::Failed(error.into()),
    }
}

/// Stores what must not get lost only because the store is busy.
async fn store<O: Operation + Clone>(app: &App, operation: O) -> Result<O::Outcome, StoreError> {
    for _ in 1..STORE_TRIES {
        match app.store.apply(operation.clone()).await {
            Err(StoreError::Busy) => tokio::time::sleep(STORE_PAUSE).await,
            other => return other,
        }
    }
    app.store.apply(operation).await
}
