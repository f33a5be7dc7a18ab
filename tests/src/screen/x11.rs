//! An X server's only screen.

use std::{ffi::OsStr, fs, os::unix::net::UnixStream};

use anyhow::{Context as _, ensure};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, GetGeometryReply, ImageFormat, MapState, Window},
    rust_connection::{DefaultStream, RustConnection},
};

use super::Picture;
use crate::desktop::{COOKIE_BYTES, Desktop};

/// A connection to a desktop's display.
#[derive(Debug)]
pub struct Screen {
    connection: RustConnection,
}

impl Screen {
    /// Connects as the desktop's own programs do.
    ///
    /// # Errors
    ///
    /// The display does not let us in.
    pub fn of(desktop: &Desktop) -> anyhow::Result<Self> {
        let environment = desktop.environment();
        let authority = environment
            .iter()
            .find(|(name, _)| name == OsStr::new("XAUTHORITY"))
            .map(|(_, path)| fs::read(path))
            .context("a desktop without a display's authority")??;
        let (_, cookie) = authority
            .split_last_chunk::<COOKIE_BYTES>()
            .context("an authority without a cookie")?;
        let number = desktop.display().trim_start_matches(':');
        let socket = UnixStream::connect(format!("/tmp/.X11-unix/X{number}"))?;
        let (stream, _) = DefaultStream::from_unix_stream(socket)?;
        let name = b"MIT-MAGIC-COOKIE-1".to_vec();
        let cookie = cookie.to_vec();
        Ok(Self {
            connection: RustConnection::connect_to_stream_with_auth_info(stream, 0, name, cookie)?,
        })
    }

    /// For what only some tests look at.
    pub fn connection(&self) -> &RustConnection {
        &self.connection
    }

    /// The windows on the screen, without a window manager the root's own.
    ///
    /// # Errors
    ///
    /// The display is gone.
    pub fn windows(&self) -> anyhow::Result<Vec<Window>> {
        Ok(self.connection.query_tree(self.root()?)?.reply()?.children)
    }

    /// Whether a window is to be seen; one that is gone is not.
    ///
    /// # Errors
    ///
    /// The display is gone.
    pub fn shows(&self, window: Window) -> anyhow::Result<bool> {
        let asked = self.connection.get_window_attributes(window)?.reply();
        Ok(asked.is_ok_and(|window| window.map_state == MapState::VIEWABLE))
    }

    /// What is to be seen where the largest window is: a tool kit's own are smaller.
    pub(super) fn picture(&self) -> anyhow::Result<Picture> {
        let place = self.largest()?.context("no window is on the screen")?;
        let root = self.root()?;
        let whole = self.connection.get_geometry(root)?.reply()?;
        let (x, y) = (place.x.max(0), place.y.max(0));
        let width = place
            .width
            .min(whole.width.saturating_sub(x.unsigned_abs()));
        let height = place
            .height
            .min(whole.height.saturating_sub(y.unsigned_abs()));
        let asked = self.connection.get_image(
            ImageFormat::Z_PIXMAP,
            root,
            x,
            y,
            width,
            height,
            u32::MAX,
        )?;
        // A display of 24 bits: blue, green, red and a byte that says nothing.
        let seen = asked.reply()?.data;
        let (seen, rest) = seen.as_chunks::<4>();
        ensure!(
            rest.is_empty() && seen.len() == usize::from(width) * usize::from(height),
            "the display does not have four bytes to a pixel"
        );
        let pixels = seen
            .iter()
            .flat_map(|[blue, green, red, _]| [*red, *green, *blue]);
        Ok(Picture {
            width,
            height,
            pixels: pixels.collect(),
        })
    }

    fn largest(&self) -> anyhow::Result<Option<GetGeometryReply>> {
        let mut seen = Vec::new();
        for window in self.windows()? {
            // It may be gone since it was listed.
            if self.shows(window)?
                && let Ok(place) = self.connection.get_geometry(window)?.reply()
            {
                seen.push(place);
            }
        }
        let area = |place: &GetGeometryReply| u32::from(place.width) * u32::from(place.height);
        Ok(seen.into_iter().max_by_key(area))
    }

    fn root(&self) -> anyhow::Result<Window> {
        let screen = self.connection.setup().roots.first();
        Ok(screen.context("a display without a screen")?.root)
    }
}
