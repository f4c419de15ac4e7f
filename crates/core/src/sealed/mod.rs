//! Encrypted log files: what their bytes mean.
//!
//! ```text
//! file   = header frame*
//! header = magic (8)  key id (8)  salt (16)
//! frame  = kind (1)  length (4, little endian)  nonce (24)  ciphertext (length)  tag (16)
//! ```
//!
//! Every append is one frame or more, so that a process that is killed leaves a file that can be read up to its last
//! whole frame. A frame is encrypted by XChaCha20-Poly1305 and authenticated together with its kind, its length and the
//! tag of the frame before it (the salt, for the first): frames that are changed, left out, repeated or moved, within a
//! file or between files, are noticed. A file that nobody writes to any more ends with a frame of the kind [`END`];
//! without it something may be missing. Whoever goes on with the file takes that frame away first.
//!
//! Nonces are derived from the tag before and the content (see `stages::process::encrypt`), not drawn: no source of
//! randomness can fail, and a write that is tried again repeats no nonce with another content.

mod reader;
mod writer;

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::XChaCha20Poly1305;

pub use reader::{Ending, SealedReader};
pub use writer::SealedWriter;

use crate::key::{hmac, Key, KEY_BYTES};

/// What encrypted files begin with: no text does, and no gzip file.
pub const MAGIC: [u8; 8] = *b"\xffFAPLOG\x01";
/// Bytes of a file before its first frame.
pub const HEADER_BYTES: usize = MAGIC.len() + ID_BYTES + TAG_BYTES;
/// Bytes of a frame beside its content.
pub const FRAME_BYTES: usize = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;
/// Most content of a frame.
pub const MAX_CONTENT: usize = 256 << 10;

/// A frame of lines.
pub const LINES: u8 = b'L';
/// The frame at the end of a file that is complete; it is empty.
pub const END: u8 = b'E';

const ID_BYTES: usize = 8;
pub const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// Kind and length.
pub const HEAD_BYTES: usize = 5;

/// What a frame is tied to: the tag of the one before it, or the salt.
pub type Tag = [u8; TAG_BYTES];

/// Keys of encrypted files, derived from one of the application.
#[derive(Clone)]
pub struct FileKey {
    cipher: XChaCha20Poly1305,
    nonces: [u8; KEY_BYTES],
    id: [u8; ID_BYTES],
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey")
    }
}

impl PartialEq for FileKey {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl FileKey {
    /// Derived from a key of the application.
    ///
    /// # Errors
    /// Never: keys of this length fit.
    pub fn derive(key: &Key) -> io::Result<Self> {
        let unfit = || io::Error::other("the key cannot be used");
        let derive = |purpose: &[u8]| key.derive(purpose).ok_or_else(unfit);
        let cipher = derive(b"fapilog file cipher v1")?;
        let id = derive(b"fapilog file id v1")?;
        Ok(Self {
            cipher: XChaCha20Poly1305::new_from_slice(&cipher).map_err(|_| unfit())?,
            nonces: derive(b"fapilog file nonce v1")?,
            id: *id.first_chunk().ok_or_else(unfit)?,
        })
    }

    /// The start of a new file, and what its first frame is tied to.
    ///
    /// # Errors
    /// As [`FileKey::seal`].
    pub fn start(&self) -> io::Result<([u8; HEADER_BYTES], Tag)> {
        // Has to be another one in each file, not a secret.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_nanos().to_le_bytes();
        let hashed = RandomState::new()
            .hash_one(std::process::id())
            .to_le_bytes();
        let salt = hmac(&self.nonces, &[b"salt", &now, &hashed]);
        let salt = salt.ok_or_else(|| io::Error::other("no salt"))?;
        let mut header = [0; HEADER_BYTES];
        let parts = MAGIC.iter().chain(&self.id).chain(&salt);
        for (to, from) in header.iter_mut().zip(parts) {
            *to = *from;
        }
        let tag = header
            .last_chunk()
            .ok_or_else(|| io::Error::other("no salt"))?;
        Ok((header, *tag))
    }

