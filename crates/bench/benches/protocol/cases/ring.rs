//! The yardsticks.

use crate::case::Case;
use anyhow::anyhow;
use ring::{
    digest,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use tegata_protocol::SystemRng;

/// About what a prompt has.
const MESSAGE: [u8; 600] = [0x5a; 600];

const GROUP: &str = "ring";

pub(crate) fn first() -> anyhow::Result<Vec<Case<'static>>> {
    let mut cases = signatures("sign", "verify")?;
    let sha256 = || digest::digest(&digest::SHA256, &MESSAGE);
    cases.push(Case::new((GROUP, "sha256"), "SHA-256", sha256).over(MESSAGE.len()));
    Ok(cases)
}

pub(crate) fn last() -> anyhow::Result<Vec<Case<'static>>> {
    signatures("sign_again", "verify_again")
}

fn signatures(sign: &'static str, verify: &'static str) -> anyhow::Result<Vec<Case<'static>>> {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let rng: SystemRandom = SystemRng::new().ring().clone();
    let refused = |_| anyhow!("ring makes no key");
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &rng).map_err(refused)?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &rng);
    let pair = pair.map_err(|_| anyhow!("ring does not read its own key"))?;
    let signature = pair.sign(&rng, &MESSAGE).map_err(refused)?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, *pair.public_key());
    Ok(vec![
        Case::checked((GROUP, sign), "ES256 sign", move || {
            pair.sign(&rng, &MESSAGE)
        })
        .signing()
        .yardstick()
        .over(MESSAGE.len()),
        Case::checked((GROUP, verify), "ES256 verify", move || {
            public.verify(&MESSAGE, signature.as_ref())
        })
        .yardstick()
        .over(MESSAGE.len()),
    ])
}
