//! From the device's snapshots to the views of the contract. Conversions only: nothing here decides.

mod account;
mod error;
mod history;
mod pairing;
mod request;

pub(crate) use account::account_view;
pub(crate) use error::{access_error, decide_error, internal, pin_weak};
pub(crate) use history::{history_view, matches};
pub(crate) use pairing::failed_view;
pub(crate) use request::{Names, closed_error, inbox_view, request_view};

use tegata_protocol::UnixTime;
use tegata_ui_contract::UnixSeconds;

pub(crate) fn seconds(time: UnixTime) -> UnixSeconds {
    UnixSeconds(u64::try_from(time.0).unwrap_or_default())
}
