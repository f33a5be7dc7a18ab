//! Accounts.

use super::seconds;
use tegata_device::{AccountSummary, Connection, Health};
use tegata_ui_contract::{
    Accent, AccountHealth, AccountIcon, AccountId, AccountView, ConnectionView, PartyView,
};

pub(crate) fn account_view(account: &AccountSummary) -> AccountView {
    AccountView {
        id: AccountId(account.id.as_str().to_owned()),
        name: account.account_name.clone(),
        issuer: issuer_view(account),
        root_fingerprint: account.root.to_string(),
        device_name: account.device_name.clone(),
        paired_at: seconds(account.paired_at),
        connection: match account.connection {
            Connection::Connecting => ConnectionView::Connecting,
            Connection::Offline { since } => ConnectionView::Offline {
                since: seconds(since),
            },
            Connection::Online => ConnectionView::Online,
        },
        health: health_view(account.health),
        label: None,
        accent: Accent::default(),
        icon: AccountIcon::default(),
    }
}

pub(super) fn issuer_view(account: &AccountSummary) -> PartyView {
    PartyView {
        name: account.issuer_name.clone(),
        host: account.issuer.host().to_owned(),
    }
}

fn health_view(health: Health) -> AccountHealth {
    match health {
        Health::ClockSkew { seconds } => AccountHealth::ClockSkew { seconds },
        Health::DeviceRevoked => AccountHealth::DeviceRevoked,
        Health::DeviceSuspended => AccountHealth::DeviceSuspended,
        Health::IssuerChanged => AccountHealth::IssuerChanged,
        Health::KeyLost => AccountHealth::KeyLost,
        Health::KeyringLocked => AccountHealth::KeyringLocked,
        Health::KeyringMissing => AccountHealth::KeyringMissing,
        Health::KeyringTimeout => AccountHealth::KeyringTimeout,
        Health::PinLocked => AccountHealth::PinLocked,
        // Not asked yet is shown as nothing wrong; the connection says that it is being opened.
        _ => AccountHealth::Ok,
    }
}
