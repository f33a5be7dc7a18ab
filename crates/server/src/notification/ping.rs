//! Pings (CIBA Core section 10.2): the client is told which request to ask for, and nothing else.

use serde::Serialize;
use tegata_protocol::AuthReqId;

use super::sealed::Addressed;

#[derive(Serialize)]
struct Ping<'a> {
    auth_req_id: &'a AuthReqId,
}

/// The body.
pub(super) fn body(addressed: &Addressed) -> Vec<u8> {
    let ping = Ping {
        auth_req_id: &addressed.auth_req_id,
    };
    serde_json::to_vec(&ping).expect("strings serialize")
}
