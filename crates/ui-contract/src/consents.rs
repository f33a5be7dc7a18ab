//! What the person has granted and can take back.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, ClientView, DetailView, ScopeView, UnixSeconds};

/// A grant, by the issuer's id for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct ConsentId(pub String);

/// Something granted to a client that is still good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConsentView {
    /// Handed back in commands.
    pub id: ConsentId,
    /// The account that it was granted for.
    pub account: AccountId,
    /// Who has it.
    pub client: ClientView,
    /// The permissions.
    pub scopes: Vec<ScopeView>,
    /// Authorization details (RFC 9396), all of them.
    pub details: Vec<DetailView>,
    /// When it was granted.
    pub granted_at: UnixSeconds,
    /// When it ends by itself.
    pub expires_at: UnixSeconds,
    /// Whether the client can renew its access until then without asking again.
    pub renewable: bool,
}

/// Takes a grant back: its tokens end at the issuer.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ConsentRevokeRequest {
    /// The account.
    pub account: AccountId,
    /// The grant.
    pub consent: ConsentId,
}
