//! The HTTP surface: one router made of the parts' routers, and what holds for all of them.

pub(crate) mod device;
pub(crate) mod op;
