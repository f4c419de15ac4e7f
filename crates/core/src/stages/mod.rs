//! What happens to an event between the ring and its format: filters, enrichers, redactors, processors.
//!
//! The order is fixed: redaction must see what enrichment has added, and processors must see only what is
//! redacted. A stage reads a borrowed record; only one that changes something writes another record, made of
//! copied tokens and its own, into memory that is kept. An event that no stage changes is never copied.
//!
//! Stages run on the drain thread, once for all sinks. Recovery runs the same ones (see
//! [`Stages::for_recovery`]), so that nothing reaches a file there that would not have before.

mod clock;
pub mod enrich;
pub mod field_path;
pub mod filter;
pub mod logger_pattern;
mod notices;
mod path_tree;
pub mod process;
pub mod redact;
mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use settings::StagesSettings;

use clock::EventClock;
use filter::{Filter, Gauges};
use notices::Notices;

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

    /// Hands over what it has counted itself since the last time, beside what its verdicts say.
    fn take_counts(&mut self) -> StageCounts {
        StageCounts::default()
    }
}

/// What one stage has done since it was last asked.
#[derive(Clone, Debug, Default)]
pub struct StageCounts {
    /// Events changed.
    pub changed: u64,
    /// Events that ended there.
    pub filtered: LevelCounts,
    /// Events of its own that it has sent on its way.
    pub notices: u64,
    /// What it looks like inside.
    pub gauges: Gauges,
    /// Values made unreadable.
    pub redacted: u64,
    /// Values and events of which nothing can be seen because they could not be redacted.
    pub withheld: u64,
    /// Time that the latest event took of those that were timed.
    pub latency: Option<Duration>,
}

impl StageCounts {
    /// Adds what was counted later.
    pub fn merge(&mut self, later: &StageCounts) {
        self.changed += later.changed;
        self.filtered.merge(&later.filtered);
        self.notices += later.notices;
        self.gauges = later.gauges;
        self.redacted += later.redacted;
        self.withheld += later.withheld;
        self.latency = later.latency.or(self.latency);
    }
}

/// Where a stage belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Says which events end here.
    Filter,
    /// Adds to events.
    Enrich,
    /// Takes secrets out of events.
    Redact,
    /// Sees what is left.
    Process,
}

enum Step {
    Filter(Box<dyn Filter>),
    Stage(Box<dyn Stage>),
}

struct Slot {
    part: Part,
    name: &'static str,
    step: Step,
    counts: StageCounts,
}

/// All stages of a pipeline, in order.
pub struct Stages {
    slots: Vec<Slot>,
    own: Arc<OwnStrings>,
    clock: EventClock,
    notices: Notices,
    /// How many slots, from the first on, are filters.
    filters: usize,
    /// Whether filters were left out whose word depends on what they saw before.
    left_out: bool,
    /// The event as the latest stage that changed it has left it.
    current: RecordWriter,
    next: RecordWriter,
}

impl Default for Stages {
    fn default() -> Self {
        let own = Arc::new(OwnStrings::default());
        Self {
            slots: Vec::new(),
            clock: EventClock::new(),
            notices: Notices::new(Arc::clone(&own)),
            own,
            filters: 0,
            left_out: false,
            current: RecordWriter::default(),
            next: RecordWriter::default(),
        }
    }
}

impl Stages {
    /// Makes the stages that the settings ask for.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`](crate::error::ErrorCode::SettingInvalid) that names the setting.
    pub fn new(settings: &StagesSettings, constants: &FormatOptions) -> Result<Self> {
        Self::build(settings, constants, false)
    }

    /// Cuts the stages in two before the first one of `part` or of a later part. Both go on with the same strings.
    pub fn split_at(&mut self, part: Part) -> Stages {
        let at = self.slots.partition_point(|slot| slot.part < part);
        Stages {
            slots: self.slots.split_off(at),
            own: Arc::clone(&self.own),
            ..Stages::default()
        }
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
        let mut own = OwnStrings::new(constants.levels.clone());
        let mut stages = Self::default();
        settings.add_to(&mut stages, &mut own, constants, recovery)?;
        stages.own = Arc::new(own);
        stages.notices = Notices::new(Arc::clone(&stages.own));
        Ok(stages)
    }

    /// Adds a filter behind the others and before all other stages, under its name in metrics.
    pub fn push_filter(&mut self, name: &'static str, filter: Box<dyn Filter>) {
        let slot = Slot {
            part: Part::Filter,
            name,
            step: Step::Filter(filter),
            counts: StageCounts::default(),
        };
        self.slots.insert(self.filters, slot);
        self.filters += 1;
    }

    /// Whether these are for a recovery and lack filters that the process that is gone had: events that it has
    /// ended cannot be told from those that it had yet to write.
    pub fn has_left_out(&self) -> bool {
        self.left_out
    }

