//! The real ring between real threads, and the ring on memory that nobody has checked.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fapilog_ring::layout::*;
use fapilog_ring::{Consumer, Producer, Region, RegionError, RingFull, RingMemory};

const UNIT: usize = UNIT_BYTES as usize;
const DATA: u32 = MIN_DATA_BYTES;
const CAPACITY: u32 = DATA / UNIT_BYTES;
const SALT: u32 = 0x5eed_cafe;

/// xorshift: the same sizes on both sides, from the same seed.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A record of `units`: units | (tag) | sequence | words that follow from it.
fn record(into: &mut Vec<u8>, units: u32, sequence: u64) {
    into.clear();
    into.resize(units as usize * UNIT, 0);
    into[..4].copy_from_slice(&units.to_le_bytes());
    for at in 1..units as usize {
        let word = sequence.wrapping_add(at as u64 - 1);
        into[at * UNIT..(at + 1) * UNIT].copy_from_slice(&word.to_le_bytes());
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Walks the records in `chunk`, which starts at `position`; checks units, tag and every word.
fn check(chunk: &[u8], mut position: u32, next: &mut u64) -> usize {
    let mut at = 0;
    while at + UNIT <= chunk.len() {
        let units = u32_at(chunk, at);
        let size = (units & !PAD_FLAG) as usize * UNIT;
        if at + size > chunk.len() {
            break;
        }
        assert!(size > 0, "an empty record at {position}");
        assert_eq!(
            u32_at(chunk, at + 4),
            position ^ SALT,
            "the tag of the record at {position}"
        );
        if units & PAD_FLAG == 0 {
            for (index, word) in chunk[at + UNIT..at + size].chunks_exact(UNIT).enumerate() {
                let word = u64::from_le_bytes(word.try_into().unwrap());
                assert_eq!(
                    word,
                    *next + index as u64,
                    "record {next}, word {index} is torn or lost"
                );
            }
            *next += 1;
        }
        at += size;
        position = position.wrapping_add((size / UNIT) as u32);
    }
    at
}

/// A control word of the header, as JavaScript sees it.
fn word(memory: &RingMemory, offset: usize) -> &AtomicU32 {
    assert!(offset.is_multiple_of(4) && offset + 4 <= memory.len());
    let word = memory.as_mut_ptr().wrapping_add(offset);
    // SAFETY: inside the mapping and aligned, which lives as long as the borrow.
    unsafe { AtomicU32::from_ptr(word.cast()) }
}

/// An empty ring whose positions start at `position`.
fn ring_at(position: u32) -> Arc<RingMemory> {
    let memory = RingMemory::anonymous(DATA, SALT).unwrap();
    word(&memory, OFFSET_HEAD).store(position, Ordering::SeqCst);
    word(&memory, OFFSET_TAIL).store(position, Ordering::SeqCst);
    Arc::new(memory)
}

#[test]
fn two_million_records_of_random_sizes_arrive_whole_and_in_order_across_2_to_the_32() {
    let memory = ring_at(u32::MAX - 100_000);
    let count = 2_000_000u64;
    let producer = {
        let memory = Arc::clone(&memory);
        std::thread::spawn(move || {
            let mut producer = Producer::new(*memory.region());
            let mut dice = Dice(7);
            let mut bytes = Vec::new();
            let mut full = 0u64;
            for sequence in 0..count {
                // Mostly small, now and then up to half of the ring.
                let units = match dice.below(4096) {
                    0 => 2 + dice.below(u64::from(CAPACITY) / 2 - 2),
                    roll => 2 + roll % 8,
                } as u32;
                record(&mut bytes, units, sequence);
                while producer.push(&bytes, 0) == Err(RingFull) {
                    full += 1;
                    std::thread::yield_now();
                }
            }
            full
        })
    };
    let mut consumer = Consumer::new(*memory.region());
    let mut dice = Dice(11);
    let mut chunk = Vec::new();
    let mut next = 0u64;
    while next < count {
        chunk.clear();
        // Any limit that holds the largest record, so that chunks end inside records too.
        let limit = DATA as usize / 2 + dice.below(u64::from(DATA)) as usize;
        if consumer.copy_pending(limit, &mut chunk) == 0 {
            std::thread::yield_now();
            continue;
        }
        let position = consumer.position();
        let used = check(&chunk, position, &mut next);
        assert!(used > 0, "a record that fits the limit is copied whole");
        consumer.take(used);
        consumer.release();
    }
    producer.join().unwrap();
    assert!(consumer.is_empty());
    assert!(
        consumer.position() < u32::MAX / 2,
        "the positions have wrapped"
    );
}

#[test]
fn every_remainder_at_the_end_of_the_data_area_is_padded_or_filled() {
    for remainder in 1..=8u32 {
        for units in 1..=9u32 {
            // Twice: once the last record before 2^32, once in the middle of the positions.
            for lap in [0u32.wrapping_sub(CAPACITY), 5 * CAPACITY] {
                let memory = ring_at(lap.wrapping_add(CAPACITY - remainder));
                let mut producer = Producer::new(*memory.region());
                let mut consumer = Consumer::new(*memory.region());
                let mut bytes = Vec::new();
                for sequence in 0..3 {
                    record(&mut bytes, units, sequence);
                    producer.push(&bytes, 0).unwrap();
                }
                let mut next = 0;
                while !consumer.is_empty() {
                    let mut chunk = Vec::new();
                    consumer.copy_pending(usize::MAX, &mut chunk);
                    let used = check(&chunk, consumer.position(), &mut next);
                    assert_eq!(used, chunk.len(), "no record straddles the end");
                    consumer.take(used);
                    consumer.release();
                }
                assert_eq!(next, 3, "remainder {remainder}, {units} units");
            }
        }
    }
}

#[test]
fn a_full_ring_refuses_and_takes_a_record_of_the_largest_size_once_it_is_empty() {
    // Half a ring always fits an empty ring: what is left before the end is at most padded away.
    let largest = CAPACITY / 2;
    let mut bytes = Vec::new();
    for start in (0..CAPACITY).step_by(61) {
        let memory = ring_at(0u32.wrapping_sub(CAPACITY).wrapping_add(start));
        let mut producer = Producer::new(*memory.region());
        let mut consumer = Consumer::new(*memory.region());
        let mut pushed = 0u64;
        record(&mut bytes, 7, pushed);
        while producer.push(&bytes, 0).is_ok() {
            pushed += 1;
            record(&mut bytes, 7, pushed);
        }
        assert!(
            pushed >= u64::from(CAPACITY / 7 - 1),
            "only {pushed} records fitted from {start}"
        );
        let head = memory.region().control().published();
        assert_eq!(producer.push(&bytes, 0), Err(RingFull));
        assert_eq!(
            memory.region().control().published(),
            head,
            "a refused record changes nothing"
        );

        let mut next = 0;
        let mut chunk = Vec::new();
        while !consumer.is_empty() {
            chunk.clear();
            consumer.copy_pending(usize::MAX, &mut chunk);
            let used = check(&chunk, consumer.position(), &mut next);
            consumer.take(used);
            consumer.release();
        }
        assert_eq!(next, pushed);
        assert_eq!(memory.region().depth_units(), 0, "no byte of slack is lost");
        record(&mut bytes, largest, pushed);
        producer.push(&bytes, 0).unwrap();
    }
}

#[test]
fn a_reserve_stays_free_for_those_who_may_use_it() {
    let memory = ring_at(0);
    let mut producer = Producer::new(*memory.region());
    let mut bytes = Vec::new();
    record(&mut bytes, 4, 0);
    let reserve = CAPACITY / 8;
    while producer.push(&bytes, reserve).is_ok() {}
    let free = CAPACITY - memory.region().depth_units();
    assert!(
        (reserve..reserve + 4).contains(&free),
        "{free} units are left of {reserve}"
    );
    for _ in 0..reserve / 4 {
        producer.push(&bytes, 0).unwrap();
    }
    assert_eq!(producer.push(&bytes, 0), Err(RingFull));
}

/// Publishes one-unit records as `src/ring/producer.ts` does: a Release store of `HEAD` and a Relaxed load of
/// `PARKED`, which are the plain moves that typed-array accesses compile to.
struct LightProducer {
    memory: Arc<RingMemory>,
    head: u32,
}

impl LightProducer {
    fn publish(&mut self) -> bool {
        self.head = self.head.wrapping_add(1);
        word(&self.memory, OFFSET_HEAD).store(self.head, Ordering::Release);
        let parked = word(&self.memory, OFFSET_PARKED);
        parked.load(Ordering::Relaxed) != 0 && parked.swap(0, Ordering::SeqCst) != 0
    }
}

/// Longest pause of either side: it moves the publishing over the announcement in all small steps.
const LINGER: u64 = 400;

fn linger(steps: u64) {
    for step in 0..steps {
        std::hint::black_box(step);
    }
}

/// The consumer parks whenever it has caught up, the producer publishes the next record as soon as the last
/// one was taken: every round is a race of the two. Returns how often the consumer slept and the longest
/// time it overslept, which only its safety net ended.
fn ping_pong(
    rounds: u32,
    mut publish: impl FnMut() -> bool + Send + 'static,
    memory: &RingMemory,
) -> (u32, u32) {
    let taken = Arc::new(AtomicU32::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let consumer = std::thread::current();
    let producer = {
        let (taken, done) = (Arc::clone(&taken), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut dice = Dice(3);
            for round in 0..rounds {
                while taken.load(Ordering::Acquire) != round {
                    std::hint::spin_loop();
                }
                linger(dice.below(LINGER));
                if publish() {
                    consumer.unpark();
                }
            }
            done.store(true, Ordering::Release);
        })
    };
    let region = *memory.region();
    let control = region.control();
    let (mut read, mut slept, mut lost) = (control.released(), 0u32, 0u32);
    let mut dice = Dice(17);
    let mut count = 0;
    while count < rounds {
        if control.published() != read {
            read = read.wrapping_add(1);
            control.release(read);
            count += 1;
            taken.store(count, Ordering::Release);
            // Now and then the other thread comes first.
            linger(dice.below(LINGER));
        } else if control.prepare_park(read) {
            slept += 1;
            let begin = Instant::now();
            while control.parked.load(Ordering::SeqCst) != 0 {
                std::thread::park_timeout(Duration::from_millis(100));
                // Published, flag still up, and nobody on the way: the wake-up was lost.
                if begin.elapsed() >= Duration::from_millis(100)
                    && control.published() != read
                    && control.parked.load(Ordering::SeqCst) != 0
                {
                    std::thread::sleep(Duration::from_millis(20));
                    lost += control.parked.swap(0, Ordering::SeqCst);
                }
            }
            control.unpark();
        }
    }
    producer.join().unwrap();
    assert!(done.load(Ordering::Acquire));
    (slept, lost)
}

/// Rounds of the ping-pong: a race with the announcement each.
const ROUNDS: u32 = 200_000;

#[test]
fn no_wake_up_is_lost_with_sequentially_consistent_accesses() {
    let memory = ring_at(u32::MAX - 1000);
    let publisher = Arc::clone(&memory);
    let mut head = u32::MAX - 1000;
    let publish = move || {
        head = head.wrapping_add(1);
        publisher.region().control().publish(head)
    };
    let (slept, lost) = ping_pong(ROUNDS, publish, &memory);
    assert_eq!(lost, 0);
    assert!(
        slept > ROUNDS / 100,
        "the consumer slept only {slept} times: nothing was tested"
    );
}

#[test]
fn no_wake_up_is_lost_with_plain_accesses_and_the_asymmetric_barrier() {
    for _ in 0..100 {
        if fapilog_ring::barrier::light_publish() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let memory = ring_at(u32::MAX - 1000);
    if word(&memory, OFFSET_LIGHT_PUBLISH).load(Ordering::Relaxed) == 0 {
        assert!(!fapilog_ring::barrier::light_publish());
        return;
    }
    let mut producer = LightProducer {
        memory: Arc::clone(&memory),
        head: u32::MAX - 1000,
    };
    let (slept, lost) = ping_pong(ROUNDS, move || producer.publish(), &memory);
    assert_eq!(lost, 0);
    assert!(
        slept > ROUNDS / 100,
        "the consumer slept only {slept} times: nothing was tested"
    );
}

#[test]
fn counters_read_while_they_are_written_never_go_back_and_end_exact() {
    use fapilog_ring::Counter;
    let memory = ring_at(0);
    let count = 300_000u64;
    let finished = Arc::new(AtomicU64::new(0));
    let writer = {
        let (memory, finished) = (Arc::clone(&memory), Arc::clone(&finished));
        std::thread::spawn(move || {
            for _ in 0..count {
                memory.region().count(Counter::Submitted, 2, 1);
            }
            finished.store(1, Ordering::Release);
        })
    };
    let mut last = 0;
    while finished.load(Ordering::Acquire) == 0 {
        let now = memory.region().counter(Counter::Submitted, 2);
        assert!(now >= last && now <= count);
        last = now;
    }
    writer.join().unwrap();
    assert_eq!(memory.region().counter(Counter::Submitted, 2), count);
    assert_eq!(memory.region().counter(Counter::Submitted, 3), 0);
    assert_eq!(memory.region().counter(Counter::Submitted, 99), 0);
}

/// Memory that is aligned, and as large as it has to be or not.
struct Block(Vec<u64>);

impl Block {
    fn new(bytes: usize) -> Block {
        Block(vec![0; bytes.div_ceil(8)])
    }

    fn base(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }

    fn set(&mut self, offset: usize, value: u32) {
        let shift = (offset % 8) * 8;
        let word = &mut self.0[offset / 8];
        *word = *word & !(0xffff_ffffu64 << shift) | u64::from(value) << shift;
    }

    fn open(&mut self) -> Result<Region, RegionError> {
        let len = self.0.len() * 8;
        // SAFETY: the block has `len` bytes and outlives the region in these tests.
        unsafe { Region::open(self.base(), len) }
    }
}

/// Uses everything that reads a region.
fn read_everything(region: Region) {
    let mut out = Vec::new();
    let mut consumer = Consumer::new(region);
    for _ in 0..4 {
        consumer.copy_pending(usize::MAX, &mut out);
        assert!(consumer.pending_units() <= region.capacity_units());
        let copied = consumer.copy_pending(100, &mut out);
        consumer.take(copied);
        consumer.release();
    }
    region.copy_dictionary(0, &mut out);
    region.copy_dictionary(usize::MAX, &mut out);
    region.copy_dictionary(region.dictionary_used() as usize, &mut out);
    for level in [0, 15, 16, usize::MAX] {
        region.counter(fapilog_ring::Counter::Submitted, level);
        region.counter(fapilog_ring::Counter::DroppedEncode, level);
    }
    region.depth_units();
    region.salt();
}

#[test]
fn a_header_with_one_wrong_word_is_refused_with_the_reason() {
    let bytes = Region::bytes_for(64, MIN_DATA_BYTES);
    let mut block = Block::new(bytes);
    assert_eq!(block.open().unwrap_err(), RegionError::Foreign);
    let fresh = |block: &mut Block| {
        block.set(OFFSET_MAGIC, MAGIC);
        block.set(OFFSET_VERSION, VERSION);
        block.set(OFFSET_DATA_BYTES, MIN_DATA_BYTES);
        block.set(OFFSET_DICTIONARY_BYTES, 64);
    };
    fresh(&mut block);
    read_everything(block.open().unwrap());
    for (offset, value, error) in [
        (OFFSET_MAGIC, 0, RegionError::Foreign),
        (OFFSET_VERSION, 2, RegionError::Version(2)),
        (OFFSET_DATA_BYTES, 0, RegionError::DataBytes(0)),
        (OFFSET_DATA_BYTES, 65537, RegionError::DataBytes(65537)),
        (OFFSET_DATA_BYTES, 1 << 31, RegionError::DataBytes(1 << 31)),
        (OFFSET_DICTIONARY_BYTES, 0, RegionError::DictionaryBytes(0)),
        (
            OFFSET_DICTIONARY_BYTES,
            63,
            RegionError::DictionaryBytes(63),
        ),
        (
            OFFSET_DICTIONARY_BYTES,
            !63,
            RegionError::DictionaryBytes(!63),
        ),
        (
            OFFSET_DICTIONARY_BYTES,
            128,
            RegionError::TooSmall {
                actual: bytes,
                needed: bytes + 64,
            },
        ),
        (
            OFFSET_DATA_BYTES,
            MAX_DATA_BYTES,
            RegionError::TooSmall {
                actual: bytes,
                needed: Region::bytes_for(64, MAX_DATA_BYTES),
            },
        ),
    ] {
        fresh(&mut block);
        block.set(offset, value);
        assert_eq!(block.open().unwrap_err(), error);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn blocks_of_every_size_below_the_smallest_region_are_refused() {
    let mut block = Block::new(Region::bytes_for(64, MIN_DATA_BYTES));
    let (base, whole) = (block.base(), block.0.len() * 8);
    for len in (0..whole).step_by(509).chain([whole - 1]) {
        // SAFETY: fewer bytes than the block has.
        let refused = unsafe { Region::open(base, len) }.unwrap_err();
        assert!(matches!(refused, RegionError::TooSmall { .. }));
        // SAFETY: as above.
        let refused = unsafe { Region::create(base, len, 64, MIN_DATA_BYTES, 0) }.unwrap_err();
        assert!(matches!(refused, RegionError::TooSmall { .. }));
    }
    // SAFETY: nothing is at null, and nothing is looked for there.
    let refused = unsafe { Region::open(std::ptr::null_mut(), whole) }.unwrap_err();
    assert!(matches!(refused, RegionError::TooSmall { .. }));
    let odd = base.wrapping_add(1);
    // SAFETY: it is refused for its address before it is looked at.
    let refused = unsafe { Region::open(odd, whole) };
    assert_eq!(refused.unwrap_err(), RegionError::Misaligned);
}

#[test]
fn random_bytes_and_random_control_words_are_read_without_leaving_the_block() {
    let mut dice = Dice(0x1234_5678_9abc_def1);
    let dictionary = 128;
    let bytes = Region::bytes_for(dictionary, MIN_DATA_BYTES);
    let mut opened = 0;
    for round in 0..1500 {
        let mut block = Block::new(bytes);
        for word in block.0.iter_mut().take(1024) {
            *word = dice.next();
        }
        if round % 8 > 0 {
            block.set(OFFSET_MAGIC, MAGIC);
            block.set(OFFSET_VERSION, VERSION);
        }
        if round % 4 > 0 {
            block.set(OFFSET_DATA_BYTES, MIN_DATA_BYTES);
            block.set(OFFSET_DICTIONARY_BYTES, [64, 128][round % 2]);
        }
        if let Ok(region) = block.open() {
            opened += 1;
            read_everything(region);
        }
    }
    assert!(opened > 500, "only {opened} regions could be opened");
}

#[test]
fn a_head_behind_the_tail_reads_as_a_full_ring_and_the_ring_heals() {
    let memory = ring_at(1000);
    word(&memory, OFFSET_HEAD).store(999, Ordering::SeqCst);
    let mut consumer = Consumer::new(*memory.region());
    assert_eq!(consumer.pending_units(), CAPACITY);
    let mut out = Vec::new();
    let mut rounds = 0;
    while !consumer.is_empty() && rounds < 4 {
        let copied = consumer.copy_pending(usize::MAX, &mut out);
        consumer.take(copied);
        consumer.release();
        rounds += 1;
        word(&memory, OFFSET_HEAD).store(consumer.position(), Ordering::SeqCst);
    }
    assert!(consumer.is_empty());
}

#[test]
fn the_dictionary_is_read_up_to_where_it_ends_whatever_its_length_says() {
    let memory = ring_at(0);
    let mut producer = Producer::new(*memory.region());
    let mut expected = VecDeque::new();
    let mut dice = Dice(5);
    loop {
        let text: String = (0..dice.below(5000))
            .map(|at| char::from(b'a' + (at % 26) as u8))
            .collect();
        if !producer.intern(&text) {
            break;
        }
        expected.push_back(text);
    }
    let used = memory.region().dictionary_used();
    assert!(
        used <= DICTIONARY_BYTES && used > DICTIONARY_BYTES - 5008,
        "{used} bytes are used"
    );
    let mut bytes = Vec::new();
    // In pieces that end anywhere, as a consumer that is late and early by turns.
    while bytes.len() < used as usize {
        let from = bytes.len();
        memory.region().copy_dictionary(from, &mut bytes);
    }
    let mut at = 0;
    while let Some(text) = expected.pop_front() {
        assert_eq!(u32_at(&bytes, at) as usize, text.len());
        assert_eq!(&bytes[at + 4..at + 4 + text.len()], text.as_bytes());
        at += 4 + text.len().next_multiple_of(4);
    }
    assert_eq!(at, used as usize);
    // An entry that is cut, and a length beyond the area.
    word(&memory, OFFSET_DICTIONARY_USED).store(u32::MAX, Ordering::SeqCst);
    assert_eq!(memory.region().dictionary_used(), DICTIONARY_BYTES);
    bytes.clear();
    memory.region().copy_dictionary(3, &mut bytes);
    assert_eq!(bytes.len(), DICTIONARY_BYTES as usize - 3);
    assert!(!producer.intern("x"), "nothing is written beyond the area");
}

#[test]
fn sizes_out_of_bounds_are_refused() {
    for bytes in [
        0,
        1,
        MIN_DATA_BYTES / 2,
        MIN_DATA_BYTES + 8,
        3 << 20,
        MAX_DATA_BYTES + 1,
    ] {
        let error = RingMemory::anonymous(bytes, 0).unwrap_err();
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::InvalidInput,
            "{bytes}: {error}"
        );
    }
}
