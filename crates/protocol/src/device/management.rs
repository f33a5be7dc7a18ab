//! What a paired device manages for its account (`docs/protocol.md` section 6.4): its devices, what was granted, tests.
//!
//! Every request is a POST with proof to an endpoint that metadata names, or does not: a server need not offer any of them.
//! A possession proof alone acts on its own device and takes grants back; what concerns other devices becomes a consent
//! request of a `device_*` kind to the asking device, and happens in the commit of its approval.

use super::{V1, invitation::Issuer, pairing::KeyKind, present};
use crate::{
    bytes::Sha256Digest,
    ids::{ConsentRequestId, DeviceId},
    jcs,
    keys::Thumbprint,
    time::UnixTime,
    webauthn::RegistrationResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::prompt::{PromptClient, PromptKind, PromptScope};

/// POST `devices`, `consents` and `test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementRequest {
    /// Version.
    pub v: V1,
}

/// One device of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedDevice {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Operating system and app in its own words.
    pub platform: String,
    /// When its pairing was confirmed.
    pub paired_at: UnixTime,
    /// When the server last heard from it, to the minute or coarser.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_seen: Option<UnixTime>,
    /// From when it may add, remove and grade others; absent when it may.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub may_manage_from: Option<UnixTime>,
}

/// Answer of `devices` and `device_rename`: the asking device first, then in the order of pairing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceList {
    /// Those not revoked.
    pub devices: Vec<ListedDevice>,
    /// From when the asking device may add, remove and grade others; absent when it may.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub may_manage_from: Option<UnixTime>,
}

/// POST `device_rename`: renames the asking device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRename {
    /// Version.
    pub v: V1,
    /// 1 to 64 code points without a defect of section 7.4.
    pub name: String,
}

/// Why a device is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalReason {
    /// It is gone, and somebody may have it.
    Lost,
    /// It is not used any more.
    NotUsed,
}

/// POST `device_remove`. The asking device itself is revoked at once; another one by an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRemove {
    /// Version.
    pub v: V1,
    /// Which.
    pub device: DeviceId,
    /// Why.
    pub reason: RemovalReason,
}

/// POST `device_add`: asks to add another device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceAdd {
    /// Version.
    pub v: V1,
    /// The asking device is revoked in the commit that confirms the other one.
    #[serde(rename = "move")]
    pub moving: bool,
}

/// POST `device_key`: asks to replace the asking device's approval key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceKey {
    /// Version.
    pub v: V1,
    /// Kind of the new key, by the device's own word; not lower than that of the old one.
    pub key: KeyKind,
    /// The new key, over [`derive_approval_key_challenge`].
    pub approval: RegistrationResponse,
}

/// The object whose JCS hash the registration of a new approval key signs.
#[derive(Serialize)]
struct ApprovalKeyChallenge<'a> {
    typ: &'static str,
    v: V1,
    iss: &'a Issuer,
    device: &'a DeviceId,
    old: Thumbprint,
}

/// The challenge of the registration that is to take the place of the approval key `old` of `device` at `issuer` (section 4.6).
#[must_use]
pub fn derive_approval_key_challenge(
    issuer: &Issuer,
    device: &DeviceId,
    old: Thumbprint,
) -> Sha256Digest {
    jcs::derive_challenge(&ApprovalKeyChallenge {
        typ: "tegata.approval-key",
        v: V1,
        iss: issuer,
        device,
        old,
    })
}

/// POST `device_grade`: asks to let another device of the account count for as much as the asking one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceGrade {
    /// Version.
    pub v: V1,
    /// Which.
    pub device: DeviceId,
}

/// Answer of `device_remove`, `device_add`, `device_key`, `device_grade` and `test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementAnswer {
    /// The request that the asking device is to decide, delivered like any other; absent where nothing is left to decide.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub request: Option<ConsentRequestId>,
}

/// POST `device_invitation`: takes the invitation of an approved `device_add`, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// Version.
    pub v: V1,
    /// The approved request.
    pub request: ConsentRequestId,
    /// Hash of the receipt that its approval got. Only who approved has that before the invitation is taken: a possession key
    /// alone takes none.
    pub receipt: Sha256Digest,
}

/// Answer of `device_invitation`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The complete form of section 4.1.
    pub link: String,
    /// The code alone, `XXXX-XXXX-XXXX`.
    pub code: String,
    /// Whole seconds.
    pub expires_in: u32,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").finish_non_exhaustive()
    }
}

