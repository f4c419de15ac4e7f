//! The block of memory that both sides share. The one place where raw memory becomes a ring.

use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::handover::Control;
use crate::layout::*;
use crate::sync::AtomicU32;

/// Why a block of memory is not a usable region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionError {
    /// The block is not aligned to 8 bytes.
    Misaligned,
    /// The block is smaller than its header claims, or than any region.
    TooSmall {
        /// Bytes the block has.
        actual: usize,
        /// Bytes it would need.
        needed: usize,
    },
    /// The magic number is missing.
    Foreign,
    /// The layout version is not ours.
    Version(u32),
    /// Size of the data area: not a power of two, or outside the limits.
    DataBytes(u32),
    /// Size of the dictionary: zero or not a multiple of 64.
    DictionaryBytes(u32),
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegionError::Misaligned => write!(f, "the region is not aligned to 8 bytes"),
            RegionError::TooSmall { actual, needed } => {
                write!(f, "the region has {actual} bytes but needs {needed}")
            }
            RegionError::Foreign => write!(f, "the region does not start with fapilog's magic number"),
            RegionError::Version(version) => {
                write!(f, "the region has layout version {version}, this build reads {VERSION}")
            }
            RegionError::DataBytes(bytes) => write!(
                f,
                "ring size {bytes} must be a power of two from {MIN_DATA_BYTES} to {MAX_DATA_BYTES} bytes"
            ),
            RegionError::DictionaryBytes(bytes) => {
                write!(f, "dictionary size {bytes} must be a positive multiple of 64 bytes")
            }
        }
    }
}

impl std::error::Error for RegionError {}

/// A per-level counter that the producer keeps in the header (a double, exact up to 2^53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Calls at an enabled level.
    Submitted,
    /// Dropped because the ring was full.
    DroppedFull,
    /// Dropped after waiting for space.
    DroppedTimeout,
    /// Dropped because the logger was closed.
    DroppedClosed,
    /// Dropped because the event could not be encoded.
    DroppedEncode,
}

impl Counter {
    fn offset(self) -> usize {
        match self {
            Counter::Submitted => OFFSET_SUBMITTED,
            Counter::DroppedFull => OFFSET_DROPPED_FULL,
            Counter::DroppedTimeout => OFFSET_DROPPED_TIMEOUT,
            Counter::DroppedClosed => OFFSET_DROPPED_CLOSED,
            Counter::DroppedEncode => OFFSET_DROPPED_ENCODE,
        }
    }
}

/// A validated view of the shared block. Copies refer to the same memory.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    base: NonNull<u8>,
    dictionary_bytes: u32,
    data_bytes: u32,
}

// SAFETY: the header is only touched through atomics, and the data and dictionary areas are written by one
// producer outside the range that the consumer reads, as `handover` guarantees (tests/loom_handover.rs,
// tests/threads.rs).
unsafe impl Send for Region {}
// SAFETY: as for Send.
unsafe impl Sync for Region {}

impl Region {
    /// Bytes of a region with these areas.
    pub fn bytes_for(dictionary_bytes: u32, data_bytes: u32) -> usize {
        HEADER_BYTES as usize + dictionary_bytes as usize + data_bytes as usize
    }

    /// Formats the block as an empty ring.
    ///
    /// # Errors
    /// [`RegionError`] when the sizes are out of bounds or the block is too small or misaligned.
    ///
    /// # Safety
    /// `base` must point to `len` bytes, readable and writable, that stay so for as long as any copy of
    /// the region, its producer or its consumer is used. The first `HEADER_BYTES` must not be in use yet.
    pub unsafe fn create(
        base: *mut u8,
        len: usize,
        dictionary_bytes: u32,
        data_bytes: u32,
        salt: u32,
    ) -> Result<Region, RegionError> {
        let region = Self::checked(base, len, dictionary_bytes, data_bytes)?;
        // SAFETY: `checked` has established that the header lies within the block; the caller owns it.
        unsafe { std::ptr::write_bytes(base, 0, HEADER_BYTES as usize) };
        region
            .word(OFFSET_VERSION)
            .store(VERSION, Ordering::Relaxed);
        region
            .word(OFFSET_DATA_BYTES)
            .store(data_bytes, Ordering::Relaxed);
        region
            .word(OFFSET_DICTIONARY_BYTES)
            .store(dictionary_bytes, Ordering::Relaxed);
        region.word(OFFSET_SALT).store(salt, Ordering::Relaxed);
        region.allow_light_publish();
        region.word(OFFSET_MAGIC).store(MAGIC, Ordering::Release);
        Ok(region)
    }

