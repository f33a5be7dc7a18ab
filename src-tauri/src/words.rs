//! What the app says outside its window, in the language of the screens, from the same texts.

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

mod table {
    include!(concat!(env!("OUT_DIR"), "/words.rs"));
}

/// A message without values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Deny,
    DevicesBody,
    DevicesTitle,
    Lock,
    NoteOpen,
    NoteTitle,
    Open,
    Quit,
}

/// A message with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    NoteBody,
    Waiting,
}

/// The words of one language.
pub(crate) struct Words(FluentBundle<FluentResource>);

impl Words {
    /// The language of a BCP 47 tag, or the nearest there is: another region's, else English.
    pub(crate) fn of(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let find = |wanted: &str| {
            let mut all = table::WORDS.iter();
            all.find(|(tag, _)| tag.eq_ignore_ascii_case(wanted))
        };
        let (tag, source) = find(tag)
            .or_else(|| find(primary))
            .or_else(|| find("en"))
            .copied()
            .unwrap_or_default();
        let language: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Only numbers are inserted, which need no isolation.
        bundle.set_use_isolating(false);
        // What cannot be read of a text is not said; a test reads all of them.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(part, _)| part);
        bundle.add_resource_overriding(resource);
        Self(bundle)
    }

    pub(crate) fn say(&self, word: Word) -> String {
        let id = match word {
            Word::Deny => "desktop-note-deny",
            Word::DevicesBody => "desktop-devices-body",
            Word::DevicesTitle => "desktop-devices-title",
            Word::Lock => "desktop-lock",
            Word::NoteOpen => "desktop-note-open",
            Word::NoteTitle => "desktop-note-title",
            Word::Open => "desktop-open",
            Word::Quit => "desktop-quit",
        };
        self.format(id, None)
    }

    pub(crate) fn count(&self, message: Counted, count: usize) -> String {
        let id = match message {
            Counted::NoteBody => "desktop-note-body",
            Counted::Waiting => "desktop-waiting",
        };
        let mut values = FluentArgs::new();
        values.set("count", count);
        self.format(id, Some(&values))
    }

    fn format(&self, id: &str, values: Option<&FluentArgs<'_>>) -> String {
        let pattern = self.0.get_message(id).and_then(|message| message.value());
        pattern.map_or_else(String::new, |pattern| {
            let mut errors = Vec::new();
            self.0
                .format_pattern(pattern, values, &mut errors)
                .into_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Word; 8] = [
        Word::Deny,
        Word::DevicesBody,
        Word::DevicesTitle,
        Word::Lock,
        Word::NoteOpen,
        Word::NoteTitle,
        Word::Open,
        Word::Quit,
    ];

    #[test]
    fn every_language_has_every_word() {
        assert!(table::WORDS.len() >= 2, "{:?}", table::WORDS);
        for (tag, source) in table::WORDS {
            assert!(
                FluentResource::try_new((*source).to_owned()).is_ok(),
                "{tag}"
            );
            let words = Words::of(tag);
            for word in ALL {
                assert!(!words.say(word).is_empty(), "{tag} {word:?}");
            }
            for count in [0, 1, 2, 21] {
                for message in [Counted::NoteBody, Counted::Waiting] {
                    let text = words.count(message, count);
                    assert!(
                        !text.is_empty() && !text.contains(['{', '$']),
                        "{tag} {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_language_is_found_by_its_tag_and_english_stands_in_for_others() {
        for (tag, open) in [
            ("ja", "開く"),
            ("ja-JP", "開く"),
            ("ja_JP", "開く"),
            ("en-GB", "Open"),
            ("fr", "Open"),
            ("", "Open"),
        ] {
            assert_eq!(Words::of(tag).say(Word::NoteOpen), open, "{tag}");
        }
    }

    #[test]
    fn numbers_are_said_as_the_language_says_them() {
        let english = Words::of("en");
        assert_eq!(english.count(Counted::Waiting, 0), "Nothing is waiting");
        assert_eq!(english.count(Counted::Waiting, 1), "1 request is waiting");
        assert_eq!(english.count(Counted::Waiting, 3), "3 requests are waiting");
        assert_eq!(
            Words::of("ja").count(Counted::Waiting, 3),
            "3 件の要求が待っています"
        );
    }
}
