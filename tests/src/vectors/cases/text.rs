//! Text that others wrote, and transfer codes as people type them.

use super::List;
use crate::vectors::{Area, class::Class};
use serde_json::json;

pub(super) fn add(list: &mut List) {
    text(list);
    transfer_code(list);
}

fn text(list: &mut List) {
    use Class as C;
    for (name, comment, class, text) in [
        ("plain", "Ordinary words.", C::Valid, "Desk 4, ticket W7R2"),
        (
            "japanese",
            "Kanji, kana and Latin side by side.",
            C::Valid,
            "窓口4番 受付 W7R2",
        ),
        (
            "accents",
            "Precomposed and combining marks.",
            C::Valid,
            "Zu\u{308}rich – Genève",
        ),
        (
            "cyrillic",
            "One alphabet in a word.",
            C::Valid,
            "Привет, Harbour",
        ),
        (
            "hebrew",
            "Right to left by nature needs no control characters.",
            C::Valid,
            "שלום עולם",
        ),
        (
            "three_marks",
            "Three marks on a letter.",
            C::Valid,
            "a\u{300}\u{301}\u{302}",
        ),
        (
            "number_with_dots",
            "Dots between digits are no address.",
            C::Valid,
            "Version 2.10, order 8.5",
        ),
        (
            "latin_with_cyrillic",
            "A Cyrillic letter among Latin ones.",
            C::CautionMixedAlphabets,
            "p\u{430}ypal",
        ),
        (
            "latin_with_greek",
            "A Greek letter among Latin ones.",
            C::CautionMixedAlphabets,
            "g\u{3bf}ld",
        ),
        (
            "web_address",
            "A link.",
            C::CautionLooksLikeAddress,
            "go to https://evil.example now",
        ),
        (
            "web_address_without_scheme",
            "A host with a path.",
            C::CautionLooksLikeAddress,
            "see evil.example/win",
        ),
        (
            "mail_address",
            "Somebody to write to.",
            C::CautionLooksLikeAddress,
            "call me@evil.example",
        ),
        (
            "www",
            "An address by its beginning.",
            C::CautionLooksLikeAddress,
            "www.evil",
        ),
        (
            "right_to_left_override",
            "Turns around what follows.",
            C::DefectInvisibleCharacter,
            "user\u{202e}nimda",
        ),
        (
            "isolate",
            "Reorders what stands around it.",
            C::DefectInvisibleCharacter,
            "\u{2066}x",
        ),
        (
            "zero_width_space",
            "Splits a word that looks whole.",
            C::DefectInvisibleCharacter,
            "Har\u{200b}bour",
        ),
        (
            "soft_hyphen",
            "Shown or not as the line falls.",
            C::DefectInvisibleCharacter,
            "Har\u{ad}bour",
        ),
        (
            "byte_order_mark",
            "U+FEFF inside.",
            C::DefectInvisibleCharacter,
            "Har\u{feff}bour",
        ),
        (
            "bell",
            "A control character.",
            C::DefectInvisibleCharacter,
            "Desk\u{7}4",
        ),
        ("tab", "A tab.", C::DefectInvisibleCharacter, "Desk\t4"),
        (
            "private_use",
            "Whatever the font makes of it.",
            C::DefectInvisibleCharacter,
            "Desk \u{e000}",
        ),
        (
            "unassigned",
            "A code point without a meaning yet.",
            C::DefectInvisibleCharacter,
            "Desk \u{378}",
        ),
        (
            "hangul_filler",
            "A letter that shows nothing.",
            C::DefectInvisibleCharacter,
            "\u{3164}",
        ),
        (
            "braille_blank",
            "A symbol that shows nothing.",
            C::DefectInvisibleCharacter,
            "Desk\u{2800}4",
        ),
        (
            "variation_selector",
            "Chooses among pictures.",
            C::DefectInvisibleCharacter,
            "Desk \u{2764}\u{fe0f}",
        ),
        (
            "tag_characters",
            "A hidden message.",
            C::DefectInvisibleCharacter,
            "Desk\u{e0041}",
        ),
        (
            "four_marks",
            "Marks that spill over other lines.",
            C::DefectStackedMarks,
            "a\u{300}\u{301}\u{302}\u{303}",
        ),
        (
            "line_feed",
            "Would write a line of its own.",
            C::DefectLineBreak,
            "Desk 4\nVerified",
        ),
        (
            "line_separator",
            "U+2028.",
            C::DefectLineBreak,
            "Desk 4\u{2028}Verified",
        ),
        (
            "next_line",
            "U+0085.",
            C::DefectLineBreak,
            "Desk 4\u{85}Verified",
        ),
    ] {
        list.text(Area::Text, (name, comment, class), text, json!({}));
    }
}

fn transfer_code(list: &mut List) {
    use Class as C;
    let mut add = |name: &str, comment: &str, class, alphabet: &str, length: u8, text: &str| {
        let context = json!({ "alphabet": alphabet, "length": length });
        list.text(Area::TransferCode, (name, comment, class), text, context);
    };
    add("digits", "As shown.", C::Valid, "digits", 6, "481920");
    add(
        "grouped",
        "With a hyphen or spaces.",
        C::Valid,
        "digits",
        6,
        " 481-920 ",
    );
    add(
        "full_width",
        "From a Japanese keyboard.",
        C::Valid,
        "digits",
        6,
        "\u{ff14}\u{ff18}\u{ff11}　\u{ff19}\u{ff12}\u{ff10}",
    );
    add(
        "katakana_dash",
        "With the dash of a Japanese keyboard.",
        C::Valid,
        "digits",
        6,
        "481ー920",
    );
    add(
        "lower_case",
        "Letters in any case.",
        C::Valid,
        "crockford",
        6,
        "w7r2k9",
    );
    add(
        "short",
        "A character is missing.",
        C::TransferCodeForm,
        "digits",
        6,
        "48192",
    );
    add(
        "long",
        "A character too many.",
        C::TransferCodeForm,
        "digits",
        6,
        "4819200",
    );
    add(
        "letter_among_digits",
        "`O` is not zero here.",
        C::TransferCodeForm,
        "digits",
        6,
        "48192O",
    );
    add(
        "look_alike_letters",
        "I, L, O and U are in no code.",
        C::TransferCodeForm,
        "crockford",
        6,
        "ILOUIL",
    );
    add(
        "arabic_digits",
        "Digits of another script are other characters.",
        C::TransferCodeForm,
        "digits",
        6,
        "\u{664}\u{668}\u{661}\u{669}\u{662}\u{660}",
    );
    add(
        "invisible",
        "A character that nobody sees.",
        C::TransferCodeForm,
        "digits",
        6,
        "481\u{200b}920",
    );
    add("empty", "Nothing.", C::TransferCodeForm, "digits", 6, "");
}
