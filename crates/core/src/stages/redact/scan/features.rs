//! What can be told about a text at a glance.

/// A word of this many bytes is worth a closer look: `-----BEGIN` is the shortest that matters.
pub const LONG_WORD: usize = 10;

/// Characters without which detectors cannot match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// At least the ASCII digits; some are counted twice.
    pub digits: u32,
    /// There is an `@`.
    pub at: bool,
    /// There is a `+`.
    pub plus: bool,
    /// There is a `?`, `&` or `#`.
    pub query: bool,
    /// There is a byte beyond ASCII.
    pub high: bool,
}

impl Features {
    /// Looks at every byte once.
    #[inline]
    pub fn of(text: &[u8]) -> Self {
        let mut features = Self::default();
        let (chunks, rest) = text.as_chunks::<16>();
        for chunk in chunks {
            features.look(chunk);
        }
        if rest.is_empty() {
            return features;
        }
        // The end once more rather than its bytes one by one.
        if let Some(last) = text.last_chunk::<16>() {
            features.look(last);
        } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>())
        {
            features.look(first);
            features.look(last);
        } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>())
        {
            features.look(first);
            features.look(last);
        } else {
            for &byte in rest {
                features.look(&[byte]);
            }
        }
        features
    }

    #[inline(always)]
    fn look<const N: usize>(&mut self, chunk: &[u8; N]) {
        let (mut digits, mut at, mut plus, mut query, mut high) = (0u8, 0u8, 0u8, 0u8, 0u8);
        for &byte in chunk {
            digits += u8::from(byte.wrapping_sub(b'0') < 10);
            at |= u8::from(byte == b'@');
            plus |= u8::from(byte == b'+');
            query |= u8::from(byte == b'?') | u8::from(byte == b'&') | u8::from(byte == b'#');
            high |= byte;
        }
        self.digits += u32::from(digits);
        self.at |= at != 0;
        self.plus |= plus != 0;
        self.query |= query != 0;
        self.high |= high >= 0x80;
    }

    /// Whether there are digits enough for one of the numbers that are looked for.
    #[inline]
    pub fn has_numbers(&self) -> bool {
        self.digits >= 9 || (self.plus && self.digits >= 7)
    }
}

/// Bytes that words consist of: letters, digits, `-` and `_`.
const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        byte += 1;
    }
    table
};

/// Whether there is a word of at least [`LONG_WORD`] bytes. Such a word covers one of every ten bytes.
#[inline]
pub fn has_long_word(text: &[u8]) -> bool {
    let is_word = |at: usize| {
        text.get(at)
            .is_some_and(|&byte| WORD.get(usize::from(byte)).copied().unwrap_or(false))
    };
    let mut at = LONG_WORD - 1;
    while at < text.len() {
        let mut end = at;
        if is_word(at) {
            let mut start = at;
            while start > 0 && is_word(start - 1) {
                start -= 1;
                if at + 1 - start >= LONG_WORD {
                    return true;
                }
            }
            while is_word(end) {
                end += 1;
                if end - start >= LONG_WORD {
                    return true;
                }
            }
        }
        at = end + LONG_WORD;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_glance_sees_what_a_careful_look_sees(text in "[a-c0-9@+?&# é_.-]{0,80}") {
            let bytes = text.as_bytes();
            let features = Features::of(bytes);
            let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
            prop_assert!(features.digits as usize >= digits);
            prop_assert!(features.digits as usize <= digits * 2);
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
    }
}
