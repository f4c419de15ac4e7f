//! Keeps a ring's space until every file sink has written what was in it: crash-safe mode.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fapilog_ring::journal::MAX_JOURNAL_SINKS;
use fapilog_ring::RingMemory;

use super::queue::WhenFull;
use super::settings::{Destination, PipelineSettings};
use super::space::Space;
use crate::error::{Error, ErrorCode, Result};
use crate::recovery::journal::{SinkJournal, Words};
use crate::recovery::ring_file::RingFile;

/// What a pipeline needs in order to lose nothing when the process dies.
#[derive(Debug)]
pub struct Retention {
    /// The folder of the ring.
    pub directory: PathBuf,
    /// How the ring's name starts.
    pub name: String,
    /// What is kept beside the ring, so that its lines can be made without this process.
    pub settings: String,
    /// One for each file sink.
    pub journals: Vec<Arc<SinkJournal>>,
    memory: OnceLock<Arc<RingMemory>>,
    /// Told when space was given back.
    space: Arc<Space>,
    ring: Mutex<Option<RingFile>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Up to where the ring was read.
    read: u32,
    sinks: Vec<Hold>,
}

/// What one sink keeps.
#[derive(Debug, Default)]
struct Hold {
    /// Where the first event starts that is formatted and not handed over.
    pending: Option<u32>,
    /// Where the batches start that were handed over and are not written.
    written_from: VecDeque<u32>,
}

impl Retention {
    /// What `settings` ask for.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] when there are no file sinks, too many, or such that drop lines.
    pub fn of(settings: &PipelineSettings, space: Arc<Space>) -> Result<Option<Self>> {
        let Some(safe) = &settings.crash_safe else {
            return Ok(None);
        };
        let invalid = |message: String| Err(Error::new(ErrorCode::SettingInvalid, message));
        let files: Vec<_> = settings
            .sinks
            .iter()
            .filter(|sink| matches!(sink.destination, Destination::File(_)))
            .collect();
        if files.is_empty() || files.len() > MAX_JOURNAL_SINKS {
            return invalid(format!(
                "durability: crash-safe needs 1 to {MAX_JOURNAL_SINKS} sinks of type file, not {}",
                files.len()
            ));
        }
        if let Some(sink) = files.iter().find(|sink| sink.when_full != WhenFull::Block) {
            return invalid(format!(
                "sinks.{}.whenFull: durability crash-safe needs 'block'",
                sink.name
            ));
        }
        Ok(Some(Self::new(
            safe.directory.clone(),
            safe.name.clone(),
            settings.document.clone(),
            files.len(),
            space,
        )))
    }

    /// Makes the ring.
    ///
    /// # Errors
    /// [`ErrorCode::RingFile`] when the file cannot be made, [`ErrorCode::SettingInvalid`] when there is a
    /// ring already.
    pub fn open_ring(&self, data_bytes: u32, salt: u32) -> Result<Arc<RingMemory>> {
        let ring = RingFile::create(
            &self.directory,
            &self.name,
            data_bytes,
            salt,
            &self.settings,
        )?;
        let memory = Arc::clone(ring.memory());
        match self.attach(ring) {
            Ok(None) => Ok(memory),
            Ok(Some(surplus)) => {
                surplus.remove();
                Err(Error::new(
                    ErrorCode::SettingInvalid,
                    "a crash-safe pipeline has one ring",
                ))
            }
            Err(error) => Err(Error::io(ErrorCode::RingFile, "the ring's journal", error)),
        }
    }

    /// For `sinks` file sinks.
    fn new(
        directory: PathBuf,
        name: String,
        settings: String,
        sinks: usize,
        space: Arc<Space>,
    ) -> Self {
        let mut state = State::default();
        state.sinks.resize_with(sinks, Hold::default);
        Self {
            directory,
            name,
            settings,
            journals: (0..sinks)
                .map(|slot| Arc::new(SinkJournal::new(slot)))
                .collect(),
            memory: OnceLock::new(),
            space,
            ring: Mutex::new(None),
            state: Mutex::new(state),
        }
    }

    /// Takes the ring over, before the first event is in it. Gives it back when there is one already.
    ///
    /// # Errors
    /// None in a mapped ring.
    fn attach(&self, ring: RingFile) -> std::io::Result<Option<RingFile>> {
        if self.memory.set(Arc::clone(ring.memory())).is_err() {
            return Ok(Some(ring));
        }
        for journal in &self.journals {
            journal.attach(Words::Mapped(Arc::clone(ring.memory())))?;
        }
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = Some(ring);
        Ok(None)
    }

    /// The ring was read up to `read`; the sinks with these numbers have formatted events from `pending` on.
    pub fn read(&self, read: u32, pending: impl Iterator<Item = (usize, Option<u32>)>) {
        let mut state = self.lock();
        state.read = read;
        for (sink, pending) in pending {
            if let Some(hold) = state.sinks.get_mut(sink) {
                hold.pending = pending;
            }
        }
        self.release(&state);
    }

    /// A batch that starts at `from` goes to a sink.
    pub fn hand_over(&self, sink: usize, from: u32) {
        if let Some(hold) = self.lock().sinks.get_mut(sink) {
            hold.pending = None;
            hold.written_from.push_back(from);
        }
    }

    /// The oldest batch of a sink is on its file.
    pub fn written(&self, sink: usize) {
        let mut state = self.lock();
        if let Some(hold) = state.sinks.get_mut(sink) {
            hold.written_from.pop_front();
        }
        self.release(&state);
    }

    fn release(&self, state: &State) {
        let Some(memory) = self.memory.get() else {
            return;
        };
        let control = memory.region().control();
        let tail = control.released();
        let mut kept = state.read.wrapping_sub(tail);
        for (hold, journal) in state.sinks.iter().zip(&self.journals) {
            let from = match hold.written_from.front() {
                Some(&from) => from,
                None => {
                    let from = hold.pending.unwrap_or(state.read);
                    // Its thread has nothing to do, so this is the only one that moves the cursor: a sink
                    // that takes few events must not fall behind by a whole turn of the position.
                    let _ = journal.finish(from);
                    from
                }
            };
            kept = kept.min(from.wrapping_sub(tail));
        }
        if kept > 0 {
            control.release(tail.wrapping_add(kept));
            self.space.announce();
        }
    }

    /// Removes the ring's file if nothing in it is needed any more; whether it is gone.
    pub fn finish(&self) -> bool {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        match ring.as_ref() {
            Some(file) if file.memory().region().depth_units() == 0 => {
                file.remove();
                *ring = None;
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    /// As [`Retention::finish`], without waiting for a lock or touching the heap; the file's name alone goes.
    #[cfg(unix)]
    pub fn unlink(&self) {
        if let Ok(ring) = self.ring.try_lock() {
            if let Some(file) = ring
                .as_ref()
                .filter(|file| file.memory().region().depth_units() == 0)
            {
                file.unlink();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
