//! The authorities that vouch for clients' certificates (`tls_client_auth`, RFC 8705 section 2.1).

use rustls::{
    RootCertStore,
    pki_types::CertificateDer,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tegata_protocol::UnixTime;

use super::{
    Look, TlsError,
    followed::Followed,
    material::{provider, read_chain},
};

/// What the configured file holds; follows it while the server runs. Without a file nobody is vouched for.
#[derive(Debug)]
pub struct ClientAuthorities(Option<(PathBuf, Followed<Bundle>)>);

#[derive(Debug)]
struct Bundle(Arc<dyn ClientCertVerifier>);

/// Nobody vouches for a certificate. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotVouchedFor {
    /// No authorities are configured.
    #[error("tls.client_authorities is not set")]
    NoAuthorities,
    /// The chain does not hold at present.
    #[error("the certificate is not vouched for: {0}")]
    Chain(rustls::Error),
}

impl ClientAuthorities {
    /// Reads the bundle, if there is to be one.
    ///
    /// # Errors
    /// [`TlsError`], with a text for the operator.
    pub fn open(file: Option<PathBuf>) -> Result<Self, TlsError> {
        let Some(file) = file else {
            return Ok(Self(None));
        };
        let followed = Followed::open(vec![file.clone()], || Bundle::load(&file))?;
        Ok(Self(Some((file, followed))))
    }

    /// Whether there is a file to follow.
    pub(crate) fn is_followed(&self) -> bool {
        self.0.is_some()
    }

    /// Reads the file if it has changed; see [`super::Renewal::look`].
    pub fn look(&self, now: UnixTime) -> Look {
        self.0.as_ref().map_or(Look::Nothing, |(file, followed)| {
            followed.look(now, || Bundle::load(file))
        })
    }

    /// Reads the file, whether or not it seems to have changed.
    pub fn reload(&self) -> Look {
        self.0.as_ref().map_or(Look::Nothing, |(file, followed)| {
            followed.reload(|| Bundle::load(file))
        })
    }

    /// Whether one of the authorities vouches for the first certificate of `chain` at `now`, by way of the others
    /// (RFC 5280 section 6): signatures, validity, constraints, and that it is for TLS clients if it says what it is for.
    /// Revocation is not looked at.
    ///
    /// # Errors
    /// [`NotVouchedFor`].
    pub(crate) fn vouch(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), NotVouchedFor> {
        let (Some((_, followed)), Some((leaf, others))) = (&self.0, chain.split_first()) else {
            return Err(NotVouchedFor::NoAuthorities);
        };
        let since_1970 = Duration::from_secs(u64::try_from(now.0).unwrap_or(0));
        let now = rustls::pki_types::UnixTime::since_unix_epoch(since_1970);
        followed
            .in_force()
            .0
            .verify_client_cert(leaf, others, now)
            .map(drop)
            .map_err(NotVouchedFor::Chain)
    }
}

impl Bundle {
    fn load(path: &Path) -> Result<Self, TlsError> {
        let bad = |what: String| TlsError::NoAuthority {
            path: path.to_owned(),
            what,
        };
        let mut roots = RootCertStore::empty();
        for certificate in read_chain(path)? {
            roots
                .add(certificate)
                .map_err(|error| bad(error.to_string()))?;
        }
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
            .build()
            .map(Self)
            .map_err(|error| bad(error.to_string()))
    }
}
