//! The demo consumption page: a kiosk that signs the demo person in. It is a client like any other: all it does goes
//! over HTTP through the provider's public endpoints, with its own `client_id` and secret, so what it does can be copied
//! (`kiosk`).
//!
//! What it does **not** do: keep a session for the person, survive a restart, serve real accounts. All routes answer 404
//! unless the server runs in demo mode.
//!
//! To add a language: a value of `texts::Texts` and an arm in `texts::choose`.

mod answers;
mod kiosk;
mod pages;
mod sign_in;
mod texts;

#[cfg(test)]
mod tests;

use axum::{
    Router,
    routing::{get, post},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use tegata_protocol::{AccountId, ClientId, Secret};

use crate::app::App;
use sign_in::{SignIn, SignInId};

/// Sign-ins that are remembered; older ones are forgotten.
const REMEMBERED: usize = 64;

/// Who signs in at the demo page, and as which client.
#[derive(Debug, Clone)]
pub struct DemoSettings {
    /// The demo client.
    pub client_id: ClientId,
    /// Its secret (`client_secret_basic`).
    pub client_secret: Secret<String>,
    /// The demo person: `login_hint` of every request.
    pub login_name: String,
    /// The demo person's account. Nobody else is ever invited, whoever goes by the login name.
    pub account: AccountId,
}

/// What the demo page keeps in memory. The default is no demo: its routes answer 404.
#[derive(Debug, Default)]
pub struct DemoState {
    settings: OnceLock<DemoSettings>,
    sign_ins: Mutex<VecDeque<SignIn>>,
}

impl DemoState {
    /// Switches the demo on, for good, with this person and client. A second call changes nothing.
    pub fn enable(&self, settings: DemoSettings) {
        self.settings.get_or_init(|| settings);
    }

    fn remember(&self, sign_in: SignIn) {
        let mut sign_ins = self.lock();
        if sign_ins.len() == REMEMBERED {
            sign_ins.pop_front();
        }
        sign_ins.push_back(sign_in);
    }

    fn find(&self, id: &SignInId) -> Option<SignIn> {
        self.lock().iter().find(|known| known.id == *id).cloned()
    }

    fn change(&self, id: &SignInId, change: impl FnOnce(&mut SignIn)) {
        if let Some(sign_in) = self.lock().iter_mut().find(|known| known.id == *id) {
            change(sign_in);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<SignIn>> {
        self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The demo's routes.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/demo", get(answers::start))
        .route("/demo/kiosk.css", get(answers::style))
        .route("/demo/kiosk.js", get(answers::script))
        .route(
            "/demo/pairing",
            get(answers::pairing).post(answers::start_pairing),
        )
        .route("/demo/sign-in", post(answers::sign_in))
        .route("/demo/sign-in/{id}", get(answers::state))
        .route("/demo/sign-in/{id}/page", get(answers::page))
        .route("/demo/sign-in/{id}/code.svg", get(answers::code))
        .route("/demo/sign-in/{id}/evidence.json", get(answers::evidence))
}
