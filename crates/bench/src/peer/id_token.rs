//! Checks that what the peer hands out is an ID token, so that the figures are of work that was done.

use anyhow::{Context as _, bail};
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

/// A key set (RFC 7517) as the peer publishes it.
pub(super) struct PublishedKeys(pub(super) Value);

impl PublishedKeys {
    /// Checks the signature, `iss` and `aud`.
    ///
    /// # Errors
    /// The token is malformed, is not signed with ES256 by one of the keys, or is from or for somebody else.
    pub(super) fn check(
        &self,
        id_token: &str,
        issuer: &str,
        client_id: &str,
    ) -> anyhow::Result<()> {
        let (signed, signature) = id_token.rsplit_once('.').context("no signature")?;
        let (header, claims) = signed.split_once('.').context("no claims")?;
        let header = decoded(header)?;
        if header["alg"] != "ES256" {
            bail!("signed with {} instead of ES256", header["alg"]);
        }
        let point = self.point(&header["kid"])?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(
                signed.as_bytes(),
                &BASE64URL_NOPAD.decode(signature.as_bytes())?,
            )
            .ok()
            .context("the signature does not verify")?;
        let claims = decoded(claims)?;
        if claims["iss"] != issuer || claims["aud"] != client_id {
            bail!("iss or aud is somebody else");
        }
        Ok(())
    }

    /// The public point of the key with this `kid`, uncompressed.
    fn point(&self, kid: &Value) -> anyhow::Result<Vec<u8>> {
        let keys = self.0["keys"].as_array().context("no keys")?;
        let key = keys
            .iter()
            .find(|key| &key["kid"] == kid)
            .context("no key has this kid")?;
        let mut point = vec![4];
        for coordinate in ["x", "y"] {
            let text = key[coordinate].as_str().context("the key is not EC")?;
            point.extend(BASE64URL_NOPAD.decode(text.as_bytes())?);
        }
        Ok(point)
    }
}

fn decoded(part: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(
        &BASE64URL_NOPAD.decode(part.as_bytes())?,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tegata_protocol::{SigningKey, SystemRng};

    fn signed_by_a_published_key() -> (PublishedKeys, String) {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let public = key.public();
        let keys = json!({ "keys": [{
            "kid": "a",
            "x": BASE64URL_NOPAD.encode(public.x()),
            "y": BASE64URL_NOPAD.encode(public.y()),
        }] });
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let header = part(json!({ "alg": "ES256", "kid": "a" }));
        let claims = part(json!({ "iss": "http://peer", "aud": "rp" }));
        let signed = format!("{header}.{claims}");
        let signature = BASE64URL_NOPAD.encode(&key.sign_fixed(signed.as_bytes()));
        (PublishedKeys(keys), format!("{signed}.{signature}"))
    }

    #[test]
    fn accepts_what_a_published_key_signed_for_this_client() {
        let (keys, token) = signed_by_a_published_key();
        keys.check(&token, "http://peer", "rp").unwrap();
    }

    #[test]
    fn refuses_other_signers_issuers_and_audiences() {
        let (keys, token) = signed_by_a_published_key();
        let (others, _) = signed_by_a_published_key();
        assert!(others.check(&token, "http://peer", "rp").is_err());
        assert!(keys.check(&token, "http://other", "rp").is_err());
        assert!(keys.check(&token, "http://peer", "other").is_err());
    }
}
