//! QR codes as one path of an SVG picture.

use qrcode::{EcLevel, QrCode, types::Color};
use std::fmt::Write as _;

/// Light modules around, as readers expect.
const QUIET: usize = 4;

/// The path in a square of that many units, dark on light. `None`: the text is too long for a code.
pub(crate) fn path(text: &str) -> Option<(String, u32)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|left, right| left == right) {
            if run[0] == Color::Dark {
                let length = run.len();
                write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET).ok()?;
            }
            x += run.len();
        }
    }
    let size = u32::try_from(width + 2 * QUIET).ok()?;
    Some((path, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_the_dark_modules_and_nothing_else() {
        let text = "https://id.example/pair#v=1&i=https%3A%2F%2Fid.example&c=0123456789AB";
        let (path, size) = path(text).unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        assert_eq!(usize::try_from(size).unwrap(), code.width() + 2 * QUIET);
        let mut dark = vec![Color::Light; code.width() * code.width()];
        for run in path.split('M').skip(1) {
            let (start, length) = run.split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = length.split_once('v').unwrap().0.parse().unwrap();
            for x in x..x + length {
                dark[(y - QUIET) * code.width() + x - QUIET] = Color::Dark;
            }
        }
        assert_eq!(dark, code.to_colors());
    }

    #[test]
    fn a_text_that_fits_no_code_has_no_path() {
        assert!(path(&"a".repeat(5000)).is_none());
    }
}
