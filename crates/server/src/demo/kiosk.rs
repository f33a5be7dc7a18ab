//! The kiosk as a CIBA client in poll mode: discovery, backchannel authentication, polling, and checking what comes back.
//!
//! It uses nothing of the server that it runs in but the HTTP client, the clock and the demo's settings.

use data_encoding::BASE64;
use reqwest::header;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{sync::Weak, time::Duration};
use tegata_protocol::{
    AuthReqId, Sha256Digest, UnixTime,
    ciba::{
        BackchannelAuthenticationResponse, GRANT_TYPE, OAuthError, OAuthErrorCode, TokenResponse,
    },
    device::{
        V1,
        evidence::{EvidenceFile, EvidenceFinding, verify_evidence},
        metadata::MetadataResponse,
    },
    jws,
};

use super::{
    DemoSettings,
    sign_in::{Progress, SignIn, SignInId, SignedIn},
};
use crate::{app::App, jose::KeySet};

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Longest ID token that is read, in characters.
const MAX_ID_TOKEN: usize = 16 * 1024;

/// What a poll mode client should wait after `slow_down`, in addition (CIBA Core section 11).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// Why a sign-in did not come about. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub(super) enum KioskError {
    /// The provider could not be reached, or broke off.
    #[error("the provider does not answer: {0}")]
    Connection(#[from] reqwest::Error),
    /// The provider answered with an error.
    #[error("the provider answers {}", code(*.0))]
    Refused(OAuthErrorCode),
    /// The provider answered with something else than the specification says.
    #[error("the provider's answer is not understood: {0}")]
    Answer(&'static str),
    /// What came back does not hold.
    #[error("the provider's answer does not verify: {0}")]
    Unverified(&'static str),
}

/// The part of discovery that a poll mode client needs.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Provider {
    issuer: String,
    jwks_uri: String,
    backchannel_authentication_endpoint: String,
    token_endpoint: String,
    tegata_device_metadata: String,
}

/// A request that the provider has accepted.
#[derive(Debug)]
pub(super) struct Started {
    provider: Provider,
    auth_req_id: AuthReqId,
    interval: Duration,
}

#[derive(Deserialize)]
struct IdTokenClaims {
    iss: String,
    sub: String,
    aud: String,
    exp: UnixTime,
    tegata_evidence: Sha256Digest,
}

/// Asks for the demo person's approval. The second value is what the kiosk shows.
///
/// # Errors
/// [`KioskError`]; nothing is pending then.
pub(super) async fn start(
    app: &App,
    settings: &DemoSettings,
) -> Result<(Started, SignIn), KioskError> {
    // 1. Discovery: the issuer in the document must be the one that was asked.
    let well_known = app.issuer.endpoint("/.well-known/openid-configuration");
    let provider: Provider = read(app.http_client.get(well_known)).await?;
    if provider.issuer != app.issuer.as_str() {
        return Err(KioskError::Unverified("another issuer"));
    }
    // 2. The authentication request.
    let form = form(&[("scope", "openid"), ("login_hint", &settings.login_name)]);
    let request = authenticated(
        app,
        settings,
        &provider.backchannel_authentication_endpoint,
        form,
    );
    let answer: BackchannelAuthenticationResponse = read(request).await?;
    let sign_in = SignIn {
        id: SignInId::make(app.rng()),
        transfer_code: answer.transfer_code,
        expires: app.now().plus(i64::from(answer.expires_in)),
        progress: Progress::Waiting,
    };
    let started = Started {
        provider,
        auth_req_id: answer.auth_req_id,
        interval: Duration::from_secs(u64::from(answer.interval.unwrap_or(5))),
    };
    Ok((started, sign_in))
}

/// Polls until there is a result and notes it. Ends early if the server stops or the sign-in is forgotten.
pub(super) async fn follow(app: Weak<App>, settings: DemoSettings, id: SignInId, started: Started) {
    let mut interval = started.interval;
    loop {
        tokio::time::sleep(interval).await;
        let Some(app) = app.upgrade() else { return };
        let Some(sign_in) = app.demo.find(&id) else {
            return;
        };
        let progress = match poll(&app, &settings, &started).await {
            Ok(signed_in) => Progress::Approved(Box::new(signed_in)),
            Err(KioskError::Refused(OAuthErrorCode::AuthorizationPending)) => continue,
            Err(KioskError::Refused(OAuthErrorCode::SlowDown)) => {
                interval += SLOW_DOWN;
                continue;
            }
            Err(
                KioskError::Connection(_)
                | KioskError::Refused(OAuthErrorCode::TemporarilyUnavailable),
            ) if app.now() < sign_in.expires => continue,
            Err(KioskError::Refused(OAuthErrorCode::AccessDenied)) => Progress::Denied,
            Err(KioskError::Refused(OAuthErrorCode::ExpiredToken)) => Progress::Expired,
            Err(error) => {
                tracing::warn!(%error, "demo.failed");
                Progress::Failed(error.to_string())
            }
        };
        app.demo.change(&id, |sign_in| sign_in.progress = progress);
        return;
    }
}

/// 3. One poll, and 4., 5. the checks of what it brings.
async fn poll(
    app: &App,
    settings: &DemoSettings,
    started: &Started,
) -> Result<SignedIn, KioskError> {
    let provider = &started.provider;
    let form = form(&[
        ("grant_type", GRANT_TYPE),
        ("auth_req_id", started.auth_req_id.as_str()),
    ]);
    let tokens: TokenResponse =
        read(authenticated(app, settings, &provider.token_endpoint, form)).await?;
    // 4. The ID token (OpenID Connect Core section 3.1.3.7).
    let set: Value = read(app.http_client.get(&provider.jwks_uri)).await?;
    let keys = KeySet::parse(&set.to_string()).p256();
    // EXPOSE: for verification.
    let id_token = tokens.id_token.expose();
    let all: Map<String, Value> = jws::verify(id_token, "JWT", MAX_ID_TOKEN, &keys)
        .map_err(|_| KioskError::Unverified("the ID token's signature"))?;
    let claims: IdTokenClaims = serde_json::from_value(Value::Object(all.clone()))
        .map_err(|_| KioskError::Unverified("the ID token's claims"))?;
    if claims.iss != provider.issuer
        || claims.aud != settings.client_id.as_str()
        || claims.exp <= app.now()
    {
        return Err(KioskError::Unverified("the ID token's iss, aud or exp"));
    }
    // 5. The receipt, which can be checked again by anybody, for ever.
    let metadata: MetadataResponse =
        read(app.http_client.get(&provider.tegata_device_metadata)).await?;
    let evidence = EvidenceFile {
        v: V1,
        metadata_jws: metadata.metadata_jws,
        root: metadata.root,
        prompt: None,
        receipt: None,
        pairing_receipt: None,
        countersignature: None,
        client_receipt: tokens.client_receipt,
    };
    let report = verify_evidence(&evidence, evidence.root.thumbprint())
        .map_err(|_| KioskError::Unverified("the receipt"))?;
    match report.finding {
        EvidenceFinding::Client(receipt)
            if receipt.aud == settings.client_id
                && receipt.sub == claims.sub
                && receipt.evidence == claims.tegata_evidence =>
        {
            Ok(SignedIn {
                login_name: settings.login_name.clone(),
                claims: all,
                id_token: tokens.id_token.clone(),
                evidence,
            })
        }
        _ => Err(KioskError::Unverified("the receipt is not the ID token's")),
    }
}

/// A form post with `client_secret_basic`: id and secret are form-encoded before they are joined (RFC 6749 section
/// 2.3.1).
fn authenticated(
    app: &App,
    settings: &DemoSettings,
    endpoint: &str,
    form: String,
) -> reqwest::RequestBuilder {
    let encode =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let id = encode(settings.client_id.as_str());
    // EXPOSE: goes into the Authorization header.
    let secret = encode(settings.client_secret.expose());
    let credentials = BASE64.encode(format!("{id}:{secret}").as_bytes());
    app.http_client
        .post(endpoint)
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form)
}

fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

/// Sends a request and reads JSON, or the OAuth error of an answer that is not 200.
async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, KioskError> {
    let mut response = request.send().await?;
    let good = response.status().is_success();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(KioskError::Answer("too long"));
        }
        body.extend_from_slice(&chunk);
    }
    if good {
        serde_json::from_slice(&body).map_err(|_| KioskError::Answer("unexpected members"))
    } else {
        let error: OAuthError =
            serde_json::from_slice(&body).map_err(|_| KioskError::Answer("an unknown error"))?;
        Err(KioskError::Refused(error.error))
    }
}

/// The wire string of an error code.
fn code(code: OAuthErrorCode) -> String {
    serde_json::to_value(code)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
