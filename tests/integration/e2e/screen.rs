//! Whether the app's window is on the virtual display, and closing it as a window manager does.

use std::time::Duration;

use tegata_tests::{desktop::Desktop, processes::wait_until, screen};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, Window,
};

/// How long the window may take to be there.
const OPEN: Duration = Duration::from_secs(20);

pub(crate) struct Screen {
    display: screen::Screen,
    window: Window,
    protocols: Atom,
    delete: Atom,
}

impl Screen {
    /// Looks at a desktop on which the app is open and shown.
    pub(crate) async fn of(desktop: &Desktop) -> Self {
        let display = screen::Screen::of(desktop).unwrap();
        let atom = |name: &[u8]| {
            let asked = display.connection().intern_atom(false, name).unwrap();
            asked.reply().unwrap().atom
        };
        let (protocols, delete) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"));
        let mut screen = Self {
            display,
            window: x11rb::NONE,
            protocols,
            delete,
        };
        screen.window = wait_until("the window is on the screen", OPEN, async || {
            let mut windows = screen.display.windows()?.into_iter();
            Ok(windows.find(|window| screen.can_be_closed(*window) && screen.shows(*window)))
        })
        .await
        .unwrap();
        screen
    }

    /// Whether the app's window is on the screen.
    pub(crate) fn is_shown(&self) -> bool {
        self.shows(self.window)
    }

    pub(crate) async fn await_shown(&self, shown: bool, limit: Duration) {
        let what = if shown { "is shown" } else { "is hidden" };
        wait_until(&format!("the window {what}"), limit, async || {
            Ok((self.is_shown() == shown).then_some(()))
        })
        .await
        .unwrap();
    }

    /// What a window manager does when the person presses the cross.
    pub(crate) fn close(&self) {
        let data = [self.delete, x11rb::CURRENT_TIME, 0, 0, 0];
        let event = ClientMessageEvent::new(32, self.window, self.protocols, data);
        let sent =
            self.display
                .connection()
                .send_event(false, self.window, EventMask::NO_EVENT, event);
        sent.unwrap().check().unwrap();
    }

    fn shows(&self, window: Window) -> bool {
        self.display.shows(window).unwrap()
    }

    fn can_be_closed(&self, window: Window) -> bool {
        let asked = self.display.connection().get_property(
            false,
            window,
            self.protocols,
            AtomEnum::ATOM,
            0,
            16,
        );
        let answered = asked.unwrap().reply();
        answered.is_ok_and(|property| {
            let mut atoms = property.value32().into_iter().flatten();
            atoms.any(|atom| atom == self.delete)
        })
    }
}
