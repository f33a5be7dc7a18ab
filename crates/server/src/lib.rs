//! A CIBA OpenID Provider (poll, ping and push) with a gateway for authentication devices: library and binary.
//!
//! The arrows inside: `http → domain`, `http → storage` (the trait), `storage → domain`. [`domain`] decides and does no
//! I/O; [`storage`] commits; [`http`] converts at the edge; [`app`] is what all request handlers share;
//! [`egress`] calls clients' addresses; [`tls`] is the server's own certificate and its listener; [`administration`] is what operators do, whether through
//! [`cli`] or the local admin interface.
//!
//! What this crate does **not** do: passwords, web sign-in, and anything on the device's side of the wire.
//!
//! To add an endpoint: a file under `http/op` or `http/device`, registered in that folder's `router`. To add something
//! that is stored: an operation in [`storage::ops`], its outcome, its implementation in `storage/sqlite`, and its test
//! in the storage suite.

pub mod administration;
pub mod app;
pub mod authorization_details;
pub mod cli;
pub mod config;
pub mod data_folder;
pub mod delivery;
pub mod demo;
pub mod domain;
pub mod egress;
pub mod fuzz;
pub mod hint_issuers;
pub mod http;
pub mod jose;
pub mod keys;
pub mod log_memory;
pub mod notification;
pub mod sealing;
pub mod simulation;
pub mod storage;
pub mod tls;
pub mod verification;
