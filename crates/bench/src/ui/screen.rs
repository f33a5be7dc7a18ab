//! Looks at the virtual display as a person would: has the window been painted, and has it come to rest?

use anyhow::{Context as _, bail};
use std::{os::unix::net::UnixStream, time::Duration};
use tokio::time::{Instant, sleep};
use x11rb::{
    connection::Connection as _,
    protocol::{
        damage::{self, ConnectionExt as _, Damage, ReportLevel},
        xproto::{
            ConnectionExt as _, GetGeometryReply, ImageFormat, MapState, Window, WindowClass,
        },
    },
    rust_connection::{DefaultStream, RustConnection},
};

use super::desktop::{AUTHORITY_NAME, Desktop};

/// How often it is asked whether something has been drawn. The picture itself is only fetched if so.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A picture that has not changed for this long has come to rest.
const AT_REST: Duration = Duration::from_secs(1);

/// The same for a picture that nothing is known about yet. A busy machine can leave a start at its first words for longer
/// than [`AT_REST`]; what others are compared with must be its end.
const AT_REST_FOR_SURE: Duration = Duration::from_secs(5);

/// How long a window may take until then.
const PATIENCE: Duration = Duration::from_secs(40);

/// Smaller ones are no windows of a program's but its tool kit's.
const WINDOW_AT_LEAST: u16 = 200;

/// A virtual display, watched.
pub(super) struct Screen {
    connection: RustConnection,
    root: Window,
    damage: Damage,
}

/// What became of a start.
#[derive(Debug)]
pub(super) struct Painted {
    /// From the start to the first time that there was a window.
    pub(super) shown: Duration,
    /// From the start to the first picture of the window that is more than one flat colour.
    pub(super) first: Duration,
    /// From the start to the last change of the picture.
    pub(super) last: Duration,
    /// What was seen then.
    pub(super) picture: Picture,
}

/// How far a colour channel may differ, of 255, in pictures that show the same. WebKit smooths the edges of letters a little
/// differently from one start to the next; another word differs by nearly everything somewhere.
const SMOOTHING: u8 = 96;

/// The pixels of a window.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// In pixels.
    pub(super) width: u16,
    /// Four bytes each; the fourth is not seen.
    pub(super) pixels: Vec<u8>,
}

impl PartialEq for Picture {
    /// Whether they look the same.
    fn eq(&self, other: &Self) -> bool {
        self.width == other.width
            && self.pixels.len() == other.pixels.len()
            && (self.pixels == other.pixels || self.seen().eq(other.seen()))
    }
}

impl Picture {
    fn seen(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.pixels.chunks_exact(4).map(|pixel| pixel.get(..3))
    }

    /// Whether a person would see no difference, see [`SMOOTHING`].
    pub(super) fn shows_the_same(&self, other: &Self) -> bool {
        let close = |(one, other): (Option<&[u8]>, Option<&[u8]>)| {
            one.into_iter()
                .flatten()
                .zip(other.into_iter().flatten())
                .all(|(one, other)| one.abs_diff(*other) <= SMOOTHING)
        };
        self.width == other.width
            && self.pixels.len() == other.pixels.len()
            && self.seen().zip(other.seen()).all(close)
    }

    /// Whether there is nothing on it.
    pub(super) fn is_flat(&self) -> bool {
        let mut seen = self.seen();
        let first = seen.next();
        seen.all(|pixel| Some(pixel) == first)
    }
}

impl Screen {
    /// Begins to watch.
    ///
    /// # Errors
    /// The display does not let us in or cannot say when something is drawn.
    pub(super) fn watch(desktop: &Desktop) -> anyhow::Result<Self> {
        let socket = format!("/tmp/.X11-unix/X{}", desktop.display());
        let (stream, _) = DefaultStream::from_unix_stream(UnixStream::connect(socket)?)?;
        let connection = RustConnection::connect_to_stream_with_auth_info(
            stream,
            0,
            AUTHORITY_NAME.to_vec(),
            desktop.cookie().to_vec(),
        )?;
        let root = connection
            .setup()
            .roots
            .first()
            .context("a display without a screen")?
            .root;
        connection.damage_query_version(1, 1)?.reply()?;
        let damage = connection.generate_id()?;
        damage::create(&connection, damage, root, ReportLevel::NON_EMPTY)?.check()?;
        Ok(Self {
            connection,
            root,
            damage,
        })
    }

