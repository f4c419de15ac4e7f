//! The sinks that write to the process's standard output and standard error.

use std::io;
use std::time::Duration;

#[cfg(unix)]
use memchr::memrchr;
#[cfg(unix)]
use rustix::fd::BorrowedFd;

use super::{Sink, WriteError};

/// At most this much goes out between two polls, so that the thread can be stopped in between.
#[cfg(unix)]
const CHUNK_BYTES: usize = 64 * 1024;

/// How long one [`Sink::write`] waits, by default, for a reader that takes nothing.
const DEFAULT_PATIENCE: Duration = Duration::from_millis(100);

/// Writes to standard output or standard error, past every buffer and lock of `std`.
///
/// Bytes go out in order, in chunks of at most 64 KiB that end at a line end where the chunk holds one.
/// Before each chunk the thread waits until the descriptor takes bytes, at most 100 ms without progress.
/// The descriptor's flags are never changed, because other processes share them.
///
/// # Errors of `write`
/// - [`io::ErrorKind::WouldBlock`]: the reader took nothing for the waiting time. Call again with the bytes
///   from `written` on.
/// - [`io::ErrorKind::BrokenPipe`]: the reader is gone, for good. (`SIGPIPE` has to be ignored by the
///   process; Node does that.)
/// - any other error of write(2), as it is.
///
/// # Limits
/// A chunk into a *blocking* pipe or terminal may block longer than 100 ms when the reader stops in the
/// middle of it. On Windows there is no waiting time at all.
#[derive(Debug)]
pub struct StandardStream {
    target: Target,
    patience: Duration,
}

#[derive(Debug)]
enum Target {
    Stdout,
    Stderr,
    #[cfg(all(test, unix))]
    Owned(std::os::fd::OwnedFd),
}

impl StandardStream {
    /// Standard output, descriptor 1.
    pub fn stdout() -> Self {
        Self::new(Target::Stdout)
    }

    /// Standard error, descriptor 2.
    pub fn stderr() -> Self {
        Self::new(Target::Stderr)
    }

    /// Whether whoever read standard output is gone, which a process that has nothing to write would not
    /// notice. Never on Windows.
    pub fn stdout_is_closed() -> bool {
        #[cfg(unix)]
        {
            use rustix::event::{poll, PollFd, PollFlags, Timespec};
            let stdout = rustix::stdio::stdout();
            let mut polled = [PollFd::from_borrowed_fd(stdout, PollFlags::empty())];
            let now = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            let asked = poll(&mut polled, Some(&now)).is_ok();
            asked
                && polled[0]
                    .revents()
                    .intersects(PollFlags::ERR | PollFlags::HUP)
        }
        #[cfg(not(unix))]
        false
    }

    fn new(target: Target) -> Self {
        Self {
            target,
            patience: DEFAULT_PATIENCE,
        }
    }

    /// Sets how long `write` waits for a reader that takes nothing. Default 100 ms.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

#[cfg(unix)]
impl StandardStream {
    fn fd(&self) -> BorrowedFd<'_> {
        match &self.target {
            Target::Stdout => rustix::stdio::stdout(),
            Target::Stderr => rustix::stdio::stderr(),
            #[cfg(test)]
            Target::Owned(fd) => std::os::fd::AsFd::as_fd(fd),
        }
    }

