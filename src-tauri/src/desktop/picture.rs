//! The tray's picture: the app's icon, with the number of what waits in its corner.

/// A square of RGBA pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) side: u32,
    pub(crate) rgba: Vec<u8>,
}

/// Digits and a plus, three by five, a bit each from the top left.
const GLYPHS: [u16; 11] = [
    0b111_101_101_101_111,
    0b010_110_010_010_111,
    0b111_001_111_100_111,
    0b111_001_111_001_111,
    0b101_101_111_001_001,
    0b111_100_111_001_111,
    0b111_100_111_101_111,
    0b111_001_001_001_001,
    0b111_101_111_101_111,
    0b111_101_111_001_111,
    0b000_010_111_010_000,
];
const PLUS: usize = 10;

const INK: [u8; 4] = [255, 255, 255, 255];
const BADGE: [u8; 4] = [176, 42, 32, 255];

impl Picture {
    /// The same with a number in its lower right corner: 1 to 9, and from there on `9+`. Without one at 0.
    pub(crate) fn with_count(&self, count: usize) -> Self {
        let mut picture = self.clone();
        let glyphs: &[usize] = match count {
            0 => return picture,
            1..=9 => &[count],
            _ => &[9, PLUS],
        };
        // Pixels of the picture for each pixel of a glyph.
        let scale = (self.side / 12).max(1);
        let columns = u32::try_from(glyphs.len() * 4 + 1).unwrap_or(u32::MAX);
        let (width, height) = (columns * scale, 7 * scale);
        let left = self.side.saturating_sub(width);
        let top = self.side.saturating_sub(height);
        for y in 0..height {
            for x in 0..width {
                let lit = is_lit(glyphs, x / scale, y / scale);
                picture.paint(left + x, top + y, if lit { INK } else { BADGE });
            }
        }
        picture
    }

    fn paint(&mut self, x: u32, y: u32, colour: [u8; 4]) {
        let start = usize::try_from((y * self.side + x) * 4).unwrap_or(usize::MAX);
        if let Some(pixel) = self.rgba.get_mut(start..start.saturating_add(4)) {
            pixel.copy_from_slice(&colour);
        }
    }
}

/// In a row of glyphs with one pixel around each.
fn is_lit(glyphs: &[usize], x: u32, y: u32) -> bool {
    let (Some(column), Some(row)) = (x.checked_sub(1), y.checked_sub(1)) else {
        return false;
    };
    let (glyph, column) = (column / 4, column % 4);
    if column == 3 || row > 4 {
        return false;
    }
    let glyph = usize::try_from(glyph).ok().and_then(|at| glyphs.get(at));
    glyph.is_some_and(|glyph| GLYPHS[*glyph] >> (14 - row * 3 - column) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Picture {
        Picture {
            side: 32,
            rgba: vec![0; 32 * 32 * 4],
        }
    }

    fn drawn(picture: &Picture) -> String {
        let mut text = String::new();
        for row in picture.rgba.chunks(32 * 4).skip(18).step_by(2) {
            for pixel in row.chunks(4).step_by(2) {
                text.push(match pixel {
                    [0, ..] => ' ',
                    [255, ..] => '#',
                    _ => '.',
                });
            }
            text.push('\n');
        }
        text
    }

    #[test]
    fn nothing_waiting_leaves_the_icon_alone() {
        assert_eq!(empty().with_count(0), empty());
    }

    #[test]
    fn the_number_stands_in_the_corner() {
        let row = |text: &str| format!("{text:>16}\n");
        let expected: String = [
            ".....", ".###.", "...#.", ".###.", ".#...", ".###.", ".....",
        ]
        .map(row)
        .concat();
        assert_eq!(drawn(&empty().with_count(2)), expected);
    }

    #[test]
    fn more_than_nine_is_nine_and_a_plus_on_icons_of_any_size() {
        assert_eq!(empty().with_count(10), empty().with_count(5000));
        assert_ne!(empty().with_count(9), empty().with_count(10));
        for side in [1, 8, 16, 22, 512] {
            let rgba = vec![0; usize::try_from(side * side * 4).unwrap()];
            let length = rgba.len();
            let picture = Picture { side, rgba }.with_count(12);
            assert_eq!(picture.rgba.len(), length, "{side}");
        }
    }
}
