//! Text of programs and pages, quoted in messages.

/// All lines, indented.
pub(crate) fn indented(text: &str) -> String {
    last_lines(text, usize::MAX)
}

/// The last lines, indented.
pub(crate) fn last_lines(text: &str, most: usize) -> String {
    let skipped = text.lines().count().saturating_sub(most);
    text.lines()
        .skip(skipped)
        .fold(String::new(), |mut quoted, line| {
            quoted.push_str("    ");
            quoted.push_str(line);
            quoted.push('\n');
            quoted
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_the_end_of_a_text() {
        assert_eq!(last_lines("a\nb\nc", 2), "    b\n    c\n");
        assert_eq!(indented("a\nb"), "    a\n    b\n");
        assert_eq!(indented(""), "");
    }
}
