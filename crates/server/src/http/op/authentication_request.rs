//! The authentication request (CIBA Core section 7.1), as a type that only valid requests can have.
//!
//! To add a parameter: in [`super::parameters`], a member here, its error, and what becomes of it in
//! [`super::backchannel_authentication`].

use serde::Deserialize;
use serde_json::{Map, Value};
use tegata_protocol::{
    Secret,
    ciba::{
        BindingMessage, BindingMessageError, OAuthErrorCode, Scope, ScopeError, TokenDeliveryMode,
    },
    ijson,
};
use url::Url;

use super::parameters::Parameters;
use crate::{
    authorization_details::{DetailTypes, DetailsError},
    domain::{BindingMessageUse, Client, account::is_login_name},
};

/// Longest `login_hint`, in bytes.
pub(crate) const MAX_LOGIN_HINT: usize = 1024;

/// Most values of `acr_values`.
pub(crate) const MAX_ACR_VALUES: usize = 16;

/// Longest value of `acr_values`, in bytes.
pub(crate) const MAX_ACR_VALUE: usize = 128;

/// Characters of `client_notification_token`: 128 bits as base64 take 22, and CIBA Core section 7.1 allows 1024.
const NOTIFICATION_TOKEN: std::ops::RangeInclusive<usize> = 22..=1024;

/// Most values of `resource`.
pub(crate) const MAX_RESOURCES: usize = 8;

/// Longest value of `resource`, in bytes.
pub(crate) const MAX_RESOURCE: usize = 512;

/// Longest `request_context`, in bytes.
pub(crate) const MAX_CONTEXT: usize = 4 * 1024;

/// Deepest `request_context`, in levels of arrays and objects.
const MAX_CONTEXT_DEPTH: usize = 8;

/// A request that is valid for the client that sent it. It has no `Debug`, since it holds secrets.
pub(crate) struct AuthenticationRequest {
    pub(crate) scope: Scope,
    pub(crate) hint: Hint,
    pub(crate) binding: Binding,
    pub(crate) acr_values: Vec<String>,
    /// In seconds, positive, not capped yet.
    pub(crate) requested_expiry: Option<u32>,
    /// What the person typed; only of clients that are registered for it.
    pub(crate) user_code: Option<Secret<String>>,
    /// The bearer token of callbacks; there for ping and push clients, and for no other.
    pub(crate) client_notification_token: Option<Secret<String>>,
    /// Each fits its type (RFC 9396).
    pub(crate) authorization_details: Vec<Value>,
    /// Distinct absolute URIs (RFC 8707).
    pub(crate) resource: Vec<String>,
    /// FAPI-CIBA section 5.3.
    pub(crate) request_context: Option<Map<String, Value>>,
}

/// Who should be asked: the one hint of a request.
pub(crate) enum Hint {
    /// `login_hint`.
    Login(LoginHint),
    /// `login_hint_token`, not looked at yet.
    LoginToken(String),
    /// `id_token_hint`, not looked at yet.
    IdToken(String),
}

/// Whom `login_hint` names, if anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LoginHint {
    /// By the name they sign in with.
    LoginName(String),
    /// By issuer and the `sub` that it gives clients (`iss_sub`, RFC 9493 section 3.2.3).
    IssSub {
        /// Names somebody here only if it is this server.
        iss: String,
        /// `sub` of ID tokens.
        sub: String,
    },
    /// By the `sub` that this server gives clients (`opaque`, RFC 9493 section 3.2.5); only in a `login_hint_token`.
    Opaque(String),
    /// In a form that names nobody here.
    Nobody,
}

/// What connects the two screens.
pub(crate) enum Binding {
    /// The client's words, if any, to be shown.
    Show(Option<BindingMessage>),
    /// A code minted by the server, and the client's words, if any.
    Mint(Option<BindingMessage>),
    /// The client's `binding_message` as transfer code, canonical.
    Transfer(String),
}

