//! Where events leave for plugins in JavaScript and come back.
//!
//! The drain thread sends batches and goes on with others; JavaScript takes them one after the other, looks at
//! the events that it wants to see, and answers with a verdict for each. Nothing here waits: a thread that is
//! told of news comes and looks. Events stay in order, because every place answers its batches in order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use serde::Deserialize;

use crate::format::{ContextConstants, Format, JsonFormat};
use crate::level::LevelTable;
use crate::wire::encode::append_record;
use crate::wire::layout::FLAG_PLUGIN;
use crate::wire::{Dictionary, Record, Records};

/// The places on the way where plugins may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Before redaction: filters and enrichers.
    BeforeRedaction,
    /// After redaction: redactors and processors.
    AfterRedaction,
}

/// What plugins are there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PluginSettings {
    /// Places where plugins stand, in order.
    pub places: Vec<PlaceSettings>,
    /// Bytes of events that may be on their way to plugins; beyond that the rings are not read.
    pub queue_bytes: u32,
}

/// One place.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceSettings {
    /// Which.
    pub place: Place,
    /// Whether an event that the plugins could not deal with must not go on as it is: one of them redacts.
    pub withhold: bool,
}

/// What becomes of one event.
pub mod verdict {
    /// It goes on as it was.
    pub const KEEP: u8 = 0;
    /// It ends here.
    pub const DROP: u8 = 1;
    /// It goes on as the plugins have made it.
    pub const CHANGED: u8 = 2;
    /// It goes on without its message and fields.
    pub const WITHHOLD: u8 = 3;
    /// It was logged by a plugin: no plugin sees it. Given, not answered.
    pub const BYPASS: u8 = 4;
}

/// The dictionary of one ring, as the threads that show events to plugins see it.
pub type SharedDictionary = Arc<RwLock<Dictionary>>;

/// Most bytes of a batch whose memory is used again.
const MAX_SPARE_BYTES: usize = 1 << 20;

/// The memory of a batch, to be used again: fresh memory for each would cost more than what is done with it.
#[derive(Debug, Default)]
pub struct Memory {
    records: Vec<u8>,
    starts: Vec<u32>,
    /// [`verdict::KEEP`] for events that plugins may see, [`verdict::BYPASS`] for others.
    offered: Vec<u8>,
}

/// Events on their way.
#[derive(Debug)]
pub struct Travellers {
    id: u64,
    /// The chunk that they were read with; the same at every place.
    pub sequence: u64,
    /// Index of the place.
    pub place: usize,
    memory: Memory,
    dictionary: SharedDictionary,
}

impl Travellers {
    /// An empty batch for a place.
    pub fn new(place: usize, sequence: u64, dictionary: SharedDictionary, memory: Memory) -> Self {
        Self {
            id: 0,
            sequence,
            place,
            memory,
            dictionary,
        }
    }

    /// What is left when the events are not needed any more.
    pub fn into_memory(self) -> Memory {
        let mut memory = self.memory;
        if memory.records.capacity() > MAX_SPARE_BYTES {
            memory.records = Vec::new();
        }
        memory.records.clear();
        memory.starts.clear();
        memory.offered.clear();
        memory
    }

    /// Adds a copy of an event.
    pub fn push(&mut self, record: &Record<'_>) {
        self.mark(self.memory.records.len(), record);
        append_record(record, &mut self.memory.records);
    }

    /// Adds an event that lies at `start` of a chunk, which is to follow with [`Self::adopt`].
    pub fn mark(&mut self, start: usize, record: &Record<'_>) {
        let Memory {
            starts, offered, ..
        } = &mut self.memory;
        starts.push(u32::try_from(start).unwrap_or(u32::MAX));
        offered.push(if record.has(FLAG_PLUGIN) {
            verdict::BYPASS
        } else {
            verdict::KEEP
        });
    }

