//! The sink that keeps lines in memory, for tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memchr;

use super::{Sink, WriteError};

/// Keeps the newest lines in memory; read them through its [`MemoryHandle`].
///
/// When more than `max_bytes` are held, the oldest whole lines are discarded and counted; the newest line
/// is always kept, even if it alone is longer than `max_bytes`. Writing never fails.
#[derive(Debug)]
pub struct MemorySink {
    handle: MemoryHandle,
}

impl MemorySink {
    /// A sink that holds at most `max_bytes` bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            handle: MemoryHandle {
                kept: Arc::new(Mutex::new(Kept {
                    max_bytes,
                    ..Kept::default()
                })),
            },
        }
    }

    /// Another view of what the sink holds; usable from any thread and after the sink is dropped.
    pub fn handle(&self) -> MemoryHandle {
        self.handle.clone()
    }
}

impl Default for MemorySink {
    /// A sink that holds at most 16 MiB.
    fn default() -> Self {
        Self::new(16 << 20)
    }
}

impl Sink for MemorySink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let mut kept = self.handle.lock();
        kept.bytes.extend(bytes);
        kept.trim();
        Ok(())
    }
}

/// Reads what a [`MemorySink`] holds.
#[derive(Clone, Debug)]
pub struct MemoryHandle {
    kept: Arc<Mutex<Kept>>,
}

impl MemoryHandle {
    /// Removes and returns everything held, oldest first.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.lock().bytes).into()
    }

    /// A copy of everything held, oldest first.
    pub fn snapshot(&self) -> Vec<u8> {
        self.lock().bytes.iter().copied().collect()
    }

    /// Lines discarded so far because `max_bytes` was reached.
    pub fn discarded_lines(&self) -> u64 {
        self.lock().discarded_lines
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    max_bytes: usize,
    discarded_lines: u64,
}

impl Kept {
    fn trim(&mut self) {
        while self.bytes.len() > self.max_bytes {
            let Some(line) = self.first_line_len() else {
                return;
            };
            if line == self.bytes.len() {
                return;
            }
            self.bytes.drain(..line);
            self.discarded_lines += 1;
        }
    }

    fn first_line_len(&self) -> Option<usize> {
        let (front, back) = self.bytes.as_slices();
        memchr(b'\n', front)
            .or_else(|| memchr(b'\n', back).map(|at| front.len() + at))
            .map(|at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_was_written_is_seen_by_every_handle() {
        let mut sink = MemorySink::default();
        let handle = sink.handle();
        sink.write(b"a\nb\n").unwrap();
        assert_eq!(handle.clone().snapshot(), b"a\nb\n");
        drop(sink);
        assert_eq!(handle.take(), b"a\nb\n");
        assert_eq!(handle.take(), b"");
    }

    #[test]
    fn the_oldest_whole_lines_go_when_the_limit_is_reached() {
        let mut sink = MemorySink::new(6);
        let handle = sink.handle();
        sink.write(b"one\ntwo\nx\n").unwrap();
        assert_eq!(handle.snapshot(), b"two\nx\n");
        assert_eq!(handle.discarded_lines(), 1);
        sink.write(b"longer than six\n").unwrap();
        assert_eq!(handle.snapshot(), b"longer than six\n");
        assert_eq!(handle.discarded_lines(), 3);
    }

    proptest::proptest! {
        #[test]
        fn the_rest_is_always_a_suffix_of_whole_lines(
            lines in proptest::collection::vec("[a-z]{0,12}", 0..40), max in 0usize..64,
        ) {
            let mut sink = MemorySink::new(max);
            let mut all = Vec::new();
            for line in &lines {
                let line = format!("{line}\n");
                sink.write(line.as_bytes()).unwrap();
                all.extend_from_slice(line.as_bytes());
            }
            let kept = sink.handle().snapshot();
            proptest::prop_assert!(all.ends_with(&kept));
            let dropped = all.len() - kept.len();
            proptest::prop_assert!(dropped == 0 || all[dropped - 1] == b'\n');
            let count = all[..dropped].iter().filter(|&&b| b == b'\n').count() as u64;
            proptest::prop_assert_eq!(count, sink.handle().discarded_lines());
        }
    }
}
