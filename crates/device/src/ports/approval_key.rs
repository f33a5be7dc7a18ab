//! The approval key: unusable without verifying the person, each time.

use super::AccountSecret;
use crate::keys::Pin;
use serde::{Deserialize, Serialize};
use tegata_protocol::{
    B64, PublicKey,
    device::pairing::KeyKind,
    webauthn::{
        AuthenticationResponse, ExpectedAssertion, ExpectedRegistration, RegistrationResponse,
    },
};

/// An approval key as it lies in the account's file. The header says how it was wrapped, so that parameters can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum StoredApprovalKey {
    /// PKCS#8 under AES-256-GCM under HKDF(Argon2id(PIN, salt, pepper)).
    SoftwarePin {
        /// Memory of Argon2id, in KiB.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
        /// Salt, 16 bytes.
        salt: B64,
        /// Nonce, ciphertext and tag.
        sealed: B64,
    },
}

/// Why an approval key cannot be made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalKeyError {
    /// The PIN does not open it.
    #[error("the PIN is wrong")]
    PinWrong,
    /// The stored form is damaged or of another implementation.
    #[error("the stored key cannot be read")]
    Unreadable,
}

/// A key that was just made: its stored form, and itself, unlocked for the registration.
pub struct MadeApprovalKey {
    /// What is kept.
    pub stored: StoredApprovalKey,
    /// The key, to be dropped after the registration.
    pub key: Box<dyn UnlockedApprovalKey>,
}

impl std::fmt::Debug for MadeApprovalKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MadeApprovalKey")
    }
}

/// A key after the person was verified. Used for one signature, then dropped.
pub trait UnlockedApprovalKey: Send {
    /// The public half.
    fn public(&self) -> PublicKey;
    /// Registers the key, at pairing.
    fn register(&self, expected: &ExpectedRegistration<'_>) -> RegistrationResponse;
    /// Signs one decision. `counter` has been persisted by the caller.
    fn assert(&self, expected: &ExpectedAssertion<'_>, counter: u32) -> AuthenticationResponse;
}

/// Makes, unlocks and destroys approval keys of one kind. Calls take up to a second of computing: call them from a
/// thread that may block. Counting failures is the caller's, before each attempt.
pub trait ApprovalKey: Send + Sync {
    /// What kind of key this is, as the device claims at pairing.
    fn kind(&self) -> KeyKind;

    /// Makes a key that `pin` unlocks.
    ///
    /// # Errors
    /// [`ApprovalKeyError::Unreadable`] if the key material cannot be protected.
    fn make(&self, pin: &Pin, secret: &AccountSecret) -> Result<MadeApprovalKey, ApprovalKeyError>;

    /// Unlocks a key for one signature.
    ///
    /// # Errors
    /// [`ApprovalKeyError`].
    fn unlock(
        &self,
        stored: &StoredApprovalKey,
        public: &PublicKey,
        pin: &Pin,
        secret: &AccountSecret,
    ) -> Result<Box<dyn UnlockedApprovalKey>, ApprovalKeyError>;

    /// The stored form of the same key under another PIN. The old form goes on being good until the caller drops it.
    ///
    /// # Errors
    /// [`ApprovalKeyError`].
    fn rewrap(
        &self,
        stored: &StoredApprovalKey,
        public: &PublicKey,
        old: &Pin,
        new: &Pin,
        secret: &AccountSecret,
    ) -> Result<StoredApprovalKey, ApprovalKeyError>;

    /// Destroys what lies outside the account's file (a key in hardware); the caller then drops the stored form.
    fn destroy(&self, stored: &StoredApprovalKey);
}
