//! Metadata, and the offline check of evidence.

use crate::{
    case::Case,
    world::{NOW, World},
};
use tegata_protocol::device::{
    evidence::{parse_evidence_file, verify_evidence},
    metadata::{ExpectedMetadata, Metadata, parse_metadata, sign_metadata},
};

const GROUP: &str = "evidence";

pub(crate) fn cases(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let root = world.key("root")?;
    let thumbprint = root.thumbprint();
    let body = world.text("metadata/valid")?;
    let expected = ExpectedMetadata {
        issuer: &world.issuer,
        root: Some(thumbprint),
        seen_seq: 7,
        now: NOW,
    };
    let (metadata, _): (Metadata, _) = parse_metadata(body.as_bytes(), &expected)?;
    let body = serde_json::to_string(&sign_metadata(root, &metadata))?;
    let file = world.text("evidence/approve")?;
    let evidence = parse_evidence_file(file.as_bytes())?;
    let file = serde_json::to_string(&evidence)?;
    let (body_bytes, file_bytes) = (body.len(), file.len());
    Ok(vec![
        Case::new((GROUP, "metadata_sign"), "metadata: sign", move || {
            sign_metadata(root, &metadata)
        })
        .signing()
        .over(body_bytes),
        Case::checked(
            (GROUP, "metadata_verify"),
            "metadata: verify and read",
            move || parse_metadata(body.as_bytes(), &expected),
        )
        .over(body_bytes),
        Case::checked((GROUP, "evidence_parse"), "evidence: read", move || {
            parse_evidence_file(file.as_bytes())
        })
        .over(file_bytes),
        Case::checked(
            (GROUP, "evidence_verify"),
            "evidence of a decision: check (six verifications)",
            move || verify_evidence(&evidence, thumbprint),
        )
        .over(file_bytes),
    ])
}
