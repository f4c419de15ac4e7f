//! Text for people: whatever could move the cursor, recolour, reorder or break a line is shown, not sent.
//!
//! Escaped are the control characters (C0 with ESC, DEL, C1), the separators U+2028 and U+2029 and the
//! bidirectional controls U+202A to U+202E and U+2066 to U+2069.

use super::append::append;
use super::json_text::{plain_run, write_unicode_escape};
use crate::wire::text::utf16_chars;
use crate::wire::Text;

/// Whether a character is escaped everywhere.
#[inline]
pub(crate) fn is_hidden(char: char) -> bool {
    matches!(char,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}')
}

/// Whether a value has to be quoted to be read as one: it is empty, or holds white space, a quote, an
/// equals sign or a hidden character.
pub(crate) fn needs_quotes(text: Text<'_>) -> bool {
    text.is_empty() || has(text, SPECIAL)
}

/// Whether a text among others needs quotes: as [`needs_quotes`], or it holds their punctuation.
pub(crate) fn needs_quotes_nested(text: Text<'_>) -> bool {
    text.is_empty() || has(text, SPECIAL | PUNCTUATION)
}

/// A character that makes a value need quotes anywhere.
const SPECIAL: u8 = 1;
/// A character that makes it need them in a container.
const PUNCTUATION: u8 = 2;

/// The classes of the first 256 characters.
const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match code as u8 {
            // Controls, white space (NEL and the no-break space are among it), quote and equals sign.
            0..=b' ' | 0x7f..=0xa0 | b'"' | b'=' => SPECIAL,
            b',' | b':' | b'{' | b'}' | b'[' | b']' => PUNCTUATION,
            _ => 0,
        };
        code += 1;
    }
    table
}

/// Whether `text` holds a character of these classes.
fn has(text: Text<'_>, wanted: u8) -> bool {
    let of_char = |char: char| match u8::try_from(u32::from(char)) {
        Ok(code) => CLASSES[usize::from(code)] & wanted != 0,
        Err(_) => wanted & SPECIAL != 0 && (char.is_whitespace() || is_hidden(char)),
    };
    let of_bytes = |bytes: &[u8]| {
        let mut seen = 0;
        for &byte in bytes {
            seen |= CLASSES[usize::from(byte)];
        }
        seen & wanted != 0
    };
    match text {
        Text::Latin1(bytes) => of_bytes(bytes),
        Text::Utf8(text) if text.is_ascii() => of_bytes(text.as_bytes()),
        Text::Interned(entry) if entry.text().is_ascii() => of_bytes(entry.text().as_bytes()),
        Text::Utf16(bytes) => utf16_chars(bytes).any(of_char),
        Text::Utf8(text) => text.chars().any(of_char),
        Text::Interned(entry) => entry.text().chars().any(of_char),
    }
}

/// Appends `text` with hidden characters escaped: `\n`, `\u001b`.
pub(crate) fn write(out: &mut Vec<u8>, text: Text<'_>) {
    write_escaped(out, text, |char| char == '\0');
}

/// As [`write`], of a string.
pub fn write_str(out: &mut Vec<u8>, text: &str) {
    write(out, Text::Utf8(text));
}

/// Appends `text` in double quotes; quotes and backslashes in it are escaped, too.
pub(crate) fn write_quoted(out: &mut Vec<u8>, text: Text<'_>) {
    out.push(b'"');
    write_escaped(out, text, |char| matches!(char, '"' | '\\'));
    out.push(b'"');
}

/// Appends `text`, quoted when it has to be.
pub(crate) fn write_value(out: &mut Vec<u8>, text: Text<'_>) {
    if needs_quotes(text) {
        write_quoted(out, text);
    } else {
        write(out, text);
    }
}

/// `slashed` characters get a backslash before them.
fn write_escaped(out: &mut Vec<u8>, text: Text<'_>, slashed: impl Fn(char) -> bool) {
    let bytes = match text {
        Text::Latin1(bytes) => bytes,
        Text::Utf8(text) => text.as_bytes(),
        Text::Interned(entry) => entry.text().as_bytes(),
        Text::Utf16(_) => &[],
    };
    let plain = plain_run(bytes);
    let (run, rest) = bytes.split_at(plain);
    append(out, run);
    match text {
        Text::Latin1(_) => {
            for &byte in rest {
                write_char(out, char::from(byte), &slashed);
            }
        }
        Text::Utf16(bytes) => {
            for char in utf16_chars(bytes) {
                write_char(out, char, &slashed);
            }
        }
        Text::Utf8(text) => write_chars(out, text.get(plain..), &slashed),
        Text::Interned(entry) => write_chars(out, entry.text().get(plain..), &slashed),
    }
}

fn write_chars(out: &mut Vec<u8>, text: Option<&str>, slashed: &impl Fn(char) -> bool) {
    for char in text.unwrap_or_default().chars() {
        write_char(out, char, slashed);
    }
}

fn write_char(out: &mut Vec<u8>, char: char, slashed: &impl Fn(char) -> bool) {
    match char {
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        // Hidden characters are all in the basic plane.
        _ if is_hidden(char) => write_unicode_escape(out, u32::from(char) as u16),
        _ => {
            if slashed(char) {
                out.push(b'\\');
            }
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>, Text<'_>), text: Text<'_>) -> String {
        let mut out = Vec::new();
        write(&mut out, text);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        let hostile = Text::Utf8("a\u{1b}[31m\r\n\u{9b}\u{202e}\u{2066}\u{2028}é\\\"");
        let shown = "a\\u001b[31m\\r\\n\\u009b\\u202e\\u2066\\u2028é";
        assert_eq!(text(write, hostile), format!("{shown}\\\""));
        assert_eq!(text(write_quoted, hostile), format!("\"{shown}\\\\\\\"\""));
        assert_eq!(text(write, Text::Latin1(b"\xe9\x9b")), "é\\u009b");
    }

    #[test]
    fn every_character_needs_quotes_as_it_should_in_every_encoding() {
        for char in '\0'..=char::MAX {
            let special = matches!(char, '"' | '=') || char.is_whitespace() || is_hidden(char);
            let nested = special || matches!(char, ',' | ':' | '{' | '}' | '[' | ']');
            let (mut utf8, mut utf16) = ([0; 4], [0; 2]);
            let units = char.encode_utf16(&mut utf16).iter();
            let bytes: Vec<u8> = units.flat_map(|unit| unit.to_le_bytes()).collect();
            let latin1 = u8::try_from(u32::from(char)).map(|byte| [byte]);
            let texts = [
                Text::Utf8(char.encode_utf8(&mut utf8)),
                Text::Utf16(&bytes),
                latin1
                    .as_ref()
                    .map_or(Text::Utf16(&bytes), |byte| Text::Latin1(byte)),
            ];
            for text in texts {
                assert_eq!(needs_quotes(text), special, "{char:?} {text:?}");
                assert_eq!(needs_quotes_nested(text), nested, "{char:?} {text:?}");
            }
        }
    }

    #[test]
    fn values_are_quoted_only_when_they_have_to_be() {
        for (value, expected) in [
            ("plain-1.5", "plain-1.5"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a=b", "\"a=b\""),
            ("tab\t", "\"tab\\t\""),
        ] {
            assert_eq!(text(write_value, Text::Utf8(value)), expected);
        }
    }
}
