//! The drain thread's side of the way through plugins: what happens at each place and behind it.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::bridge::{verdict, Bridge, Memory, Place, Returned, SharedDictionary, Travellers};
use super::histogram::Histogram;
use crate::stages::{Part, StageCounts, Stages};
use crate::wire::{envelope, Dictionary, Record, RecordWriter, Records};

/// What stands in the place of an event that could not be redacted.
const WITHHELD: &str = "[withheld: a redactor failed]";

/// Batches whose memory is kept.
const MAX_SPARE: usize = 16;

/// Name of all plugins together in the counters of the stages.
pub(super) const PLUGINS: &str = "plugins";

/// Stages behind the places of the bridge, and what is on its way there.
pub struct Crossing {
    pub(super) bridge: Arc<Bridge>,
    /// The stages behind each place, up to the next one.
    behind: Vec<Stages>,
    counts: StageCounts,
    /// Number of the chunk that was sent last.
    sequence: u64,
    /// When the batches that have not come back were sent, for each place, which answers them in order.
    sent: Vec<VecDeque<Instant>>,
    /// Time from there until they came back.
    latency: Arc<Histogram>,
    scratch: RecordWriter,
    spare: Vec<Memory>,
}

/// An event without its message and fields.
fn withheld<'a>(
    record: &Record<'_>,
    scratch: &'a mut RecordWriter,
    dictionary: &'a Dictionary,
) -> Option<Record<'a>> {
    scratch.start_like(record);
    scratch.message(WITHHELD);
    scratch.complete();
    Records::new(scratch.bytes(), dictionary).next()
}

impl Crossing {
    /// Takes the stages behind the bridge's places out of `stages`. `None` without places.
    pub fn new(
        bridge: &Arc<Bridge>,
        stages: &mut Stages,
        latency: &Arc<Histogram>,
    ) -> Option<Self> {
        if bridge.places().is_empty() {
            return None;
        }
        let mut crossing = Self {
            bridge: Arc::clone(bridge),
            behind: Vec::new(),
            counts: StageCounts::default(),
            sequence: 0,
            sent: vec![VecDeque::new(); bridge.places().len()],
            latency: Arc::clone(latency),
            scratch: RecordWriter::default(),
            spare: Vec::new(),
        };
        crossing.cut(stages);
        Some(crossing)
    }

    /// Takes the stages behind the bridge's places out of `stages`, in the place of those it has.
    pub fn cut(&mut self, stages: &mut Stages) {
        self.behind.clear();
        for settings in self.bridge.places() {
            let part = match settings.place {
                Place::BeforeRedaction => Part::Redact,
                Place::AfterRedaction => Part::Process,
            };
            let rest = self
                .behind
                .last_mut()
                .unwrap_or(&mut *stages)
                .split_at(part);
            self.behind.push(rest);
        }
    }

    /// An empty batch for the first place.
    pub fn begin(&mut self, dictionary: &SharedDictionary) -> Travellers {
        self.sequence += 1;
        let memory = self.spare.pop().unwrap_or_default();
        Travellers::new(0, self.sequence, Arc::clone(dictionary), memory)
    }

    /// Sends a batch to its place.
    pub fn send(&mut self, travellers: Travellers) {
        if let Some(sent) = self.sent.get_mut(travellers.place) {
            sent.push_back(Instant::now());
        }
        self.bridge.send(travellers);
    }

    /// Number of the chunk that was sent last.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Deals with the oldest batch that came back: what passes the last stages goes to `deliver`.
    /// Whether there was one.
    pub fn take_returned(&mut self, mut deliver: impl FnMut(&Record<'_>)) -> bool {
        let Some(returned) = self.bridge.next_returned() else {
            return false;
        };
        let Returned {
            travellers,
            verdicts,
            changed,
        } = returned;
        let shared = Arc::clone(travellers.dictionary());
        let dictionary = shared.read().unwrap_or_else(PoisonError::into_inner);
        let place = travellers.place;
        if let Some(sent) = self.sent.get_mut(place).and_then(VecDeque::pop_front) {
            self.latency.record(sent.elapsed());
        }
        let next = (place + 1 < self.behind.len()).then_some(place + 1);
        let mut onward = next.map(|place| {
            let memory = self.spare.pop().unwrap_or_default();
            Travellers::new(place, travellers.sequence, Arc::clone(&shared), memory)
        });
        let mut changed = changed.into_iter();
        for (index, record) in travellers.records(&dictionary).enumerate() {
            let Some(record) = record else { continue };
            let verdict = verdicts.get(index).copied().unwrap_or(verdict::KEEP);
            let event = match verdict {
                verdict::DROP => {
                    self.counts.filtered.add(record.level());
                    continue;
                }
                verdict::CHANGED => {
                    let json = changed.next().unwrap_or_default();
                    if envelope::write_event(&json, &record, &mut self.scratch).is_ok() {
                        self.counts.changed += 1;
                        self.scratch.complete();
                        Records::new(self.scratch.bytes(), &dictionary).next()
                    } else if self.bridge.places().get(place).is_none_or(|at| at.withhold) {
                        // What cannot be read may be what a redactor has made of it.
                        self.counts.withheld += 1;
                        withheld(&record, &mut self.scratch, &dictionary)
                    } else {
                        Some(record)
                    }
                }
                verdict::WITHHOLD => {
                    self.counts.changed += 1;
                    withheld(&record, &mut self.scratch, &dictionary)
                }
                _ => Some(record),
            };
            let Some(event) = event else { continue };
            let passed = match self.behind.get_mut(place) {
                Some(stages) if stages.is_empty() => Some(event),
                Some(stages) if index == 0 => stages.run_timed(event),
                Some(stages) => stages.run(event),
                None => Some(event),
            };
            let Some(event) = passed else { continue };
            match &mut onward {
                Some(onward) => onward.push(&event),
                None => deliver(&event),
            }
        }
        drop(dictionary);
        if let Some(onward) = onward.filter(|onward| !onward.is_empty()) {
            self.send(onward);
        }
        if self.spare.len() < MAX_SPARE {
            self.spare.push(travellers.into_memory());
        }
        true
    }

    /// Sends an event of the pipeline's own through the stages behind the plugins, which do not see it.
    pub fn pass<'a>(&'a mut self, record: &Record<'a>) -> Option<Record<'a>> {
        self.behind
            .iter_mut()
            .try_fold(*record, |event, stages| stages.run(event))
    }

    /// Hands over what was counted since the last time.
    pub fn take_counts(&mut self) -> Vec<(&'static str, StageCounts)> {
        let mut counts = vec![(PLUGINS, std::mem::take(&mut self.counts))];
        for stages in &mut self.behind {
            counts.extend(stages.take_counts());
        }
        counts
    }

    /// Whether everything up to `sequence` has been delivered.
    pub fn is_through(&self, sequence: u64) -> bool {
        self.bridge.is_through(sequence)
    }
}
