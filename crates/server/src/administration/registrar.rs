//! Registering clients, whoever asks for it: the operator, or the client itself.
//!
//! What this does **not** do: decide who may register, and store anything.

use serde_json::{Map, Value};
use tegata_protocol::{ClientId, Rng, Secret, Sha256Digest, bytes::encode_b64u, rng::random_bytes};

use crate::{
    domain::{
        AuthenticationMethod, ClientAuthentication, ClientMetadata, MetadataError, Offered,
        client_metadata::lists,
    },
    egress::Egress,
    keys::Keys,
};

/// Largest sector document that is read, in bytes.
const MAX_SECTOR_DOCUMENT: usize = 64 * 1024;

/// What it takes to register a client.
#[derive(Debug, Clone)]
pub struct Registrar<'a> {
    /// What clients may register for.
    pub offered: Offered,
    /// Makes the secrets of `client_secret_jwt` clients.
    pub keys: &'a Keys,
    /// Fetches sector documents.
    pub egress: &'a Egress,
}

impl Registrar<'_> {
    /// Reads client metadata and does what must be done beyond reading: addresses must be ones that the server may call,
    /// and a sector document must list the client's.
    ///
    /// # Errors
    /// [`MetadataError`]: the first member that cannot be kept to.
    pub async fn check(
        &self,
        members: &Map<String, Value>,
    ) -> Result<ClientMetadata, MetadataError> {
        let error = |member, problem: String| MetadataError { member, problem };
        // 1. The members themselves.
        let metadata = ClientMetadata::parse(members, &self.offered)?;
        // 2. Their addresses.
        for (member, address) in metadata.addresses() {
            self.egress
                .require_url(address)
                .map_err(|problem| error(member, format!("cannot be called: {problem}")))?;
        }
        // 3. The sector document (CIBA Core section 4, OpenID Connect Registration section 5).
        if let Some((document, address)) = metadata.sector_document() {
            const MEMBER: &str = "sector_identifier_uri";
            let fetched = self.egress.get(document, MAX_SECTOR_DOCUMENT).await;
            let fetched = fetched.map_err(|problem| {
                tracing::info!(%problem, "sector_document.unavailable");
                error(MEMBER, "cannot be fetched".to_owned())
            })?;
            if !lists(&fetched, address) {
                return Err(error(
                    MEMBER,
                    "does not lead to a JSON array that has the client's address".to_owned(),
                ));
            }
        }
        Ok(metadata)
    }

    /// What a client of this method proves itself with, and the secret that it must be told, if there is one. A secret
    /// that the client has from `earlier` goes on being good where the method allows; it is told again only if it is not
    /// known as a hash alone.
    pub fn credentials(
        &self,
        id: &ClientId,
        method: &AuthenticationMethod,
        earlier: Option<&ClientAuthentication>,
        rng: &dyn Rng,
    ) -> (ClientAuthentication, Option<Secret<String>>) {
        use AuthenticationMethod as M;
        use ClientAuthentication as A;
        let hashed = || {
            if let Some(
                A::ClientSecretBasic { secret_hash } | A::ClientSecretPost { secret_hash },
            ) = earlier
            {
                return (*secret_hash, None);
            }
            let secret = encode_b64u(&random_bytes::<32>(rng));
            let hash = Sha256Digest::of(secret.as_bytes());
            (hash, Some(Secret::new(secret)))
        };
        match method {
            M::ClientSecretBasic => {
                let (secret_hash, secret) = hashed();
                (A::ClientSecretBasic { secret_hash }, secret)
            }
            M::ClientSecretPost => {
                let (secret_hash, secret) = hashed();
                (A::ClientSecretPost { secret_hash }, secret)
            }
            M::ClientSecretJwt => {
                let salt = if let Some(A::ClientSecretJwt { salt }) = earlier {
                    *salt
                } else {
                    Sha256Digest(random_bytes::<32>(rng))
                };
                let secret = self.keys.client_secret(id, &salt);
                (A::ClientSecretJwt { salt }, Some(secret))
            }
            M::PrivateKeyJwt => (A::PrivateKeyJwt, None),
            M::SelfSignedTlsClientAuth => (A::SelfSignedTlsClientAuth, None),
            M::TlsClientAuth { name } => (A::TlsClientAuth { name: name.clone() }, None),
        }
    }
}
