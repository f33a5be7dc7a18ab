//! Links that the operating system hands to the app. Anybody can make one: they are looked for, and nothing else of a start's
//! arguments is looked at.

use tegata_protocol::device::invitation::MAX_INVITATION;
use tegata_ui_contract::CodeEntry;

const SCHEME: &str = "tegata:";

/// The first `tegata:` link among a start's arguments.
pub(crate) fn link_among(arguments: impl IntoIterator<Item = String>) -> Option<CodeEntry> {
    arguments.into_iter().find_map(as_link)
}

fn as_link(argument: String) -> Option<CodeEntry> {
    let scheme = argument.get(..SCHEME.len())?;
    let fits = argument.len() <= MAX_INVITATION && scheme.eq_ignore_ascii_case(SCHEME);
    fits.then(|| CodeEntry::new(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arguments: &[&str]) -> Option<String> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        link_among(arguments).map(|link| link.expose().to_owned())
    }

    #[test]
    fn only_links_of_the_apps_own_scheme_are_taken() {
        let link = "tegata://pair?v=1&i=https%3A%2F%2Fid.example";
        assert_eq!(
            found(&["tegata-app", "--hidden", link]).as_deref(),
            Some(link)
        );
        assert_eq!(
            found(&["x", "TEGATA://pair"]).as_deref(),
            Some("TEGATA://pair")
        );
        for other in [
            "",
            "tegata",
            "https://id.example/pair#v=1",
            "--tegata:x",
            "文字文字文字文字",
        ] {
            assert_eq!(found(&["tegata-app", other]), None, "{other}");
        }
        let long = format!("tegata://pair?{}", "a".repeat(MAX_INVITATION));
        assert_eq!(found(&[&long]), None);
    }
}
