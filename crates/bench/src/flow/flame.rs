//! A flame graph as one SVG without scripts: the wider, the more CPU time; what called it is below. Hovering names it.

use std::{collections::BTreeMap, fmt::Write as _};

const WIDTH: f64 = 1600.0;
const ROW: f64 = 17.0;
const TOP: f64 = 44.0;
/// Narrower pieces are not drawn.
const NARROWEST: f64 = 0.5;
/// Width of a letter, about, at the size that is used.
const LETTER: f64 = 6.6;

/// A function in its place: samples in it and below it, and what it called.
#[derive(Default)]
struct Frame {
    samples: u64,
    calls: BTreeMap<String, Frame>,
}

impl Frame {
    fn depth(&self, whole: u64) -> usize {
        let visible = |frame: &&Self| width(frame.samples, whole) >= NARROWEST;
        let below = self.calls.values().filter(visible);
        1 + below.map(|frame| frame.depth(whole)).max().unwrap_or(0)
    }
}

/// Draws stacks, each from the outermost function to the innermost with its number of samples.
pub(super) fn draw(stacks: &BTreeMap<Vec<String>, u64>, title: &str) -> String {
    let mut root = Frame::default();
    for (stack, samples) in stacks {
        root.samples += samples;
        let mut frame = &mut root;
        for name in stack {
            frame = frame.calls.entry(name.clone()).or_default();
            frame.samples += samples;
        }
    }
    let whole = root.samples.max(1);
    let height = TOP + ROW * root.depth(whole) as f64 + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"26\" font-size=\"16\" font-family=\"sans-serif\">{} ({} samples)</text>\n",
        escape(title),
        root.samples
    );
    piece(&mut svg, "all", &root, whole, 0.0, height - ROW - 4.0);
    svg.push_str("</svg>\n");
    svg
}

fn width(samples: u64, whole: u64) -> f64 {
    WIDTH * samples as f64 / whole as f64
}

fn piece(svg: &mut String, name: &str, frame: &Frame, whole: u64, x: f64, y: f64) {
    let wide = width(frame.samples, whole);
    if wide < NARROWEST {
        return;
    }
    let share = 100.0 * frame.samples as f64 / whole as f64;
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<g><title>{} {share:.2} %</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{}\" stroke=\"#fff\" \
         stroke-width=\"0.5\"/>",
        escape(name),
        ROW - 1.0,
        colour(name)
    );
    let letters = ((wide - 6.0) / LETTER).floor().max(0.0) as usize;
    if letters >= 3 {
        let shown: String = if name.chars().count() <= letters {
            name.to_owned()
        } else {
            name.chars().take(letters - 1).chain(['…']).collect()
        };
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 3.0,
            y + 12.0,
            escape(&shown)
        );
    }
    svg.push_str("</g>\n");
    let mut x = x;
    for (name, call) in &frame.calls {
        piece(svg, name, call, whole, x, y - ROW);
        x += width(call.samples, whole);
    }
}

/// The same for the same name, so that a function can be found again.
fn colour(name: &str) -> String {
    let hash = name.bytes().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33) ^ u32::from(byte)
    });
    format!("hsl({} 70% {}%)", hash % 50 + 10, 62 + hash / 64 % 16)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn widths_are_shares_and_names_are_escaped() {
        let stacks = BTreeMap::from([
            (stack(&["main", "Vec<u8>::push"]), 3),
            (stack(&["main", "sign"]), 1),
        ]);
        let svg = draw(&stacks, "a & b");
        assert!(svg.contains("a &amp; b (4 samples)"), "{svg}");
        assert!(
            svg.contains("<title>Vec&lt;u8&gt;::push 75.00 %</title>"),
            "{svg}"
        );
        assert!(svg.contains("width=\"1200.0\""), "{svg}");
        assert!(svg.contains("width=\"400.0\""), "{svg}");
        assert!(!svg.contains("<script"), "{svg}");
    }

    #[test]
    fn nothing_recorded_is_a_picture_too() {
        assert!(draw(&BTreeMap::new(), "none").ends_with("</svg>\n"));
    }
}
