//! Every write, as data: parameters and outcome side by side.
//!
//! Times are passed in; the store has no clock. `StoreHandle::apply` takes any of the parameter types and returns its
//! own outcome type.

mod accounts;
mod flows;
mod management;
mod notifications;
mod operators;
mod pairings;
mod tokens;

pub use accounts::*;
pub use flows::*;
pub use management::*;
pub use notifications::*;
pub use operators::*;
pub use pairings::*;
pub use tokens::*;

use super::StoreError;

/// An operation that can be sent to the store, with the type of what comes back.
pub trait Operation: Send + 'static {
    /// What the store answers.
    type Outcome: Send + 'static;

    /// Wraps it for a batch.
    fn into_op(self) -> Op;

    /// Unwraps the outcome of the same operation; `None` for any other, which a store never returns.
    fn from_outcome(outcome: Outcome) -> Option<Self::Outcome>;
}

macro_rules! operations {
    ($($name:ident => $outcome:ty),* $(,)?) => {
        /// One write.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Op {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name(Box<$name>),)*
        }

        /// What came of one write.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Outcome {
            $(#[doc = concat!("Of [`", stringify!($name), "`].")] $name(Box<$outcome>),)*
        }

        $(
            impl Operation for $name {
                type Outcome = $outcome;

                fn into_op(self) -> Op {
                    Op::$name(Box::new(self))
                }

                fn from_outcome(outcome: Outcome) -> Option<Self::Outcome> {
                    match outcome {
                        Outcome::$name(inner) => Some(*inner),
                        _ => None,
                    }
                }
            }
        )*
    };
}

operations! {
    CreateAccount => CreateAccountOutcome,
    DeleteAccount => bool,
    SetUserCode => bool,
    CheckUserCode => CheckUserCodeOutcome,
    CreateClient => CreateClientOutcome,
    ReplaceClient => bool,
    DeleteClient => bool,
    CreateIssuingSession => CreateIssuingSessionOutcome,
    OpenPairingPage => OpenPairingPageOutcome,
    CreateInvitation => CreateInvitationOutcome,
    BindInvitation => BindInvitationOutcome,
    RedeemInvitation => RedeemInvitationOutcome,
    SubmitRegistration => SubmitRegistrationOutcome,
    ConfirmPairing => ConfirmPairingOutcome,
    Countersign => bool,
    RevokeDevice => RevokeDeviceOutcome,
    TouchDevice => bool,
    CountApproval => CountPossessionOutcome,
    CountPossession => CountPossessionOutcome,
    CreateBackchannelAuthentication => CreateOutcome,
    AskSimulatedDevice => bool,
    AskDevice => AskDeviceOutcome,
    RenameDevice => bool,
    TakeInvitation => TakeInvitationOutcome,
    RevokeGrant => usize,
    MarkSeen => bool,
    Withdraw => WithdrawOutcome,
    Decide => DecideOutcome,
    Redeem => RedeemOutcome,
    Refresh => RefreshOutcome,
    RevokeToken => RevokeTokenOutcome,
    TakeJob => bool,
    KeepResponse => bool,
    EndAttempt => bool,
    SetValue => (),
    InviteOperator => bool,
    EnrolOperator => EnrolOperatorOutcome,
    UpdateOperator => bool,
    RemoveOperator => bool,
    SuspendClient => bool,
    Sweep => SweepOutcome,
}

/// The answer to one operation of a batch.
pub type Answer = Result<Outcome, StoreError>;
