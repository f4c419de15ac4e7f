//! Reads an encrypted file as the lines that are in it.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::{damaged, FileKey, Head, Tag, END, FRAME_BYTES, HEADER_BYTES, HEAD_BYTES};

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 64 << 10;

/// How the bytes end that were read so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the frame that says that nothing is missing.
    Sealed,
    /// Behind a whole frame: the file is in use, its process was killed, or its end is missing.
    Open,
    /// In the middle of a frame, which starts at this byte.
    Torn(u64),
}

/// Decrypts what `input` gives. At its end [`SealedReader::ending`] says whether all was there; if more comes later,
/// reading goes on.
#[derive(Debug)]
pub struct SealedReader<R> {
    input: R,
    key: Arc<FileKey>,
    /// `None` before the header.
    tag: Option<Tag>,
    /// Bytes from `position` on.
    raw: Vec<u8>,
    /// Behind the last whole frame that is not the one at the end.
    position: u64,
    plain: Vec<u8>,
    given: usize,
    sealed: bool,
}

impl<R: Read> SealedReader<R> {
    /// Of a file from its first byte on.
    pub fn new(input: R, key: Arc<FileKey>) -> Self {
        Self {
            input,
            key,
            tag: None,
            raw: Vec::new(),
            position: 0,
            plain: Vec::new(),
            given: 0,
            sealed: false,
        }
    }

    /// Gives back where the bytes come from.
    pub fn into_input(self) -> R {
        self.input
    }

    /// How the file ends, once reading has given nothing.
    pub fn ending(&self) -> Ending {
        match self.raw.is_empty() {
            _ if self.sealed => Ending::Sealed,
            true => Ending::Open,
            false => Ending::Torn(self.position),
        }
    }

    /// Takes the next frame out of `raw`, if it is there.
    fn take_frame(&mut self) -> io::Result<bool> {
        let Some(mut tag) = self.tag else {
            let Some(header) = self.raw.first_chunk::<HEADER_BYTES>() else {
                return Ok(false);
            };
            self.tag = Some(self.key.check(header)?);
            self.skip(HEADER_BYTES);
            return Ok(true);
        };
        let Some(head) = self.raw.first_chunk::<HEAD_BYTES>() else {
            return Ok(false);
        };
        let wrong = |what: &str| Err(damaged(format!("at byte {} {what}", self.position)));
        if self.sealed {
            return match self.raw.len() == FRAME_BYTES {
                true => Ok(false),
                false => wrong("is its end, and yet there is more"),
            };
        }
        let Some(head) = Head::of(head) else {
            return wrong("it is damaged: no frame starts there");
        };
        let Some(frame) = self.raw.get(..head.frame_bytes()) else {
            return Ok(false);
        };
        let Some(content) = self.key.open(frame, &mut tag) else {
            return wrong("it is damaged, or something before that is missing, repeated or moved");
        };
        if head.kind == END {
            // It stays in `raw`: whoever goes on with the file writes over it.
            self.sealed = true;
            return self.take_frame();
        }
        let bytes = head.frame_bytes();
        self.tag = Some(tag);
        self.plain = content;
        self.given = 0;
        self.skip(bytes);
        Ok(true)
    }

    fn skip(&mut self, bytes: usize) {
        self.raw.drain(..bytes);
        self.position += bytes as u64;
    }
}

impl<R: Read + Seek> SealedReader<R> {
    /// Goes back behind the last whole frame, to read what was not whole, or the end, anew: it may have been written
    /// over.
    ///
    /// # Errors
    /// That of seeking.
    pub fn retreat(&mut self) -> io::Result<()> {
        if !self.raw.is_empty() {
            self.input.seek(SeekFrom::Start(self.position))?;
            self.raw.clear();
            self.sealed = false;
        }
        Ok(())
    }

    /// Where the last whole frame ends that is not the one at the end.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Where the bytes come from.
    pub fn input(&self) -> &R {
        &self.input
    }
}

impl<R: Read> Read for SealedReader<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.plain.get(self.given..).unwrap_or_default();
            if !left.is_empty() || room.is_empty() {
                let count = left.len().min(room.len());
                for (to, from) in room.iter_mut().zip(left) {
                    *to = *from;
                }
                self.given += count;
                return Ok(count);
            }
            if self.take_frame()? {
                continue;
            }
            let known = self.raw.len();
            self.raw.resize(known + CHUNK_BYTES, 0);
            let read = self
                .input
                .read(self.raw.get_mut(known..).unwrap_or_default());
            self.raw
                .truncate(known + read.as_ref().map_or(0, |&read| read));
            if read? == 0 {
                return Ok(0);
            }
        }
    }
}
