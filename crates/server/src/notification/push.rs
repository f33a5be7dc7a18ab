//! Pushes: the whole result (CIBA Core section 10.3.1), or why there is none (section 12).
//!
//! What is sent is found out at each attempt from where the request stands. Tokens are issued by the first attempt that finds
//! an approval and kept, sealed, until the client has taken them, so that it is sent the same ones however often it has to be
//! tried.

use serde::Serialize;
use tegata_protocol::{
    AuthReqId,
    ciba::{OAuthErrorCode, TokenResponse},
};
use zeroize::Zeroizing;

use super::sealed::Addressed;
use crate::{
    app::App,
    domain::{BackchannelAuthenticationState, Client, RedemptionError},
    http::op::issuance::{IssuanceError, redeem_for_push},
    sealing::Purpose,
    storage::{StoreError, ops::KeepResponse, views::DueJob},
};

#[derive(Serialize)]
struct PushedTokens<'a> {
    auth_req_id: &'a AuthReqId,
    #[serde(flatten)]
    tokens: &'a TokenResponse,
}

#[derive(Serialize)]
struct PushedError<'a> {
    auth_req_id: &'a AuthReqId,
    error: OAuthErrorCode,
    error_description: &'static str,
}

/// What to send.
pub(super) enum Body {
    /// This.
    Send(Zeroizing<Vec<u8>>),
    /// Nothing can be sent now.
    Later(StoreError),
    /// Nothing can ever be: request or client are gone.
    Never,
}

/// The body of attempt number `attempts`.
pub(super) async fn body(app: &App, job: &DueJob, attempts: u32, addressed: &Addressed) -> Body {
    use BackchannelAuthenticationState as S;
    // 1. What was issued before.
    if let Some(sealed) = &job.response {
        let key = app.keys.notification();
        return match key.open(Purpose::PushedResponse, job.seq, sealed) {
            Some(text) => Body::Send(text),
            None => Body::Never,
        };
    }
    // 2. Where the request stands.
    let id = addressed.auth_req_id.clone();
    let found = app
        .store
        .read(move |reader| reader.backchannel_authentication(&id))
        .await;
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Body::Never,
        Err(error) => return Body::Later(error),
    };
    match found.state {
        S::Pending if found.is_pending(app.now()) => Body::Later(StoreError::Busy),
        S::Pending => expired(addressed),
        S::Denied { .. } | S::Withdrawn { .. } => denied(addressed),
        S::TransferFailed { .. } => failed(addressed),
        S::Approved(_) | S::Redeemed { .. } => match app.store.client(&job.client).await {
            Ok(Some(client)) => issue(app, job, attempts, addressed, &client).await,
            Ok(None) => Body::Never,
            Err(error) => Body::Later(error),
        },
    }
}

/// Issues the tokens and keeps them.
async fn issue(
    app: &App,
    job: &DueJob,
    attempts: u32,
    addressed: &Addressed,
    client: &Client,
) -> Body {
    let tokens = match redeem_for_push(app, client, &addressed.auth_req_id).await {
        Ok(tokens) => tokens,
        Err(IssuanceError::Store(error)) => return Body::Later(error),
        Err(IssuanceError::Redemption(error)) => {
            return match error {
                RedemptionError::ExpiredToken => expired(addressed),
                RedemptionError::AuthorizationPending => Body::Later(StoreError::Busy),
                RedemptionError::AccessDenied | RedemptionError::InvalidGrant => denied(addressed),
            };
        }
        Err(error) => {
            tracing::error!(client = %client.id, reason = %error, "notification.no_tokens");
            return failed(addressed);
        }
    };
    let pushed = PushedTokens {
        auth_req_id: &addressed.auth_req_id,
        tokens: &tokens,
    };
    let text = Zeroizing::new(serde_json::to_vec(&pushed).expect("wire types serialize to JSON"));
    let key = app.keys.notification();
    let keep = KeepResponse {
        seq: job.seq,
        attempts,
        sealed: key.seal(Purpose::PushedResponse, job.seq, &text, app.rng()),
    };
    match app.store.apply(keep).await {
        Ok(true) => Body::Send(text),
        // Whoever has the job now sends what there is; if nobody else has, the next attempt finds out why they ended.
        Ok(false) => Body::Later(StoreError::Busy),
        Err(error) => Body::Later(error),
    }
}

fn denied(addressed: &Addressed) -> Body {
    let description = "the request was not approved";
    error(addressed, OAuthErrorCode::AccessDenied, description)
}

fn expired(addressed: &Addressed) -> Body {
    let description = "the request has expired";
    error(addressed, OAuthErrorCode::ExpiredToken, description)
}

fn failed(addressed: &Addressed) -> Body {
    let description = "the request could not be completed";
    error(addressed, OAuthErrorCode::TransactionFailed, description)
}

fn error(addressed: &Addressed, error: OAuthErrorCode, error_description: &'static str) -> Body {
    let pushed = PushedError {
        auth_req_id: &addressed.auth_req_id,
        error,
        error_description,
    };
    Body::Send(Zeroizing::new(
        serde_json::to_vec(&pushed).expect("strings serialize"),
    ))
}
