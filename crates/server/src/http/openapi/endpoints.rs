//! Every endpoint, in the order of the document's readers: clients, resources, devices.

use utoipa::openapi::path::HttpMethod;

use super::{Access, Answer, Body, DEVICES, Endpoint, PROVIDER, Refusals};
use crate::http::{device::endpoints as device, op::paths};

/// All of them.
pub(super) fn all() -> Vec<Endpoint> {
    [provider(), registration(), gateway(), management()]
        .into_iter()
        .flatten()
        .collect()
}

fn provider() -> Vec<Endpoint> {
    let public = |path, id, summary, schema| Endpoint {
        method: HttpMethod::Get,
        path,
        id,
        tag: PROVIDER,
        summary,
        access: Access::Public,
        request: Body::None,
        answer: Answer::Json(schema),
        refusals: Refusals::None,
    };
    let client = |path, id, summary, form, answer, statuses| Endpoint {
        method: HttpMethod::Post,
        path,
        id,
        tag: PROVIDER,
        summary,
        access: Access::Client,
        request: Body::Form(form),
        answer,
        refusals: Refusals::OAuth(statuses),
    };
    let userinfo = |method, id| Endpoint {
        method,
        path: paths::USERINFO,
        id,
        tag: PROVIDER,
        summary: "Who the person behind an access token is (OpenID Connect Core section 5.3)",
        access: Access::Token,
        request: Body::None,
        answer: Answer::Json("UserInfo"),
        refusals: Refusals::OAuth(&[400, 401, 403]),
    };
    vec![
        public(
            paths::OPENID_CONFIGURATION,
            "openidConfiguration",
            "What this provider is (OpenID Connect Discovery section 4)",
            "ProviderMetadata",
        ),
        public(
            paths::OAUTH_AUTHORIZATION_SERVER,
            "authorizationServerMetadata",
            "The same under the name of RFC 8414",
            "ProviderMetadata",
        ),
        public(
            paths::JWKS,
            "jwks",
            "The keys that sign tokens (RFC 7517 section 5)",
            "JwkSet",
        ),
        Endpoint {
            refusals: Refusals::None,
            ..public(
                paths::HEALTH,
                "health",
                "Whether the server can serve",
                "Health",
            )
        },
        client(
            paths::BACKCHANNEL_AUTHENTICATION,
            "backchannelAuthentication",
            "Asks for somebody's approval (CIBA Core section 7)",
            "BackchannelAuthenticationRequest",
            Answer::Json("BackchannelAuthenticationResponse"),
            &[400, 401, 403],
        ),
        client(
            paths::TOKEN,
            "token",
            "Collects the result, or exchanges a refresh token (CIBA Core section 10.1, RFC 6749 section 6)",
            "TokenRequest",
            Answer::Json("TokenResponse"),
            &[400, 401],
        ),
        client(
            paths::REVOCATION,
            "revoke",
            "Ends a token (RFC 7009)",
            "TokenToLookAt",
            Answer::Empty("200"),
            &[400, 401],
        ),
        client(
            paths::INTROSPECTION,
            "introspect",
            "What a token stands for (RFC 7662)",
            "TokenToLookAt",
            Answer::Json("Introspection"),
            &[400, 401],
        ),
        Endpoint {
            answer: Answer::Sorry,
            ..public(
                paths::AUTHORIZATION,
                "authorize",
                "Says that this provider has no browser flow",
                "",
            )
        },
        Endpoint {
            access: Access::Public,
            request: Body::Query(&[
                ("auth_req_id", "Which request"),
                ("action", "allow or deny"),
                ("key", "The secret of the configuration"),
            ]),
            ..client(
                paths::AUTOMATION,
                "decideForATest",
                "Decides for a test client and a test account; only where the configuration has it",
                "",
                Answer::Empty("204"),
                &[404, 409],
            )
        },
        userinfo(HttpMethod::Get, "userinfo"),
        userinfo(HttpMethod::Post, "userinfoByPost"),
    ]
}

/// Where clients may register.
fn registration() -> Vec<Endpoint> {
    let registered = |method, id, summary, request, answer| Endpoint {
        method,
        path: "/register/{client_id}",
        id,
        tag: PROVIDER,
        summary,
        access: Access::Token,
        request,
        answer,
        refusals: Refusals::OAuth(&[400, 401, 413]),
    };
    vec![
        Endpoint {
            path: paths::REGISTRATION,
            ..registered(
                HttpMethod::Post,
                "registerClient",
                "Registers a client (RFC 7591), with an initial access token where the configuration has one",
                Body::Json("ClientMetadata"),
                Answer::Created("ClientRegistration"),
            )
        },
        registered(
            HttpMethod::Get,
            "readClient",
            "Shows a client its registration (RFC 7592 section 2.1)",
            Body::None,
            Answer::Json("ClientRegistration"),
        ),
        registered(
            HttpMethod::Put,
            "replaceClient",
            "Replaces a client's registration (RFC 7592 section 2.2)",
            Body::Json("ClientMetadata"),
            Answer::Json("ClientRegistration"),
        ),
        registered(
            HttpMethod::Delete,
            "removeClient",
            "Ends a client's registration (RFC 7592 section 2.3)",
            Body::None,
            Answer::Empty("204"),
        ),
    ]
}

/// A POST to the gateway.
fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    access: Access,
    request: &'static str,
    answer: &'static str,
    statuses: &'static [u16],
) -> Endpoint {
    Endpoint {
        method: HttpMethod::Post,
        path,
        id,
        tag: DEVICES,
        summary,
        access,
        request: Body::Json(request),
        answer: Answer::Json(answer),
        refusals: Refusals::Problem(statuses),
    }
}

