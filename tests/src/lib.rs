//! Running the whole of Tegata: real programs, real windows, independent checks.
//!
//! The demo (`tegata-demo`) and the end-to-end tests are built from the same parts: [`processes`] starts and ends
//! programs, [`desktop`] gives the app a display and a keyring of its own, [`screen`] looks at that display, [`webdriver`]
//! finds and presses things,
//! [`server`], [`pairing_page`], [`relying_party`], [`terminal_device`] and [`window`] speak to one party each, and [`demo`]
//! puts them together.
//!
//! What this does **not** do: nothing here is part of the product, and nothing here decides for a person outside of
//! folders that it made itself.
//!
//! To add an end-to-end test, add a function to a file below `integration/e2e/`, or a file there and its line in
//! `integration/e2e/main.rs`.

pub mod conformance;
pub mod demo;
pub mod desktop;
mod excerpt;
pub mod folders;
pub mod http;
pub mod id_token;
pub mod in_process;
pub mod pairing_page;
pub mod processes;
pub mod programs;
pub mod relying_party;
pub mod screen;
pub mod server;
pub mod terminal_device;
pub mod vectors;
pub mod webdriver;
pub mod window;
pub mod wire;
