//! `POST /backchannel-authentication` (CIBA Core section 7): a client asks for somebody's approval.

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use std::sync::Arc;
use tegata_protocol::{
    AccountId, Rng, Secret, UnixTime,
    ciba::{
        BackchannelAuthenticationResponse, OAuthErrorCode, Scope, ScopeError, TokenDeliveryMode,
    },
    rng::{random_below, random_bytes},
};

use super::{
    authentication_request::{
        AuthenticationRequest, AuthenticationRequestError, Binding, LoginHint,
    },
    client_authentication::{AuthenticatedClient, ClientAuthenticationError, authenticate},
    form::{Form, FormError},
    respond,
    sender::{BindingError, binding, sender},
    subject::{account_named, subject_for},
};
use crate::{
    app::{App, Doorbell},
    config::Lifetimes,
    delivery::prompts::make_prompts,
    domain::{Account, Client, Confirmation, Kind, RequestFacts, Terms, Transfer, TransferSource},
    http::caller::Caller,
    storage::{
        AccountName, StoreError,
        ops::{CreateBackchannelAuthentication, CreateOutcome},
    },
};

/// Name of the endpoint in logs.
const ENDPOINT: &str = "backchannel_authentication";

/// Codes drawn before giving up. With five pending requests at most, a second draw is needed once in 200 000 requests.
const MINT_TRIES: usize = 8;

/// Digits of a minted code.
const MINTED_DIGITS: u8 = 6;

