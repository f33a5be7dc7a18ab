//! A pairing that the app itself began: the server's page in a browser of this machine gets a code that is bound to this
//! pairing's possession key, and hands it over in a link (`docs/protocol.md` section 4.1).

use super::{Invited, PairingCause, PairingFailure};
use crate::metadata::TrustedMetadata;
use std::fmt;
use tegata_protocol::{
    Secret, SigningKey, SystemRng, Thumbprint,
    device::invitation::{InvitationCode, Issuer, parse_begun},
};

/// The possession key of a pairing to come, in memory alone.
pub(super) struct Possession {
    pub(super) key: SigningKey,
    pub(super) pkcs8: Secret<Vec<u8>>,
}

impl Possession {
    pub(super) fn make(rng: &SystemRng) -> Self {
        let (key, pkcs8) = SigningKey::make(rng);
        Self { key, pkcs8 }
    }
}

impl fmt::Debug for Possession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Possession(redacted)")
    }
}

/// Open [`Begun::page`] in the person's browser and wait for its link. The person may type a code instead.
#[derive(Debug)]
pub struct Begun {
    invited: Invited,
    root: Thumbprint,
    page: String,
}

impl Begun {
    pub(super) fn new(
        mut invited: Invited,
        trusted: &TrustedMetadata,
    ) -> Result<Self, PairingFailure> {
        let start = trusted.metadata.endpoints.pair_start.as_deref();
        let start = start.ok_or_else(|| {
            PairingFailure::new(
                PairingCause::BrowserNotOffered,
                "the server has no page where an app can begin a pairing",
            )
        })?;
        // Under the issuer and canonical, as every endpoint is.
        if start.contains(['?', '#']) {
            return Err(PairingFailure::new(
                PairingCause::ServerError,
                "the address of the server's page has a query or a fragment",
            ));
        }
        let root = trusted.root.thumbprint();
        let possession = Possession::make(invited.device.system_rng());
        let page = format!("{start}?jkt={}", possession.key.thumbprint());
        invited.root = Some(root);
        invited.possession = Some(possession);
        Ok(Self {
            invited,
            root,
            page,
        })
    }

    /// Where the browser gets the code: under the issuer, with the thumbprint of the possession key and without any secret.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The server; show [`Issuer::host`].
    pub fn issuer(&self) -> &Issuer {
        self.invited.issuer()
    }

    /// The code of an opened link, if that link is the answer that is waited for: of this server, by the root key that this
    /// began with. `None`: the link is to be read like any other, by [`crate::Device::read_invitation`], which takes no code
    /// of an opened one.
    pub fn take_link(&self, text: &str) -> Option<InvitationCode> {
        parse_begun(text, self.issuer(), self.root)
    }

    /// Goes on with a code that came by [`Begun::take_link`], or that the person typed: with the root key and the possession
    /// key that this began with.
    pub fn with_code(mut self, code: InvitationCode) -> Invited {
        self.invited.code = Some(code);
        self.invited
    }
}

#[cfg(test)]
mod tests;
