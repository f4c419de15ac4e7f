//! Where the bytes come from: files, gzip files, standard input; and how they become pieces of whole lines.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memchr_iter, memrchr, memrchr_iter};

use super::settings::Wanted;
use crate::key::Key;
use crate::sealed::{Ending, FileKey, SealedReader, MAGIC};

/// Bytes asked for at once, and the usual size of a piece.
const CHUNK_BYTES: usize = 512 * 1024;
/// A longer line is passed on in pieces, or left out, without being looked at. Bounds the memory.
pub(super) const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Work for a [`super::LineReader`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Whole lines; the very last one may lack its end.
    Lines(Vec<u8>),
    /// A part of a line beyond [`MAX_LINE_BYTES`].
    Overlong { bytes: Vec<u8>, start: bool },
}

/// Takes pieces; `false` when nobody wants more.
pub(super) type Send<'a> = dyn FnMut(Piece) -> bool + 'a;

/// What became of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fed {
    More,
    End,
    /// Nobody wants more.
    Stopped,
}

/// Cuts a stream of bytes behind line ends.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    carry: Vec<u8>,
    overlong: bool,
}

impl Splitter {
    /// Reads once and sends what it can.
    ///
    /// # Errors
    /// The error of the read; what came before it has been kept.
    pub(super) fn feed(&mut self, input: &mut dyn Read, send: &mut Send<'_>) -> io::Result<Fed> {
        let mut buffer = std::mem::take(&mut self.carry);
        let known = buffer.len();
        buffer.resize(known + CHUNK_BYTES, 0);
        let read = match buffer.get_mut(known..) {
            Some(room) => read_some(input, room),
            None => Ok(0),
        };
        buffer.truncate(known + read.as_ref().map_or(0, |&read| read));
        let fresh = buffer.get(known..).unwrap_or_default();
        let end = memrchr(b'\n', fresh).map(|at| known + at + 1);
        if let Err(error) = read {
            self.carry = buffer;
            return Err(error);
        }
        if fresh.is_empty() {
            self.carry = buffer;
            return Ok(Fed::End);
        }
        let Some(end) = end else {
            if !self.overlong && buffer.len() <= MAX_LINE_BYTES {
                self.carry = buffer;
                return Ok(Fed::More);
            }
            let start = !std::mem::replace(&mut self.overlong, true);
            let bytes = buffer;
            return Ok(fed(send(Piece::Overlong { bytes, start })));
        };
        self.carry = buffer.split_off(end);
        if std::mem::take(&mut self.overlong) {
            let first = memchr(b'\n', &buffer).map_or(buffer.len(), |at| at + 1);
            let rest = buffer.split_off(first);
            let (bytes, start) = (buffer, false);
            if !send(Piece::Overlong { bytes, start }) {
                return Ok(Fed::Stopped);
            }
            buffer = rest;
        }
        Ok(fed(buffer.is_empty() || send(Piece::Lines(buffer))))
    }

    /// Sends a last line that has no end.
    pub(super) fn finish(&mut self, send: &mut Send<'_>) -> bool {
        if std::mem::take(&mut self.overlong) {
            let (bytes, start) = (b"\n".to_vec(), false);
            return send(Piece::Overlong { bytes, start });
        }
        let carry = std::mem::take(&mut self.carry);
        carry.is_empty() || send(Piece::Lines(carry))
    }
}

fn fed(wanted: bool) -> Fed {
    if wanted {
        Fed::More
    } else {
        Fed::Stopped
    }
}

fn read_some(input: &mut dyn Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Standard input that another process made non-blocking.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_input(),
            other => return other,
        }
    }
}

#[cfg(unix)]
fn wait_for_input() {
    use rustix::event::{poll, PollFd, PollFlags};
    let stdin = rustix::stdio::stdin();
    // An error shows in the read that follows.
    let _ready = poll(&mut [PollFd::from_borrowed_fd(stdin, PollFlags::IN)], None);
}

#[cfg(not(unix))]
fn wait_for_input() {
    std::thread::sleep(std::time::Duration::from_millis(10));
}

/// An opened input.
pub(super) enum Input {
    /// A file of lines, at its start.
    Plain(File),
    /// An encrypted file of lines, at its start.
    Sealed(SealedReader<File>),
    /// Anything that can only be read once: gzip, a pipe.
    Stream(Box<dyn Read>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Input::Plain(_) => "Plain",
            Input::Sealed(_) => "Sealed",
            Input::Stream(_) => "Stream",
        })
    }
}

