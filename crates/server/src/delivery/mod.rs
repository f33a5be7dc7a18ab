//! Which devices are listening, and how they are told that something changed.
//!
//! The bell carries no content and may be lost: whoever hears it is sent the whole pending set from the store. What this
//! module does **not** do: decide anything, or keep anything that a restart may not lose.
//!
//! To add a way of delivery: a handler in `http/device` that proves the device, then [`pending::pending_set`].

pub mod device_info;
pub mod pending;
pub mod prompts;
mod sightings;
pub(crate) mod socket;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tegata_protocol::{ConsentRequestId, DeviceId, UnixTime, device::delivery::ByeReason};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    app::{App, Doorbell},
    http::device::GatewayMemory,
};

/// Limits of sockets. The times are those of the device protocol by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketLimits {
    /// For the proof after `hello` and `reprove`.
    pub proof: Duration,
    /// Between two pings.
    pub ping: Duration,
    /// For anything to arrive after a ping.
    pub pong: Duration,
    /// Between two proofs.
    pub reprove: Duration,
    /// For one frame to be taken by the network.
    pub send: Duration,
    /// Sockets that have not proved themselves yet, over everybody.
    pub unproved: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            proof: Duration::from_secs(10),
            ping: Duration::from_secs(45),
            pong: Duration::from_secs(10),
            reprove: Duration::from_hours(12),
            send: Duration::from_secs(10),
            unproved: 1024,
        }
    }
}

/// What a socket watches. Writing the same field twice before it is read loses nothing that matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bell {
    rings: u64,
    newest: u64,
    revoked: bool,
}

/// The devices connected to this process, and what else the gateway keeps in memory. A cache: losing it costs a
/// reconnect.
#[derive(Debug, Default)]
pub struct Registry {
    bells: Mutex<HashMap<DeviceId, watch::Sender<Bell>>>,
    due: Mutex<BTreeSet<(UnixTime, DeviceId)>>,
    connected: watch::Sender<usize>,
    sightings: Mutex<sightings::Sightings>,
    generations: AtomicU64,
    unproved: Arc<AtomicUsize>,
    draining: AtomicBool,
    limits: SocketLimits,
    pub(crate) gateway: GatewayMemory,
}

impl Registry {
    /// A registry whose sockets have other time limits.
    pub fn with_limits(limits: SocketLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Gives a proved socket its seat. The device's older socket, if there is one, closes with `replaced`.
    fn seat(app: &Arc<App>, device: &DeviceId) -> Seat {
        let registry = &app.delivery;
        let generation = registry.generations.fetch_add(1, Ordering::Relaxed) + 1;
        let mut bells = lock(&registry.bells);
        let bell = bells.entry(device.clone()).or_default();
        bell.send_modify(|bell| bell.newest = generation);
        let mut receiver = bell.subscribe();
        receiver.mark_unchanged();
        drop(bells);
        registry.connected.send_modify(|count| *count += 1);
        Seat {
            app: Arc::clone(app),
            device: device.clone(),
            generation,
            bell: receiver,
        }
    }

    /// A place for a socket that has yet to prove itself; `None` if there are too many of these.
    pub(crate) fn take_place(&self) -> Option<UnprovedPlace> {
        let place = UnprovedPlace(Arc::clone(&self.unproved));
        let before = self.unproved.fetch_add(1, Ordering::Relaxed);
        // Dropping the place gives it back.
        (before < self.limits.unproved).then_some(place)
    }

    /// Closes the device's socket with `revoked`. Call it right after the commit that revoked the device.
    pub fn close_revoked(&self, device: &DeviceId) {
        if let Some(bell) = lock(&self.bells).get(device) {
            bell.send_modify(|bell| bell.revoked = true);
        }
    }

    /// How many proved sockets there are, to be watched.
    pub fn connected(&self) -> watch::Receiver<usize> {
        self.connected.subscribe()
    }

    /// Rings for the devices that were sent a prompt which has expired by `now`, so that they get a fresh set.
    pub fn ring_due(&self, now: UnixTime) {
        let mut over = Vec::new();
        let mut due = lock(&self.due);
        while due.first().is_some_and(|(at, _)| *at <= now) {
            over.extend(due.pop_first().map(|(_, device)| device));
        }
        drop(due);
        self.ring(&over);
    }

    /// Closes all sockets with `restart` and waits until they are closed, at most for `within`. New ones close at once.
    pub async fn drain(&self, within: Duration) {
        self.draining.store(true, Ordering::SeqCst);
        for bell in lock(&self.bells).values() {
            bell.send_modify(|bell| bell.rings = bell.rings.wrapping_add(1));
        }
        let mut connected = self.connected();
        if tokio::time::timeout(within, connected.wait_for(|count| *count == 0))
            .await
            .is_err()
        {
            tracing::warn!("some device sockets did not close in time");
        }
    }

    /// Remembers that these requests were sent to a device.
    fn note_delivered<'a>(
        &self,
        requests: impl Iterator<Item = &'a ConsentRequestId>,
        now: UnixTime,
    ) {
        let mut sightings = lock(&self.sightings);
        for request in requests {
            sightings.note(request, now);
        }
    }

    /// When a request was first sent to a device, as far as this process remembers.
    pub(crate) fn delivered_at(&self, request: &ConsentRequestId) -> Option<UnixTime> {
        lock(&self.sightings).first(request)
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Remembers that the device holds a prompt that expires then.
    fn note_due(&self, device: &DeviceId, expires: UnixTime) {
        lock(&self.due).insert((expires, device.clone()));
    }
}

impl Doorbell for Registry {
    fn ring(&self, devices: &[DeviceId]) {
        let bells = lock(&self.bells);
        for bell in devices.iter().filter_map(|device| bells.get(device)) {
            bell.send_modify(|bell| bell.rings = bell.rings.wrapping_add(1));
        }
    }
}

/// A socket that has yet to prove itself counts as long as this is held.
#[derive(Debug)]
pub(crate) struct UnprovedPlace(Arc<AtomicUsize>);

impl Drop for UnprovedPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A proved socket's place. Leaving it behind frees it.
struct Seat {
    app: Arc<App>,
    device: DeviceId,
    generation: u64,
    bell: watch::Receiver<Bell>,
}

impl Seat {
    /// Waits for the bell. Rings before this is called again are one ring.
    async fn rung(&mut self) {
        if self.bell.changed().await.is_err() {
            // The registry never drops a bell that somebody listens to.
            std::future::pending::<()>().await;
        }
    }

    /// Why this socket must close, if it must.
    fn bye(&mut self) -> Option<ByeReason> {
        let bell = *self.bell.borrow_and_update();
        if bell.revoked {
            Some(ByeReason::Revoked)
        } else if bell.newest != self.generation {
            Some(ByeReason::Replaced)
        } else if self.app.delivery.is_draining() {
            Some(ByeReason::Restart)
        } else {
            None
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let registry = &self.app.delivery;
        let mut bells = lock(&registry.bells);
        // This seat's own receiver is the one that is left.
        if bells
            .get(&self.device)
            .is_some_and(|bell| bell.receiver_count() <= 1)
        {
            bells.remove(&self.device);
        }
        drop(bells);
        registry.connected.send_modify(|count| *count -= 1);
    }
}

/// Starts the one timer that all sockets share: once a second it asks the server's clock which prompts have expired.
/// Call it once; abort the handle to stop it.
pub fn spawn_timer(app: &Arc<App>) -> JoinHandle<()> {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            app.delivery.ring_due(app.now());
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
