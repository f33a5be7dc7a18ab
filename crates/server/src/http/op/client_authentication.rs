//! Who is calling: client authentication at the backchannel authentication and token endpoints (OpenID Connect Core
//! section 9, RFC 6749 section 2.3).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use data_encoding::BASE64;
use std::sync::Arc;
use tegata_protocol::{
    ClientId, Secret, Sha256Digest,
    bytes::constant_time_eq,
    ciba::{CLIENT_ASSERTION_TYPE, OAuthErrorCode},
};

use super::{
    client_assertion::{AssertionError, ExpectedAudience, UnverifiedAssertion},
    client_certificate::{self, CertificateRefusal},
    client_keys::{self, ClientKeysError},
    form::{self, Form},
    paths, respond,
};
use crate::{
    app::App,
    config::AssertionAudience,
    domain::{AssertionUse, Client, ClientAssertion, ClientAuthentication},
    http::caller::{Caller, ClientCertificate},
    storage::StoreError,
};

/// All that a caller is told who has not proved to be some client.
const FAILED: &str = "client authentication failed";

/// A client that has proved itself for this one request. Only [`authenticate`] makes them.
#[derive(Debug)]
pub(super) struct AuthenticatedClient {
    client: Arc<Client>,
    assertion: Option<ClientAssertion>,
    certificate: Option<ClientCertificate>,
}

impl AuthenticatedClient {
    /// Its registration.
    pub(super) fn registration(&self) -> &Client {
        &self.client
    }

    /// What it authenticated with, if that is good for one request only. It has been used up in memory; what changes
    /// anything that lasts uses it up in the same commit too.
    pub(super) fn assertion(&self) -> Option<ClientAssertion> {
        self.assertion.clone()
    }

    /// The certificate that it showed, whether or not it authenticated with it: what it proved to have for this request.
    pub(super) fn certificate(&self) -> Option<&ClientCertificate> {
        self.certificate.as_ref()
    }
}