    /// Adds a stage behind the others, under its name in metrics. Parts come in their order.
    pub fn push(&mut self, part: Part, name: &'static str, stage: Box<dyn Stage>) {
        debug_assert!(self.slots.last().is_none_or(|last| last.part <= part));
        self.slots.push(Slot {
            part,
            name,
            step: Step::Stage(stage),
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
    #[inline]
    pub fn run<'a>(&'a mut self, record: Record<'a>) -> Option<Record<'a>> {
        self.run_some::<false>(record)
    }

    /// The same, timing every stage; for one event now and then, since asking for the time takes as long as a stage.
    #[cold]
    pub fn run_timed<'a>(&'a mut self, record: Record<'a>) -> Option<Record<'a>> {
        self.run_some::<true>(record)
    }

    #[inline]
    fn run_some<'a, const TIMED: bool>(&'a mut self, record: Record<'a>) -> Option<Record<'a>> {
        if self.filters > 0 {
            let now = self.clock.at(record.time_ms());
            for slot in &mut self.slots {
                let Step::Filter(filter) = &mut slot.step else {
                    break;
                };
                let started = TIMED.then(Instant::now);
                let keeps = filter.keeps(&record, now);
                if let Some(started) = started {
                    slot.counts.latency = Some(started.elapsed());
                }
                if !keeps {
                    slot.counts.filtered.add(record.level());
                    return None;
                }
            }
            if self.filters == self.slots.len() {
                return Some(record);
            }
        }
        let slots = self.slots.get_mut(self.filters..).unwrap_or_default();
        change::<TIMED>(slots, &mut self.current, &mut self.next, record)
    }

    /// Hands over the events that filters have to add by now, having gone through the stages behind the filters;
    /// with `force` all that there are. They are nobody's log calls, and are counted as notices alone. Whether there
    /// were any.
    pub fn due(&mut self, force: bool, mut emit: impl FnMut(&Record<'_>)) -> bool {
        if self.filters == 0 {
            return false;
        }
        let now = self.clock.idle(Instant::now());
        let (filters, stages) = self.slots.split_at_mut(self.filters);
        for slot in filters {
            if let Step::Filter(filter) = &mut slot.step {
                let before = self.notices.count();
                filter.due(now, force, &mut self.notices);
                slot.counts.notices += self.notices.count() - before;
            }
        }
        let (bytes, dictionary) = self.notices.records();
        for notice in Records::new(bytes, dictionary) {
            if let Some(notice) = change::<false>(stages, &mut self.current, &mut self.next, notice)
            {
                emit(&notice);
            }
        }
        let said = self.notices.count() > 0;
        self.notices.clear();
        said
    }

    /// How long it takes until a filter has something to add, if nothing else happens.
    pub fn until_due(&mut self) -> Option<Duration> {
        if self.filters == 0 {
            return None;
        }
        let now = self.clock.idle(Instant::now());
        self.slots
            .iter()
            .filter_map(|slot| match &slot.step {
                Step::Filter(filter) => filter.until_due(now),
                Step::Stage(_) => None,
            })
            .reduce(f64::min)
            .map(|ms| Duration::from_secs_f64(ms.clamp(1.0, 3.6e6) / 1e3))
    }

    /// Hands over what every stage has counted since the last time, in order.
    pub fn take_counts(&mut self) -> impl Iterator<Item = (&'static str, StageCounts)> + '_ {
        self.slots.iter_mut().map(|slot| {
            match &mut slot.step {
                Step::Filter(filter) => slot.counts.gauges = filter.gauges(),
                Step::Stage(stage) => slot.counts.merge(&stage.take_counts()),
            }
            (slot.name, std::mem::take(&mut slot.counts))
        })
    }
}

/// Sends an event through stages that may change it.
#[inline]
fn change<'a, const TIMED: bool>(
    slots: &mut [Slot],
    current: &'a mut RecordWriter,
    next: &mut RecordWriter,
    record: Record<'a>,
) -> Option<Record<'a>> {
    let dictionary = record.dictionary();
    let mut changed = false;
    for slot in slots {
        let Step::Stage(stage) = &mut slot.step else {
            continue;
        };
        let event = if changed {
            Records::new(current.bytes(), dictionary).next()?
        } else {
            record
        };
        let started = TIMED.then(Instant::now);
        let verdict = stage.apply(&event, next);
        if let Some(started) = started {
            slot.counts.latency = Some(started.elapsed());
        }
        match verdict {
            Verdict::Unchanged => {}
            Verdict::Changed => {
                next.complete();
                std::mem::swap(current, next);
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
        Records::new(current.bytes(), dictionary).next()
    } else {
        Some(record)
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
        stages.push(Part::Enrich, "a", Box::new(Increment));
        stages.push(Part::Enrich, "b", Box::new(Increment));
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
        stages.push(Part::Filter, "severe", Box::new(Severe));
        stages.push(Part::Enrich, "a", Box::new(Increment));
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
