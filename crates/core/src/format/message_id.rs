//! Message ids: random version-4 UUIDs, made without asking the operating system for each.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Length of `687cd38d-780c-455f-b417-3f95ce931d30`.
pub const UUID_LEN: usize = 36;

/// A generator of version-4 UUIDs: xoshiro256++ (Blackman and Vigna), whose 256 bits of state come from the
/// operating system through the keys of [`RandomState`].
///
/// The ids are unique in practice, not secret: who knows a few of them can compute the next ones. Don't use
/// one as a token.
#[derive(Clone, Debug)]
pub struct MessageIds {
    state: [u64; 4],
}

impl Default for MessageIds {
    fn default() -> Self {
        let entropy = RandomState::new();
        let word = |index: u64| {
            let mut hasher = entropy.build_hasher();
            hasher.write_u64(index);
            hasher.finish()
        };
        Self {
            // All-zero is the one state that never leaves itself.
            state: [word(1) | 1, word(2), word(3), word(4)],
        }
    }
}

impl MessageIds {
    /// The next id, in lower case.
    #[inline]
    pub fn next_id(&mut self) -> [u8; UUID_LEN] {
        let (low, high) = (self.next_u64().to_le_bytes(), self.next_u64().to_le_bytes());
        let mut digits = [0u8; 32];
        for (index, byte) in low.into_iter().chain(high).enumerate() {
            digits[index] = byte & 15;
            digits[index + 16] = byte >> 4;
        }
        digits[12] = 4;
        digits[16] = 8 | digits[16] & 3;
        for digit in &mut digits {
            *digit += if *digit > 9 { b'a' - 10 } else { b'0' };
        }
        let mut id = [b'-'; UUID_LEN];
        id[0..8].copy_from_slice(&digits[0..8]);
        id[9..13].copy_from_slice(&digits[8..12]);
        id[14..18].copy_from_slice(&digits[12..16]);
        id[19..23].copy_from_slice(&digits[16..20]);
        id[24..36].copy_from_slice(&digits[20..32]);
        id
    }

    #[inline]
    fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_version_4_uuids_and_do_not_repeat() {
        let mut ids = MessageIds::default();
        let mut other = MessageIds::default();
        let mut seen = HashSet::new();
        for _ in 0..50_000 {
            for id in [ids.next_id(), other.next_id()] {
                assert!(id.iter().enumerate().all(|(at, &byte)| match at {
                    8 | 13 | 18 | 23 => byte == b'-',
                    14 => byte == b'4',
                    19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
                    _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
                }));
                assert!(seen.insert(id));
            }
        }
    }
}
