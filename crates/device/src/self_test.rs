//! The self-test: what has to work for a request to arrive and be answered, each looked at as it is used in earnest.

mod delivery;
mod report;
#[cfg(test)]
mod tests;

use crate::{
    account::{AccountState, ApprovalSlot, LocalAccountId},
    device::Device,
    error::{AccessError, DecideError},
    management::ManagementError,
    model::{Health, RequestKey},
};
use futures_util::future::join_all;
use std::{fmt, sync::Arc, time::Duration};
use tegata_protocol::device::{
    limits,
    pairing::KeyKind,
    problem::{Problem, ProblemCode},
};
use tokio::sync::watch;

/// What a self-test looks at, in the order of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfTestCheck {
    /// The credential store keeps and gives back a secret.
    Keyring,
    /// The window's own: whether it can show notifications.
    Notifications,
    /// The server answers on the proved channel.
    Connection,
    /// This machine's clock agrees with the server's. Measured on the test request; without one it is only known that they
    /// are not too far apart.
    Clock,
    /// The approval key is there, and what it counts for.
    Key,
    /// A test request arrives, and its answer gets back.
    Delivery,
}

/// How one line went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelfTestOutcome {
    /// Not yet begun.
    Waiting,
    /// Under way.
    Running,
    /// The test request has arrived and waits for the person, who may answer it either way.
    Answer(RequestKey),
    /// As it should be.
    Good(SelfTestDetail),
    /// Something to know about; requests can still be answered.
    Warning(SelfTestTrouble),
    /// It does not work.
    Bad(SelfTestTrouble),
}

/// What a good line found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfTestDetail {
    /// Nothing to add.
    Nothing,
    /// How long it took, in milliseconds.
    Took(u32),
    /// How far the clocks are apart, in whole seconds, either way.
    Apart(u32),
    /// A key made and kept by software, protected by the PIN.
    SoftwareKey,
    /// A key kept by hardware, by its own word.
    HardwareKey,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelfTestTrouble {
    /// The clocks are too far apart.
    ClockApart,
    /// The server no longer accepts this device.
    DeviceRevoked,
    /// The server has put this device on hold.
    DeviceSuspended,
    /// The server's root is not the pinned one.
    IssuerChanged,
    /// The key is gone.
    KeyLost,
    /// The credential store is locked.
    KeyringLocked,
    /// There is no credential store.
    KeyringMissing,
    /// The credential store does not answer.
    KeyringTimeout,
    /// Notifications are switched off in the preferences.
    NotificationsOff,
    /// Nothing on this machine shows notifications.
    NotificationsMissing,
    /// The server sends no test requests.
    NotOffered,
    /// The server cannot be reached.
    Offline,
    /// All PIN tries are used up.
    PinLocked,
    /// The server refused or misbehaved.
    ServerError,
    /// The test request did not arrive in time.
    TestNotArrived,
    /// The test request arrived and was not answered in time.
    TestNotAnswered,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTestLine {
    /// What is tested.
    pub check: SelfTestCheck,
    /// The account that it is about; `None` for what concerns the whole device.
    pub account: Option<LocalAccountId>,
    /// How it went.
    pub outcome: SelfTestOutcome,
}

/// A self-test as it stands. Lines never change their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelfTestState {
    /// Whether it is under way.
    pub running: bool,
    /// Those of the whole device, then those of each account.
    pub lines: Vec<SelfTestLine>,
    /// Plain English text of all of it, without any secret, name or host; empty while it is under way.
    pub report: String,
}

/// What a self-test is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTestOptions {
    /// The line about notifications, which only the window can know about; `None`: there is no such line.
    pub notifications: Option<SelfTestOutcome>,
    /// Longest wait for the test request to arrive.
    pub arrival: Duration,
    /// Longest wait for the person to answer it.
    pub answer: Duration,
}

impl Default for SelfTestOptions {
    fn default() -> Self {
        Self {
            notifications: None,
            arrival: Duration::from_secs(30),
            answer: Duration::from_mins(5),
        }
    }
}

/// A self-test under way. Dropping it ends it.
pub struct SelfTest {
    state: watch::Receiver<SelfTestState>,
    task: tokio::task::AbortHandle,
}

impl fmt::Debug for SelfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SelfTest")
    }
}

impl Drop for SelfTest {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SelfTest {
    /// How it stands.
    pub fn state(&self) -> SelfTestState {
        self.state.borrow().clone()
    }

