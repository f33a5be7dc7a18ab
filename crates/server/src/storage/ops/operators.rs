//! The people who run the server, and what they do that no client and no device can.

use tegata_protocol::{ClientId, Sha256Digest, UnixTime};

use crate::domain::{Operator, OperatorId, OperatorInvitation, debug_without_content};

/// Stores a link that enrols an operator; earlier links of the same name and links that are over are dropped. `false`: an
/// operator of that name is enrolled already.
#[derive(Debug, Clone)]
pub struct InviteOperator {
    /// The link.
    pub invitation: OperatorInvitation,
    /// Now.
    pub now: UnixTime,
}

/// Uses up a link and enrols an operator, in one commit.
#[derive(Debug, Clone)]
pub struct EnrolOperator {
    /// SHA-256 of the link's secret.
    pub invitation: Sha256Digest,
    /// Who enrols; the caller has verified the passkey, and has the name from the link.
    pub operator: Operator,
    /// Now.
    pub now: UnixTime,
}

/// Of [`EnrolOperator`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolOperatorOutcome {
    /// Done; the link is used up.
    Enrolled,
    /// The link is unknown, used or over.
    Gone,
    /// Somebody else has enrolled under that name meanwhile.
    Taken,
}

/// Stores a passkey whose counter or backup state has changed. `false`: there is no such operator.
#[derive(Clone)]
pub struct UpdateOperator {
    /// Whose.
    pub operator: OperatorId,
    /// The passkey as webauthn-rs stores it.
    pub credential: String,
}

debug_without_content!(UpdateOperator { operator });

/// Removes an operator and whatever link there is for that name; `false`: there was neither.
#[derive(Debug, Clone)]
pub struct RemoveOperator {
    /// The operator's name.
    pub name: String,
}

/// Suspends a client or lifts that: a suspended one is refused like an unknown one, and its tokens do not work meanwhile. `false`: there is no such client.
#[derive(Debug, Clone)]
pub struct SuspendClient {
    /// Which.
    pub client: ClientId,
    /// Whether it is suspended from now on.
    pub suspended: bool,
}
