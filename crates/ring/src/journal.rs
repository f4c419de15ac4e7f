//! The page behind a region that lies in a file: what a later process must know to go on where this one
//! ended. The producer never sees it.
//!
//! ```text
//! file:     | region | journal page 4096 | settings document, padded to 4096 |
//! journal:  64-bit little-endian words, see the constants
//! ```
//!
//! The crate only says where things are; what the words of a sink mean is the pipeline's affair.

/// Bytes of the journal page.
pub const JOURNAL_BYTES: usize = 4096;
/// Words of the journal page.
pub const JOURNAL_WORDS: usize = JOURNAL_BYTES / 8;
/// Value of [`WORD_JOURNAL_MAGIC`]: `FAPJRNL1`, the version being its last byte.
pub const JOURNAL_MAGIC: u64 = u64::from_le_bytes(*b"FAPJRNL1");
/// The most bytes that a settings document may have.
pub const MAX_SETTINGS_BYTES: usize = 1 << 20;

/// Word that says the page is one of ours, written last when a file is made.
pub const WORD_JOURNAL_MAGIC: usize = 0;
/// Word with the length of the settings document in bytes.
pub const WORD_SETTINGS_BYTES: usize = 1;
/// Word with the process id, for display only.
pub const WORD_PID: usize = 2;
/// Word with the time of creation, in milliseconds since the Unix epoch.
pub const WORD_CREATED_MS: usize = 3;
/// Word that counts recoveries that were begun and never ended.
pub const WORD_ATTEMPTS: usize = 4;
/// First word of the first sink.
pub const WORD_SINKS: usize = 64;
/// Words of one sink.
pub const WORDS_PER_SINK: usize = 32;
/// Sinks that have room in the page.
pub const MAX_JOURNAL_SINKS: usize = (JOURNAL_WORDS - WORD_SINKS) / WORDS_PER_SINK;

/// Bytes of a file with a region of `region_bytes` and a settings document of `settings_bytes`.
pub fn file_bytes(region_bytes: usize, settings_bytes: usize) -> usize {
    region_bytes + JOURNAL_BYTES + settings_bytes.next_multiple_of(4096)
}
