//! Events of the pipeline's own that stages have to say something with.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::level::Level;
use crate::wire::{Dictionary, OwnStrings, RecordWriter};

/// Something a stage has to say.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    /// Its level, which sinks may not take.
    pub level: Level,
    /// The logger it speaks for; empty for none.
    pub logger: &'a str,
    /// What it says.
    pub message: &'a str,
    /// Counts under their names.
    pub counts: &'a [(&'static str, u64)],
    /// Milliseconds that it speaks of.
    pub lasted_ms: f64,
}

/// Notices on their way: complete records and what their ids stand for.
#[derive(Debug)]
pub struct Notices {
    own: Arc<OwnStrings>,
    dictionary: Dictionary,
    bytes: Vec<u8>,
    count: u64,
}

impl Notices {
    /// None; their dictionary knows the strings of the pipeline's stages.
    pub fn new(own: Arc<OwnStrings>) -> Self {
        Self {
            dictionary: Dictionary::with_own(Arc::clone(&own)),
            own,
            bytes: Vec::new(),
            count: 0,
        }
    }

    /// Adds one.
    pub fn add(&mut self, notice: &Notice<'_>) {
        let logger = match notice.logger {
            "" => 0,
            name => self.id(name),
        };
        let mut record = RecordWriter::new(notice.level, logger, now_ms());
        record.message(notice.message);
        for &(name, count) in notice.counts {
            let key = self.id(name);
            match i32::try_from(count) {
                Ok(count) => record.int(key, count),
                Err(_) => record.float(key, count as f64),
            }
        }
        let key = self.id("lastedMs");
        record.float(key, notice.lasted_ms.round());
        self.bytes.extend_from_slice(&record.finish());
        self.count += 1;
    }

    fn id(&mut self, text: &str) -> u32 {
        let known = self.dictionary.find(text);
        known.unwrap_or_else(|| self.dictionary.intern(text))
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The records, and their dictionary.
    pub fn records(&self) -> (&[u8], &Dictionary) {
        (&self.bytes, &self.dictionary)
    }

    /// Forgets them and their strings.
    pub fn clear(&mut self) {
        if self.count > 0 {
            self.count = 0;
            self.bytes.clear();
            self.dictionary = Dictionary::with_own(Arc::clone(&self.own));
        }
    }
}

fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_millis() as f64)
}