impl Input {
    /// Opens a path, or standard input for `-`. What starts as an encrypted file or as gzip does is decrypted and
    /// unpacked.
    ///
    /// # Errors
    /// The error of opening it or of its first read; that it is encrypted and there is no key.
    pub(super) fn open(path: &Path, encrypted: &Encryption, follow: bool) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Input::Stream(encrypted.unpacked(Box::new(io::stdin()))?));
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::other("is a directory"));
        }
        if !metadata.is_file() {
            return Ok(Input::Stream(encrypted.unpacked(Box::new(file))?));
        }
        let start = magic(&mut file)?;
        file.rewind()?;
        let lines = start != MAGIC && !start.starts_with(&GZIP_MAGIC);
        if lines && (encrypted.wanted == Wanted::Any || start.is_empty()) {
            return Ok(Input::Plain(file));
        }
        if start == MAGIC && follow {
            let mut reader = SealedReader::new(file, encrypted.key()?);
            let packed = magic(&mut reader)?.starts_with(&GZIP_MAGIC);
            let mut file = reader.into_input();
            file.rewind()?;
            if !packed {
                return Ok(Input::Sealed(SealedReader::new(file, encrypted.key()?)));
            }
            return Ok(Input::Stream(encrypted.unpacked(Box::new(file))?));
        }
        Ok(Input::Stream(encrypted.unpacked(Box::new(file))?))
    }
}

/// Bytes that tell encrypted files and gzip from lines; as few as are needed.
fn magic(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let mut room = [0; MAGIC.len()];
    while start.len() < MAGIC.len() {
        let room = room.get_mut(start.len()..).unwrap_or_default();
        let read = read_some(input, room)?;
        start.extend_from_slice(room.get(..read).unwrap_or_default());
        let unclear = MAGIC.starts_with(&start) || GZIP_MAGIC.starts_with(&start);
        if read == 0 || !unclear || start == GZIP_MAGIC {
            break;
        }
    }
    Ok(start)
}

/// What is done about encrypted inputs.
#[derive(Clone, Debug, Default)]
pub(super) struct Encryption {
    /// The variable that holds the key.
    pub(super) variable: Option<String>,
    pub(super) wanted: Wanted,
}

impl Encryption {
    /// # Errors
    /// There is none, for people.
    pub(super) fn key(&self) -> io::Result<Arc<FileKey>> {
        let key = match &self.variable {
            Some(variable) => Key::of_variable(variable),
            None => Err("no variable that holds its key was named".to_owned()),
        };
        let key = key.map_err(|why| io::Error::other(format!("is encrypted, and {why}")))?;
        FileKey::derive(&key).map(Arc::new)
    }

    /// What is in `input`, decrypted and unpacked.
    fn unpacked(&self, mut input: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
        let start = magic(&mut input)?;
        let sealed = start == MAGIC;
        if !sealed && self.wanted != Wanted::Any {
            return Err(io::Error::other("is not encrypted"));
        }
        let whole = Box::new(io::Cursor::new(start.clone()).chain(input));
        if !sealed {
            return Ok(gunzipped(&start, whole));
        }
        let reader = SealedReader::new(whole, self.key()?);
        let complete = self.wanted == Wanted::Complete;
        let mut decrypted = Decrypted { reader, complete };
        let start = magic(&mut decrypted)?;
        let whole = io::Cursor::new(start.clone()).chain(decrypted);
        Ok(gunzipped(&start, Box::new(whole)))
    }
}

fn gunzipped(start: &[u8], whole: Box<dyn Read>) -> Box<dyn Read> {
    match start.starts_with(&GZIP_MAGIC) {
        true => Box::new(MultiGzDecoder::new(whole)),
        false => whole,
    }
}

/// An encrypted file that is read once.
struct Decrypted<R> {
    reader: SealedReader<R>,
    /// Whether it has to have its end.
    complete: bool,
}

