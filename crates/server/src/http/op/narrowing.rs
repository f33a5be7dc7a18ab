//! Less than was granted: what a token request may leave out of the access token that it gets.
//!
//! The grant stays what it is: the next tokens of a refresh token can have all of it again (RFC 6749 section 6).

use serde_json::Value;
use tegata_protocol::{ciba::OAuthErrorCode, ijson};

use super::form::{Form, MAX_BODY};
use crate::domain::{RequestFacts, TokenDetails, token::is_within_details};

/// The request goes beyond what was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NarrowingError {
    /// `authorization_details` that were not granted, or none at all (RFC 9396 section 6).
    #[error("authorization_details are not within what was granted")]
    AuthorizationDetails,
    /// A `resource` that was not asked for (RFC 8707 section 2.2).
    #[error("resource is not one of the request's")]
    Resource,
    /// A scope that was not granted, or no list of scopes.
    #[error("scope is not within what was granted")]
    Scope,
}

impl NarrowingError {
    pub(super) fn code_and_description(self) -> (OAuthErrorCode, &'static str) {
        match self {
            Self::AuthorizationDetails => (
                OAuthErrorCode::InvalidAuthorizationDetails,
                "authorization_details must be within what was granted",
            ),
            Self::Resource => (
                OAuthErrorCode::InvalidTarget,
                "resource must be one that the request was made for",
            ),
            Self::Scope => (
                OAuthErrorCode::InvalidScope,
                "scope must be within what was granted",
            ),
        }
    }
}

/// Reads `authorization_details` and `resource` of a token request.
///
/// # Errors
/// [`NarrowingError`].
pub(super) fn read(form: &Form, facts: &RequestFacts) -> Result<TokenDetails, NarrowingError> {
    let authorization_details = form
        .value("authorization_details")
        .map(|text| {
            let asked: Value = ijson::parse(text.as_bytes(), MAX_BODY)
                .map_err(|_| NarrowingError::AuthorizationDetails)?;
            match asked {
                Value::Array(asked)
                    if is_within_details(&asked, &facts.terms.authorization_details) =>
                {
                    Ok(asked)
                }
                _ => Err(NarrowingError::AuthorizationDetails),
            }
        })
        .transpose()?;
    let resource = form.resource();
    if !resource
        .iter()
        .all(|asked| facts.terms.resource.contains(asked))
    {
        return Err(NarrowingError::Resource);
    }
    let resource = (!resource.is_empty()).then(|| resource.to_vec());
    Ok(TokenDetails {
        authorization_details,
        resource,
        ..TokenDetails::default()
    })
}

/// Reads `scope` of a refresh request; `None` if it has none.
///
/// # Errors
/// [`NarrowingError::Scope`].
pub(super) fn scopes(
    form: &Form,
    facts: &RequestFacts,
) -> Result<Option<Vec<String>>, NarrowingError> {
    let Some(text) = form.value("scope") else {
        return Ok(None);
    };
    let mut asked: Vec<String> = Vec::new();
    for scope in text.split(' ') {
        let granted = facts.scopes.iter().any(|one| one == scope);
        if !granted || asked.iter().any(|one| one == scope) {
            return Err(NarrowingError::Scope);
        }
        asked.push(scope.to_owned());
    }
    Ok(Some(asked))
}
