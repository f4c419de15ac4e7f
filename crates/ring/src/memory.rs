//! Memory for a region, owned by Rust so that neither a finished worker nor a finished pipeline can free it
//! under the other's hands.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapMut, MmapOptions};

use crate::journal::{
    file_bytes, JOURNAL_BYTES, JOURNAL_MAGIC, JOURNAL_WORDS, MAX_SETTINGS_BYTES,
    WORD_JOURNAL_MAGIC, WORD_SETTINGS_BYTES,
};
use crate::layout::DICTIONARY_BYTES;
use crate::region::{Region, RegionError};

/// A mapping with a formatted region in it. Both sides hold it in an `Arc`.
#[derive(Debug)]
pub struct RingMemory {
    // Read and written only through `region` and through JavaScript's view of it.
    mapping: MmapMut,
    base: *mut u8,
    len: usize,
    region: Region,
    /// The file below the mapping. Open as long as the ring lives: it carries the owner's lock.
    file: Option<File>,
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
            mapping,
            base,
            len,
            region,
            file: None,
        })
    }

    /// Memory that outlives the process: a mapping of `file`, which is as long as [`RingMemory::file_len`]
    /// says, backed by the device, zeroed, and used by nobody else. `settings` is kept behind the ring.
    ///
    /// # Errors
    /// As for [`RingMemory::anonymous`], and `InvalidInput` when the file or the settings have a wrong length.
    pub fn in_file(
        file: File,
        data_bytes: u32,
        salt: u32,
        settings: &[u8],
    ) -> io::Result<RingMemory> {
        let len = Region::bytes_for(DICTIONARY_BYTES, data_bytes);
        let whole = file_bytes(len, settings.len());
        if settings.len() > MAX_SETTINGS_BYTES || file.metadata()?.len() != whole as u64 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the ring's file or settings have a wrong length",
            ));
        }
        // SAFETY: a mapping of a file is only sound while nobody truncates it: the caller made the file for
        // this, in a folder of its own, and holds its lock (core: recovery::ring_file).
        let mut mapping = unsafe { MmapOptions::new().len(whole).map_mut(&file) }?;
        if let Some(place) = mapping.get_mut(len + JOURNAL_BYTES..) {
            if let Some(place) = place.get_mut(..settings.len()) {
                place.copy_from_slice(settings);
            }
        }
        let base = mapping.as_mut_ptr();
        // SAFETY: the mapping has more than `len` bytes, is fresh, and moves into the same struct as the
        // region, which does not outlive it.
        let region = unsafe { Region::create(base, len, DICTIONARY_BYTES, data_bytes, salt) }
            .map_err(invalid)?;
        let memory = RingMemory {
            mapping,
            base,
            len,
            region,
            file: Some(file),
        };
        if let Some(journal) = memory.journal() {
            journal[WORD_SETTINGS_BYTES].store(settings.len() as u64, Ordering::Relaxed);
            journal[WORD_JOURNAL_MAGIC].store(JOURNAL_MAGIC, Ordering::Release);
        }
        Ok(memory)
    }

    /// Bytes of the file for a ring with a data area of `data_bytes`.
    pub fn file_len(data_bytes: u32, settings_bytes: usize) -> usize {
        file_bytes(
            Region::bytes_for(DICTIONARY_BYTES, data_bytes),
            settings_bytes,
        )
    }

    /// The words behind the region, when it lies in a file.
    pub fn journal(&self) -> Option<&[AtomicU64; JOURNAL_WORDS]> {
        self.file.as_ref()?;
        // SAFETY: a mapping of a file is JOURNAL_BYTES longer than its region, at least (`in_file`).
        let start = unsafe { self.base.add(self.len) };
        // SAFETY: the page is aligned to 8 (regions are a multiple of 64 bytes long), lives as long as `self`,
        // and is only accessed through these atomics once `in_file` has returned.
        Some(unsafe { &*start.cast::<[AtomicU64; JOURNAL_WORDS]>() })
    }

    /// The file below the ring, if there is one.
    pub fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Has the operating system back bytes of the data area before they are written to. Whether it does such a thing.
    pub(crate) fn back(&self, from: usize, to: usize) -> bool {
        let offset = self.len - self.region.data_bytes() as usize + from;
        #[cfg(target_os = "linux")]
        return self
            .mapping
            .advise_range(memmap2::Advice::PopulateWrite, offset, to - from)
            .is_ok();
        #[cfg(not(target_os = "linux"))]
        return false;
    }

    /// Start of the mapping, for the view that JavaScript gets.
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.base
    }

    /// Bytes of the region.
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
