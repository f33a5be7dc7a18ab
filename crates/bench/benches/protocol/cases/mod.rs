//! What is measured, by group. ring's own work comes first and last.

mod evidence;
mod flow;
mod json;
mod pairing;
mod parse;
mod ring;

use crate::{case::Case, world::World};

/// Every case, in the order in which it is measured.
pub(crate) fn all(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let mut cases = ring::first()?;
    cases.extend(flow::cases(world)?);
    cases.extend(pairing::cases(world)?);
    cases.extend(evidence::cases(world)?);
    cases.extend(json::cases(world)?);
    cases.extend(parse::cases(world)?);
    cases.extend(ring::last()?);
    Ok(cases)
}
