//! A certificate and its key, read from files and checked.

use rustls::{
    CipherSuite, ServerConfig, SignatureAlgorithm,
    client::verify_server_name,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem, pem::PemObject},
    server::{
        NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier, danger::ClientCertVerifier,
    },
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tegata_protocol::UnixTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer, time::ASN1Time};
use zeroize::Zeroizing;

use super::peer_certificate::ProofOfKey;
use crate::keys::require_private;

/// The cipher suites of TLS 1.2 that FAPI-CIBA section 7.9 allows and rustls has.
const SUITES_OF_TLS12: [CipherSuite; 2] = [
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// PEM, one key.
    pub key: PathBuf,
}

/// A certificate and its key cannot be used. Says which file and why, and nothing of a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read the key.
    #[error("{0} can be read by others; run `chmod 600` on it")]
    Exposed(PathBuf),
    /// The certificate file holds something else.
    #[error("{path} is not a PEM file with certificates: {what}")]
    NoCertificate {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The key file holds something else.
    #[error(
        "{0} holds no key that can be used: it must be PEM with one PKCS#8, SEC1 or PKCS#1 key that is not encrypted, \
         and RSA (2048 bits or more), ECDSA (P-256, P-384) or Ed25519"
    )]
    NoKey(PathBuf),
    /// The two do not belong together.
    #[error("{key} is not the key of the certificate in {certificate}")]
    Mismatch {
        /// The key file.
        key: PathBuf,
        /// The certificate file.
        certificate: PathBuf,
    },
    /// rustls refuses them.
    #[error("{path} cannot be served: {source}")]
    Unusable {
        /// The certificate file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The file with clients' authorities holds something that is none.
    #[error("{path} holds a certificate that is no authority: {what}")]
    NoAuthority {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A certificate that is to replace another one is not valid now.
    #[error("the certificate in {path} is not valid now, but from {from} to {until}")]
    NotNow {
        /// The certificate file.
        path: PathBuf,
        /// Its first second, as a date.
        from: String,
        /// Its last second, as a date.
        until: String,
        /// The first second, if it is still to come.
        opens: Option<UnixTime>,
    },
}

/// What time alone, or somebody who does not write to the file, can mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// At any moment.
    Anytime,
    /// At this second.
    At(UnixTime),
}

impl TlsError {
    /// Whether the same files may do later; `None`: not before they are written again.
    pub(super) fn passing(&self) -> Option<Passing> {
        match self {
            // Permissions change without the file changing.
            Self::Exposed(_) | Self::Io { .. } => Some(Passing::Anytime),
            Self::NotNow { opens, .. } => opens.map(Passing::At),
            Self::Mismatch { .. }
            | Self::NoAuthority { .. }
            | Self::NoCertificate { .. }
            | Self::NoKey(_)
            | Self::Unusable { .. } => None,
        }
    }
}

/// A certificate with its key, ready to be served.
pub struct Material {
    subject: String,
    not_before: ASN1Time,
    not_after: ASN1Time,
    certificate: CertificateDer<'static>,
    asking: Arc<ServerConfig>,
    silent: Arc<ServerConfig>,
}