/// Why a request is not accepted (CIBA Core section 13).
#[derive(Debug, thiserror::Error)]
enum BackchannelAuthenticationError {
    /// There is nothing to bind the pushed tokens to.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The client did not prove itself.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The body is no form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A parameter.
    #[error(transparent)]
    Request(#[from] AuthenticationRequestError),
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The client's transfer code is pending or was used within the hour.
    #[error("the binding_message was used before")]
    TransferCodeUsed,
    /// Every code that was drawn was taken, which chance does not explain.
    #[error("no free transfer code was found")]
    TransferCodesExhausted,
    /// The hint names nobody.
    #[error("the hint names nobody")]
    UnknownUser,
}

/// Accepts a request, or says why not. Answers only after the commit.
pub(super) async fn post(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Response {
    match accept(&app, &caller, body).await {
        Ok(acknowledgement) => respond::json(StatusCode::OK, &acknowledgement),
        Err(error) => error.response(),
    }
}

async fn accept(
    app: &Arc<App>,
    caller: &Caller,
    body: Body,
) -> Result<BackchannelAuthenticationResponse, BackchannelAuthenticationError> {
    let form = Form::read(&caller.headers, body).await?;
    // CIBA Core section 7.2. 1: the client.
    let client = authenticate(app, caller, &form).await?;
    let confirmation = confirmation(caller, client.registration())?;
    // 2, 3 and 6: the parameters.
    let request = AuthenticationRequest::parse(&form, client.registration())?;
    // 4 and 5: the person.
    let account = find_account(app, client.registration(), request.login_hint.clone())
        .await?
        .ok_or(BackchannelAuthenticationError::UnknownUser)?;
    store(app, &client, confirmation, account, request).await
}

/// What only who collects, and the tokens, are bound to: what a client whose tokens are bound proves when it asks. One that is
/// told of its tokens proves nothing later (CIBA Core section 5).
fn confirmation(caller: &Caller, client: &Client) -> Result<Option<Confirmation>, BindingError> {
    match binding(client, &sender(caller)) {
        Err(_) if client.settings.delivery.mode() != TokenDeliveryMode::Push => Ok(None),
        proved => proved,
    }
}

async fn find_account(
    app: &App,
    client: &Client,
    hint: LoginHint,
) -> Result<Option<Arc<Account>>, StoreError> {
    match hint {
        LoginHint::IssSub { iss, sub } if iss == app.issuer.as_str() => {
            match account_named(&app.keys, &client.settings, &sub) {
                Some(name) => app.store.account(name).await,
                None => Ok(None),
            }
        }
        LoginHint::LoginName(name) => app.store.account(AccountName::Login(name)).await,
        LoginHint::IssSub { .. } | LoginHint::Nobody => Ok(None),
    }
}

/// Stores the request with its prompts and rings the doorbell. What is over budget takes the same way: prompts are
/// signed all the same and the store drops them.
async fn store(
    app: &Arc<App>,
    authenticated: &AuthenticatedClient,
    confirmation: Option<Confirmation>,
    account: Arc<Account>,
    request: AuthenticationRequest,
) -> Result<BackchannelAuthenticationResponse, BackchannelAuthenticationError> {
    let client = authenticated.registration();
    let now = app.now();
    let lifetime = lifetime(&app.config.lifetimes, request.requested_expiry);
    let ids = app.store.make_flow_ids(app.rng());
    let (binding_message, mut code) = match request.binding {
        Binding::Show(message) => (message, Code::None),
        Binding::Mint(message) => (message, Code::mint(app.rng())),
        Binding::Transfer(code) => (None, Code::Clients(Secret::new(code))),
    };
    let mut facts = RequestFacts {
        consent_request_id: ids.consent_request_id,
        client_id: client.id.clone(),
        client_name: client.name.clone(),
        account: account.id.clone(),
        sub: subject_for(&app.keys, &client.settings, &account),
        kind: kind_of(&request.scope),
        scopes: request.scope.values().to_vec(),
        acr_values: request.acr_values,
        binding_message: binding_message.map(|message| message.as_str().to_owned()),
        transfer: code.transfer(app, &account.id),
        created: now,
        expires: UnixTime(now.0).plus(i64::from(lifetime)),
        interval: app.config.interval,
        terms: Terms {
            delivery: client.settings.delivery.mode(),
            confirmation,
            refresh_until: client
                .settings
                .refresh
                .then(|| now.plus(i64::from(app.config.lifetimes.refresh_token))),
            ..Terms::default()
        },
    };
    // A prompt says that there is a code, and never which: it need not be signed again for another one.
    let prompts = make_prompts(app, &facts).await?;
    if prompts.is_empty() {
        // An account without devices must not show by a quicker answer: the signature is dropped.
        drop(app.keys.prompt.sign_fixed(&random_bytes::<32>(app.rng())));
    }
    for _ in 0..MINT_TRIES {
        let operation = CreateBackchannelAuthentication {
            seq: ids.seq,
            tag_hash: ids.tag_hash,
            facts: facts.clone(),
            prompts: prompts.clone(),
            assertion: authenticated.assertion(),
        };
        match commit_and_ring(app, operation).await? {
            CreateOutcome::Created { admission, .. } => {
                tracing::info!(
                    client = %facts.client_id,
                    request = %facts.consent_request_id,
                    ?admission,
                    "backchannel_authentication.requested"
                );
                return Ok(BackchannelAuthenticationResponse {
                    auth_req_id: ids.auth_req_id,
                    expires_in: lifetime,
                    interval: (facts.terms.delivery != TokenDeliveryMode::Push)
                        .then_some(facts.interval),
                    transfer_code: code.into_minted(),
                });
            }
            CreateOutcome::TransferCodeTaken => match code {
                Code::Minted(_) => {
                    code = Code::mint(app.rng());
                    facts.transfer = code.transfer(app, &account.id);
                }
                Code::Clients(_) | Code::None => {
                    return Err(BackchannelAuthenticationError::TransferCodeUsed);
                }
            },
            CreateOutcome::Gone => return Err(BackchannelAuthenticationError::UnknownUser),
            CreateOutcome::AssertionReplayed => {
                return Err(ClientAuthenticationError::AssertionReplayed.into());
            }
        }
    }
    Err(BackchannelAuthenticationError::TransferCodesExhausted)
}

/// Commits and rings, even if the client hangs up meanwhile: whoever is asked must learn of it.
async fn commit_and_ring(
    app: &Arc<App>,
    operation: CreateBackchannelAuthentication,
) -> Result<CreateOutcome, StoreError> {
    let app = Arc::clone(app);
    let task = tokio::spawn(async move {
        let outcome = app.store.apply(operation).await?;
        if let CreateOutcome::Created { devices, .. } = &outcome {
            app.delivery.ring(devices);
        }
        Ok(outcome)
    });
    task.await.unwrap_or(Err(StoreError::Panicked))
}

/// The transfer code of one request, if it has one.
enum Code {
    /// None is carried.
    None,
    /// Drawn here, to be told to the client once.
    Minted(Secret<String>),
    /// The client's own.
    Clients(Secret<String>),
}

impl Code {
    fn mint(rng: &dyn Rng) -> Self {
        let number = random_below(rng, 10_u64.pow(u32::from(MINTED_DIGITS)));
        Self::Minted(Secret::new(format!(
            "{number:0width$}",
            width = usize::from(MINTED_DIGITS)
        )))
    }

    fn transfer(&self, app: &App, account: &AccountId) -> Transfer {
        let (source, code) = match self {
            Self::None => return Transfer::None,
            Self::Minted(code) => (TransferSource::Minted, code),
            Self::Clients(code) => (TransferSource::BindingMessage, code),
        };
        // EXPOSE: for its keyed hash and its length.
        let code = code.expose();
        Transfer::Code {
            source,
            hash: app.keys.transfer_hash(account, code),
            length: u8::try_from(code.len()).unwrap_or(u8::MAX),
        }
    }

    fn into_minted(self) -> Option<Secret<String>> {
        match self {
            Self::Minted(code) => Some(code),
            Self::None | Self::Clients(_) => None,
        }
    }
}

/// Seconds until the request expires: what the client asks for, up to the configured longest.
fn lifetime(lifetimes: &Lifetimes, requested: Option<u32>) -> u32 {
    requested
        .unwrap_or(lifetimes.request)
        .min(lifetimes.request_longest)
}

/// Scopes that only say who somebody is make it a sign-in (OpenID Connect Core section 5.4).
fn kind_of(scope: &Scope) -> Kind {
    let identity = ["openid", "profile", "email", "address", "phone"];
    if scope
        .values()
        .iter()
        .all(|value| identity.contains(&value.as_str()))
    {
        Kind::SignIn
    } else {
        Kind::Grant
    }
}

impl BackchannelAuthenticationError {
    /// The one mapping to the wire: CIBA Core section 13.
    fn response(&self) -> Response {
        use AuthenticationRequestError as R;
        use OAuthErrorCode as C;
        let (code, description) = match self {
            Self::Binding(error) => (C::InvalidRequest, error.description()),
            Self::Client(error) => return error.response(ENDPOINT),
            Self::Form(error) => return error.response(),
            Self::Store(error) => return respond::store_error(error, ENDPOINT),
            Self::TransferCodesExhausted => {
                tracing::error!(endpoint = ENDPOINT, "no free transfer code was found");
                return respond::error(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    C::ServerError,
                    "the server cannot answer at present",
                );
            }
            Self::Request(error) => match error {
                R::AcrValues => (C::InvalidRequest, "acr_values is malformed"),
                R::AuthorizationDetails => (
                    C::InvalidAuthorizationDetails,
                    "no type of authorization_details is supported yet",
                ),
                R::BindingMessage(_) => (
                    C::InvalidBindingMessage,
                    "binding_message must be 1 to 140 plain characters on one line",
                ),
                R::BindingMessageMissing => (
                    C::InvalidRequest,
                    "binding_message is required: it is this client's transfer code",
                ),
                R::BindingMessageNoCode => (
                    C::InvalidBindingMessage,
                    "binding_message must be 6 to 8 characters of 0-9 A-H J K M N P-T V-Z",
                ),
                R::BindingMessageRefused => (
                    C::InvalidBindingMessage,
                    "this client is registered without binding_message",
                ),
                R::HintUnsupported => (
                    C::InvalidRequest,
                    "login_hint is the only hint that is supported yet",
                ),
                R::Hints => (C::InvalidRequest, "exactly one hint is needed"),
                R::RequestObject => (C::InvalidRequest, "signed requests are not supported yet"),
                R::RequestedExpiry => (
                    C::InvalidRequest,
                    "requested_expiry must be a positive integer",
                ),
                R::Scope(ScopeError::NoOpenId) => (C::InvalidScope, "scope must contain openid"),
                R::Scope(_) => (C::InvalidScope, "scope is malformed"),
                R::ScopeMissing => (C::InvalidRequest, "scope is missing"),
            },
            Self::TransferCodeUsed => (
                C::InvalidBindingMessage,
                "this binding_message was used within the hour",
            ),
            Self::UnknownUser => (C::UnknownUserId, "the hint names nobody"),
        };
        tracing::info!(endpoint = ENDPOINT, reason = %self, "backchannel_authentication.refused");
        respond::error(StatusCode::BAD_REQUEST, code, description)
    }
}
