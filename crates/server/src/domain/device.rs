//! Paired authentication devices.

use serde::{Deserialize, Serialize};
use tegata_protocol::{AccountId, DeviceId, Thumbprint, UnixTime};

use super::{Grade, Registration};

/// A device that the issuing session has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairedDevice {
    /// `aud` of its prompts.
    pub id: DeviceId,
    /// Whose device it is.
    pub account: AccountId,
    /// What it registered in pairing: name, keys, credentials.
    pub registration: Registration,
    /// The grade of the session that confirmed it.
    pub grade: Grade,
    /// Active or revoked.
    pub state: DeviceState,
    /// A signature counter went backwards once: the key may have been copied.
    pub suspect: bool,
    /// When it was confirmed.
    pub paired_at: UnixTime,
    /// Since when it has been waiting until it may manage other devices; `None` of one that need not, that was let count for as
    /// much as another, or that was moved to from such a one. See [`super::may_manage_from`].
    pub waits_since: Option<UnixTime>,
    /// The last proof seen; written lazily, at most once a minute.
    pub last_seen: Option<UnixTime>,
    /// Highest signature counter accepted from the possession key.
    pub possession_counter: u32,
    /// Highest signature counter accepted from the approval key.
    pub approval_counter: u32,
    /// The pairing receipt, a JWS by the receipt key.
    pub pairing_receipt: String,
    /// The device's countersignature over the receipt, once it has sent it.
    pub countersignature: Option<String>,
}

impl PairedDevice {
    /// Whether it may receive prompts and decide.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == DeviceState::Active
    }

    /// Whether it stands in for a device where a test decides ([`crate::simulation`]).
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.grade == Grade::Simulated
    }

    /// Whether a person who holds it can be asked: requests are put to these.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.is_active() && !self.is_simulated()
    }

    /// Which of its two credentials a thumbprint names.
    pub fn role_of(&self, credential: &Thumbprint) -> Option<CredentialRole> {
        if *credential == self.registration.approval_thumbprint {
            Some(CredentialRole::Approval)
        } else if *credential == self.registration.possession_thumbprint {
            Some(CredentialRole::Possession)
        } else {
            None
        }
    }
}

/// The two credentials of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialRole {
    /// Unusable without verifying the person; signs approvals.
    Approval,
    /// Silent; signs proofs and denials.
    Possession,
}

/// Whether a device may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// It receives prompts and decides.
    Active,
    /// It was revoked; its keys are never accepted again.
    Revoked {
        /// When.
        at: UnixTime,
    },
}
