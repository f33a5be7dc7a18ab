//! The cost of single operations of the protocol.
use criterion::{Criterion, criterion_group, criterion_main};

fn nothing(_: &mut Criterion) {}

criterion_group!(protocol, nothing);
criterion_main!(protocol);
