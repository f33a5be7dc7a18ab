//! First phase: an invitation was read, nothing was sent.

use super::{Offered, PairingCause, PairingFailure};
use crate::{
    Device,
    gateway::post_unproved,
    metadata::{MetadataFetchError, fetch_metadata},
    ports::NetworkSettings,
};
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
    device: Device,
    issuer: Issuer,
    code: Option<InvitationCode>,
    root: Option<Thumbprint>,
    network: NetworkSettings,
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
            network,
        })
    }

    pub(crate) fn from_code(
        device: Device,
        server: &str,
        code: &str,
    ) -> Result<Self, PairingFailure> {
        let network = device.settings().network;
        Ok(Self {
            device,
            issuer: read_server(server)?,
            code: Some(InvitationCode::parse(code)?),
            root: None,
            network,
        })
    }

    /// The server that invites; show [`Issuer::host`].
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Whether the link named the server alone, so that the person has to type the code.
    #[must_use]
    pub fn needs_code(&self) -> bool {
        self.code.is_none()
    }

    /// Whether the invitation names the server's root key. Without, the key is trusted at first use and its fingerprint
    /// is to be compared by the person.
    #[must_use]
    pub fn pins_root(&self) -> bool {
        self.root.is_some()
    }

    /// Adds the code to a link that came without one.
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

    /// The person confirmed the host: asks the server for its metadata and redeems the code, which consumes it.
    ///
    /// # Errors
    /// [`PairingFailure`].
    pub async fn check(self) -> Result<Offered, PairingFailure> {
        let Self {
            device,
            issuer,
            code,
            root,
            network,
        } = self;
        let code = code.ok_or(InvitationError::Code)?;
        // 1. Secrets can be kept here; found out before the code is used up.
        device.ports().secrets.probe().await?;
        // 2. The server is the one that the invitation names.
        let transport = device.ports().network.transport(&issuer, &network)?;
        let now = device.ports().clock.now();
        let trusted = fetch_metadata(transport.as_ref(), &issuer, root, 0, now)
            .await
            .map_err(|error| match error {
                MetadataFetchError::Transport(error) => error.into(),
                MetadataFetchError::Refused(error) => error.into(),
                other => PairingFailure::new(PairingCause::ServerError, other),
            })?;
        // 3. The code, alone.
        let request = RedeemRequest {
            v: V1,
            // EXPOSE: the code is what is posted.
            code: code.expose_canonical().to_owned(),
        };
        let redeem = &trusted.metadata.endpoints.redeem;
        let response: RedeemResponse = post_unproved(transport.as_ref(), redeem, &request).await?;
        // 4. The offer is signed, of this issuer and for this code.
        let keys = Metadata::valid_at(&trusted.metadata.receipt_keys, now);
        let offer = parse_offer(&response.offer, &keys, &issuer, &code)?;
        let replaces = device.unusable_pairings(&issuer, &offer.account.id).await?;
        Ok(Offered {
            device,
            issuer,
            network,
            transport,
            trusted,
            offer_jws: response.offer,
            offer,
            first_use: root.is_none(),
            replaces,
        })
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
