//! A device made of nothing but the protocol's functions: its keys in memory, no files, no person.
//!
//! It pairs over the gateway's HTTP (protocol section 4), proves itself on the WebSocket (sections 5 and 6) and approves
//! prompts (section 8). What it does **not** do: show anything, keep anything, or go back to a server by itself; who
//! measures decides when it connects.
//!
//! To add a message that it sends: a method of [`WireDevice`] which gives the frame's text, so that signing and sending can
//! be timed apart.

mod pairing;
mod socket;

pub use socket::{ConnectError, DeviceSocket};

use anyhow::ensure;
use std::{net::SocketAddr, sync::Arc};
use tegata_protocol::{
    DeviceId, PublicKey, Sha256Digest, SigningKey, SystemRng,
    bytes::encode_b64u,
    device::{
        V1,
        decision::{Decision, DecisionDetail, DecisionRequest, View},
        delivery::{DeviceFrame, PendingPrompt, ServerFrame},
        invitation::Issuer,
        limits,
        metadata::Endpoints,
        prompt::Prompt,
        proof::{Proof, sign_proof},
        typ,
    },
    jws,
    rng::random_bytes,
    webauthn::{CredentialRole, ExpectedAssertion, make_assertion},
};

/// What the device says it is.
const APP: &str = "tegata-bench/1";

/// What a device keeps of its server.
#[derive(Debug)]
struct Server {
    issuer: Issuer,
    endpoints: Endpoints,
    rp_id: String,
    origin: String,
    prompt_keys: Vec<PublicKey>,
    receipt_keys: Vec<PublicKey>,
}

/// A paired device.
#[derive(Debug)]
pub struct WireDevice {
    /// The login name of its account.
    pub account_login: String,
    /// Whether [`Self::approval_frame`] checks the prompt's signature, as real devices do. Off at first: it is work of the
    /// load generator, which shares the machine with what is measured.
    pub verify: bool,
    id: DeviceId,
    approval: SigningKey,
    possession: SigningKey,
    counter: u32,
    server: Arc<Server>,
    rng: SystemRng,
}

impl WireDevice {
    fn proof(&self, method: &str, url: &str, nonce: String, body: &[u8]) -> String {
        let proof = Proof {
            v: V1,
            iss: self.id.clone(),
            htm: method.to_owned(),
            htu: url.to_owned(),
            jti: encode_b64u(&random_bytes::<16>(&self.rng)),
            nonce,
            body: Sha256Digest::of(body),
        };
        sign_proof(&self.possession, &proof)
    }

    /// Opens the WebSocket, proves the device, and returns once it is seated: the first pending set has arrived.
    ///
    /// # Errors
    /// The server cannot be reached or gives no seat; a [`ConnectError`] says which.
    pub async fn connect(&mut self, address: SocketAddr) -> anyhow::Result<DeviceSocket> {
        Ok(self.try_connect(address).await?)
    }

    /// [`Self::connect`], saying why not so that the caller can come back as the protocol wants it.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn try_connect(&mut self, address: SocketAddr) -> Result<DeviceSocket, ConnectError> {
        let connect = &self.server.endpoints.connect;
        let mut socket = DeviceSocket::open(address, connect).await?;
        let nonce = match socket.receive().await? {
            ServerFrame::Hello { nonce, .. } => nonce,
            other => return Err(ConnectError::of_frame(&other)),
        };
        let proof = self.proof("GET", connect, nonce, &[]);
        let frame = serde_json::to_string(&DeviceFrame::Proof { proof })
            .map_err(|error| ConnectError::Protocol(error.into()))?;
        socket.write(frame).await?;
        match socket.receive().await? {
            ServerFrame::Pending(set) => socket.first = set,
            other => return Err(ConnectError::of_frame(&other)),
        }
        Ok(socket)
    }

    /// The text of the frame that approves `prompt`. The counter grows with each.
    ///
    /// # Errors
    /// The prompt cannot be read, its signature is wrong (only if [`Self::verify`] is set), or it is for another device.
    pub fn approval_frame(&mut self, prompt: &PendingPrompt) -> anyhow::Result<String> {
        let text = &prompt.prompt;
        let prompt: Prompt = if self.verify {
            jws::verify_exact(text, typ::PROMPT, limits::PROMPT, &self.server.prompt_keys)?
        } else {
            jws::UnverifiedJws::parse(text, typ::PROMPT, limits::PROMPT)?.peek()?
        };
        ensure!(prompt.aud == self.id, "the prompt is for another device");
        let detail = DecisionDetail {
            iss: prompt.iss,
            device: self.id.clone(),
            request: prompt.jti,
            prompt: jws::hash(text),
            nonce: prompt.nonce,
            credential: self.approval.thumbprint(),
            decision: Decision::Approve {
                view: View {
                    app: APP.to_owned(),
                    locale: "en".to_owned(),
                    layout: "sign_in/1".to_owned(),
                    notices: Vec::new(),
                },
                transfer: None,
            },
        };
        self.counter += 1;
        let expected = ExpectedAssertion {
            challenge: detail.challenge(),
            rp_id: &self.server.rp_id,
            origin: &self.server.origin,
            role: CredentialRole::Approval,
        };
        let assertion = make_assertion(&self.approval, &expected, self.counter);
        let decision = Box::new(DecisionRequest {
            v: V1,
            detail,
            assertion,
        });
        Ok(serde_json::to_string(&DeviceFrame::Decision { decision })?)
    }
}
