//! Where the gateway's endpoints are.

use tegata_protocol::device::metadata::Endpoints;

use crate::config::Issuer;

pub(crate) const METADATA: &str = "/.well-known/tegata-device";
pub(crate) const REDEEM: &str = "/device/v1/invitations/redeem";
pub(crate) const PAIRINGS: &str = "/device/v1/pairings";
pub(crate) const CONFIRM: &str = "/device/v1/confirm";
pub(crate) const CONNECT: &str = "/device/v1/connect";
pub(crate) const PENDING: &str = "/device/v1/pending";
pub(crate) const DECISIONS: &str = "/device/v1/decisions";
pub(crate) const SEEN: &str = "/device/v1/seen";
pub(crate) const RECEIPTS: &str = "/device/v1/receipts";

/// The absolute URLs, as the signed metadata and every proof have them.
pub(crate) fn all(issuer: &Issuer) -> Endpoints {
    Endpoints {
        redeem: issuer.endpoint(REDEEM),
        pairings: issuer.endpoint(PAIRINGS),
        confirm: issuer.endpoint(CONFIRM),
        connect: issuer.endpoint(CONNECT),
        pending: issuer.endpoint(PENDING),
        decisions: issuer.endpoint(DECISIONS),
        seen: issuer.endpoint(SEEN),
        receipts: issuer.endpoint(RECEIPTS),
        ..Endpoints::default()
    }
}