impl Material {
    /// Reads and checks the files. Whether the certificate is valid at present is another question: [`Self::is_valid_at`].
    ///
    /// # Errors
    /// [`TlsError`], with a text for the operator.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let chain = read_chain(&files.certificate)?;
        let key = read_key(&files.key)?;
        let unusable = |source| TlsError::Unusable {
            path: files.certificate.clone(),
            source,
        };
        let no_certificate = |what: &str| TlsError::NoCertificate {
            path: files.certificate.clone(),
            what: what.to_owned(),
        };
        let certificate = chain
            .first()
            .ok_or_else(|| no_certificate("it is empty"))?
            .clone();
        let (subject, not_before, not_after) = {
            let (_, parsed) = X509Certificate::from_der(&certificate)
                .map_err(|_| no_certificate("the first certificate is damaged"))?;
            let validity = parsed.validity();
            (
                parsed.subject().to_string(),
                validity.not_before,
                validity.not_after,
            )
        };
        let provider = provider();
        let signing = provider
            .key_provider
            .load_private_key(key)
            .map_err(|_| TlsError::NoKey(files.key.clone()))?;
        let pair = CertifiedKey::new(chain, signing);
        match pair.keys_match() {
            Ok(()) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(TlsError::Mismatch {
                    key: files.key.clone(),
                    certificate: files.certificate.clone(),
                });
            }
            Err(error) => return Err(unusable(error)),
        }
        let provider = Arc::new(provider);
        let asking = Arc::new(ProofOfKey::new(&provider));
        let silent = WebPkiClientVerifier::no_client_auth();
        Ok(Self {
            subject,
            not_before,
            not_after,
            certificate,
            asking: server_config(&provider, &pair, asking).map_err(unusable)?,
            silent: server_config(&provider, &pair, silent).map_err(unusable)?,
        })
    }

    /// Whom the certificate is for, as its subject says; may be empty, as newer certificates have names only.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The last second in which the certificate is valid.
    pub fn until(&self) -> UnixTime {
        UnixTime(self.not_after.timestamp())
    }

    /// The same as a date.
    pub fn until_date(&self) -> String {
        date(self.not_after)
    }

    /// Whether the certificate is valid then.
    pub fn is_valid_at(&self, now: UnixTime) -> bool {
        self.not_before.timestamp() <= now.0 && now <= self.until()
    }

    /// Whether the certificate names `host` among its alternative names, as clients demand.
    pub fn names(&self, host: &str) -> bool {
        ServerName::try_from(host).is_ok_and(|name| {
            ParsedCertificate::try_from(&self.certificate)
                .is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
        })
    }

    /// What connections are made with; `ask` for a client's certificate or do not.
    pub(super) fn config(&self, ask: bool) -> Arc<ServerConfig> {
        Arc::clone(if ask { &self.asking } else { &self.silent })
    }

    /// The error for a certificate that is not valid at `now`.
    pub(super) fn not_now(&self, files: &TlsFiles, now: UnixTime) -> TlsError {
        let from = UnixTime(self.not_before.timestamp());
        TlsError::NotNow {
            opens: (from > now).then_some(from),
            path: files.certificate.clone(),
            from: date(self.not_before),
            until: self.until_date(),
        }
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material")
            .field("subject", &self.subject)
            .field("until", &self.until_date())
            .finish_non_exhaustive()
    }
}

fn date(time: ASN1Time) -> String {
    time.to_rfc2822()
        .unwrap_or_else(|_| time.timestamp().to_string())
}

pub(super) fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bad = |what: String| TlsError::NoCertificate {
        path: path.to_owned(),
        what,
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, pem::Error>>()
        .map_err(|error| bad(error.to_string()))?;
    if chain.is_empty() {
        return Err(bad("there is none in it".to_owned()));
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let private = require_private(path).map_err(|source| TlsError::Io {
        path: path.to_owned(),
        source,
    })?;
    if !private {
        return Err(TlsError::Exposed(path.to_owned()));
    }
    // The parser's own error could quote the file.
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| TlsError::NoKey(path.to_owned()))
}

pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    fs::read(path)
        .map(Zeroizing::new)
        .map_err(|source| TlsError::Io {
            path: path.to_owned(),
            source,
        })
}

/// ring, with the cipher suites that FAPI-CIBA section 7.9 allows.
pub(super) fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider
        .cipher_suites
        .retain(|suite| suite.version() == &TLS13 || SUITES_OF_TLS12.contains(&suite.suite()));
    provider
}

/// No session is resumed: every connection signs anew with the certificate in force, and a client's certificate is always
/// one whose key was used in this very handshake.
fn server_config(
    provider: &Arc<CryptoProvider>,
    pair: &CertifiedKey,
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let versions: &[_] = match pair.key.algorithm() {
        SignatureAlgorithm::RSA => &[&TLS13, &TLS12],
        _ => &[&TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair.clone())));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
