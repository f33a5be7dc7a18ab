//! From the device's snapshots to the views of the contract. Conversions only: nothing here decides.

mod account;
mod error;
mod history;
mod management;
mod pairing;
mod request;
mod self_test;

pub(crate) use account::{account_view, look_of};
pub(crate) use error::{
    access_error, adding_error, customize_error, decide_error, history_error, internal,
    management_error, pin_change_error, pin_error, pin_weak, replace_key_error,
};
pub(crate) use history::{export_view, history_view};
pub(crate) use management::{
    adding_view, approve_view, consent_view, devices_view, removal_reason, removal_view,
};
pub(crate) use pairing::failed_view;
pub(crate) use request::{Names, closed_error, inbox_view, request_view};
pub(crate) use self_test::self_test_view;

use tegata_protocol::UnixTime;
use tegata_ui_contract::UnixSeconds;

pub(crate) fn seconds(time: UnixTime) -> UnixSeconds {
    UnixSeconds(u64::try_from(time.0).unwrap_or_default())
}
