//! The virtual display seen from outside the app: whether its window is on it, and closing it as a window manager does.

use std::{ffi::OsStr, os::unix::net::UnixStream, time::Duration};

use tegata_tests::{desktop::Desktop, processes::wait_until};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{
        Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState, Window,
    },
    rust_connection::{DefaultStream, RustConnection},
};

/// How long the window may take to be there.
const OPEN: Duration = Duration::from_secs(20);

pub(crate) struct Screen {
    connection: RustConnection,
    window: Window,
    protocols: Atom,
    delete: Atom,
}

impl Screen {
    /// Looks at a desktop on which the app is open and shown.
    pub(crate) async fn of(desktop: &Desktop) -> Self {
        let connection = connect(desktop);
        let atom = |name: &[u8]| {
            let asked = connection.intern_atom(false, name).unwrap();
            asked.reply().unwrap().atom
        };
        let (protocols, delete) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"));
        let mut screen = Self {
            connection,
            window: x11rb::NONE,
            protocols,
            delete,
        };
        screen.window = wait_until("the window is on the screen", OPEN, async || {
            let windows = screen.windows();
            let mut windows = windows.into_iter();
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
        let sent = self
            .connection
            .send_event(false, self.window, EventMask::NO_EVENT, event);
        sent.unwrap().check().unwrap();
    }

    /// Without a window manager they are the root's own.
    fn windows(&self) -> Vec<Window> {
        let root = self.connection.setup().roots[0].root;
        let tree = self.connection.query_tree(root).unwrap();
        tree.reply().unwrap().children
    }

    fn shows(&self, window: Window) -> bool {
        let asked = self.connection.get_window_attributes(window).unwrap();
        asked
            .reply()
            .is_ok_and(|window| window.map_state == MapState::VIEWABLE)
    }

    fn can_be_closed(&self, window: Window) -> bool {
        let asked =
            self.connection
                .get_property(false, window, self.protocols, AtomEnum::ATOM, 0, 16);
        let answered = asked.unwrap().reply();
        answered.is_ok_and(|property| {
            let mut atoms = property.value32().into_iter().flatten();
            atoms.any(|atom| atom == self.delete)
        })
    }
}

/// With the cookie at the end of the display's authority.
fn connect(desktop: &Desktop) -> RustConnection {
    let environment = desktop.environment();
    let authority = environment
        .iter()
        .find(|(name, _)| name == OsStr::new("XAUTHORITY"))
        .map(|(_, path)| std::fs::read(path).unwrap())
        .unwrap();
    let cookie = authority[authority.len() - 16..].to_vec();
    let name = b"MIT-MAGIC-COOKIE-1".to_vec();
    let number = desktop.display().trim_start_matches(':');
    let socket = UnixStream::connect(format!("/tmp/.X11-unix/X{number}")).unwrap();
    let (stream, _) = DefaultStream::from_unix_stream(socket).unwrap();
    RustConnection::connect_to_stream_with_auth_info(stream, 0, name, cookie).unwrap()
}
