//! A client that authenticates with a key: `private_key_jwt` (RFC 7523) with ES256.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Duration};
use tegata_protocol::{
    Clock as _, SigningKey, SystemClock, SystemRng,
    ciba::{CLIENT_ASSERTION_TYPE, GRANT_TYPE},
    rng::random_bytes,
};

/// How long an assertion is good for.
const ASSERTION_LIFE: Duration = Duration::from_mins(1);

/// A confidential client whose key is made when it is.
pub struct RelyingParty {
    client_id: String,
    issuer: String,
    key: SigningKey,
    rng: SystemRng,
    /// Header of every assertion, encoded.
    header: String,
    /// What comes before the assertion in every form.
    prefix: String,
}

impl RelyingParty {
    /// A client with a new key; [`RelyingParty::jwks`] is what the server registers.
    ///
    /// # Errors
    /// `client_id` or `issuer` is empty.
    pub fn new(client_id: &str, issuer: &str) -> anyhow::Result<Self> {
        anyhow::ensure!(
            !client_id.is_empty() && !issuer.is_empty(),
            "a client has an id and an issuer"
        );
        let rng = SystemRng::new();
        let (key, _) = SigningKey::make(&rng);
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": key.public().thumbprint()});
        Ok(Self {
            client_id: client_id.to_owned(),
            issuer: issuer.to_owned(),
            header: BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
            prefix: format!("client_assertion_type={}", escape(CLIENT_ASSERTION_TYPE)),
            key,
            rng,
        })
    }

    /// Its id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Its public key as a JWK Set.
    pub fn jwks(&self) -> Value {
        let public = self.key.public();
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": public.thumbprint(),
            "x": BASE64URL_NOPAD.encode(public.x()), "y": BASE64URL_NOPAD.encode(public.y()),
        }] })
    }

    /// Body of a backchannel authentication request for `openid`, with a fresh client assertion.
    pub fn request_form(&self, login_hint: &str) -> String {
        format!(
            "scope=openid&login_hint={}&{}&client_assertion={}",
            escape(login_hint),
            self.prefix,
            self.assertion()
        )
    }

    /// Body of a token request, with a fresh client assertion.
    pub fn token_form(&self, auth_req_id: &str) -> String {
        format!(
            "grant_type={}&auth_req_id={}&{}&client_assertion={}",
            escape(GRANT_TYPE),
            escape(auth_req_id),
            self.prefix,
            self.assertion()
        )
    }

    /// RFC 7523 section 3, with the audience of RFC 10070: the issuer and nothing else.
    fn assertion(&self) -> String {
        let now = SystemClock.now().0;
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.issuer,
            "iat": now, "exp": now.saturating_add_unsigned(ASSERTION_LIFE.as_secs()),
            "jti": BASE64URL_NOPAD.encode(&random_bytes::<16>(&self.rng)),
        });
        let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
        let signed = format!("{}.{claims}", self.header);
        let signature = BASE64URL_NOPAD.encode(&self.key.sign_fixed(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// As a value of `application/x-www-form-urlencoded`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_forms_are_escaped() {
        assert_eq!(escape("a b&c=é-._~"), "a%20b%26c%3D%C3%A9-._%7E");
    }

    #[test]
    fn each_assertion_is_new_and_verifies() {
        let client = RelyingParty::new("bench", "http://localhost:1").unwrap();
        let (first, second) = (client.assertion(), client.assertion());
        assert_ne!(first, second);
        let (signed, signature) = first.rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        let key = client.key.public();
        assert_eq!(key.verify_fixed(signed.as_bytes(), &signature), Ok(()));
    }
}
