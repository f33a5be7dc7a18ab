//! (b) and (g) through the real window: WebKitWebDriver, Xvfb, a real keyring under a session bus of its own. A program
//! apart from the other tests, because a window wants the machine for itself; its tests take turns.
//!
//! Pictures of every step, and logs, stay in `target/artifacts`. Whatever the page's policy refuses fails the test that
//! closes the window.

#[cfg(test)]
#[path = "window/app.rs"]
mod app;
#[cfg(test)]
#[path = "window/begun.rs"]
mod begun;
#[cfg(test)]
#[path = "window/cover.rs"]
mod cover;
#[cfg(test)]
#[path = "window/ends.rs"]
mod ends;
#[cfg(test)]
#[path = "window/gate.rs"]
mod gate;
#[cfg(test)]
#[path = "window/links.rs"]
mod links;
#[cfg(test)]
#[path = "window/policy.rs"]
mod policy;
#[cfg(test)]
mod proxy;
#[cfg(test)]
#[path = "window/scan.rs"]
mod scan;
#[cfg(test)]
#[path = "window/sign_in.rs"]
mod sign_in;
#[cfg(test)]
#[path = "window/tries.rs"]
mod tries;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "shared with the tests of `main.rs`, which use more of it"
)]
mod world;
