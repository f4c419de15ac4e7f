//! What happens to an event between the ring and its format: filters, enrichers, redactors, processors.
//!
//! The order is fixed: redaction must see what enrichment has added, and processors must see only what is
//! redacted. A stage reads a borrowed record; only one that changes something writes another record, made of
//! copied tokens and its own, into memory that is kept. An event that no stage changes is never copied.
//!
//! Stages run on the drain thread, once for all sinks. Recovery runs the same ones (see
//! [`Stages::for_recovery`]), so that nothing reaches a file there that would not have before.

mod settings;

use std::sync::Arc;

pub use settings::StagesSettings;

use crate::error::Result;
use crate::format::FormatOptions;
use crate::level::LevelCounts;
use crate::wire::{OwnStrings, Record, RecordWriter, Records};

/// What a stage has done with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Unchanged,
    /// The event to go on with is in the writer.
    Changed,
    /// The event ends here, on purpose: it counts as filtered, not as lost.
    Filtered,
}

/// One step of the way.
pub trait Stage: Send {
    /// Looks at an event. A stage that changes it starts with [`RecordWriter::start_like`], writes all of the
    /// new event, and answers [`Verdict::Changed`]; what it has left in the writer otherwise is forgotten.
    ///
    /// Allocates nothing in steady state unless there is something to change.
    fn apply(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Verdict;
}

/// What one stage has done since it was last asked.
#[derive(Clone, Debug, Default)]
pub struct StageCounts {
    /// Events changed.
    pub changed: u64,
    /// Events that ended there.
    pub filtered: LevelCounts,
}

impl StageCounts {
    /// Adds what was counted later.
    pub fn merge(&mut self, later: &StageCounts) {
        self.changed += later.changed;
        self.filtered.merge(&later.filtered);
    }
}

struct Slot {
    name: &'static str,
    stage: Box<dyn Stage>,
    counts: StageCounts,
}

/// All stages of a pipeline, in order.
#[derive(Default)]
pub struct Stages {
    slots: Vec<Slot>,
    own: Arc<OwnStrings>,
    /// The event as the latest stage that changed it has left it.
    current: RecordWriter,
    next: RecordWriter,
}

impl Stages {
    /// Makes the stages that the settings ask for.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`](crate::error::ErrorCode::SettingInvalid) that names the setting.
    pub fn new(settings: &StagesSettings, constants: &FormatOptions) -> Result<Self> {
        Self::build(settings, constants, false)
    }

    /// The same for events of a process that is gone: without the filters whose word depends on what they saw
    /// before, so that what was in the ring is rather written twice as often as not at all.
    ///
    /// # Errors
    /// As [`Stages::new`].
    pub fn for_recovery(settings: &StagesSettings, constants: &FormatOptions) -> Result<Self> {
        Self::build(settings, constants, true)
    }

    fn build(settings: &StagesSettings, constants: &FormatOptions, recovery: bool) -> Result<Self> {
        let mut own = OwnStrings::default();
        let mut stages = Self::default();
        settings.add_to(&mut stages, &mut own, constants, recovery)?;
        stages.own = Arc::new(own);
        Ok(stages)
    }

    /// Adds a stage behind the others, under its name in metrics.
    pub fn push(&mut self, name: &'static str, stage: Box<dyn Stage>) {
        self.slots.push(Slot {
            name,
            stage,
            counts: StageCounts::default(),
        });
    }

    /// Whether there is no stage: every event goes on as it is.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The strings that stages refer to; every dictionary has to know them.
    pub fn own_strings(&self) -> Arc<OwnStrings> {
        Arc::clone(&self.own)
    }

    /// Sends an event through all stages. `None` if one of them ended it.
    pub fn run<'a>(&'a mut self, record: Record<'a>) -> Option<Record<'a>> {
        let dictionary = record.dictionary();
        let mut changed = false;
        for slot in &mut self.slots {
            let event = if changed {
                Records::new(self.current.bytes(), dictionary).next()?
            } else {
                record
            };
            match slot.stage.apply(&event, &mut self.next) {
                Verdict::Unchanged => {}
                Verdict::Changed => {
                    self.next.complete();
                    std::mem::swap(&mut self.current, &mut self.next);
                    changed = true;
                    slot.counts.changed += 1;
                }
                Verdict::Filtered => {
                    slot.counts.filtered.add(record.level());
                    return None;
                }
            }
        }
        if changed {
            Records::new(self.current.bytes(), dictionary).next()
        } else {
            Some(record)
        }
    }