    /// Takes the chunk in which events were marked and leaves other memory in its place: no event is copied.
    pub fn adopt(&mut self, chunk: &mut Vec<u8>) {
        std::mem::swap(&mut self.memory.records, chunk);
        chunk.clear();
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.memory.starts.is_empty()
    }

    /// Bytes of the events.
    fn bytes(&self) -> usize {
        self.memory.records.len()
    }

    /// The dictionary that the events refer to.
    pub fn dictionary(&self) -> &SharedDictionary {
        &self.dictionary
    }

    /// The events, in order.
    pub fn records<'a>(
        &'a self,
        dictionary: &'a Dictionary,
    ) -> impl Iterator<Item = Option<Record<'a>>> + 'a {
        self.memory
            .starts
            .iter()
            .map(move |&start| self.record(start, dictionary))
    }

    fn record<'a>(&'a self, start: u32, dictionary: &'a Dictionary) -> Option<Record<'a>> {
        Records::new(self.memory.records.get(start as usize..)?, dictionary).next()
    }
}

/// A batch whose events have their verdicts.
#[derive(Debug)]
pub struct Returned {
    /// The events as they were sent.
    pub travellers: Travellers,
    /// One for each event; missing ones are [`verdict::KEEP`].
    pub verdicts: Vec<u8>,
    /// The events with [`verdict::CHANGED`], as JSON, in order.
    pub changed: Vec<String>,
}

/// What JavaScript gets to know of a batch at first.
#[derive(Clone, Debug)]
pub struct Offer {
    /// How to speak of it.
    pub id: u64,
    /// [`verdict::KEEP`] for events that plugins may see, [`verdict::BYPASS`] for others.
    pub verdicts: Vec<u8>,
}

#[derive(Default)]
struct State {
    next_id: u64,
    /// Sent and not taken, for each place.
    waiting: Vec<VecDeque<Travellers>>,
    /// Taken and not answered; few.
    taken: Vec<Travellers>,
    returned: VecDeque<Returned>,
    bytes: usize,
    abandoned: bool,
}

/// The crossing between the drain thread and JavaScript.
pub struct Bridge {
    places: Vec<PlaceSettings>,
    max_bytes: usize,
    state: Mutex<State>,
    view: Mutex<JsonFormat>,
    to_javascript: OnceLock<Box<dyn Fn() + Send + Sync>>,
    to_drain: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bridge")
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

impl Bridge {
    /// A bridge as the settings want it; `to_drain` tells the drain thread that something came back.
    pub fn new(
        settings: &PluginSettings,
        levels: &LevelTable,
        to_drain: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let constants = ContextConstants {
            levels: levels.clone(),
            ..ContextConstants::default()
        };
        let mut state = State::default();
        state
            .waiting
            .resize_with(settings.places.len(), VecDeque::new);
        Self {
            places: settings.places.clone(),
            max_bytes: settings.queue_bytes as usize,
            state: Mutex::new(state),
            view: Mutex::new(JsonFormat::new(&constants)),
            to_javascript: OnceLock::new(),
            to_drain,
        }
    }

    /// The places, in order.
    pub fn places(&self) -> &[PlaceSettings] {
        &self.places
    }

    /// Says whom to tell that batches wait. Only the first call has an effect.
    pub fn on_waiting(&self, tell: Box<dyn Fn() + Send + Sync>) {
        drop(self.to_javascript.set(tell));
    }

    /// Sends a batch on.
    pub fn send(&self, mut travellers: Travellers) {
        let mut state = self.lock();
        state.next_id += 1;
        travellers.id = state.next_id;
        state.bytes += travellers.bytes();
        if state.abandoned {
            let returned = self.unanswered(travellers);
            state.returned.push_back(returned);
            drop(state);
            (self.to_drain)();
            return;
        }
        let Some(queue) = state.waiting.get_mut(travellers.place) else {
            return;
        };
        queue.push_back(travellers);
        drop(state);
        if let Some(tell) = self.to_javascript.get() {
            tell();
        }
    }

