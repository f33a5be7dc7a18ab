//! What the restrictions on JSON cost: the I-JSON check, the canonical form, and reading so that nothing is lost, beside
//! serde_json alone, which does not look for any of it.

use crate::{case::Case, documents, world::World};
use serde_json::Value;
use tegata_protocol::{device::prompt::Prompt, ijson, jcs};

const GROUP: &str = "json";

pub(crate) fn cases(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let mut cases = Vec::new();
    for (name, bytes) in [
        ("check_200", 200),
        ("check_1k", 1 << 10),
        ("check_8k", 8 << 10),
        ("check_64k", 64 << 10),
    ] {
        let text = documents::of_size(bytes).to_string();
        let size = text.len();
        cases.push(
            Case::checked((GROUP, name), "I-JSON check", move || {
                ijson::check(text.as_bytes(), size)
            })
            .over(size),
        );
    }
    for (name, bytes) in [
        ("canonical_200", 200),
        ("canonical_1k", 1 << 10),
        ("canonical_8k", 8 << 10),
    ] {
        let value = documents::of_size(bytes);
        let size = jcs::canonicalize(&value).len();
        let canonical = move || jcs::canonicalize(&value);
        cases.push(Case::new((GROUP, name), "canonical form", canonical).over(size));
    }
    let prompt: Prompt = world.signed("prompt/sign_in_with_code")?;
    let payload = serde_json::to_vec(&prompt)?;
    let size = payload.len();
    let given: Value = serde_json::from_slice(&payload)?;
    let [a, b, c, d] = std::array::from_fn(|_| payload.clone());
    cases.extend([
        Case::checked((GROUP, "prompt_check"), "prompt: I-JSON check", move || {
            ijson::check(&a, size)
        })
        .over(size),
        Case::checked(
            (GROUP, "prompt_serde"),
            "prompt: serde_json alone",
            move || serde_json::from_slice::<Prompt>(&b),
        )
        .over(size),
        Case::checked(
            (GROUP, "prompt_value"),
            "prompt: serde_json alone, as any JSON",
            move || serde_json::from_slice::<Value>(&c),
        )
        .over(size),
        Case::checked(
            (GROUP, "prompt_parse"),
            "prompt: I-JSON check and serde_json",
            move || ijson::parse::<Prompt>(&d, size),
        )
        .over(size),
        Case::checked(
            (GROUP, "prompt_exact"),
            "prompt: read so that nothing is lost",
            move || ijson::parse_exact::<Prompt>(&payload, size),
        )
        .over(size),
        Case::checked((GROUP, "prompt_write"), "prompt: write", move || {
            serde_json::to_vec(&prompt)
        })
        .over(size),
        Case::new((GROUP, "prompt_canonical"), "prompt: canonical form", {
            move || jcs::canonicalize(&given)
        })
        .over(size),
    ]);
    Ok(cases)
}
