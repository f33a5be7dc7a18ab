//! The one pairing that the window may have under way: keeps the device's phase between two commands.
//!
//! Every start and cancel begins a new generation; what an older one still finds out is dropped.

use crate::{
    browser::Browser,
    events::Events,
    views::{failed_view, pin_weak},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tauri::async_runtime::JoinHandle;
use tegata_device::{
    Device, Pin,
    pairing::{Accepted, Begun, Invited, Offered, PairingFailure},
};
use tegata_protocol::{
    Clock,
    device::invitation::{InvitationCode, Issuer},
};
use tegata_ui_contract::{
    self as ui, AccountId, CodeEntry, ErrorCode, PairingInput, PairingStep, PairingView, PartyView,
    UiError, UiEvent, UnixMillis,
};

enum Phase {
    Accepted(Box<Accepted>),
    /// The browser was opened.
    Begun(Box<Begun>),
    /// A link named the server alone.
    Named(Box<Invited>),
    Nothing,
    Offered(Box<Offered>),
}

struct Slot {
    generation: u64,
    view: PairingView,
    phase: Phase,
    task: Option<JoinHandle<()>>,
}

/// Cheap to clone; every clone is the same session.
#[derive(Clone)]
pub(crate) struct PairingSession {
    device: Device,
    clock: Arc<dyn Clock>,
    events: Events,
    browser: Browser,
    slot: Arc<Mutex<Slot>>,
}

impl PairingSession {
    pub(crate) fn new(
        device: Device,
        clock: Arc<dyn Clock>,
        events: Events,
        browser: Browser,
    ) -> Self {
        let slot = Slot {
            generation: 0,
            view: PairingView::Idle,
            phase: Phase::Nothing,
            task: None,
        };
        Self {
            device,
            clock,
            events,
            browser,
            slot: Arc::new(Mutex::new(slot)),
        }
    }

    pub(crate) fn view(&self) -> PairingView {
        self.lock().view.clone()
    }

    /// A link was opened outside the window, by whoever made it. If it is the answer that a pairing waits for, that goes on;
    /// otherwise it is read like one that was pasted, unless the person is in the middle of a pairing.
    pub(crate) fn open_link(&self, link: CodeEntry) {
        if self.waits_for(&link) || self.can_begin() {
            self.start(&PairingInput::Link { link });
        }
    }

    fn waits_for(&self, link: &CodeEntry) -> bool {
        // EXPOSE: whether it is the answer is in its text.
        matches!(&self.lock().phase, Phase::Begun(begun) if begun.take_link(link.expose()).is_some())
    }

    /// Whether a pairing can begin without ending one that the person is in the middle of.
    fn can_begin(&self) -> bool {
        matches!(
            self.lock().view,
            PairingView::Idle
                | PairingView::Code { .. }
                | PairingView::Done { .. }
                | PairingView::Failed { .. }
        )
    }

    /// Begins anew. Reading the input sends nothing; asking the server runs beside. What is given for the server that a link
    /// has named, or that the browser was opened at, goes on with that, so that the server is held to the same root key.
    pub(crate) fn start(&self, input: &PairingInput) -> PairingView {
        let held = std::mem::replace(&mut self.lock().phase, Phase::Nothing);
        let generation = self.begin(PairingView::Checking);
        // EXPOSE: the link and the code are what a pairing starts from.
        let invited = match input {
            PairingInput::Link { link } => self.read_link(link.expose(), held),
            PairingInput::Code { server, code } => self.read_code(server, code.expose(), held),
            PairingInput::Browser { server } => {
                match held {
                    Phase::Begun(begun) if is_of(begun.issuer(), server) => {
                        self.run(generation, self.clone().show_page(generation, *begun));
                    }
                    held => match self.read_server(server, held) {
                        Ok(invited) => {
                            self.run(generation, self.clone().go_to_browser(generation, invited));
                        }
                        Err(failure) => self.fail(generation, &failure),
                    },
                }
                return self.view();
            }
        };
        match invited {
            Err(failure) => self.fail(generation, &failure),
            Ok(invited) if invited.needs_code() => {
                let host = invited.issuer().host().to_owned();
                let phase = Phase::Named(Box::new(invited));
                self.advance(generation, PairingView::Code { host }, phase);
            }
            Ok(invited) => self.run(generation, Self::check(self.clone(), generation, invited)),
        }
        self.view()
    }

    fn read_link(&self, link: &str, held: Phase) -> Result<Invited, PairingFailure> {
        if let Phase::Begun(begun) = held
            && let Some(code) = begun.take_link(link)
        {
            return Ok(begun.with_code(code));
        }
        self.device.read_invitation(link)
    }

    fn read_code(&self, server: &str, code: &str, held: Phase) -> Result<Invited, PairingFailure> {
        match held {
            Phase::Named(named) if is_of(named.issuer(), server) => named.with_code(code),
            Phase::Begun(begun) if is_of(begun.issuer(), server) => {
                Ok(begun.with_code(InvitationCode::parse(code)?))
            }
            _ => self.device.read_code(server, code),
        }
    }

    fn read_server(&self, server: &str, held: Phase) -> Result<Invited, PairingFailure> {
        match held {
            Phase::Named(named) if is_of(named.issuer(), server) => Ok(*named),
            _ => self.device.read_server(server),
        }
    }

    /// The person recognised server and account.
    pub(crate) fn accept(&self) -> Result<PairingView, UiError> {
        let mut slot = self.lock();
        match std::mem::replace(&mut slot.phase, Phase::Nothing) {
            Phase::Offered(offered) => {
                slot.phase = Phase::Accepted(Box::new(offered.accept()));
                slot.view = PairingView::SetPin;
            }
            other => {
                slot.phase = other;
                return Err(wrong_stage());
            }
        }
        let view = slot.view.clone();
        drop(slot);
        self.events.emit(UiEvent::PairingChanged);
        Ok(view)
    }

    /// A PIN was chosen: keys are made and registered beside. A weak PIN leaves the stage.
    pub(crate) fn set_pin(&self, typed: &str) -> Result<PairingView, UiError> {
        let mut slot = self.lock();
        if !matches!(slot.phase, Phase::Accepted(_)) {
            return Err(wrong_stage());
        }
        let pin = Pin::choose(typed).map_err(pin_weak)?;
        let Phase::Accepted(accepted) = std::mem::replace(&mut slot.phase, Phase::Nothing) else {
            return Err(wrong_stage());
        };
        slot.view = PairingView::Working {
            step: PairingStep::MakingKeys,
        };
        let generation = slot.generation;
        drop(slot);
        self.run(
            generation,
            Self::register(self.clone(), generation, *accepted, pin),
        );
        self.events.emit(UiEvent::PairingChanged);
        Ok(self.view())
    }

    /// Ends what is under way. Nothing of it stays on this machine.
    pub(crate) fn cancel(&self) -> PairingView {
        self.begin(PairingView::Idle);
        self.view()
    }

    async fn go_to_browser(self, generation: u64, invited: Invited) {
        match invited.begin().await {
            Err(failure) => self.fail(generation, &failure),
            Ok(begun) => self.show_page(generation, begun).await,
        }
    }

    async fn show_page(self, generation: u64, begun: Begun) {
        if let Err(error) = self.browser.open(begun.issuer(), begun.page()).await {
            tracing::warn!(%error, "pairing.browser_not_opened");
            let view = PairingView::Failed {
                code: ui::PairingFailure::BrowserNotOpened,
                remedy: ui::Remedy::TryAgain,
            };
            return self.advance(generation, view, Phase::Nothing);
        }
        let host = begun.issuer().host().to_owned();
        let phase = Phase::Begun(Box::new(begun));
        self.advance(generation, PairingView::Browser { host }, phase);
    }

    async fn check(self, generation: u64, invited: Invited) {
        match invited.check().await {
            Err(failure) => self.fail(generation, &failure),
            Ok(offered) => {
                let view = PairingView::Confirm {
                    issuer: party(&offered),
                    account_name: offered.account_name().to_owned(),
                    root_fingerprint: offered.root().to_string(),
                    first_use: offered.is_first_use(),
                };
                self.advance(generation, view, Phase::Offered(Box::new(offered)));
            }
        }
    }

    async fn register(self, generation: u64, accepted: Accepted, pin: Pin) {
        let issuer = party(accepted.offered());
        let made = match accepted.make_keys(pin).await {
            Ok(made) => made,
            Err(failure) => return self.fail(generation, &failure),
        };
        self.advance(
            generation,
            PairingView::Working {
                step: PairingStep::Registering,
            },
            Phase::Nothing,
        );
        let registered = match made.register().await {
            Ok(registered) => registered,
            Err(failure) => return self.fail(generation, &failure),
        };
        let view = PairingView::Digits {
            digits: registered.digits().to_owned(),
            device_name: registered.device_name().to_owned(),
            expires_in: registered.expires_in(),
            received_at: UnixMillis(u64::try_from(self.clock.now_millis()).unwrap_or_default()),
        };
        self.advance(generation, view, Phase::Nothing);
        match registered.confirmed().await {
            Err(failure) => self.fail(generation, &failure),
            Ok(account) => {
                let view = PairingView::Done {
                    account: AccountId(account.id.as_str().to_owned()),
                    account_name: account.account_name,
                    issuer,
                };
                self.advance(generation, view, Phase::Nothing);
            }
        }
    }

    fn begin(&self, view: PairingView) -> u64 {
        let mut slot = self.lock();
        slot.generation += 1;
        slot.phase = Phase::Nothing;
        slot.view = view;
        if let Some(task) = slot.task.take() {
            task.abort();
        }
        let generation = slot.generation;
        drop(slot);
        self.events.emit(UiEvent::PairingChanged);
        generation
    }

    fn run(&self, generation: u64, work: impl Future<Output = ()> + Send + 'static) {
        let mut slot = self.lock();
        if slot.generation == generation {
            slot.task = Some(tauri::async_runtime::spawn(work));
        }
    }

    fn advance(&self, generation: u64, view: PairingView, phase: Phase) {
        let mut slot = self.lock();
        if slot.generation != generation {
            return;
        }
        slot.view = view;
        slot.phase = phase;
        drop(slot);
        self.events.emit(UiEvent::PairingChanged);
    }

    fn fail(&self, generation: u64, failure: &PairingFailure) {
        tracing::warn!(cause = ?failure.cause, detail = %failure.detail, "pairing.failed");
        self.advance(generation, failed_view(failure), Phase::Nothing);
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn party(offered: &Offered) -> PartyView {
    PartyView {
        name: offered.issuer_name().to_owned(),
        host: offered.issuer().host().to_owned(),
    }
}

fn wrong_stage() -> UiError {
    UiError::new(ErrorCode::PairingStage, "the pairing is in another stage")
}

/// Whether what was typed, or taken over from the stage before, is this server's host.
fn is_of(issuer: &Issuer, server: &str) -> bool {
    issuer.host().eq_ignore_ascii_case(server.trim())
}

#[cfg(test)]
mod tests;
