//! Memory for a region, owned by Rust so that neither a finished worker nor a finished pipeline can free it
//! under the other's hands.

use std::io;

use memmap2::{MmapMut, MmapOptions};

use crate::layout::DICTIONARY_BYTES;
use crate::region::{Region, RegionError};

/// A mapping with a formatted region in it. Both sides hold it in an `Arc`.
#[derive(Debug)]
pub struct RingMemory {
    // Only kept alive: it is read and written through `region` and through JavaScript's view of it.
    _mapping: MmapMut,
    base: *mut u8,
    len: usize,
    region: Region,
}

// SAFETY: the mapping is plain memory; who may touch which part of it when is `Region`'s contract
// (tests/threads.rs).
unsafe impl Send for RingMemory {}
// SAFETY: as for Send.
unsafe impl Sync for RingMemory {}

impl RingMemory {
    /// Anonymous memory for a ring with a data area of `data_bytes`. Pages are committed when first used.
    ///
    /// # Errors
    /// The operating system's when it has no memory, or `InvalidInput` with a [`RegionError`] when the size
    /// is out of bounds.
    pub fn anonymous(data_bytes: u32, salt: u32) -> io::Result<RingMemory> {
        let len = Region::bytes_for(DICTIONARY_BYTES, data_bytes);
        let mut mapping = MmapOptions::new().len(len).map_anon()?;
        let base = mapping.as_mut_ptr();
        // SAFETY: the mapping has `len` bytes, is fresh, and moves into the same struct as the region, which
        // does not outlive it.
        let region = unsafe { Region::create(base, len, DICTIONARY_BYTES, data_bytes, salt) }
            .map_err(invalid)?;
        Ok(RingMemory {
            _mapping: mapping,
            base,
            len,
            region,
        })
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Start of the mapping, for the view that JavaScript gets.
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.base
    }

    /// Bytes of the mapping.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never: a region has a header at least.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

fn invalid(error: RegionError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
