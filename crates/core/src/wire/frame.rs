//! Where records begin: whether bytes of a ring are a record, and which ones are when these are not.

use fapilog_ring::layout::{
    KIND_EVENT, PAD_FLAG, RECORD_HEADER_WORDS, UNIT_BYTES, WORD_KIND, WORD_TAG, WORD_UNITS,
};
use fapilog_ring::Region;

use crate::level::Level;

const UNIT: usize = UNIT_BYTES as usize;

/// Tells records of one ring from other bytes: by their tag, which only the producer of this ring writes at
/// this position, and by a header that makes sense.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    salt: u32,
    /// Units of the data area, a power of two.
    capacity: u32,
}

/// A record, or padding up to the end of the data area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes that it takes, header included. Never beyond the end of the data area.
    pub bytes: usize,
    /// Index of the event's level; `None` for padding.
    pub level: Option<u8>,
}

impl Frames {
    /// The frames of `region`.
    pub fn of(region: &Region) -> Self {
        Self::new(region.salt(), region.capacity_units())
    }

    /// The frames of a ring with this salt and so many units, a power of two.
    pub fn new(salt: u32, capacity: u32) -> Self {
        Self { salt, capacity }
    }

    /// What starts with `bytes`, which lie at `position` in the ring; nothing if that is damaged. The frame may
    /// be longer than `bytes`. Fewer than 12 bytes are only ever padding.
    pub fn at(&self, bytes: &[u8], position: u32) -> Option<Frame> {
        if word(bytes, WORD_TAG)? != position ^ self.salt {
            return None;
        }
        let units = word(bytes, WORD_UNITS)?;
        let count = units & !PAD_FLAG;
        let left = self.capacity - (position & (self.capacity - 1));
        if count == 0 || count > left {
            return None;
        }
        let bytes_taken = count as usize * UNIT;
        if units & PAD_FLAG != 0 {
            return Some(Frame {
                bytes: bytes_taken,
                level: None,
            });
        }
        let kind = word(bytes, WORD_KIND)?;
        let level = (kind >> 8) as u8;
        let sound = kind as u8 == KIND_EVENT
            && usize::from(level) < Level::COUNT
            && bytes_taken >= RECORD_HEADER_WORDS * 4;
        sound.then_some(Frame {
            bytes: bytes_taken,
            level: Some(level),
        })
    }

    /// The next byte of `bytes` beyond `from` where a frame starts, or their end. `position` is where `bytes`
    /// lie; both it and `from` are those of a unit.
    pub fn find(&self, bytes: &[u8], from: usize, position: u32) -> usize {
        (from + UNIT..bytes.len())
            .step_by(UNIT)
            .find(|&at| {
                let rest = bytes.get(at..).unwrap_or_default();
                self.at(rest, position.wrapping_add((at / UNIT) as u32))
                    .is_some()
            })
            .unwrap_or(bytes.len())
    }
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    let word = bytes.get(index * 4..index * 4 + 4)?;
    Some(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::wire::RecordWriter;

    const SALT: u32 = 0x1234_5678;
    const FRAMES: Frames = Frames {
        salt: SALT,
        capacity: 8192,
    };

    /// Records of these levels, as a producer puts them at `position`.
    fn ring(levels: &[u8], position: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &level in levels {
            let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
            writer.message("a message");
            let mut record = writer.finish();
            record[WORD_KIND * 4 + 1] = level;
            let at = position.wrapping_add((bytes.len() / UNIT) as u32);
            record[4..8].copy_from_slice(&(at ^ SALT).to_le_bytes());
            bytes.extend_from_slice(&record);
        }
        bytes
    }

    #[test]
    fn a_record_is_known_by_its_place_its_kind_and_its_level() {
        let bytes = ring(&[4], 7);
        let frame = FRAMES.at(&bytes, 7).unwrap();
        assert_eq!(frame.bytes, bytes.len());
        assert_eq!(frame.level, Some(4));
        assert_eq!(FRAMES.at(&bytes, 8), None, "of another lap or place");
        assert_eq!(FRAMES.at(&ring(&[200], 7), 7), None, "no such level");
        let mut other = bytes.clone();
        other[8] = 77;
        assert_eq!(FRAMES.at(&other, 7), None, "no such kind");
        assert_eq!(FRAMES.at(&bytes[..8], 7), None, "no header");
        // Beyond the end of the data area.
        assert_eq!(FRAMES.at(&ring(&[4], 8191), 8191), None);
    }

    #[test]
    fn padding_needs_no_more_than_its_first_unit() {
        let mut pad = (3 | PAD_FLAG).to_le_bytes().to_vec();
        pad.extend_from_slice(&(8189 ^ SALT).to_le_bytes());
        let frame = FRAMES.at(&pad, 8189).unwrap();
        assert_eq!((frame.bytes, frame.level), (24, None));
        pad[..4].copy_from_slice(&PAD_FLAG.to_le_bytes());
        assert_eq!(FRAMES.at(&pad, 8189), None);
    }

    #[test]
    fn the_next_record_behind_damage_is_found() {
        let mut bytes = ring(&[2, 3, 4], 100);
        let one = bytes.len() / 3;
        bytes[..one].fill(0xff);
        assert_eq!(FRAMES.find(&bytes, 0, 100), one);
        bytes[one + 4] ^= 1;
        assert_eq!(FRAMES.find(&bytes, 0, 100), 2 * one);
        bytes[2 * one + 4] ^= 1;
        assert_eq!(FRAMES.find(&bytes, 0, 100), bytes.len());
    }
}
