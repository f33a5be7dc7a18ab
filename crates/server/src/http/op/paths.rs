//! Where the provider's endpoints are, relative to the issuer.

/// Discovery (OpenID Connect Discovery 1.0 section 4).
pub(crate) const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
/// The same document under the name of RFC 8414 section 3.
pub(crate) const OAUTH_AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
/// The keys that sign ID tokens (RFC 7517 section 5).
pub(crate) const JWKS: &str = "/jwks";
/// Whether the server can serve.
pub(crate) const HEALTH: &str = "/health";
/// Backchannel authentication endpoint (CIBA Core section 7).
pub(crate) const BACKCHANNEL_AUTHENTICATION: &str = "/backchannel-authentication";
/// Authorization endpoint (RFC 6749 section 3.1), where there is nothing to authorize.
pub(crate) const AUTHORIZATION: &str = "/authorize";
/// Token endpoint (CIBA Core section 10.1).
pub(crate) const TOKEN: &str = "/token";
/// Revocation endpoint (RFC 7009 section 2).
pub(crate) const REVOCATION: &str = "/revoke";
/// Introspection endpoint (RFC 7662 section 2).
pub(crate) const INTROSPECTION: &str = "/introspect";
/// UserInfo endpoint (OpenID Connect Core section 5.3).
pub(crate) const USERINFO: &str = "/userinfo";
/// Where test suites decide, on a server that has the automation hook.
pub(crate) const AUTOMATION: &str = "/ciba-sim";
/// The device gateway's metadata, which discovery points to.
pub(crate) const DEVICE_METADATA: &str = "/.well-known/tegata-device";
/// Client registration endpoint (RFC 7591 section 3); below it the registered clients (RFC 7592 section 2).
pub(crate) const REGISTRATION: &str = "/register";
