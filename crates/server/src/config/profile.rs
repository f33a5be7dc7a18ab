//! The profile that the provider keeps to: what it offers, and what it insists on.
//!
//! Metadata, registration and the endpoints all ask here, so that they cannot disagree. A client that was registered
//! before the profile was switched on is held to it as well.
//!
//! To add a profile: a variant, and its answer to each question below.

use serde::{Deserialize, Serialize};
use tegata_protocol::ciba::TokenDeliveryMode;

use crate::{domain::Client, jose::Algorithm};

/// Which rules hold beyond CIBA Core.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Profile {
    /// CIBA Core alone.
    #[default]
    Standard,
    /// Financial-grade API: Client Initiated Backchannel Authentication Profile (FAPI-CIBA), Implementer's Draft 1, with
    /// what it takes over from FAPI 1 Baseline and Advanced.
    FapiCiba,
}

impl Profile {
    const fn is_fapi(self) -> bool {
        matches!(self, Self::FapiCiba)
    }

    /// How clients may learn of results (FAPI-CIBA section 5.2.2, points 3 to 5).
    pub const fn delivery_modes(self) -> &'static [TokenDeliveryMode] {
        use TokenDeliveryMode as M;
        match self {
            Self::Standard => &[M::Poll, M::Ping, M::Push],
            Self::FapiCiba => &[M::Poll, M::Ping],
        }
    }

    /// How clients may authenticate (FAPI 1 Advanced section 5.2.2, point 14); names of OpenID Connect Core section 9 and RFC
    /// 8705 section 2.
    pub const fn authentication_methods(self) -> &'static [&'static str] {
        match self {
            Self::Standard => &[
                "client_secret_basic",
                "client_secret_post",
                "client_secret_jwt",
                "private_key_jwt",
                "tls_client_auth",
                "self_signed_tls_client_auth",
            ],
            Self::FapiCiba => &[
                "private_key_jwt",
                "tls_client_auth",
                "self_signed_tls_client_auth",
            ],
        }
    }

    /// With what clients may sign requests and assertions (FAPI-CIBA section 7.10).
    pub const fn client_algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Standard => &Algorithm::FROM_CLIENTS,
            Self::FapiCiba => &[Algorithm::Es256, Algorithm::Ps256],
        }
    }

    /// Whether ID tokens may be signed by `algorithm` (FAPI-CIBA section 7.10).
    pub const fn may_sign(self, algorithm: Algorithm) -> bool {
        !self.is_fapi() || matches!(algorithm, Algorithm::Es256 | Algorithm::Ps256)
    }

    /// Whether every request must be signed (FAPI-CIBA section 5.2.2, point 6).
    pub const fn wants_signed_requests(self) -> bool {
        self.is_fapi()
    }

    /// Whether a request must have a binding message or an authorization context of its own (FAPI-CIBA section 5.2.2,
    /// point 2).
    pub const fn wants_context(self) -> bool {
        self.is_fapi()
    }

    /// Whether every access token must be bound to a certificate (FAPI 1 Advanced section 5.2.2, points 5 and 6); DPoP is
    /// no alternative there.
    pub const fn wants_certificates(self) -> bool {
        self.is_fapi()
    }

    /// Whether tokens may be bound by DPoP.
    pub const fn offers_dpop(self) -> bool {
        !self.is_fapi()
    }

    /// Whether the client may ask for anything: its method and its delivery are offered. The error is what its developer
    /// is told.
    ///
    /// # Errors
    /// The text, of characters that an error body may hold.
    pub fn admit(self, client: &Client) -> Result<(), &'static str> {
        if !self
            .delivery_modes()
            .contains(&client.settings.delivery.mode())
        {
            return Err(
                "this provider does not offer the delivery mode that the client is registered for",
            );
        }
        if !self.may_sign(client.settings.id_token_alg) {
            return Err(
                "this provider does not sign ID tokens with the algorithm that the client is registered for",
            );
        }
        Ok(())
    }
}
