//! Certificates that clients show in a handshake (RFC 8705): any will do whose key the client proves to have.
//!
//! Whether somebody vouches for it, and whose it is, is another question, asked where a client authenticates.

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use x509_parser::{asn1_rs::Any, certificate::X509Certificate, prelude::FromDer};

/// Most certificates of one chain.
pub(crate) const MAX_CHAIN: usize = 8;

/// Most bytes of one certificate.
pub(crate) const MAX_CERTIFICATE: usize = 16 * 1024;

/// Asks for a certificate, does not require one, and takes every one whose key is proved by the handshake's signature.
/// Versions of X.509, validity, purposes and issuers do not matter here.
#[derive(Debug)]
pub(super) struct ProofOfKey {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ProofOfKey {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self {
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ClientCertVerifier for ProofOfKey {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None: self-signed certificates have no authority that could be named.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    /// Bounds what handlers are handed; the rest is told by the signature.
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let fits = intermediates.len() < MAX_CHAIN
            && std::iter::once(end_entity)
                .chain(intermediates)
                .all(|certificate| certificate.len() <= MAX_CERTIFICATE);
        if !fits {
            return Err(CertificateError::BadEncoding.into());
        }
        public_key_info(end_entity).map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let info = public_key_info(cert)?;
        let key = PublicKey::of(&info)?;
        let (_, algorithms) = self
            .algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == dss.scheme)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        // In TLS 1.2 a scheme for ECDSA says nothing of the curve: the key does.
        let algorithm = algorithms
            .iter()
            .find(|algorithm| algorithm.public_key_alg_id().as_ref() == key.algorithm)
            .ok_or(CertificateError::BadSignature)?;
        algorithm
            .verify_signature(&key.bits, message, dss.signature())
            .map_err(|_| CertificateError::BadSignature)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let info = SubjectPublicKeyInfoDer::from(public_key_info(cert)?);
        verify_tls13_signature_with_raw_key(message, &info, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The certificate's `SubjectPublicKeyInfo`, as DER.
fn public_key_info(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, Error> {
    match X509Certificate::from_der(certificate) {
        Ok(([], parsed)) => Ok(parsed.public_key().raw.to_vec()),
        _ => Err(CertificateError::BadEncoding.into()),
    }
}

/// The two parts of a `SubjectPublicKeyInfo`.
struct PublicKey<'a> {
    /// What is inside of the `AlgorithmIdentifier`.
    algorithm: &'a [u8],
    /// What is inside of the bit string.
    bits: Vec<u8>,
}

impl<'a> PublicKey<'a> {
    fn of(info: &'a [u8]) -> Result<Self, Error> {
        let bad = |_| Error::from(CertificateError::BadEncoding);
        let (_, sequence) = Any::from_der(info).map_err(bad)?;
        let (rest, algorithm) = Any::from_der(sequence.data).map_err(bad)?;
        let (_, key) = Any::from_der(rest).map_err(bad)?;
        match key.data.split_first() {
            // A key is made of whole bytes: no bits are unused.
            Some((0, bits)) => Ok(Self {
                algorithm: algorithm.data,
                bits: bits.to_vec(),
            }),
            _ => Err(CertificateError::BadEncoding.into()),
        }
    }
}
