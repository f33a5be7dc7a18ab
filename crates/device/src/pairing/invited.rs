//! First phase: an invitation was read, nothing was sent.

use super::{Begun, Offered, PairingCause, PairingFailure, begun::Possession};
use crate::{
    Device,
    gateway::post_unproved,
    metadata::{MetadataFetchError, TrustedMetadata, fetch_metadata},
    ports::{NetworkSettings, Transport},
};
use std::sync::Arc;
use tegata_protocol::{
    Thumbprint,
    device::{
        V1,
        invitation::{Invitation, InvitationCode, InvitationError, Issuer, parse_invitation},
        metadata::Metadata,
        pairing::{RedeemRequest, RedeemResponse, parse_offer},
    },
};

/// An invitation. Show [`Invited::issuer`]'s host in plain ASCII and ask before going on.
#[derive(Debug)]
pub struct Invited {
    pub(super) device: Device,
    pub(super) issuer: Issuer,
    pub(super) code: Option<InvitationCode>,
    pub(super) root: Option<Thumbprint>,
    /// Nothing but the server's first answer vouches for the root.
    pub(super) first_use: bool,
    pub(super) network: NetworkSettings,
    /// Made before the code was bound to it.
    pub(super) possession: Option<Possession>,
}

impl Invited {
    pub(crate) fn from_link(device: Device, text: &str) -> Result<Self, PairingFailure> {
        let network = device.settings().network;
        let (issuer, code, root) = match parse_invitation(text)? {
            Invitation::Complete { issuer, code, root } => (issuer, Some(code), root),
            Invitation::ServerOnly { issuer, root } => (issuer, None, root),
            _ => {
                return Err(PairingFailure::new(
                    PairingCause::InvitationMalformed,
                    "a code alone does not say which server; give the server's address too",
                ));
            }
        };
        Ok(Self {
            device,
            issuer,
            code,
            root: Some(root),
            first_use: false,
            network,
            possession: None,
        })
    }

    pub(crate) fn from_code(
        device: Device,
        server: &str,
        code: &str,
    ) -> Result<Self, PairingFailure> {
        let code = InvitationCode::parse(code)?;
        let mut invited = Self::from_server(device, server)?;
        invited.code = Some(code);
        Ok(invited)
    }

    pub(crate) fn from_server(device: Device, server: &str) -> Result<Self, PairingFailure> {
        let network = device.settings().network;
        Ok(Self {
            device,
            issuer: read_server(server)?,
            code: None,
            root: None,
            first_use: true,
            network,
            possession: None,
        })
    }

    /// The server that invites; show [`Issuer::host`].
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Whether the server alone was named, so that the person has to type the code or to go on in the browser.
    #[must_use]
    pub fn needs_code(&self) -> bool {
        self.code.is_none()
    }

    /// Whether the invitation names the server's root key. Without, the key is trusted at first use and its fingerprint
    /// is to be compared by the person.
    #[must_use]
    pub fn pins_root(&self) -> bool {
        !self.first_use
    }

    /// Adds the code to what came without one.
    ///
    /// # Errors
    /// [`PairingCause::InvitationMalformed`].
    pub fn with_code(mut self, code: &str) -> Result<Self, PairingFailure> {
        self.code = Some(InvitationCode::parse(code)?);
        Ok(self)
    }

    /// Other network settings than those for new pairings; kept with the account.
    #[must_use]
    pub fn with_network(mut self, network: NetworkSettings) -> Self {
        self.network = network;
        self
    }

    /// The person confirmed the host and wants to go on in a browser of this machine, which has an issuing session open: asks
    /// the server where, and makes the possession key, in memory alone (section 4.1). A code that the invitation has is left
    /// alone.
    ///
    /// # Errors
    /// [`PairingFailure`]; [`PairingCause::BrowserNotOffered`] if the server has no page for it.
    pub async fn begin(self) -> Result<Begun, PairingFailure> {
        self.device.ports().secrets.probe().await?;
        let (_, trusted) = self.metadata().await?;
        Begun::new(self, &trusted)
    }

    /// The person confirmed the host: asks the server for its metadata and redeems the code, which consumes it.
    ///
    /// # Errors
    /// [`PairingFailure`].
    pub async fn check(self) -> Result<Offered, PairingFailure> {
        let code = self.code.as_ref().ok_or(InvitationError::Code)?;
        // 1. Secrets can be kept here; found out before the code is used up.
        self.device.ports().secrets.probe().await?;
        // 2. Who answers has the root key that the invitation names, if it names one.
        let (transport, trusted) = self.metadata().await?;
        // 3. The code, alone.
        let request = RedeemRequest {
            v: V1,
            // EXPOSE: the code is what is posted.
            code: code.expose_canonical().to_owned(),
        };
        let redeem = &trusted.metadata.endpoints.redeem;
        let response: RedeemResponse = post_unproved(transport.as_ref(), redeem, &request).await?;
        // 4. The offer is signed, of this issuer and for this code.
        let now = self.device.ports().clock.now();
        let keys = Metadata::valid_at(&trusted.metadata.receipt_keys, now);
        let offer = parse_offer(&response.offer, &keys, &self.issuer, code)?;
        let replaces = self
            .device
            .unusable_pairings(&self.issuer, &offer.account.id)
            .await?;
        Ok(Offered {
            device: self.device,
            issuer: self.issuer,
            network: self.network,
            transport,
            trusted,
            offer_jws: response.offer,
            offer,
            first_use: self.first_use,
            possession: self.possession,
            replaces,
        })
    }

    /// The server's own word, by the root key that is held to.
    async fn metadata(&self) -> Result<(Arc<dyn Transport>, TrustedMetadata), PairingFailure> {
        let ports = self.device.ports();
        let transport = ports.network.transport(&self.issuer, &self.network)?;
        let now = ports.clock.now();
        let fetched = fetch_metadata(transport.as_ref(), &self.issuer, self.root, 0, now).await;
        let trusted = fetched.map_err(|error| match error {
            MetadataFetchError::Transport(error) => error.into(),
            MetadataFetchError::Refused(error) => error.into(),
            other => PairingFailure::new(PairingCause::ServerError, other),
        })?;
        Ok((transport, trusted))
    }
}

/// Reads a server as a person types it: a host with an optional port, or a whole issuer URL.
fn read_server(text: &str) -> Result<Issuer, InvitationError> {
    let text = text.trim().trim_end_matches('/');
    if text.contains("://") {
        return Issuer::parse(text);
    }
    let text = text.to_ascii_lowercase();
    let host = text.split([':', '/']).next().unwrap_or_default();
    let scheme = if host == "localhost" || host.ends_with(".localhost") {
        "http"
    } else {
        "https"
    };
    Issuer::parse(&format!("{scheme}://{text}"))
}
