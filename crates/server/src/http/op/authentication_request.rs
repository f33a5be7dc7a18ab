//! The authentication request (CIBA Core section 7.1), as a type that only valid requests can have.

use serde::Deserialize;
use tegata_protocol::{
    ciba::{BindingMessage, BindingMessageError, Scope, ScopeError},
    ijson,
};

use super::form::Form;
use crate::domain::{BindingMessageUse, Client, account::is_login_name};

/// Longest `login_hint`, in bytes.
pub(crate) const MAX_LOGIN_HINT: usize = 1024;

/// Most values of `acr_values`.
pub(crate) const MAX_ACR_VALUES: usize = 16;

/// Longest value of `acr_values`, in bytes.
pub(crate) const MAX_ACR_VALUE: usize = 128;

/// A request that is valid for the client that sent it.
pub(crate) struct AuthenticationRequest {
    pub(crate) scope: Scope,
    pub(crate) login_hint: LoginHint,
    pub(crate) binding: Binding,
    pub(crate) acr_values: Vec<String>,
    /// In seconds, positive, not capped yet.
    pub(crate) requested_expiry: Option<u32>,
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

/// Why a request is not valid. The mapping to the wire is the endpoint's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthenticationRequestError {
    /// No type of `authorization_details` is known here (RFC 9396 section 5).
    #[error("authorization_details are not supported")]
    AuthorizationDetails,
    /// Words that cannot be shown as they are.
    #[error(transparent)]
    BindingMessage(#[from] BindingMessageError),
    /// It is to be the transfer code and has not the form of one.
    #[error("binding_message is no transfer code")]
    BindingMessageNoCode,
    /// The client is registered to send none.
    #[error("this client must not send a binding_message")]
    BindingMessageRefused,
    /// It is to be the transfer code and is missing.
    #[error("binding_message is missing")]
    BindingMessageMissing,
    /// `acr_values` is malformed.
    #[error("acr_values is malformed")]
    AcrValues,
    /// None, or more than one (CIBA Core section 7.2 step 3).
    #[error("exactly one hint is needed")]
    Hints,
    /// `login_hint_token` or `id_token_hint`.
    #[error("this kind of hint is not supported yet")]
    HintUnsupported,
    /// `request` (CIBA Core section 7.1.1).
    #[error("signed requests are not supported yet")]
    RequestObject,
    /// Not a positive whole number.
    #[error("requested_expiry is not a positive integer")]
    RequestedExpiry,
    /// The scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// `scope` is missing.
    #[error("scope is missing")]
    ScopeMissing,
}

impl AuthenticationRequest {
    /// Reads the parameters of an authenticated client, in the order of CIBA Core section 7.2. Steps 1 (the client) and
    /// 4 and 5 (the person) are the endpoint's.
    ///
    /// # Errors
    /// [`AuthenticationRequestError`], the first that is found.
    pub(crate) fn parse(form: &Form, client: &Client) -> Result<Self, AuthenticationRequestError> {
        use AuthenticationRequestError as E;
        // 2. Signed requests are not offered; one that comes all the same must not be taken for an unsigned one.
        if form.value("request").is_some() || form.value("request_uri").is_some() {
            return Err(E::RequestObject);
        }
        // 3 and 6. The parameters. `user_code`, `client_notification_token` and what nobody knows are ignored.
        let scope = Scope::parse(form.value("scope").ok_or(E::ScopeMissing)?)?;
        let login_hint = login_hint(form)?;
        if form.value("authorization_details").is_some() {
            return Err(E::AuthorizationDetails);
        }
        Ok(Self {
            scope,
            login_hint,
            binding: binding(form, client)?,
            acr_values: acr_values(form.value("acr_values").unwrap_or_default())?,
            requested_expiry: form
                .value("requested_expiry")
                .map(requested_expiry)
                .transpose()?,
        })
    }
}

fn login_hint(form: &Form) -> Result<LoginHint, AuthenticationRequestError> {
    let hints = ["login_hint", "login_hint_token", "id_token_hint"].map(|name| form.value(name));
    match hints {
        [Some(hint), None, None] => Ok(LoginHint::parse(hint)),
        [None, Some(_), None] | [None, None, Some(_)] => {
            Err(AuthenticationRequestError::HintUnsupported)
        }
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

fn binding(form: &Form, client: &Client) -> Result<Binding, AuthenticationRequestError> {
    use AuthenticationRequestError as E;
    let message = form.value("binding_message");
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
