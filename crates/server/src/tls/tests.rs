//! Certificates of an authority made here, and real connections on loopback.

mod authority;
mod files;
mod serving;
