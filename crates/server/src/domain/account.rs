//! A person as the server knows them.

use tegata_protocol::{AccountId, Sha256Digest, UnixTime};

/// An account. Three identifiers that never stand for one another: `id` for devices, `sub` for clients, `login_name`
/// for the person and the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Opaque id that devices see.
    pub id: AccountId,
    /// `sub` of ID tokens and of `login_hint` in its `iss_sub` form.
    pub sub: String,
    /// What the person signs in as and what `login_hint` may say; unique.
    pub login_name: String,
    /// Shown to the person on their device.
    pub display_name: String,
    /// Made for tests: exempt from the budgets of the device protocol's section 11.3.
    pub test: bool,
    /// When it was made.
    pub created: UnixTime,
    /// Keyed hash of the person's `user_code` (CIBA Core section 7.1.2), if they have one.
    pub user_code: Option<Sha256Digest>,
}

/// Whether `name` can be a login name: 1–64 characters of `A-Z a-z 0-9 . _ @ + -`.
pub fn is_login_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'+' | b'-'))
}