/// POST `device_confirm`: asks how the pairing stands, or confirms it. The server may hold a question without digits for up to
/// 25 seconds while nothing changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceConfirm {
    /// Version.
    pub v: V1,
    /// The approved request.
    pub request: ConsentRequestId,
    /// Six digits that the other device shows.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub digits: Option<String>,
    /// The state that the device knows; the answer may be held while it stands.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub known: Option<String>,
}

impl std::fmt::Debug for DeviceConfirm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceConfirm")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// Answer of `device_confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AddingState {
    /// Nobody used the invitation yet.
    Invited,
    /// A device used it and makes its keys.
    Used,
    /// A device is registered and shows digits.
    Registered {
        /// Its own name.
        device_name: String,
        /// Tries left for the digits.
        tries_left: u32,
    },
    /// Confirmed: the other device is paired, and the asking one revoked if it was a move.
    Confirmed {
        /// The other device's own name.
        device_name: String,
    },
    /// Over: too many wrong digits, or out of time. Nothing was paired.
    Ended {
        /// Whether wrong digits ended it.
        failed: bool,
    },
}

/// Something granted that is still good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Names it in `consent_revoke`: the consent request that granted it.
    pub id: ConsentRequestId,
    /// Who has it.
    pub client: PromptClient,
    /// Permissions, with words in the device's language.
    #[serde(default)]
    pub scopes: Vec<PromptScope>,
    /// Authorization details as granted.
    #[serde(default)]
    pub authorization_details: Vec<Value>,
    /// When it was granted.
    pub granted_at: UnixTime,
    /// When it ends by itself.
    pub expires_at: UnixTime,
    /// Whether a refresh token is good until then.
    pub renewable: bool,
}

/// Answer of `consents` and `consent_revoke`, newest first, at most 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantList {
    /// Those still good.
    pub consents: Vec<Grant>,
}

/// POST `consent_revoke`: ends its tokens. One that is not there is ended already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentRevoke {
    /// Version.
    pub v: V1,
    /// Which.
    pub consent: ConsentRequestId,
}

/// The `device` member of a prompt of a `device_*` kind: what the question is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDevice {
    /// `device_remove`, `device_grade`: which.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<DeviceId>,
    /// Its name.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Operating system and app in its own words.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub platform: Option<String>,
    /// When it was paired.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub paired_at: Option<UnixTime>,
    /// `device_add`: the asking device is revoked when the other one is confirmed.
    #[serde(default, rename = "move", skip_serializing_if = "std::ops::Not::not")]
    pub moving: bool,
    /// `device_remove`: it is said to be lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// `device_key`: thumbprint of the approval key that is replaced.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub old_key: Option<String>,
    /// `device_key`: thumbprint of the approval key that replaces it.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub new_key: Option<String>,
}

impl SubjectDevice {
    /// Whether it says what a question of this kind is about: a prompt that does not can only be denied.
    #[must_use]
    pub fn is_complete_for(&self, kind: PromptKind) -> bool {
        match kind {
            PromptKind::DeviceAdd => true,
            PromptKind::DeviceGrade | PromptKind::DeviceRemove => {
                self.id.is_some() && self.name.is_some()
            }
            PromptKind::DeviceKey => self.old_key.is_some() && self.new_key.is_some(),
            _ => false,
        }
    }

    /// Every text in it that is not an identifier.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &String> {
        [&self.name, &self.platform, &self.old_key, &self.new_key]
            .into_iter()
            .flatten()
    }
}

/// What a device is told beside requests: a member `notices` of the pending set, of the last seven days, oldest first, at most 20.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Names it for ever, so that a device tells it once.
    pub id: String,
    /// When.
    pub at: UnixTime,
    /// What.
    pub what: NoticeKind,
    /// The device that it is about.
    pub device_name: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeKind {
    /// A device was added.
    DeviceAdded,
    /// A device was removed, or moved away from.
    DeviceRemoved,
    /// A device counts for as much as another one from now on.
    DeviceGraded,
    /// A device replaced its approval key.
    KeyReplaced,
    /// A device reported an approval as not the person's own.
    Reported,
    /// Something that this version does not know; passed over.
    #[serde(other)]
    Unknown,
}
