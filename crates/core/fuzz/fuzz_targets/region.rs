//! A region whose header, dictionary and data are arbitrary is opened and drained as the drain thread does it.
//! Input: pairs of (16-bit word index in the header, 32-bit value) after their count (one byte), then bytes
//! that are repeated over dictionary and data.
#![no_main]

use fapilog_core::wire::{Dictionary, Records};
use fapilog_ring::layout::*;
use fapilog_ring::{Consumer, Counter, Region};
use libfuzzer_sys::fuzz_target;

const DICTIONARY: u32 = 256;

fuzz_target!(|data: &[u8]| {
    let [count, rest @ ..] = data else { return };
    let len = Region::bytes_for(DICTIONARY, MIN_DATA_BYTES);
    let mut block = vec![0u64; len / 8];
    let base: *mut u8 = block.as_mut_ptr().cast();
    // SAFETY: the block has `len` bytes and outlives every copy of the region.
    let created = unsafe { Region::create(base, len, DICTIONARY, MIN_DATA_BYTES, 1) };
    created.expect("the sizes are right");
    let patches = rest.chunks_exact(6).take(usize::from(*count));
    let tail = &rest[patches.len() * 6..];
    for patch in patches {
        let index =
            usize::from(u16::from_le_bytes([patch[0], patch[1]])) % (HEADER_BYTES as usize / 4);
        let shift = (index % 2) * 32;
        let value = u32::from_le_bytes([patch[2], patch[3], patch[4], patch[5]]);
        let word = &mut block[index / 2];
        *word = *word & !(0xffff_ffff << shift) | u64::from(value) << shift;
    }
    if !tail.is_empty() {
        let start = HEADER_BYTES as usize / 8;
        for (word, at) in block[start..].iter_mut().zip((0..).step_by(8)) {
            *word = (0..8).fold(0, |word, byte| {
                word << 8 | u64::from(tail[(at + 7 - byte) % tail.len()])
            });
        }
    }
    let base: *mut u8 = block.as_mut_ptr().cast();
    // SAFETY: as above.
    let Ok(region) = (unsafe { Region::open(base, len) }) else {
        return;
    };
    for level in 0..20 {
        region.counter(Counter::Submitted, level);
        region.counter(Counter::Truncated, level);
    }
    region.depth_units();

    let mut dictionary = Dictionary::new();
    let mut fresh = Vec::new();
    let mut consumer = Consumer::new(region);
    let mut chunk = Vec::new();
    // Once around the ring; a damaged head may promise more for ever.
    let mut left = region.data_bytes() as usize;
    while left > 0 {
        chunk.clear();
        let copied = consumer.copy_pending(64 << 10, &mut chunk);
        assert!(copied == chunk.len() && copied <= region.data_bytes() as usize);
        if copied == 0 {
            break;
        }
        fresh.clear();
        region.copy_dictionary(dictionary.consumed(), &mut fresh);
        dictionary.extend(&fresh);
        let mut records = Records::new(&chunk, &dictionary);
        for record in records.by_ref() {
            let (_, tokens) = record.message_and_fields();
            assert!(tokens.count() <= chunk.len());
        }
        let taken = match records.position() {
            0 => copied,
            position => position,
        };
        consumer.take(taken);
        consumer.release();
        left = left.saturating_sub(taken);
    }
    drop(consumer);
    drop(block);
});
