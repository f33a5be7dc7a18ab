//! Requests to the device gateway: plain ones for first contact, proved ones for a paired device.

use crate::{
    error::GatewayError,
    ports::{HttpMethod, HttpRequest, HttpResponse, Transport},
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{Arc, Mutex, PoisonError};
use tegata_protocol::{
    DeviceId, Rng, Sha256Digest, SigningKey,
    bytes::encode_b64u,
    device::{
        V1, limits,
        problem::{Problem, ProblemCode},
        proof::{Proof, sign_proof},
    },
    ijson,
    rng::random_bytes,
};

/// Seconds until an ordinary exchange is given up.
pub(crate) const EXCHANGE_SECONDS: u64 = 15;

/// Reads an answer: 2xx as `A`, anything else as a problem.
fn read_answer<A: DeserializeOwned>(
    answer: &HttpResponse,
    max_answer: usize,
) -> Result<A, GatewayError> {
    if (200..300).contains(&answer.status) {
        return ijson::parse(&answer.body, max_answer)
            .map_err(|error| GatewayError::Answer(error.to_string()));
    }
    match ijson::parse::<Problem>(&answer.body, limits::MESSAGE) {
        Ok(problem) => Err(GatewayError::Refused(Box::new(problem))),
        Err(_) => Err(GatewayError::Answer(format!("status {}", answer.status))),
    }
}

/// POST without proof, for a device that the server does not know yet.
pub(crate) async fn post_unproved<Q: Serialize, A: DeserializeOwned>(
    transport: &dyn Transport,
    url: &str,
    body: &Q,
) -> Result<A, GatewayError> {
    let answer = transport
        .request(HttpRequest {
            method: HttpMethod::Post,
            url: url.to_owned(),
            proof: None,
            body: encode(body)?,
            max_answer: limits::MESSAGE,
            timeout_seconds: EXCHANGE_SECONDS,
        })
        .await?;
    read_answer(&answer, limits::MESSAGE)
}

fn encode<Q: Serialize>(body: &Q) -> Result<Vec<u8>, GatewayError> {
    serde_json::to_vec(body).map_err(|error| GatewayError::Answer(error.to_string()))
}

/// Limits of one proved exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExchangeLimits {
    pub(crate) max_answer: usize,
    pub(crate) timeout_seconds: u64,
}

impl ExchangeLimits {
    /// A short answer in ordinary time.
    pub(crate) const SHORT: Self = Self {
        max_answer: limits::RECEIPT + 1024,
        timeout_seconds: EXCHANGE_SECONDS,
    };
    /// The whole pending set.
    pub(crate) const PENDING: Self = Self {
        max_answer: limits::SERVER_FRAME,
        timeout_seconds: EXCHANGE_SECONDS,
    };
    /// A `confirm` that the server may hold for 25 seconds.
    pub(crate) const HELD: Self = Self {
        max_answer: limits::MESSAGE,
        timeout_seconds: 25 + EXCHANGE_SECONDS,
    };
}

/// Proved requests of one device.
pub(crate) struct Gateway {
    transport: Arc<dyn Transport>,
    rng: Arc<dyn Rng>,
    possession: Arc<SigningKey>,
    device: DeviceId,
    nonce: Mutex<Option<String>>,
}

impl Gateway {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        rng: Arc<dyn Rng>,
        possession: Arc<SigningKey>,
        device: DeviceId,
    ) -> Self {
        Self {
            transport,
            rng,
            possession,
            device,
            nonce: Mutex::new(None),
        }
    }

    pub(crate) fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// A proof over `body` for one request, or over nothing for a socket.
    pub(crate) fn prove(&self, htm: &str, htu: &str, nonce: &str, body: &[u8]) -> String {
        let proof = Proof {
            v: V1,
            iss: self.device.clone(),
            htm: htm.to_owned(),
            htu: htu.to_owned(),
            jti: encode_b64u(&random_bytes::<16>(self.rng.as_ref())),
            nonce: nonce.to_owned(),
            body: Sha256Digest::of(body),
        };
        sign_proof(&self.possession, &proof)
    }

    /// POST with proof. An answer `use_nonce` is retried once with the nonce that it brings.
    pub(crate) async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        url: &str,
        body: &Q,
        bounds: ExchangeLimits,
    ) -> Result<A, GatewayError> {
        let body = encode(body)?;
        let first = self.post_once(url, &body, bounds).await?;
        match read_answer(&first, bounds.max_answer) {
            Err(GatewayError::Refused(problem)) if problem.code == ProblemCode::UseNonce => {
                let second = self.post_once(url, &body, bounds).await?;
                read_answer(&second, bounds.max_answer)
            }
            other => other,
        }
    }

    async fn post_once(
        &self,
        url: &str,
        body: &[u8],
        bounds: ExchangeLimits,
    ) -> Result<HttpResponse, GatewayError> {
        let nonce = self.lock_nonce().clone().unwrap_or_default();
        let answer = self
            .transport
            .request(HttpRequest {
                method: HttpMethod::Post,
                url: url.to_owned(),
                proof: Some(self.prove("POST", url, &nonce, body)),
                body: body.to_vec(),
                max_answer: bounds.max_answer,
                timeout_seconds: bounds.timeout_seconds,
            })
            .await?;
        if let Some(nonce) = &answer.nonce {
            *self.lock_nonce() = Some(nonce.clone());
        }
        Ok(answer)
    }

    fn lock_nonce(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.nonce.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
