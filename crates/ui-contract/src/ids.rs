//! Identifiers and points in time. Identifiers are opaque: the screens hand them back and read nothing into them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A paired account, by an id that this device made up. Not the issuer's account id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct AccountId(pub String);

/// A consent request or a blocked message in the inbox. Never the client's `auth_req_id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct RequestId(pub String);

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct HistoryEntryId(pub String);

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct UnixSeconds(pub u64);

/// Milliseconds since 1970-01-01T00:00:00Z by this machine's clock, which is also the clock of the screens.
/// Below 2^53 until far beyond any use, so a JavaScript number holds it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct UnixMillis(pub u64);
