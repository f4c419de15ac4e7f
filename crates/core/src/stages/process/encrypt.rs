//! Encrypts the values of fields, so that only who has the key reads them.
//!
//! A value becomes the text `enc:v1:…`: base64url of a 24-byte nonce, the ciphertext and a 16-byte tag.
//! XChaCha20-Poly1305 (RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha-03) encrypts the value's JSON; the
//! name of the field is authenticated with it, so that values cannot change places.
//!
//! The nonce is not random but derived, by HMAC-SHA-256 with a key of its own, from the event's time, the field and
//! the value: a recovery after a crash has to make the same line again to see whether it is on file. Two values share
//! a nonce only if they are the same value in the same field at the same millisecond, which then reveals just that
//! (the construction of RFC 5297 and RFC 8452; 192 bits do not meet by accident).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::XChaCha20Poly1305;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::format::json_value::{Dialect, ValueWriter};
use crate::stages::path_tree::PathTree;
use crate::stages::{Stage, Verdict};
use crate::wire::{Record, RecordWriter, Value};

/// What encrypted values begin with.
pub const PREFIX: &str = "enc:v1:";
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// What stands for a value that could not be encrypted: it is never written in the clear.
const WITHHELD: &str = "[withheld: not encrypted]";

/// A key, from which those of the cipher and of the nonces are derived.
#[derive(Clone)]
pub struct FieldKey {
    cipher: XChaCha20Poly1305,
    nonces: [u8; KEY_BYTES],
}

impl std::fmt::Debug for FieldKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FieldKey")
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

impl FieldKey {
    /// The key that `text` writes: 32 bytes in base64, base64url or hexadecimal. `None` if it does not.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => from_hex(text)?,
            _ => from_base64(text)?,
        };
        if bytes.len() != KEY_BYTES {
            return None;
        }
        let cipher = hmac(&bytes, &[b"fapilog field cipher v1"])?;
        Some(Self {
            cipher: XChaCha20Poly1305::new_from_slice(&cipher).ok()?,
            nonces: hmac(&bytes, &[b"fapilog field nonce v1"])?,
        })
    }

    /// Encrypts a value's JSON.
    pub fn encrypt(&self, field: &str, time_ms: f64, json: &[u8]) -> Option<String> {
        let time = time_ms.to_bits().to_le_bytes();
        let tag = hmac(&self.nonces, &[field.as_bytes(), &time, json])?;
        let nonce: &[u8; NONCE_BYTES] = tag.first_chunk()?;
        let payload = Payload {
            msg: json,
            aad: field.as_bytes(),
        };
        let sealed = self.cipher.encrypt(nonce.into(), payload).ok()?;
        let mut out = PREFIX.to_owned();
        to_base64(&[nonce, sealed.as_slice()].concat(), &mut out);
        Some(out)
    }

    /// The JSON of an encrypted value. `None` if the key, the field or the text is not the right one.
    pub fn decrypt(&self, field: &str, text: &str) -> Option<Vec<u8>> {
        let bytes = from_base64(text.strip_prefix(PREFIX)?)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: field.as_bytes(),
        };
        self.cipher.decrypt(nonce.into(), payload).ok()
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn to_base64(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0u32, |word, &byte| word << 8 | u32::from(byte))
            << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            let index = (word >> (18 - 6 * at)) as usize & 63;
            out.push(char::from(BASE64.get(index).copied().unwrap_or(b'A')));
        }
    }
}

/// Of either alphabet, padded or not.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut word, mut bits) = (0u32, 0);
    for byte in text.bytes() {
        let byte = match byte {
            b'+' => b'-',
            b'/' => b'_',
            byte => byte,
        };
        let index = BASE64.iter().position(|&known| known == byte)?;
        word = word << 6 | u32::try_from(index).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    (word == 0 && bits < 6).then_some(out)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let pairs = digits?;
    Some(
        pairs
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}

/// Encrypts fields by their paths.
#[derive(Debug)]
pub struct Encrypt {
    key: FieldKey,
    /// Each with its name as it was written.
    fields: PathTree<Box<str>>,
    values: ValueWriter,
    json: Vec<u8>,
}

impl Encrypt {
    /// With this key.
    pub fn new(key: FieldKey, fields: PathTree<Box<str>>) -> Self {
        Self {
            key,
            fields,
            values: ValueWriter::new(Dialect::Json),
            json: Vec::new(),
        }
    }
}

impl Stage for Encrypt {
    fn apply(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Verdict {
        if !self.fields.is_in(record) {
            return Verdict::Unchanged;
        }
        let (key, values, json) = (&self.key, &mut self.values, &mut self.json);
        let time = record.time_ms();
        self.fields
            .rewrite(record, out, |field, token, bytes, tokens, _, out| {
                if let Value::Undefined = token.value {
                    return out.copy(bytes);
                }
                json.clear();
                values.value(token.value, tokens, json);
                json.pop();
                match key.encrypt(field, time, json) {
                    Some(text) => out.string_like(bytes, &text),
                    None => out.marker_like(bytes, WITHHELD),
                }
            });
        Verdict::Changed
    }
}