    /// Hands over what every stage has counted since the last time, in order.
    pub fn take_counts(&mut self) -> impl Iterator<Item = (&'static str, StageCounts)> + '_ {
        self.slots
            .iter_mut()
            .map(|slot| (slot.name, std::mem::take(&mut slot.counts)))
    }
}

impl std::fmt::Debug for Stages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.slots.iter().map(|slot| slot.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::level::Level;
    use crate::wire::{Dictionary, Value};

    /// Adds one to every integer.
    struct Increment;

    impl Stage for Increment {
        fn apply(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Verdict {
            out.start_like(record);
            let mut tokens = record.tokens();
            while let Some((token, bytes)) = tokens.next_with_bytes() {
                match token.value {
                    Value::Int(value) => {
                        out.token_like(crate::wire::layout::TAG_INT32, bytes);
                        out.copy(&(value + 1).to_le_bytes());
                    }
                    _ => out.copy(bytes),
                }
            }
            Verdict::Changed
        }
    }

    /// Lets nothing below ERROR through.
    struct Severe;

    impl Stage for Severe {
        fn apply(&mut self, record: &Record<'_>, _out: &mut RecordWriter) -> Verdict {
            if record.level() < Level::ERROR {
                Verdict::Filtered
            } else {
                Verdict::Unchanged
            }
        }
    }

    fn event(level: Level, dictionary: &mut Dictionary) -> Vec<u8> {
        let (scoped, plain) = (dictionary.intern("scoped"), dictionary.intern("plain"));
        let mut scope = RecordWriter::new(Level::INFO, 0, 0.0);
        scope.int(scoped, 1);
        let scope = dictionary.intern_words(&scope.finish()[24..32]);
        let mut writer = RecordWriter::new(level, 0, 12.5);
        writer.message("m");
        writer.scope(scope);
        writer.token_inline(crate::wire::layout::TAG_INT32, "inline");
        writer.copy(&41i32.to_le_bytes());
        writer.int(plain, 6);
        writer.finish()
    }

    fn ints(record: &Record<'_>) -> Vec<(String, i32)> {
        let (message, tokens) = record.message_and_fields();
        assert!(matches!(message, Some(Value::Text(text)) if text.to_str() == "m"));
        tokens
            .filter_map(|token| match token.value {
                Value::Int(value) => Some((token.key.to_str().into_owned(), value)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn each_stage_gets_what_the_one_before_has_left() {
        let mut dictionary = Dictionary::new();
        let bytes = event(Level::INFO, &mut dictionary);
        let mut stages = Stages::default();
        stages.push("a", Box::new(Increment));
        stages.push("b", Box::new(Increment));
        for _ in 0..2 {
            let record = Records::new(&bytes, &dictionary).next().unwrap();
            let changed = stages.run(record).unwrap();
            assert_eq!(changed.time_ms(), 12.5);
            let expected = [("scoped", 3), ("inline", 43), ("plain", 8)];
            assert_eq!(ints(&changed), expected.map(|(k, v)| (k.to_owned(), v)));
        }
        let counts: Vec<_> = stages.take_counts().map(|(n, c)| (n, c.changed)).collect();
        assert_eq!(counts, [("a", 2), ("b", 2)]);
    }

    #[test]
    fn what_a_stage_filters_goes_no_further_and_is_counted_by_level() {
        let mut dictionary = Dictionary::new();
        let mut stages = Stages::default();
        stages.push("severe", Box::new(Severe));
        stages.push("a", Box::new(Increment));
        let bytes = event(Level::INFO, &mut dictionary);
        assert!(stages
            .run(Records::new(&bytes, &dictionary).next().unwrap())
            .is_none());
        let counts: Vec<_> = stages.take_counts().collect();
        assert_eq!(counts[0].1.filtered.0[Level::INFO.index()], 1);
        assert_eq!(counts[1].1.changed, 0);
        assert_eq!(stages.take_counts().next().unwrap().1.filtered.total(), 0);
    }
}
