//! PIN policy, sealing, and the software approval key.

mod pin;
mod seal;
mod software;
#[cfg(test)]
mod tests;

pub use pin::{MAX_PIN_DIGITS, MIN_PIN_DIGITS, Pin, PinWeakness};
pub use seal::{SealError, Sealer};
pub use software::{Argon2Parameters, SoftwareApprovalKey};
