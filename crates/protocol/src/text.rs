//! Text that somebody else wrote and a person will read: what may be shown as it came, what deserves a caution, and what
//! could be shown safely only after altering it (`docs/protocol.md` section 7.4).
//!
//! Altering text that will be signed is not an option, so such text makes a prompt deny-only. The same rules run in the
//! UI; `tests/vectors/text` holds the cases for both.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

/// Unusual but showable: the UI shows the text unaltered beside a caution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextCaution {
    /// One word holds letters of alphabets that look alike (Latin, Greek, Cyrillic, Armenian, Cherokee).
    MixedAlphabets,
    /// Looks like a web or mail address, which this text has no business to be.
    LooksLikeAddress,
}

/// Cannot be shown whole and unaltered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextDefect {
    /// Control, format, private-use or unassigned characters: invisible, or able to reorder what stands around them.
    InvisibleCharacter,
    /// More than three combining marks in a row, which spill over other lines.
    StackedMarks,
    /// A line or paragraph break.
    LineBreak,
}

/// What [`inspect`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFindings {
    /// Each kind once, in order.
    pub cautions: BTreeSet<TextCaution>,
    /// Each kind once, in order; not empty means deny-only.
    pub defects: BTreeSet<TextDefect>,
}

impl TextFindings {
    /// Neither caution nor defect.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.cautions.is_empty() && self.defects.is_empty()
    }

    /// Adds what was found elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.cautions.extend(other.cautions);
        self.defects.extend(other.defects);
    }
}

/// Looks at one piece of text. Linear in its length.
pub fn inspect(text: &str) -> TextFindings {
    let mut findings = TextFindings::default();
    let mut marks = 0;
    for c in text.chars() {
        use GeneralCategory as G;
        match c.general_category() {
            _ if matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}') => {
                findings.defects.insert(TextDefect::LineBreak);
            }
            G::Control | G::Format | G::PrivateUse | G::Surrogate | G::Unassigned => {
                findings.defects.insert(TextDefect::InvisibleCharacter);
            }
            // Fillers and blanks that are letters or marks by category but show nothing.
            _ if matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}'
                | '\u{ffa0}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}') =>
            {
                findings.defects.insert(TextDefect::InvisibleCharacter);
            }
            _ => {}
        }
        let mark = matches!(c.general_category(), G::NonspacingMark | G::EnclosingMark);
        marks = if mark { marks + 1 } else { 0 };
        if marks > 3 {
            findings.defects.insert(TextDefect::StackedMarks);
        }
    }
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        if mixes_alphabets(word) {
            findings.cautions.insert(TextCaution::MixedAlphabets);
        }
    }
    if looks_like_address(text) {
        findings.cautions.insert(TextCaution::LooksLikeAddress);
    }
    findings
}

fn mixes_alphabets(word: &str) -> bool {
    let mut first = None;
    for c in word.chars() {
        let script = c.script();
        let alike = matches!(
            script,
            Script::Latin | Script::Greek | Script::Cyrillic | Script::Armenian | Script::Cherokee
        );
        if alike && *first.get_or_insert(script) != script {
            return true;
        }
    }
    false
}

fn looks_like_address(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
        let dotted = word.rsplit_once('.').is_some_and(|(host, end)| {
            let end = end.split(['/', ':', '?']).next().unwrap_or_default();
            !host.is_empty()
                && (2..=12).contains(&end.len())
                && end.bytes().all(|b| b.is_ascii_alphabetic())
        });
        word.contains("://") || (dotted && word.contains(['@', '/'])) || word.starts_with("www.")
    })
}

/// Which characters a transfer code is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeAlphabet {
    /// `0-9A-HJKMNP-TV-Z`: digits and letters that are not mistaken for each other.
    Crockford,
    /// `0-9`.
    Digits,
}

impl CodeAlphabet {
    fn holds(self, c: char) -> bool {
        match self {
            Self::Digits => c.is_ascii_digit(),
            Self::Crockford => {
                c.is_ascii_digit()
                    || (c.is_ascii_uppercase() && !matches!(c, 'I' | 'L' | 'O' | 'U'))
            }
        }
    }

    /// The canonical form in which a transfer code is signed and compared: NFKC, upper case, without white space and
    /// hyphens. `None` if what remains is not exactly `length` characters of the alphabet.
    pub fn canonical(self, typed: &str, length: usize) -> Option<String> {
        if typed.len() > 256 {
            return None;
        }
        let code: String = typed
            .nfkc()
            .flat_map(char::to_uppercase)
            .filter(|c| {
                !c.is_whitespace()
                    && !matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}')
            })
            .collect();
        (code.chars().count() == length && code.chars().all(|c| self.holds(c))).then_some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_of_any_language_is_clean() {
        for text in [
            "Desk 4, ticket W7R2",
            "窓口4番 受付 W7R2",
            "Zürich – Genève",
            "Привет",
            "שלום עולם",
            "한국어",
            "₹ 1,200.50",
        ] {
            assert!(inspect(text).is_clean(), "{text}: {:?}", inspect(text));
        }
    }

    #[test]
    fn finds_what_must_not_be_shown() {
        let defect = |text: &str| inspect(text).defects.into_iter().collect::<Vec<_>>();
        for text in [
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{7}b",
            "a\u{e000}b",
            "\u{3164}",
            "a\u{ad}b",
            "a\u{feff}b",
            "\u{2066}x",
        ] {
            assert_eq!(defect(text), [TextDefect::InvisibleCharacter], "{text:?}");
        }
        assert_eq!(defect("a\nb"), [TextDefect::LineBreak]);
        assert_eq!(
            defect("a\u{300}\u{301}\u{302}\u{303}"),
            [TextDefect::StackedMarks]
        );
    }

    #[test]
    fn cautions_against_look_alikes_and_addresses() {
        let caution = |text: &str| inspect(text).cautions.into_iter().collect::<Vec<_>>();
        assert_eq!(caution("p\u{430}ypal"), [TextCaution::MixedAlphabets]);
        assert_eq!(
            caution("go to https://evil.example now"),
            [TextCaution::LooksLikeAddress]
        );
        assert_eq!(
            caution("call me@evil.example"),
            [TextCaution::LooksLikeAddress]
        );
        assert_eq!(caution("Version 2.10, order 8.5"), []);
    }

    #[test]
    fn codes_typed_on_any_keyboard_become_the_same() {
        assert_eq!(
            CodeAlphabet::Digits
                .canonical("１２３ ４５６", 6)
                .as_deref(),
            Some("123456")
        );
        assert_eq!(
            CodeAlphabet::Digits.canonical("123-456", 6).as_deref(),
            Some("123456")
        );
        assert_eq!(
            CodeAlphabet::Crockford.canonical("w7r2k9", 6).as_deref(),
            Some("W7R2K9")
        );
        assert_eq!(CodeAlphabet::Digits.canonical("12345", 6), None);
        assert_eq!(CodeAlphabet::Digits.canonical("12345a", 6), None);
        assert_eq!(CodeAlphabet::Crockford.canonical("IIIIII", 6), None);
    }
}