    /// Opens a block that was formatted earlier, by us or by a process that is gone.
    ///
    /// # Errors
    /// [`RegionError`] when the header is not one of ours.
    ///
    /// # Safety
    /// As for [`Region::create`], except that the header must have been initialised memory.
    pub unsafe fn open(base: *mut u8, len: usize) -> Result<Region, RegionError> {
        let header = Self::checked(base, len, 64, MIN_DATA_BYTES)?;
        if header.word(OFFSET_MAGIC).load(Ordering::Acquire) != MAGIC {
            return Err(RegionError::Foreign);
        }
        let version = header.word(OFFSET_VERSION).load(Ordering::Relaxed);
        if version != VERSION {
            return Err(RegionError::Version(version));
        }
        let data_bytes = header.word(OFFSET_DATA_BYTES).load(Ordering::Relaxed);
        let dictionary_bytes = header.word(OFFSET_DICTIONARY_BYTES).load(Ordering::Relaxed);
        Self::checked(base, len, dictionary_bytes, data_bytes)
    }

    fn checked(
        base: *mut u8,
        len: usize,
        dictionary_bytes: u32,
        data_bytes: u32,
    ) -> Result<Region, RegionError> {
        if !data_bytes.is_power_of_two() || !(MIN_DATA_BYTES..=MAX_DATA_BYTES).contains(&data_bytes)
        {
            return Err(RegionError::DataBytes(data_bytes));
        }
        if dictionary_bytes == 0
            || !dictionary_bytes.is_multiple_of(64)
            || dictionary_bytes > MAX_DATA_BYTES
        {
            return Err(RegionError::DictionaryBytes(dictionary_bytes));
        }
        let needed = Self::bytes_for(dictionary_bytes, data_bytes);
        let (Some(start), true) = (NonNull::new(base), len >= needed) else {
            return Err(RegionError::TooSmall {
                actual: len,
                needed,
            });
        };
        if !(start.as_ptr() as usize).is_multiple_of(UNIT_BYTES as usize) {
            return Err(RegionError::Misaligned);
        }
        Ok(Region {
            base: start,
            dictionary_bytes,
            data_bytes,
        })
    }

