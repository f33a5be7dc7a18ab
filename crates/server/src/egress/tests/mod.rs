mod calls;
pub(crate) mod receiver;
