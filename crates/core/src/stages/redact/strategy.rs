//! What is written instead of a secret.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// Fewer letters and digits than this are masked whole: four of them would be too many.
const MIN_FOR_LAST_4: usize = 8;
/// Bytes of the digest that are shown, in hexadecimal.
const HASH_BYTES: usize = 16;

/// What happens to a value that a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// A mask stands in its place.
    #[default]
    Mask,
    /// The mask, and the last four letters or digits of what has at least eight.
    #[serde(rename = "keep-last-4")]
    KeepLast4,
    /// A keyed hash: equal values stay recognisable as equal, nothing else does.
    Hash,
    /// Nothing stands in its place: the field is left out, the text is cut out.
    Remove,
}

/// Writes what stands in the place of secrets.
#[derive(Clone)]
pub struct Censor {
    mask: Box<str>,
    key: Option<Hmac<Sha256>>,
}

impl Censor {
    /// A censor. Without a key, hashes become masks: an unkeyed hash of a card number is easily reversed.
    pub fn new(mask: &str, key: Option<&[u8]>) -> Self {
        Self {
            mask: mask.into(),
            key: key.and_then(|key| Hmac::new_from_slice(key).ok()),
        }
    }

    /// The mask.
    pub fn mask(&self) -> &str {
        &self.mask
    }

    /// What stands in the place of `secret`; empty under [`Strategy::Remove`].
    pub fn censored(&self, strategy: Strategy, secret: &str) -> String {
        let mut text = String::new();
        self.write(strategy, secret, &mut text);
        text
    }

    /// Appends what stands in the place of `secret`.
    pub fn write(&self, strategy: Strategy, secret: &str, out: &mut String) {
        match strategy {
            Strategy::Mask => out.push_str(&self.mask),
            Strategy::Remove => {}
            Strategy::KeepLast4 => {
                out.push_str(&self.mask);
                let count = secret.chars().filter(|c| c.is_alphanumeric()).count();
                if count >= MIN_FOR_LAST_4 {
                    let kept = secret.chars().filter(|c| c.is_alphanumeric());
                    out.extend(kept.skip(count - 4));
                }
            }
            Strategy::Hash => match &self.key {
                None => out.push_str(&self.mask),
                Some(key) => {
                    let mut mac = key.clone();
                    mac.update(secret.as_bytes());
                    out.push_str("hmac:");
                    for byte in mac.finalize().into_bytes().iter().take(HASH_BYTES) {
                        for digit in [byte >> 4, byte & 15] {
                            out.extend(char::from_digit(u32::from(digit), 16));
                        }
                    }
                }
            },
        }
    }
}

impl std::fmt::Debug for Censor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the key.
        f.debug_struct("Censor")
            .field("mask", &self.mask)
            .field("keyed", &self.key.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_writes_what_it_says() {
        let censor = Censor::new("***", Some(b"key"));
        let card = "4111 1111 1111 1234";
        assert_eq!(censor.censored(Strategy::Mask, card), "***");
        assert_eq!(censor.censored(Strategy::KeepLast4, card), "***1234");
        assert_eq!(censor.censored(Strategy::KeepLast4, "1234567"), "***");
        assert_eq!(censor.censored(Strategy::Remove, card), "");
    }

    #[test]
    fn a_hash_is_hmac_sha_256_and_without_a_key_a_mask() {
        // printf 'The quick brown fox jumps over the lazy dog' | openssl dgst -sha256 -hmac key
        let text = "The quick brown fox jumps over the lazy dog";
        let keyed = Censor::new("***", Some(b"key"));
        assert_eq!(
            keyed.censored(Strategy::Hash, text),
            "hmac:f7bc83f430538424b13298e6aa6fb143"
        );
        assert_ne!(
            Censor::new("***", Some(b"other")).censored(Strategy::Hash, text),
            keyed.censored(Strategy::Hash, text)
        );
        assert_eq!(
            Censor::new("***", None).censored(Strategy::Hash, text),
            "***"
        );
    }
}
