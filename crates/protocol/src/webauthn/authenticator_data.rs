//! Authenticator data (WebAuthn section 6.1).

use super::{cbor::CborError, cose};
use crate::{bytes::Sha256Digest, keys::PublicKey};

/// The flags byte. Reserved bits must be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// User present: the authenticator saw a person act.
    pub const UP: u8 = 0x01;
    /// User verified.
    pub const UV: u8 = 0x04;
    /// Backup eligible: zero for device-bound keys.
    pub const BE: u8 = 0x08;
    /// Backed up: zero for device-bound keys.
    pub const BS: u8 = 0x10;
    /// Attested credential data follows.
    pub const AT: u8 = 0x40;
    /// Extension data follows: never here.
    pub const ED: u8 = 0x80;

    /// Whether all of `bits` are set.
    #[must_use]
    pub fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// Parsed authenticator data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the rpId.
    pub rp_id_hash: Sha256Digest,
    /// The flags byte.
    pub flags: Flags,
    /// Signature counter.
    pub counter: u32,
    /// Present in registrations only.
    pub attested: Option<AttestedCredential>,
}

/// Attested credential data (WebAuthn section 6.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestedCredential {
    /// Which kind of authenticator.
    pub aaguid: [u8; 16],
    /// In this protocol always the thumbprint of the key, 32 bytes.
    pub credential_id: Vec<u8>,
    /// The credential's key.
    pub public_key: PublicKey,
}

/// Bytes are not the authenticator data that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticatorDataError {
    /// Too short, too long, or bytes left over.
    #[error("wrong length")]
    Length,
    /// The AT or ED flag does not fit the data, or a reserved bit is set.
    #[error("flags that do not belong here")]
    Flags,
    /// The credential's key is not an ES256 COSE_Key.
    #[error("unacceptable key: {0}")]
    Key(#[from] CborError),
}

/// The exactly 37 bytes of an assertion.
pub fn encode_assertion_data(rp_id: &str, flags: Flags, counter: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(37);
    out.extend(Sha256Digest::of(rp_id.as_bytes()).0);
    out.push(flags.0);
    out.extend(counter.to_be_bytes());
    out
}

pub(super) fn encode_registration_data(
    rp_id: &str,
    flags: Flags,
    counter: u32,
    aaguid: &[u8; 16],
    key: &PublicKey,
) -> Vec<u8> {
    let mut out = encode_assertion_data(rp_id, Flags(flags.0 | Flags::AT), counter);
    out.extend(aaguid);
    out.extend([0, 32]);
    out.extend(key.thumbprint().0.0);
    out.extend(cose::encode_cose_key(key));
    out
}

/// Reads the 37 bytes of an assertion: neither AT nor ED, reserved bits zero.
///
/// # Errors
/// [`AuthenticatorDataError::Length`] or [`AuthenticatorDataError::Flags`].
pub fn parse_assertion_data(bytes: &[u8]) -> Result<AuthenticatorData, AuthenticatorDataError> {
    if bytes.len() != 37 {
        return Err(AuthenticatorDataError::Length);
    }
    let data = parse_fixed(bytes)?;
    if data.flags.has(Flags::AT) {
        Err(AuthenticatorDataError::Flags)
    } else {
        Ok(data)
    }
}

/// Reads the authenticator data of a registration: AT set, ED clear, nothing after the key.
///
/// # Errors
/// [`AuthenticatorDataError`], by the first defect found.
pub fn parse_registration_data(bytes: &[u8]) -> Result<AuthenticatorData, AuthenticatorDataError> {
    let mut data = parse_fixed(bytes)?;
    if !data.flags.has(Flags::AT) {
        return Err(AuthenticatorDataError::Flags);
    }
    let rest = bytes.get(37..).ok_or(AuthenticatorDataError::Length)?;
    let (aaguid, rest) = rest
        .split_at_checked(16)
        .ok_or(AuthenticatorDataError::Length)?;
    let (length, rest) = rest
        .split_at_checked(2)
        .ok_or(AuthenticatorDataError::Length)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let (credential_id, key) = rest
        .split_at_checked(length)
        .ok_or(AuthenticatorDataError::Length)?;
    data.attested = Some(AttestedCredential {
        aaguid: aaguid
            .try_into()
            .map_err(|_| AuthenticatorDataError::Length)?,
        credential_id: credential_id.to_vec(),
        public_key: cose::parse_cose_key(key)?,
    });
    Ok(data)
}

fn parse_fixed(bytes: &[u8]) -> Result<AuthenticatorData, AuthenticatorDataError> {
    let fixed = bytes.get(..37).ok_or(AuthenticatorDataError::Length)?;
    let mut rp_id_hash = [0; 32];
    rp_id_hash.copy_from_slice(&fixed[..32]);
    let flags = Flags(fixed[32]);
    if flags.0 & (Flags::ED | 0x22) != 0 {
        return Err(AuthenticatorDataError::Flags);
    }
    let counter = u32::from_be_bytes([fixed[33], fixed[34], fixed[35], fixed[36]]);
    Ok(AuthenticatorData {
        rp_id_hash: Sha256Digest(rp_id_hash),
        flags,
        counter,
        attested: None,
    })
}
