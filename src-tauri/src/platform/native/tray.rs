//! The tray by Tauri, which is always there on these systems.

use super::super::{Face, OnTray, TrayEvent};
use tauri::{
    AppHandle, Runtime,
    image::Image,
    menu::{Menu, MenuBuilder, MenuItem},
    tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent},
};

/// Shows a face.
pub(crate) struct Tray(Box<dyn Fn(Face) + Send + Sync>);

impl Tray {
    pub(crate) fn start<R: Runtime>(app: &AppHandle<R>, face: Face, on_tray: OnTray) -> Self {
        let (pressed, clicked) = (on_tray.clone(), on_tray.clone());
        let made = menu(app, &face).and_then(|menu| {
            TrayIconBuilder::with_id("main")
                .menu(&menu)
                .show_menu_on_left_click(cfg!(target_os = "macos"))
                .icon(image(&face))
                .on_menu_event(move |_, event| match event.id().as_ref() {
                    "lock" => pressed(TrayEvent::Lock),
                    "open" => pressed(TrayEvent::Open),
                    "quit" => pressed(TrayEvent::Quit),
                    _ => {}
                })
                .on_tray_icon_event(move |_, event| {
                    let left = matches!(
                        event,
                        TrayIconEvent::Click {
                            button: MouseButton::Left,
                            button_state: MouseButtonState::Up,
                            ..
                        }
                    );
                    if left && cfg!(target_os = "windows") {
                        clicked(TrayEvent::Open);
                    }
                })
                .build(app)
        });
        match made {
            Ok(icon) => {
                on_tray(TrayEvent::Shown(true));
                let app = app.clone();
                Self(Box::new(move |face| {
                    let shown = icon
                        .set_icon(Some(image(&face)))
                        .and_then(|()| icon.set_tooltip(Some(&face.waiting_text)))
                        .and_then(|()| menu(&app, &face))
                        .and_then(|menu| icon.set_menu(Some(menu)));
                    if let Err(error) = shown {
                        tracing::warn!(%error, "tray.not_shown");
                    }
                }))
            }
            Err(error) => {
                tracing::warn!(%error, "tray.refused");
                on_tray(TrayEvent::Shown(false));
                Self(Box::new(|_| {}))
            }
        }
    }

    pub(crate) fn show(&self, face: Face) {
        (self.0)(face);
    }
}

fn menu<R: Runtime>(app: &AppHandle<R>, face: &Face) -> tauri::Result<Menu<R>> {
    let waiting = MenuItem::with_id(app, "waiting", &face.waiting_text, false, None::<&str>)?;
    let mut menu = MenuBuilder::new(app)
        .item(&waiting)
        .separator()
        .text("open", &face.open);
    if let Some(lock) = &face.lock {
        menu = menu.text("lock", lock);
    }
    menu.text("quit", &face.quit).build()
}

fn image(face: &Face) -> Image<'static> {
    Image::new_owned(face.icon.rgba.clone(), face.icon.side, face.icon.side)
}
