//! Text beyond ASCII as detectors see it: digits, dashes, spaces and letters that look like ASCII ones become
//! those, and what nobody sees is gone. Keeps the way back to the text as it was.

/// Stands for a letter or digit that is none of ASCII.
pub const LETTER: u8 = 0xff;
/// Stands for anything else.
const OTHER: u8 = 0x80;

/// First digits of the scripts that people write numbers in.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xaa50, 0xabf0, 0x104a0, 0x11066,
];

/// A text and where each of its bytes comes from, in memory that is used again.
#[derive(Clone, Debug, Default)]
pub struct Unfolded {
    bytes: Vec<u8>,
    /// Start and end of the character that each byte stands for.
    origins: Vec<(u32, u32)>,
}

impl Unfolded {
    /// Unfolds a text.
    pub fn unfold(&mut self, text: &str) {
        self.bytes.clear();
        self.origins.clear();
        for (start, c) in text.char_indices() {
            if let Some(byte) = plain(c) {
                self.bytes.push(byte);
                let start = u32::try_from(start).unwrap_or(u32::MAX);
                self.origins
                    .push((start, start.saturating_add(c.len_utf8() as u32)));
            }
        }
    }

    /// One byte a character.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where bytes `start..end` stand in the text.
    pub fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.origins.get(start).map_or(0, |origin| origin.0);
        let to = end.checked_sub(1).and_then(|last| self.origins.get(last));
        (from as usize, to.map_or(from, |origin| origin.1) as usize)
    }
}

fn plain(c: char) -> Option<u8> {
    let code = c as u32;
    let byte = match c {
        '\0'..='\x7f' => code as u8,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => return None,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            b' '
        }
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => b'-',
        '\u{ff01}'..='\u{ff5e}' => (code - 0xfee0) as u8,
        '\u{1d7ce}'..='\u{1d7ff}' => b'0' + ((code - 0x1d7ce) % 10) as u8,
        '\u{1fbf0}'..='\u{1fbf9}' => b'0' + (code - 0x1fbf0) as u8,
        _ => {
            let zero = ZEROS
                .iter()
                .find(|&&zero| (zero..zero + 10).contains(&code));
            match zero {
                Some(zero) => b'0' + (code - zero) as u8,
                None if c.is_alphanumeric() => LETTER,
                None => OTHER,
            }
        }
    };
    Some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_ascii_becomes_it_and_finds_its_way_back() {
        let text = "a\u{200b}１\u{2013}٣é€\u{1d7d9}\u{a0}Ｚ";
        let mut unfolded = Unfolded::default();
        unfolded.unfold(text);
        assert_eq!(
            unfolded.bytes(),
            [b'a', b'1', b'-', b'3', LETTER, OTHER, b'1', b' ', b'Z']
        );
        for (at, origin) in [
            "a",
            "１",
            "\u{2013}",
            "٣",
            "é",
            "€",
            "\u{1d7d9}",
            "\u{a0}",
            "Ｚ",
        ]
        .iter()
        .enumerate()
        {
            let (start, end) = unfolded.original(at, at + 1);
            assert_eq!(text.get(start..end), Some(*origin));
        }
        // What nobody sees goes with what it stands in.
        let (start, end) = unfolded.original(0, 2);
        assert_eq!(text.get(start..end), Some("a\u{200b}１"));
    }
}
