//! Pairing, one type per phase; each phase is consumed by the step that leaves it, so none can be skipped or repeated.
//!
//! ```text
//! Invited ─check─► Offered ─accept─► Accepted ─make_keys─► KeysMade ─register─► Registered ─confirmed─► account
//!  (host shown)     (account shown)   (PIN asked)                                (digits shown)
//!     │    ▲
//!   begin  with_code
//!     ▼    │
//!     Begun  (the browser shows the server's page, and hands a code over)
//! ```
//!
//! Reading an invitation sends nothing. [`Invited::check`] is called once the person has confirmed the host, and
//! [`Offered::accept`] once they have confirmed host and account. Dropping any phase leaves nothing on this machine: the
//! account and its secret are written only when the server has confirmed.

mod begun;
mod confirm;
mod failure;
mod invited;
mod offered;
mod registered;
#[cfg(test)]
mod tests;

pub use begun::Begun;
pub use failure::{PairingCause, PairingFailure, PairingRemedy};
pub use invited::Invited;
pub use offered::{Accepted, KeysMade, Offered};
pub use registered::{Confirmation, Registered};
