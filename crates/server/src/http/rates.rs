//! How often anybody may come: per client, per person and per address.
//!
//! An address pays for what it is refused, dearly for failed authentications, and for the few things that strangers may
//! start; what is answered well costs it nothing, since clients and devices that have proved themselves have limits of
//! their own, and many of them may come from one address. So a right answer is never withheld because others behind the
//! same address guess, and a poll at its interval is never limited.
//!
//! A client pays for each request that it makes, and for each person it asks once more. Test accounts are exempt from the
//! latter, as from budgets. Nothing here tells a client what others do: the person's limit is its own with each client.
//!
//! What this module does **not** do: decide whether a person is disturbed ([`crate::domain::budget`]), or enforce polling
//! intervals ([`crate::domain::poll_gate`]).

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};
use tegata_protocol::{
    AccountId, ClientId,
    ciba::{OAuthError, OAuthErrorCode},
    device::problem::ProblemCode,
};

use super::{caller::Caller, device::problem, device::problem::Refusal, op::paths};
use crate::{
    app::App,
    config::RateConfig,
    domain::{
        Account,
        rate::{Buckets, Rate, TooMany},
    },
};

/// What an address pays for a request that may make something lasting for a stranger.
const STARTING: u32 = 20;

/// The buckets of this process.
#[derive(Debug)]
pub struct Rates {
    addresses: Buckets<IpAddr>,
    clients: Buckets<ClientId>,
    people: Buckets<(ClientId, AccountId)>,
    failed_authentication: u32,
}

impl Rates {
    /// As configured.
    pub fn new(config: &RateConfig) -> Self {
        let per_minute = |actions, burst| Rate::new(actions, 60, burst);
        Self {
            addresses: Buckets::new(per_minute(config.address_per_minute, config.address_burst)),
            clients: Buckets::new(per_minute(config.client_per_minute, config.client_burst)),
            people: Buckets::new(per_minute(
                config.person_per_minute,
                config.person_per_minute,
            )),
            failed_authentication: config.failed_authentication,
        }
    }

    /// Counts a request of an authenticated client that is no poll.
    ///
    /// # Errors
    /// [`TooMany`].
    pub(crate) fn admit_client(&self, client: &ClientId, now_millis: i64) -> Result<(), TooMany> {
        self.clients.take(client.clone(), 1, now_millis)
    }

    /// Counts that a client asks somebody, unless the account was made for tests.
    ///
    /// # Errors
    /// [`TooMany`].
    pub(crate) fn admit_person(
        &self,
        client: &ClientId,
        account: &Account,
        now_millis: i64,
    ) -> Result<(), TooMany> {
        if account.test {
            return Ok(());
        }
        let key = (client.clone(), account.id.clone());
        self.people.take(key, 1, now_millis)
    }

    /// What an answer costs the address that it goes to.
    fn cost(&self, route: &str, response: &Response) -> u32 {
        use OAuthErrorCode as C;
        let status = response.status();
        match response.extensions().get::<OAuthErrorCode>() {
            // What a client is told that polls as it should.
            Some(C::AuthorizationPending | C::AccessDenied | C::ExpiredToken)
                if route == paths::TOKEN =>
            {
                return 0;
            }
            // Ours, or limited already.
            Some(C::ServerError | C::TemporarilyUnavailable) => return 0,
            Some(_) | None => {}
        }
        let code = response.extensions().get::<OAuthErrorCode>();
        // A token that is over, or a proof without the nonce of now, is no guess.
        let guesses = code.map_or(route.starts_with("/operator"), |code| {
            *code == C::InvalidClient
        });
        if status == StatusCode::UNAUTHORIZED && guesses {
            self.failed_authentication
        } else {
            u32::from(status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS)
        }
    }
}

/// What a request costs an address before it is looked at: what strangers can start.
fn entrance(method: &Method, route: &str) -> u32 {
    match route {
        "/register" if method == Method::POST => STARTING,
        "/operator/sign-in/start" | "/operator/enrol/{secret}/start" => STARTING / 4,
        _ => 0,
    }
}

/// The middleware: whoever is over gets 429 (RFC 6585 section 4) with `Retry-After`.
pub(crate) async fn limit(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(String::new, |path| path.as_str().to_owned());
    let address = neighbourhood(caller.address);
    let take = |cost| {
        let now = app.clock.0.now_millis();
        app.rates.addresses.take(address, cost, now)
    };
    if let Err(over) = take(entrance(request.method(), &route)) {
        return refuse(&app, &route, over);
    }
    let response = next.run(request).await;
    match take(app.rates.cost(&route, &response)) {
        Ok(()) => response,
        Err(_) if is_needed(&response) => response,
        // What was refused has changed nothing, so that another refusal can take its place.
        Err(over) => refuse(&app, &route, over),
    }
}

/// Whether a refusal is what a client that has proved itself needs to go on: without the nonce in it (RFC 9449 section 8), others
/// behind the same address could keep it from tokens and resources.
fn is_needed(response: &Response) -> bool {
    response.extensions().get() == Some(&OAuthErrorCode::UseDpopNonce)
}

/// Who holds an IPv6 address has at least its /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The answer, in the tongue of the endpoint.
fn refuse(app: &App, route: &str, over: TooMany) -> Response {
    app.metrics.limited("address");
    tracing::info!(route, "rate.limited");
    if !route.starts_with("/device/") {
        return too_many(over);
    }
    let mut refusal = Refusal::new(ProblemCode::TooManyRequests);
    refusal.retry_after = Some(over.retry_after);
    let mut response = problem::respond::<()>(app, Err(refusal));
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(over.retry_after));
    response
}

/// The answer where OAuth is spoken.
pub(crate) fn too_many(over: TooMany) -> Response {
    let body = OAuthError {
        error: OAuthErrorCode::TemporarilyUnavailable,
        error_description: Some("too many requests, see Retry-After".to_owned()),
    };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from(over.retry_after));
    response
        .extensions_mut()
        .insert(OAuthErrorCode::TemporarilyUnavailable);
    response
}

#[cfg(test)]
mod tests;