/// Why a request is not valid. The texts are sent: they are of the characters that an error body may hold (RFC 6749 section
/// 5.2) and hold nothing of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthenticationRequestError {
    /// `acr_values` is malformed.
    #[error("acr_values must be at most 16 values of at most 128 visible ASCII characters")]
    AcrValues,
    /// RFC 9396 section 5.
    #[error(transparent)]
    AuthorizationDetails(#[from] DetailsError),
    /// Words that cannot be shown as they are.
    #[error("binding_message must be 1 to 140 plain characters on one line")]
    BindingMessage,
    /// It is to be the transfer code and has not the form of one.
    #[error("binding_message must be 6 to 8 characters of 0-9 A-H J K M N P-T V-Z")]
    BindingMessageNoCode,
    /// The client is registered to send none.
    #[error("this client is registered without binding_message")]
    BindingMessageRefused,
    /// It is to be the transfer code and is missing.
    #[error("binding_message is required: it is this client's transfer code")]
    BindingMessageMissing,
    /// None, or more than one (CIBA Core section 7.2 step 3).
    #[error("exactly one of login_hint, login_hint_token and id_token_hint is needed")]
    Hints,
    /// Missing, of a ping or push client.
    #[error("client_notification_token is required of clients in ping and push mode")]
    NotificationTokenMissing,
    /// Not one that can be sent as bearer token, or one that could be guessed.
    #[error(
        "client_notification_token must be 22 to 1024 characters of A-Z a-z 0-9 - . _ ~ + / and then ="
    )]
    NotificationToken,
    /// Not a positive whole number.
    #[error("requested_expiry must be a positive integer")]
    RequestedExpiry,
    /// Not an object, too long or too deep.
    #[error("request_context must be a JSON object of at most 4 KiB and 8 levels")]
    RequestContext,
    /// RFC 8707 section 2.
    #[error("resource must be at most 8 absolute URIs without fragment, of at most 512 characters")]
    Resource,
    /// The scope does not have `openid`.
    #[error("scope must contain openid")]
    ScopeNoOpenId,
    /// The scope.
    #[error("scope is malformed")]
    Scope,
    /// The client is registered for other scopes.
    #[error("scope has a value that the client is not registered for")]
    ScopeNotRegistered,
    /// `scope` is missing.
    #[error("scope is missing")]
    ScopeMissing,
}

impl From<ScopeError> for AuthenticationRequestError {
    fn from(error: ScopeError) -> Self {
        match error {
            ScopeError::NoOpenId => Self::ScopeNoOpenId,
            _ => Self::Scope,
        }
    }
}

impl From<BindingMessageError> for AuthenticationRequestError {
    fn from(_: BindingMessageError) -> Self {
        Self::BindingMessage
    }
}

impl AuthenticationRequestError {
    /// `error` (CIBA Core section 13); all are 400.
    pub(crate) fn code(&self) -> OAuthErrorCode {
        use OAuthErrorCode as C;
        match self {
            Self::AuthorizationDetails(_) => C::InvalidAuthorizationDetails,
            Self::BindingMessage | Self::BindingMessageNoCode | Self::BindingMessageRefused => {
                C::InvalidBindingMessage
            }
            Self::Resource => C::InvalidTarget,
            Self::ScopeNoOpenId | Self::ScopeNotRegistered | Self::Scope => C::InvalidScope,
            Self::AcrValues
            | Self::BindingMessageMissing
            | Self::Hints
            | Self::NotificationTokenMissing
            | Self::NotificationToken
            | Self::RequestedExpiry
            | Self::RequestContext
            | Self::ScopeMissing => C::InvalidRequest,
        }
    }
}

impl AuthenticationRequest {
    /// Judges the parameters of an authenticated client: steps 3 and 6 of CIBA Core section 7.2. Steps 1 (the client), 2 (the
    /// signature) and 4 and 5 (the person) are the endpoint's. What nobody knows is passed over.
    ///
    /// # Errors
    /// [`AuthenticationRequestError`], the first that is found.
    pub(crate) fn parse(
        parameters: Parameters,
        client: &Client,
        types: &DetailTypes,
    ) -> Result<Self, AuthenticationRequestError> {
        use AuthenticationRequestError as E;
        let scope = Scope::parse(parameters.text("scope").ok_or(E::ScopeMissing)?)?;
        if !client.settings.may_ask(&scope) {
            return Err(E::ScopeNotRegistered);
        }
        let hint = hint(&parameters)?;
        let registered = &client.settings.authorization_details_types;
        let user_code = parameters
            .text("user_code")
            .filter(|_| client.settings.user_code);
        Ok(Self {
            scope,
            hint,
            binding: binding(&parameters, client)?,
            acr_values: acr_values(parameters.text("acr_values").unwrap_or_default())?,
            requested_expiry: parameters
                .text("requested_expiry")
                .map(requested_expiry)
                .transpose()?,
            user_code: user_code.map(|code| Secret::new(code.to_owned())),
            client_notification_token: notification_token(&parameters, client)?,
            resource: resource(&parameters.resource)?,
            request_context: parameters
                .request_context
                .map(request_context)
                .transpose()?,
            authorization_details: match parameters.authorization_details {
                Some(details) => types.check(details, registered)?,
                None => Vec::new(),
            },
        })
    }

    /// Whether something in it tells it from every other request of the client, for the person to recognise or for a
    /// resource to insist on (FAPI-CIBA section 5.2.2 point 2): a binding message, a transfer code, authorization details or
    /// a request context.
    pub(crate) fn has_context(&self) -> bool {
        let is_bound = match &self.binding {
            Binding::Show(message) => message.is_some(),
            Binding::Mint(_) | Binding::Transfer(_) => true,
        };
        is_bound || !self.authorization_details.is_empty() || self.request_context.is_some()
    }
}

fn hint(parameters: &Parameters) -> Result<Hint, AuthenticationRequestError> {
    let hints =
        ["login_hint", "login_hint_token", "id_token_hint"].map(|name| parameters.text(name));
    match hints {
        [Some(hint), None, None] => Ok(Hint::Login(LoginHint::parse(hint))),
        [None, Some(token), None] => Ok(Hint::LoginToken(token.to_owned())),
        [None, None, Some(token)] => Ok(Hint::IdToken(token.to_owned())),
        _ => Err(AuthenticationRequestError::Hints),
    }
}

