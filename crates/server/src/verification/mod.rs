//! Verification of registrations and decisions.
//!
//! Registrations are verified twice, by webauthn-rs-core and by the protocol's own strict parser; both must agree.
//! Decisions are verified by one [`ApprovalVerifier`]: ring (the default) or webauthn-rs-core, which is also its
//! differential twin in the tests. What this module does **not** do: storage, counters, transfer codes.
//!
//! To add a verifier: implement [`ApprovalVerifier`], name it in [`VerifierKind`], add it to the differential test.

mod registration;
mod twin;

pub use registration::{
    RegistrationError, RegistrationInput, VerifiedCredential, VerifiedDevice, verify_approval_key,
    verify_registrations,
};
pub use twin::WebauthnRsVerifier;

use serde::{Deserialize, Serialize};
use tegata_protocol::{
    device::decision::{DecisionError, DecisionRequest, StoredPrompt, verify_decision},
    webauthn::VerifiedAssertion,
};

use crate::domain::Registration;

/// Checks a posted decision against the stored prompt and the device's registered credentials (device protocol, section
/// 8.3: the steps that need no storage).
pub trait ApprovalVerifier: Send + Sync {
    /// Detail, role, credential, origin, relying party, flags and signature, in this order. The counter is the caller's.
    ///
    /// # Errors
    /// [`DecisionError::Detail`] if the detail does not fit the prompt; [`DecisionError::Assertion`] for the rest.
    fn verify(
        &self,
        request: &DecisionRequest,
        stored: &StoredPrompt<'_>,
        registration: &Registration,
    ) -> Result<VerifiedAssertion, DecisionError>;
}

/// Which verifier checks decisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifierKind {
    /// The protocol's own, on ring.
    #[default]
    Ring,
    /// webauthn-rs-core, with the checks that it does not make.
    WebauthnRs,
}

impl VerifierKind {
    /// The verifier of this kind.
    pub fn verifier(self) -> &'static dyn ApprovalVerifier {
        match self {
            Self::Ring => &RingVerifier,
            Self::WebauthnRs => &WebauthnRsVerifier,
        }
    }
}

/// The protocol's own verifier.
#[derive(Debug, Clone, Copy)]
pub struct RingVerifier;

impl ApprovalVerifier for RingVerifier {
    fn verify(
        &self,
        request: &DecisionRequest,
        stored: &StoredPrompt<'_>,
        registration: &Registration,
    ) -> Result<VerifiedAssertion, DecisionError> {
        let (approval, possession) = (&registration.approval_key, &registration.possession_key);
        verify_decision(request, stored, approval, possession)
    }
}

#[cfg(test)]
mod tests;
