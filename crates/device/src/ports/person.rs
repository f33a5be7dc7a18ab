//! The person in front of the device.

use crate::keys::Pin;
use futures_util::future::BoxFuture;

/// Why a PIN is asked for. Shown or spoken by the implementation in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinReason {
    /// To approve one request.
    Approve {
        /// The client's registered name.
        client: String,
        /// Wrong tries so far; 0 at first.
        failures: u32,
    },
    /// To choose another one.
    Change,
    /// To protect the approval key of a new account.
    Choose,
    /// To make another approval key under the same one.
    Replace,
}

/// The person gave no PIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersonCheckError {
    /// They said no, or closed the prompt.
    #[error("cancelled")]
    Cancelled,
    /// There is no way to ask: no terminal, no window, nothing in the file descriptor.
    #[error("there is nobody to ask for the PIN: {0}")]
    Unreachable(String),
}

/// Asks the person. Asked once per approval; the answer is never kept.
pub trait PersonCheck: Send + Sync {
    /// Asks for a PIN, saying why. May take as long as the person does.
    ///
    /// # Errors
    /// [`PersonCheckError`].
    fn ask_pin(&self, reason: PinReason) -> BoxFuture<'_, Result<Pin, PersonCheckError>>;
}

/// A PIN that the person has typed already, on the screen that shows the request.
#[derive(Debug, Clone)]
pub struct GivenPin(pub Pin);

impl PersonCheck for GivenPin {
    fn ask_pin(&self, _reason: PinReason) -> BoxFuture<'_, Result<Pin, PersonCheckError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}
