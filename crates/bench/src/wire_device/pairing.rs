//! Pairing over the gateway's HTTP (protocol section 4), step by step.

use anyhow::{Context as _, bail, ensure};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use tegata_protocol::{
    Sha256Digest, SigningKey, SystemRng, Thumbprint,
    device::{
        V1,
        invitation::{Invitation, Issuer, parse_invitation},
        metadata::{Metadata, MetadataKey, MetadataResponse, verify_metadata},
        pairing::{
            ConfirmRequest, ConfirmResponse, DeviceDescription, KeyKind, PairingRequest,
            PairingResponse, RedeemRequest, RedeemResponse, derive_pairing_digits,
            derive_registration_challenge, parse_offer, parse_reveal, sign_countersignature,
        },
        proof::{NONCE_HEADER, PROOF_HEADER},
    },
    rng::random_bytes,
    webauthn::{CredentialRole, ExpectedRegistration, RegistrationResponse, make_registration},
};

use super::{APP, Server, WireDevice};
use crate::{http_client::Connection, server_process::Admin};

impl Server {
    fn new(metadata: Metadata) -> Self {
        let keys = |keys: Vec<MetadataKey>| keys.into_iter().map(|key| key.jwk).collect();
        Self {
            issuer: metadata.iss,
            endpoints: metadata.endpoints,
            rp_id: metadata.rp_id,
            origin: metadata.origin,
            prompt_keys: keys(metadata.prompt_keys),
            receipt_keys: keys(metadata.receipt_keys),
        }
    }
}

impl WireDevice {
    /// Pairs a new device with the account, by all the steps of protocol section 4; `admin` is the issuing session and
    /// types the digits.
    ///
    /// # Errors
    /// The server refuses a step, or says what a device does not accept.
    pub async fn pair(
        connection: &mut Connection,
        admin: &mut Admin,
        issuer: &str,
        login_name: &str,
    ) -> anyhow::Result<Self> {
        let rng = SystemRng::new();
        let invited = admin.invite(login_name).await?;
        let Invitation::Complete { code, root, .. } = parse_invitation(&invited.link)? else {
            bail!("the invitation is not complete");
        };
        let server = Arc::new(metadata(connection, issuer, root).await?);
        let endpoints = &server.endpoints;

        // 4.2: the code for an offer.
        let request = RedeemRequest {
            v: V1,
            code: code.expose_canonical().to_owned(),
        };
        let answer: (RedeemResponse, String) = post(
            connection,
            path_of(&server.issuer, &endpoints.redeem)?,
            &request,
            None,
        )
        .await?;
        let offer_jws = answer.0.offer;
        let offer = parse_offer(&offer_jws, &server.receipt_keys, &server.issuer, &code)?;

        // 4.3: two keys.
        let (approval, possession) = (SigningKey::make(&rng).0, SigningKey::make(&rng).0);
        let device_nonce = Sha256Digest(random_bytes(&rng));
        let register =
            |key: &SigningKey, role, registered: &[Thumbprint]| -> RegistrationResponse {
                let expected = ExpectedRegistration {
                    challenge: derive_registration_challenge(
                        &offer_jws,
                        device_nonce,
                        role,
                        registered,
                    ),
                    rp_id: &server.rp_id,
                    origin: &server.origin,
                    role,
                };
                make_registration(key, &expected)
            };
        let (first, last) = (approval.thumbprint(), possession.thumbprint());
        let request = PairingRequest {
            v: V1,
            pairing: offer.jti.clone(),
            device_nonce,
            device: DeviceDescription {
                name: "Bench".to_owned(),
                platform: "linux".to_owned(),
                app: APP.to_owned(),
                locale: "en".to_owned(),
                key: KeyKind::SoftwarePin,
            },
            approval: register(&approval, CredentialRole::Approval, &[]),
            possession: register(&possession, CredentialRole::Possession, &[first]),
        };
        let (answer, nonce): (PairingResponse, String) = post(
            connection,
            path_of(&server.issuer, &endpoints.pairings)?,
            &request,
            None,
        )
        .await?;

        // 4.4: the reveal, and the digits that the issuing session is told.
        let keys = &server.receipt_keys;
        let reveal = parse_reveal(&answer.reveal, keys, &offer_jws, &offer, first, last)?;
        let digits =
            derive_pairing_digits(&offer_jws, first, last, device_nonce, reveal.server_nonce);
        admin.confirm(&invited, &digits).await?;
        let device = Self {
            account_login: login_name.to_owned(),
            verify: false,
            id: reveal.device,
            approval,
            possession,
            counter: 0,
            server: Arc::clone(&server),
            rng,
        };

        // 4.5 and 4.6: the receipt, and the countersignature under it.
        let (receipt, nonce) = device.confirm(connection, nonce, None).await?;
        let countersignature = sign_countersignature(&device.possession, &device.id, &receipt);
        device
            .confirm(connection, nonce, Some(countersignature))
            .await?;
        Ok(device)
    }

    async fn confirm(
        &self,
        connection: &mut Connection,
        nonce: String,
        countersignature: Option<String>,
    ) -> anyhow::Result<(String, String)> {
        let url = &self.server.endpoints.confirm;
        let request = ConfirmRequest {
            v: V1,
            countersignature,
            wait: 0,
        };
        let proof = self.proof("POST", url, nonce, &serde_json::to_vec(&request)?);
        let path = path_of(&self.server.issuer, url)?;
        let (answer, nonce): (ConfirmResponse, String) =
            post(connection, path, &request, Some(&proof)).await?;
        match answer {
            ConfirmResponse::Confirmed { receipt } => Ok((receipt, nonce)),
            _ => bail!("the pairing is not confirmed"),
        }
    }
}

async fn metadata(
    connection: &mut Connection,
    issuer: &str,
    root: Thumbprint,
) -> anyhow::Result<Server> {
    let issuer = Issuer::parse(issuer)?;
    let url = issuer.metadata_url();
    let path = path_of(&issuer, &url)?;
    let answer = connection.send("GET", path, &[], Vec::new()).await?;
    let response: MetadataResponse = serde_json::from_value(answer.ok_json()?)?;
    ensure!(
        response.root.thumbprint() == root,
        "another root than invited"
    );
    let metadata = verify_metadata(&response.metadata_jws, &response.root)?;
    ensure!(metadata.iss == issuer, "metadata of another server");
    Ok(Server::new(metadata))
}

fn path_of<'a>(issuer: &Issuer, url: &'a str) -> anyhow::Result<&'a str> {
    url.strip_prefix(issuer.as_str())
        .context("an endpoint is not under the issuer")
}

/// POST of a message, with a proof where one is wanted; the answer with the nonce that came with it.
async fn post<B: Serialize, A: DeserializeOwned>(
    connection: &mut Connection,
    path: &str,
    message: &B,
    proof: Option<&str>,
) -> anyhow::Result<(A, String)> {
    let json = ("content-type", "application/json");
    let proof = proof.map(|proof| (PROOF_HEADER, proof));
    let headers: Vec<(&str, &str)> = [json].into_iter().chain(proof).collect();
    let body = serde_json::to_vec(message)?;
    let answer = connection.send("POST", path, &headers, body).await?;
    let message = answer.ok_json().with_context(|| format!("POST {path}"))?;
    let nonce = answer.headers.get(NONCE_HEADER).context("no nonce")?;
    Ok((serde_json::from_value(message)?, nonce.to_str()?.to_owned()))
}
