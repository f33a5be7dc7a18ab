//! One backchannel authentication: the stored thing behind an `auth_req_id`, and its state machine.
//!
//! ```text
//! pending ─┬─ approve ──────► approved ─── redeem ──► redeemed
//!          ├─ deny ─────────► denied       └ revoke ─► withdrawn
//!          ├─ fail_transfer ► transfer_failed
//!          └─ withdraw ─────► withdrawn
//! ```
//! Expiry is computed from the clock and is not a state.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use tegata_protocol::{
    AccountId, ClientId, ConsentRequestId, DeviceId, Sha256Digest, UnixTime,
    ciba::TokenDeliveryMode,
};

use super::{Confirmation, FlowSeq, Subject, budget::Ending};

/// Seconds for which a decision can be collected even if the request's own time ends meanwhile: somebody who approves
/// in the last second must not lose to the client's polling interval.
pub const COLLECTION_GRACE_SECONDS: i64 = 60;

/// Seconds for which devices are told that a request closed.
pub const CLOSE_NOTICE_SECONDS: i64 = 600;

/// Wrong transfer codes that end a request, over all devices.
pub const TRANSFER_TRIES: u8 = 3;

/// The facts of a request, fixed when it is accepted. Prompts and tokens are computed from these and from nothing that
/// changes later (not from the client's registration, not from the account).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// What devices call it.
    pub consent_request_id: ConsentRequestId,
    /// Who asked.
    pub client_id: ClientId,
    /// The client's name when it asked.
    pub client_name: String,
    /// Who is asked.
    pub account: AccountId,
    /// `sub` of the ID token.
    pub sub: String,
    /// What kind of question it is.
    pub kind: Kind,
    /// Granted scopes, in the order asked.
    pub scopes: Vec<String>,
    /// `acr_values`, most wanted first; empty if none were asked.
    pub acr_values: Vec<String>,
    /// The client's words to show, if it sent some and they are not the transfer code.
    pub binding_message: Option<String>,
    /// Whether a code must be carried from the consumption device.
    pub transfer: Transfer,
    /// When it was accepted.
    pub created: UnixTime,
    /// First second in which it can no longer be decided.
    pub expires: UnixTime,
    /// The polling interval that the client was told, in seconds; of a push request, which is not polled, the server's.
    pub interval: u32,
    /// What goes beyond a poll client's plain request.
    #[serde(default, skip_serializing_if = "Terms::are_plain")]
    pub terms: Terms,
}

/// What a request may ask for and be bound to beyond scopes; the default is nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// How the client learns of the result.
    pub delivery: TokenDeliveryMode,
    /// `authorization_details` as granted (RFC 9396), valid for their types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
    /// `resource` (RFC 8707): for whom the access token shall be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// `request_context` (FAPI-CIBA section 5.3): what the client says about where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_context: Option<Map<String, Value>>,
    /// The certificate or key that the client proved when it asked: only it may collect, and pushed tokens are bound to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// End of the refresh token that goes with the tokens, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_until: Option<UnixTime>,
    /// What a question of the server's own is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
}

impl Terms {
    /// Whether there is nothing in them.
    fn are_plain(&self) -> bool {
        *self == Self::default()
    }
}

debug_without_content!(Terms {
    delivery,
    refresh_until
});

debug_without_content!(RequestFacts {
    consent_request_id,
    client_id,
    account,
    kind,
    created,
    expires
});

/// What kind of question a request puts (`kind` of the prompt).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Sign in to a client.
    SignIn,
    /// Grant access beyond a sign-in.
    Grant,
    /// Asked by the person's own server to see that a device works.
    Test,
    /// Asked by the server: to add a device, or to move to one.
    DeviceAdd,
    /// Asked by the server: to remove a device.
    DeviceRemove,
    /// Asked by the server: to let a device count for as much as the one that is asked.
    DeviceGrade,
    /// Asked by the server: to replace the approval key of the device that is asked.
    DeviceKey,
}

impl Kind {
    /// Whether the server itself asks: there is no client that could collect anything.
    #[must_use]
    pub fn is_own(self) -> bool {
        match self {
            Self::SignIn | Self::Grant => false,
            Self::Test
            | Self::DeviceAdd
            | Self::DeviceRemove
            | Self::DeviceGrade
            | Self::DeviceKey => true,
        }
    }
}

