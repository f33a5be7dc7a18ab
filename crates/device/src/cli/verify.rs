//! `tegata verify`: no network, no secrets, no account needed.

use super::{
    Context,
    failure::Failure,
    screen::{self, plain, utc},
    words,
};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};
use tegata_protocol::{
    Sha256Digest, Thumbprint,
    device::{
        decision::Decision,
        evidence::{
            DecisionFinding, EvidenceFinding, EvidenceReport, parse_evidence_file, verify_evidence,
        },
        limits,
        metadata::verify_metadata,
    },
};

pub(super) fn verify(context: &Context, file: &Path, root: Option<&str>) -> Result<(), Failure> {
    let bytes = read(file)
        .map_err(|error| Failure::refused(format!("{} cannot be read: {error}", file.display())))?;
    let evidence =
        parse_evidence_file(&bytes).map_err(|error| Failure::refused(error.to_string()))?;
    let (trusted, source) = if let Some(text) = root {
        let root = Sha256Digest::from_b64u(text)
            .map(Thumbprint)
            .map_err(|_| Failure::usage("--root takes a thumbprint, 43 characters"))?;
        (root, "the command line".to_owned())
    } else {
        // The file says only which account's root to compare with; nothing in it is believed for it.
        let claimed = verify_metadata(&evidence.metadata_jws, &evidence.root)
            .map_err(|_| Failure::refused("the metadata is not signed by the root key"))?;
        let accounts = context.accounts()?;
        let paired = accounts.iter().find(|a| a.issuer == claimed.iss);
        let account = paired.ok_or_else(|| {
            Failure::usage(format!(
                "no account of {} is paired here; name the root key to trust with --root",
                claimed.iss
            ))
        })?;
        let name = plain(&account.account_name);
        let source = format!("the paired account {name} at {}", account.issuer.host());
        (account.root, source)
    };
    let report =
        verify_evidence(&evidence, trusted).map_err(|error| Failure::refused(error.to_string()))?;
    print(&report, &source);
    Ok(())
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let most = u64::try_from(limits::EVIDENCE).unwrap_or(u64::MAX) + 1;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn print(report: &EvidenceReport, source: &str) {
    screen::line(&format!("issuer     {}", report.issuer));
    screen::line(&format!("root key   {}", report.root));
    screen::line(&format!("  trusted  as given by {source}"));
    match &report.finding {
        EvidenceFinding::Decision(finding) => print_decision(finding),
        EvidenceFinding::Client(receipt) => {
            screen::line("client     by the issuer's word:");
            screen::line(&format!("  client     {}", receipt.aud));
            screen::line(&format!("  subject    {}", plain(&receipt.sub)));
            screen::line(&format!("  decision: {}", words::verdict(receipt.decision)));
            screen::line(&format!("  at         {}", utc(receipt.auth_time)));
            screen::line(&format!("  evidence   {}", receipt.evidence));
        }
        _ => {}
    }
    screen::line("receipt verified");
}

fn print_decision(finding: &DecisionFinding) {
    screen::line("1. prompt    signed by this issuer");
    screen::line(&format!(
        "   client    {}",
        plain(&finding.prompt.client.name)
    ));
    screen::line(&format!("   request   {}", finding.prompt.jti));
    screen::line(&format!(
        "2. decision  made by key {}",
        finding.key.thumbprint()
    ));
    let verdict = match &finding.decision {
        Decision::Approve { .. } => "approved, with the person verified".to_owned(),
        Decision::Deny { reason } => format!("denied ({})", words::deny_reason(*reason)),
    };
    screen::line(&format!("   {verdict}"));
    screen::line(&format!(
        "   committed {} by the issuer's word",
        utc(finding.committed_at)
    ));
    match &finding.enrolled {
        Some(enrolled) => {
            screen::line(&format!(
                "3. key       of account {} according to the issuer",
                enrolled.account
            ));
            let word = if enrolled.countersigned {
                "countersigned by the device"
            } else {
                "not countersigned by the device"
            };
            screen::line(&format!("   paired    {}, {word}", utc(enrolled.paired_at)));
        }
        None => screen::line("3. key       the file does not say whose it is"),
    }
}
