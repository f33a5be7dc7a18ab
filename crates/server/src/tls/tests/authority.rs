//! An authority, and what it signs.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{RootCertStore, pki_types::CertificateDer};
use std::{fs, path::Path, time::Duration};

use crate::{keys::write_private, tls::TlsFiles};

/// A key for tests of what only RSA can do; it guards nothing.
pub(super) const RSA_KEY: &str = include_str!("rsa-key.pem");

pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn make() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).unwrap();
        roots
    }

    /// A certificate for `localhost`, `mtls.localhost` and this key, valid until so many seconds after 1970; PEM.
    pub(super) fn certify(&self, key: &KeyPair, until: u64) -> String {
        self.certify_between(key, 0, until)
    }

    /// The same, valid from then on as well.
    pub(super) fn certify_between(&self, key: &KeyPair, from: u64, until: u64) -> String {
        let names = ["localhost", "mtls.localhost"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        let second = |at| date_time_ymd(1970, 1, 1) + Duration::from_secs(at);
        (params.not_before, params.not_after) = (second(from), second(until));
        params.signed_by(key, &self.0).unwrap().pem()
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A new key and its certificate, valid for a long time, written to `files`.
    pub(super) fn renew(&self, files: &TlsFiles) {
        self.write(files, &KeyPair::generate().unwrap());
    }

    pub(super) fn write(&self, files: &TlsFiles, key: &KeyPair) {
        write_pair(
            files,
            &self.certify(key, 4_000_000_000),
            &key.serialize_pem(),
        );
    }
}

pub(super) fn write_pair(files: &TlsFiles, certificate: &str, key: &str) {
    fs::write(&files.certificate, certificate).unwrap();
    write_private(&files.key, key.as_bytes(), true).unwrap();
}

pub(super) fn files_in(folder: &Path) -> TlsFiles {
    TlsFiles {
        certificate: folder.join("chain.pem"),
        key: folder.join("key.pem"),
    }
}
