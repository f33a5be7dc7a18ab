//! Output. Text from outside goes through [`plain`], because a terminal obeys control characters.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

pub(crate) use tegata_device::calendar::utc;

/// A line on standard output. A closed pipe is not an error.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// A JSON value on a line of its own.
pub(crate) fn json(value: &serde_json::Value) {
    line(&value.to_string());
}

/// A line on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Asks yes or no; `None` where nobody can answer.
pub(crate) fn confirms(question: &str) -> Option<bool> {
    io::stdin().is_terminal().then(|| {
        ask(&format!("{question} [y/N] "))
            .is_some_and(|answer| matches!(answer.trim(), "y" | "Y" | "yes"))
    })
}

/// Asks for a line that may be seen.
pub(crate) fn ask(question: &str) -> Option<String> {
    // The lock is not held while the person thinks: an interruption has something to say too.
    let _ = write!(io::stderr(), "{question}");
    let _ = io::stderr().flush();
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(length) if length > 0 => Some(line.trim().to_owned()),
        _ => None,
    }
}

/// Text from outside with everything that is not a visible character replaced, so that it can neither move the cursor nor
/// hide anything.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            let invisible = c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
            if invisible { '\u{fffd}' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
