//! Requests whose client has not been answered yet: it cannot know yet what a callback would be about.

use axum::{
    body::{Body, HttpBody},
    http::{HeaderValue, header},
    response::Response,
};
use futures_util::StreamExt;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

use super::Notifier;
use crate::domain::FlowSeq;

/// How long an answer is waited for; a client that reads slower than this is told all the same.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// Between the answer's last byte and a callback: the byte still has to travel.
const HEAD_START: Duration = Duration::from_millis(100);

/// Entries above which those whose time is over are dropped.
const PRUNE_ABOVE: usize = 1024;

/// The requests, each with the moment from which its client may be called.
#[derive(Debug, Default)]
pub struct Unanswered(Mutex<HashMap<FlowSeq, Instant>>);

impl Unanswered {
    /// From when the client of `seq` may be called; `None`: now.
    pub(super) fn until(&self, seq: FlowSeq) -> Option<Instant> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = *all.get(&seq)?;
        if until > Instant::now() {
            return Some(until);
        }
        all.remove(&seq);
        None
    }

    fn set(&self, seq: FlowSeq, until: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PRUNE_ABOVE {
            let now = Instant::now();
            all.retain(|_, until| *until > now);
        }
        all.insert(seq, until);
    }
}

/// An answer under way, until it is dropped: by then it has been sent, or will never be.
#[derive(Debug)]
pub struct Answering {
    notifier: Arc<Notifier>,
    seq: FlowSeq,
}

impl Answering {
    pub(super) fn begin(notifier: Arc<Notifier>, seq: FlowSeq) -> Self {
        let until = Instant::now() + ANSWERED_WITHIN;
        notifier.unanswered.set(seq, until);
        Self { notifier, seq }
    }

    /// The response, whose body keeps this until all of it has been taken.
    pub fn with(self, mut response: Response) -> Response {
        if let Some(length) = response.body().size_hint().exact() {
            // A stream does not know it.
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        response.map(|body| {
            let stream = body.into_data_stream().map(move |chunk| {
                // Moved in, and so dropped with the stream.
                let _held = &self;
                chunk
            });
            Body::from_stream(stream)
        })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let until = Instant::now() + HEAD_START;
        self.notifier.unanswered.set(self.seq, until);
        self.notifier.wake();
    }
}
