//! The self-test.

use tegata_device::{
    AccountSummary,
    self_test::{
        SelfTestCheck, SelfTestDetail, SelfTestLine, SelfTestOutcome, SelfTestState,
        SelfTestTrouble,
    },
};
use tegata_ui_contract as ui;

pub(crate) fn self_test_view(
    state: &SelfTestState,
    accounts: &[AccountSummary],
) -> ui::SelfTestView {
    ui::SelfTestView {
        running: state.running,
        lines: state
            .lines
            .iter()
            .map(|line| line_view(line, accounts))
            .collect(),
        report: state.report.clone(),
    }
}

fn line_view(line: &SelfTestLine, accounts: &[AccountSummary]) -> ui::SelfTestLine {
    let of_line = |account: &&AccountSummary| Some(&account.id) == line.account.as_ref();
    ui::SelfTestLine {
        check: match line.check {
            SelfTestCheck::Keyring => ui::SelfTestCheck::Keyring,
            SelfTestCheck::Notifications => ui::SelfTestCheck::Notifications,
            SelfTestCheck::Connection => ui::SelfTestCheck::Connection,
            SelfTestCheck::Clock => ui::SelfTestCheck::Clock,
            SelfTestCheck::Key => ui::SelfTestCheck::Key,
            SelfTestCheck::Delivery => ui::SelfTestCheck::Delivery,
        },
        account: line
            .account
            .as_ref()
            .map(|id| ui::AccountId(id.as_str().to_owned())),
        account_name: accounts
            .iter()
            .find(of_line)
            .map(|account| account.account_name.clone()),
        outcome: match &line.outcome {
            SelfTestOutcome::Waiting => ui::SelfTestOutcome::Waiting,
            SelfTestOutcome::Running => ui::SelfTestOutcome::Running,
            SelfTestOutcome::Answer(request) => ui::SelfTestOutcome::Answer {
                request: ui::RequestId(request.to_string()),
            },
            SelfTestOutcome::Good(detail) => ui::SelfTestOutcome::Good {
                detail: detail_view(*detail),
            },
            SelfTestOutcome::Warning(trouble) => ui::SelfTestOutcome::Warning {
                trouble: trouble_view(*trouble),
            },
            SelfTestOutcome::Bad(trouble) => ui::SelfTestOutcome::Bad {
                trouble: trouble_view(*trouble),
            },
        },
    }
}

fn detail_view(detail: SelfTestDetail) -> ui::SelfTestDetail {
    match detail {
        SelfTestDetail::Nothing => ui::SelfTestDetail::Nothing,
        SelfTestDetail::Took(millis) => ui::SelfTestDetail::Took { millis },
        SelfTestDetail::Apart(seconds) => ui::SelfTestDetail::Apart { seconds },
        SelfTestDetail::SoftwareKey => ui::SelfTestDetail::SoftwareKey,
        SelfTestDetail::HardwareKey => ui::SelfTestDetail::HardwareKey,
    }
}

fn trouble_view(trouble: SelfTestTrouble) -> ui::SelfTestTrouble {
    match trouble {
        SelfTestTrouble::ClockApart => ui::SelfTestTrouble::ClockApart,
        SelfTestTrouble::DeviceRevoked => ui::SelfTestTrouble::DeviceRevoked,
        SelfTestTrouble::DeviceSuspended => ui::SelfTestTrouble::DeviceSuspended,
        SelfTestTrouble::IssuerChanged => ui::SelfTestTrouble::IssuerChanged,
        SelfTestTrouble::KeyLost => ui::SelfTestTrouble::KeyLost,
        SelfTestTrouble::KeyringLocked => ui::SelfTestTrouble::KeyringLocked,
        SelfTestTrouble::KeyringMissing => ui::SelfTestTrouble::KeyringMissing,
        SelfTestTrouble::KeyringTimeout => ui::SelfTestTrouble::KeyringTimeout,
        SelfTestTrouble::NotificationsOff => ui::SelfTestTrouble::NotificationsOff,
        SelfTestTrouble::NotificationsMissing => ui::SelfTestTrouble::NotificationsMissing,
        SelfTestTrouble::NotOffered => ui::SelfTestTrouble::NotOffered,
        SelfTestTrouble::Offline => ui::SelfTestTrouble::Offline,
        SelfTestTrouble::PinLocked => ui::SelfTestTrouble::PinLocked,
        SelfTestTrouble::TestNotArrived => ui::SelfTestTrouble::TestNotArrived,
        SelfTestTrouble::TestNotAnswered => ui::SelfTestTrouble::TestNotAnswered,
        _ => ui::SelfTestTrouble::ServerError,
    }
}
