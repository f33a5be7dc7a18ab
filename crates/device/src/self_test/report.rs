//! The report: for a message to whoever helps. Says nothing of who is paired with whom.

use super::{SelfTestCheck, SelfTestDetail, SelfTestLine, SelfTestOutcome, SelfTestTrouble};
use crate::{calendar, device::Device};
use std::fmt::Write as _;

/// All lines as text. Accounts are numbered, not named.
pub(super) fn text(device: &Device, lines: &[SelfTestLine]) -> String {
    let mut text = format!(
        "Tegata self-test\napp: {}\nsystem: {} {}\ntime: {}\ncredential store: {}\n",
        device.app(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        calendar::utc(device.ports().clock.now()),
        device.secret_store_name(),
    );
    let (mut number, mut last) = (0, None);
    for line in lines {
        if line.account.is_some() && line.account != last {
            number += 1;
            last.clone_from(&line.account);
        }
        let of = match &line.account {
            Some(_) => format!("account {number}: "),
            None => String::new(),
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{of}{}: {}", name(line.check), words(&line.outcome));
    }
    text
}

/// What is tested, in English.
fn name(check: SelfTestCheck) -> &'static str {
    match check {
        SelfTestCheck::Keyring => "keyring",
        SelfTestCheck::Notifications => "notifications",
        SelfTestCheck::Connection => "connection",
        SelfTestCheck::Clock => "clock",
        SelfTestCheck::Key => "approval key",
        SelfTestCheck::Delivery => "delivery",
    }
}

/// How a line went, in English.
fn words(outcome: &SelfTestOutcome) -> String {
    match outcome {
        SelfTestOutcome::Waiting => "not begun".into(),
        SelfTestOutcome::Running => "under way".into(),
        SelfTestOutcome::Answer(_) => "waits for your answer".into(),
        SelfTestOutcome::Good(detail) => match detail {
            SelfTestDetail::Nothing => "good".into(),
            SelfTestDetail::Took(millis) => format!("good, {millis} ms"),
            SelfTestDetail::Apart(seconds) => format!("good, {seconds} s apart"),
            SelfTestDetail::SoftwareKey => "good, kept by software under the PIN".into(),
            SelfTestDetail::HardwareKey => "good, kept by hardware".into(),
        },
        SelfTestOutcome::Warning(trouble) => format!("warning, {}", trouble_words(*trouble)),
        SelfTestOutcome::Bad(trouble) => format!("problem, {}", trouble_words(*trouble)),
    }
}

fn trouble_words(trouble: SelfTestTrouble) -> &'static str {
    match trouble {
        SelfTestTrouble::ClockApart => "this machine's clock is too far from the server's; set it",
        SelfTestTrouble::DeviceRevoked => "the server no longer accepts this device; pair it again",
        SelfTestTrouble::DeviceSuspended => "the server put this device on hold; ask who runs it",
        SelfTestTrouble::IssuerChanged => {
            "the server's root key is not the pinned one; ask who runs it before pairing again"
        }
        SelfTestTrouble::KeyLost => "the account's key is gone; pair this device again",
        SelfTestTrouble::KeyringLocked => "the credential store is locked; unlock it",
        SelfTestTrouble::KeyringMissing => "there is no credential store; start one",
        SelfTestTrouble::KeyringTimeout => "the credential store does not answer",
        SelfTestTrouble::NotificationsOff => "notifications are switched off in the settings",
        SelfTestTrouble::NotificationsMissing => "nothing on this machine shows notifications",
        SelfTestTrouble::NotOffered => "the server sends no test requests",
        SelfTestTrouble::Offline => "the server cannot be reached",
        SelfTestTrouble::PinLocked => {
            "all PIN tries are used up; pair this device again to approve"
        }
        SelfTestTrouble::ServerError => "the server refused or failed",
        SelfTestTrouble::TestNotArrived => "the test request did not arrive in time",
        SelfTestTrouble::TestNotAnswered => "the test request was not answered in time",
    }
}

impl SelfTestLine {
    /// The line in plain English: what is tested and how it went, without the account.
    pub fn words(&self) -> String {
        format!("{}: {}", name(self.check), words(&self.outcome))
    }
}
