//! Certificates of an authority made here, and real connections on loopback.

mod authority;
mod clients;
mod files;
mod limits;
mod openssl;
mod server;
mod serving;
