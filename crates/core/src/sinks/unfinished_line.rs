//! What is known about a line that a failed write left half-written.

/// The state between two writes: at a line end, or in the middle of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct UnfinishedLine {
    /// The beginning of the line that callers count as written.
    begun: Vec<u8>,
    /// What has to go into the file before the caller's next byte: the end of a torn line, or the part of
    /// `begun` that the current file lacks.
    due: Vec<u8>,
}

impl UnfinishedLine {
    /// True while the caller's next byte belongs to a line begun before.
    pub(super) fn is_open(&self) -> bool {
        !self.begun.is_empty()
    }

    /// True when some of the open line lies in the current file.
    pub(super) fn fragment_in_file(&self) -> bool {
        self.begun.len() > self.due.len()
    }

    /// Bytes of the open line that lie at the end of the current file.
    pub(super) fn fragment_len(&self) -> usize {
        self.begun.len().saturating_sub(self.due.len())
    }

    /// Bytes to write before the caller's.
    pub(super) fn due(&self) -> &[u8] {
        &self.due
    }

    /// `count` bytes of [`UnfinishedLine::due`] reached the file.
    pub(super) fn due_written(&mut self, count: usize) {
        self.due.drain(..count.min(self.due.len()));
    }

    /// `bytes` of the caller reached the file.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        if bytes.ends_with(b"\n") {
            self.begun.clear();
            return;
        }
        match memchr::memrchr(b'\n', bytes) {
            Some(end) => self.begun = bytes.get(end + 1..).unwrap_or_default().to_vec(),
            None => self.begun.extend_from_slice(bytes),
        }
    }

    /// The beginning is out of reach: the line has to be written again from its start.
    pub(super) fn restart(&mut self) {
        self.due.clone_from(&self.begun);
    }

    /// Writing goes on in another file, or in one emptied, which may end in a torn line.
    pub(super) fn start_file(&mut self, torn: bool) {
        self.due.clear();
        if torn {
            self.due.push(b'\n');
        }
        self.due.extend_from_slice(&self.begun);
    }

    /// The caller gives up the rest of the line.
    pub(super) fn abandon(&mut self) {
        let fragment = self.fragment_in_file();
        if self.is_open() {
            self.begun.clear();
            self.due.clear();
            if fragment {
                self.due.push(b'\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_line_is_open_until_its_end_is_written() {
        let mut line = UnfinishedLine::default();
        line.written(b"one\ntw");
        assert!(line.is_open() && line.fragment_in_file());
        line.written(b"o");
        assert!(line.is_open() && line.due().is_empty());
        line.written(b"\n");
        assert!(!line.is_open());
    }

    #[test]
    fn a_restarted_line_is_due_from_its_start() {
        let mut line = UnfinishedLine::default();
        line.written(b"abc");
        line.start_file(true);
        assert_eq!(line.due(), b"\nabc");
        line.due_written(3);
        assert_eq!(line.due(), b"bc".get(1..).unwrap());
        line.restart();
        assert_eq!(line.due(), b"abc");
        assert!(!line.fragment_in_file());
    }

    #[test]
    fn an_abandoned_line_is_ended() {
        let mut line = UnfinishedLine::default();
        line.written(b"abc");
        line.abandon();
        assert!(!line.is_open());
        assert_eq!(line.due(), b"\n");
    }
}
