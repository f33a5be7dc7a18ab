//! The tray by `StatusNotifierItem`, and only where a host says that it shows such items: elsewhere a hidden window could
//! not be brought back.

use super::{
    super::{Face, OnTray, TrayEvent},
    session_bus,
};
use futures_util::{StreamExt as _, stream::SelectAll};
use ksni::{Icon, MenuItem, Status, ToolTip, TrayMethods as _, menu::StandardItem};
use tauri::{AppHandle, Runtime};
use tokio::sync::watch;
use zbus::{Connection, MatchRule, MessageStream, message::Type, zvariant::OwnedValue};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const WATCHER_PATH: &str = "/StatusNotifierWatcher";

/// The face to show; dropped with the app.
pub(crate) struct Tray(watch::Sender<Face>);

impl Tray {
    /// Shows an icon as soon as there is a host for it, and says each time whether there is one.
    pub(crate) fn start<R: Runtime>(_app: &AppHandle<R>, face: Face, on_tray: OnTray) -> Self {
        let (faces, shown) = watch::channel(face);
        tauri::async_runtime::spawn(async move {
            match session_bus().await {
                Ok(bus) => serve(bus, shown, on_tray).await,
                Err(error) => {
                    tracing::info!(%error, "tray.no_bus");
                    on_tray(TrayEvent::Shown(false));
                }
            }
        });
        Self(faces)
    }

    /// Shows another face.
    pub(crate) fn show(&self, face: Face) {
        self.0.send_if_modified(|shown| {
            let changed = *shown != face;
            *shown = face;
            changed
        });
    }
}

async fn serve(bus: Connection, mut faces: watch::Receiver<Face>, on_tray: OnTray) {
    let mut hosts = match host_signals(&bus).await {
        Ok(hosts) => hosts,
        Err(error) => return tracing::warn!(%error, "tray.no_signals"),
    };
    let mut item = None;
    let mut told = None;
    loop {
        // The item announces itself again when a watcher comes back, so that it is made once.
        if item.is_none() && has_host(&bus).await {
            let face = faces.borrow_and_update().clone();
            let on_tray = on_tray.clone();
            match (Item { face, on_tray }).spawn().await {
                Ok(handle) => item = Some(handle),
                Err(error) => tracing::info!(%error, "tray.refused"),
            }
        }
        let shown = item.is_some() && has_host(&bus).await;
        if told.replace(shown) != Some(shown) {
            on_tray(TrayEvent::Shown(shown));
        }
        tokio::select! {
            changed = faces.changed() => {
                if changed.is_err() {
                    return;
                }
                let face = faces.borrow_and_update().clone();
                if let Some(item) = &item {
                    item.update(|item| item.face = face).await;
                }
            }
            Some(_) = hosts.next() => {}
        }
    }
}

/// Whether a watcher is there and knows a host.
pub(super) async fn has_host(bus: &Connection) -> bool {
    let answer = bus
        .call_method(
            Some(WATCHER),
            WATCHER_PATH,
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &(WATCHER, "IsStatusNotifierHostRegistered"),
        )
        .await;
    let value = answer.and_then(|answer| answer.body().deserialize::<OwnedValue>());
    value.is_ok_and(|value| bool::try_from(value).unwrap_or(false))
}

/// Whatever may change the answer of [`has_host`].
pub(super) async fn host_signals(bus: &Connection) -> zbus::Result<SelectAll<MessageStream>> {
    let owner = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")?
        .interface("org.freedesktop.DBus")?
        .member("NameOwnerChanged")?
        .arg(0, WATCHER)?
        .build();
    let mut signals = SelectAll::new();
    signals.push(MessageStream::for_match_rule(owner, bus, None).await?);
    for member in [
        "StatusNotifierHostRegistered",
        "StatusNotifierHostUnregistered",
    ] {
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(WATCHER)?
            .interface(WATCHER)?
            .member(member)?
            .build();
        signals.push(MessageStream::for_match_rule(rule, bus, None).await?);
    }
    Ok(signals)
}

struct Item {
    face: Face,
    on_tray: OnTray,
}

impl Item {
    fn entry(label: &str, event: Option<TrayEvent>) -> MenuItem<Self> {
        StandardItem {
            // An underscore would make an access key.
            label: label.replace('_', "__"),
            enabled: event.is_some(),
            activate: Box::new(move |item: &mut Self| {
                if let Some(event) = event {
                    (item.on_tray)(event);
                }
            }),
            ..StandardItem::default()
        }
        .into()
    }

    fn icon(&self) -> Vec<Icon> {
        let picture = &self.face.icon;
        let side = i32::try_from(picture.side).unwrap_or_default();
        let mut data = picture.rgba.clone();
        for pixel in data.chunks_exact_mut(4) {
            pixel.rotate_right(1);
        }
        vec![Icon {
            width: side,
            height: side,
            data,
        }]
    }
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "tegata-app".into()
    }

    fn title(&self) -> String {
        "Tegata".into()
    }

    fn status(&self) -> Status {
        if self.face.waiting == 0 {
            Status::Active
        } else {
            Status::NeedsAttention
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        self.icon()
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        self.icon()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: "Tegata".into(),
            description: self.face.waiting_text.clone(),
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        (self.on_tray)(TrayEvent::Open);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let face = &self.face;
        let mut menu = vec![
            Self::entry(&face.waiting_text, None),
            MenuItem::Separator,
            Self::entry(&face.open, Some(TrayEvent::Open)),
        ];
        if let Some(lock) = &face.lock {
            menu.push(Self::entry(lock, Some(TrayEvent::Lock)));
        }
        menu.push(Self::entry(&face.quit, Some(TrayEvent::Quit)));
        menu
    }
}
