//! A close look at one flow of a phase, so that the figures are of flows that really happened.

use anyhow::{Context as _, ensure};
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;
use tegata_protocol::{
    PublicKey,
    device::{
        invitation::Issuer,
        metadata::{MetadataResponse, verify_metadata},
        receipt::{evidence_hash, parse_receipt},
    },
};

use super::load::{Product, Stage};
use crate::http_client::Connection;

/// Verifies the ID token's signature with the issuer's key set, the receipt's with the device metadata, and that both
/// speak of the same decision.
///
/// # Errors
/// Anything of this does not hold.
pub(super) async fn check(stage: &Stage<'_>, product: &Product) -> anyhow::Result<()> {
    let issuer = stage.server.issuer();
    let mut connection = Connection::to(stage.server.address());
    let jwks = connection
        .send("GET", "/jwks", &[], Vec::new())
        .await?
        .ok_json()?;
    let token = product.tokens["id_token"].as_str().context("no ID token")?;
    let claims = id_token(token, &jwks).context("the ID token")?;
    ensure!(claims["iss"] == issuer, "the ID token is of another issuer");
    let client = stage.client.client_id();
    ensure!(
        claims["aud"] == client || claims["aud"] == serde_json::json!([client]),
        "the ID token is for another client"
    );

    let url = Issuer::parse(issuer)?.metadata_url();
    let path = url.strip_prefix(issuer).context("metadata elsewhere")?;
    let answer = connection.send("GET", path, &[], Vec::new()).await?;
    let response: MetadataResponse = serde_json::from_value(answer.ok_json()?)?;
    let metadata = verify_metadata(&response.metadata_jws, &response.root)?;
    let keys: Vec<PublicKey> = metadata
        .receipt_keys
        .into_iter()
        .map(|key| key.jwk)
        .collect();
    let receipt = parse_receipt(&product.receipt, &keys).context("the receipt")?;
    ensure!(
        receipt.iss.as_str() == issuer,
        "the receipt is of another issuer"
    );
    ensure!(
        claims["tegata_evidence"] == evidence_hash(&product.receipt).to_string(),
        "the ID token names another decision than the receipt"
    );
    Ok(())
}

fn id_token(token: &str, jwks: &Value) -> anyhow::Result<Value> {
    let decode = |part: &str| {
        BASE64URL_NOPAD
            .decode(part.as_bytes())
            .context("not base64url")
    };
    let (signed, signature) = token.rsplit_once('.').context("not a JWS")?;
    let (header, payload) = signed.split_once('.').context("not a JWS")?;
    let header: Value = serde_json::from_slice(&decode(header)?)?;
    ensure!(header["alg"] == "ES256", "the algorithm is not ES256");
    let keys = jwks["keys"].as_array().context("no key set")?;
    let key = keys
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .context("its key is not in the key set")?;
    let mut point = vec![4];
    for name in ["x", "y"] {
        point.extend(decode(key[name].as_str().context("no coordinate")?)?);
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(signed.as_bytes(), &decode(signature)?)
        .map_err(|_| anyhow::anyhow!("the signature does not verify"))?;
    Ok(serde_json::from_slice(&decode(payload)?)?)
}