    /// The control words.
    pub fn control(&self) -> Control<'_> {
        Control {
            head: self.word(OFFSET_HEAD),
            tail: self.word(OFFSET_TAIL),
            parked: self.word(OFFSET_PARKED),
        }
    }

    /// Tells the producer how time passes: a count that changes while the consumer is awake, 0 when the
    /// producer must not rely on it.
    pub fn set_tick(&self, tick: u32) {
        self.word(OFFSET_TICK).store(tick, Ordering::Relaxed);
    }

    /// Tells the producer the lowest level index that is logged.
    pub fn set_threshold(&self, level: u8) {
        self.word(OFFSET_THRESHOLD)
            .store(u32::from(level), Ordering::Relaxed);
    }

    /// Tells the producer that nobody reads the ring any more.
    pub fn set_closed(&self) {
        self.word(OFFSET_CLOSED).store(1, Ordering::Relaxed);
    }

    /// Sets the flag that lets the producer publish with plain accesses, once the process is registered for that.
    pub(crate) fn allow_light_publish(&self) {
        let flag = self.word(OFFSET_LIGHT_PUBLISH);
        if flag.load(Ordering::Relaxed) == 0 && crate::barrier::light_publish() {
            // Release: a producer that sees it has everything that was published before on its side of the barrier.
            flag.store(1, Ordering::Release);
        }
    }

    /// The salt that is mixed into record tags.
    pub fn salt(&self) -> u32 {
        self.word(OFFSET_SALT).load(Ordering::Relaxed)
    }

    /// Size of the data area in bytes.
    pub fn data_bytes(&self) -> u32 {
        self.data_bytes
    }

    /// Size of the data area in units.
    pub fn capacity_units(&self) -> u32 {
        self.data_bytes / UNIT_BYTES
    }

    /// Units published and not yet released.
    pub fn depth_units(&self) -> u32 {
        let control = self.control();
        let tail = control.released();
        control.published().wrapping_sub(tail)
    }

    /// Reads a producer counter for one level index; 0 outside the table.
    pub fn counter(&self, counter: Counter, level: usize) -> u64 {
        if level >= MAX_LEVELS as usize {
            return 0;
        }
        let bits = self
            .counter_word(counter.offset() + level * 8)
            .load(Ordering::Relaxed);
        let value = f64::from_bits(bits);
        if value.is_finite() && value > 0.0 {
            value as u64
        } else {
            0
        }
    }

    /// Adds to a producer counter. Only the producer's thread may call this.
    pub fn count(&self, counter: Counter, level: usize, more: u64) {
        if level < MAX_LEVELS as usize {
            let word = self.counter_word(counter.offset() + level * 8);
            let sum = f64::from_bits(word.load(Ordering::Relaxed)) + more as f64;
            word.store(sum.to_bits(), Ordering::Relaxed);
        }
    }

    /// Bytes of the dictionary that are in use, never more than it has.
    pub fn dictionary_used(&self) -> u32 {
        self.word(OFFSET_DICTIONARY_USED)
            .load(Ordering::Acquire)
            .min(self.dictionary_bytes)
    }

    /// Copies the used bytes of the dictionary from `from` on to the end of `out`.
    pub fn copy_dictionary(&self, from: usize, out: &mut Vec<u8>) {
        let used = self.dictionary_used() as usize;
        if from < used {
            self.copy_bytes(HEADER_BYTES as usize + from, used - from, out);
        }
    }

    /// Appends an entry to the dictionary; false when it does not fit. Only for the Rust producer.
    pub(crate) fn append_dictionary(&self, text: &str) -> bool {
        let used = self.dictionary_used();
        let padded = text.len().next_multiple_of(4);
        if used as usize + 4 + padded > self.dictionary_bytes as usize {
            return false;
        }
        let Ok(len) = u32::try_from(text.len()) else {
            return false;
        };
        let at = HEADER_BYTES as usize + used as usize;
        self.write_bytes(at, &len.to_le_bytes());
        self.write_bytes(at + 4, text.as_bytes());
        self.word(OFFSET_DICTIONARY_USED)
            .store(used + 4 + padded as u32, Ordering::Release);
        true
    }

    fn data_start(&self) -> usize {
        HEADER_BYTES as usize + self.dictionary_bytes as usize
    }

    /// Copies `len` bytes of the data area from byte `index` on to the end of `out`.
    pub(crate) fn copy_data(&self, index: usize, len: usize, out: &mut Vec<u8>) {
        assert!(
            index + len <= self.data_bytes as usize,
            "reads stay inside the data area"
        );
        self.copy_bytes(self.data_start() + index, len, out);
    }

    /// Writes `bytes` into the data area at byte `index`.
    pub(crate) fn write_data(&self, index: usize, bytes: &[u8]) {
        assert!(
            index + bytes.len() <= self.data_bytes as usize,
            "writes stay inside the data area"
        );
        self.write_bytes(self.data_start() + index, bytes);
    }

    fn copy_bytes(&self, offset: usize, len: usize, out: &mut Vec<u8>) {
        out.reserve(len);
        // SAFETY: callers keep offset + len inside the block (asserts above, `dictionary_used` clamps).
        let source = unsafe { self.base.as_ptr().add(offset) };
        // SAFETY: `reserve` made the spare capacity at least `len`.
        let target = unsafe { out.as_mut_ptr().add(out.len()) };
        // SAFETY: both ranges are valid for `len` bytes and distinct; the producer does not write to bytes
        // it has published until they are released (tests/threads.rs).
        unsafe { std::ptr::copy_nonoverlapping(source, target, len) };
        // SAFETY: the `len` bytes after the old length have just been initialised.
        unsafe { out.set_len(out.len() + len) };
    }

    fn write_bytes(&self, offset: usize, bytes: &[u8]) {
        // SAFETY: callers keep offset + bytes.len() inside the block (asserts above).
        let target = unsafe { self.base.as_ptr().add(offset) };
        // SAFETY: the range is valid for writes and, being unpublished, read by nobody (tests/threads.rs).
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) };
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        debug_assert!(
            offset.is_multiple_of(4) && offset + 4 <= HEADER_BYTES as usize,
            "a header word"
        );
        // SAFETY: every offset is a generated constant inside the header, which `checked` found in bounds.
        let pointer = unsafe { self.base.as_ptr().add(offset) };
        // SAFETY: the word is aligned, lives as long as the region, and is only accessed atomically.
        unsafe { AtomicU32::from_ptr(pointer.cast()) }
    }

    fn counter_word(&self, offset: usize) -> &AtomicU64 {
        debug_assert!(
            offset.is_multiple_of(8) && offset + 8 <= HEADER_BYTES as usize,
            "a header counter"
        );
        // SAFETY: as in `word`; `counter` and `count` keep the level below MAX_LEVELS.
        let pointer = unsafe { self.base.as_ptr().add(offset) };
        // SAFETY: the word is aligned to 8 and lives as long as the region. JavaScript writes it as one
        // aligned 8-byte store.
        unsafe { AtomicU64::from_ptr(pointer.cast()) }
    }
}