impl<R: Read> Read for Decrypted<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(room)?;
        if read > 0 || room.is_empty() {
            return Ok(read);
        }
        let what = match self.reader.ending() {
            Ending::Torn(at) => format!(
                "is cut off: what starts at byte {at} is not whole; all before it was read"
            ),
            Ending::Open if self.complete => {
                "has no end: it is still written to, its process was ended before it closed the logger, or something \
                 is missing; all that is there was read"
                    .to_owned()
            }
            Ending::Open | Ending::Sealed => return Ok(0),
        };
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, what))
    }
}

/// A file that grows.
#[derive(Debug)]
pub(super) enum Growing {
    Plain(File),
    Sealed(SealedReader<File>),
}

impl Growing {
    /// Opens it; nothing while it is not there, or does not show yet what it is.
    ///
    /// # Errors
    /// Those of [`Input::open`].
    pub(super) fn open(path: &Path, encrypted: &Encryption) -> io::Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let start = magic(&mut file)?;
        file.rewind()?;
        Ok(match start == MAGIC {
            true => Some(Growing::Sealed(SealedReader::new(file, encrypted.key()?))),
            false if MAGIC.starts_with(&start) => None,
            false => Some(Growing::Plain(file)),
        })
    }

    pub(super) fn file(&self) -> &File {
        match self {
            Growing::Plain(file) => file,
            Growing::Sealed(reader) => reader.input(),
        }
    }

    /// Before reading on: what was not whole may have been written over.
    ///
    /// # Errors
    /// That of seeking.
    pub(super) fn retreat(&mut self) -> io::Result<()> {
        match self {
            Growing::Plain(_) => Ok(()),
            Growing::Sealed(reader) => reader.retreat(),
        }
    }

    /// Up to where it was read.
    ///
    /// # Errors
    /// That of seeking.
    pub(super) fn position(&mut self) -> io::Result<u64> {
        match self {
            Growing::Plain(file) => file.stream_position(),
            Growing::Sealed(reader) => Ok(reader.position()),
        }
    }
}

impl Read for Growing {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Growing::Plain(file) => file.read(room),
            Growing::Sealed(reader) => reader.read(room),
        }
    }
}

/// Moves to where the last `count` lines of a file start.
///
/// # Errors
/// Those of seeking and reading.
pub(super) fn seek_last_lines(file: &mut File, count: usize) -> io::Result<()> {
    const BLOCK: u64 = 64 * 1024;
    let size = file.seek(SeekFrom::End(0))?;
    let mut ends = 0;
    let mut end = size;
    let mut block = Vec::new();
    while end > 0 && count > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        file.by_ref().take(end - start).read_to_end(&mut block)?;
        for at in memrchr_iter(b'\n', &block) {
            let behind = start + at as u64 + 1;
            // The end of the last line starts no other one.
            ends += usize::from(behind != size);
            if ends == count {
                file.seek(SeekFrom::Start(behind))?;
                return Ok(());
            }
        }
        end = start;
    }
    let whole = if count == 0 { size } else { 0 };
    file.seek(SeekFrom::Start(whole)).map(|_| ())
}

/// Keeps the last lines of a stream; memory is bounded by them and one piece.
#[derive(Debug)]
pub(super) struct LastLines {
    count: usize,
    pieces: VecDeque<(Vec<u8>, usize)>,
    lines: usize,
}

