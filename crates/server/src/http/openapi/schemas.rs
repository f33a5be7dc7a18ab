//! The schemas that the endpoints speak of. What is signed inside a JWS, and the parts of WebAuthn, are not spelled out:
//! the device protocol and its vectors have them.

mod deciding;
mod managing;

use serde::Serialize;
use tegata_protocol::{ciba::OAuthErrorCode, device::problem::ProblemCode};
use utoipa::openapi::{
    AllOfBuilder, Ref, RefOr, Schema,
    schema::{ArrayBuilder, ObjectBuilder, Type},
};

/// The kind of one member.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Truth,
    Texts,
    /// Any object.
    Object,
    /// Objects of any form.
    Objects,
    /// Another schema by its name.
    Named(&'static str),
    /// A list of another schema.
    NamedList(&'static str),
}

use Kind::{Named, NamedList, Object, Objects, Text, Texts, Truth, Whole};

/// Name, kind, whether it is always there, and what it is.
type Member = (&'static str, Kind, bool, &'static str);

const MUST: bool = true;
const MAY: bool = false;

impl Kind {
    fn schema(self) -> RefOr<Schema> {
        let object = |kind| ObjectBuilder::new().schema_type(kind);
        match self {
            Self::Text => object(Type::String).into(),
            Self::Whole => object(Type::Integer).into(),
            Self::Truth => object(Type::Boolean).into(),
            Self::Object => object(Type::Object).into(),
            Self::Texts => ArrayBuilder::new().items(object(Type::String)).into(),
            Self::Objects => ArrayBuilder::new().items(object(Type::Object)).into(),
            Self::Named(name) => Ref::from_schema_name(name).into(),
            Self::NamedList(name) => ArrayBuilder::new()
                .items(Ref::from_schema_name(name))
                .into(),
        }
    }
}

fn object(description: &str, members: &[Member]) -> Schema {
    let mut schema = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description));
    for (name, kind, must, text) in members {
        // Beside a reference a description needs a schema around both.
        let member = match kind.schema() {
            RefOr::Ref(reference) => AllOfBuilder::new()
                .item(reference)
                .description(Some(*text))
                .into(),
            RefOr::T(Schema::Object(mut inner)) => {
                inner.description = Some((*text).to_owned());
                RefOr::T(Schema::Object(inner))
            }
            RefOr::T(Schema::Array(mut inner)) => {
                inner.description = Some((*text).to_owned());
                RefOr::T(Schema::Array(inner))
            }
            other @ RefOr::T(_) => other,
        };
        schema = schema.property(*name, member);
        if *must {
            schema = schema.required(*name);
        }
    }
    schema.into()
}

fn codes<T: Serialize>(description: &str, all: &[T]) -> Schema {
    let names = all
        .iter()
        .map(|code| serde_json::to_value(code).unwrap_or_default());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(names))
        .into()
}

/// Every code of the provider's errors.
const OAUTH_CODES: [OAuthErrorCode; 25] = {
    use OAuthErrorCode as C;
    [
        C::AccessDenied,
        C::AuthorizationPending,
        C::ExpiredLoginHintToken,
        C::ExpiredToken,
        C::InsufficientScope,
        C::InvalidAuthorizationDetails,
        C::InvalidBindingMessage,
        C::InvalidClient,
        C::InvalidClientMetadata,
        C::InvalidDpopProof,
        C::InvalidGrant,
        C::InvalidRequest,
        C::InvalidScope,
        C::InvalidTarget,
        C::InvalidToken,
        C::InvalidUserCode,
        C::MissingUserCode,
        C::ServerError,
        C::SlowDown,
        C::TemporarilyUnavailable,
        C::UnauthorizedClient,
        C::UnknownUserId,
        C::UnsupportedGrantType,
        C::UnsupportedTokenType,
        C::UseDpopNonce,
    ]
};

