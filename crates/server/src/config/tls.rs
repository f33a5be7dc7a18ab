//! `[tls]`, and what it allows `listen` and `issuer` to be.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use super::{Config, ConfigError, Issuer};
use crate::tls::TlsFiles;

/// The server's own certificate. Both files or none; relative paths start at the data folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// PEM file with the server's certificate, followed by the intermediate ones.
    pub certificate: Option<PathBuf>,
    /// PEM file with its key (PKCS#8, SEC1 or PKCS#1), not encrypted and readable by its owner alone.
    pub key: Option<PathBuf>,
    /// PEM file with the authorities of clients that authenticate by `tls_client_auth`. Also for certificates that a proxy
    /// hands on.
    pub client_authorities: Option<PathBuf>,
    /// What `mtls_endpoint_aliases` (RFC 8705 section 5) begin with instead of the issuer; MUST be `https`. Connections to
    /// other names are then not asked for a certificate.
    pub mtls_base: Option<Issuer>,
}

impl TlsConfig {
    /// Whether the server speaks TLS.
    pub fn is_on(&self) -> bool {
        self.certificate.is_some() || self.key.is_some()
    }

    /// The files, as seen from the data folder `data_dir`; `None` without TLS.
    pub fn files(&self, data_dir: &Path) -> Option<TlsFiles> {
        Some(TlsFiles {
            certificate: data_dir.join(self.certificate.as_ref()?),
            key: data_dir.join(self.key.as_ref()?),
        })
    }

    /// The file with clients' authorities, as seen from the data folder `data_dir`.
    pub fn client_authorities_file(&self, data_dir: &Path) -> Option<PathBuf> {
        Some(data_dir.join(self.client_authorities.as_ref()?))
    }
}

impl Config {
    /// Whether clients' certificates reach this server: by its own TLS, or handed on by a proxy.
    pub fn takes_client_certificates(&self) -> bool {
        self.tls.is_on() || self.proxy.client_certificate_header.is_some()
    }

    /// Who can reach the server, and how: others than this machine through TLS alone.
    pub(super) fn check_transport(&self) -> Result<(), ConfigError> {
        let not = |key, problem: String| Err(ConfigError::NotAllowed { key, problem });
        let half = |other: &str| {
            format!("TLS needs a certificate and its key; set tls.{other} too, or remove both")
        };
        if let Some(base) = self.tls.mtls_base.as_ref().filter(|base| !base.is_https()) {
            return not(
                "tls.mtls_base",
                format!("must be https; this one is {base}"),
            );
        }
        match (&self.tls.certificate, &self.tls.key) {
            (None, None) => {
                return if self.listen.ip().is_loopback() {
                    Ok(())
                } else {
                    not(
                        "listen",
                        format!(
                            "{} is not a loopback address, and without TLS the server listens on 127.0.0.1 or [::1] \
                             only. Set tls.certificate, tls.key and an https issuer, or listen on 127.0.0.1 and put \
                             a reverse proxy in front that speaks TLS",
                            self.listen
                        ),
                    )
                };
            }
            (Some(_), None) => return not("tls.certificate", half("key")),
            (None, Some(_)) => return not("tls.key", half("certificate")),
            (Some(_), Some(_)) => {}
        }
        let named = self.issuer.as_ref().filter(|issuer| issuer.is_https());
        if named.is_none() {
            let found = self.issuer.as_ref().map_or_else(
                || "none is set".to_owned(),
                |issuer| format!("this one is {issuer}"),
            );
            return not(
                "issuer",
                format!(
                    "with TLS the issuer must be https and name the host that the certificate is for, such as \
                     https://id.example.com; {found}"
                ),
            );
        }
        if self.demo {
            return not(
                "demo",
                "the demo is for this machine alone and runs without TLS. Switch the demo off, or remove \
                 tls.certificate and tls.key"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TLS: &str = "[tls]\ncertificate = \"chain.pem\"\nkey = \"/etc/key.pem\"";

    fn refused(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn with_tls_any_address_will_do_and_relative_files_are_in_the_data_folder() {
        let text = format!("listen = \"0.0.0.0:443\"\nissuer = \"https://id.example\"\n{TLS}");
        let config = Config::parse(&text).unwrap();
        assert!(config.tls.is_on());
        let files = config.tls.files(Path::new("/data")).unwrap();
        assert_eq!(files.certificate, Path::new("/data/chain.pem"));
        assert_eq!(files.key, Path::new("/etc/key.pem"));
        assert_eq!(TlsConfig::default().files(Path::new("/data")), None);
    }

    #[test]
    fn with_tls_the_issuer_is_configured_and_https() {
        let error = refused(TLS);
        assert!(
            error.starts_with("issuer: ") && error.contains("none is set"),
            "{error}"
        );
        let error = refused(&format!("issuer = \"http://localhost:1\"\n{TLS}"));
        assert!(
            error.starts_with("issuer: ") && error.contains("http://localhost:1"),
            "{error}"
        );
    }

    #[test]
    fn a_certificate_without_a_key_is_refused_and_the_other_way_round() {
        let error = refused("issuer = \"https://id.example\"\n[tls]\ncertificate = \"a\"");
        assert!(error.contains("set tls.key too"), "{error}");
        let error = refused("issuer = \"https://id.example\"\n[tls]\nkey = \"a\"");
        assert!(error.contains("set tls.certificate too"), "{error}");
    }

    #[test]
    fn the_base_of_the_aliases_is_https() {
        let error = refused("[tls]\nmtls_base = \"http://mtls.localhost\"");
        assert!(error.starts_with("tls.mtls_base: "), "{error}");
    }

    #[test]
    fn the_demo_is_not_served_over_tls() {
        let error = refused(&format!(
            "demo = true\nissuer = \"https://localhost:1\"\n{TLS}"
        ));
        assert!(error.starts_with("demo: "), "{error}");
    }
}
