//! Sinks that want the same lines share them: a lane.

use std::sync::Arc;

use super::batch::{Batch, BatchPool};
use super::route::{Route, Router};
use super::sink_thread::SinkHandle;
use crate::format::{self, Format, FormatKind, FormatOptions};
use crate::level::{Level, LevelCounts};
use crate::wire::layout::FLAG_PLUGIN;
use crate::wire::Record;

/// One sink, and which lines it wants.
#[derive(Clone, Debug)]
pub struct LaneSink {
    pub(super) handle: Arc<SinkHandle>,
    pub(super) format: FormatKind,
    pub(super) color: bool,
    /// Its number among the sinks for which the ring's space is kept.
    pub(super) held: Option<usize>,
    /// It is a plugin, which does not get what plugins log.
    pub(super) plugin: bool,
}

/// Where lines go, and what they all say.
pub struct Destinations {
    pub(super) sinks: Vec<LaneSink>,
    pub(super) router: Option<Router>,
    pub(super) constants: FormatOptions,
}

/// Sinks of one format, colour, level and route.
pub struct Lane {
    pub(super) format: Box<dyn Format>,
    pub(super) min_level: Level,
    pub(super) route: Route,
    /// The sinks are plugins, which do not get what plugins log: that would never end.
    pub(super) plugin: bool,
    pub(super) sinks: Vec<Arc<SinkHandle>>,
    /// The places of `sinks` in the list of all.
    pub(super) places: Vec<usize>,
    pub(super) batch: Batch,
    /// What stages have to say, in lines.
    pub(super) notices: Batch,
    /// Numbers of the sinks for which the ring's space is kept.
    pub(super) held: Vec<usize>,
    /// Events that went another way, of the levels that the sinks take, since they were last told.
    pub(super) skipped: LevelCounts,
}

impl Lane {
    /// Whether an event, which these rules match, is for these sinks; counts it if its way is another.
    #[inline(always)]
    pub fn takes(&mut self, record: &Record<'_>, matched: u64) -> bool {
        let level = record.level();
        if level < self.min_level {
            return false;
        }
        let takes = self.route.takes(matched) && !(self.plugin && record.has(FLAG_PLUGIN));
        if !takes {
            self.skipped.add(level);
        }
        takes
    }

    /// Tells the sinks what they were not given.
    pub fn settle_skipped(&mut self) {
        if (self.route != Route::ALL || self.plugin) && self.skipped.total() > 0 {
            let skipped = std::mem::take(&mut self.skipped);
            for sink in &self.sinks {
                sink.count_skipped(&skipped);
            }
        }
    }
}

/// What sinks of one lane have in common: format, colour, level, route, and whether they are plugins.
type Key = (FormatKind, bool, Level, Route, bool);

/// Groups sinks into lanes.
pub fn group(
    sinks: &[LaneSink],
    router: Option<&Router>,
    constants: &FormatOptions,
    pool: &BatchPool,
) -> Vec<Lane> {
    let mut lanes: Vec<(Key, Lane)> = Vec::new();
    for (place, sink) in sinks.iter().enumerate() {
        let route = router.map_or(Route::ALL, |router| router.route(sink.handle.name()));
        let min_level = sink.handle.min_level;
        let key = (sink.format, sink.color, min_level, route, sink.plugin);
        let at = match lanes.iter().position(|(known, _)| *known == key) {
            Some(at) => at,
            None => {
                let lane = Lane {
                    format: format::build(sink.format, &constants.with_color(sink.color)),
                    min_level,
                    route,
                    plugin: sink.plugin,
                    sinks: Vec::new(),
                    places: Vec::new(),
                    batch: pool.take(),
                    notices: Batch::default(),
                    held: Vec::new(),
                    skipped: LevelCounts::default(),
                };
                lanes.push((key, lane));
                lanes.len() - 1
            }
        };
        if let Some((_, lane)) = lanes.get_mut(at) {
            lane.sinks.push(Arc::clone(&sink.handle));
            lane.places.push(place);
            lane.held.extend(sink.held);
        }
    }
    lanes.into_iter().map(|(_, lane)| lane).collect()
}
