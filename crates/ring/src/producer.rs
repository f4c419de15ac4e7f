//! Puts records into a region: the Rust twin of `src/ring/producer.ts`, for tests and benches.

use crate::layout::{PAD_FLAG, UNIT_BYTES};
use crate::region::Region;

/// The record does not fit now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingFull;

/// The writing side. One per region.
#[derive(Debug)]
pub struct Producer {
    region: Region,
    head: u32,
}

impl Producer {
    /// Writes to `region` from its head on.
    pub fn new(region: Region) -> Self {
        let head = region.control().published();
        Self { region, head }
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Interns a string; false when the dictionary is full.
    pub fn intern(&mut self, text: &str) -> bool {
        self.region.append_dictionary(text)
    }

    /// Publishes one record whose units word is already set. `reserve_units` stay free for others.
    /// Returns whether the consumer must be woken.
    ///
    /// # Errors
    /// [`RingFull`] when there is no room; nothing is written.
    pub fn push(&mut self, record: &[u8], reserve_units: u32) -> Result<bool, RingFull> {
        let unit = UNIT_BYTES as usize;
        assert!(
            record.len().is_multiple_of(unit) && record.len() >= unit,
            "records are whole units"
        );
        let capacity = self.region.capacity_units();
        let units = (record.len() / unit) as u32;
        let control = self.region.control();
        let free = capacity - self.head.wrapping_sub(control.released());
        let index = self.head & (capacity - 1);
        let to_end = capacity - index;
        let pad = if to_end < units { to_end } else { 0 };
        if units + pad + reserve_units > free {
            return Err(RingFull);
        }
        let salt = self.region.salt();
        if pad > 0 {
            let mut filler = [0u8; 8];
            filler[..4].copy_from_slice(&(pad | PAD_FLAG).to_le_bytes());
            filler[4..].copy_from_slice(&(self.head ^ salt).to_le_bytes());
            self.region.write_data(index as usize * unit, &filler);
            self.head = self.head.wrapping_add(pad);
        }
        let at = (self.head & (capacity - 1)) as usize * unit;
        self.region.write_data(at, record);
        self.region
            .write_data(at + 4, &(self.head ^ salt).to_le_bytes());
        self.head = self.head.wrapping_add(units);
        Ok(control.publish(self.head))
    }
}
