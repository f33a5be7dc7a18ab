//! TLS, by rustls with ring: the certificate and its key, their renewal while the server runs, and the listener.
//!
//! Versions and cipher suites are those that FAPI-CIBA section 7.9 leaves: TLS 1.3; and TLS 1.2 with ECDHE_RSA and
//! AES-GCM, which takes an RSA key. With a key of another kind TLS 1.3 is all there is. The one application protocol is
//! HTTP/1.1.
//!
//! What this module does **not** do: ask clients for certificates (RFC 8705), answer for more than one name with different
//! certificates, or fetch certificates from an authority (ACME). Optional client certificates belong into `server_config`
//! in [`material`], and reach handlers through axum's `Connected` for [`TlsListener`], whose connections know them.
//!
//! To add a check of what an operator configures: a variant of [`TlsError`], raised in [`Material::load`].

pub mod listener;
pub mod material;
pub mod renewal;
#[cfg(test)]
mod tests;

pub use listener::{HandshakeLimits, TlsListener};
pub use material::{Material, TlsError, TlsFiles};
pub use renewal::{Look, Renewal};
