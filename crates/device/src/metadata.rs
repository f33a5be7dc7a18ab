//! The server's signed metadata: fetched, checked against the pinned root, and replaced when it ages.

use crate::ports::{HttpMethod, HttpRequest, Transport, TransportError};
use tegata_protocol::{
    PublicKey, Thumbprint, UnixTime,
    device::{
        invitation::Issuer,
        limits,
        metadata::{ExpectedMetadata, Metadata, MetadataError, MetadataResponse, parse_metadata},
    },
    ijson,
};

/// Metadata that verified, with what evidence needs of it.
#[derive(Debug, Clone)]
pub(crate) struct TrustedMetadata {
    pub(crate) metadata: Metadata,
    pub(crate) jws: String,
    pub(crate) root: PublicKey,
}

/// Why no metadata was had.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum MetadataFetchError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("the server answered with status {0}")]
    Status(u16),
    #[error("metadata was fetched a moment ago")]
    TooSoon,
    #[error("the account's file cannot be written: {0}")]
    File(String),
    #[error(transparent)]
    Refused(#[from] MetadataError),
}

/// Gets and checks metadata. `root` is `None` only at first contact by a hand-typed code.
pub(crate) async fn fetch_metadata(
    transport: &dyn Transport,
    issuer: &Issuer,
    root: Option<Thumbprint>,
    seen_seq: u64,
    now: UnixTime,
) -> Result<TrustedMetadata, MetadataFetchError> {
    let answer = transport
        .request(HttpRequest {
            method: HttpMethod::Get,
            url: issuer.metadata_url(),
            proof: None,
            body: Vec::new(),
            max_answer: limits::METADATA,
            timeout_seconds: crate::gateway::EXCHANGE_SECONDS,
        })
        .await?;
    if answer.status != 200 {
        return Err(MetadataFetchError::Status(answer.status));
    }
    let expected = ExpectedMetadata {
        issuer,
        root,
        seen_seq,
        now,
    };
    let (metadata, _) = parse_metadata(&answer.body, &expected)?;
    let response: MetadataResponse =
        ijson::parse(&answer.body, limits::METADATA).map_err(MetadataError::from)?;
    Ok(TrustedMetadata {
        metadata,
        jws: response.metadata_jws,
        root: response.root,
    })
}

/// Whether metadata should be fetched again: in the last quarter of its life.
pub(crate) fn is_ageing(metadata: &Metadata, now: UnixTime) -> bool {
    let life = metadata.exp.since(metadata.iat).max(0);
    metadata.exp.since(now) <= life / 4
}

/// Whether metadata may not be used any more, with the leeway that clocks are given.
pub(crate) fn is_over(metadata: &Metadata, now: UnixTime) -> bool {
    now.since(metadata.exp) > limits::LEEWAY_SECONDS
}
