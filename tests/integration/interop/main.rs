//! Sign-ins by libraries that nobody here wrote, each a whole flow over TLS: by every way of client authentication, with
//! plain and signed requests, by poll, ping and push.
//!
//! The programs are in `tests/js/interop` and `tests/python`; they verify what they get by themselves. Requests are
//! decided through the automation hook, which is how certification suites do it; that a person's device decides is shown
//! in `flows` and `e2e`.

#[cfg(test)]
mod clients;
#[cfg(test)]
mod provider;
