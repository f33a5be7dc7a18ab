//! Output. Text from outside goes through [`plain`], because a terminal obeys control characters.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use tegata_protocol::UnixTime;

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

/// A point in time as `2026-01-31 09:05:00 UTC`.
pub(crate) fn utc(time: UnixTime) -> String {
    let (days, seconds) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
    // Days to a date of the proleptic Gregorian calendar, counted in eras of 400 years from 1 March of year 0.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_827_696, "2000-02-29 12:34:56 UTC"),
            (1_767_225_599, "2025-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(utc(UnixTime(seconds)), text);
        }
    }

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