/// Whether a code is typed or scanned into the device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Transfer {
    /// Nothing to transfer.
    None,
    /// A code is compared by the server.
    Code {
        /// Where it came from.
        source: TransferSource,
        /// Keyed hash of the canonical code. The code itself is stored nowhere.
        hash: Sha256Digest,
        /// Its length in characters.
        length: u8,
    },
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Code { source, .. } => write!(f, "Code({source:?})"),
        }
    }
}

/// Where a transfer code came from, which also says its alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferSource {
    /// Six digits minted by the server.
    Minted,
    /// The client's `binding_message`, in Crockford's alphabet.
    BindingMessage,
}

/// The stored request with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackchannelAuthentication {
    /// Its row.
    pub seq: FlowSeq,
    /// What was asked.
    pub facts: RequestFacts,
    /// Wrong transfer codes so far.
    pub transfer_tries: u8,
    /// Where it stands. Ask [`BackchannelAuthentication::is_pending`] with a time, since expiry is no state.
    pub state: BackchannelAuthenticationState,
}

/// Where a request stands. Expiry is not among them: see the module's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackchannelAuthenticationState {
    /// Nobody has decided.
    Pending,
    /// A device approved; tokens can be collected once.
    Approved(Approval),
    /// A device denied.
    Denied {
        /// The device.
        device: DeviceId,
        /// Why; never told to the client.
        reason: DenialReason,
        /// When.
        at: UnixTime,
    },
    /// The third wrong transfer code ended it.
    TransferFailed {
        /// When.
        at: UnixTime,
    },
    /// Taken back: by the operator, because the person reported an approval that was not theirs, or because the device
    /// that was asked is not theirs any more.
    Withdrawn {
        /// When.
        at: UnixTime,
        /// The person moved to another device.
        moved: bool,
    },
    /// Tokens were issued; nothing more will be.
    Redeemed {
        /// What was approved.
        approval: Approval,
        /// When the tokens were issued.
        at: UnixTime,
    },
}

/// An approval as committed: what an ID token says about the authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The device that approved.
    pub device: DeviceId,
    /// Commit time: `auth_time`.
    pub at: UnixTime,
    /// `acr` reached.
    pub acr: String,
    /// `amr` reached.
    pub amr: Vec<String>,
    /// SHA-256 of the consent receipt's ASCII: what an ID token carries about the evidence.
    pub evidence: Sha256Digest,
}

/// Why somebody denied (`reason` of the decision).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenialReason {
    /// Somebody else asked: mutes the client for this account.
    NotMe,
    /// The person asked and thought better of it.
    ChangedMind,
    /// What is shown is not what the person expected.
    WrongDetails,
}

/// Which way a device decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Yes.
    Approve,
    /// No.
    Deny,
}

/// Why a request is no longer open, as devices are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// Its time ran out.
    Expired,
    /// A device decided.
    Handled {
        /// Which.
        device: DeviceId,
        /// Its name, for people.
        device_name: String,
        /// Which way.
        decision: Decision,
        /// When.
        at: UnixTime,
    },
    /// The person moved to another device.
    Moved,
    /// The third wrong transfer code.
    TransferFailed,
    /// Taken back.
    Withdrawn,
}

/// What must happen in the same commit as a transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The account's budget learns how the request ended.
    SettleBudget(Ending),
    /// The client is told, unless it asks by itself.
    NotifyClient,
    /// Access tokens issued for the request stop working.
    RevokeTokens,
    /// All devices of the account are told.
    TellDevices,
}

/// A new state and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The state to store.
    pub state: BackchannelAuthenticationState,
    /// Carried out in the same commit.
    pub effects: Vec<Effect>,
}

/// The state does not allow the transition, or the time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request's state does not allow this")]
pub struct InvalidTransition;

impl BackchannelAuthentication {
    /// Whether a device can still decide at `now`.
    #[must_use]
    pub fn is_pending(&self, now: UnixTime) -> bool {
        matches!(self.state, BackchannelAuthenticationState::Pending) && now < self.facts.expires
    }

    /// Whether the client can no longer collect anything at `now`: the request's time is over, and so is the grace in
    /// which a decision made in time can be collected. A redeemed request is not expired but consumed.
    #[must_use]
    pub fn is_expired(&self, now: UnixTime) -> bool {
        use BackchannelAuthenticationState as S;
        let until = match &self.state {
            S::Pending => self.facts.expires,
            S::Approved(Approval { at, .. })
            | S::Denied { at, .. }
            | S::TransferFailed { at }
            | S::Withdrawn { at, .. } => self.facts.expires.max(at.plus(COLLECTION_GRACE_SECONDS)),
            S::Redeemed { .. } => return false,
        };
        now >= until
    }

