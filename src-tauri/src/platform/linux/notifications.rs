//! Notifications over `org.freedesktop.Notifications`: replaced by the next of their kind, withdrawn when they no longer
//! hold, with actions.

use super::{
    super::{Note, OnPressed, Pressed, Slot},
    session_bus,
};
use futures_util::StreamExt as _;
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};
use zbus::{Connection, MatchRule, Message, MessageStream, message::Type, zvariant::Value};

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Names of actions on the bus. A click beside the buttons is `default`.
const OPEN: [&str; 2] = ["default", "open"];
const DENY: &str = "deny";

enum Order {
    Ask(oneshot::Sender<bool>),
    Show(Slot, Note),
    Withdraw(Slot),
}

/// Hands orders to the one task that talks to the bus, in order.
pub(crate) struct Notifications(mpsc::UnboundedSender<Order>);

impl Notifications {
    /// Connects when the first order comes.
    pub(crate) fn start(on_pressed: OnPressed) -> Self {
        let (orders, mut queue) = mpsc::unbounded_channel();
        tauri::async_runtime::spawn(async move {
            let Some(first) = queue.recv().await else {
                return;
            };
            match session_bus().await {
                Ok(bus) => serve(bus, Some(first), queue, on_pressed).await,
                Err(error) => tracing::info!(%error, "notifications.no_bus"),
            }
        });
        Self(orders)
    }

    #[cfg(test)]
    pub(super) fn on(bus: Connection, on_pressed: OnPressed) -> Self {
        let (orders, queue) = mpsc::unbounded_channel();
        tokio::spawn(serve(bus, None, queue, on_pressed));
        Self(orders)
    }

    /// Shows a notification, in the place of the last one of its kind.
    pub(crate) fn show(&self, slot: Slot, note: Note) {
        self.order(Order::Show(slot, note));
    }

    /// Takes it back.
    pub(crate) fn withdraw(&self, slot: Slot) {
        self.order(Order::Withdraw(slot));
    }

    /// Whether something on this machine shows notifications. Also an end: answered when what was ordered before is done.
    pub(crate) async fn available(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Ask(answer));
        answered.await.unwrap_or(false)
    }

    fn order(&self, order: Order) {
        // Without a bus there is nobody to hear it, and nothing is shown.
        drop(self.0.send(order));
    }
}

async fn serve(
    bus: Connection,
    first: Option<Order>,
    mut queue: mpsc::UnboundedReceiver<Order>,
    on_pressed: OnPressed,
) {
    let mut signals = match pressed_signals(&bus).await {
        Ok(signals) => signals,
        Err(error) => return tracing::warn!(%error, "notifications.no_signals"),
    };
    let mut shown = HashMap::new();
    if let Some(first) = first {
        carry_out(&bus, first, &mut shown).await;
    }
    loop {
        tokio::select! {
            order = queue.recv() => match order {
                Some(order) => carry_out(&bus, order, &mut shown).await,
                None => return,
            },
            Some(signal) = signals.next() => {
                if let Some((slot, pressed)) = read_signal(signal, &mut shown) {
                    on_pressed(slot, pressed);
                }
            }
        }
    }
}

async fn pressed_signals(bus: &Connection) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(SERVICE)?
        .path(PATH)?
        .interface(SERVICE)?
        .build();
    MessageStream::for_match_rule(rule, bus, None).await
}

async fn carry_out(bus: &Connection, order: Order, shown: &mut HashMap<Slot, u32>) {
    let result = match order {
        Order::Ask(answer) => {
            let information = call(bus, "GetServerInformation", &()).await;
            // Who asked may have left.
            let _ = answer.send(information.is_ok());
            return;
        }
        Order::Show(slot, note) => {
            let replaced = shown.get(&slot).copied().unwrap_or_default();
            notify(bus, replaced, &note).await.map(|id| {
                shown.insert(slot, id);
            })
        }
        Order::Withdraw(slot) => match shown.remove(&slot) {
            Some(id) => call(bus, "CloseNotification", &id).await.map(drop),
            None => Ok(()),
        },
    };
    if let Err(error) = result {
        tracing::info!(%error, "notifications.refused");
    }
}

async fn notify(bus: &Connection, replaced: u32, note: &Note) -> zbus::Result<u32> {
    let mut actions = Vec::new();
    for name in OPEN {
        actions.extend([name, &note.open]);
    }
    if let Some(deny) = &note.deny {
        actions.extend([DENY, deny]);
    }
    let mut hints = HashMap::from([("urgency", Value::U8(1))]);
    if note.sound {
        hints.insert("sound-name", Value::from("message-new-instant"));
    } else {
        hints.insert("suppress-sound", Value::Bool(true));
    }
    // It stays until it is withdrawn, which happens when nothing waits any more.
    let never = 0_i32;
    let body = (
        "Tegata",
        replaced,
        "tegata-app",
        &note.title,
        &note.body,
        actions,
        hints,
        never,
    );
    call(bus, "Notify", &body).await?.body().deserialize()
}

async fn call<B>(bus: &Connection, method: &str, body: &B) -> zbus::Result<Message>
where
    B: serde::Serialize + zbus::zvariant::DynamicType,
{
    bus.call_method(Some(SERVICE), PATH, Some(SERVICE), method, body)
        .await
}

fn read_signal(
    signal: zbus::Result<Message>,
    shown: &mut HashMap<Slot, u32>,
) -> Option<(Slot, Pressed)> {
    let signal = signal.ok()?;
    let header = signal.header();
    let slot_of = |shown: &HashMap<Slot, u32>, id: u32| {
        let mut all = shown.iter();
        all.find(|(_, known)| **known == id).map(|(slot, _)| *slot)
    };
    match header.member()?.as_str() {
        "ActionInvoked" => {
            let (id, action): (u32, String) = signal.body().deserialize().ok()?;
            let slot = slot_of(shown, id)?;
            if OPEN.contains(&action.as_str()) {
                Some((slot, Pressed::Open))
            } else if action == DENY {
                Some((slot, Pressed::Deny))
            } else {
                None
            }
        }
        "NotificationClosed" => {
            let (id, _reason): (u32, u32) = signal.body().deserialize().ok()?;
            let slot = slot_of(shown, id)?;
            shown.remove(&slot);
            None
        }
        _ => None,
    }
}
