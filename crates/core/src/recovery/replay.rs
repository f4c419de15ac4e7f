//! Writes what a process that is gone left in its ring.
//!
//! A ring's file is untrusted input: every value is checked before it is used, nothing of it is mapped, and
//! memory is bounded by the longest event. Recovering is itself safe against being killed: sinks note their
//! appends in the same journal, so the next attempt goes on where this one ended.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fapilog_ring::journal::{
    file_bytes, JOURNAL_MAGIC, MAX_JOURNAL_SINKS, MAX_SETTINGS_BYTES, WORD_ATTEMPTS,
    WORD_CREATED_MS, WORD_JOURNAL_MAGIC, WORD_PID, WORD_SETTINGS_BYTES,
};
use fapilog_ring::layout::*;
use fapilog_ring::Region;
use memchr::{memchr, memmem};
use serde::Serialize;

use super::journal::{read_exact_at, Intent, Progress, SinkJournal, Words};
use super::ring_file::{self, Claim, DeadRing};
use crate::format::message_id::UUID_LEN;
use crate::format::{self, Format, FormatKind};
use crate::level::Level;
use crate::pipeline::route::{Route, Router};
use crate::pipeline::{Batch, Destination, PipelineSettings, SinkSettings};
use crate::sinks::file::{self, FileSink};
use crate::sinks::file_settings::FileSettings;
use crate::sinks::Sink;
use crate::stages::Stages;
use crate::wire::{Dictionary, Frames, Record, RecordWriter, Records};

/// Recoveries of one ring that may end in the death of the process before it is put aside.
const MAX_ATTEMPTS: u64 = 3;
/// Bytes read from a ring at once.
const READ_BYTES: usize = 64 << 10;
/// Bytes of lines written at once.
const BATCH_BYTES: usize = 128 << 10;
/// The longest append that is compared with its file; more than any pipeline makes.
const MAX_COMPARED: u64 = 1 << 30;

/// What became of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Its process is alive, or another one recovers it.
    Live,
    /// Nothing was left to write; the file was removed.
    Empty,
    /// What was left was written and the file removed; in a dry run: it would be.
    Recovered,
    /// It is not a ring, or not one of this version and user; left alone.
    Foreign,
    /// It is damaged beyond use, or ended several recoveries; renamed to `….bad`.
    Quarantined,
    /// A file could not be read or written; left for the next attempt.
    Failed,
}

/// One ring, after the attempt to recover it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RingReport {
    /// Where the ring lies.
    pub path: PathBuf,
    /// What became of it.
    pub outcome: Outcome,
    /// The process that had it.
    pub pid: Option<u32>,
    /// When that process made it, in milliseconds since the Unix epoch.
    pub created_ms: Option<u64>,
    /// Events written, or found in a dry run: those of the sink that lacked the most.
    pub recovered: u64,
    /// Bytes that could not be read as events.
    pub damaged_bytes: u64,
    /// Events that the process itself had dropped and counted.
    pub dropped_before_crash: u64,
    /// Why not.
    pub error: Option<String>,
}

/// Why a ring was not recovered.
enum Trouble {
    Foreign(String),
    Damaged(String),
    Io(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Io(error.to_string())
    }
}

/// Recovers every ring in `directory` that nobody owns, oldest first. A dry run changes nothing.
///
/// # Errors
/// What listing the folder fails with; troubles with one ring are in its report.
pub fn recover(directory: &Path, dry_run: bool) -> io::Result<Vec<RingReport>> {
    let paths = ring_file::list(directory, !dry_run)?;
    Ok(paths
        .iter()
        .filter_map(|path| recover_ring(path, dry_run))
        .collect())
}

