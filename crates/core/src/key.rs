//! Keys of the application, as its environment holds them, and the keys that are made from one.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::base64;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// A key. What is encrypted uses keys derived from it, one for each purpose.
#[derive(Clone)]
pub struct Key([u8; KEY_BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The key that `text` writes: 32 bytes in base64, base64url or hexadecimal. `None` if it does not.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => from_hex(text)?,
            _ => base64::decode(text)?,
        };
        bytes.try_into().ok().map(Self)
    }

    /// The key in a variable of the environment; the key itself is in no document.
    ///
    /// # Errors
    /// What is wrong with the variable, for people; never what it holds.
    pub fn of_variable(variable: &str) -> std::result::Result<Self, String> {
        let Ok(text) = std::env::var(variable) else {
            return Err(format!("{variable} is not set"));
        };
        Self::parse(&text)
            .ok_or_else(|| format!("{variable} holds no 32 bytes in base64 or hexadecimal"))
    }

    /// The key for one purpose.
    pub fn derive(&self, purpose: &[u8]) -> Option<[u8; KEY_BYTES]> {
        hmac(&self.0, &[purpose])
    }
}

/// HMAC-SHA-256 of several parts, each with its length before it.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
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
