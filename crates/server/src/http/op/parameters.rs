//! The parameters of an authentication request, whether a form carries them or a signed request object.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tegata_protocol::ijson;

use super::form::{Form, RESOURCE};

/// Longest `authorization_details` and `request_context`, in bytes of the form's text.
const MAX_JSON: usize = 32 * 1024;

/// The parameters whose values are text (CIBA Core section 7.1). A request object may have `requested_expiry` as a number too.
const TEXTS: [&str; 9] = [
    "acr_values",
    "binding_message",
    "client_notification_token",
    "id_token_hint",
    "login_hint",
    "login_hint_token",
    "requested_expiry",
    "scope",
    "user_code",
];

const REQUESTED_EXPIRY: &str = "requested_expiry";
const AUTHORIZATION_DETAILS: &str = "authorization_details";
const REQUEST_CONTEXT: &str = "request_context";

/// What a client asks for, not judged yet. What has no value is not there; unknown parameters are passed over. It has no
/// `Debug`, since it holds secrets.
#[derive(Clone, Default)]
pub(crate) struct Parameters {
    texts: BTreeMap<&'static str, String>,
    /// `authorization_details` (RFC 9396 section 2), some JSON.
    pub(crate) authorization_details: Option<Value>,
    /// `request_context` (FAPI-CIBA section 5.3), some JSON.
    pub(crate) request_context: Option<Value>,
    /// Every `resource` (RFC 8707 section 2).
    pub(crate) resource: Vec<String>,
}

/// A parameter is not of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParameterError {
    /// `authorization_details` in a form is no I-JSON.
    #[error("authorization_details is not I-JSON (RFC 7493), or longer than 32 KiB")]
    AuthorizationDetails,
    /// `request_context` in a form is no I-JSON.
    #[error("request_context is not I-JSON (RFC 7493), or longer than 32 KiB")]
    RequestContext,
    /// A claim of a request object has another type.
    #[error("a parameter of the request object has another type than it must have")]
    Type,
}

impl Parameters {
    /// The parameters of an unsigned request. JSON among them is checked on its bytes.
    ///
    /// # Errors
    /// [`ParameterError::AuthorizationDetails`] or [`ParameterError::RequestContext`].
    pub(crate) fn of_form(form: &Form) -> Result<Self, ParameterError> {
        let json = |name, error| {
            let read = |text: &str| ijson::parse(text.as_bytes(), MAX_JSON).map_err(|_| error);
            form.value(name).map(read).transpose()
        };
        Ok(Self {
            texts: TEXTS
                .into_iter()
                .filter_map(|name| Some((name, form.value(name)?.to_owned())))
                .collect(),
            authorization_details: json(
                AUTHORIZATION_DETAILS,
                ParameterError::AuthorizationDetails,
            )?,
            request_context: json(REQUEST_CONTEXT, ParameterError::RequestContext)?,
            resource: form.resource().to_vec(),
        })
    }

    /// The parameters among the claims of a request object (CIBA Core section 7.1.1), which have passed as I-JSON. `null` is
    /// no value: there are libraries that sign it for each parameter that they were not given.
    ///
    /// # Errors
    /// [`ParameterError::Type`].
    pub(crate) fn of_claims(mut claims: Map<String, Value>) -> Result<Self, ParameterError> {
        claims.retain(|_, value| !value.is_null());
        let mut texts = BTreeMap::new();
        for name in TEXTS {
            let text = match claims.remove(name) {
                None => continue,
                Some(Value::String(text)) => text,
                Some(Value::Number(number)) if name == REQUESTED_EXPIRY => number.to_string(),
                Some(_) => return Err(ParameterError::Type),
            };
            if !text.is_empty() {
                texts.insert(name, text);
            }
        }
        let mut resource = match claims.remove(RESOURCE) {
            None => Vec::new(),
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many
                .into_iter()
                .map(|value| match value {
                    Value::String(one) => Ok(one),
                    _ => Err(ParameterError::Type),
                })
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(ParameterError::Type),
        };
        resource.retain(|one| !one.is_empty());
        Ok(Self {
            texts,
            authorization_details: claims.remove(AUTHORIZATION_DETAILS),
            request_context: claims.remove(REQUEST_CONTEXT),
            resource,
        })
    }

    /// The value of a text parameter; never empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(claims: Value) -> Result<Parameters, ParameterError> {
        let Value::Object(claims) = claims else {
            panic!("claims are an object")
        };
        Parameters::of_claims(claims)
    }

    /// Conformance: CIBA-7.1.1-types
    #[test]
    fn a_request_object_has_strings_but_for_the_parameters_that_are_json() {
        let read = of(json!({
            "scope": "openid", "requested_expiry": 30, "resource": ["urn:a", "", "urn:b"],
            "authorization_details": [{ "type": "a" }], "request_context": {}, "user_code": "", "other": 1,
            "login_hint_token": null,
        }));
        let read = read.ok().unwrap();
        assert_eq!(read.text("requested_expiry"), Some("30"));
        assert_eq!(read.text("scope"), Some("openid"));
        assert_eq!(read.text("user_code"), None, "an empty one is not there");
        assert_eq!(read.text("other"), None);
        assert_eq!(read.text("login_hint_token"), None);
        assert_eq!(read.resource, ["urn:a", "urn:b"]);
        assert_eq!(read.authorization_details, Some(json!([{ "type": "a" }])));
        let read = of(json!({ "requested_expiry": "30", "resource": "urn:a" }));
        let read = read.ok().unwrap();
        assert_eq!(read.text("requested_expiry"), Some("30"));
        assert_eq!(read.resource, ["urn:a"]);
        for bad in [
            json!({ "scope": ["openid"] }),
            json!({ "login_hint": 1 }),
            json!({ "requested_expiry": true }),
            json!({ "resource": 1 }),
            json!({ "resource": [1] }),
        ] {
            assert_eq!(of(bad.clone()).err(), Some(ParameterError::Type), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_form_and_a_request_object_with_the_same_texts_are_the_same(values in prop::collection::vec("[ -~]{0,12}", TEXTS.len())) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            let mut claims = Map::new();
            for (name, value) in TEXTS.into_iter().zip(&values) {
                form.append_pair(name, value);
                claims.insert(name.to_owned(), value.as_str().into());
            }
            let form = Form::parse(form.finish().as_bytes()).ok().unwrap();
            let by_form = Parameters::of_form(&form).ok().unwrap();
            let by_claims = Parameters::of_claims(claims).ok().unwrap();
            for name in TEXTS {
                prop_assert_eq!(by_form.text(name), by_claims.text(name));
            }
        }
    }
}