impl LastLines {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            pieces: VecDeque::new(),
            lines: 0,
        }
    }

    /// Takes a piece and forgets what it pushes out.
    pub(super) fn push(&mut self, piece: Piece) {
        // Of lines that are too long the last piece stays.
        let (Piece::Lines(bytes) | Piece::Overlong { bytes, .. }) = piece;
        let open = usize::from(!bytes.ends_with(b"\n"));
        let lines = memchr_iter(b'\n', &bytes).count() + open;
        self.lines += lines;
        self.pieces.push_back((bytes, lines));
        while let Some(&(_, first)) = self.pieces.front() {
            if self.lines - first < self.count {
                break;
            }
            self.lines -= first;
            self.pieces.pop_front();
        }
    }

    /// Sends the last lines.
    pub(super) fn finish(self, send: &mut Send<'_>) -> bool {
        let mut surplus = self.lines.saturating_sub(self.count);
        for (mut bytes, lines) in self.pieces {
            if surplus > 0 && surplus < lines {
                let cut = memchr_iter(b'\n', &bytes).nth(surplus - 1);
                bytes = bytes.split_off(cut.map_or(0, |at| at + 1));
            }
            surplus = surplus.saturating_sub(lines);
            if !send(Piece::Lines(bytes)) {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    /// Reads of the given sizes.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(room.len());
            room[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn pieces(bytes: &[u8], step: usize) -> Vec<Piece> {
        let mut found = Vec::new();
        let mut splitter = Splitter::default();
        let mut input = Dribble(bytes, step);
        let mut send = |piece| {
            found.push(piece);
            true
        };
        while splitter.feed(&mut input, &mut send).unwrap() != Fed::End {}
        assert!(splitter.finish(&mut send));
        found
    }

    #[test]
    fn a_line_beyond_the_bound_is_passed_on_in_pieces() {
        let long = vec![b'x'; MAX_LINE_BYTES + 3 * CHUNK_BYTES + 5];
        let input = [b"a\n", &*long, b"\nb\nc"].concat();
        let found = pieces(&input, usize::MAX);
        let mut whole = Vec::new();
        let mut starts = 0;
        for piece in &found {
            let (Piece::Lines(bytes) | Piece::Overlong { bytes, .. }) = piece;
            assert!(bytes.len() <= MAX_LINE_BYTES + CHUNK_BYTES);
            whole.extend_from_slice(bytes);
            starts += usize::from(matches!(piece, Piece::Overlong { start: true, .. }));
        }
        assert_eq!(whole, input);
        assert_eq!(starts, 1);
        assert_eq!(found.first(), Some(&Piece::Lines(b"a\n".to_vec())));
        assert_eq!(found.last(), Some(&Piece::Lines(b"c".to_vec())));
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes_also_through_a_pipe() {
        use std::io::Write;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"one\n").unwrap();
        let packed = packed.finish().unwrap();
        for (input, expected) in [
            ([packed.clone(), packed].concat(), &b"one\none\n"[..]),
            (b"\x1fplain".to_vec(), b"\x1fplain"),
            (b"\x1f".to_vec(), b"\x1f"),
            (Vec::new(), b""),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            std::fs::write(&path, &input).unwrap();
            let mut text = Vec::new();
            match Input::open(&path, &Encryption::default(), false).unwrap() {
                Input::Plain(mut file) => file.read_to_end(&mut text).unwrap(),
                Input::Sealed(_) => panic!("it is not encrypted"),
                Input::Stream(mut stream) => stream.read_to_end(&mut text).unwrap(),
            };
            assert_eq!(text, expected);
            text.clear();
            let piped = Box::new(io::Cursor::new(input));
            let mut piped = Encryption::default().unpacked(piped).unwrap();
            piped.read_to_end(&mut text).unwrap();
            assert_eq!(text, expected);
        }
    }

    proptest! {
        #[test]
        fn pieces_are_whole_lines_and_lose_nothing(bytes in "[a\n]{0,200}", step in 1usize..50) {
            let mut whole = Vec::new();
            let found = pieces(bytes.as_bytes(), step);
            for (index, piece) in found.iter().enumerate() {
                let Piece::Lines(lines) = piece else { panic!("{piece:?}") };
                prop_assert!(lines.ends_with(b"\n") || index + 1 == found.len());
                whole.extend_from_slice(lines);
            }
            prop_assert_eq!(whole, bytes.as_bytes());
        }

        #[test]
        fn the_last_lines_of_a_file_and_of_a_stream_are_the_same(
            bytes in "(a{0,3}\n){0,40}a?", step in 1usize..30, count in 0usize..45,
        ) {
            let lines: Vec<&str> = bytes.split_inclusive('\n').collect();
            let expected = lines[lines.len().saturating_sub(count)..].concat();

            let mut file = tempfile::tempfile().unwrap();
            io::Write::write_all(&mut file, bytes.as_bytes()).unwrap();
            seek_last_lines(&mut file, count).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            prop_assert_eq!(&text, &expected);

            let mut last = LastLines::new(count);
            for piece in pieces(bytes.as_bytes(), step) {
                last.push(piece);
            }
            let mut found = Vec::new();
            last.finish(&mut |piece| {
                let (Piece::Lines(bytes) | Piece::Overlong { bytes, .. }) = piece;
                found.extend_from_slice(&bytes);
                true
            });
            prop_assert_eq!(String::from_utf8(found).unwrap(), expected);
        }
    }
}
