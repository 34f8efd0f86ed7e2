//! What decides in a crowd: the dice of a seed, or bytes that somebody chose.

use std::convert::Infallible;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng, TryRng};

/// Dice that never run out.
pub(crate) enum Dice {
    Seeded(Box<ChaCha8Rng>),
    Chosen(Chosen),
}

/// One byte for each decision. Behind the last one it goes on in a way that depends on nothing but the place.
pub(crate) struct Chosen {
    bytes: Vec<u8>,
    at: usize,
}

impl Dice {
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self::Seeded(Box::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self::Chosen(Chosen { bytes: bytes.to_vec(), at: 0 })
    }

    /// All bytes are used up.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Seeded(_) => false,
            Self::Chosen(chosen) => chosen.at >= chosen.bytes.len(),
        }
    }
}

impl Chosen {
    /// The byte is what counts most of it; what is below only tells moments apart.
    fn next(&mut self) -> u64 {
        let mixed = splitmix(self.at as u64);
        let chosen = self.bytes.get(self.at).copied();
        self.at += 1;
        chosen.map_or(mixed, |byte| (u64::from(byte) << 56) | (mixed >> 8))
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
fn splitmix(n: u64) -> u64 {
    let mixed = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(match self {
            Self::Seeded(rng) => rng.next_u32(),
            Self::Chosen(chosen) => (chosen.next() >> 32) as u32,
        })
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(match self {
            Self::Seeded(rng) => rng.next_u64(),
            Self::Chosen(chosen) => chosen.next(),
        })
    }

    /// Seeds and the like: no byte is spent on them.
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        match self {
            Self::Seeded(rng) => rng.fill_bytes(out),
            Self::Chosen(chosen) => out.fill(splitmix(chosen.at as u64) as u8),
        }
        Ok(())
    }
}
