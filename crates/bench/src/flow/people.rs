//! People with one connected device each, which approves what it is asked.

use anyhow::{Context as _, anyhow, bail};
use futures_util::future::try_join_all;
use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tegata_protocol::device::delivery::ServerFrame;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
    time::Instant,
};

use crate::{
    http_client::Connection,
    server_process::ServerProcess,
    wire_device::{DeviceSocket, WireDevice},
};

/// Devices that pair at the same time.
const PAIR_AT_ONCE: usize = 16;

/// All of them. Dropping it ends their devices.
pub(super) struct People {
    all: Vec<Mutex<Person>>,
    approving: Arc<AtomicBool>,
    devices: Vec<JoinHandle<()>>,
    next: Cell<usize>,
}

/// A person, and what their device reports.
pub(super) struct Person {
    /// What requests name them by.
    pub(super) login_name: String,
    events: mpsc::UnboundedReceiver<anyhow::Result<Event>>,
}

enum Event {
    Prompted(Instant),
    Settled(Settled),
}

/// A decision that the server has taken.
pub(super) struct Settled {
    /// When the decision began to be sent.
    pub(super) decided: Instant,
    /// When the receipt had arrived.
    pub(super) at: Instant,
    /// The receipt.
    pub(super) receipt: String,
}

impl People {
    /// Adds, pairs and connects as many. Takes some milliseconds each.
    ///
    /// # Errors
    /// The server refuses one of them.
    pub(super) async fn gather(server: &ServerProcess, count: usize) -> anyhow::Result<Self> {
        let approving = Arc::new(AtomicBool::new(true));
        let taken = Cell::new(0);
        let gathered = try_join_all((0..PAIR_AT_ONCE).map(|_| async {
            let mut admin = server.admin()?;
            let mut connection = Connection::open(server.address()).await?;
            let mut some = Vec::new();
            while taken.get() < count {
                let login_name = format!("person-{}", taken.get());
                taken.set(taken.get() + 1);
                admin.add_user(&login_name).await?;
                let mut device =
                    WireDevice::pair(&mut connection, &mut admin, server.issuer(), &login_name)
                        .await
                        .with_context(|| format!("pairing a device of {login_name}"))?;
                let socket = device.connect(server.address()).await?;
                let (reports, events) = mpsc::unbounded_channel();
                let approving = Arc::clone(&approving);
                let device = tokio::spawn(async move {
                    if let Err(error) = attend(device, socket, &approving, &reports).await {
                        // Nobody listens any more when the benchmark is over.
                        let _ = reports.send(Err(error));
                    }
                });
                some.push((Person { login_name, events }, device));
            }
            anyhow::Ok(some)
        }))
        .await?;
        let (people, devices) = gathered.into_iter().flatten().unzip::<_, _, Vec<_>, _>();
        Ok(Self {
            all: people.into_iter().map(Mutex::new).collect(),
            approving,
            devices,
            next: Cell::new(0),
        })
    }

    /// Whether devices approve what they are asked from now on, or leave it open.
    pub(super) fn approve(&self, approve: bool) {
        self.approving.store(approve, Ordering::Relaxed);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// The one whose turn it is, so that all are asked equally often.
    pub(super) fn next(&self) -> &Mutex<Person> {
        let index = self.next.get();
        self.next.set((index + 1) % self.all.len());
        &self.all[index]
    }
}

impl Drop for People {
    fn drop(&mut self) {
        for device in &self.devices {
            device.abort();
        }
    }
}

/// Reads what the server sends, so that pings are answered too, and approves each new prompt once.
async fn attend(
    mut device: WireDevice,
    mut socket: DeviceSocket,
    approving: &AtomicBool,
    reports: &mpsc::UnboundedSender<anyhow::Result<Event>>,
) -> anyhow::Result<()> {
    let mut answered = String::new();
    let mut decided = Instant::now();
    loop {
        let frame = socket.next().await?;
        let at = Instant::now();
        match frame {
            ServerFrame::Pending(mut set) => {
                if set.prompts.len() > 1 {
                    bail!("{} requests at once", set.prompts.len());
                }
                let Some(prompt) = set.prompts.pop() else {
                    continue;
                };
                if prompt.prompt == answered {
                    continue;
                }
                // Nobody listens any more when the benchmark is over.
                let _ = reports.send(Ok(Event::Prompted(at)));
                if approving.load(Ordering::Relaxed) {
                    let frame = device.approval_frame(&prompt)?;
                    decided = Instant::now();
                    socket.send(frame).await?;
                }
                answered = prompt.prompt;
            }
            ServerFrame::Receipt { receipt, .. } => {
                let settled = Settled {
                    decided,
                    at,
                    receipt,
                };
                let _ = reports.send(Ok(Event::Settled(settled)));
            }
            other => bail!("the server sent {other:?}"),
        }
    }
}

impl Person {
    /// When the prompt of the request that began at `asked` arrived.
    ///
    /// # Errors
    /// The device has ended, or reports something else.
    pub(super) async fn prompted(&mut self, asked: Instant) -> anyhow::Result<Instant> {
        match self.event().await? {
            Event::Prompted(at) if at >= asked => Ok(at),
            Event::Prompted(_) => Err(anyhow!("a prompt of an earlier request")),
            Event::Settled(_) => Err(anyhow!("a receipt without a prompt")),
        }
    }

    /// The receipt of the prompt before.
    ///
    /// # Errors
    /// The device has ended, or reports something else.
    pub(super) async fn settled(&mut self) -> anyhow::Result<Settled> {
        match self.event().await? {
            Event::Settled(settled) => Ok(settled),
            Event::Prompted(_) => Err(anyhow!("a prompt instead of a receipt")),
        }
    }

    async fn event(&mut self) -> anyhow::Result<Event> {
        let event = self.events.recv().await.context("the device has ended")?;
        event.with_context(|| format!("the device of {}", self.login_name))
    }
}
