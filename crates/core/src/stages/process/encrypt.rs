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

use crate::base64;
use crate::format::json_value::{Dialect, ValueWriter};
use crate::key::{hmac, Key, KEY_BYTES};
use crate::stages::path_tree::PathTree;
use crate::stages::{Stage, Verdict};
use crate::wire::{Record, RecordWriter, Value};

/// What encrypted values begin with.
pub const PREFIX: &str = "enc:v1:";
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

impl FieldKey {
    /// Derived from a key of the application.
    pub fn derive(key: &Key) -> Option<Self> {
        let cipher = key.derive(b"fapilog field cipher v1")?;
        Some(Self {
            cipher: XChaCha20Poly1305::new_from_slice(&cipher).ok()?,
            nonces: key.derive(b"fapilog field nonce v1")?,
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
        base64::encode(&[nonce, sealed.as_slice()].concat(), &mut out);
        Some(out)
    }

    /// The JSON of an encrypted value. `None` if the key, the field or the text is not the right one.
    pub fn decrypt(&self, field: &str, text: &str) -> Option<Vec<u8>> {
        let bytes = base64::decode(text.strip_prefix(PREFIX)?)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: field.as_bytes(),
        };
        self.cipher.decrypt(nonce.into(), payload).ok()
    }
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
