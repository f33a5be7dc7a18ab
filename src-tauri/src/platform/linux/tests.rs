//! Notifications, the session's end and tray hosts on a real bus of their own, with small services on its other end.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the interfaces' macro fixes how their methods look"
)]

use super::{
    super::{Note, Pressed, Slot},
    notifications::Notifications,
    session, tray,
};
use futures_util::StreamExt as _;
use std::{
    collections::HashMap,
    future::Future,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::mpsc;
use zbus::{
    Connection, MatchRule, MessageStream, connection::Builder, interface,
    object_server::SignalEmitter, zvariant::OwnedValue,
};

const LIMIT: Duration = Duration::from_secs(20);

/// A bus that nobody else knows, ended with the value.
struct Bus {
    daemon: Child,
    address: String,
    _folder: TempDir,
}

impl Bus {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .arg(format!("--address=unix:dir={}", folder.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let mut output = BufReader::new(daemon.stdout.take().unwrap());
        output.read_line(&mut address).unwrap();
        Self {
            daemon,
            address: address.trim().to_owned(),
            _folder: folder,
        }
    }

    async fn connect(&self) -> Connection {
        let address = self.address.as_str();
        Builder::address(address).unwrap().build().await.unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.unwrap()
}

#[derive(Debug, PartialEq)]
enum Seen {
    Closed(u32),
    Notified {
        replaced: u32,
        title: String,
        body: String,
        actions: Vec<String>,
        silent: bool,
        timeout: i32,
    },
}

/// As much of a notification server as the specification asks for.
struct Server {
    seen: mpsc::UnboundedSender<Seen>,
    last: u32,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Server {
    #[expect(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &mut self,
        _app_name: String,
        replaces_id: u32,
        _app_icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire_timeout: i32,
    ) -> u32 {
        if replaces_id == 0 {
            self.last += 1;
        }
        let seen = Seen::Notified {
            replaced: replaces_id,
            title: summary,
            body,
            actions,
            silent: hints.contains_key("suppress-sound") && !hints.contains_key("sound-name"),
            timeout: expire_timeout,
        };
        self.seen.send(seen).unwrap();
        if replaces_id == 0 {
            self.last
        } else {
            replaces_id
        }
    }

    fn close_notification(&self, id: u32) {
        self.seen.send(Seen::Closed(id)).unwrap();
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

fn note(title: &str, deny: bool) -> Note {
    Note {
        title: title.into(),
        body: "body".into(),
        open: "Open".into(),
        deny: deny.then(|| "Deny".into()),
        sound: false,
    }
}

fn notified(replaced: u32, title: &str, deny: bool) -> Seen {
    let mut actions = vec!["default", "Open", "open", "Open"];
    if deny {
        actions.extend(["deny", "Deny"]);
    }
    Seen::Notified {
        replaced,
        title: title.into(),
        body: "body".into(),
        actions: actions.into_iter().map(String::from).collect(),
        silent: true,
        timeout: 0,
    }
}

#[tokio::test]
async fn a_notification_is_replaced_by_the_next_one_withdrawn_and_answered() {
    let bus = Bus::start();
    let (seen, mut saw) = mpsc::unbounded_channel();
    let server = Server { seen, last: 6 };
    let desktop = Builder::address(bus.address.as_str())
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", server)
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .build()
        .await
        .unwrap();
    let (pressed, mut presses) = mpsc::unbounded_channel();
    let on_pressed = move |slot, what| pressed.send((slot, what)).unwrap();
    let notifications = Notifications::on(bus.connect().await, Arc::new(on_pressed));
    assert!(soon(notifications.available()).await);

    notifications.show(Slot::Requests, note("one", true));
    notifications.show(Slot::Devices, note("other", false));
    notifications.show(Slot::Requests, note("two", false));
    assert_eq!(soon(saw.recv()).await, Some(notified(0, "one", true)));
    assert_eq!(soon(saw.recv()).await, Some(notified(0, "other", false)));
    assert_eq!(soon(saw.recv()).await, Some(notified(7, "two", false)));

    let object = desktop.object_server();
    let server = object
        .interface::<_, Server>("/org/freedesktop/Notifications")
        .await
        .unwrap();
    for (id, action) in [
        (7, "default"),
        (7, "deny"),
        (8, "open"),
        (99, "open"),
        (7, "approve"),
    ] {
        Server::action_invoked(server.signal_emitter(), id, action)
            .await
            .unwrap();
    }
    assert_eq!(
        soon(presses.recv()).await,
        Some((Slot::Requests, Pressed::Open))
    );
    assert_eq!(
        soon(presses.recv()).await,
        Some((Slot::Requests, Pressed::Deny))
    );
    assert_eq!(
        soon(presses.recv()).await,
        Some((Slot::Devices, Pressed::Open))
    );

    notifications.withdraw(Slot::Requests);
    notifications.withdraw(Slot::Requests);
    assert_eq!(soon(saw.recv()).await, Some(Seen::Closed(7)));
    // What was withdrawn is not replaced, and an action that is not ours is none.
    notifications.show(Slot::Requests, note("three", false));
    assert_eq!(soon(saw.recv()).await, Some(notified(0, "three", false)));
    assert!(presses.try_recv().is_err());
}

#[tokio::test]
async fn without_a_server_notifications_are_known_to_be_missing() {
    let bus = Bus::start();
    let notifications = Notifications::on(bus.connect().await, Arc::new(|_, _| {}));
    notifications.show(Slot::Requests, note("one", true));
    assert!(!soon(notifications.available()).await);
}

struct Logind;

#[interface(name = "org.freedesktop.login1.Manager")]
impl Logind {
    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, pid: u32) -> zbus::fdo::Result<zbus::zvariant::OwnedObjectPath> {
        assert_eq!(pid, std::process::id());
        let path = "/org/freedesktop/login1/session/_31";
        Ok(zbus::zvariant::ObjectPath::try_from(path).unwrap().into())
    }
}

#[tokio::test]
async fn leaving_is_noticed_by_a_locked_screen_a_locked_session_and_sleep() {
    let bus = Bus::start();
    let logind = Builder::address(bus.address.as_str())
        .unwrap()
        .serve_at("/org/freedesktop/login1", Logind)
        .unwrap()
        .name("org.freedesktop.login1")
        .unwrap()
        .build()
        .await
        .unwrap();
    let (left, mut times) = mpsc::unbounded_channel();
    let (session, system) = (bus.connect().await, bus.connect().await);
    let signals = session::signals(Some(session), Some(system)).await;
    let following = session::follow(signals, move || left.send(()).unwrap());
    let following = tokio::spawn(following);

    let session = "org.freedesktop.login1.Session";
    let own = "/org/freedesktop/login1/session/_31";
    for (path, member) in [
        ("/org/freedesktop/login1/session/_99", "Lock"),
        (own, "Unlock"),
        (own, "Lock"),
    ] {
        let sent = logind.emit_signal(None::<()>, path, session, member, &());
        sent.await.unwrap();
    }
    let manager = "org.freedesktop.login1.Manager";
    for begins in [false, true] {
        for (path, interface, member) in [
            ("/org/freedesktop/login1", manager, "PrepareForSleep"),
            (
                "/ScreenSaver",
                "org.freedesktop.ScreenSaver",
                "ActiveChanged",
            ),
            (
                "/org/gnome/ScreenSaver",
                "org.gnome.ScreenSaver",
                "ActiveChanged",
            ),
        ] {
            let sent = logind.emit_signal(None::<()>, path, interface, member, &begins);
            sent.await.unwrap();
        }
    }
    // Of each kind the one that counts comes last.
    for _ in 0..4 {
        soon(times.recv()).await.unwrap();
    }
    assert!(times.try_recv().is_err(), "only what means leaving counts");
    following.abort();
}

struct Watcher(Arc<Mutex<bool>>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn a_tray_is_there_only_if_a_host_shows_it() {
    let bus = Bus::start();
    let asking = bus.connect().await;
    assert!(!soon(tray::has_host(&asking)).await, "no watcher");
    let hosts = Arc::new(Mutex::new(false));
    let watcher = Builder::address(bus.address.as_str())
        .unwrap()
        .serve_at("/StatusNotifierWatcher", Watcher(hosts.clone()))
        .unwrap()
        .name("org.kde.StatusNotifierWatcher")
        .unwrap()
        .build()
        .await
        .unwrap();
    assert!(!soon(tray::has_host(&asking)).await, "no host");
    *hosts.lock().unwrap() = true;
    assert!(soon(tray::has_host(&asking)).await);

    // That it goes is told.
    let mut changes = soon(tray::host_signals(&asking)).await.unwrap();
    drop(watcher);
    soon(changes.next()).await.unwrap().unwrap();
    assert!(!soon(tray::has_host(&asking)).await);
}

#[tokio::test]
async fn signals_of_somebody_else_press_nothing() {
    let bus = Bus::start();
    let (seen, mut saw) = mpsc::unbounded_channel();
    let server = Server { seen, last: 0 };
    let _desktop = Builder::address(bus.address.as_str())
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", server)
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .build()
        .await
        .unwrap();
    let (pressed, mut presses) = mpsc::unbounded_channel::<(Slot, Pressed)>();
    let on_pressed = move |slot, what| pressed.send((slot, what)).unwrap();
    let notifications = Notifications::on(bus.connect().await, Arc::new(on_pressed));
    notifications.show(Slot::Requests, note("one", true));
    soon(saw.recv()).await.unwrap();

    let stranger = bus.connect().await;
    let rule = MatchRule::builder()
        .sender(stranger.unique_name().unwrap())
        .unwrap();
    let listener = bus.connect().await;
    let mut heard = MessageStream::for_match_rule(rule.build(), &listener, None)
        .await
        .unwrap();
    let path = "/org/freedesktop/Notifications";
    let interface = "org.freedesktop.Notifications";
    stranger
        .emit_signal(
            None::<()>,
            path,
            interface,
            "ActionInvoked",
            &(1_u32, "deny"),
        )
        .await
        .unwrap();
    soon(heard.next()).await.unwrap().unwrap();
    assert!(soon(notifications.available()).await);
    assert!(presses.try_recv().is_err());
}

#[test]
fn graphics_hardware_is_what_programs_can_draw_with() {
    let dev = TempDir::new().unwrap();
    assert!(!super::has_graphics_hardware(dev.path()));
    // A screen alone cannot draw.
    std::fs::create_dir(dev.path().join("dri")).unwrap();
    std::fs::write(dev.path().join("dri/card0"), "").unwrap();
    assert!(!super::has_graphics_hardware(dev.path()));
    std::fs::write(dev.path().join("dri/renderD128"), "").unwrap();
    assert!(super::has_graphics_hardware(dev.path()));
    let other = TempDir::new().unwrap();
    std::fs::write(other.path().join("nvidiactl"), "").unwrap();
    assert!(super::has_graphics_hardware(other.path()));
}

#[test]
fn the_font_of_the_desktop_is_its_family_alone() {
    for (font, family) in [
        ("Cantarell 11", Some("Cantarell")),
        ("Noto Sans CJK JP Bold 10", Some("Noto Sans CJK JP")),
        ("Sans", Some("Sans")),
        ("", None),
        ("12", None),
    ] {
        assert_eq!(super::family(font).as_deref(), family, "{font}");
    }
}