    fn write_counting(&self, bytes: &[u8], written: &mut usize) -> io::Result<()> {
        let fd = self.fd();
        let mut waiting_since = std::time::Instant::now();
        while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
            let left = self.patience.saturating_sub(waiting_since.elapsed());
            if !wait_writable(fd, left)? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            match rustix::io::write(fd, next_chunk(rest)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    *written += n;
                    waiting_since = std::time::Instant::now();
                }
                Err(rustix::io::Errno::INTR) => {}
                // poll and write disagree (another process took the room): don't spin.
                Err(rustix::io::Errno::AGAIN) => {
                    if waiting_since.elapsed() >= self.patience {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }
}

/// True when a write would make progress or fail at once; false when `patience` is over.
#[cfg(unix)]
fn wait_writable(fd: BorrowedFd<'_>, patience: Duration) -> io::Result<bool> {
    use rustix::event::{poll, PollFd, PollFlags, Timespec};
    let deadline = std::time::Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
        match poll(
            &mut [PollFd::from_borrowed_fd(fd, PollFlags::OUT)],
            Some(&timeout),
        ) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// The start of `bytes` up to the last line end within the chunk size, or a full chunk without one.
#[cfg(unix)]
fn next_chunk(bytes: &[u8]) -> &[u8] {
    let Some(chunk) = bytes.get(..CHUNK_BYTES) else {
        return bytes;
    };
    let end = memrchr(b'\n', chunk).map_or(chunk.len(), |at| at + 1);
    chunk.get(..end).unwrap_or(chunk)
}

#[cfg(not(unix))]
impl StandardStream {
    fn write_counting(&self, bytes: &[u8], written: &mut usize) -> io::Result<()> {
        match self.target {
            Target::Stdout => write_all_counting(io::stdout().lock(), bytes, written),
            Target::Stderr => write_all_counting(io::stderr().lock(), bytes, written),
        }
    }
}

#[cfg(not(unix))]
fn write_all_counting(mut to: impl io::Write, bytes: &[u8], written: &mut usize) -> io::Result<()> {
    while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
        match to.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => *written += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    to.flush()
}

impl Sink for StandardStream {
    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let mut written = 0;
        self.write_counting(bytes, &mut written)
            .map_err(|error| WriteError { written, error })
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    fn pair() -> (UnixStream, StandardStream) {
        let (reader, writer) = UnixStream::pair().unwrap();
        (reader, StandardStream::new(Target::Owned(writer.into())))
    }

    fn lines(count: usize) -> Vec<u8> {
        (0..count)
            .flat_map(|n| format!("line {n} {}\n", "x".repeat(n % 300)).into_bytes())
            .collect()
    }

    #[test]
    fn a_slow_reader_gets_every_byte_in_order() {
        let (mut reader, mut sink) = pair();
        let sent = lines(20_000);
        let expected = sent.clone();
        let writer = std::thread::spawn(move || sink.write(&sent).map_err(|e| e.error).unwrap());
        let mut got = Vec::new();
        reader.read_to_end(&mut got).unwrap();
        writer.join().unwrap();
        assert!(got == expected);
    }

    #[test]
    fn a_full_non_blocking_descriptor_is_reported_with_what_was_written() {
        let (reader, writer) = UnixStream::pair().unwrap();
        writer.set_nonblocking(true).unwrap();
        let mut sink = StandardStream::new(Target::Owned(writer.into()))
            .with_patience(Duration::from_millis(5));
        let sent = lines(20_000);
        let mut got = Vec::new();
        let mut done = 0;
        let mut stalls = 0;
        while done < sent.len() {
            match sink.write(&sent[done..]) {
                Ok(()) => done = sent.len(),
                Err(e) => {
                    assert_eq!(e.error.kind(), io::ErrorKind::WouldBlock);
                    done += e.written;
                    stalls += 1;
                    let mut room = vec![0; 200_000];
                    let n = (&reader).read(&mut room).unwrap();
                    got.extend_from_slice(&room[..n]);
                }
            }
        }
        drop(sink);
        (&reader).read_to_end(&mut got).unwrap();
        assert!(stalls > 0);
        assert!(got == sent);
    }

    #[test]
    fn the_wait_for_a_stuck_reader_is_bounded() {
        let (_reader, writer) = UnixStream::pair().unwrap();
        writer.set_nonblocking(true).unwrap();
        let mut sink = StandardStream::new(Target::Owned(writer.into()));
        let started = std::time::Instant::now();
        let error = sink.write(&vec![b'x'; 4 << 20]).unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::WouldBlock);
        assert!(error.written > 0);
        assert!(started.elapsed() >= Duration::from_millis(100));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_reader_that_left_is_a_broken_pipe() {
        let (reader, mut sink) = pair();
        drop(reader);
        let error = sink.write(b"a\n").unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(error.written, 0);
    }

    #[test]
    fn chunks_end_at_a_line_end_when_there_is_one() {
        let text = lines(2_000);
        let chunk = next_chunk(&text);
        assert!(chunk.len() <= CHUNK_BYTES && chunk.ends_with(b"\n"));
        assert_eq!(next_chunk(b"ab"), b"ab");
        assert_eq!(next_chunk(&vec![b'x'; CHUNK_BYTES + 1]).len(), CHUNK_BYTES);
    }
}
