//! Thousands of devices, each with a task that holds its socket and comes back when it was closed.

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tegata_protocol::{
    SystemRng,
    device::delivery::{ByeReason, ServerFrame},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{backoff::Backoff, setbacks::Setbacks};
use crate::{
    http_client::Connection,
    latency::Latencies,
    server_process::ServerProcess,
    wire_device::{ConnectError, DeviceSocket, WireDevice},
};

/// For one connection, until it is seated.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);

/// The devices' common board. Times are microseconds since it was made; 0 is never.
pub(super) struct Fleet {
    address: SocketAddr,
    began: Instant,
    members: Vec<Member>,
    seated: watch::Sender<usize>,
    /// Whether the server listens, as far as whoever restarts it knows.
    pub(super) listening: AtomicBool,
    pub(super) setbacks: Setbacks,
    rng: SystemRng,
}

struct Member {
    login: String,
    seated_at: AtomicU64,
    prompted_at: AtomicU64,
    pending: AtomicUsize,
}

/// Pairs `count` devices, each with an account of its own, over `at_once` pairs of connections.
///
/// # Errors
/// The server refuses.
pub(super) async fn pair(
    server: &ServerProcess,
    count: usize,
    at_once: usize,
) -> anyhow::Result<Vec<WireDevice>> {
    let mut workers = JoinSet::new();
    for worker in 0..at_once {
        let mut admin = server.admin()?;
        let mut connection = Connection::to(server.address());
        let issuer = server.issuer().to_owned();
        workers.spawn(async move {
            let mut devices = Vec::new();
            for number in (worker..count).step_by(at_once) {
                let login = format!("reader-{number}");
                admin.add_user(&login).await?;
                devices.push(WireDevice::pair(&mut connection, &mut admin, &issuer, &login).await?);
            }
            anyhow::Ok(devices)
        });
    }
    let mut devices = Vec::with_capacity(count);
    while let Some(some) = workers.join_next().await {
        devices.extend(some??);
    }
    Ok(devices)
}

impl Fleet {
    /// A board for these devices, none of which is connected yet.
    pub(super) fn new(address: SocketAddr, devices: &[WireDevice]) -> Arc<Self> {
        let members = devices.iter().map(|device| Member {
            login: device.account_login.clone(),
            seated_at: AtomicU64::new(0),
            prompted_at: AtomicU64::new(0),
            pending: AtomicUsize::new(0),
        });
        Arc::new(Self {
            address,
            began: Instant::now(),
            members: members.collect(),
            seated: watch::Sender::default(),
            listening: AtomicBool::new(true),
            setbacks: Setbacks::default(),
            rng: SystemRng::new(),
        })
    }

    /// Microseconds since the board was made, at least 1.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// The account of a device.
    pub(super) fn login(&self, index: usize) -> &str {
        self.members
            .get(index)
            .map_or("", |member| member.login.as_str())
    }

    /// When each device was seated last.
    pub(super) fn seated_at(&self) -> Vec<u64> {
        let times = self.members.iter().map(|member| &member.seated_at);
        times.map(|at| at.load(Relaxed)).collect()
    }

    /// When each device was sent a prompt last.
    pub(super) fn prompted_at(&self) -> Vec<u64> {
        let times = self.members.iter().map(|member| &member.prompted_at);
        times.map(|at| at.load(Relaxed)).collect()
    }

    /// Forgets the times of prompts.
    pub(super) fn forget_prompts(&self) {
        for member in &self.members {
            member.prompted_at.store(0, Relaxed);
        }
    }

    /// How many devices hold a prompt, as far as they were told.
    pub(super) fn holding_prompts(&self) -> usize {
        let holding = |member: &&Member| member.pending.load(Relaxed) > 0;
        self.members.iter().filter(holding).count()
    }

    /// Waits until every device has been seated after the moment `since` and none has lost its seat again.
    ///
    /// # Errors
    /// They are not, `within` this time.
    pub(super) async fn until_seated_since(
        &self,
        since: u64,
        within: Duration,
    ) -> anyhow::Result<()> {
        let mut seated = self.seated.subscribe();
        let all = async {
            loop {
                let count = *seated.borrow_and_update();
                if count >= self.members.len() && self.seated_at().iter().all(|&at| at > since) {
                    return;
                }
                // The board holds the sender.
                drop(seated.changed().await);
            }
        };
        timeout(within, all).await.with_context(|| {
            let after = self.seated_at().into_iter().filter(|&at| at > since);
            format!("{} of {} came back", after.count(), self.members.len())
        })
    }

    /// Connects `devices`, the first of which is number `first`, so many `at_once`, and leaves each with a task of its own
    /// in `tasks`. Gives the times from opening to being seated.
    ///
    /// # Errors
    /// A device is not seated at its first try.
    pub(super) async fn connect(
        self: &Arc<Self>,
        first: usize,
        devices: Vec<WireDevice>,
        at_once: usize,
        tasks: &mut JoinSet<()>,
    ) -> anyhow::Result<Latencies> {
        let connecting = devices
            .into_iter()
            .enumerate()
            .map(|(offset, mut device)| async move {
                let start = Instant::now();
                let socket = device.connect(self.address).await?;
                anyhow::Ok((first + offset, device, socket, start.elapsed()))
            });
        let mut connected = stream::iter(connecting).buffer_unordered(at_once);
        let mut latencies = Latencies::default();
        while let Some((index, device, socket, took)) = connected.try_next().await? {
            latencies.record(took);
            // Tasks of devices that are connected need the time too, so they start at once.
            tasks.spawn(Arc::clone(self).live(index, device, socket));
        }
        Ok(latencies)
    }

    async fn live(self: Arc<Self>, index: usize, mut device: WireDevice, first: DeviceSocket) {
        let Some(member) = self.members.get(index) else {
            return;
        };
        let mut socket = first;
        loop {
            member.seated_at.store(self.now(), Relaxed);
            self.seated.send_modify(|seated| *seated += 1);
            let asked = self.serve(member, socket).await;
            self.seated.send_modify(|seated| *seated -= 1);
            socket = self.come_back(&mut device, asked).await;
        }
    }

    /// Until the socket ends; gives how long the server wants the device to stay away.
    async fn serve(&self, member: &Member, mut socket: DeviceSocket) -> Duration {
        loop {
            match socket.next().await {
                Ok(ServerFrame::Pending(set)) => {
                    if !set.prompts.is_empty() {
                        member.prompted_at.store(self.now(), Relaxed);
                    }
                    member.pending.store(set.prompts.len(), Relaxed);
                }
                Ok(ServerFrame::Bye {
                    reason: ByeReason::Restart,
                    retry_after,
                }) => {
                    self.setbacks.note_told();
                    return Duration::from_secs(retry_after.into());
                }
                Ok(ServerFrame::Bye { .. }) | Err(_) => return Duration::ZERO,
                Ok(_) => {}
            }
        }
    }

    async fn come_back(&self, device: &mut WireDevice, asked: Duration) -> DeviceSocket {
        let mut backoff = Backoff::default();
        let mut asked = asked;
        loop {
            sleep(backoff.next(&self.rng, asked)).await;
            asked = Duration::ZERO;
            match timeout(CONNECT_WITHIN, device.try_connect(self.address)).await {
                Ok(Ok(socket)) => return socket,
                Ok(Err(error)) => {
                    self.setbacks.note(&error, self.listening.load(Relaxed));
                    if let ConnectError::Bye { retry_after, .. } = error {
                        asked = Duration::from_secs(retry_after.into());
                    }
                }
                Err(_) => {
                    self.setbacks.note_slow();
                }
            }
        }
    }
}
