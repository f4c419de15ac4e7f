//! What can be told about a text at a glance.

/// A word of this many bytes is worth a closer look: `-----BEGIN` is the shortest that matters.
pub const LONG_WORD: usize = 10;

/// Characters without which detectors cannot match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// The ASCII digits.
    pub digits: u32,
    /// There is an `@`.
    pub at: bool,
    /// There is a `+`.
    pub plus: bool,
    /// There is a `?`, `&` or `#`.
    pub query: bool,
    /// There is a byte beyond ASCII.
    pub high: bool,
    /// There is nothing but ASCII letters and digits: an id, a digest, a word.
    pub solid: bool,
}

const AT: u8 = 1;
const PLUS: u8 = 2;
const QUERY: u8 = 4;
/// Neither letter nor digit.
const OTHER: u8 = 8;
const HIGH: u8 = 0x80;

/// Sixteen bytes side by side: one vector register.
type Lanes = [u8; 16];
/// Lanes that say nothing about a text.
const NEUTRAL: u128 = u128::from_le_bytes([b'a'; 16]);
/// Chunks of 16 bytes after which digits are added up: the sum of 8 lanes, each of at most 31, fits into a byte.
const CHUNKS: usize = 30;

impl Features {
    /// Looks at every byte once.
    #[inline]
    pub fn of(text: &[u8]) -> Self {
        let (mut seen, mut counts): (Lanes, Lanes) = Default::default();
        let mut digits = 0;
        let (chunks, rest) = text.as_chunks::<16>();
        for block in chunks.chunks(CHUNKS) {
            digits += sum(std::mem::take(&mut counts));
            for chunk in block {
                look(chunk, &mut seen, &mut counts);
            }
        }
        if !rest.is_empty() {
            look(&end(text, rest.len()), &mut seen, &mut counts);
        }
        let (low, high) = halves(seen);
        let all = low | high;
        let all = all | (all >> 32);
        let all = all | (all >> 16);
        let seen = (all | (all >> 8)) as u8;
        Self {
            digits: digits + sum(counts),
            at: seen & AT != 0,
            plus: seen & PLUS != 0,
            query: seen & QUERY != 0,
            high: seen & HIGH != 0,
            solid: seen & OTHER == 0,
        }
    }

    /// Whether there are digits enough for one of the numbers that are looked for.
    #[inline]
    pub fn has_numbers(&self) -> bool {
        self.digits >= 9 || (self.plus && self.digits >= 7)
    }
}

#[inline(always)]
fn look(chunk: &Lanes, seen: &mut Lanes, counts: &mut Lanes) {
    for ((&byte, seen), count) in chunk.iter().zip(seen).zip(counts) {
        let is_digit = byte.wrapping_sub(b'0') < 10;
        let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let is_query = (byte == b'?') | (byte == b'&') | (byte == b'#');
        *count += u8::from(is_digit);
        *seen |= (byte & HIGH)
            | (u8::from(byte == b'@') * AT)
            | (u8::from(byte == b'+') * PLUS)
            | (u8::from(is_query) * QUERY)
            | (u8::from(!(is_digit | is_letter)) * OTHER);
    }
}

/// The last 1 to 15 bytes of a text, the rest of the lanes filled up.
#[inline(always)]
fn end(text: &[u8], len: usize) -> Lanes {
    let word = if let Some(last) = text.last_chunk::<16>() {
        u128::from_le_bytes(*last) >> (8 * (16 - len))
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        u128::from(u64::from_le_bytes(*first))
            | u128::from(u64::from_le_bytes(*last)) << (8 * (len - 8))
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        u128::from(u32::from_le_bytes(*first))
            | u128::from(u32::from_le_bytes(*last)) << (8 * (len - 4))
    } else {
        let bytes = text.iter().rev();
        bytes.fold(0, |word, &byte| word << 8 | u128::from(byte))
    };
    (word | NEUTRAL << (8 * len)).to_le_bytes()
}

#[inline(always)]
fn halves(lanes: Lanes) -> (u64, u64) {
    let word = u128::from_le_bytes(lanes);
    (word as u64, (word >> 64) as u64)
}

#[inline(always)]
fn sum(lanes: Lanes) -> u32 {
    let eight = |word: u64| (word.wrapping_mul(0x0101_0101_0101_0101) >> 56) as u32;
    let (low, high) = halves(lanes);
    eight(low) + eight(high)
}

/// A set of bytes.
type Set = [bool; 256];

/// Bytes that words consist of: letters, digits, `-` and `_`.
const WORD: Set = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        byte += 1;
    }
    table
};

/// Bytes that long numbers consist of: digits and what stands between groups of them.
const NUMBER: Set = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'0'..=b'9' | b' ' | b'-' | b'.');
        byte += 1;
    }
    table
};

/// Whether there is a word of at least [`LONG_WORD`] bytes.
#[inline]
pub fn has_long_word(text: &[u8]) -> bool {
    has_run(text, &WORD, LONG_WORD)
}

/// Whether a number with this many digits may be there, in groups or not.
#[inline]
pub fn may_have_number(text: &[u8], digits: usize) -> bool {
    has_run(text, &NUMBER, digits)
}

/// Whether so many bytes of a set stand together. Such a run covers one of every `least` bytes.
#[inline(always)]
fn has_run(text: &[u8], set: &Set, least: usize) -> bool {
    let is_in = |at: usize| {
        text.get(at)
            .is_some_and(|&byte| set.get(usize::from(byte)).copied().unwrap_or(false))
    };
    let mut at = least.saturating_sub(1);
    while at < text.len() {
        let mut end = at;
        if is_in(at) {
            let mut start = at;
            while start > 0 && is_in(start - 1) {
                start -= 1;
                if at + 1 - start >= least {
                    return true;
                }
            }
            while is_in(end) {
                end += 1;
                if end - start >= least {
                    return true;
                }
            }
        }
        at = end + least;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_glance_sees_what_a_careful_look_sees(text in "[a-zA-Z0-9]{0,700}[a-c0-9@+?&# é_.-]{0,80}") {
            let bytes = text.as_bytes();
            let features = Features::of(bytes);
            let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
            prop_assert_eq!(features.digits as usize, digits);
            prop_assert_eq!(features.solid, bytes.iter().all(u8::is_ascii_alphanumeric));
            prop_assert_eq!(features.at, text.contains('@'));
            prop_assert_eq!(features.plus, text.contains('+'));
            prop_assert_eq!(features.query, text.contains(['?', '&', '#']));
            prop_assert_eq!(features.high, !text.is_ascii());
        }

        #[test]
        fn long_words_are_found_wherever_they_stand(text in "[a ._]{0,60}") {
            let longest = text
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
                .map(str::len)
                .max();
            prop_assert_eq!(has_long_word(text.as_bytes()), longest >= Some(LONG_WORD));
        }

        #[test]
        fn long_numbers_are_never_overlooked(before in "[a-f0-9 ]{0,40}", number in "([0-9][ .-]?){12}[0-9]") {
            let text = format!("{before}{number}{before}");
            prop_assert!(may_have_number(text.as_bytes(), 13));
            prop_assert!(may_have_number(text.as_bytes(), 9));
        }
    }
}
