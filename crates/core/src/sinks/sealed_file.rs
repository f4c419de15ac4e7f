//! A file that is appended to encrypted (see [`crate::sealed`]), also by several processes.
//!
//! Each append goes behind the last whole frame, whoever has written it: they take turns, and look at what the others
//! have appended meanwhile. What a killed process has left of a frame is cut off, and so is the frame that said that
//! the file was complete.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use super::active_file::{AppendFile, FileStatus};
use super::file_lock::{AppendLock, RotationLock};
use crate::sealed::{
    content_of, FileKey, Head, Tag, END, FRAME_BYTES, HEADER_BYTES, HEAD_BYTES, LINES, MAGIC,
    MAX_CONTENT, TAG_BYTES,
};

/// The open file, and where its last whole frame ends.
pub(super) struct SealedFile {
    file: File,
    key: Arc<FileKey>,
    lock: AppendLock,
    /// Nothing of the file was looked at while this is 0.
    end: u64,
    tag: Tag,
    frame: Vec<u8>,
}

/// Bytes that a file grows by at the most beside its lines, when `lines` bytes are appended and it is ended.
pub(super) fn overhead(lines: u64) -> u64 {
    // A frame is at least half full, unless a single line is longer.
    let frames = lines / (MAX_CONTENT as u64 / 2) + 2;
    HEADER_BYTES as u64 + frames * FRAME_BYTES as u64
}

/// Whether a file is encrypted; leaves it at its start.
///
/// # Errors
/// Those of reading it.
pub(super) fn is_sealed(mut file: &File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.rewind()?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == MAGIC)
}

impl SealedFile {
    /// Takes over the file at `path`. What it holds is looked at and not changed.
    ///
    /// # Errors
    /// `InvalidData` when it holds something else, or is damaged; those of reading.
    pub(super) fn adopt(file: File, path: &Path, key: &Arc<FileKey>) -> io::Result<Self> {
        let mut sealed = Self {
            file,
            key: Arc::clone(key),
            lock: AppendLock::new(RotationLock::path_for(path)),
            end: 0,
            tag: Tag::default(),
            frame: Vec::new(),
        };
        // Without a turn, which a rotation has that this is a part of: what another process writes meanwhile is looked at
        // with the next append.
        match sealed.look() {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
            _ => Ok(sealed),
        }
    }

    fn locked<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        if !self.lock.take() {
            // Another process has had its turn for too long; the caller tries again.
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = work(self);
        self.lock.release();
        result
    }

    /// Goes over the frames that were not seen yet. The length of the file.
    fn look(&mut self) -> io::Result<u64> {
        let length = self.file.metadata()?.len();
        if length < self.end {
            // Somebody has truncated it.
            self.end = 0;
        }
        if length == self.end {
            return Ok(length);
        }
        if self.end == 0 {
            let mut header = [0; HEADER_BYTES];
            self.file.rewind()?;
            let there =
                usize::try_from(length).map_or(HEADER_BYTES, |there| there.min(HEADER_BYTES));
            let start = header.get_mut(..there).unwrap_or_default();
            self.file.read_exact(start)?;
            if there < HEADER_BYTES && MAGIC.starts_with(start.get(..MAGIC.len()).unwrap_or(start))
            {
                return Ok(length);
            }
            self.tag = self.key.check(&header)?;
            self.end = HEADER_BYTES as u64;
        }
        while self.end < length {
            let mut head = [0; HEAD_BYTES];
            if length - self.end < FRAME_BYTES as u64 {
                break;
            }
            self.file.seek(SeekFrom::Start(self.end))?;
            self.file.read_exact(&mut head)?;
            let Some(head) = Head::of(&head) else {
                let what = format!("it is damaged at byte {}", self.end);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            };
            let next = self.end + head.frame_bytes() as u64;
            if next > length || (head.kind == END && next == length) {
                break;
            }
            self.file.seek(SeekFrom::Start(next - TAG_BYTES as u64))?;
            self.file.read_exact(&mut self.tag)?;
            self.end = next;
        }
        Ok(length)
    }

    /// Makes the file end behind its last whole frame of lines.
    fn settle(&mut self) -> io::Result<()> {
        if self.look()? > self.end {
            self.file.set_len(self.end)?;
        }
        Ok(())
    }

    /// Appends one frame, or nothing. The one at the end is not gone on behind.
    fn push(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        self.frame.clear();
        let mut tag = self.tag;
        if self.end == 0 {
            let (header, salt) = self.key.start()?;
            self.frame.extend_from_slice(&header);
            tag = salt;
        }
        self.key.seal(kind, content, &mut tag, &mut self.frame)?;
        if let Err(error) = self.file.write_all(&self.frame) {
            // If this does not work the next append, of whatever process, does it.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        if kind == LINES {
            self.end += self.frame.len() as u64;
            self.tag = tag;
        }
        Ok(())
    }
}

