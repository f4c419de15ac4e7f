//! Decides by chance, or by a hash, whether one of many is taken.

use std::hash::{BuildHasher, RandomState};

/// A rate from 0 to 1 as a bound for 64 random bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// Everything.
    pub const ALL: Rate = Rate(1.0);

    /// The rate, kept between 0 and 1.
    pub fn new(rate: f64) -> Self {
        Self(rate.clamp(0.0, 1.0))
    }

    /// The rate itself.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether what has these 64 even bits is taken.
    #[inline]
    pub fn takes(self, bits: u64) -> bool {
        // 53 bits fit a double exactly; at 1 even the largest is below.
        ((bits >> 11) as f64) < self.0 * (1u64 << 53) as f64
    }
}

/// Random bits: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Debug)]
pub struct Chance(u64);

impl Default for Chance {
    /// Other bits in every process.
    fn default() -> Self {
        Self(RandomState::new().hash_one(0u8))
    }
}

impl Chance {
    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

/// Spreads the bits of a number over all 64 (the finaliser of SplitMix64).
#[inline]
pub fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_exact_and_the_middle_is_near() {
        let mut chance = Chance::default();
        for _ in 0..10_000 {
            let bits = chance.bits();
            assert!(!Rate::new(0.0).takes(bits));
            assert!(Rate::new(1.0).takes(bits));
        }
        assert!(Rate::ALL.takes(u64::MAX) && !Rate::new(-1.0).takes(0));
        let taken = (0..100_000)
            .filter(|_| Rate::new(0.1).takes(chance.bits()))
            .count();
        // Five standard deviations of a binomial distribution.
        assert!(
            (taken as f64 - 10_000.0).abs() < 5.0 * 9_000f64.sqrt(),
            "{taken}"
        );
    }
}
