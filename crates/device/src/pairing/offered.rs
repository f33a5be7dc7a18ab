//! Second to fourth phase: the server offered an account; the person accepts; keys are made.

use super::{PairingCause, PairingFailure, Registered, begun::Possession};
use crate::{
    Device,
    account::LocalAccountId,
    gateway::post_unproved,
    keys::Pin,
    metadata::TrustedMetadata,
    ports::{AccountSecret, NetworkSettings, StoredApprovalKey, Transport},
};
use std::{fmt, sync::Arc};
use tegata_protocol::{
    PublicKey, Secret, Sha256Digest, SigningKey, Thumbprint,
    device::{
        V1,
        invitation::Issuer,
        metadata::Metadata,
        pairing::{
            DeviceDescription, Offer, PairingRequest, PairingResponse, derive_pairing_digits,
            derive_registration_challenge, parse_reveal,
        },
    },
    rng::random_bytes,
    webauthn::{CredentialRole, ExpectedRegistration, RegistrationResponse, make_registration},
};

/// The server answered: show host and account, and the fingerprint if the root is new, and ask.
pub struct Offered {
    pub(super) device: Device,
    pub(super) issuer: Issuer,
    pub(super) network: NetworkSettings,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) trusted: TrustedMetadata,
    pub(super) offer_jws: String,
    pub(super) offer: Offer,
    pub(super) first_use: bool,
    pub(super) possession: Option<Possession>,
    pub(super) replaces: Vec<LocalAccountId>,
}

impl Offered {
    /// The server.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The server's name by its own metadata. Shown beside the host, never instead of it.
    pub fn issuer_name(&self) -> &str {
        &self.trusted.metadata.name
    }

    /// The account's name.
    pub fn account_name(&self) -> &str {
        &self.offer.account.name
    }

    /// The root key about to be pinned.
    pub fn root(&self) -> Thumbprint {
        self.trusted.root.thumbprint()
    }

    /// Whether nothing but this answer vouches for the root, so that the person should compare its fingerprint.
    #[must_use]
    pub fn is_first_use(&self) -> bool {
        self.first_use
    }

    /// The person confirmed host and account. Sends nothing.
    pub fn accept(self) -> Accepted {
        Accepted(self)
    }
}

impl fmt::Debug for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offered")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// The person accepted; a PIN is to be chosen.
#[derive(Debug)]
pub struct Accepted(Offered);

impl Accepted {
    /// The offer that was accepted.
    pub fn offered(&self) -> &Offered {
        &self.0
    }

    /// Makes the approval key that `pin` unlocks, and the possession key unless the pairing began with it. `pin` comes from [`Pin::choose`]. Takes up to a
    /// second. Sends nothing.
    ///
    /// # Errors
    /// [`PairingCause::Internal`].
    pub async fn make_keys(self, pin: Pin) -> Result<KeysMade, PairingFailure> {
        let Self(mut offered) = self;
        let possession = offered.possession.take();
        let rng = &offered.device.ports().rng;
        let secret: AccountSecret = Secret::new(random_bytes(rng.as_ref()));
        let device_nonce = Sha256Digest(random_bytes(rng.as_ref()));
        let possession =
            possession.unwrap_or_else(|| Possession::make(offered.device.system_rng()));
        let approval_port = offered.device.ports().approval.clone();
        let for_key = secret.clone();
        let made = tokio::task::spawn_blocking(move || approval_port.make(&pin, &for_key))
            .await
            .map_err(|error| PairingFailure::new(PairingCause::Internal, error))?
            .map_err(|error| PairingFailure::new(PairingCause::Internal, error))?;
        // The approval key registers first; it is dropped, and with it the unlocked form, right after.
        let rp_id = offered.trusted.metadata.rp_id.clone();
        let origin = offered.trusted.metadata.origin.clone();
        let challenge = |role, registered: &[Thumbprint]| {
            derive_registration_challenge(&offered.offer_jws, device_nonce, role, registered)
        };
        let approval_registration = made.key.register(&ExpectedRegistration {
            challenge: challenge(CredentialRole::Approval, &[]),
            rp_id: &rp_id,
            origin: &origin,
            role: CredentialRole::Approval,
        });
        let approval = made.key.public();
        // Possession comes last, and so covers both.
        let possession_registration = make_registration(
            &possession.key,
            &ExpectedRegistration {
                challenge: challenge(CredentialRole::Possession, &[approval.thumbprint()]),
                rp_id: &rp_id,
                origin: &origin,
                role: CredentialRole::Possession,
            },
        );
        Ok(KeysMade {
            offered,
            secret,
            device_nonce,
            possession: Arc::new(possession.key),
            possession_pkcs8: possession.pkcs8,
            approval,
            approval_stored: made.stored,
            approval_registration,
            possession_registration,
        })
    }
}

/// Keys exist, in memory alone.
pub struct KeysMade {
    pub(super) offered: Offered,
    pub(super) secret: AccountSecret,
    pub(super) device_nonce: Sha256Digest,
    pub(super) possession: Arc<SigningKey>,
    pub(super) possession_pkcs8: Secret<Vec<u8>>,
    pub(super) approval: PublicKey,
    pub(super) approval_stored: StoredApprovalKey,
    approval_registration: RegistrationResponse,
    possession_registration: RegistrationResponse,
}

impl fmt::Debug for KeysMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeysMade")
    }
}

impl KeysMade {
    /// Registers both keys and checks the reveal: the nonce opens the commitment and the thumbprints are ours. Only then
    /// are there digits to show.
    ///
    /// # Errors
    /// [`PairingFailure`].
    pub async fn register(self) -> Result<Registered, PairingFailure> {
        let device = &self.offered.device;
        let settings = device.settings();
        let description = DeviceDescription {
            name: settings.device_name.clone(),
            platform: platform().to_owned(),
            app: device.app().to_owned(),
            locale: settings.language(),
            key: device.ports().approval.kind(),
        };
        let request = PairingRequest {
            v: V1,
            pairing: self.offered.offer.jti.clone(),
            device_nonce: self.device_nonce,
            device: description,
            approval: self.approval_registration.clone(),
            possession: self.possession_registration.clone(),
        };
        let metadata = &self.offered.trusted.metadata;
        let response: PairingResponse = post_unproved(
            self.offered.transport.as_ref(),
            &metadata.endpoints.pairings,
            &request,
        )
        .await?;
        let keys = Metadata::valid_at(&metadata.receipt_keys, device.ports().clock.now());
        let (approval, possession) = (self.approval.thumbprint(), self.possession.thumbprint());
        let reveal = parse_reveal(
            &response.reveal,
            &keys,
            &self.offered.offer_jws,
            &self.offered.offer,
            approval,
            possession,
        )?;
        let digits = derive_pairing_digits(
            &self.offered.offer_jws,
            approval,
            possession,
            self.device_nonce,
            reveal.server_nonce,
        );
        Ok(Registered::new(self, reveal, digits, settings.device_name))
    }
}

/// The word for this operating system in a device description.
fn platform() -> &'static str {
    match std::env::consts::OS {
        known @ ("linux" | "macos" | "windows" | "android" | "ios") => known,
        _ => "linux",
    }
}
