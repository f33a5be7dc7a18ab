//! Telling clients of results: what is due, tried and done.

use crate::domain::{FlowSeq, debug_without_content};

/// Where and with what the client of a new request is told of its result. Stored with the request.
#[derive(Clone)]
pub struct NewNotification {
    /// Its registered address, as it was when it asked.
    pub endpoint: String,
    /// `auth_req_id` and `client_notification_token`, sealed.
    pub sealed: Vec<u8>,
}

debug_without_content!(NewNotification { endpoint });

/// Takes a job that is due, so that nobody else tries it now. `false`: somebody else has, or it is done.
#[derive(Debug, Clone)]
pub struct TakeJob {
    /// Of which request.
    pub seq: FlowSeq,
    /// How often it had been tried when it was read.
    pub attempts: u32,
    /// When it is due again if nothing more is heard of this attempt, in milliseconds.
    pub lost_at_millis: i64,
}

/// Keeps what is to be pushed until it has been. `false`: the job was taken again meanwhile, or is gone, or the tokens have
/// ended.
#[derive(Clone)]
pub struct KeepResponse {
    /// Of which request.
    pub seq: FlowSeq,
    /// Which attempt, counted from 1.
    pub attempts: u32,
    /// The token response, sealed.
    pub sealed: Vec<u8>,
}

debug_without_content!(KeepResponse { seq, attempts });

/// Ends an attempt. `false`: the job was taken again meanwhile, or is gone.
#[derive(Debug, Clone)]
pub struct EndAttempt {
    /// Of which request.
    pub seq: FlowSeq,
    /// Which attempt, counted from 1.
    pub attempts: u32,
    /// When to try again, in milliseconds. `None`: the client has been told, or never will be.
    pub next_at_millis: Option<i64>,
}
