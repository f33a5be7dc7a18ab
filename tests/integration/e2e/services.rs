//! The other end of a desktop's bus: a tray host and a notification server, as much of each as the app uses.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the interfaces' macro fixes how their methods look"
)]

use std::{collections::HashMap, ffi::OsStr, time::Duration};

use tegata_tests::{desktop::Desktop, processes::wait_until};
use tokio::{sync::mpsc, time::timeout};
use zbus::{
    Connection, Proxy,
    connection::Builder,
    interface,
    message::Header,
    object_server::SignalEmitter,
    zvariant::{OwnedValue, Value},
};

const NOTIFICATIONS: &str = "/org/freedesktop/Notifications";

/// A notification as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) id: u32,
    pub(crate) replaced: u32,
    pub(crate) title: String,
    pub(crate) body: String,
    /// Names and labels in turn.
    pub(crate) actions: Vec<String>,
}

enum Seen {
    Closed(u32),
    Note(Note),
}

struct Notifications {
    seen: mpsc::UnboundedSender<Seen>,
    last: u32,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &mut self,
        _app_name: String,
        replaces_id: u32,
        _app_icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let id = if replaces_id == 0 {
            self.last += 1;
            self.last
        } else {
            replaces_id
        };
        let note = Note {
            id,
            replaced: replaces_id,
            title: summary,
            body,
            actions,
        };
        // A test that has ended does not look any more.
        let _ = self.seen.send(Seen::Note(note));
        id
    }

    fn close_notification(&self, id: u32) {
        let _ = self.seen.send(Seen::Closed(id));
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let text = String::from;
        (text("test"), text("tests"), text("1"), text("1.2"))
    }

    #[zbus(signal)]
    async fn action_invoked(
        emitter: &SignalEmitter<'_>,
        id: u32,
        action_key: &str,
    ) -> zbus::Result<()>;
}

struct Watcher(mpsc::UnboundedSender<String>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, #[zbus(header)] header: Header<'_>, service: String) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let name = if service.starts_with('/') {
            sender
        } else {
            service
        };
        let _ = self.0.send(name);
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
}

/// Both services, for as long as the value lives.
pub(crate) struct Services {
    bus: Connection,
    seen: mpsc::UnboundedReceiver<Seen>,
    items: mpsc::UnboundedReceiver<String>,
    item: Option<String>,
}

/// The app's item in the tray.
pub(crate) struct Item {
    bus: Connection,
    name: String,
}

impl Services {
    pub(crate) async fn start(desktop: &Desktop) -> Self {
        let environment = desktop.environment();
        let address = environment
            .iter()
            .find(|(name, _)| name == OsStr::new("DBUS_SESSION_BUS_ADDRESS"))
            .map(|(_, address)| address.to_str().unwrap().to_owned())
            .unwrap();
        let (notes, seen) = mpsc::unbounded_channel();
        let (registered, items) = mpsc::unbounded_channel();
        let notifications = Notifications {
            seen: notes,
            last: 0,
        };
        let bus = Builder::address(address.as_str())
            .unwrap()
            .serve_at(NOTIFICATIONS, notifications)
            .unwrap()
            .serve_at("/StatusNotifierWatcher", Watcher(registered))
            .unwrap()
            .name("org.freedesktop.Notifications")
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .build()
            .await
            .unwrap();
        Self {
            bus,
            seen,
            items,
            item: None,
        }
    }

    /// The next notification; that others were taken back is passed over.
    pub(crate) async fn await_note(&mut self, limit: Duration) -> Note {
        loop {
            match timeout(limit, self.seen.recv()).await.unwrap().unwrap() {
                Seen::Note(note) => return note,
                Seen::Closed(_) => {}
            }
        }
    }

    /// The next notification that is taken back.
    pub(crate) async fn await_closed(&mut self, limit: Duration) -> u32 {
        loop {
            match timeout(limit, self.seen.recv()).await.unwrap().unwrap() {
                Seen::Closed(id) => return id,
                Seen::Note(_) => {}
            }
        }
    }

    /// Presses an action of a notification.
    pub(crate) async fn press(&self, id: u32, action: &str) {
        let object = self.bus.object_server();
        let served = object.interface::<_, Notifications>(NOTIFICATIONS);
        let served = served.await.unwrap();
        Notifications::action_invoked(served.signal_emitter(), id, action)
            .await
            .unwrap();
    }

    /// Waits until the app shows itself in the tray.
    pub(crate) async fn await_item(&mut self, limit: Duration) -> Item {
        let name = timeout(limit, self.items.recv()).await.unwrap().unwrap();
        self.item = Some(name.clone());
        Item {
            bus: self.bus.clone(),
            name,
        }
    }

    /// Goes from the bus, as a desktop's shell that has crashed.
    pub(crate) async fn end(self) {
        self.bus.close().await.unwrap();
    }

    /// Waits until the app is not on the bus any more.
    pub(crate) async fn await_item_gone(&self, limit: Duration) {
        let name = self.item.clone().unwrap();
        let daemon = zbus::fdo::DBusProxy::new(&self.bus).await.unwrap();
        wait_until("the app leaves the bus", limit, async || {
            let owned = daemon.name_has_owner(name.as_str().try_into()?).await?;
            Ok((!owned).then_some(()))
        })
        .await
        .unwrap();
    }
}

impl Item {
    pub(crate) async fn status(&self) -> String {
        let interface = "org.kde.StatusNotifierItem";
        let item = Proxy::new(
            &self.bus,
            self.name.as_str(),
            "/StatusNotifierItem",
            interface,
        );
        item.await.unwrap().get_property("Status").await.unwrap()
    }

    pub(crate) async fn await_status(&self, status: &str, limit: Duration) {
        wait_until(status, limit, async || {
            Ok((self.status().await == status).then_some(()))
        })
        .await
        .unwrap();
    }

    /// Presses the icon.
    pub(crate) async fn activate(&self) {
        let item = Proxy::new(
            &self.bus,
            self.name.as_str(),
            "/StatusNotifierItem",
            "org.kde.StatusNotifierItem",
        );
        let at = (0_i32, 0_i32);
        let item = item.await.unwrap();
        item.call_method("Activate", &at).await.unwrap();
    }

    /// Chooses the entry of the menu with this label.
    pub(crate) async fn choose(&self, label: &str) {
        type Entry = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let menu = Proxy::new(
            &self.bus,
            self.name.as_str(),
            "/MenuBar",
            "com.canonical.dbusmenu",
        );
        let menu = menu.await.unwrap();
        let wanted = (0_i32, -1_i32, Vec::<String>::new());
        let (_, (_, _, entries)): (u32, Entry) = menu.call("GetLayout", &wanted).await.unwrap();
        let id = entries.into_iter().find_map(|entry| {
            let (id, properties, _) = Entry::try_from(entry).ok()?;
            let found = properties.get("label")?.downcast_ref::<String>().ok()?;
            (found == label).then_some(id)
        });
        let pressed = (id.unwrap(), "clicked", Value::from(0_i32), 0_u32);
        menu.call_method("Event", &pressed).await.unwrap();
    }
}