impl LoginHint {
    /// A login name, or `{"format":"iss_sub","iss":…,"sub":…}`.
    pub(crate) fn parse(text: &str) -> Self {
        if is_login_name(text) {
            return Self::LoginName(text.to_owned());
        }
        match ijson::parse(text.as_bytes(), MAX_LOGIN_HINT) {
            Ok(SubjectIdentifier { format, iss, sub }) if format == "iss_sub" => {
                Self::IssSub { iss, sub }
            }
            _ => Self::Nobody,
        }
    }
}

#[derive(Deserialize)]
struct SubjectIdentifier {
    format: String,
    iss: String,
    sub: String,
}

fn binding(
    parameters: &Parameters,
    client: &Client,
) -> Result<Binding, AuthenticationRequestError> {
    use AuthenticationRequestError as E;
    let message = parameters.text("binding_message");
    match client.binding_message {
        BindingMessageUse::Transfer => {
            BindingMessage::parse(message.ok_or(E::BindingMessageMissing)?)
                .ok()
                .and_then(|message| message.as_transfer_code())
                .map(Binding::Transfer)
                .ok_or(E::BindingMessageNoCode)
        }
        BindingMessageUse::Refuse if message.is_some() => Err(E::BindingMessageRefused),
        BindingMessageUse::Refuse | BindingMessageUse::Show => {
            let message = message.map(BindingMessage::parse).transpose()?;
            Ok(if client.transfer_code {
                Binding::Mint(message)
            } else {
                Binding::Show(message)
            })
        }
    }
}

pub(crate) fn acr_values(text: &str) -> Result<Vec<String>, AuthenticationRequestError> {
    let values: Vec<String> = text
        .split(' ')
        .filter(|v| !v.is_empty())
        .map(str::to_owned)
        .collect();
    let good = |value: &String| {
        value.len() <= MAX_ACR_VALUE && value.bytes().all(|b| b.is_ascii_graphic())
    };
    if values.len() <= MAX_ACR_VALUES && values.iter().all(good) {
        Ok(values)
    } else {
        Err(AuthenticationRequestError::AcrValues)
    }
}

/// Digits only: no sign, no fraction, no white space. More than fits is as good as the most that fits, which the server
/// cuts anyway.
pub(crate) fn requested_expiry(text: &str) -> Result<u32, AuthenticationRequestError> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AuthenticationRequestError::RequestedExpiry);
    }
    match text.parse().unwrap_or(u32::MAX) {
        0 => Err(AuthenticationRequestError::RequestedExpiry),
        seconds => Ok(seconds),
    }
}

/// A poll client's is of no use and is passed over.
fn notification_token(
    parameters: &Parameters,
    client: &Client,
) -> Result<Option<Secret<String>>, AuthenticationRequestError> {
    use AuthenticationRequestError as E;
    if client.settings.delivery.mode() == TokenDeliveryMode::Poll {
        return Ok(None);
    }
    let token = parameters
        .text("client_notification_token")
        .ok_or(E::NotificationTokenMissing)?;
    if is_notification_token(token) {
        Ok(Some(Secret::new(token.to_owned())))
    } else {
        Err(E::NotificationToken)
    }
}

/// `b64token` of RFC 6750 section 2.1, of an acceptable length.
pub(crate) fn is_notification_token(token: &str) -> bool {
    let unpadded = token.trim_end_matches('=');
    NOTIFICATION_TOKEN.contains(&token.len())
        && !unpadded.is_empty()
        && unpadded.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        })
}

/// The distinct ones, in the client's order.
pub(crate) fn resource(values: &[String]) -> Result<Vec<String>, AuthenticationRequestError> {
    let mut distinct: Vec<String> = Vec::new();
    for value in values {
        if !is_resource(value) {
            return Err(AuthenticationRequestError::Resource);
        }
        if !distinct.contains(value) {
            distinct.push(value.clone());
        }
    }
    if distinct.len() > MAX_RESOURCES {
        return Err(AuthenticationRequestError::Resource);
    }
    Ok(distinct)
}

/// An absolute URI (RFC 3986 section 4.3), which has no fragment, of characters that URIs have.
fn is_resource(value: &str) -> bool {
    let allowed = |b: u8| {
        b.is_ascii_graphic()
            && !matches!(
                b,
                b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#'
            )
    };
    value.len() <= MAX_RESOURCE && value.bytes().all(allowed) && Url::parse(value).is_ok()
}

/// The object, if it is one and within its limits.
fn request_context(value: Value) -> Result<Map<String, Value>, AuthenticationRequestError> {
    let is_small = value.to_string().len() <= MAX_CONTEXT && depth(&value) <= MAX_CONTEXT_DEPTH;
    match value {
        Value::Object(context) if is_small => Ok(context),
        _ => Err(AuthenticationRequestError::RequestContext),
    }
}

/// Levels of arrays and objects. What was read as I-JSON has few.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
