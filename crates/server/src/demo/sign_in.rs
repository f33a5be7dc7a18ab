//! One sign-in at the kiosk.

use serde::Serialize;
use serde_json::{Map, Value};
use tegata_protocol::{
    Rng, Secret, UnixTime, bytes::encode_b64u, device::evidence::EvidenceFile, rng::random_bytes,
};

/// Names a sign-in in the browser's address bar: random, and never the `auth_req_id`, which stays between client and
/// provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct SignInId(String);

impl SignInId {
    pub(super) fn make(rng: &dyn Rng) -> Self {
        Self(encode_b64u(&random_bytes::<16>(rng)))
    }

    /// Wraps text from outside, which names a sign-in or none.
    pub(super) fn from_path(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the kiosk remembers.
#[derive(Debug, Clone)]
pub(super) struct SignIn {
    pub(super) id: SignInId,
    /// To be shown while waiting, if the client is registered for it.
    pub(super) transfer_code: Option<Secret<String>>,
    /// When the request expires, by this machine's clock.
    pub(super) expires: UnixTime,
    pub(super) progress: Progress,
}

/// How far a sign-in is.
#[derive(Debug, Clone)]
pub(super) enum Progress {
    /// The person has not decided.
    Waiting,
    /// Signed in; everything was checked.
    Approved(Box<SignedIn>),
    /// `access_denied`.
    Denied,
    /// `expired_token`.
    Expired,
    /// Something else: an error code or a short description for the operator.
    Failed(String),
}

/// What a client has after a sign-in.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    /// Whom the kiosk asked for; the provider says in `sub` who that is.
    pub(super) login_name: String,
    /// Claims of the ID token, verified.
    pub(super) claims: Map<String, Value>,
    /// The ID token itself, so that whoever drives the demo can verify it again.
    pub(super) id_token: Secret<String>,
    /// What a stranger can check: metadata, root and the client's receipt.
    pub(super) evidence: EvidenceFile,
}

impl Progress {
    /// For scripts and style sheets.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved(_) => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Failed(_) => "failed",
        }
    }
}