    /// How it stands, to be watched.
    pub fn states(&self) -> watch::Receiver<SelfTestState> {
        self.state.clone()
    }
}

impl Device {
    /// Begins a self-test of every account, on the current tokio run time. Sends each server one request for a test, which the
    /// person then answers like any other.
    ///
    /// # Panics
    /// Outside a tokio run time.
    pub fn self_test(&self, options: SelfTestOptions) -> SelfTest {
        let whole = |check| SelfTestLine {
            check,
            account: None,
            outcome: SelfTestOutcome::Waiting,
        };
        let mut lines = vec![whole(SelfTestCheck::Keyring)];
        lines.extend(options.notifications.clone().map(|outcome| SelfTestLine {
            outcome,
            ..whole(SelfTestCheck::Notifications)
        }));
        let accounts: Vec<_> = self.accounts().into_iter().map(|one| one.id).collect();
        for account in &accounts {
            let checks = [
                SelfTestCheck::Connection,
                SelfTestCheck::Clock,
                SelfTestCheck::Key,
                SelfTestCheck::Delivery,
            ];
            lines.extend(checks.map(|check| SelfTestLine {
                account: Some(account.clone()),
                ..whole(check)
            }));
        }
        let (sender, state) = watch::channel(SelfTestState {
            running: true,
            lines,
            report: String::new(),
        });
        let run = Run {
            device: self.clone(),
            options,
            state: Arc::new(sender),
        };
        let task = tokio::spawn(run.everything(accounts)).abort_handle();
        SelfTest { state, task }
    }
}

#[derive(Clone)]
struct Run {
    device: Device,
    options: SelfTestOptions,
    state: Arc<watch::Sender<SelfTestState>>,
}

impl Run {
    async fn everything(self, accounts: Vec<LocalAccountId>) {
        self.set(None, SelfTestCheck::Keyring, SelfTestOutcome::Running);
        let keyring = match self.device.probe_secrets().await {
            Ok(()) => SelfTestOutcome::Good(SelfTestDetail::Nothing),
            Err(error) => SelfTestOutcome::Bad(access_trouble(&error)),
        };
        self.set(None, SelfTestCheck::Keyring, keyring);
        join_all(accounts.iter().map(|account| self.account(account))).await;
        self.state.send_modify(|state| {
            state.running = false;
            state.report = report::text(&self.device, &state.lines);
        });
    }

    async fn account(&self, id: &LocalAccountId) {
        use SelfTestCheck as Check;
        self.set(Some(id), Check::Connection, SelfTestOutcome::Running);
        let connection = self.connection(id).await;
        self.set(Some(id), Check::Connection, connection.clone());
        self.set(Some(id), Check::Key, self.key(id).await);
        self.set(Some(id), Check::Clock, SelfTestOutcome::Running);
        self.set(Some(id), Check::Delivery, SelfTestOutcome::Running);
        // Without a connection nothing travels, and no clock can be compared.
        if let SelfTestOutcome::Bad(trouble) = connection {
            self.set(Some(id), Check::Clock, SelfTestOutcome::Warning(trouble));
            self.set(Some(id), Check::Delivery, SelfTestOutcome::Bad(trouble));
            return;
        }
        let delivery = self.delivery(id).await;
        self.settle_clock(id);
        self.set(Some(id), Check::Delivery, delivery);
    }

    async fn connection(&self, id: &LocalAccountId) -> SelfTestOutcome {
        let clock = &self.device.ports().clock;
        let began = clock.now_millis();
        let reached = self.device.refresh(id).await;
        let health = self.device.account(id).map(|account| account.health);
        let trouble = match (reached, health.and_then(health_trouble)) {
            (_, Some(trouble)) => trouble,
            (Ok(()), None) => {
                let took = clock.now_millis().saturating_sub(began);
                let took = u32::try_from(took).unwrap_or(0);
                return SelfTestOutcome::Good(SelfTestDetail::Took(took));
            }
            (Err(DecideError::Access(error)), None) => access_trouble(&error),
            (Err(DecideError::Offline(_)), None) => SelfTestTrouble::Offline,
            (Err(DecideError::ServerRefused(problem)), None) => problem_trouble(&problem),
            (Err(_), None) => SelfTestTrouble::ServerError,
        };
        SelfTestOutcome::Bad(trouble)
    }

