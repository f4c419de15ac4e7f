//! How one event looks as bytes, and how to read it back.
//!
//! A record is a header of six 32-bit little-endian words (see `schemas/wire.json`) followed by tokens.
//! A token is one word, `tag | key << 8`, followed by the payload of its tag:
//!
//! | tag | payload |
//! | --- | --- |
//! | `NULL` `UNDEFINED` `FALSE` `TRUE` `CLOSE` | none |
//! | `INT32` | one word |
//! | `FLOAT64` `DATE` | two words: the bits of a double, low word first |
//! | `STRING_REF` | one word: dictionary id |
//! | `STRING_LATIN1` `STRING_UTF16` `STRING_UTF8` | byte length, then the bytes padded to a word |
//! | `BIGINT` `FUNCTION` `SYMBOL` `MARKER` | a text: `byte length << 2 \| encoding`, then the bytes |
//! | `SCOPE` | none; the key bits are the dictionary id of tokens that stand here |
//! | `OBJECT_START` `ARRAY_START` `ERROR_START` | none; entries follow up to the matching `CLOSE` |
//!
//! `key` is a dictionary id, 0 for none (array elements and the message), or `KEY_INLINE`: then a text
//! with the key's name comes between the token word and the payload. The first token of an event is its
//! message; the rest are its top-level fields, scope first. A zero word (`END`) or the record's end stops
//! the tokens.
//!
//! Memory written by JavaScript is not trusted: every read is bounds-checked, and a damaged record yields
//! the tokens before the damage, balanced, with [`Tokens::damaged`] set.

pub mod decode;
pub mod dictionary;
pub mod encode;
pub mod envelope;
pub mod frame;
pub mod layout;
pub mod text;

pub use decode::{Record, Records, Token, Tokens, Value};
pub use dictionary::{Dictionary, Entry, OwnStrings};
pub use encode::RecordWriter;
pub use frame::{Frame, Frames};
pub use text::{Key, Text};
