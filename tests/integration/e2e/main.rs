//! The whole line with real programs: server, terminal device, clients. One module per group of tests; each test has
//! data folders and ports of its own, so that all run side by side. The window has a program of its own, `window.rs`.

mod approval;
mod crashes;
mod decisions;
mod faults;
mod proxy;
mod world;
