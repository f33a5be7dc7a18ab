//! What the screens can ask for. Each command converts, calls one use-case of the device, and converts back.
//!
//! To add one: the table in `tegata-ui-contract`, a function here, a line in [`crate::setup::handler`], and a permission in
//! `capabilities/main.json`.

#![expect(
    clippy::needless_pass_by_value,
    reason = "Tauri hands commands their arguments by value, and secrets among them are wiped when the command ends"
)]

pub(crate) mod accounts;
pub(crate) mod consents;
pub(crate) mod desktop;
pub(crate) mod devices;
pub(crate) mod history;
pub(crate) mod inbox;
pub(crate) mod pairing;
pub(crate) mod self_test;
pub(crate) mod settings;