    /// What the first frame behind this header is tied to.
    ///
    /// # Errors
    /// It is no header, or one of another key.
    pub fn check(&self, header: &[u8; HEADER_BYTES]) -> io::Result<Tag> {
        let Some(rest) = header.strip_prefix(&MAGIC) else {
            return Err(damaged("it is not encrypted".to_owned()));
        };
        let (Some(id), Some(salt)) = (rest.first_chunk::<ID_BYTES>(), rest.last_chunk()) else {
            return Err(damaged("its start is damaged".to_owned()));
        };
        if *id != self.id {
            let (its, ours) = (shown(*id), shown(self.id));
            let what = format!("it is encrypted with another key (its id is {its}, not {ours})");
            return Err(damaged(what));
        }
        Ok(*salt)
    }

    /// Appends a frame to `out`. `tag` is what it is tied to, and is what the next one is tied to then.
    ///
    /// # Errors
    /// The cipher refuses; nothing does that for content of this size.
    pub fn seal(
        &self,
        kind: u8,
        content: &[u8],
        tag: &mut Tag,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let failed = || io::Error::other("a frame cannot be encrypted");
        let length = u32::try_from(content.len()).map_err(|_| failed())?;
        let bound = bound(kind, length, tag);
        let nonce = hmac(&self.nonces, &[&bound, content]).ok_or_else(failed)?;
        let nonce: &[u8; NONCE_BYTES] = nonce.first_chunk().ok_or_else(failed)?;
        let payload = Payload {
            msg: content,
            aad: &bound,
        };
        let sealed = self
            .cipher
            .encrypt(nonce.into(), payload)
            .map_err(|_| failed())?;
        out.push(kind);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(nonce);
        out.extend_from_slice(&sealed);
        *tag = *sealed.last_chunk().ok_or_else(failed)?;
        Ok(())
    }

    /// The content of a whole frame, if it is the one behind `tag`, which then is that of this one.
    pub fn open(&self, frame: &[u8], tag: &mut Tag) -> Option<Vec<u8>> {
        let (head, rest) = frame.split_first_chunk::<HEAD_BYTES>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let Head { kind, length } = Head::of(head)?;
        let bound = bound(kind, length, tag);
        let payload = Payload {
            msg: sealed,
            aad: &bound,
        };
        let content = self.cipher.decrypt(nonce.into(), payload).ok()?;
        *tag = *sealed.last_chunk()?;
        Some(content)
    }
}

/// What is authenticated with a frame.
fn bound(kind: u8, length: u32, tag: &Tag) -> [u8; HEAD_BYTES + TAG_BYTES] {
    let mut bound = [0; HEAD_BYTES + TAG_BYTES];
    let parts = [kind].into_iter().chain(length.to_le_bytes()).chain(*tag);
    for (to, from) in bound.iter_mut().zip(parts) {
        *to = from;
    }
    bound
}

fn shown(id: [u8; ID_BYTES]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands before a frame.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub kind: u8,
    length: u32,
}

impl Head {
    /// `None` if no frame starts like this.
    pub fn of(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let [kind, length @ ..] = *bytes;
        let length = u32::from_le_bytes(length);
        let fits = match kind {
            LINES => length as usize <= MAX_CONTENT,
            END => length == 0,
            _ => false,
        };
        fits.then_some(Self { kind, length })
    }

    /// Bytes of the whole frame.
    pub fn frame_bytes(self) -> usize {
        FRAME_BYTES + self.length as usize
    }
}

/// How much of `lines` the next frame takes: whole lines if one fits.
pub fn content_of(lines: &[u8]) -> &[u8] {
    let Some(most) = lines.get(..MAX_CONTENT) else {
        return lines;
    };
    let end = memchr::memrchr(b'\n', most).map_or(MAX_CONTENT, |at| at + 1);
    most.get(..end).unwrap_or(most)
}

#[cfg(test)]
mod tests;