impl AppendFile for SealedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.locked(|file| {
            file.settle()?;
            let content = content_of(bytes);
            file.push(LINES, content)?;
            Ok(content.len())
        })
    }

    fn status(&self) -> io::Result<FileStatus> {
        self.file.status()
    }

    fn sync(&self) -> io::Result<()> {
        AppendFile::sync(&self.file)
    }

    fn end(&mut self) -> io::Result<()> {
        self.locked(|file| {
            let length = file.look()?;
            // There is one already, or nothing to end.
            let ended = length == file.end + FRAME_BYTES as u64;
            if file.end == 0 || (ended && file.end_follows()?) {
                return Ok(());
            }
            file.settle()?;
            file.push(END, b"")
        })
    }
}

impl SealedFile {
    /// Whether the frame at the end of the file says that it is complete.
    fn end_follows(&mut self) -> io::Result<bool> {
        let mut head = [0; HEAD_BYTES];
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.read_exact(&mut head)?;
        Ok(Head::of(&head).is_some_and(|head| head.kind == END))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::key::Key;
    use crate::sealed::{Ending, SealedReader};
    use std::fs::OpenOptions;

    struct Place {
        dir: tempfile::TempDir,
        key: Arc<FileKey>,
    }

    impl Place {
        fn new() -> Self {
            let key = FileKey::derive(&Key::parse(&"07".repeat(32)).unwrap()).unwrap();
            Self {
                dir: tempfile::tempdir().unwrap(),
                key: Arc::new(key),
            }
        }

        fn open(&self) -> SealedFile {
            let path = self.dir.path().join("app.log");
            let mut options = OpenOptions::new();
            options.append(true).read(true).create(true);
            SealedFile::adopt(options.open(&path).unwrap(), &path, &self.key).unwrap()
        }

        fn bytes(&self) -> Vec<u8> {
            std::fs::read(self.dir.path().join("app.log")).unwrap()
        }

        fn read(&self) -> (String, Ending) {
            let bytes = self.bytes();
            let mut reader = SealedReader::new(&bytes[..], Arc::clone(&self.key));
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            (text, reader.ending())
        }
    }

    fn append(file: &mut SealedFile, lines: &str) {
        assert_eq!(file.append(lines.as_bytes()).unwrap(), lines.len());
    }

    #[test]
    fn there_is_one_end_however_often_a_file_is_ended_and_gone_on_with() {
        let place = Place::new();
        let mut file = place.open();
        file.end().unwrap();
        assert_eq!(place.bytes().len(), 0, "there is nothing to end");
        append(&mut file, "one\n");
        assert_eq!(place.read(), ("one\n".to_owned(), Ending::Open));
        for _ in 0..3 {
            file.end().unwrap();
        }
        let length = place.bytes().len();
        assert_eq!(length, HEADER_BYTES + 2 * FRAME_BYTES + 4);
        let mut next = place.open();
        assert_eq!(place.bytes().len(), length, "opening changes nothing");
        next.end().unwrap();
        assert_eq!(place.bytes().len(), length);
        append(&mut next, "two\n");
        append(&mut file, "three\n");
        next.end().unwrap();
        file.end().unwrap();
        let expected = "one\ntwo\nthree\n".to_owned();
        assert_eq!(place.read(), (expected, Ending::Sealed));
    }

    #[test]
    fn writers_of_one_file_go_on_behind_each_other_and_behind_what_was_torn() {
        let place = Place::new();
        let (mut a, mut b) = (place.open(), place.open());
        for round in 0..10 {
            append(&mut a, &format!("a {round}\n"));
            append(&mut b, &format!("b {round}\n"));
            append(&mut b, "again\n");
            // One that was killed has begun a frame, or a header.
            let path = place.dir.path().join("app.log");
            let mut torn = OpenOptions::new().append(true).open(path).unwrap();
            torn.write_all(&[LINES, 9, 1, 0, 0, 5, 5][..=round % 7])
                .unwrap();
        }
        append(&mut a, "end\n");
        let mut expected: String = (0..10).map(|n| format!("a {n}\nb {n}\nagain\n")).collect();
        expected.push_str("end\n");
        assert_eq!(place.read(), (expected, Ending::Open));
    }

    #[test]
    fn what_is_no_file_of_this_key_is_refused_and_left_as_it_is() {
        let place = Place::new();
        append(&mut place.open(), "one\n");
        let whole = place.bytes();
        let path = place.dir.path().join("app.log");
        let other = FileKey::derive(&Key::parse(&"08".repeat(32)).unwrap()).unwrap();
        let mut damaged = whole.clone();
        damaged[HEADER_BYTES] = 0;
        let zeros = [&whole[..], &[0; 100]].concat();
        let ours = Arc::clone(&place.key);
        for (bytes, key) in [
            (b"short\n".to_vec(), &ours),
            (b"plain lines\n".repeat(10), &ours),
            (whole, &Arc::new(other)),
            (damaged, &ours),
            (zeros, &ours),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            let file = OpenOptions::new()
                .append(true)
                .read(true)
                .open(&path)
                .unwrap();
            let error = SealedFile::adopt(file, &path, key).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }
}
