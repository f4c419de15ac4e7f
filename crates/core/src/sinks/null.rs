//! The sink that accepts and discards everything.

use super::{Sink, WriteError};

/// Accepts every batch and keeps nothing; for benchmarks and for switching output off.
///
/// No method fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullSink;

impl NullSink {
    /// A sink that discards.
    pub fn new() -> Self {
        Self
    }
}

impl Sink for NullSink {
    fn write(&mut self, _bytes: &[u8]) -> Result<(), WriteError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn everything_is_accepted() {
        let mut sink = NullSink::new();
        sink.write(b"a\n").unwrap();
        sink.flush().unwrap();
        sink.sync().unwrap();
        sink.reopen().unwrap();
        assert_eq!(sink.stats(), crate::sinks::SinkStats::default());
    }
}
