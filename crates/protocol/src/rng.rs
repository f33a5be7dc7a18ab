//! Randomness that is passed in.

use ring::rand::{SecureRandom, SystemRandom};

/// A source of unpredictable bytes.
pub trait Rng: Send + Sync {
    /// Fills `out`. Implementations do not return until all of it is filled.
    fn fill(&self, out: &mut [u8]);
}

/// Fixed-size draws, for every [`Rng`].
pub fn random_bytes<const N: usize>(rng: &dyn Rng) -> [u8; N] {
    let mut out = [0; N];
    rng.fill(&mut out);
    out
}

/// A number below `bound`, without bias. `bound` must not be zero.
pub fn random_below(rng: &dyn Rng, bound: u64) -> u64 {
    let zone = u64::MAX - u64::MAX % bound;
    loop {
        let draw = u64::from_be_bytes(random_bytes(rng));
        if draw < zone {
            return draw % bound;
        }
    }
}

/// The operating system's generator, through ring.
#[derive(Debug, Clone)]
pub struct SystemRng(SystemRandom);

impl SystemRng {
    /// The system generator.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the system generator is made"
    )]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }

    /// What ring's key generation and signing want; ring accepts no generator but its own.
    pub fn ring(&self) -> &SystemRandom {
        &self.0
    }
}

impl Default for SystemRng {
    fn default() -> Self {
        Self::new()
    }
}

impl Rng for SystemRng {
    fn fill(&self, out: &mut [u8]) {
        self.0
            .fill(out)
            .expect("the operating system provides randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_below_stays_below() {
        let rng = SystemRng::new();
        for bound in [1, 2, 10, 1_000_000] {
            assert!((0..1000).all(|_| random_below(&rng, bound) < bound));
        }
    }
}
