//! TLS, by rustls with ring: the certificate and its key, clients' certificates, the files' renewal while the server runs,
//! and the listener.
//!
//! Versions and cipher suites are those that FAPI-CIBA section 7.9 leaves: TLS 1.3; and TLS 1.2 with ECDHE_RSA and
//! AES-GCM, which takes an RSA key. With a key of another kind TLS 1.3 is all there is. The one application protocol is
//! HTTP/1.1.
//!
//! Clients are asked for a certificate and need not have one (RFC 8705). Whoever shows one proves in the handshake to have
//! its key; no authority is asked until a client authenticates with it ([`ClientAuthorities`]). Sessions are not resumed,
//! neither by identifier nor by ticket: a resumed session would carry a certificate whose key nobody has used, perhaps long
//! after it was replaced, and a connection that is kept open saves more than resumption does.
//!
//! What this module does **not** do: answer for more than one name with different certificates, look at revocation, or fetch
//! certificates from an authority (ACME).
//!
//! To add a check of what an operator configures: a variant of [`TlsError`], raised in [`Material::load`].

pub mod client_authorities;
mod followed;
pub mod listener;
pub mod material;
pub(crate) mod peer_certificate;
pub mod renewal;
#[cfg(test)]
mod tests;

pub use client_authorities::ClientAuthorities;
pub use listener::TlsListener;
pub use material::{Material, TlsError, TlsFiles};
pub use renewal::{Look, Renewal};
