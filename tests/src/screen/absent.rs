//! Systems without virtual displays.

use anyhow::bail;

use super::Picture;
use crate::desktop::Desktop;

/// A display that is not there.
#[derive(Debug)]
pub struct Screen;

impl Screen {
    /// # Errors
    ///
    /// Always.
    pub fn of(_: &Desktop) -> anyhow::Result<Self> {
        bail!("virtual displays are X servers, and this system has none")
    }

    pub(super) fn picture(&self) -> anyhow::Result<Picture> {
        bail!("no window is seen")
    }
}
