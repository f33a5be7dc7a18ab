//! What the server knows and decides, as pure values: state, command and time in, new state and effects out.
//!
//! No I/O, no SQL, no HTTP. The store persists these values and carries out the effects in the same commit; handlers
//! convert between them and the wire.
//!
//! To add a transition: a verb on [`BackchannelAuthentication`] that returns a [`Transition`], with a test that it is
//! refused from every other state.

/// `Debug` that prints the fields named here and says that there are more: for values that hold people's words, codes or
/// secrets, which must be in no log whoever prints what holds them.
macro_rules! debug_without_content {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))+
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use debug_without_content;

pub mod account;
pub mod assertion_memory;
pub mod backchannel_authentication;
pub mod budget;
pub mod client;
pub mod client_metadata;
pub mod device;
pub mod distinguished_name;
pub mod locator;
pub mod notification;
pub mod one_time_name;
pub mod operator;
pub mod own_question;
pub mod pairing;
pub mod poll_gate;
pub mod rate;
pub mod redemption;
pub mod token;
pub mod user_code;

pub use account::Account;
pub use assertion_memory::{AssertionMemory, AssertionUse, ClientAssertion};
pub use backchannel_authentication::{
    Approval, BackchannelAuthentication, BackchannelAuthenticationState, CLOSE_NOTICE_SECONDS,
    CloseReason, Decision, DenialReason, Effect, InvalidTransition, Kind, RequestFacts, Terms,
    Transfer, TransferSource, Transition,
};
pub use budget::{Admission, Budget, Limits, SilenceReason};
pub use client::{
    BindingMessageUse, CertificateName, Client, ClientAuthentication, ClientKeys, ClientSettings,
    Confirmation, Delivery, RegisteredBy,
};
pub use client_metadata::{AuthenticationMethod, ClientMetadata, MetadataError, Offered};
pub use device::{DeviceState, PairedDevice};
pub use distinguished_name::{DistinguishedName, InvalidDistinguishedName};
pub use locator::{FlowIds, FlowSeq, Located, Locator};
pub use one_time_name::{NameKind, OneTimeName};
pub use operator::{ENROLMENT_SECONDS, Operator, OperatorId, OperatorInvitation};
pub use own_question::{
    KeyReplacement, NOTICE_SECONDS, OWN_QUESTION_SECONDS, OWN_QUESTION_WINDOW_SECONDS,
    OWN_QUESTIONS_IN_WINDOW, PENDING_OWN_QUESTIONS, Subject, TEST_PAUSE_SECONDS, may_manage_from,
    own_client_id,
};
pub use pairing::{
    Grade, Invitation, InvitationState, IssuingSession, IssuingSessionId, Pairing, PairingState,
    Registration,
};
pub use poll_gate::{PollGate, PollVerdict};
pub use redemption::{RedemptionError, check_redemption};
pub use token::{NewToken, Sender, TokenDetails, TokenKind};
pub use user_code::{UserCodeTries, UserCodeVerdict};