fn recover_ring(path: &Path, dry_run: bool) -> Option<RingReport> {
    let mut report = RingReport {
        path: path.to_path_buf(),
        outcome: Outcome::Live,
        pid: None,
        created_ms: None,
        recovered: 0,
        damaged_bytes: 0,
        dropped_before_crash: 0,
        error: None,
    };
    let result = match DeadRing::claim(path, !dry_run) {
        Ok(Claim::Taken(ring)) => {
            Left::read(&ring, &mut report).and_then(|left| left.write(&ring, dry_run, &mut report))
        }
        Ok(Claim::Busy) => return Some(report),
        Ok(Claim::Gone) => return None,
        Err(error) => Err(Trouble::Io(error.to_string())),
    };
    match result {
        Ok(()) => {
            report.outcome = if report.recovered > 0 || report.damaged_bytes > 0 {
                Outcome::Recovered
            } else {
                Outcome::Empty
            };
            if !dry_run {
                if let Err(error) = fs::remove_file(path) {
                    // It has nothing left in it: the next start finds that out and tries again.
                    report.error = Some(format!("cannot remove it: {error}"));
                }
            }
        }
        Err(Trouble::Foreign(why)) => {
            report.outcome = Outcome::Foreign;
            report.error = Some(why);
        }
        Err(Trouble::Damaged(why)) => {
            report.outcome = Outcome::Quarantined;
            report.error = Some(why);
            if !dry_run {
                let mut bad = path.as_os_str().to_owned();
                bad.push(".bad");
                if let Err(error) = fs::rename(path, bad) {
                    report.error = Some(format!("cannot be put aside: {error}"));
                }
            }
        }
        Err(Trouble::Io(why)) => {
            report.outcome = Outcome::Failed;
            report.error = Some(why);
        }
    }
    Some(report)
}

/// The valid content of a ring's file.
struct Left {
    settings: PipelineSettings,
    dictionary: Dictionary,
    words: Words,
    salt: u32,
    head: u32,
    tail: u32,
    capacity: u32,
    data_at: u64,
    pid: u64,
    dropped: u64,
}

fn word(header: &[u8], at: usize) -> u32 {
    match header.get(at..at + 4) {
        Some(bytes) => u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        None => 0,
    }
}

fn count(header: &[u8], at: usize) -> u64 {
    let sum: f64 = (0..MAX_LEVELS as usize)
        .map(|level| {
            let low = u64::from(word(header, at + level * 8));
            let high = u64::from(word(header, at + level * 8 + 4));
            f64::from_bits(high << 32 | low)
        })
        .filter(|value| value.is_finite() && *value > 0.0)
        .sum();
    sum as u64
}

impl Left {
    fn read(ring: &DeadRing, report: &mut RingReport) -> Result<Left, Trouble> {
        let foreign = |why: &str| Err(Trouble::Foreign(why.to_owned()));
        let damaged = |why: String| Err(Trouble::Damaged(why));
        let metadata = ring.file.metadata()?;
        owned_by_us(&metadata)?;
        let len = metadata.len();
        if len < u64::from(HEADER_BYTES) {
            return foreign("too short for a ring");
        }
        let mut header = vec![0; HEADER_BYTES as usize];
        read_exact_at(&ring.file, &mut header, 0)?;
        if word(&header, OFFSET_MAGIC) != MAGIC {
            return foreign("not a ring");
        }
        let version = word(&header, OFFSET_VERSION);
        if version != VERSION {
            return Err(Trouble::Foreign(format!(
                "a ring of version {version}, this build reads {VERSION}"
            )));
        }
        let data_bytes = word(&header, OFFSET_DATA_BYTES);
        let dictionary_bytes = word(&header, OFFSET_DICTIONARY_BYTES);
        if !data_bytes.is_power_of_two()
            || !(MIN_DATA_BYTES..=MAX_DATA_BYTES).contains(&data_bytes)
            || dictionary_bytes != DICTIONARY_BYTES
        {
            return damaged(format!(
                "its areas of {dictionary_bytes} and {data_bytes} bytes make no sense"
            ));
        }
        let region = Region::bytes_for(dictionary_bytes, data_bytes);
        if len < file_bytes(region, 0) as u64 {
            return damaged(format!("it was cut to {len} bytes"));
        }
        let words = ring.words(region as u64);
        let load = |at| words.load(at).map_err(Trouble::from);
        let settings_bytes = load(WORD_SETTINGS_BYTES)?;
        if load(WORD_JOURNAL_MAGIC)? != JOURNAL_MAGIC
            || settings_bytes > MAX_SETTINGS_BYTES as u64
            || len != file_bytes(region, settings_bytes as usize) as u64
        {
            return damaged("its journal makes no sense".to_owned());
        }
        let pid = load(WORD_PID)?;
        report.pid = u32::try_from(pid).ok();
        report.created_ms = Some(load(WORD_CREATED_MS)?);
        if load(WORD_ATTEMPTS)? >= MAX_ATTEMPTS {
            return damaged(format!(
                "{MAX_ATTEMPTS} recoveries were begun and never ended"
            ));
        }
        let mut text = vec![0; settings_bytes as usize];
        read_exact_at(&ring.file, &mut text, file_bytes(region, 0) as u64)?;
        let settings = std::str::from_utf8(&text)
            .map_err(|e| Trouble::Damaged(format!("its settings are no text: {e}")))
            .and_then(|text| {
                // Rather of another version than damaged: whoever wrote it can read it.
                PipelineSettings::from_json(text).map_err(|e| Trouble::Foreign(e.to_string()))
            })?;
        let (head, tail) = (word(&header, OFFSET_HEAD), word(&header, OFFSET_TAIL));
        let capacity = data_bytes / UNIT_BYTES;
        if head.wrapping_sub(tail) > capacity {
            return damaged(format!("its ends {tail} and {head} make no sense"));
        }
        let used = word(&header, OFFSET_DICTIONARY_USED).min(dictionary_bytes);
        let mut entries = vec![0; used as usize];
        read_exact_at(&ring.file, &mut entries, u64::from(HEADER_BYTES))?;
        let mut dictionary = Dictionary::with_own(stages_of(&settings)?.own_strings());
        dictionary.extend(&entries);
        let dropped = [
            OFFSET_DROPPED_FULL,
            OFFSET_DROPPED_TIMEOUT,
            OFFSET_DROPPED_ENCODE,
        ]
        .into_iter()
        .map(|at| count(&header, at))
        .sum();
        report.dropped_before_crash = dropped;
        Ok(Left {
            settings,
            dictionary,
            words,
            salt: word(&header, OFFSET_SALT),
            head,
            tail,
            capacity,
            data_at: u64::from(HEADER_BYTES) + u64::from(dictionary_bytes),
            pid,
            dropped,
        })
    }

