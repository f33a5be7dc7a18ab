//! `doctor`: says what works and what does not. Changes nothing.

use std::sync::Arc;
use tegata_protocol::{Clock as _, SystemClock, SystemRng, UnixTime};

use super::{Context, Failure, admin_client::AdminClient, output::say};
use crate::{
    administration::keys::summary,
    app::{open_store, remembered},
    config::Config,
    storage::{StoreOptions, StoreReader, sqlite::SqliteReader},
    tls::{Material, TlsFiles},
};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// How long before its end, in seconds, a certificate is warned of.
const WARN_BEFORE: i64 = 14 * DAY;

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let folder = &context.folder;
    let mut report = Report::default();
    report.line(true, "data folder", &folder.path().display().to_string());
    report.line(true, "configuration", &configuration(&context.config));
    if let Some(files) = context.config.tls.files(folder.path()) {
        certificate(&mut report, &files, &context.config, SystemClock.now());
    }
    let keys = match folder.keys(&SystemRng::new()) {
        Ok(mut keys) => {
            report.line(
                true,
                "keys",
                &format!("complete, private; root {}", keys.root.thumbprint()),
            );
            keys.tokens
                .go_by(Arc::new(SystemClock), &context.config.lifetimes);
            report.line(true, "token keys", &summary(&keys.tokens.list()));
            keys
        }
        Err(error) => {
            report.line(false, "keys", &error.to_string());
            return report.end();
        }
    };
    match AdminClient::find(folder) {
        Ok(Some(_)) => {
            let address = folder
                .announced()
                .map(|running| running.address.to_string())
                .unwrap_or_default();
            report.line(
                true,
                "server",
                &format!("running; commands reach it on {address}"),
            );
            let options = StoreOptions::new(keys.locator().clone());
            let checked = SqliteReader::open(&folder.store_path(), &options)
                .and_then(|reader| check(&reader));
            report.result("store", checked);
        }
        Ok(None) => {
            report.line(true, "server", "not running");
            match open_store(&context.config, folder, &keys) {
                Ok(store) => {
                    report.result("store", store.read_long(check).await);
                    match store.read(remembered).await {
                        Ok(Some(issuer)) => report.line(true, "issuer", issuer.as_str()),
                        Ok(None) => {
                            report.line(true, "issuer", "none yet; the first start decides");
                        }
                        Err(error) => report.line(false, "issuer", &error.to_string()),
                    }
                }
                Err(error) => report.line(false, "store", &error.to_string()),
            }
        }
        Err(failure) => report.line(false, "server", &failure.message),
    }
    report.end()
}

fn configuration(config: &Config) -> String {
    let over = if config.tls.is_on() {
        "with TLS"
    } else {
        "in the clear, for this machine"
    };
    format!("readable; it would listen on {} {over}", config.listen)
}

/// Checks certificate and key as a start would, and also what only clients would notice.
fn certificate(report: &mut Report, files: &TlsFiles, config: &Config, now: UnixTime) {
    const WHAT: &str = "certificate";
    let material = match Material::load(files) {
        Ok(material) => material,
        Err(error) => return report.line(false, WHAT, &error.to_string()),
    };
    let until = material.until_date();
    let left = material.until().0.saturating_sub(now.0);
    let text = format!("{}, until {until}", material.subject());
    if !material.is_valid_at(now) {
        report.line(false, WHAT, &format!("{text}: not valid now"));
    } else if left < WARN_BEFORE {
        warning(
            WHAT,
            &format!("{text}: ends in {} days; renew it", left / DAY),
        );
    } else {
        report.line(true, WHAT, &text);
    }
    if let Some(issuer) = &config.issuer
        && !material.names(issuer.host())
    {
        report.line(
            false,
            WHAT,
            &format!("does not name the issuer's host {}", issuer.host()),
        );
    }
}

fn check(reader: &dyn StoreReader) -> Result<String, crate::storage::StoreError> {
    let (accounts, clients, devices) = (reader.accounts()?, reader.clients()?, reader.devices()?);
    let evidence = reader.verify_evidence_chain()?;
    let active = devices.iter().filter(|device| device.is_active()).count();
    let suspect = devices.iter().filter(|device| device.suspect).count();
    Ok(format!(
        "{} people, {} clients, {active} active devices ({suspect} suspect), {evidence} decisions in an unbroken chain",
        accounts.len(),
        clients.len()
    ))
}

/// Something that will be wrong if nobody does anything.
fn warning(what: &str, text: &str) {
    say(&format!("warn {what:<14} {text}"));
}

#[derive(Default)]
struct Report {
    bad: usize,
}

impl Report {
    fn line(&mut self, good: bool, what: &str, text: &str) {
        self.bad += usize::from(!good);
        say(&format!(
            "{} {what:<14} {text}",
            if good { "ok  " } else { "BAD " }
        ));
    }

    fn result(&mut self, what: &str, result: Result<String, crate::storage::StoreError>) {
        match result {
            Ok(text) => self.line(true, what, &text),
            Err(error) => self.line(false, what, &error.to_string()),
        }
    }

    fn end(self) -> Result<(), Failure> {
        match self.bad {
            0 => Ok(()),
            1 => Err(Failure::failed("one thing is wrong")),
            many => Err(Failure::failed(format!("{many} things are wrong"))),
        }
    }
}
