//! The OpenAPI 3.1 document of the endpoints, made from the same paths and codes that the server answers with.
//!
//! `tegata-server openapi` prints it; `docs/openapi.json` is a copy, and a test fails when it is out of date, when a route of
//! the router is missing here, or when something here is no route. Pages for people and the local admin interface are
//! not in it.
//!
//! To add an endpoint: a line in `endpoints`, and a schema in `schemas` if it answers something new.

mod endpoints;
mod schemas;

use serde_json::Value;
use utoipa::openapi::{
    ContactBuilder, Content, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Paths,
    Ref, RefOr, Required, Response, ResponseBuilder, ResponsesBuilder, Schema, Server, Tag,
    header::HeaderBuilder,
    path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{ComponentsBuilder, ObjectBuilder, Type},
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    tag::TagBuilder,
};

/// One endpoint as the document has it.
struct Endpoint {
    method: HttpMethod,
    path: &'static str,
    /// Unique; what generators call it.
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    access: Access,
    request: Body,
    answer: Answer,
    refusals: Refusals,
}

/// Who may call it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Anybody.
    Public,
    /// A client that authenticates.
    Client,
    /// Whoever has an access token.
    Token,
    /// A paired device, by a proof over method, address and body.
    Device,
}

/// What is sent.
#[derive(Clone, Copy)]
enum Body {
    None,
    /// `application/x-www-form-urlencoded`; a schema's name.
    Form(&'static str),
    /// `application/json`; a schema's name.
    Json(&'static str),
    /// Parameters of the query, with what they are.
    Query(&'static [(&'static str, &'static str)]),
}

/// The good answer.
#[derive(Clone, Copy)]
enum Answer {
    /// 200 with a schema.
    Json(&'static str),
    /// 201 with a schema.
    Created(&'static str),
    /// This status without a body.
    Empty(&'static str),
    /// Nothing but a page for people, with 400.
    Sorry,
    /// 101: a WebSocket.
    Socket,
}

/// What else it answers.
#[derive(Clone, Copy)]
enum Refusals {
    /// Nothing of its own.
    None,
    /// OAuth errors, with these statuses beside 429, 500 and 503.
    OAuth(&'static [u16]),
    /// Problems (RFC 9457), with these statuses beside 429, 500 and 503.
    Problem(&'static [u16]),
}

const PROVIDER: &str = "provider";
const DEVICES: &str = "devices";

/// The whole document.
///
/// # Panics
/// Never: its parts are constants.
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Tegata server")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A CIBA OpenID Provider and a gateway for authentication devices. Discovery says which of this a server has \
             switched on and where it is; docs/protocol.md has the device protocol, which is more than its HTTP.",
        ))
        .contact(Some(
            ContactBuilder::new()
                .url(Some(env!("CARGO_PKG_REPOSITORY")))
                .build(),
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0 OR MIT")
                .identifier(Some("Apache-2.0 OR MIT"))
                .build(),
        ))
        .build();
    let mut paths = Paths::new();
    for endpoint in endpoints::all() {
        let item = PathItem::new(endpoint.method.clone(), endpoint.operation());
        match paths.paths.get_mut(endpoint.path) {
            Some(there) => there.merge_operations(item),
            None => {
                paths.paths.insert(endpoint.path.to_owned(), item);
            }
        }
    }
    let mut components = ComponentsBuilder::new();
    for (name, schema) in schemas::all() {
        components = components.schema(name, schema);
    }
    for (name, scheme) in security_schemes() {
        components = components.security_scheme(name, scheme);
    }
    let mut document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("http://localhost:8480")]))
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some([
            tag(PROVIDER, "OpenID Connect CIBA, for clients and resources"),
            tag(DEVICES, "The gateway, for authentication devices"),
        ]))
        .build();
    document.openapi = utoipa::openapi::OpenApiVersion::Version31;
    document
}

/// The document as it is printed: JSON with sorted members and a line's end.
///
/// # Panics
/// Never: the document is JSON.
pub fn text() -> String {
    let value: Value = serde_json::to_value(document()).expect("the document is JSON");
    let mut text = serde_json::to_string_pretty(&value).expect("a value is JSON");
    text.push('\n');
    text
}

fn tag(name: &str, description: &str) -> Tag {
    TagBuilder::new()
        .name(name)
        .description(Some(description))
        .build()
}

fn security_schemes() -> [(&'static str, SecurityScheme); 5] {
    let http = |scheme, description: &str| {
        let mut http = Http::new(scheme);
        http.description = Some(description.to_owned());
        SecurityScheme::Http(http)
    };
    [
        (
            "client_secret_basic",
            http(
                HttpAuthScheme::Basic,
                "client_id and secret, each form-encoded first",
            ),
        ),
        (
            "client_in_body",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                "Content-Type",
                "client_secret_post, client_secret_jwt and private_key_jwt are parameters of the form: client_id and \
                 client_secret, or client_assertion and client_assertion_type",
            ))),
        ),
        (
            "client_certificate",
            SecurityScheme::MutualTls {
                description: Some("tls_client_auth and self_signed_tls_client_auth".to_owned()),
                deprecated: None,
                extensions: None,
            },
        ),
        (
            "access_token",
            http(
                HttpAuthScheme::Bearer,
                "Bearer, or DPoP with a proof for a token that is bound to a key",
            ),
        ),
        (
            "device_proof",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                tegata_protocol::device::proof::PROOF_HEADER,
                "A JWS by the device's possession key over method, address, body and the last nonce",
            ))),
        ),
    ]
}