/// Why a caller is not taken for a client.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientAuthenticationError {
    /// The client signed the assertion, and it does not hold.
    #[error(transparent)]
    Assertion(AssertionError),
    /// The assertion was used before.
    #[error("the client assertion was used before")]
    AssertionReplayed,
    /// More of the client's assertions are remembered than one client may have.
    #[error("the client has used too many assertions that have not expired")]
    AssertionsFull,
    /// The certificate is not the client's. Answered as [`Self::Failed`].
    #[error(transparent)]
    Certificate(#[from] CertificateRefusal),
    /// Unknown client, wrong secret, or a method that is not the client's; with or without the `Authorization` header.
    #[error("client authentication failed")]
    Failed {
        /// Whether the answer must be a challenge for the header's scheme.
        header: bool,
    },
    /// There are no keys to check it with. Answered as [`Self::Failed`].
    #[error(transparent)]
    Keys(#[from] ClientKeysError),
    /// More than one method, or half of one (RFC 6749 section 2.3).
    #[error("exactly one way of client authentication must be used, and whole")]
    Methods,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody is known to have signed the assertion. Answered as [`Self::Failed`], so that the answer does not tell which
    /// clients there are; the log says more.
    #[error(transparent)]
    Unsigned(AssertionError),
}

impl ClientAuthenticationError {
    /// The answer, the same at both endpoints (RFC 6749 section 5.2): 401 carries a challenge only if the caller used
    /// the `Authorization` header.
    pub(super) fn response(&self, endpoint: &'static str) -> Response {
        let invalid_client = |description| {
            respond::error(
                StatusCode::UNAUTHORIZED,
                OAuthErrorCode::InvalidClient,
                description,
            )
        };
        tracing::info!(endpoint, reason = %self, "client_authentication.failed");
        match self {
            Self::Assertion(error) => invalid_client(match error {
                AssertionError::Audience => {
                    "aud of the client assertion must be the issuer, and nothing else unless configured"
                }
                AssertionError::Claims => {
                    "the client assertion needs iss, sub, aud, exp and jti, with whole numbers as times"
                }
                AssertionError::Expired => "the client assertion has expired",
                AssertionError::LivesTooLong => {
                    "the client assertion lives longer than ten minutes"
                }
                AssertionError::NotYetValid => "the client assertion is not valid yet",
                AssertionError::Algorithm
                | AssertionError::Header
                | AssertionError::Malformed
                | AssertionError::Signature
                | AssertionError::Subject => FAILED,
            }),
            Self::AssertionsFull => respond::busy(),
            Self::Certificate(_) | Self::Keys(_) | Self::Unsigned(_) => invalid_client(FAILED),
            Self::AssertionReplayed => invalid_client("the client assertion was used before"),
            Self::Failed { header } => {
                let mut response = invalid_client(FAILED);
                if *header {
                    response.headers_mut().insert(
                        header::WWW_AUTHENTICATE,
                        HeaderValue::from_static(r#"Basic realm="tegata", charset="UTF-8""#),
                    );
                }
                response
            }
            Self::Methods => respond::error(
                StatusCode::BAD_REQUEST,
                OAuthErrorCode::InvalidRequest,
                "exactly one way of client authentication must be used, and whole",
            ),
            Self::Store(error) => respond::store_error(error, endpoint),
        }
    }
}

/// Authenticates the caller by the one method that it uses, which must be the one it is registered for.
///
/// # Errors
/// [`ClientAuthenticationError`].
pub(super) async fn authenticate(
    app: &App,
    caller: &Caller,
    form: &Form,
) -> Result<AuthenticatedClient, ClientAuthenticationError> {
    let mut authorization = caller.headers.get_all(header::AUTHORIZATION).iter();
    let by_header = authorization.next();
    let by_assertion = form
        .value("client_assertion")
        .zip(form.value("client_assertion_type"));
    let half_assertion = by_assertion.is_none()
        && (form.value("client_assertion").is_some()
            || form.value("client_assertion_type").is_some());
    let by_post = form.value("client_secret");
    let methods = [
        by_header.is_some(),
        by_assertion.is_some(),
        by_post.is_some(),
    ];
    if methods.iter().filter(|used| **used).count() > 1
        || half_assertion
        || authorization.next().is_some()
    {
        return Err(ClientAuthenticationError::Methods);
    }
    let (client, assertion) = if let Some(value) = by_header {
        (by_basic(app, value).await?, None)
    } else if let Some((assertion, kind)) = by_assertion {
        let (client, assertion) = by_assertion_of(app, assertion, kind).await?;
        (client, Some(assertion))
    } else if let Some(secret) = by_post {
        (by_form(app, form, secret).await?, None)
    } else if let Some(id) = form.value("client_id") {
        (by_certificate(app, caller, id).await?, None)
    } else {
        return Err(ClientAuthenticationError::Failed { header: false });
    };
    if client.settings.suspended {
        return Err(ClientAuthenticationError::Failed {
            header: by_header.is_some(),
        });
    }
    let method = client.authentication.method();
    if !app
        .config
        .profile
        .authentication_methods()
        .contains(&method)
    {
        tracing::warn!(client = %client.id, method, "the profile does not allow this client's way to authenticate");
        return Err(ClientAuthenticationError::Failed {
            header: by_header.is_some(),
        });
    }
    // RFC 7521 section 4.2: a client_id beside the credentials must be the same client's.
    if form
        .value("client_id")
        .is_some_and(|id| id != client.id.as_str())
    {
        return Err(ClientAuthenticationError::Failed {
            header: by_header.is_some(),
        });
    }
    Ok(AuthenticatedClient {
        client,
        assertion,
        certificate: caller.certificate.clone(),
    })
}

/// `client_secret_basic`.
async fn by_basic(
    app: &App,
    value: &HeaderValue,
) -> Result<Arc<Client>, ClientAuthenticationError> {
    let failed = || ClientAuthenticationError::Failed { header: true };
    let (id, secret) = basic_credentials(value).ok_or_else(failed)?;
    // EXPOSE: hashed for comparison.
    let hash = Sha256Digest::of(secret.expose().as_bytes());
    let client = app.store.client(&id).await?.ok_or_else(failed)?;
    match &client.authentication {
        ClientAuthentication::ClientSecretBasic { secret_hash }
            if constant_time_eq(&secret_hash.0, &hash.0) =>
        {
            Ok(client)
        }
        _ => Err(failed()),
    }
}

/// `client_secret_post`.
async fn by_form(
    app: &App,
    form: &Form,
    secret: &str,
) -> Result<Arc<Client>, ClientAuthenticationError> {
    let failed = || ClientAuthenticationError::Failed { header: false };
    let id = form.value("client_id").ok_or_else(failed)?;
    let id = ClientId::parse(id).map_err(|_| failed())?;
    let hash = Sha256Digest::of(secret.as_bytes());
    let client = app.store.client(&id).await?.ok_or_else(failed)?;
    match &client.authentication {
        ClientAuthentication::ClientSecretPost { secret_hash }
            if constant_time_eq(&secret_hash.0, &hash.0) =>
        {
            Ok(client)
        }
        _ => Err(failed()),
    }
}

/// `tls_client_auth` and `self_signed_tls_client_auth`: nothing but `client_id` says who it is (RFC 8705 section 2).
async fn by_certificate(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<Arc<Client>, ClientAuthenticationError> {
    let failed = || ClientAuthenticationError::Failed { header: false };
    let id = ClientId::parse(id).map_err(|_| failed())?;
    let client = app.store.client(&id).await?.ok_or_else(failed)?;
    let shown = || {
        caller
            .certificate
            .as_ref()
            .ok_or(CertificateRefusal::Absent)
    };
    match &client.authentication {
        ClientAuthentication::TlsClientAuth { name } => {
            let authorities = &app.client_authorities;
            client_certificate::require_name(shown()?, name, authorities, app.now())?;
        }
        ClientAuthentication::SelfSignedTlsClientAuth => {
            let key = client_certificate::key(shown()?)?;
            let keys = client_keys::of(app, &client, |keys| keys.contains(&key)).await?;
            if !keys.contains(&key) {
                return Err(CertificateRefusal::OtherKey.into());
            }
        }
        _ => return Err(failed()),
    }
    Ok(client)
}

/// `private_key_jwt` and `client_secret_jwt`.
async fn by_assertion_of(
    app: &App,
    assertion: &str,
    kind: &str,
) -> Result<(Arc<Client>, ClientAssertion), ClientAuthenticationError> {
    let failed = || ClientAuthenticationError::Failed { header: false };
    if kind != CLIENT_ASSERTION_TYPE {
        return Err(failed());
    }
    let unsigned = ClientAuthenticationError::Unsigned;
    let assertion = UnverifiedAssertion::parse(assertion).map_err(unsigned)?;
    let id = assertion.client_id().map_err(unsigned)?;
    let client = app.store.client(&id).await?.ok_or_else(failed)?;
    let signed = match &client.authentication {
        ClientAuthentication::PrivateKeyJwt => {
            let allowed = app.config.profile.client_algorithms();
            let registered = client.settings.assertion_alg;
            assertion
                .algorithm()
                .filter(|used| allowed.contains(used))
                .filter(|used| registered.is_none_or(|registered| registered == *used))
                .ok_or(unsigned(AssertionError::Algorithm))?;
            let keys = client_keys::of(app, &client, |keys| assertion.has_key_in(keys)).await?;
            assertion.verify(&keys)
        }
        ClientAuthentication::ClientSecretJwt { salt } => {
            assertion.verify_secret(&app.keys.client_secret(&client.id, salt))
        }
        _ => return Err(failed()),
    };
    let assertion = signed.map_err(unsigned)?;
    let issuer = app.issuer.as_str();
    let endpoints =
        [paths::TOKEN, paths::BACKCHANNEL_AUTHENTICATION].map(|path| app.issuer.endpoint(path));
    let audience = match app.config.assertion_audience {
        AssertionAudience::CibaCore => {
            ExpectedAudience::AnyOf([issuer, &endpoints[0], &endpoints[1]])
        }
        AssertionAudience::IssuerOnly => ExpectedAudience::Only(issuer),
    };
    let verified = assertion
        .check(&audience, app.now())
        .map_err(ClientAuthenticationError::Assertion)?;
    match app.assertions.take(&client.id, &verified, app.now()) {
        AssertionUse::Fresh => Ok((client, verified)),
        AssertionUse::Replayed => Err(ClientAuthenticationError::AssertionReplayed),
        AssertionUse::ClientFull => Err(ClientAuthenticationError::AssertionsFull),
        AssertionUse::Full => Err(StoreError::Busy.into()),
    }
}

/// Id and secret of a Basic header, each form-encoded before it was joined to the other (RFC 6749 section 2.3.1).
pub(crate) fn basic_credentials(value: &HeaderValue) -> Option<(ClientId, Secret<String>)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = BASE64.decode(encoded.trim_start().as_bytes()).ok()?;
    let joined = Secret::new(String::from_utf8(joined).ok()?);
    // EXPOSE: split and decoded into another wrapper.
    let (id, secret) = joined.expose().split_once(':')?;
    let secret = Secret::new(form::decode(secret)?);
    Some((ClientId::parse(&form::decode(id)?).ok()?, secret))
}