    fn write(
        &self,
        ring: &DeadRing,
        dry_run: bool,
        report: &mut RingReport,
    ) -> Result<(), Trouble> {
        let attempts = self.words.load(WORD_ATTEMPTS)?;
        if !dry_run {
            self.words.store(WORD_ATTEMPTS, attempts + 1)?;
        }
        let result = self.write_sinks(ring, dry_run, report);
        if !dry_run {
            // Still alive: what failed was not this ring's doing.
            self.words.store(WORD_ATTEMPTS, attempts)?;
        }
        result
    }

    fn write_sinks(
        &self,
        ring: &DeadRing,
        dry_run: bool,
        report: &mut RingReport,
    ) -> Result<(), Trouble> {
        let mut slot = 0;
        for sink in &self.settings.sinks {
            let Destination::File(file) = &sink.destination else {
                continue;
            };
            if slot >= MAX_JOURNAL_SINKS {
                return Err(Trouble::Damaged("it has too many sinks".to_owned()));
            }
            let options = self.settings.constants.with_color(sink.color);
            let journal = Arc::new(SinkJournal::new(slot));
            journal.attach(self.words.clone())?;
            let mut replay = SinkReplay {
                left: self,
                ring,
                settings: sink,
                file,
                min_level: sink
                    .min_level(&self.settings.constants.levels)
                    .map_err(|e| Trouble::Damaged(e.to_string()))?,
                stages: self.stages()?,
                router: self.router()?,
                route: Route::ALL,
                format: format::build(sink.format, &options),
                journal,
                dry_run,
                sink: None,
                lines: 0,
            };
            if let Some(router) = &replay.router {
                replay.route = router.route(&sink.name);
            }
            let damaged = replay.run()?;
            report.recovered = report.recovered.max(replay.lines);
            report.damaged_bytes = report.damaged_bytes.max(damaged);
            slot += 1;
        }
        Ok(())
    }

    fn router(&self) -> Result<Option<Router>, Trouble> {
        let sinks = self.settings.sinks.iter().map(|sink| &*sink.name);
        let router = self.settings.router(&sinks.collect::<Vec<_>>());
        router.map_err(|e| Trouble::Foreign(e.to_string()))
    }

