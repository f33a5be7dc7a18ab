//! What closing the window means.

use tegata_device::settings::CloseChoice;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    Ask,
    Hide,
    Quit,
}

/// Out of sight only where a tray can bring the window back, else the person is asked. Closing once more while being asked
/// ends the app, so that screens that answer nobody cannot keep it open.
pub(crate) fn closing(choice: CloseChoice, tray: bool, asked: bool) -> Closing {
    match choice {
        CloseChoice::Quit => Closing::Quit,
        CloseChoice::Hide if tray => Closing::Hide,
        _ if asked => Closing::Quit,
        _ => Closing::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_hidden_only_where_it_can_be_brought_back() {
        assert_eq!(closing(CloseChoice::Hide, true, false), Closing::Hide);
        assert_eq!(closing(CloseChoice::Hide, false, false), Closing::Ask);
        assert_eq!(closing(CloseChoice::Ask, true, false), Closing::Ask);
        for tray in [true, false] {
            assert_eq!(closing(CloseChoice::Quit, tray, false), Closing::Quit);
        }
    }

    #[test]
    fn closing_again_while_being_asked_ends_the_app() {
        assert_eq!(closing(CloseChoice::Ask, true, true), Closing::Quit);
        assert_eq!(closing(CloseChoice::Hide, false, true), Closing::Quit);
        assert_eq!(closing(CloseChoice::Hide, true, true), Closing::Hide);
    }
}
