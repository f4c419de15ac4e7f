//! JSON string literals: escaping of every text encoding that a record can carry.
//!
//! Escaped beyond what JSON demands, so that a line stays one line in every terminal, editor and log
//! viewer: DEL and the C1 controls (U+007F to U+009F) and the separators U+2028 and U+2029. The output is
//! always valid UTF-8; lone surrogates become U+FFFD. No function here allocates, except by growing `out`.

use super::append::append;
use crate::wire::text::utf16_chars;
use crate::wire::{Key, Text};

const HEX: &[u8; 16] = b"0123456789abcdef";
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = ONES << 7;

/// What follows the backslash for an ASCII byte; 0 when the byte stands for itself, `u` for `\u00XX`.
const ESCAPES: [u8; 128] = escapes();

const fn escapes() -> [u8; 128] {
    let mut table = [0u8; 128];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[0x22] = b'"';
    table[0x5c] = b'\\';
    table[0x7f] = b'u';
    table
}

/// Appends `text` as a JSON string literal, quotes included.
pub fn write_str(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_utf8(out, text);
    out.push(b'"');
}

/// Appends a record's text as a JSON string literal, quotes included.
#[inline(always)]
pub fn write_text(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::Interned(entry) => append(out, entry.quoted()),
        Text::Latin1(bytes) if plain_run(bytes) == bytes.len() => {
            out.push(b'"');
            append(out, bytes);
            out.push(b'"');
        }
        other => write_other_text(out, other),
    }
}

/// As [`write_text`], with a comma behind the literal.
#[inline(always)]
pub(crate) fn write_text_and_comma(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::Interned(entry) => {
            append(out, entry.quoted());
            out.push(b',');
        }
        Text::Latin1(bytes) if plain_run(bytes) == bytes.len() => {
            out.push(b'"');
            append(out, bytes);
            out.extend_from_slice(b"\",");
        }
        other => {
            write_other_text(out, other);
            out.push(b',');
        }
    }
}

/// What [`write_text`] does not do in its caller's loop.
#[inline(never)]
fn write_other_text(out: &mut Vec<u8>, text: Text<'_>) {
    out.push(b'"');
    write_text_body(out, text);
    out.push(b'"');
}

/// Appends a record's text escaped but without quotes, for strings put together from several texts.
pub fn write_text_body(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::Interned(entry) => {
            let quoted = entry.quoted();
            out.extend_from_slice(quoted.get(1..quoted.len() - 1).unwrap_or_default());
        }
        Text::Latin1(bytes) => write_latin1(out, bytes),
        Text::Utf8(text) => write_utf8(out, text),
        Text::Utf16(bytes) => write_utf16(out, bytes),
    }
}

/// Appends an object key with its colon. [`Key::None`] (only in damaged records) becomes the empty key.
#[inline(always)]
pub fn write_key(out: &mut Vec<u8>, key: &Key<'_>) {
    match key {
        Key::Interned(entry) => append(out, entry.json_key()),
        Key::Inline(text) => {
            write_other_text(out, *text);
            out.push(b':');
        }
        Key::None => out.extend_from_slice(b"\"\":"),
    }
}

/// Appends `\uXXXX`.
pub(crate) fn write_unicode_escape(out: &mut Vec<u8>, code: u16) {
    let digit = |shift: u16| HEX[usize::from(code >> shift & 15)];
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

/// The high bit of every byte of `word` that is below 0x20, `"`, `\` or at least 0x7f. Only the lowest bit
/// set is exact: a borrow or carry can raise false ones above it.
#[inline]
fn special_bytes(word: u64) -> u64 {
    let equals = |byte: u8| {
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference
    };
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let high = word | word.wrapping_add(ONES);
    (control | equals(b'"') | equals(b'\\') | high) & HIGH_BITS
}

/// Length of the leading run of bytes that need no escape and are ASCII.
#[inline]
pub fn plain_run(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    if tail.is_empty() {
        return bytes.len();
    }
    if let Some(word) = bytes.last_chunk::<8>() {
        // Overlaps bytes that are known to be plain, so that the tail takes one step.
        let special = special_bytes(u64::from_le_bytes(*word));
        return match special {
            0 => bytes.len(),
            _ => bytes.len() - 8 + special.trailing_zeros() as usize / 8,
        };
    }
    if let (Some(low), Some(high)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let word = u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << 32;
        if special_bytes(word) == 0 {
            return bytes.len();
        }
    }
    bytes
        .iter()
        .position(|&byte| ESCAPES.get(usize::from(byte)) != Some(&0))
        .unwrap_or(bytes.len())
}

fn write_ascii_escape(out: &mut Vec<u8>, byte: u8) {
    match ESCAPES.get(usize::from(byte)) {
        Some(0) => out.push(byte),
        Some(b'u') | None => write_unicode_escape(out, u16::from(byte)),
        Some(&letter) => out.extend_from_slice(&[b'\\', letter]),
    }
}

fn write_latin1(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    loop {
        let (plain, special) = rest.split_at(plain_run(rest));
        out.extend_from_slice(plain);
        let Some((&byte, after)) = special.split_first() else {
            return;
        };
        match byte {
            0xa0.. => out.extend_from_slice(&[0xc0 | byte >> 6, 0x80 | byte & 0x3f]),
            0x80.. => write_unicode_escape(out, u16::from(byte)),
            _ => write_ascii_escape(out, byte),
        }
        rest = after;
    }
}

fn write_utf8(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    // Bytes from `start` to `at` are plain and not copied yet.
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        at += plain_run(&bytes[at..]);
        let escape = match bytes[at..] {
            [] => break,
            [byte @ ..=0x7f, ..] => (u16::from(byte), 1),
            [0xc2, low @ 0x80..=0x9f, ..] => (u16::from(low), 2),
            [0xe2, 0x80, low @ (0xa8 | 0xa9), ..] => (0x2028 + u16::from(low - 0xa8), 3),
            _ => {
                at += 1;
                // Past the rest of the character and its neighbours that cannot start an escape.
                while matches!(bytes.get(at), Some(&byte) if byte >= 0x80 && byte != 0xc2 && byte != 0xe2)
                {
                    at += 1;
                }
                continue;
            }
        };
        out.extend_from_slice(&bytes[start..at]);
        match escape {
            (byte, 1) => write_ascii_escape(out, byte as u8),
            (code, _) => write_unicode_escape(out, code),
        }
        at += escape.1;
        start = at;
    }
    out.extend_from_slice(&bytes[start..]);
}

