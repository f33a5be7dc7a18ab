//! The virtual display seen from outside the app, as a person sees it: pictures of the window.
//!
//! They come from the display and not from WebDriver: WebKit never answers a driver that asks for one while it draws
//! without OpenGL, and only the display knows what is really to be seen.

#[cfg(unix)]
mod x11;
#[cfg(not(unix))]
#[path = "absent.rs"]
mod x11;

pub use x11::Screen;

use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// A folder for pictures of the window that a screen shows.
#[derive(Debug)]
pub struct Album {
    screen: Screen,
    folder: PathBuf,
}

/// What a window looks like.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    width: u16,
    /// In pixels.
    height: u16,
    /// Red, green and blue of each pixel, row by row.
    pixels: Vec<u8>,
}

impl Album {
    /// Pictures of `screen` in `folder`, which must exist.
    pub fn new(screen: Screen, folder: &Path) -> Self {
        Self {
            screen,
            folder: folder.to_owned(),
        }
    }

    /// What the window shows now.
    ///
    /// # Errors
    ///
    /// There is no window, or the display is gone.
    pub fn look(&self) -> anyhow::Result<Picture> {
        self.screen.picture()
    }

    /// Saves a picture as `NAME.png` and answers where.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn keep(&self, picture: &Picture, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(format!("{name}.png"));
        picture
            .write(&path)
            .with_context(|| format!("write {}", path.display()))?;
        Ok(path)
    }
}

impl Picture {
    fn write(&self, path: &Path) -> anyhow::Result<()> {
        let file = BufWriter::new(File::create(path)?);
        let mut encoder = png::Encoder::new(file, self.width.into(), self.height.into());
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        Ok(writer.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_picture_is_what_was_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("picture.png");
        let pixels = vec![1, 2, 3, 4, 5, 6];
        let seen = Picture {
            width: 1,
            height: 2,
            pixels: pixels.clone(),
        };
        seen.write(&path).unwrap();
        let file = std::io::BufReader::new(File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut read = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut read).unwrap();
        assert_eq!((info.width, info.height), (1, 2));
        assert_eq!(read, pixels);
    }
}
