//! The self-test: what has to work for a request to arrive and be answered, each with what helps when it does not.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, RequestId};

/// The self-test as it stands. Lines never change their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SelfTestView {
    /// Whether one is under way.
    pub running: bool,
    /// Empty before the first.
    pub lines: Vec<SelfTestLine>,
    /// Plain English text of all of it for a message to whoever helps: no secret, no name, no host. Empty while running.
    pub report: String,
}

/// One line of the self-test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SelfTestLine {
    /// What is tested.
    pub check: SelfTestCheck,
    /// The account that it is about; absent for what concerns the whole app.
    pub account: Option<AccountId>,
    /// The account's name.
    pub account_name: Option<String>,
    /// How it went.
    pub outcome: SelfTestOutcome,
}

/// What a self-test looks at, in the order of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SelfTestCheck {
    /// The operating system keeps and gives back a secret.
    Keyring,
    /// The operating system shows notifications.
    Notifications,
    /// The issuer answers on the proved channel.
    Connection,
    /// The machine's clock agrees with the issuer's.
    Clock,
    /// The approval key is there, and what it counts for.
    Key,
    /// A test request of the issuer arrives, and its answer gets back.
    Delivery,
}

/// How one line went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SelfTestOutcome {
    /// Not yet begun.
    Waiting,
    /// Under way.
    Running,
    /// The test request has arrived and waits for the person, who may answer it either way.
    Answer {
        /// The request to open.
        request: RequestId,
    },
    /// As it should be.
    Good {
        /// A measured time, a clock's difference or the like, when there is one.
        detail: SelfTestDetail,
    },
    /// Something to know about; requests can still be answered.
    Warning {
        /// What it is.
        trouble: SelfTestTrouble,
    },
    /// It does not work.
    Bad {
        /// What it is.
        trouble: SelfTestTrouble,
    },
}

/// What a good line found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SelfTestDetail {
    /// Nothing to add.
    Nothing,
    /// How long it took.
    Took {
        /// Milliseconds.
        millis: u32,
    },
    /// How far the clocks are apart.
    Apart {
        /// Whole seconds, either way.
        seconds: u32,
    },
    /// A key made and kept by software, protected by the PIN. The issuer counts it so.
    SoftwareKey,
    /// A key kept by hardware, by its own word.
    HardwareKey,
}

/// What is wrong. The screens have words and a remedy for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SelfTestTrouble {
    /// The clocks are too far apart.
    ClockApart,
    /// The issuer no longer accepts this device.
    DeviceRevoked,
    /// The issuer has put this device on hold.
    DeviceSuspended,
    /// The issuer's identity changed.
    IssuerChanged,
    /// The key is gone.
    KeyLost,
    /// The credential store is locked.
    KeyringLocked,
    /// There is no credential store.
    KeyringMissing,
    /// The credential store does not answer.
    KeyringTimeout,
    /// Notifications are switched off in the app's settings.
    NotificationsOff,
    /// Nothing on this machine shows notifications.
    NotificationsMissing,
    /// The issuer sends no test requests.
    NotOffered,
    /// The issuer cannot be reached.
    Offline,
    /// All PIN tries are used up.
    PinLocked,
    /// The issuer refused or misbehaved.
    ServerError,
    /// The test request did not arrive in time.
    TestNotArrived,
    /// The test request arrived and was not answered in time.
    TestNotAnswered,
}