/// Every code of the gateway's problems.
const PROBLEM_CODES: [ProblemCode; 24] = {
    use ProblemCode as C;
    [
        C::AssertionInvalid,
        C::AssuranceTooLow,
        C::ConfirmationFailed,
        C::CounterRegressed,
        C::DecisionConflict,
        C::DetailInvalid,
        C::DeviceRevoked,
        C::DeviceSuspended,
        C::Internal,
        C::InvitationExpired,
        C::InvitationUnknown,
        C::InvitationUsed,
        C::MalformedRequest,
        C::NotFound,
        C::NotYet,
        C::PayloadTooLarge,
        C::ProofInvalid,
        C::ProofReplayed,
        C::RequestClosed,
        C::TemporarilyUnavailable,
        C::TooManyRequests,
        C::TransferMismatch,
        C::UseNonce,
        C::VersionUnsupported,
    ]
};

/// All schemas with their names.
pub(super) fn all() -> Vec<(&'static str, Schema)> {
    [
        errors(),
        asking(),
        tokens(),
        clients(),
        pairing(),
        deciding::deciding(),
        managing::managing(),
    ]
    .concat()
}

fn errors() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "OAuthErrorCode",
            codes(
                "error of OAuth 2.0, CIBA Core and their extensions",
                &OAUTH_CODES,
            ),
        ),
        (
            "OAuthError",
            object(
                "RFC 6749 section 5.2; descriptions are ASCII and for developers",
                &[
                    ("error", Named("OAuthErrorCode"), MUST, "The code"),
                    ("error_description", Text, MAY, "For developers"),
                    ("error_uri", Text, MAY, "A page about it"),
                ],
            ),
        ),
        (
            "ProblemCode",
            codes("The stable name of a problem", &PROBLEM_CODES),
        ),
        (
            "Problem",
            object(
                "RFC 9457",
                &[
                    ("type", Text, MUST, "urn:tegata:problem and the code"),
                    ("status", Whole, MUST, "The HTTP status"),
                    ("code", Named("ProblemCode"), MUST, "The stable name"),
                    ("detail", Text, MAY, "One English sentence for developers"),
                    ("closed", Object, MAY, "How a request was closed"),
                    ("tries_left", Whole, MAY, "Of a code that was typed"),
                    ("retry_after", Whole, MAY, "Seconds"),
                    ("not_before", Whole, MAY, "With not_yet: seconds since 1970"),
                ],
            ),
        ),
    ]
}

fn asking() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "ProviderMetadata",
            object(
                "RFC 8414 section 2, OpenID Connect Discovery section 3 and CIBA Core section 4; what a server has not \
                 switched on is left out",
                &[
                    ("issuer", Text, MUST, "What tokens call this server"),
                    ("token_endpoint", Text, MUST, "Its address"),
                    ("jwks_uri", Text, MUST, "Its address"),
                    (
                        "backchannel_authentication_endpoint",
                        Text,
                        MUST,
                        "Its address",
                    ),
                    (
                        "backchannel_token_delivery_modes_supported",
                        Texts,
                        MUST,
                        "poll, ping, push",
                    ),
                    (
                        "tegata_device_metadata",
                        Text,
                        MUST,
                        "Where devices find the gateway's signed metadata",
                    ),
                ],
            ),
        ),
        (
            "JwkSet",
            object(
                "RFC 7517 section 5",
                &[("keys", Objects, MUST, "Public keys, each with its kid")],
            ),
        ),
        (
            "Health",
            object(
                "Whether the server can serve",
                &[("status", Text, MUST, "ready, or unavailable with 503")],
            ),
        ),
        (
            "BackchannelAuthenticationRequest",
            object(
                "CIBA Core section 7.1: scope and exactly one hint, or all of it in request",
                &[
                    ("scope", Text, MAY, "With openid"),
                    ("login_hint", Text, MAY, "A login name, or iss_sub as JSON"),
                    ("id_token_hint", Text, MAY, "An ID token of this provider"),
                    (
                        "login_hint_token",
                        Text,
                        MAY,
                        "A JWT of a registered issuer",
                    ),
                    (
                        "binding_message",
                        Text,
                        MAY,
                        "Shown on both devices, or the transfer code",
                    ),
                    ("client_notification_token", Text, MAY, "For ping and push"),
                    ("acr_values", Text, MAY, "Most wanted first"),
                    ("user_code", Text, MAY, "What only the person knows"),
                    ("requested_expiry", Whole, MAY, "Seconds"),
                    ("authorization_details", Text, MAY, "JSON (RFC 9396)"),
                    (
                        "resource",
                        Text,
                        MAY,
                        "For whom the access token shall be (RFC 8707)",
                    ),
                    ("request_context", Text, MAY, "JSON (FAPI-CIBA section 5.3)"),
                    ("request", Text, MAY, "A signed request"),
                ],
            ),
        ),
        (
            "BackchannelAuthenticationResponse",
            object(
                "CIBA Core section 7.3",
                &[
                    ("auth_req_id", Text, MUST, "Collects the result"),
                    ("expires_in", Whole, MUST, "Seconds"),
                    (
                        "interval",
                        Whole,
                        MAY,
                        "Seconds between polls; not for push",
                    ),
                    (
                        "transfer_code",
                        Text,
                        MAY,
                        "To be shown on the consumption device, once",
                    ),
                ],
            ),
        ),
    ]
}