    /// pending → approved.
    ///
    /// # Errors
    /// [`InvalidTransition`] unless it is pending at `approval.at`.
    pub fn approve(&self, approval: Approval) -> Result<Transition, InvalidTransition> {
        self.require_pending(approval.at)?;
        Ok(Transition {
            state: BackchannelAuthenticationState::Approved(approval),
            effects: self.effects_of(Ending::Approved, Effect::NotifyClient),
        })
    }

    /// pending → denied.
    ///
    /// # Errors
    /// [`InvalidTransition`] unless it is pending at `at`.
    pub fn deny(
        &self,
        device: DeviceId,
        reason: DenialReason,
        at: UnixTime,
    ) -> Result<Transition, InvalidTransition> {
        self.require_pending(at)?;
        let ending = match reason {
            DenialReason::NotMe => Ending::NotMe,
            DenialReason::ChangedMind | DenialReason::WrongDetails => Ending::Denied,
        };
        Ok(Transition {
            state: BackchannelAuthenticationState::Denied { device, reason, at },
            effects: self.effects_of(ending, Effect::NotifyClient),
        })
    }

    /// pending → transfer_failed.
    ///
    /// # Errors
    /// [`InvalidTransition`] unless it is pending at `at`.
    pub fn fail_transfer(&self, at: UnixTime) -> Result<Transition, InvalidTransition> {
        self.require_pending(at)?;
        Ok(Transition {
            state: BackchannelAuthenticationState::TransferFailed { at },
            effects: self.effects_of(Ending::Denied, Effect::NotifyClient),
        })
    }

    /// pending → withdrawn.
    ///
    /// # Errors
    /// [`InvalidTransition`] unless it is pending at `at`.
    pub fn withdraw(&self, at: UnixTime) -> Result<Transition, InvalidTransition> {
        self.require_pending(at)?;
        Ok(Transition {
            state: BackchannelAuthenticationState::Withdrawn { at, moved: false },
            effects: self.effects_of(Ending::Withdrawn, Effect::NotifyClient),
        })
    }

    /// pending → withdrawn: the device that was asked is moved from.
    ///
    /// # Errors
    /// [`InvalidTransition`] unless it is pending at `at`.
    pub fn close_moved(&self, at: UnixTime) -> Result<Transition, InvalidTransition> {
        let mut transition = self.withdraw(at)?;
        transition.state = BackchannelAuthenticationState::Withdrawn { at, moved: true };
        Ok(transition)
    }

    /// approved → redeemed. The caller has checked client and time with [`super::check_redemption`].
    ///
    /// # Errors
    /// [`InvalidTransition`] unless it is approved and not expired at `at`.
    pub fn redeem(&self, at: UnixTime) -> Result<Transition, InvalidTransition> {
        match &self.state {
            BackchannelAuthenticationState::Approved(approval) if !self.is_expired(at) => {
                Ok(Transition {
                    state: BackchannelAuthenticationState::Redeemed {
                        approval: approval.clone(),
                        at,
                    },
                    effects: vec![],
                })
            }
            _ => Err(InvalidTransition),
        }
    }

    /// The person says that an approval was not theirs: what was granted is taken back. approved → withdrawn; a
    /// redeemed request stays redeemed and its tokens are revoked.
    ///
    /// # Errors
    /// [`InvalidTransition`] unless it is approved or redeemed.
    pub fn report_not_me(&self, at: UnixTime) -> Result<Transition, InvalidTransition> {
        let state = match &self.state {
            BackchannelAuthenticationState::Approved(_) => {
                BackchannelAuthenticationState::Withdrawn { at, moved: false }
            }
            redeemed @ BackchannelAuthenticationState::Redeemed { .. } => redeemed.clone(),
            _ => return Err(InvalidTransition),
        };
        Ok(Transition {
            state,
            effects: self.effects_of(Ending::NotMe, Effect::RevokeTokens),
        })
    }

    /// A question of the server's own concerns devices alone.
    fn effects_of(&self, ending: Ending, towards_client: Effect) -> Vec<Effect> {
        if self.facts.kind.is_own() {
            return vec![Effect::TellDevices];
        }
        vec![
            Effect::SettleBudget(ending),
            towards_client,
            Effect::TellDevices,
        ]
    }

    fn require_pending(&self, at: UnixTime) -> Result<(), InvalidTransition> {
        if self.is_pending(at) {
            Ok(())
        } else {
            Err(InvalidTransition)
        }
    }
}
#[cfg(test)]
mod tests;
