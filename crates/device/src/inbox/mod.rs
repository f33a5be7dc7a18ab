//! The inbox of one account: what arrives is verified, kept in order, counted down, and closed with a reason.

mod arrival;
mod backoff;
mod connection;
mod socket;
#[cfg(test)]
mod socket_tests;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use arrival::{build, receive, restore};
pub(crate) use backoff::Backoff;
pub(crate) use connection::{
    FetchError, countersign, fetch_pending, refresh_metadata, renew_metadata, run,
};
pub(crate) use socket::SocketCommand;
pub(crate) use state::{AccountInbox, Arrived, ClosedRequest};