fn tokens() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "TokenRequest",
            object(
                "CIBA Core section 10.1, RFC 6749 section 6",
                &[
                    (
                        "grant_type",
                        Text,
                        MUST,
                        "urn:openid:params:grant-type:ciba or refresh_token",
                    ),
                    ("auth_req_id", Text, MAY, "With the first"),
                    ("refresh_token", Text, MAY, "With the second"),
                    ("scope", Text, MAY, "Less than was granted"),
                    (
                        "authorization_details",
                        Text,
                        MAY,
                        "Less than was granted, JSON",
                    ),
                    ("resource", Text, MAY, "One of those asked for"),
                ],
            ),
        ),
        (
            "TokenResponse",
            object(
                "OpenID Connect Core section 3.1.3.3",
                &[
                    ("access_token", Text, MUST, "The access token"),
                    ("token_type", Text, MUST, "Bearer or DPoP"),
                    ("expires_in", Whole, MUST, "Seconds"),
                    ("scope", Text, MUST, "What was granted"),
                    ("id_token", Text, MUST, "The ID token"),
                    (
                        "refresh_token",
                        Text,
                        MAY,
                        "For clients that are registered for it",
                    ),
                    ("authorization_details", Objects, MAY, "What was granted"),
                    (
                        "client_receipt",
                        Text,
                        MAY,
                        "A signed receipt of the approval",
                    ),
                ],
            ),
        ),
        (
            "TokenToLookAt",
            object(
                "RFC 7009 section 2.1, RFC 7662 section 2.1",
                &[
                    ("token", Text, MUST, "The token"),
                    ("token_type_hint", Text, MAY, "Not needed"),
                ],
            ),
        ),
        (
            "Introspection",
            object(
                "RFC 7662 section 2.2; active alone if it is false",
                &[
                    ("active", Truth, MUST, "Whether the token works"),
                    ("iss", Text, MAY, "This provider"),
                    ("sub", Text, MAY, "The person"),
                    ("client_id", Text, MAY, "Whose token it is"),
                    ("scope", Text, MAY, "What was granted"),
                    ("exp", Whole, MAY, "Seconds since the epoch"),
                    ("iat", Whole, MAY, "Seconds since the epoch"),
                    ("token_type", Text, MAY, "Bearer or DPoP"),
                    ("cnf", Object, MAY, "What the token is bound to"),
                    ("authorization_details", Objects, MAY, "What was granted"),
                    ("auth_time", Whole, MAY, "When the person approved"),
                    ("acr", Text, MAY, "How the person was verified"),
                ],
            ),
        ),
        (
            "UserInfo",
            object(
                "OpenID Connect Core section 5.3.2",
                &[
                    ("sub", Text, MUST, "The person, as the ID token calls them"),
                    ("name", Text, MAY, "With the scope profile"),
                    ("preferred_username", Text, MAY, "With the scope profile"),
                    ("authorization_details", Objects, MAY, "What was granted"),
                ],
            ),
        ),
    ]
}

