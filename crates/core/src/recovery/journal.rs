//! What a file sink notes in its ring's file: how far it is, and what it is about to append.
//!
//! A process that is killed leaves its stores in the order in which it made them, so an intent is believed as
//! soon as its number is there. Two places take turns: one always holds a whole intent.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fapilog_ring::journal::{WORDS_PER_SINK, WORD_SINKS};
use fapilog_ring::RingMemory;

use crate::pipeline::Batch;
use crate::sinks::{Append, AppendObserver};

/// Word of a sink with its position and the number of the last append that was finished.
const CURSOR: usize = 0;
/// First words of the two intents.
const INTENTS: [usize; 2] = [8, 16];
const NUMBER: usize = 0;
const START: usize = 1;
const DEVICE: usize = 2;
const INODE: usize = 3;
const OFFSET: usize = 4;
const LENGTH: usize = 5;

/// Where the words are.
#[derive(Clone, Debug)]
pub enum Words {
    /// In this process's own ring.
    Mapped(Arc<RingMemory>),
    /// In the file of a ring whose process is gone: byte offset of the journal page.
    InFile(Arc<File>, u64),
}

impl Words {
    /// Reads a word.
    ///
    /// # Errors
    /// What reading the file fails with.
    pub fn load(&self, word: usize) -> io::Result<u64> {
        match self {
            Words::Mapped(memory) => Ok(memory
                .journal()
                .and_then(|words| words.get(word))
                .map_or(0, |word| word.load(Ordering::Acquire))),
            Words::InFile(file, at) => {
                let mut bytes = [0; 8];
                read_exact_at(file, &mut bytes, at + word as u64 * 8)?;
                Ok(u64::from_le_bytes(bytes))
            }
        }
    }

    /// Writes a word, after all that were written before.
    ///
    /// # Errors
    /// What writing the file fails with.
    pub fn store(&self, word: usize, value: u64) -> io::Result<()> {
        match self {
            Words::Mapped(memory) => {
                if let Some(word) = memory.journal().and_then(|words| words.get(word)) {
                    word.store(value, Ordering::Release);
                }
                Ok(())
            }
            Words::InFile(file, at) => {
                write_all_at(file, &value.to_le_bytes(), at + word as u64 * 8)
            }
        }
    }
}

/// An append that was begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    number: u32,
    /// Position of the first record that the append was to finish.
    pub start: u32,
    /// Device and inode of the file.
    pub identity: (u64, u64),
    /// Where that record's line starts in it.
    pub offset: u64,
    /// Bytes from there to the end of the append.
    pub length: u64,
}

/// How far a sink has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything before the position is on its file, nothing after it.
    At(u32),
    /// An append was begun, and nobody noted its end.
    Appending(Intent),
}

/// The journal of one sink.
#[derive(Debug)]
pub struct SinkJournal {
    slot: usize,
    words: OnceLock<Words>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    batch: Option<Arc<Batch>>,
    /// Bytes of the batch that earlier calls of the sink have written.
    base: usize,
    number: u32,
}

impl SinkJournal {
    /// The journal of the sink with this number among the file sinks; its words are told by
    /// [`SinkJournal::attach`].
    pub fn new(slot: usize) -> Self {
        Self {
            slot,
            words: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Says where the words are. Only the first call counts.
    ///
    /// # Errors
    /// What reading the words fails with.
    pub fn attach(&self, words: Words) -> io::Result<()> {
        let mut newest = 0u32;
        for intent in self.intents(&words)? {
            if (intent.number.wrapping_sub(newest) as i32) > 0 || newest == 0 {
                newest = intent.number;
            }
        }
        self.lock().number = newest;
        let _ = self.words.set(words);
        Ok(())
    }

    fn word(&self, offset: usize) -> usize {
        WORD_SINKS + self.slot * WORDS_PER_SINK + offset
    }

    fn intents(&self, words: &Words) -> io::Result<Vec<Intent>> {
        let mut intents = Vec::new();
        for at in INTENTS {
            let load = |offset| words.load(self.word(at + offset));
            let number = load(NUMBER)? as u32;
            if number != 0 {
                intents.push(Intent {
                    number,
                    start: load(START)? as u32,
                    identity: (load(DEVICE)?, load(INODE)?),
                    offset: load(OFFSET)?,
                    length: load(LENGTH)?,
                });
            }
        }
        Ok(intents)
    }

    /// What the words say.
    ///
    /// # Errors
    /// What reading them fails with.
    pub fn progress(&self) -> io::Result<Progress> {
        let Some(words) = self.words.get() else {
            return Ok(Progress::At(0));
        };
        let cursor = words.load(self.word(CURSOR))?;
        let latest = self.intents(words)?.into_iter().reduce(|a, b| {
            if (a.number.wrapping_sub(b.number) as i32) > 0 {
                a
            } else {
                b
            }
        });
        Ok(match latest {
            Some(intent) if intent.number != (cursor >> 32) as u32 => Progress::Appending(intent),
            _ => Progress::At(cursor as u32),
        })
    }

    /// The sink is about to be given `batch` without its first `base` bytes.
    pub fn begin(&self, batch: &Arc<Batch>, base: usize) {
        let mut state = self.lock();
        state.base = base;
        state.batch = Some(Arc::clone(batch));
    }

    /// Everything before `position` has been dealt with. Only while the sink appends nothing.
    ///
    /// # Errors
    /// What writing the words fails with.
    pub fn finish(&self, position: u32) -> io::Result<()> {
        let mut state = self.lock();
        state.batch = None;
        self.set_cursor(state.number, position)
    }

    fn set_cursor(&self, number: u32, position: u32) -> io::Result<()> {
        match self.words.get() {
            Some(words) => words.store(
                self.word(CURSOR),
                u64::from(number) << 32 | u64::from(position),
            ),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AppendObserver for SinkJournal {
    fn before(&self, append: &Append) -> io::Result<()> {
        let mut state = self.lock();
        let (Some(batch), Some(words)) = (&state.batch, self.words.get()) else {
            return Ok(());
        };
        let start = batch.position_at(state.base + append.done);
        let number = state.number.wrapping_add(1).max(1);
        let at = INTENTS[number as usize & 1];
        let store = |offset, value| words.store(self.word(at + offset), value);
        store(NUMBER, 0)?;
        store(START, u64::from(start))?;
        store(DEVICE, append.identity.0)?;
        store(INODE, append.identity.1)?;
        store(OFFSET, append.offset)?;
        store(LENGTH, append.length)?;
        store(NUMBER, u64::from(number))?;
        state.number = number;
        Ok(())
    }

    fn after(&self, done: usize) {
        let state = self.lock();
        let Some(batch) = &state.batch else { return };
        let done = state.base + done;
        if batch.is_boundary(done) {
            // A store that fails leaves the intent, which says the same.
            let _ = self.set_cursor(state.number, batch.position_at(done));
        }
    }
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
pub(crate) fn read_exact_at(_file: &File, _bytes: &mut [u8], _at: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
pub(crate) fn write_all_at(_file: &File, _bytes: &[u8], _at: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
