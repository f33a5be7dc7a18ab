//! HTTP exchanges.

use super::Route;
use crate::ports::{HttpMethod, HttpRequest, HttpResponse, ProxySetting, TransportError};
use std::{net::SocketAddr, time::Duration};
use tegata_protocol::device::proof::{NONCE_HEADER, PROOF_HEADER};

/// Seconds until a connection is given up.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

pub(super) fn build_client(route: &Route) -> Result<reqwest::Client, TransportError> {
    let settings = |error: &dyn std::error::Error| TransportError::Settings(error.to_string());
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("tegata/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = &route.authorities {
        let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(|e| settings(&e))?;
        if roots.is_empty() {
            return Err(TransportError::Settings(
                "the CA file holds no certificate".into(),
            ));
        }
        builder = builder.tls_certs_only(roots);
    }
    if let Some(ip) = route.loopback {
        // Port 0 leaves the URL's own port.
        builder = builder.resolve(&route.host, SocketAddr::new(ip, 0));
    } else {
        builder = builder.https_only(true);
    }
    match &route.proxy {
        ProxySetting::System => {}
        ProxySetting::Direct => builder = builder.no_proxy(),
        ProxySetting::Url(url) => {
            let proxy = reqwest::Proxy::all(url).map_err(|e| settings(&e))?;
            builder = builder.proxy(proxy);
        }
    }
    builder.build().map_err(|e| settings(&e))
}

pub(super) async fn exchange(
    client: &reqwest::Client,
    url: url::Url,
    request: HttpRequest,
) -> Result<HttpResponse, TransportError> {
    let mut builder = match request.method {
        HttpMethod::Get => client.get(url),
        HttpMethod::Post => client
            .post(url)
            .header("content-type", "application/json")
            .body(request.body),
    };
    builder = builder
        .header("accept", "application/json, application/problem+json")
        .timeout(Duration::from_secs(request.timeout_seconds));
    if let Some(proof) = request.proof {
        builder = builder.header(PROOF_HEADER, proof);
    }
    let mut response = builder.send().await.map_err(|error| named(&error))?;
    let nonce = response.headers().get(NONCE_HEADER);
    let nonce = nonce.and_then(|value| value.to_str().ok());
    let nonce = nonce.map(str::to_owned);
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| named(&error))? {
        if body.len() + chunk.len() > request.max_answer {
            return Err(TransportError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse {
        status,
        nonce,
        body,
    })
}

/// Errors without their URL; the innermost cause says most.
fn named(error: &reqwest::Error) -> TransportError {
    if let Some(tls) = tls_error(error) {
        return TransportError::Certificate(tls.to_string());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() {
        TransportError::Offline("no answer in time".into())
    } else {
        TransportError::Offline(cause.to_string())
    }
}

/// What TLS said, however deep. What an I/O error wraps is not its source: its source is that one's source.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    match error.downcast_ref::<std::io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => tls_error(error.source()?),
    }
}
