//! Text as it travels: raw code units of one of three encodings, or an interned dictionary entry.

use std::borrow::Cow;

use super::dictionary::Entry;

/// A borrowed piece of text of a record.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// One byte per code unit, U+0000 to U+00FF (ASCII included).
    Latin1(&'a [u8]),
    /// Little-endian UTF-16 code units; lone surrogates are possible.
    Utf16(&'a [u8]),
    /// UTF-8, checked when read.
    Utf8(&'a str),
    /// An interned string, already validated and escaped.
    Interned(&'a Entry),
}

impl<'a> Text<'a> {
    /// The text as UTF-8; lone surrogates become U+FFFD. Borrows when no conversion is needed.
    pub fn to_str(self) -> Cow<'a, str> {
        match self {
            Text::Latin1(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if text.is_ascii() => Cow::Borrowed(text),
                _ => Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect()),
            },
            Text::Utf16(bytes) => Cow::Owned(utf16_chars(bytes).collect()),
            Text::Utf8(text) => Cow::Borrowed(text),
            Text::Interned(entry) => Cow::Borrowed(entry.text()),
        }
    }

    /// Whether there is no character at all.
    pub fn is_empty(self) -> bool {
        match self {
            Text::Latin1(bytes) | Text::Utf16(bytes) => bytes.is_empty(),
            Text::Utf8(text) => text.is_empty(),
            Text::Interned(entry) => entry.text().is_empty(),
        }
    }
}

/// Characters of little-endian UTF-16 bytes; a lone surrogate is U+FFFD, an odd last byte is ignored.
pub fn utf16_chars(bytes: &[u8]) -> impl Iterator<Item = char> + '_ {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The key of an entry.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// No key: an array element, the message, or a `CLOSE`.
    None,
    /// An interned key.
    Interned(&'a Entry),
    /// A key that travels with the event, because the dictionary is full.
    Inline(Text<'a>),
}

impl<'a> Key<'a> {
    /// The key as UTF-8; empty for [`Key::None`].
    pub fn to_str(self) -> Cow<'a, str> {
        match self {
            Key::None => Cow::Borrowed(""),
            Key::Interned(entry) => Cow::Borrowed(entry.text()),
            Key::Inline(text) => text.to_str(),
        }
    }
}