    fn stages(&self) -> Result<Stages, Trouble> {
        stages_of(&self.settings)
    }

    fn walk(&self, ring: &DeadRing, from: u32) -> Walk {
        Walk {
            file: Arc::clone(&ring.file),
            data_at: self.data_at,
            capacity: self.capacity,
            frames: Frames::new(self.salt, self.capacity),
            head: self.head,
            at: from,
            bytes: Vec::new(),
            bytes_from: from,
            record: 0..0,
            damaged: 0,
        }
    }

    /// `position` if it lies in what the ring still holds, else where that begins.
    fn within(&self, position: u32) -> u32 {
        let depth = self.head.wrapping_sub(self.tail);
        if position.wrapping_sub(self.tail) <= depth {
            position
        } else {
            self.tail
        }
    }
}

/// Made anew for each sink, they do the same each time.
fn stages_of(settings: &PipelineSettings) -> Result<Stages, Trouble> {
    Stages::for_recovery(&settings.stages, &settings.constants)
        .map_err(|e| Trouble::Foreign(e.to_string()))
}

/// Whoever can put a file there could otherwise make us write to any path.
fn owned_by_us(metadata: &fs::Metadata) -> Result<(), Trouble> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let us = rustix::process::geteuid().as_raw();
        if metadata.uid() != us {
            return Err(Trouble::Foreign(format!(
                "it belongs to uid {}, this is uid {us}; recover as its owner",
                metadata.uid()
            )));
        }
    }
    let _ = metadata;
    Ok(())
}

/// Goes through the records of a ring's file.
struct Walk {
    file: Arc<File>,
    data_at: u64,
    capacity: u32,
    frames: Frames,
    head: u32,
    /// Position of what comes next.
    at: u32,
    /// What was read, and the position it starts at.
    bytes: Vec<u8>,
    bytes_from: u32,
    /// Where in `bytes` the current record is.
    record: std::ops::Range<usize>,
    damaged: u64,
}

impl Walk {
    /// Steps to the next record and returns its position; nothing at the end of what was published.
    fn next(&mut self) -> io::Result<Option<u32>> {
        const UNIT: usize = UNIT_BYTES as usize;
        const HEADER: usize = RECORD_HEADER_WORDS * 4;
        loop {
            let pending = self.head.wrapping_sub(self.at);
            if pending == 0 {
                return Ok(None);
            }
            let index = self.at & (self.capacity - 1);
            let contiguous = pending.min(self.capacity - index) as usize;
            let frames = self.frames;
            let position = self.at;
            let header = self.see(index, HEADER.min(contiguous * UNIT), contiguous)?;
            let frame = frames.at(header, position);
            let Some(frame) = frame.filter(|frame| frame.bytes <= contiguous * UNIT) else {
                // Not a record: the next unit with a right tag is one.
                self.damaged += UNIT as u64;
                self.at = position.wrapping_add(1);
                continue;
            };
            let count = frame.bytes / UNIT;
            let pad = frame.level.is_none();
            if !pad {
                self.see(index, count * UNIT, contiguous)?;
                let from = position.wrapping_sub(self.bytes_from) as usize * UNIT;
                self.record = from..from + count * UNIT;
            }
            self.at = self.at.wrapping_add(count as u32);
            if !pad {
                return Ok(Some(position));
            }
        }
    }

    /// The `len` bytes at the current position, reading on if need be.
    fn see(&mut self, index: u32, len: usize, contiguous: usize) -> io::Result<&[u8]> {
        const UNIT: usize = UNIT_BYTES as usize;
        let from = self.at.wrapping_sub(self.bytes_from) as usize * UNIT;
        if self.bytes.get(from..from + len).is_none() {
            let want = len.max(READ_BYTES.min(contiguous * UNIT));
            self.bytes.resize(want, 0);
            let at = self.data_at + u64::from(index) * UNIT as u64;
            self.bytes_from = self.at;
            read_exact_at(&self.file, &mut self.bytes, at)?;
        }
        let from = self.at.wrapping_sub(self.bytes_from) as usize * UNIT;
        Ok(self.bytes.get(from..from + len).unwrap_or_default())
    }

    fn record<'a>(&'a self, dictionary: &'a Dictionary) -> Option<Record<'a>> {
        let bytes = self.bytes.get(self.record.clone())?;
        Records::new(bytes, dictionary).next()
    }
}