impl Endpoint {
    fn operation(&self) -> OperationBuilder {
        let mut operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.tag)
            .summary(Some(self.summary))
            .responses(self.responses());
        for name in parameters(self.path) {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
            operation = operation.parameter(parameter);
        }
        if let Body::Query(parameters) = self.request {
            for (name, text) in parameters {
                let parameter = ParameterBuilder::new()
                    .name(*name)
                    .parameter_in(ParameterIn::Query)
                    .required(Required::True)
                    .description(Some(*text))
                    .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
                operation = operation.parameter(parameter);
            }
        }
        let body = match self.request {
            Body::None | Body::Query(_) => None,
            Body::Form(schema) => Some(("application/x-www-form-urlencoded", schema)),
            Body::Json(schema) => Some(("application/json", schema)),
        };
        if let Some((media_type, schema)) = body {
            let body = RequestBodyBuilder::new()
                .content(media_type, content(schema))
                .required(Some(Required::True))
                .build();
            operation = operation.request_body(Some(body));
        }
        let schemes: &[&str] = match self.access {
            Access::Public => &[],
            Access::Client => &[
                "client_secret_basic",
                "client_in_body",
                "client_certificate",
            ],
            Access::Token => &["access_token"],
            Access::Device => &["device_proof"],
        };
        for scheme in schemes {
            let none: [&str; 0] = [];
            operation = operation.security(SecurityRequirement::new(*scheme, none));
        }
        operation
    }

    fn responses(&self) -> ResponsesBuilder {
        let json = |schema| {
            ResponseBuilder::new()
                .description("Done")
                .content("application/json", content(schema))
                .build()
        };
        let (status, good) = match self.answer {
            Answer::Json(schema) => ("200", json(schema)),
            Answer::Created(schema) => ("201", json(schema)),
            Answer::Empty(status) => (status, Response::new("Done")),
            Answer::Sorry => ("400", Response::new("A page that says so")),
            Answer::Socket => ("101", Response::new("The socket is open")),
        };
        let mut responses = ResponsesBuilder::new().response(status, good);
        let (statuses, media_type, schema) = match self.refusals {
            Refusals::None => return responses,
            Refusals::OAuth(statuses) => (statuses, "application/json", "OAuthError"),
            Refusals::Problem(statuses) => (statuses, "application/problem+json", "Problem"),
        };
        for status in statuses.iter().chain(&[429, 500, 503]) {
            let mut refusal = ResponseBuilder::new()
                .description(reason(*status))
                .content(media_type, content(schema));
            if matches!(status, 429 | 503) {
                let seconds = HeaderBuilder::new()
                    .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
                    .description(Some("Seconds"))
                    .build();
                refusal = refusal.header("Retry-After", seconds);
            }
            responses = responses.response(status.to_string(), refusal.build());
        }
        responses
    }
}

/// The names in braces.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    let segments = path.split('/');
    segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn content(schema: &str) -> Content {
    Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(schema))))
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "The request is not acceptable; error says why",
        401 => "The sender has not proved who it is",
        403 => "Refused by policy",
        404 => "There is no such thing",
        409 => "The request is decided already",
        410 => "It is over",
        413 => "The body is too long",
        415 => "The body is of another type",
        422 => "The decision does not hold",
        429 => "Too many requests",
        500 => "The server's own trouble",
        503 => "The server is busy",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests;
