//! The endpoints as clients see them: the whole router in process, the real store in a scratch folder, a clock that the
//! tests move.

mod automation;
mod backchannel_authentication;
pub(crate) mod bench;
mod client_assertion;
mod client_certificate;
mod client_methods;
mod discovery;
mod dpop;
mod fapi;
mod hints;
mod issued;
mod logs;
mod long_poll;
mod races;
mod registration;
mod request_object;
mod request_parameters;
mod snippets;
mod subjects;
mod token;
mod tokens;
mod unwritable;

use bench::{Bench, DEFAULTS, Reply, SECRET, basic};