    async fn key(&self, id: &LocalAccountId) -> SelfTestOutcome {
        let state = async {
            let live = self.device.live(id)?;
            self.device.session(&live).await?.read_state()
        };
        match state.await {
            Ok(state) if state.is_retired() => SelfTestOutcome::Bad(SelfTestTrouble::DeviceRevoked),
            Ok(AccountState {
                approval_slot: ApprovalSlot::Destroyed,
                ..
            }) => SelfTestOutcome::Bad(SelfTestTrouble::PinLocked),
            Ok(state) => SelfTestOutcome::Good(match state.approval_kind {
                KeyKind::SoftwarePin => SelfTestDetail::SoftwareKey,
                _ => SelfTestDetail::HardwareKey,
            }),
            Err(error) => SelfTestOutcome::Bad(access_trouble(&error)),
        }
    }

    /// The clock's line, if no test request has settled it.
    fn settle_clock(&self, id: &LocalAccountId) {
        let health = self.device.account(id).map(|account| account.health);
        let outcome = match health {
            Some(Health::ClockSkew { .. }) => SelfTestOutcome::Bad(SelfTestTrouble::ClockApart),
            _ => SelfTestOutcome::Good(SelfTestDetail::Nothing),
        };
        self.state.send_if_modified(|state| {
            let line = line(state, Some(id), SelfTestCheck::Clock);
            let open = line.filter(|line| line.outcome == SelfTestOutcome::Running);
            open.map(|line| line.outcome = outcome).is_some()
        });
    }

    /// What the arrival of a request says about the clocks.
    fn compare_clocks(&self, id: &LocalAccountId, apart: u32) {
        let outcome = if i64::from(apart) > limits::LEEWAY_SECONDS {
            SelfTestOutcome::Bad(SelfTestTrouble::ClockApart)
        } else {
            SelfTestOutcome::Good(SelfTestDetail::Apart(apart))
        };
        self.set(Some(id), SelfTestCheck::Clock, outcome);
    }

    fn set(
        &self,
        account: Option<&LocalAccountId>,
        check: SelfTestCheck,
        outcome: SelfTestOutcome,
    ) {
        self.state.send_modify(|state| {
            if let Some(line) = line(state, account, check) {
                line.outcome = outcome;
            }
        });
    }
}

fn line<'a>(
    state: &'a mut SelfTestState,
    account: Option<&LocalAccountId>,
    check: SelfTestCheck,
) -> Option<&'a mut SelfTestLine> {
    let mut lines = state.lines.iter_mut();
    lines.find(|line| line.check == check && line.account.as_ref() == account)
}

fn access_trouble(error: &AccessError) -> SelfTestTrouble {
    health_trouble(error.health()).unwrap_or(SelfTestTrouble::KeyLost)
}

/// The trouble that keeps an account from being used at all.
fn health_trouble(health: Health) -> Option<SelfTestTrouble> {
    Some(match health {
        Health::DeviceRevoked => SelfTestTrouble::DeviceRevoked,
        Health::DeviceSuspended => SelfTestTrouble::DeviceSuspended,
        Health::IssuerChanged => SelfTestTrouble::IssuerChanged,
        Health::KeyLost => SelfTestTrouble::KeyLost,
        Health::KeyringLocked => SelfTestTrouble::KeyringLocked,
        Health::KeyringMissing => SelfTestTrouble::KeyringMissing,
        Health::KeyringTimeout => SelfTestTrouble::KeyringTimeout,
        Health::ClockSkew { .. } | Health::Ok | Health::PinLocked | Health::Unknown => {
            return None;
        }
    })
}

fn problem_trouble(problem: &Problem) -> SelfTestTrouble {
    match problem.code {
        ProblemCode::DeviceRevoked => SelfTestTrouble::DeviceRevoked,
        ProblemCode::DeviceSuspended => SelfTestTrouble::DeviceSuspended,
        _ => SelfTestTrouble::ServerError,
    }
}

fn management_trouble(error: &ManagementError) -> SelfTestTrouble {
    match error {
        ManagementError::Access(error) => access_trouble(error),
        ManagementError::NotOffered | ManagementError::NotYet { .. } => SelfTestTrouble::NotOffered,
        ManagementError::Offline(_) => SelfTestTrouble::Offline,
        ManagementError::ServerRefused(problem) => problem_trouble(problem),
        ManagementError::Name | ManagementError::ServerAnswer(_) => SelfTestTrouble::ServerError,
    }
}