fn clients() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "ClientMetadata",
            object(
                "RFC 7591 section 2, CIBA Core section 4 and their extensions; what is not known is ignored",
                &[
                    (
                        "client_name",
                        Text,
                        MAY,
                        "Shown to people, as the client's own words",
                    ),
                    ("jwks", Object, MAY, "Its public keys"),
                    ("jwks_uri", Text, MAY, "Where they are"),
                    (
                        "token_endpoint_auth_method",
                        Text,
                        MAY,
                        "How it authenticates",
                    ),
                    (
                        "backchannel_token_delivery_mode",
                        Text,
                        MAY,
                        "poll, ping or push",
                    ),
                    (
                        "backchannel_client_notification_endpoint",
                        Text,
                        MAY,
                        "For ping and push",
                    ),
                ],
            ),
        ),
        (
            "ClientRegistration",
            object(
                "RFC 7591 section 3.2.1: what was registered, with",
                &[
                    ("client_id", Text, MUST, "Its name here"),
                    ("client_secret", Text, MAY, "If it authenticates with one"),
                    (
                        "registration_access_token",
                        Text,
                        MAY,
                        "For the address below",
                    ),
                    (
                        "registration_client_uri",
                        Text,
                        MAY,
                        "Where the registration is read and changed",
                    ),
                ],
            ),
        ),
    ]
}

fn pairing() -> Vec<(&'static str, Schema)> {
    let v: Member = ("v", Whole, MUST, "1");
    vec![
        (
            "SignedMetadata",
            object(
                "Device protocol, section 3",
                &[
                    (
                        "metadata_jws",
                        Text,
                        MUST,
                        "metadata+jwt, signed by the root key",
                    ),
                    ("root", Object, MUST, "The root key, a JWK"),
                ],
            ),
        ),
        (
            "RedeemRequest",
            object(
                "Section 4.2",
                &[v, ("code", Text, MUST, "The invitation's code")],
            ),
        ),
        (
            "RedeemResponse",
            object("Section 4.2", &[("offer", Text, MUST, "offer+jwt")]),
        ),
        (
            "DeviceDescription",
            object(
                "The device's own words about itself",
                &[
                    ("name", Text, MUST, "For people"),
                    ("platform", Text, MUST, "Such as linux"),
                    ("app", Text, MUST, "Name and version"),
                    ("locale", Text, MUST, "BCP 47"),
                    ("key", Text, MUST, "software_pin or hardware"),
                ],
            ),
        ),
        (
            "PairingRequest",
            object(
                "Section 4.3",
                &[
                    v,
                    ("pairing", Text, MUST, "jti of the offer"),
                    ("device_nonce", Text, MUST, "32 bytes, base64url"),
                    (
                        "device",
                        Named("DeviceDescription"),
                        MUST,
                        "What the device says of itself",
                    ),
                    (
                        "approval",
                        Object,
                        MUST,
                        "WebAuthn registration of the approval key",
                    ),
                    (
                        "possession",
                        Object,
                        MUST,
                        "WebAuthn registration of the possession key",
                    ),
                ],
            ),
        ),
        (
            "PairingResponse",
            object("Section 4.4", &[("reveal", Text, MUST, "reveal+jwt")]),
        ),
        (
            "ConfirmRequest",
            object(
                "Section 4.5",
                &[
                    v,
                    (
                        "countersignature",
                        Text,
                        MAY,
                        "A JWS over the pairing receipt",
                    ),
                    (
                        "wait",
                        Whole,
                        MAY,
                        "Seconds for which the answer may be held",
                    ),
                ],
            ),
        ),
        (
            "ConfirmResponse",
            object(
                "Section 4.5",
                &[
                    ("state", Text, MUST, "waiting or confirmed"),
                    ("expires_in", Whole, MAY, "Seconds, while waiting"),
                    ("tries_left", Whole, MAY, "For the digits, while waiting"),
                    ("receipt", Text, MAY, "pairing-receipt+jwt, once confirmed"),
                ],
            ),
        ),
    ]
}
