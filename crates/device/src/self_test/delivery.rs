//! The test request there and back, on the way that every request takes.

use super::{
    Run, SelfTestCheck, SelfTestDetail, SelfTestOutcome, SelfTestTrouble, management_trouble,
};
use crate::{
    account::LocalAccountId,
    history::newest_of,
    management::ManagementError,
    model::{Connection, RequestKey, RequestSnapshot, RequestState},
};
use tegata_protocol::device::problem::CloseReason;

impl Run {
    pub(super) async fn delivery(&self, id: &LocalAccountId) -> SelfTestOutcome {
        let clock = &self.device.ports().clock;
        let began = clock.now_millis();
        let key = match self.device.send_test(id).await {
            Ok(key) => key,
            Err(error @ (ManagementError::NotOffered | ManagementError::NotYet { .. })) => {
                return SelfTestOutcome::Warning(management_trouble(&error));
            }
            Err(error) => return SelfTestOutcome::Bad(management_trouble(&error)),
        };
        // Where no socket is open, requests are fetched; so is this one.
        let connection = self.device.account(id).map(|account| account.connection);
        if connection != Some(Connection::Online) {
            // What goes wrong shows in what does not arrive.
            let _ = self.device.refresh(id).await;
        }
        let arrival = tokio::time::timeout(self.options.arrival, self.arrived(&key)).await;
        let Ok(request) = arrival else {
            return SelfTestOutcome::Bad(SelfTestTrouble::TestNotArrived);
        };
        let took = clock.now_millis().saturating_sub(began);
        self.compare_clocks(id, seconds_apart(&request));
        let waits = SelfTestOutcome::Answer(key.clone());
        self.set(Some(id), SelfTestCheck::Delivery, waits);
        match tokio::time::timeout(self.options.answer, self.answered(&key)).await {
            Ok(true) => {
                SelfTestOutcome::Good(SelfTestDetail::Took(u32::try_from(took).unwrap_or(0)))
            }
            Ok(false) | Err(_) => SelfTestOutcome::Warning(SelfTestTrouble::TestNotAnswered),
        }
    }

    async fn arrived(&self, key: &RequestKey) -> RequestSnapshot {
        let mut changes = self.device.changes();
        loop {
            changes.mark_unchanged();
            if let Some(request) = self.device.request(key) {
                return request;
            }
            // The device that sends them is held here.
            let _ = changes.changed().await;
        }
    }

    /// Whether the person's answer got back; false if the request ended without one.
    async fn answered(&self, key: &RequestKey) -> bool {
        let mut changes = self.device.changes();
        loop {
            changes.mark_unchanged();
            let state = match self.device.request(key) {
                Some(request) => Some(request.state),
                // Taken off the inbox: the history has it.
                None => self.in_history(key).await,
            };
            match state {
                Some(
                    RequestState::Closed(CloseReason::Handled { .. })
                    | RequestState::Approved { .. }
                    | RequestState::Denied { .. }
                    | RequestState::Reported { .. },
                ) => return true,
                Some(RequestState::Closed(_)) | None => return false,
                Some(_) => {}
            }
            let _ = changes.changed().await;
        }
    }

    async fn in_history(&self, key: &RequestKey) -> Option<RequestState> {
        let live = self.device.live(&key.account).ok()?;
        let session = self.device.session(&live).await.ok()?;
        let (_, _, state) = newest_of(&session, &key.request).ok()??;
        Some(state)
    }
}

/// The server counted the seconds that were left: where its count and the end that it signed disagree with this machine's
/// clock, the clocks differ.
fn seconds_apart(request: &RequestSnapshot) -> u32 {
    let server = request.prompt.exp.plus(-i64::from(request.expires_in));
    let here = request.received_at_millis.div_euclid(1000);
    u32::try_from(here.saturating_sub(server.0).unsigned_abs()).unwrap_or(u32::MAX)
}