fn write_utf16(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() / 2 * 3);
    for char in utf16_chars(bytes) {
        let code = u32::from(char);
        let low = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
        match code {
            0..=0x7f => write_ascii_escape(out, code as u8),
            0x80..=0x9f | 0x2028 | 0x2029 => write_unicode_escape(out, code as u16),
            0xa0..=0x7ff => out.extend_from_slice(&[0xc0 | (code >> 6) as u8, low(0)]),
            0x800..=0xffff => {
                out.extend_from_slice(&[0xe0 | (code >> 12) as u8, low(6), low(0)]);
            }
            _ => out.extend_from_slice(&[0xf0 | (code >> 18) as u8, low(12), low(6), low(0)]),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn literal(text: Text<'_>) -> String {
        let mut out = Vec::new();
        write_text(&mut out, text);
        let mut body = vec![b'"'];
        write_text_body(&mut body, text);
        body.push(b'"');
        assert_eq!(out, body);
        String::from_utf8(out).unwrap()
    }

    fn utf16(units: &[u16]) -> Vec<u8> {
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    fn needs_escape(char: char) -> bool {
        matches!(char, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
    }

    #[test]
    fn controls_quotes_and_separators_are_escaped() {
        let text = "a\"\\\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}\u{85}\u{9f}\u{a0}é\u{2028}\u{2029}€😀z";
        let expected = "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\\u0085\\u009f\u{a0}é\\u2028\\u2029€😀z\"";
        assert_eq!(literal(Text::Utf8(text)), expected);
        let units: Vec<u16> = text.encode_utf16().collect();
        assert_eq!(literal(Text::Utf16(&utf16(&units))), expected);
        assert_eq!(
            literal(Text::Latin1(b"a\x85\xa0\xe9\x1b[31m")),
            "\"a\\u0085\u{a0}é\\u001b[31m\""
        );
    }

    #[test]
    fn lone_surrogates_become_the_replacement_character() {
        let bytes = utf16(&[0xd800, 0x61, 0xdc00, 0xd83d, 0xde00, 0xd83d]);
        assert_eq!(
            literal(Text::Utf16(&bytes)),
            "\"\u{fffd}a\u{fffd}😀\u{fffd}\""
        );
    }

    #[test]
    fn every_code_unit_round_trips_in_every_encoding() {
        for unit in 0..=u16::MAX {
            let expected = char::from_u32(u32::from(unit))
                .unwrap_or('\u{fffd}')
                .to_string();
            let wide = literal(Text::Utf16(&utf16(&[unit])));
            assert_eq!(serde_json::from_str::<String>(&wide).unwrap(), expected);
            assert_eq!(literal(Text::Utf8(&expected)), wide);
            if let Ok(byte) = u8::try_from(unit) {
                assert_eq!(literal(Text::Latin1(&[byte])), wide);
            }
        }
    }

    proptest! {
        #[test]
        fn any_string_round_trips(text in "(?s).{0,40}") {
            let out = literal(Text::Utf8(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
            prop_assert!(!out.chars().any(needs_escape));
        }

        #[test]
        fn any_bytes_round_trip_as_latin1(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let out = literal(Text::Latin1(&bytes));
            let expected: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), expected);
            prop_assert!(!out.chars().any(needs_escape));
        }

        #[test]
        fn the_plain_run_ends_at_the_first_special_byte(bytes in proptest::collection::vec(prop_oneof![9 => 0x20u8..0x7f, 1 => any::<u8>()], 0..40)) {
            let special = |&byte: &u8| !(0x20..0x7f).contains(&byte) || byte == b'"' || byte == b'\\';
            prop_assert_eq!(plain_run(&bytes), bytes.iter().position(special).unwrap_or(bytes.len()));
        }
    }
}
