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
pub(crate) const DEVICES: &str = "/device/v1/devices";
pub(crate) const DEVICE_RENAME: &str = "/device/v1/devices/rename";
pub(crate) const DEVICE_REMOVE: &str = "/device/v1/devices/remove";
pub(crate) const DEVICE_ADD: &str = "/device/v1/devices/add";
pub(crate) const DEVICE_INVITATION: &str = "/device/v1/devices/invitation";
pub(crate) const DEVICE_CONFIRM: &str = "/device/v1/devices/confirm";
pub(crate) const DEVICE_KEY: &str = "/device/v1/devices/key";
pub(crate) const DEVICE_GRADE: &str = "/device/v1/devices/grade";
pub(crate) const PAIR_START: &str = "/pair/start";
pub(crate) const CONSENTS: &str = "/device/v1/consents";
pub(crate) const CONSENT_REVOKE: &str = "/device/v1/consents/revoke";
pub(crate) const TEST: &str = "/device/v1/test";

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
        devices: Some(issuer.endpoint(DEVICES)),
        device_rename: Some(issuer.endpoint(DEVICE_RENAME)),
        device_remove: Some(issuer.endpoint(DEVICE_REMOVE)),
        device_add: Some(issuer.endpoint(DEVICE_ADD)),
        device_invitation: Some(issuer.endpoint(DEVICE_INVITATION)),
        device_confirm: Some(issuer.endpoint(DEVICE_CONFIRM)),
        device_key: Some(issuer.endpoint(DEVICE_KEY)),
        device_grade: Some(issuer.endpoint(DEVICE_GRADE)),
        pair_start: Some(issuer.endpoint(PAIR_START)),
        consents: Some(issuer.endpoint(CONSENTS)),
        consent_revoke: Some(issuer.endpoint(CONSENT_REVOKE)),
        test: Some(issuer.endpoint(TEST)),
    }
}