fn gateway() -> Vec<Endpoint> {
    vec![
        Endpoint {
            method: HttpMethod::Get,
            path: device::METADATA,
            id: "deviceMetadata",
            tag: DEVICES,
            summary: "The signed metadata that devices pin (device protocol, section 3)",
            access: Access::Public,
            request: Body::None,
            answer: Answer::Json("SignedMetadata"),
            refusals: Refusals::None,
        },
        post(
            device::REDEEM,
            "redeemInvitation",
            "Uses up an invitation and gets an offer (section 4.2)",
            Access::Public,
            "RedeemRequest",
            "RedeemResponse",
            &[400, 404, 410, 413, 415],
        ),
        post(
            device::PAIRINGS,
            "registerDevice",
            "Registers a device's two keys (section 4.3)",
            Access::Public,
            "PairingRequest",
            "PairingResponse",
            &[400, 404, 410, 413, 415, 422],
        ),
        post(
            device::CONFIRM,
            "confirmPairing",
            "Waits until the six digits are typed, and countersigns (section 4.5)",
            Access::Device,
            "ConfirmRequest",
            "ConfirmResponse",
            &[400, 401, 410, 413, 415],
        ),
        Endpoint {
            method: HttpMethod::Get,
            path: device::CONNECT,
            id: "connect",
            tag: DEVICES,
            summary: "The socket on which prompts come; the device proves itself in its first frame (section 6)",
            access: Access::Public,
            request: Body::None,
            answer: Answer::Socket,
            refusals: Refusals::Problem(&[400]),
        },
        post(
            device::PENDING,
            "pending",
            "The device's whole pending set, for devices without a socket (section 6.4)",
            Access::Device,
            "PendingRequest",
            "PendingSet",
            &[400, 401, 413, 415],
        ),
        post(
            device::DECISIONS,
            "decide",
            "Approves or denies, signed (section 8)",
            Access::Device,
            "DecisionRequest",
            "DecisionResponse",
            &[400, 401, 403, 404, 409, 410, 413, 415, 422],
        ),
        post(
            device::SEEN,
            "seen",
            "Reports that prompts were shown (section 6.5)",
            Access::Device,
            "RequestReference",
            "Nothing",
            &[400, 401, 413, 415],
        ),
        post(
            device::RECEIPTS,
            "receipts",
            "How a request stands, with the device's receipt (section 9)",
            Access::Device,
            "RequestReference",
            "KnownRequest",
            &[400, 401, 413, 415],
        ),
    ]
}

fn management() -> Vec<Endpoint> {
    vec![
        post(
            device::DEVICES,
            "devices",
            "The account's devices (section 6.4)",
            Access::Device,
            "ManagementRequest",
            "DeviceList",
            &[400, 401, 413, 415],
        ),
        post(
            device::DEVICE_RENAME,
            "renameDevice",
            "Renames the asking device (section 6.4)",
            Access::Device,
            "DeviceRename",
            "DeviceList",
            &[400, 401, 413, 415],
        ),
        post(
            device::DEVICE_REMOVE,
            "removeDevice",
            "Revokes the asking device, or asks to remove another (section 6.4)",
            Access::Device,
            "DeviceRemove",
            "ManagementAnswer",
            &[400, 401, 403, 404, 413, 415, 429],
        ),
        post(
            device::DEVICE_ADD,
            "addDevice",
            "Asks to add a device, or to move to one (section 6.4)",
            Access::Device,
            "DeviceAdd",
            "ManagementAnswer",
            &[400, 401, 403, 413, 415, 429],
        ),
        post(
            device::DEVICE_INVITATION,
            "takeInvitation",
            "Takes the invitation of an approved addition, once (section 6.4)",
            Access::Device,
            "InvitationRequest",
            "Invitation",
            &[400, 401, 404, 409, 410, 413, 415],
        ),
        post(
            device::DEVICE_CONFIRM,
            "confirmDevice",
            "How that pairing stands, and its digits (section 6.4)",
            Access::Device,
            "DeviceConfirm",
            "AddingState",
            &[400, 401, 404, 413, 415],
        ),
        post(
            device::DEVICE_KEY,
            "replaceKey",
            "Asks to replace the asking device's approval key (sections 4.6 and 6.4)",
            Access::Device,
            "DeviceKey",
            "ManagementAnswer",
            &[400, 401, 403, 413, 415, 422, 429],
        ),
        post(
            device::DEVICE_GRADE,
            "gradeDevice",
            "Asks to let another device count for as much as the asking one (section 6.4)",
            Access::Device,
            "DeviceGrade",
            "ManagementAnswer",
            &[400, 401, 403, 404, 413, 415, 429],
        ),
        post(
            device::CONSENTS,
            "consents",
            "What was granted and is still good (section 6.4)",
            Access::Device,
            "ManagementRequest",
            "GrantList",
            &[400, 401, 413, 415],
        ),
        post(
            device::CONSENT_REVOKE,
            "revokeConsent",
            "Takes a grant back (section 6.4)",
            Access::Device,
            "ConsentRevoke",
            "GrantList",
            &[400, 401, 413, 415],
        ),
        post(
            device::TEST,
            "test",
            "Sends the asking device a test (section 6.4)",
            Access::Device,
            "ManagementRequest",
            "ManagementAnswer",
            &[400, 401, 413, 415, 429],
        ),
    ]
}