    /// Waits until the window of what was started at `start` has come to rest with something on it: its picture differs
    /// from one flat colour and has then not changed for a second. `known` is the picture that it must be; another one
    /// is on the way to it however long it stands. Without it, the picture has to stand for longer.
    ///
    /// # Errors
    /// It does not come to that in time, or the display is gone.
    pub(super) async fn at_rest(
        &self,
        start: Instant,
        known: Option<&Picture>,
    ) -> anyhow::Result<Painted> {
        let still_for = known.map_or(AT_REST_FOR_SURE, |_| AT_REST);
        let wanted = |picture: &Picture| {
            !picture.is_flat() && known.is_none_or(|known| known.shows_the_same(picture))
        };
        let mut picture: Option<Picture> = None;
        // Comparing takes time from what is measured, so each picture that stands is compared once.
        let mut refused = false;
        let (mut shown, mut first) = (None, None);
        let mut last = start;
        loop {
            if self.drawn()? {
                let now = self.picture()?;
                // After the picture has come: never earlier than what it shows.
                let seen_at = Instant::now();
                if now != picture {
                    last = seen_at;
                    if now.is_some() {
                        shown.get_or_insert(seen_at - start);
                    }
                    if first.is_none() && now.as_ref().is_some_and(|now| !now.is_flat()) {
                        first = Some(seen_at - start);
                    }
                    picture = now;
                    refused = false;
                }
            }
            if last.elapsed() >= still_for
                && !refused
                && let Some((shown, first)) = shown.zip(first)
            {
                if let Some(picture) = picture.take_if(|picture| wanted(picture)) {
                    return Ok(Painted {
                        shown,
                        first,
                        last: last - start,
                        picture,
                    });
                }
                refused = true;
            }
            if start.elapsed() > PATIENCE {
                match known {
                    Some(_) => bail!(
                        "the window has not come to rest with the same picture as before after {PATIENCE:?}"
                    ),
                    None => bail!("the window has not come to rest after {PATIENCE:?}"),
                }
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether something has been drawn anywhere since this was last asked.
    fn drawn(&self) -> anyhow::Result<bool> {
        let mut drawn = false;
        while self.connection.poll_for_event()?.is_some() {
            drawn = true;
        }
        if drawn {
            damage::subtract(&self.connection, self.damage, x11rb::NONE, x11rb::NONE)?;
        }
        Ok(drawn)
    }

    /// What the window shows; nothing if there is none.
    ///
    /// # Errors
    /// The display is gone.
    pub(super) fn picture(&self) -> anyhow::Result<Option<Picture>> {
        let Some(place) = self.window()? else {
            return Ok(None);
        };
        let whole = self.connection.get_geometry(self.root)?.reply()?;
        // From the root: what is really seen there, and only as far as it is on the screen.
        let (x, y) = (place.x.max(0), place.y.max(0));
        let width = place
            .width
            .min(whole.width.saturating_sub(x.unsigned_abs()));
        let height = place
            .height
            .min(whole.height.saturating_sub(y.unsigned_abs()));
        let image = self
            .connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                self.root,
                x,
                y,
                width,
                height,
                u32::MAX,
            )?
            .reply()?;
        Ok(Some(Picture {
            width,
            pixels: image.data,
        }))
    }

    fn window(&self) -> anyhow::Result<Option<GetGeometryReply>> {
        let mut largest: Option<GetGeometryReply> = None;
        for child in self.connection.query_tree(self.root)?.reply()?.children {
            // A window may be gone since it was listed.
            let Ok(attributes) = self.connection.get_window_attributes(child)?.reply() else {
                continue;
            };
            let Ok(place) = self.connection.get_geometry(child)?.reply() else {
                continue;
            };
            let is_window = attributes.map_state == MapState::VIEWABLE
                && attributes.class == WindowClass::INPUT_OUTPUT
                && place.width >= WINDOW_AT_LEAST
                && place.height >= WINDOW_AT_LEAST;
            let area = |place: &GetGeometryReply| u32::from(place.width) * u32::from(place.height);
            if is_window
                && largest
                    .as_ref()
                    .is_none_or(|other| area(other) < area(&place))
            {
                largest = Some(place);
            }
        }
        Ok(largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixels: &[u8]) -> Picture {
        Picture {
            width: 2,
            pixels: pixels.to_vec(),
        }
    }

    #[test]
    fn what_is_not_seen_of_a_pixel_makes_no_difference() {
        let one = picture(&[1, 2, 3, 0, 1, 2, 3, 255]);
        assert!(one.is_flat());
        assert_eq!(one, picture(&[1, 2, 3, 9, 1, 2, 3, 9]));
        assert_ne!(one, picture(&[1, 2, 3, 0, 1, 2, 4, 255]));
    }

    #[test]
    fn a_smoothed_edge_shows_the_same_and_a_letter_does_not() {
        let one = picture(&[250, 250, 250, 0, 20, 20, 20, 0]);
        assert!(one.shows_the_same(&picture(&[250, 250, 250, 0, 60, 20, 20, 0])));
        assert!(!one.shows_the_same(&picture(&[250, 250, 250, 0, 250, 250, 250, 0])));
        assert!(!one.shows_the_same(&picture(&[250, 250, 250, 0])));
    }

    #[test]
    fn one_pixel_of_another_colour_is_something() {
        assert!(!picture(&[1, 2, 3, 0, 1, 2, 4, 0]).is_flat());
    }
}