/// Writes what one sink lacks.
struct SinkReplay<'a> {
    left: &'a Left,
    ring: &'a DeadRing,
    settings: &'a SinkSettings,
    file: &'a FileSettings,
    min_level: Level,
    stages: Stages,
    router: Option<Router>,
    /// Which events the sink gets.
    route: Route,
    format: Box<dyn Format>,
    journal: Arc<SinkJournal>,
    dry_run: bool,
    sink: Option<FileSink>,
    lines: u64,
}

impl SinkReplay<'_> {
    /// Returns the bytes that could not be read.
    fn run(&mut self) -> Result<u64, Trouble> {
        let from = match self.journal.progress()? {
            Progress::At(position) => self.left.within(position),
            Progress::Appending(intent) => {
                let start = self.left.within(intent.start);
                if start == intent.start {
                    self.after_append(&intent)?
                } else {
                    start
                }
            }
        };
        let mut walk = self.left.walk(self.ring, from);
        let mut batch = Batch::default();
        loop {
            let position = walk.next()?;
            if let Some(position) = position {
                let record = walk.record(&self.left.dictionary);
                if let Some(record) = record.and_then(|record| self.stages.run(record)) {
                    if takes(&mut self.router, self.route, self.min_level, &record) {
                        self.format.write(&record, &mut batch.bytes);
                        batch.end_event(record.level());
                        batch.mark(position);
                        self.lines += 1;
                    }
                }
            }
            if batch.bytes.len() >= BATCH_BYTES || (position.is_none() && !batch.is_empty()) {
                batch.end_position = walk.at;
                batch = self.write(batch)?;
            }
            if position.is_none() {
                break;
            }
        }
        if !self.dry_run {
            if self.lines > 0 || walk.damaged > 0 {
                self.summary(walk.damaged)?;
            }
            self.journal.finish(self.left.head)?;
        }
        Ok(walk.damaged)
    }

    fn write(&mut self, batch: Batch) -> Result<Batch, Trouble> {
        if self.dry_run {
            return Ok(Batch::default());
        }
        let batch = Arc::new(batch);
        let journal = Arc::clone(&self.journal);
        let sink = self.sink()?;
        let mut written = 0;
        while let Some(rest) = batch.bytes.get(written..).filter(|rest| !rest.is_empty()) {
            journal.begin(&batch, written);
            match sink.write(rest) {
                Ok(()) => break,
                Err(failure) => {
                    written += failure.written;
                    if !matches!(
                        failure.error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                    ) {
                        return Err(failure.error.into());
                    }
                }
            }
        }
        journal.finish(batch.end_position)?;
        Ok(Batch::default())
    }

    fn sink(&mut self) -> Result<&mut FileSink, Trouble> {
        if self.sink.is_none() {
            let mut sink =
                FileSink::open(self.file.clone()).map_err(|e| Trouble::Io(e.to_string()))?;
            sink.observe(Arc::clone(&self.journal) as _);
            self.sink = Some(sink);
        }
        self.sink
            .as_mut()
            .ok_or_else(|| Trouble::Io("no sink".to_owned()))
    }

    /// One event that says what happened.
    fn summary(&mut self, damaged: u64) -> Result<(), Trouble> {
        if self.min_level > Level::WARNING {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut dictionary = Dictionary::new();
        let mut writer = RecordWriter::new(
            Level::WARNING,
            0,
            now.map_or(0.0, |age| age.as_millis() as f64),
        );
        writer.message("recovered what a process left in its crash-safe ring");
        for (key, value) in [
            ("recovered", self.lines),
            ("damagedBytes", damaged),
            ("droppedBeforeCrash", self.left.dropped),
            ("crashedPid", self.left.pid),
        ] {
            let key = dictionary.intern(key);
            match i32::try_from(value) {
                Ok(value) => writer.int(key, value),
                Err(_) => writer.float(key, value as f64),
            }
        }
        let bytes = writer.finish();
        let mut line = Vec::new();
        if let Some(record) = Records::new(&bytes, &dictionary).next() {
            self.format.write(&record, &mut line);
        }
        self.sink()?.write(&line).map_err(|failure| failure.error)?;
        Ok(())
    }

    /// Finds out how much of an append is on file, cuts off a line of which only the beginning is, and returns
    /// the position of the first event that is missing.
    fn after_append(&mut self, intent: &Intent) -> Result<u32, Trouble> {
        let Some(path) = file::find(&self.file.path, intent.identity) else {
            // Not even created, or removed since.
            return Ok(intent.start);
        };
        let file = File::options()
            .read(true)
            .write(!self.dry_run)
            .open(&path)?;
        let size = file.metadata()?.len();
        let begun = size.saturating_sub(intent.offset);
        if begun == 0 || intent.length > MAX_COMPARED {
            return Ok(intent.start);
        }
        // Another process's append may lie before ours when it took no turns: so look a bit further.
        let mut on_file = vec![0; begun.min(intent.length + READ_BYTES as u64) as usize];
        read_exact_at(&file, &mut on_file, intent.offset)?;

        // A record that is not on file where it is looked for is the first that is missing; unless filters may
        // have ended it, whose word cannot be had again: then what is missing begins behind the last one found.
        let filtered = self.stages.has_left_out();
        let mut walk = self.left.walk(self.ring, intent.start);
        let mut line = Vec::new();
        let mut at = 0;
        let mut first = true;
        let mut behind = intent.start;
        let missing = loop {
            let Some(position) = walk.next()? else {
                break if filtered { behind } else { walk.at };
            };
            let record = walk.record(&self.left.dictionary);
            let Some(record) = record.and_then(|record| self.stages.run(record)) else {
                continue;
            };
            if !takes(&mut self.router, self.route, self.min_level, &record) {
                continue;
            }
            line.clear();
            self.format.write(&record, &mut line);
            let id = self.generated_id(&line);
            let found = if first {
                line_starts(&on_file).find(|&start| begins(on_file.get(start..), &line, &id))
            } else {
                Some(at).filter(|&start| begins(on_file.get(start..), &line, &id))
            };
            let Some(start) = found else {
                let rest = on_file.get(at..).unwrap_or_default();
                let fragment = rest.strip_suffix(b"\n").unwrap_or(rest);
                let whole = at as u64 + rest.len() as u64 == begun;
                let begun_here = whole
                    && !fragment.is_empty()
                    && fragment.len() < line.len()
                    && begins(
                        Some(fragment),
                        line.get(..fragment.len()).unwrap_or(&line),
                        &id,
                    );
                if begun_here && !self.dry_run {
                    // When that does not work the line stays as it is, ended by the sink.
                    let to = intent.offset + at as u64;
                    let _ = file::cut(&self.file.path, &file, size, to);
                }
                if begun_here || !filtered {
                    break position;
                }
                if rest.is_empty() {
                    break behind;
                }
                continue;
            };
            at = start + line.len();
            first = false;
            behind = walk.at;
        };
        Ok(missing)
    }

    /// Where a line has an id that is made anew each time it is written.
    fn generated_id(&self, line: &[u8]) -> std::ops::Range<usize> {
        const BEFORE: &[u8] = b"\"context\":{\"message_id\":\"";
        if self.settings.format != FormatKind::Json {
            return 0..0;
        }
        match memmem::find(line, BEFORE) {
            Some(at) => at + BEFORE.len()..at + BEFORE.len() + UUID_LEN,
            None => 0..0,
        }
    }
}

/// Whether an event is for a sink.
fn takes(router: &mut Option<Router>, route: Route, min_level: Level, record: &Record<'_>) -> bool {
    record.level() >= min_level
        && (router.as_mut()).is_none_or(|router| route.takes(router.matched(record)))
}

/// Whether `bytes` begin with `line`, apart from what is in `except`.
fn begins(bytes: Option<&[u8]>, line: &[u8], except: &std::ops::Range<usize>) -> bool {
    let Some(bytes) = bytes.and_then(|bytes| bytes.get(..line.len())) else {
        return false;
    };
    let (from, to) = (except.start.min(line.len()), except.end.min(line.len()));
    bytes[..from] == line[..from] && bytes[to..] == line[to..]
}

fn line_starts(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        next = bytes
            .get(start..)
            .and_then(|rest| memchr(b'\n', rest))
            .map(|end| start + end + 1);
        Some(start)
    })
}
