//! `[callbacks]`: whom the server may call at clients' request.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use crate::egress::AllowedPeer;

/// Which addresses of clients (notification endpoints, `jwks_uri`) may be called beyond public ones on the usual port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallbacksConfig {
    /// Ranges of addresses, and hosts by name, that may be called although they are not public. A host named here may be
    /// called at any port.
    pub allow: Vec<AllowedPeer>,
    /// Ports that URLs may name.
    pub ports: Vec<u16>,
    /// PEM file with authorities that vouch for clients' servers, beside those that the system trusts.
    pub authorities: Option<PathBuf>,
}

impl Default for CallbacksConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            ports: vec![443],
            authorities: None,
        }
    }
}
