//! Where the bytes come from: files, gzip files, standard input; and how they become pieces of whole lines.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memchr_iter, memrchr, memrchr_iter};

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
    /// Anything that can only be read once: gzip, a pipe.
    Stream(Box<dyn Read>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Input::Plain(_) => "Plain",
            Input::Stream(_) => "Stream",
        })
    }
}

impl Input {
    /// Opens a path, or standard input for `-`. What starts as gzip does is unpacked.
    ///
    /// # Errors
    /// The error of opening it or of its first read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Input::Stream(unpacked(Box::new(io::stdin()))?));
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::other("is a directory"));
        }
        if !metadata.is_file() {
            return Ok(Input::Stream(unpacked(Box::new(file))?));
        }
        let (start, length) = magic(&mut file)?;
        file.rewind()?;
        if length == 2 && start == GZIP_MAGIC {
            return Ok(Input::Stream(Box::new(MultiGzDecoder::new(file))));
        }
        Ok(Input::Plain(file))
    }
}

/// Up to two bytes.
fn magic(input: &mut dyn Read) -> io::Result<([u8; 2], usize)> {
    let mut start = [0; 2];
    let mut length = 0;
    while let Some(room) = start.get_mut(length..).filter(|room| !room.is_empty()) {
        match read_some(input, room)? {
            0 => break,
            read => length += read,
        }
        if start[0] != GZIP_MAGIC[0] {
            break;
        }
    }
    Ok((start, length))
}

fn unpacked(mut input: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let (start, length) = magic(&mut input)?;
    let whole = io::Cursor::new(start).take(length as u64).chain(input);
    Ok(if length == 2 && start == GZIP_MAGIC {
        Box::new(MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
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
            match Input::open(&path).unwrap() {
                Input::Plain(mut file) => file.read_to_end(&mut text).unwrap(),
                Input::Stream(mut stream) => stream.read_to_end(&mut text).unwrap(),
            };
            assert_eq!(text, expected);
            text.clear();
            let mut piped = unpacked(Box::new(io::Cursor::new(input))).unwrap();
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
