//! `POST /backchannel-authentication` (CIBA Core section 7): a client asks for somebody's approval.

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use std::sync::Arc;
use tegata_protocol::{
    AccountId, Rng, Secret, UnixTime,
    ciba::{BackchannelAuthenticationResponse, OAuthErrorCode, TokenDeliveryMode},
    rng::{random_below, random_bytes},
};

use super::{
    authentication_request::{AuthenticationRequest, AuthenticationRequestError, Binding},
    client_authentication::{AuthenticatedClient, ClientAuthenticationError, authenticate},
    dpop::DpopError,
    form::{Form, FormError},
    hints::{self, HintError},
    paths,
    request_object::{self, RequestObjectError},
    respond,
    sender::{BindingError, binding, sender},
    subject::subject_for,
    user_code::{self, UserCodeError},
};
use crate::{
    app::{App, Doorbell},
    config::Lifetimes,
    delivery::prompts::make_prompts,
    domain::{
        Account, Confirmation, Kind, OneTimeName, RequestFacts, Terms, Transfer, TransferSource,
        rate::TooMany,
    },
    http::{caller::Caller, rates},
    notification::{self, Answering},
    storage::{
        StoreError,
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
    /// FAPI-CIBA section 5.2.2 point 2.
    #[error(
        "binding_message is required of requests without authorization_details or request_context"
    )]
    ContextMissing,
    /// The DPoP proof does not hold.
    #[error(transparent)]
    Dpop(#[from] DpopError),
    /// The body is no form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The account or the client is gone since it was looked for.
    #[error("the hint names nobody")]
    Gone,
    /// The hint.
    #[error(transparent)]
    Hint(#[from] HintError),
    /// The request object or the `login_hint_token` was used before.
    #[error("the request object or the login_hint_token was used before")]
    NameUsed,
    /// A parameter.
    #[error(transparent)]
    Request(#[from] AuthenticationRequestError),
    /// The request object.
    #[error(transparent)]
    RequestObject(#[from] RequestObjectError),
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The client's transfer code is pending or was used within the hour.
    #[error("this binding_message was used within the hour")]
    TransferCodeUsed,
    /// Every code that was drawn was taken, which chance does not explain.
    #[error("no free transfer code was found")]
    TransferCodesExhausted,
    /// Too much, by the client at all or about one person.
    #[error("too many requests of this {whose}")]
    TooMany {
        /// Whose limit it was.
        whose: &'static str,
        /// When to come again.
        over: TooMany,
    },
    /// The profile does not let the client ask.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// `user_code`.
    #[error(transparent)]
    UserCode(#[from] UserCodeError),
}

/// Accepts a request, or says why not. Answers only after the commit.
pub(super) async fn post(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Response {
    match accept(&app, &caller, body).await {
        Ok((acknowledgement, answering)) => {
            let response = respond::json(StatusCode::OK, &acknowledgement);
            match answering {
                Some(answering) => answering.with(response),
                None => response,
            }
        }
        Err(error) => error.response(&app),
    }
}

/// What the client is answered, and that it has not been yet if it is to be called.
type Acknowledged = (BackchannelAuthenticationResponse, Option<Answering>);

async fn accept(
    app: &Arc<App>,
    caller: &Caller,
    body: Body,
) -> Result<Acknowledged, BackchannelAuthenticationError> {
    let form = Form::read(&caller.headers, body).await?;
    // CIBA Core section 7.2. 1: the client.
    let client = authenticate(app, caller, &form).await?;
    let registration = client.registration();
    app.config
        .profile
        .admit(registration)
        .map_err(BackchannelAuthenticationError::Unauthorized)?;
    let too_many = |whose| {
        move |over| {
            app.metrics.limited(whose);
            BackchannelAuthenticationError::TooMany { whose, over }
        }
    };
    app.rates
        .admit_client(&registration.id, app.clock.0.now_millis())
        .map_err(too_many("client"))?;
    let confirmation = confirmation(app, caller, &client)?;
    // 2: the signed request, if it is one.
    let received = request_object::receive(app, &form, registration).await?;
    // 3 and 6: the parameters.
    let request =
        AuthenticationRequest::parse(received.parameters, registration, &app.detail_types)?;
    if app.config.profile.wants_context() && !request.has_context() {
        return Err(BackchannelAuthenticationError::ContextMissing);
    }
    // 4 and 5: the person, and whether it is they who ask.
    let person = hints::find(app, registration, &request.hint).await?;
    app.rates
        .admit_person(&registration.id, &person.account, app.clock.0.now_millis())
        .map_err(too_many("person"))?;
    user_code::require(
        app,
        registration,
        &person.account,
        request.user_code.as_ref(),
    )
    .await?;
    let names = received.name.into_iter().chain(person.name).collect();
    store(app, &client, confirmation, person.account, request, names).await
}

/// What only who collects, and the tokens, are bound to: what a client whose tokens are bound proves when it asks. One that is
/// told of its tokens proves nothing later (CIBA Core section 5).
fn confirmation(
    app: &App,
    caller: &Caller,
    authenticated: &AuthenticatedClient,
) -> Result<Option<Confirmation>, BackchannelAuthenticationError> {
    let client = authenticated.registration();
    let sender = sender(
        app,
        caller,
        authenticated,
        paths::BACKCHANNEL_AUTHENTICATION,
    )?;
    match binding(app.config.profile, client, &sender) {
        Err(_) if client.settings.delivery.mode() != TokenDeliveryMode::Push => Ok(None),
        proved => Ok(proved?),
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
    names: Vec<OneTimeName>,
) -> Result<Acknowledged, BackchannelAuthenticationError> {
    let client = authenticated.registration();
    let now = app.now();
    let lifetimes = &app.config.lifetimes;
    let lifetime = lifetime(lifetimes, request.requested_expiry);
    let ids = app.store.make_flow_ids(app.rng());
    let kind = kind_of(&request);
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
        kind,
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
            authorization_details: request.authorization_details,
            resource: request.resource,
            request_context: request.request_context,
            refresh_until: client
                .settings
                .refresh
                .then(|| now.plus(i64::from(lifetimes.refresh_token))),
            subject: None,
        },
    };
    // A prompt says that there is a code, and never which: it need not be signed again for another one.
    let prompts = make_prompts(app, &facts).await?;
    if prompts.is_empty() {
        // An account without devices must not show by a quicker answer: the signature is dropped.
        drop(app.keys.prompt.sign_fixed(&random_bytes::<32>(app.rng())));
    }
    let delivery = &client.settings.delivery;
    let token = request.client_notification_token.as_ref();
    let notification = notification::seal(app, delivery, ids.seq, &ids.auth_req_id, token);
    let answering = notification
        .as_ref()
        .map(|_| app.notifier.answering(ids.seq));
    for _ in 0..MINT_TRIES {
        let operation = CreateBackchannelAuthentication {
            seq: ids.seq,
            tag_hash: ids.tag_hash,
            facts: facts.clone(),
            prompts: prompts.clone(),
            assertion: authenticated.assertion(),
            names: names.clone(),
            notification: notification.clone(),
        };
        match commit_and_ring(app, operation).await? {
            CreateOutcome::Created { admission, .. } => {
                tracing::info!(
                    client = %facts.client_id,
                    request = %facts.consent_request_id,
                    ?admission,
                    "backchannel_authentication.requested"
                );
                let acknowledgement = BackchannelAuthenticationResponse {
                    auth_req_id: ids.auth_req_id,
                    expires_in: lifetime,
                    interval: (facts.terms.delivery != TokenDeliveryMode::Push)
                        .then_some(facts.interval),
                    transfer_code: code.into_minted(),
                };
                return Ok((acknowledgement, answering));
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
            CreateOutcome::Gone => return Err(BackchannelAuthenticationError::Gone),
            CreateOutcome::NameUsed => return Err(BackchannelAuthenticationError::NameUsed),
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

/// Scopes that only say who somebody is make it a sign-in (OpenID Connect Core section 5.4), unless more is asked beside them.
fn kind_of(request: &AuthenticationRequest) -> Kind {
    let identity = ["openid", "profile", "email", "address", "phone"];
    let scopes = request.scope.values();
    let is_identity = scopes
        .iter()
        .all(|value| identity.contains(&value.as_str()));
    if is_identity && request.authorization_details.is_empty() && request.resource.is_empty() {
        Kind::SignIn
    } else {
        Kind::Grant
    }
}

impl BackchannelAuthenticationError {
    /// The one mapping to the wire: CIBA Core section 13. The texts of what is the client's fault are sent.
    fn response(&self, app: &App) -> Response {
        use OAuthErrorCode as C;
        let code = match self {
            Self::Binding(_) => C::InvalidRequest,
            Self::Client(error) => return error.response(ENDPOINT),
            Self::Dpop(error) => return error.token_response(app),
            Self::Form(error) => return error.response(),
            Self::TooMany { over, .. } => {
                tracing::info!(endpoint = ENDPOINT, reason = %self, "rate.limited");
                return rates::too_many(*over);
            }
            Self::Store(error)
            | Self::Hint(HintError::Store(error))
            | Self::UserCode(UserCodeError::Store(error)) => {
                return respond::store_error(error, ENDPOINT);
            }
            Self::TransferCodesExhausted => {
                tracing::error!(endpoint = ENDPOINT, "no free transfer code was found");
                return respond::error(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    C::ServerError,
                    "the server cannot answer at present",
                );
            }
            Self::Request(error) => error.code(),
            Self::RequestObject(error) => error.code(),
            Self::ContextMissing | Self::NameUsed => C::InvalidRequest,
            Self::Hint(HintError::Expired) => C::ExpiredLoginHintToken,
            Self::Hint(HintError::Token(_)) => C::InvalidRequest,
            Self::Gone | Self::Hint(HintError::Unknown) => C::UnknownUserId,
            Self::TransferCodeUsed => C::InvalidBindingMessage,
            Self::Unauthorized(_) => C::UnauthorizedClient,
            Self::UserCode(UserCodeError::Invalid) => C::InvalidUserCode,
            Self::UserCode(UserCodeError::Missing) => C::MissingUserCode,
        };
        tracing::info!(endpoint = ENDPOINT, reason = %self, "backchannel_authentication.refused");
        respond::error(StatusCode::BAD_REQUEST, code, self.to_string())
    }
}
