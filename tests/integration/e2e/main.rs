//! The whole line with real programs: server, terminal device, clients. One module per group of tests; each test has
//! data folders and ports of its own, so that all run side by side. The window has a program of its own, `window.rs`.

#[cfg(test)]
mod approval;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod kiosk;
#[cfg(test)]
mod manage;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod world;
