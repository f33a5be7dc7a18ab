//! The software approval key: PKCS#8 that only the PIN together with the account's secret opens.
//!
//! `sealed = AES-256-GCM(HKDF(Argon2id(PIN, salt, secret = pepper)), PKCS#8, aad = thumbprint)`. The pepper comes from
//! the operating system's credential store, so the file alone does not allow guessing. The PIN alone protects nothing:
//! six digits fall in days to whoever has file and pepper, which is why failures are counted and the key is destroyed.

use super::{
    Pin,
    seal::{Sealer, derive_bytes},
};
use crate::ports::{
    AccountSecret, ApprovalKey, ApprovalKeyError, MadeApprovalKey, StoredApprovalKey,
    UnlockedApprovalKey,
};
use argon2::{Algorithm, Argon2, Params, Version};
use tegata_protocol::{
    B64, PublicKey, Secret, SigningKey, SystemRng, Thumbprint,
    device::pairing::KeyKind,
    rng::random_bytes,
    webauthn::{
        AuthenticationResponse, ExpectedAssertion, ExpectedRegistration, RegistrationResponse,
        make_assertion, make_registration,
    },
};

/// Cost of Argon2id (RFC 9106) for keys that are made now; stored keys carry their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Parameters {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Argon2Parameters {
    /// 64 MiB, three passes, one lane: below half a second on a small machine.
    pub const STANDARD: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };
    /// The most that is accepted from a file, so that a damaged header cannot exhaust the machine.
    const MOST: Self = Self {
        memory_kib: 1024 * 1024,
        passes: 16,
        lanes: 4,
    };

    /// 32 bytes from a low-entropy secret. `None` if the parameters are out of bounds.
    pub(crate) fn derive(
        self,
        password: &[u8],
        salt: &[u8],
        pepper: &[u8],
    ) -> Option<Secret<[u8; 32]>> {
        let most = Self::MOST;
        if self.memory_kib > most.memory_kib || self.passes > most.passes || self.lanes > most.lanes
        {
            return None;
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        let argon2 =
            Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).ok()?;
        let mut out = [0; 32];
        argon2.hash_password_into(password, salt, &mut out).ok()?;
        Some(Secret::new(out))
    }
}

/// Makes and unlocks keys in software.
#[derive(Debug, Clone)]
pub struct SoftwareApprovalKey {
    rng: SystemRng,
    cost: Argon2Parameters,
}

impl SoftwareApprovalKey {
    /// With [`Argon2Parameters::STANDARD`].
    pub fn new(rng: SystemRng) -> Self {
        Self {
            rng,
            cost: Argon2Parameters::STANDARD,
        }
    }

    /// With another cost for new keys; for tests that make hundreds.
    #[cfg(any(test, feature = "testing"))]
    pub fn with_cost(rng: SystemRng, cost: Argon2Parameters) -> Self {
        Self { rng, cost }
    }
}

impl SoftwareApprovalKey {
    /// The stored form of a private key under a PIN, with a salt of its own.
    fn wrap(
        &self,
        pkcs8: &Secret<Vec<u8>>,
        thumbprint: Thumbprint,
        pin: &Pin,
        secret: &AccountSecret,
    ) -> Result<StoredApprovalKey, ApprovalKeyError> {
        let salt: [u8; 16] = random_bytes(&self.rng);
        let sealer =
            wrapping_key(self.cost, &salt, pin, secret).ok_or(ApprovalKeyError::Unreadable)?;
        // EXPOSE: the private key is sealed here and nowhere else.
        let sealed = sealer.seal(&self.rng, &context(thumbprint), pkcs8.expose());
        Ok(StoredApprovalKey::SoftwarePin {
            memory_kib: self.cost.memory_kib,
            passes: self.cost.passes,
            lanes: self.cost.lanes,
            salt: B64(salt.to_vec()),
            sealed: B64(sealed),
        })
    }
}

struct Unlocked(SigningKey);

impl UnlockedApprovalKey for Unlocked {
    fn public(&self) -> PublicKey {
        *self.0.public()
    }

    fn register(&self, expected: &ExpectedRegistration<'_>) -> RegistrationResponse {
        make_registration(&self.0, expected)
    }

    fn assert(&self, expected: &ExpectedAssertion<'_>, counter: u32) -> AuthenticationResponse {
        make_assertion(&self.0, expected, counter)
    }
}

impl ApprovalKey for SoftwareApprovalKey {
    fn kind(&self) -> KeyKind {
        KeyKind::SoftwarePin
    }

    fn make(&self, pin: &Pin, secret: &AccountSecret) -> Result<MadeApprovalKey, ApprovalKeyError> {
        let (key, pkcs8) = SigningKey::make(&self.rng);
        Ok(MadeApprovalKey {
            stored: self.wrap(&pkcs8, key.thumbprint(), pin, secret)?,
            key: Box::new(Unlocked(key)),
        })
    }

    fn unlock(
        &self,
        stored: &StoredApprovalKey,
        public: &PublicKey,
        pin: &Pin,
        secret: &AccountSecret,
    ) -> Result<Box<dyn UnlockedApprovalKey>, ApprovalKeyError> {
        let pkcs8 = unwrap(stored, public, pin, secret)?;
        // EXPOSE: ring reads the private key for one signature.
        let key = SigningKey::from_pkcs8(pkcs8.expose(), &self.rng)
            .map_err(|_| ApprovalKeyError::Unreadable)?;
        if key.public() == public {
            Ok(Box::new(Unlocked(key)))
        } else {
            Err(ApprovalKeyError::Unreadable)
        }
    }

    fn rewrap(
        &self,
        stored: &StoredApprovalKey,
        public: &PublicKey,
        old: &Pin,
        new: &Pin,
        secret: &AccountSecret,
    ) -> Result<StoredApprovalKey, ApprovalKeyError> {
        let pkcs8 = unwrap(stored, public, old, secret)?;
        self.wrap(&pkcs8, public.thumbprint(), new, secret)
    }

    fn destroy(&self, _stored: &StoredApprovalKey) {
        // Everything that there is of a software key lies in the account's file, which the caller rewrites.
    }
}

/// The private key of a stored form.
fn unwrap(
    stored: &StoredApprovalKey,
    public: &PublicKey,
    pin: &Pin,
    secret: &AccountSecret,
) -> Result<Secret<Vec<u8>>, ApprovalKeyError> {
    let StoredApprovalKey::SoftwarePin {
        memory_kib,
        passes,
        lanes,
        salt,
        sealed,
    } = stored;
    let cost = Argon2Parameters {
        memory_kib: *memory_kib,
        passes: *passes,
        lanes: *lanes,
    };
    let sealer = wrapping_key(cost, &salt.0, pin, secret).ok_or(ApprovalKeyError::Unreadable)?;
    sealer
        .open(&context(public.thumbprint()), &sealed.0)
        .map_err(|_| ApprovalKeyError::PinWrong)
}

fn wrapping_key(
    cost: Argon2Parameters,
    salt: &[u8],
    pin: &Pin,
    secret: &AccountSecret,
) -> Option<Sealer> {
    // EXPOSE: the pepper is derived from the secret and goes into the password hash.
    let pepper = derive_bytes(secret.expose(), "pepper");
    let stretched = cost.derive(pin.expose_digits(), salt, pepper.expose())?;
    // EXPOSE: input of the wrapping key.
    Some(Sealer::from_key_material(stretched.expose(), "approval"))
}

fn context(thumbprint: Thumbprint) -> Vec<u8> {
    format!("tegata approval key {thumbprint}").into_bytes()
}