    /// Whether so much is on its way that nothing more should be sent.
    pub fn is_full(&self) -> bool {
        self.lock().bytes >= self.max_bytes
    }

    /// Whether everything up to a sequence number has come back and been taken.
    pub fn is_through(&self, sequence: u64) -> bool {
        let state = self.lock();
        let mut all = state
            .waiting
            .iter()
            .flatten()
            .chain(&state.taken)
            .chain(state.returned.iter().map(|returned| &returned.travellers));
        all.all(|travellers| travellers.sequence > sequence)
    }

    /// Whether JavaScript has something to take.
    pub fn has_waiting(&self) -> bool {
        self.lock().waiting.iter().any(|queue| !queue.is_empty())
    }

    /// Takes the oldest batch of a place.
    pub fn take(&self, place: usize) -> Option<Offer> {
        let mut state = self.lock();
        let travellers = state.waiting.get_mut(place)?.pop_front()?;
        let offer = Offer {
            id: travellers.id,
            verdicts: travellers.memory.offered.clone(),
        };
        state.taken.push(travellers);
        Some(offer)
    }

    /// An event of a batch that was taken, as canonical JSON without a line end.
    pub fn event(&self, id: u64, index: usize) -> Option<String> {
        let state = self.lock();
        let travellers = state.taken.iter().find(|taken| taken.id == id)?;
        let dictionary = read(&travellers.dictionary);
        let record = travellers.record(*travellers.memory.starts.get(index)?, &dictionary)?;
        let mut line = Vec::new();
        self.view
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(&record, &mut line);
        line.pop();
        String::from_utf8(line).ok()
    }

    /// Answers a batch that was taken; whether it was still waited for.
    pub fn answer(&self, id: u64, verdicts: Vec<u8>, changed: Vec<String>) -> bool {
        let mut state = self.lock();
        let Some(at) = state.taken.iter().position(|taken| taken.id == id) else {
            return false;
        };
        let travellers = state.taken.remove(at);
        state.returned.push_back(Returned {
            travellers,
            verdicts,
            changed,
        });
        drop(state);
        (self.to_drain)();
        true
    }

    /// Plugins are not asked any more: what is on its way comes back as it was, or withheld where a plugin would
    /// have redacted it. Returns how many events that were.
    pub fn abandon(&self) -> usize {
        let mut state = self.lock();
        state.abandoned = true;
        let mut left: Vec<Travellers> = std::mem::take(&mut state.taken);
        for queue in &mut state.waiting {
            left.extend(std::mem::take(queue));
        }
        left.sort_by_key(|travellers| travellers.sequence);
        let events = left
            .iter()
            .map(|travellers| travellers.memory.starts.len())
            .sum();
        for travellers in left {
            let returned = self.unanswered(travellers);
            state.returned.push_back(returned);
        }
        drop(state);
        (self.to_drain)();
        events
    }

    fn unanswered(&self, travellers: Travellers) -> Returned {
        let withhold = self
            .places
            .get(travellers.place)
            .is_none_or(|place| place.withhold);
        let offered = travellers.memory.offered.iter();
        let verdicts = offered
            .map(|&offered| match offered {
                // A plugin's own words: no plugin would have been asked.
                verdict::BYPASS => verdict::KEEP,
                _ if withhold => verdict::WITHHOLD,
                _ => verdict::KEEP,
            })
            .collect();
        Returned {
            travellers,
            verdicts,
            changed: Vec::new(),
        }
    }

    /// What came back, oldest first.
    pub fn next_returned(&self) -> Option<Returned> {
        let mut state = self.lock();
        let returned = state.returned.pop_front()?;
        state.bytes -= returned.travellers.bytes();
        Some(returned)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(dictionary: &SharedDictionary) -> std::sync::RwLockReadGuard<'_, Dictionary> {
    dictionary.read().unwrap_or_else(PoisonError::into_inner)
}
