//! Takes records out of a region.

use crate::handover::Control;
use crate::layout::UNIT_BYTES;
use crate::region::Region;

/// The reading side. One per region.
#[derive(Debug)]
pub struct Consumer {
    region: Region,
    /// Everything before this position has been copied out.
    read: u32,
}

impl Consumer {
    /// Reads `region` from its tail on.
    pub fn new(region: Region) -> Self {
        let read = region.control().released();
        Self { region, read }
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The control words, for parking.
    pub fn control(&self) -> Control<'_> {
        self.region.control()
    }

    /// Tells the producer when it may publish with plain accesses. To be called before each
    /// [`Control::prepare_park`], whose barrier pays for them from then on: the flag is only ever set by the thread
    /// that has already seen the registration.
    pub fn allow_light_publish(&self) {
        self.region.allow_light_publish();
    }

    /// Position up to which records were taken.
    pub fn position(&self) -> u32 {
        self.read
    }

    /// Whether everything published so far has been taken.
    pub fn is_empty(&self) -> bool {
        self.pending_units() == 0
    }

    /// Units published and not yet taken; a nonsensical head (memory damaged) reads as a full ring.
    pub fn pending_units(&self) -> u32 {
        self.region
            .control()
            .published()
            .wrapping_sub(self.read)
            .min(self.region.capacity_units())
    }

    /// Appends up to `max_bytes` of pending bytes, contiguous in the ring, to `out` and returns how many.
    /// The last record may be cut: the caller says with [`Consumer::take`] how much it could use.
    pub fn copy_pending(&self, max_bytes: usize, out: &mut Vec<u8>) -> usize {
        let capacity = self.region.capacity_units();
        let index = self.read & (capacity - 1);
        let units = self.pending_units().min(capacity - index);
        let bytes =
            (units as usize * UNIT_BYTES as usize).min(max_bytes & !(UNIT_BYTES as usize - 1));
        self.region
            .copy_data(index as usize * UNIT_BYTES as usize, bytes, out);
        bytes
    }

    /// Marks `bytes` (a multiple of the unit) as taken, without giving the space back.
    pub fn take(&mut self, bytes: usize) {
        self.read = self.read.wrapping_add((bytes / UNIT_BYTES as usize) as u32);
    }

    /// Gives everything taken so far back to the producer.
    pub fn release(&mut self) {
        self.region.control().release(self.read);
    }

    /// Gives the space before `position` back to the producer.
    pub fn release_to(&mut self, position: u32) {
        self.region.control().release(position);
    }
}
