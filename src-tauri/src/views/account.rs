//! Accounts.

use super::seconds;
use tegata_device::{AccountSummary, Connection, Health, account as look};
use tegata_ui_contract::{
    Accent, AccountCustomizeRequest, AccountHealth, AccountIcon, AccountId, AccountView,
    ConnectionView, PartyView,
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
        label: account.look.label.clone(),
        accent: match account.look.accent {
            look::Accent::Pine => Accent::Pine,
            look::Accent::Sea => Accent::Sea,
            look::Accent::Plum => Accent::Plum,
            look::Accent::Clay => Accent::Clay,
            look::Accent::Amber => Accent::Amber,
            look::Accent::Slate => Accent::Slate,
        },
        icon: match account.look.icon {
            look::AccountIcon::Letter => AccountIcon::Letter,
            look::AccountIcon::Bank => AccountIcon::Bank,
            look::AccountIcon::Briefcase => AccountIcon::Briefcase,
            look::AccountIcon::Home => AccountIcon::Home,
            look::AccountIcon::School => AccountIcon::School,
            look::AccountIcon::Shop => AccountIcon::Shop,
        },
    }
}

/// What the person chose, as the device keeps it.
pub(crate) fn look_of(request: &AccountCustomizeRequest) -> look::AccountLook {
    look::AccountLook {
        label: request.label.clone(),
        accent: match request.accent {
            Accent::Pine => look::Accent::Pine,
            Accent::Sea => look::Accent::Sea,
            Accent::Plum => look::Accent::Plum,
            Accent::Clay => look::Accent::Clay,
            Accent::Amber => look::Accent::Amber,
            Accent::Slate => look::Accent::Slate,
        },
        icon: match request.icon {
            AccountIcon::Letter => look::AccountIcon::Letter,
            AccountIcon::Bank => look::AccountIcon::Bank,
            AccountIcon::Briefcase => look::AccountIcon::Briefcase,
            AccountIcon::Home => look::AccountIcon::Home,
            AccountIcon::School => look::AccountIcon::School,
            AccountIcon::Shop => look::AccountIcon::Shop,
        },
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
