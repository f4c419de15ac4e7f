//! Message ids: random version-4 UUIDs, made without asking the operating system for each.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Length of `687cd38d-780c-455f-b417-3f95ce931d30`.
pub const UUID_LEN: usize = 36;

const ONES: u64 = 0x0101_0101_0101_0101;
/// The lower half of every byte.
const NIBBLES: u64 = ONES * 0x0f;

/// The hexadecimal digits of eight bytes, each below 16, all at once.
#[inline]
fn hex_digits(nibbles: u64) -> [u8; 8] {
    let letters = (nibbles + ONES * 6) >> 4 & ONES;
    (nibbles + ONES * u64::from(b'0') + letters * u64::from(b'a' - b'0' - 10)).to_le_bytes()
}

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
    /// Writes the next id, in lower case, to where it is wanted: a copy of it would have to wait for these
    /// small writes.
    #[inline]
    pub fn write_next(&mut self, id: &mut [u8; UUID_LEN]) {
        let (first, second) = (self.next_u64(), self.next_u64());
        let nibbles = |word: u64| (word & NIBBLES, word >> 4 & NIBBLES);
        let (a, b) = nibbles(first);
        let (c, d) = nibbles(second);
        // The version is digit 12, the variant the upper half of digit 16: bytes 4 of `b` and 0 of `c`.
        let version = b & !(0xff << 32) | 4 << 32;
        let variant = c & !0xff | 8 | c & 3;
        let (a, b) = (hex_digits(a), hex_digits(version));
        let (c, d) = (hex_digits(variant), hex_digits(d));
        id[0..8].copy_from_slice(&a);
        id[8] = b'-';
        id[9..13].copy_from_slice(&b[..4]);
        id[13] = b'-';
        id[14..18].copy_from_slice(&b[4..]);
        id[18] = b'-';
        id[19..23].copy_from_slice(&c[..4]);
        id[23] = b'-';
        id[24..28].copy_from_slice(&c[4..]);
        id[28..36].copy_from_slice(&d);
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
            for source in [&mut ids, &mut other] {
                let mut id = [0; UUID_LEN];
                source.write_next(&mut id);
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
