//! Backs the pages of a ring before the producer writes to them.
//!
//! Memory is committed page by page at the first write, which costs that write a microsecond or two: more than a
//! dozen events. The consumer's thread has that done ahead of the producer instead, as long as the ring is new.

use std::sync::Arc;

use crate::layout::UNIT_BYTES;
use crate::memory::RingMemory;

/// Bytes that are backed ahead of the producer, at least.
const AHEAD_BYTES: usize = 512 << 10;

/// How much of a ring's data area is backed. Keeps the ring's memory mapped.
#[derive(Debug)]
pub struct Pages {
    memory: Arc<RingMemory>,
    /// Bytes of the data area that need no more care.
    backed: usize,
}

impl Pages {
    /// Of a ring that nothing has been written to yet.
    pub fn new(memory: Arc<RingMemory>) -> Self {
        Self { memory, backed: 0 }
    }

    /// Backs what the producer, which has got to position `head`, will write to next. A comparison once the whole
    /// ring is backed, or where the operating system offers nothing of the kind (it is Linux 5.14 that does).
    pub fn prepare(&mut self, head: u32) {
        let all = self.memory.region().data_bytes() as usize;
        if self.backed >= all {
            return;
        }
        let head = head as usize * UNIT_BYTES as usize;
        if head + AHEAD_BYTES <= self.backed {
            return;
        }
        // Beyond the head everything is as it was mapped; what is behind it was backed by being written to.
        let from = self.backed.max(head.min(all));
        let to = (head + 2 * AHEAD_BYTES).min(all);
        self.backed = if from < to && self.memory.back(from, to) {
            to
        } else {
            all
        };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use super::*;

    fn backed_after(data_bytes: u32, heads: &[usize]) -> usize {
        let memory = Arc::new(RingMemory::anonymous(data_bytes, 1).expect("memory"));
        let mut pages = Pages::new(memory);
        for head in heads {
            pages.prepare(u32::try_from(head / UNIT_BYTES as usize).expect("a position"));
        }
        pages.backed
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pages_stay_ahead_of_the_producer_and_no_further() {
        assert_eq!(backed_after(8 << 20, &[0]), 1 << 20);
        assert_eq!(backed_after(8 << 20, &[0, 400 << 10]), 1 << 20);
        assert_eq!(
            backed_after(8 << 20, &[0, 600 << 10]),
            (600 << 10) + (1 << 20)
        );
        assert_eq!(backed_after(8 << 20, &[0, 3 << 20]), 4 << 20);
    }

    #[test]
    fn the_end_of_the_ring_is_the_end() {
        assert_eq!(backed_after(64 << 10, &[0]), 64 << 10);
        assert_eq!(backed_after(8 << 20, &[0, 9 << 20]), 8 << 20);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn backed_pages_are_resident_before_they_are_written_to() {
        let memory = Arc::new(RingMemory::anonymous(8 << 20, 1).expect("memory"));
        let resident = || {
            let text = std::fs::read_to_string("/proc/self/smaps").expect("smaps");
            let base = format!("{:x}-", memory.as_mut_ptr() as usize);
            let mapping = text
                .split_once(&format!("\n{base}"))
                .map_or("", |(_, rest)| rest);
            let line = mapping.lines().find(|line| line.starts_with("Rss:"));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
            kilobytes
                .and_then(|text| text.parse::<usize>().ok())
                .expect("Rss")
        };
        let before = resident();
        Pages::new(Arc::clone(&memory)).prepare(0);
        assert!(resident() - before >= 1024, "{before} {}", resident());
    }
}
