//! Every event is written, filtered, dropped and counted, or still on its way: through real rings, the drain
//! thread, the queues and sinks that behave as badly as they like.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fapilog_core::error::ErrorCode;
use fapilog_core::level::Level;
use fapilog_core::pipeline::{Metrics, Pipeline, PipelineSettings, Rung, SinkMetrics};
use fapilog_core::sinks::{Sink, WriteError};
use fapilog_core::wire::RecordWriter;
use fapilog_ring::{Counter, Producer, RingFull, RingMemory};
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(20);

/// What the scripted sink does with the next batch.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Write,
    /// Does not return until the mode changes.
    Hold,
    /// Takes its time.
    Slow(Duration),
    /// Fails.
    Refuse(io::ErrorKind),
    /// Writes the first bytes, then fails.
    Partly(usize),
    Panic,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    /// The mode after the next batch.
    then: Option<Mode>,
    written: Vec<u8>,
    calls: u64,
    /// Whether syncing fails.
    unsynced: bool,
    syncs: u64,
}

/// A sink that follows a script, and the script.
#[derive(Clone, Debug)]
struct Script(Arc<(Mutex<State>, Condvar)>);

impl Script {
    fn new(mode: Mode) -> Self {
        let state = State {
            mode,
            then: None,
            written: Vec::new(),
            calls: 0,
            unsynced: false,
            syncs: 0,
        };
        Self(Arc::new((Mutex::new(state), Condvar::new())))
    }

    fn set(&self, mode: Mode) {
        self.0 .0.lock().unwrap().mode = mode;
        self.0 .1.notify_all();
    }

    fn once(&self, mode: Mode) {
        let mut state = self.0 .0.lock().unwrap();
        state.then = Some(state.mode);
        state.mode = mode;
    }

    fn calls(&self) -> u64 {
        self.0 .0.lock().unwrap().calls
    }

    fn lines(&self) -> Vec<Line> {
        lines(&self.0 .0.lock().unwrap().written)
    }
}

impl Sink for Script {
    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let (lock, changed) = &*self.0;
        let mut state = lock.lock().unwrap();
        state.calls += 1;
        changed.notify_all();
        while state.mode == Mode::Hold {
            state = changed.wait(state).unwrap();
        }
        let mode = state.mode;
        if let Some(then) = state.then.take() {
            state.mode = then;
        }
        let failed = |written, kind| {
            Err(WriteError {
                written,
                error: io::Error::from(kind),
            })
        };
        match mode {
            Mode::Write | Mode::Hold => {}
            Mode::Slow(pause) => {
                drop(state);
                std::thread::sleep(pause);
                state = lock.lock().unwrap();
            }
            Mode::Refuse(kind) => return failed(0, kind),
            Mode::Partly(count) if count < bytes.len() => {
                state.written.extend_from_slice(&bytes[..count]);
                return failed(count, io::ErrorKind::StorageFull);
            }
            Mode::Partly(_) => {}
            Mode::Panic => {
                drop(state);
                panic!("the script says so");
            }
        }
        state.written.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.0 .0.lock().unwrap();
        state.syncs += 1;
        if state.unsynced {
            return Err(io::Error::from_raw_os_error(5));
        }
        Ok(())
    }
}

/// A written event: ring and number in it.
type Line = (u32, u64);

/// Reads the lines of the `minimal` format: `LEVEL ring:number`. Reports about lost events are left out.
fn lines(bytes: &[u8]) -> Vec<Line> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .filter(|line| !line.contains("fapilog dropped "))
        .map(|line| {
            let (_, message) = line.rsplit_once(' ').unwrap();
            let (ring, number) = message.split_once(':').unwrap();
            (ring.parse().unwrap(), number.parse().unwrap())
        })
        .collect()
}

/// Fails unless the events of every ring come in order and none twice.
fn assert_order(lines: &[Line]) {
    let mut last: HashMap<u32, u64> = HashMap::new();
    for (ring, number) in lines {
        if let Some(before) = last.insert(*ring, *number) {
            assert!(
                before < *number,
                "{ring}:{number} came after {ring}:{before}"
            );
        }
    }
}

struct SinkOf {
    name: &'static str,
    destination: serde_json::Value,
    level: &'static str,
    queue_bytes: u32,
    when_full: &'static str,
}

fn sink(name: &'static str) -> SinkOf {
    SinkOf {
        name,
        destination: json!({"type": "memory", "maxBytes": 256 << 20}),
        level: "TRACE",
        queue_bytes: 1 << 20,
        when_full: "block",
    }
}

fn settings(sinks: &[SinkOf]) -> PipelineSettings {
    settings_with(sinks, json!({}))
}

fn settings_with(sinks: &[SinkOf], more: serde_json::Value) -> PipelineSettings {
    let sinks: Vec<_> = sinks
        .iter()
        .map(|sink| {
            json!({
                "name": sink.name, "destination": sink.destination, "format": "minimal", "color": false,
                "level": sink.level, "queueBytes": sink.queue_bytes, "whenFull": sink.when_full,
            })
        })
        .collect();
    let mut document = json!({
        "constants": {"name": null, "service": null, "env": null, "version": null, "hostname": "h", "pid": 1, "utc": true},
        "sinks": sinks,
        "fsync": false,
    });
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    PipelineSettings::from_json(&document.to_string()).unwrap()
}

fn scripted(sink: SinkOf, script: &Script) -> Arc<Pipeline> {
    let name = sink.name;
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![(name, Box::new(script.clone()))];
    Arc::new(Pipeline::open_with(settings(&[sink]), replaced).unwrap())
}

/// The producing side of one ring, with the counting that `src/ring/producer.ts` does.
struct Source {
    pipeline: Arc<Pipeline>,
    memory: Arc<RingMemory>,
    producer: Producer,
    ring: u64,
    name: u32,
    number: u64,
}

impl Source {
    fn attach(pipeline: &Arc<Pipeline>, name: u32) -> Source {
        Self::attach_sized(pipeline, name, 64 << 10)
    }

    fn attach_sized(pipeline: &Arc<Pipeline>, name: u32, bytes: u32) -> Source {
        let memory = Arc::new(RingMemory::anonymous(bytes, name).unwrap());
        let ring = pipeline.attach(Arc::clone(&memory)).unwrap();
        Source {
            pipeline: Arc::clone(pipeline),
            producer: Producer::new(*memory.region()),
            memory,
            ring,
            name,
            number: 0,
        }
    }

    /// One log call; whether the ring took it.
    fn log(&mut self, level: Level) -> bool {
        let mut record = RecordWriter::new(level, 0, 0.0);
        record.message(&format!("{}:{}", self.name, self.number));
        self.number += 1;
        let region = *self.memory.region();
        region.count(Counter::Submitted, level.index(), 1);
        match self.producer.push(&record.finish(), 0) {
            Ok(wake) => {
                if wake {
                    self.pipeline.wake();
                }
                true
            }
            Err(RingFull) => {
                region.count(Counter::DroppedFull, level.index(), 1);
                false
            }
        }
    }

    /// The pipeline holds the memory no longer.
    fn assert_released(&self) {
        wait_until("releasing", || Arc::strong_count(&self.memory) == 1);
    }

    /// Logs until the drain thread does not come any further; the events that the ring took.
    fn log_until_stuck(&mut self, level: Level) -> Vec<Line> {
        let begin = Instant::now();
        let mut taken = Vec::new();
        loop {
            let number = self.number;
            if self.log(level) {
                taken.push((self.name, number));
            } else if !self.pipeline.wait_for_space(
                self.memory.region(),
                64,
                Duration::from_millis(50),
            ) {
                return taken;
            }
            assert!(begin.elapsed() < LONG);
        }
    }

    /// Logs and waits for room as long as it takes.
    fn log_all(&mut self, level: Level, count: u64) {
        for _ in 0..count {
            assert!(self.pipeline.wait_for_space(self.memory.region(), 64, LONG));
            assert!(self.log(level));
        }
    }
}

fn wait_until(what: &str, reached: impl Fn() -> bool) {
    let begin = Instant::now();
    while !reached() {
        assert!(begin.elapsed() < LONG, "{what} did not happen");
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn total(counts: &BTreeMap<&'static str, u64>) -> u64 {
    counts.values().sum()
}

fn of<'a>(metrics: &'a Metrics, name: &str) -> &'a SinkMetrics {
    metrics.sinks.get(name).unwrap()
}

/// What holds at any moment, also while everything moves.
fn assert_snapshot(metrics: &Metrics, filtered: &HashMap<&str, Vec<&str>>) {
    assert_eq!(total(&metrics.submitted_by_level), metrics.submitted);
    assert_eq!(total(&metrics.dropped), total(&metrics.dropped_by_reason));
    let offered = metrics.submitted - total(&metrics.dropped) - total(&metrics.sampled);
    assert!(metrics.in_flight <= offered);
    assert!(metrics.written <= offered);
    for (name, sink) in &metrics.sinks {
        assert_eq!(total(&sink.written_by_level), sink.written);
        assert_eq!(total(&sink.dropped), total(&sink.dropped_by_reason));
        for (level, &count) in &metrics.submitted_by_level {
            let get =
                |counts: &BTreeMap<&'static str, u64>| counts.get(level).copied().unwrap_or(0);
            let settled = get(&sink.written_by_level) + get(&sink.dropped);
            let offered = count - get(&metrics.dropped) - get(&metrics.sampled);
            assert!(
                settled <= offered,
                "{name} has settled {settled} of {offered} {level} events"
            );
            if filtered
                .get(name.as_str())
                .is_some_and(|levels| levels.contains(level))
            {
                assert_eq!(settled, 0, "{name} does not take {level}");
            }
        }
    }
}

/// What holds at rest: each event has one fate at each sink.
fn assert_settled(metrics: &Metrics, filtered: &HashMap<&str, Vec<&str>>) {
    assert_snapshot(metrics, filtered);
    assert_eq!(metrics.in_flight, 0);
    assert_eq!(metrics.ring.depth_bytes, 0);
    assert_eq!(
        metrics.ring.accepted,
        metrics.submitted - total(&metrics.dropped) + metrics.dropped_by_reason["pressure"]
    );
    for (name, sink) in &metrics.sinks {
        assert_eq!(sink.queued_bytes, 0, "{name}");
        for (level, &count) in &metrics.submitted_by_level {
            let get =
                |counts: &BTreeMap<&'static str, u64>| counts.get(level).copied().unwrap_or(0);
            let skipped = filtered
                .get(name.as_str())
                .is_some_and(|levels| levels.contains(level));
            let offered = count - get(&metrics.dropped) - get(&metrics.sampled);
            let expected = if skipped { 0 } else { offered };
            let settled = get(&sink.written_by_level) + get(&sink.dropped) + get(&sink.kept);
            assert_eq!(settled, expected, "{level} at {name}");
        }
    }
}

const LEVELS: [Level; 6] = [
    Level::TRACE,
    Level::INFO,
    Level::ERROR,
    Level::DEBUG,
    Level::SECURITY,
    Level::WARNING,
];

#[test]
fn every_event_is_accounted_for_at_every_moment_and_exactly_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let sinks = [
        SinkOf {
            level: "INFO",
            ..sink("memory")
        },
        SinkOf {
            destination: json!({"type": "null"}),
            ..sink("null")
        },
        SinkOf {
            destination: json!({"type": "file", "path": path}),
            level: "ERROR",
            queue_bytes: 20_000,
            when_full: "drop-oldest",
            ..sink("file")
        },
    ];
    let below_error = vec!["TRACE", "DEBUG", "INFO", "WARNING"];
    let filtered = HashMap::from([("memory", vec!["TRACE", "DEBUG"]), ("file", below_error)]);
    let pipeline = Arc::new(Pipeline::open(settings(&sinks)).unwrap());
    let producers: Vec<_> = (0..3u32)
        .map(|name| {
            let mut source = Source::attach(&pipeline, name);
            std::thread::spawn(move || {
                let mut refused = 0u64;
                for number in 0..30_000usize {
                    refused += u64::from(!source.log(LEVELS[(number / 3) % LEVELS.len()]));
                    if number % 1000 == 0 {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
                if name == 1 {
                    assert!(source.pipeline.detach(source.ring, LONG));
                }
                refused
            })
        })
        .collect();
    let mut snapshots = 0;
    let (mut submitted, mut written) = (0, 0);
    while !producers.iter().all(JoinHandle::is_finished) {
        let metrics = pipeline.metrics();
        assert_snapshot(&metrics, &filtered);
        assert!(metrics.submitted >= submitted, "a counter went back");
        assert!(
            metrics.written >= written,
            "`written` went from {written} to {}",
            metrics.written
        );
        (submitted, written) = (metrics.submitted, metrics.written);
        snapshots += 1;
    }
    let refused: u64 = producers
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    assert!(snapshots > 30, "only {snapshots} snapshots");
    let receipt = pipeline.flush(LONG);
    assert!(receipt.complete, "{receipt:?}");
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &filtered);
    assert_eq!(metrics.submitted, 90_000);
    assert_eq!(metrics.dropped_by_reason["full"], refused);
    assert_eq!(metrics.ring.rings, 2);
    let kept = lines(&pipeline.memory("memory", false).unwrap());
    assert_order(&kept);
    assert_eq!(kept.len() as u64, of(&metrics, "memory").written);
    let file = std::fs::read(&path).unwrap();
    let on_file = lines(&file);
    assert_order(&on_file);
    assert_eq!(on_file.len() as u64, of(&metrics, "file").written);
    assert_eq!(file.len() as u64, of(&metrics, "file").bytes);
    assert!(pipeline.close(LONG).complete);
    assert_settled(&pipeline.metrics(), &filtered);
}

#[test]
fn under_pressure_the_lowest_levels_go_first_and_every_event_is_counted() {
    let script = Script::new(Mode::Slow(Duration::from_millis(2)));
    let sink = SinkOf {
        queue_bytes: 64 << 10,
        ..sink("slow")
    };
    let pressure = json!({
        "batchAt": 0.1, "sampleAt": 0.3, "dropAt": 0.7, "sampleBelow": "WARNING", "rate": 0.2, "holdMs": 5,
        "protectedLevel": "ERROR",
    });
    let pipeline = Arc::new(
        Pipeline::open_with(
            settings_with(&[sink], json!({ "pressure": pressure })),
            vec![("slow", Box::new(script.clone()))],
        )
        .unwrap(),
    );
    let mut source = Source::attach_sized(&pipeline, 0, 1 << 20);
    let mut full = 0u64;
    for number in 0..200_000usize {
        full += u64::from(!source.log(LEVELS[number % LEVELS.len()]));
        if number % 500 == 0 {
            assert_snapshot(&pipeline.metrics(), &HashMap::new());
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    script.set(Mode::Write);
    assert!(pipeline.flush(LONG).complete);
    wait_until("calm", || pipeline.metrics().pressure.rung == Rung::Normal);
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    assert_eq!(metrics.dropped_by_reason["full"], full);
    assert!(total(&metrics.sampled) > 0);
    assert_eq!(
        metrics.sampled.keys().copied().collect::<Vec<_>>(),
        ["DEBUG", "INFO", "TRACE"]
    );
    let kept = script.lines();
    assert_order(&kept);
    assert_eq!(kept.len() as u64, of(&metrics, "slow").written);
    assert!(pipeline.close(LONG).complete);
    assert_settled(&pipeline.metrics(), &HashMap::new());
}

/// Batches that a sink gets which is held while events come in one by one.
fn batches(more: serde_json::Value) -> u64 {
    let script = Script::new(Mode::Hold);
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![("slow", Box::new(script.clone()))];
    let document = settings_with(&[sink("slow")], more);
    let pipeline = Arc::new(Pipeline::open_with(document, replaced).unwrap());
    let mut source = Source::attach(&pipeline, 0);
    for _ in 0..400 {
        assert!(source.log(Level::INFO));
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_micros(200) {
            std::hint::spin_loop();
        }
    }
    script.set(Mode::Write);
    assert!(pipeline.flush(LONG).complete);
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    assert_eq!(of(&metrics, "slow").written, 400);
    assert!(pipeline.close(LONG).complete);
    of(&metrics, "slow").batches
}

#[test]
fn under_pressure_batches_grow_while_their_sink_is_busy() {
    let pressure = json!({
        "batchAt": 0.0, "sampleAt": 1.0, "dropAt": 1.0, "sampleBelow": "WARNING", "rate": 1.0, "holdMs": 1000,
        "protectedLevel": "ERROR",
    });
    // How many batches there are depends on when the threads run; on a busy machine it takes another look.
    let mut seen = Vec::new();
    let grew = (0..10).any(|_| {
        let (pressed, plain) = (batches(json!({ "pressure": pressure })), batches(json!({})));
        seen.push((pressed, plain));
        pressed * 3 <= plain
    });
    assert!(grew, "{seen:?}");
}

/// Logs groups of ten at a held sink, each its own batch, until far more than the queue holds is logged.
fn overflow(when_full: &'static str) -> (Vec<Line>, Metrics) {
    let script = Script::new(Mode::Hold);
    let pipeline = scripted(
        SinkOf {
            queue_bytes: 1000,
            when_full,
            ..sink("slow")
        },
        &script,
    );
    let mut source = Source::attach(&pipeline, 0);
    assert!(source.log(Level::INFO));
    wait_until("the first write", || script.calls() == 1);
    let mut logged = 1;
    let queue = || {
        let metrics = pipeline.metrics();
        let sink = of(&metrics, "slow");
        let overflow = sink.dropped_by_reason.get("overflow").copied();
        (sink.queued_bytes, overflow.unwrap_or(0))
    };
    for _ in 0..30 {
        let before = queue();
        for _ in 0..10 {
            assert!(
                source.log(Level::INFO),
                "a dropping queue keeps the ring free"
            );
            logged += 1;
        }
        wait_until("draining", || pipeline.metrics().ring.accepted == logged);
        wait_until("handing over", || queue() != before);
    }
    assert!(of(&pipeline.metrics(), "slow").queued_bytes <= 1000 + 200);
    script.set(Mode::Write);
    assert!(pipeline.flush(LONG).complete);
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    let kept = script.lines();
    assert_order(&kept);
    assert_eq!(kept.len() as u64, of(&metrics, "slow").written);
    assert_eq!(
        of(&metrics, "slow").dropped_by_reason["overflow"],
        301 - kept.len() as u64
    );
    assert!(
        (20..100).contains(&kept.len()),
        "{} events were kept",
        kept.len()
    );
    (kept, metrics)
}

#[test]
fn drop_newest_keeps_what_came_first() {
    let (kept, _) = overflow("drop-newest");
    assert_eq!(
        kept[..11],
        (0..11).map(|number| (0, number)).collect::<Vec<_>>()
    );
    assert!(!kept.contains(&(0, 300)));
}

#[test]
fn drop_oldest_keeps_what_came_last() {
    let (kept, _) = overflow("drop-oldest");
    assert_eq!(kept[0], (0, 0), "what is being written is not taken back");
    let last: Vec<Line> = kept[kept.len() - 10..].to_vec();
    assert_eq!(
        last,
        (291..301).map(|number| (0, number)).collect::<Vec<_>>()
    );
    assert!(!kept.contains(&(0, 1)));
}

#[test]
fn block_fills_the_ring_and_loses_nothing_that_the_ring_took() {
    let script = Script::new(Mode::Hold);
    let pipeline = scripted(
        SinkOf {
            queue_bytes: 1000,
            ..sink("slow")
        },
        &script,
    );
    let mut source = Source::attach(&pipeline, 0);
    let taken = source.log_until_stuck(Level::WARNING);
    let refused = source.number - taken.len() as u64;
    let held = pipeline.metrics();
    assert_snapshot(&held, &HashMap::new());
    assert_eq!(held.in_flight, taken.len() as u64);
    let receipt = pipeline.flush(Duration::from_millis(50));
    assert!(!receipt.complete);
    assert!(receipt.sinks[0].error.is_some());

    script.set(Mode::Write);
    assert!(
        pipeline.wait_for_space(source.memory.region(), u32::MAX, LONG),
        "the whole ring"
    );
    assert!(pipeline.flush(LONG).complete);
    assert_eq!(script.lines(), taken);
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    assert_eq!(metrics.dropped_by_reason["full"], refused);
    assert_eq!(total(&of(&metrics, "slow").dropped), 0);
}

#[test]
fn a_flush_returns_after_everything_before_it_is_written_by_every_sink() {
    let slow = Script::new(Mode::Slow(Duration::from_millis(3)));
    let fast = Script::new(Mode::Write);
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![
        ("slow", Box::new(slow.clone())),
        ("fast", Box::new(fast.clone())),
    ];
    let pipeline = Pipeline::open_with(settings(&[sink("slow"), sink("fast")]), replaced).unwrap();
    let pipeline = Arc::new(pipeline);
    let mut sources = [Source::attach(&pipeline, 0), Source::attach(&pipeline, 1)];
    let mut logged = 0;
    for round in 0..60 {
        // Every other round finds the drain thread asleep or about to fall asleep.
        if round % 2 == 0 {
            std::thread::sleep(Duration::from_millis(round % 8));
        }
        for source in &mut sources {
            for _ in 0..round {
                assert!(source.log(Level::INFO));
                logged += 1;
            }
        }
        let receipt = pipeline.flush(LONG);
        assert!(receipt.complete);
        for (script, receipt) in [(&slow, &receipt.sinks[0]), (&fast, &receipt.sinks[1])] {
            assert_eq!(script.lines().len(), logged);
            assert_eq!(receipt.written, logged as u64);
        }
    }
}

/// Two threads that log without a pause, each into its own ring, faster than the rings are drained.
fn flood(pipeline: &Arc<Pipeline>, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    (1..3)
        .map(|name| {
            let mut source = Source::attach_sized(pipeline, name, 1 << 20);
            let stop = Arc::clone(stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    source.log(Level::INFO);
                }
            })
        })
        .collect()
}

#[test]
fn a_flush_does_not_wait_for_what_is_logged_after_it() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("sink"), &script);
    let mut quiet = Source::attach(&pipeline, 0);
    let stop = Arc::new(AtomicBool::new(false));
    let floods = flood(&pipeline, &stop);
    std::thread::sleep(Duration::from_millis(20));
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        quiet.log_all(Level::INFO, 1);
        let begin = Instant::now();
        // Whoever waited for the others would wait for ever.
        let complete = pipeline.flush(LONG).complete;
        slowest = slowest.max(begin.elapsed());
        if !complete {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for flood in floods {
        flood.join().unwrap();
    }
    assert!(
        slowest < LONG / 2,
        "a flush took {slowest:?} while another thread logged"
    );
}

#[test]
fn closing_ends_while_another_thread_goes_on_logging() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("sink"), &script);
    let stop = Arc::new(AtomicBool::new(false));
    let floods = flood(&pipeline, &stop);
    std::thread::sleep(Duration::from_millis(20));
    let begin = Instant::now();
    let receipt = pipeline.close(LONG);
    let took = begin.elapsed();
    stop.store(true, Ordering::Relaxed);
    for flood in floods {
        flood.join().unwrap();
    }
    assert!(receipt.complete, "{receipt:?}");
    assert!(took < LONG / 2, "closing took {took:?}");
    // What was published after the last look is counted, and nothing is on its way for ever.
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    assert!(metrics.dropped_by_reason["closed"] > 0);
    assert_eq!(script.lines().len() as u64, of(&metrics, "sink").written);
}

#[test]
fn a_ring_that_comes_while_the_pipeline_closes_is_drained_or_refused() {
    let mut refused = 0;
    for round in 0..300u64 {
        let script = Script::new(Mode::Write);
        let pipeline = scripted(sink("sink"), &script);
        let closing = {
            let pipeline = Arc::clone(&pipeline);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_micros(round % 100));
                pipeline.close(LONG)
            })
        };
        let mut logged = 0;
        for name in 0..20 {
            let memory = Arc::new(RingMemory::anonymous(64 << 10, name).unwrap());
            let Ok(ring) = pipeline.attach(Arc::clone(&memory)) else {
                refused += 1;
                break;
            };
            let mut source = Source {
                pipeline: Arc::clone(&pipeline),
                producer: Producer::new(*memory.region()),
                memory,
                ring,
                name,
                number: 0,
            };
            assert!(source.log(Level::INFO));
            logged += 1;
        }
        assert!(closing.join().unwrap().complete);
        let metrics = pipeline.metrics();
        assert_eq!(metrics.submitted, logged);
        assert_settled(&metrics, &HashMap::new());
        assert_eq!(
            of(&metrics, "sink").written + metrics.dropped_by_reason["closed"],
            logged
        );
    }
    assert!(refused > 0, "no ring came too late");
}

#[test]
fn a_producer_that_waits_for_space_is_let_go_by_the_close() {
    let script = Script::new(Mode::Hold);
    let pipeline = scripted(
        SinkOf {
            queue_bytes: 1000,
            ..sink("stuck")
        },
        &script,
    );
    let mut source = Source::attach(&pipeline, 0);
    source.log_until_stuck(Level::INFO);
    let waiting = {
        let (pipeline, memory) = (Arc::clone(&pipeline), Arc::clone(&source.memory));
        std::thread::spawn(move || {
            let begin = Instant::now();
            pipeline.wait_for_space(memory.region(), u32::MAX, LONG);
            begin.elapsed()
        })
    };
    std::thread::sleep(Duration::from_millis(20));
    assert!(!pipeline.close(Duration::from_millis(100)).complete);
    assert!(waiting.join().unwrap() < 2 * SECOND);
    script.set(Mode::Write);
}

#[test]
fn a_sink_that_works_loses_nothing_to_one_that_is_stuck() {
    for close in [true, false] {
        let stuck = Script::new(Mode::Hold);
        let good = Script::new(Mode::Write);
        let replaced: Vec<(&str, Box<dyn Sink>)> = vec![
            ("stuck", Box::new(stuck.clone())),
            ("good", Box::new(good.clone())),
        ];
        let sinks = [
            SinkOf {
                queue_bytes: 1000,
                level: "INFO",
                ..sink("stuck")
            },
            sink("good"),
        ];
        let pipeline = Arc::new(Pipeline::open_with(settings(&sinks), replaced).unwrap());
        let mut source = Source::attach(&pipeline, 0);
        let taken = source.log_until_stuck(Level::WARNING);
        assert!(good.lines().len() < taken.len(), "nothing was held up");
        let patience = Duration::from_millis(300);
        let receipt = if close {
            pipeline.close(patience)
        } else {
            pipeline.last_flush(patience)
        };
        assert!(!receipt.complete);
        assert!(receipt.sinks[1].complete, "{receipt:?}");
        assert_eq!(receipt.sinks[1].written, taken.len() as u64);
        assert_eq!(receipt.sinks[1].dropped, 0);
        assert_eq!(good.lines(), taken);
        if !close {
            // Afterwards the bound holds again.
            source.log_until_stuck(Level::WARNING);
            assert!(good.lines().len() < source.number as usize);
        }
        stuck.set(Mode::Write);
        wait_until("the rest", || pipeline.metrics().in_flight == 0);
        assert_settled(&pipeline.metrics(), &HashMap::new());
    }
}

#[test]
fn what_comes_in_meanwhile_does_not_shorten_the_pause_before_a_retry() {
    let script = Script::new(Mode::Refuse(io::ErrorKind::StorageFull));
    let pipeline = scripted(sink("full"), &script);
    let mut source = Source::attach(&pipeline, 0);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(600) {
        assert!(source.log(Level::INFO));
        std::thread::sleep(Duration::from_millis(8));
    }
    // After 10, 20, 40, 80, 160 and 320 ms.
    let calls = script.calls();
    assert!((3..=8).contains(&calls), "{calls} attempts in 600 ms");
    script.set(Mode::Write);
    assert!(pipeline.close(LONG).complete);
    assert_eq!(script.lines().len() as u64, source.number);
}

#[test]
fn lines_that_the_device_did_not_confirm_are_counted_and_told() {
    let script = Script::new(Mode::Write);
    let settings = settings_with(
        &[sink("disk")],
        json!({"fsync": true, "diagnostics": {"all": false, "collect": true}}),
    );
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![("disk", Box::new(script.clone()))];
    let pipeline = Arc::new(Pipeline::open_with(settings, replaced).unwrap());
    let mut source = Source::attach(&pipeline, 0);
    source.log_all(Level::INFO, 3);
    let receipt = pipeline.flush(LONG);
    assert_eq!(receipt.sinks[0].unsynced, 0);
    assert_eq!(receipt.sinks[0].error, None);
    let before = script.0 .0.lock().unwrap().syncs;
    script.0 .0.lock().unwrap().unsynced = true;
    assert!(source.log(Level::ERROR));
    let receipt = pipeline.flush(LONG);
    script.0 .0.lock().unwrap().unsynced = false;
    assert_eq!(
        script.0 .0.lock().unwrap().syncs,
        before + 1,
        "a second attempt would lie"
    );
    assert_eq!(receipt.sinks[0].written, 4);
    assert_eq!(receipt.sinks[0].unsynced, 1);
    assert!(receipt.sinks[0]
        .error
        .as_deref()
        .unwrap()
        .starts_with("not synced to the device"));
    source.log_all(Level::INFO, 3);
    assert!(pipeline.close(LONG).complete);
    let metrics = pipeline.metrics();
    assert_eq!(
        of(&metrics, "disk").unsynced,
        BTreeMap::from([("ERROR", 1)])
    );
    assert_eq!(of(&metrics, "disk").written, 7);
    assert_eq!(of(&metrics, "disk").errors, 1);
    assert_settled(&metrics, &HashMap::new());
    let told = pipeline.take_diagnostics();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].code, "FAPILOG_SINK_UNSYNCED");
    assert_eq!(script.lines().len(), 7, "nothing is written twice");
}

#[cfg(unix)]
#[test]
fn what_a_crash_safe_pipeline_could_not_write_in_time_is_kept_not_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let file = |name| SinkOf {
        destination: json!({"type": "file", "path": path}),
        queue_bytes: 1000,
        ..sink(name)
    };
    let rings = folder.path().join("rings");
    let sinks = [file("file"), sink("memory")];
    let settings = settings_with(
        &sinks,
        json!({"crashSafe": {"directory": rings, "name": "test"}}),
    );
    let script = Script::new(Mode::Refuse(io::ErrorKind::StorageFull));
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![("file", Box::new(script.clone()))];
    let pipeline = Arc::new(Pipeline::open_with(settings, replaced).unwrap());
    let (ring, memory) = pipeline.open_ring(64 << 10, 0).unwrap();
    let mut source = Source {
        pipeline: Arc::clone(&pipeline),
        producer: Producer::new(*memory.region()),
        memory,
        ring,
        name: 0,
        number: 0,
    };
    let taken = source.log_until_stuck(Level::INFO).len() as u64;
    let receipt = pipeline.close(Duration::from_millis(100));
    assert!(!receipt.complete);
    assert_eq!(receipt.sinks[0].kept, taken);
    assert_eq!(receipt.sinks[0].dropped, 0);
    // Published after that, by a thread that does not know yet.
    let late = u64::from(source.log(Level::INFO));
    let metrics = pipeline.metrics();
    assert_eq!(
        of(&metrics, "file").kept,
        BTreeMap::from([("INFO", taken + late)])
    );
    assert_eq!(metrics.in_flight, 0);
    assert_eq!(of(&metrics, "memory").written, taken);
    drop(source);
    drop(pipeline);
    wait_until("recovery", || {
        let [report] = &fapilog_core::recovery::recover(&rings, false).unwrap()[..] else {
            panic!("one ring");
        };
        if report.outcome == fapilog_core::recovery::Outcome::Live {
            return false;
        }
        assert_eq!(report.recovered, taken + late);
        true
    });
    let text = std::fs::read_to_string(&path).unwrap();
    let events = text.lines().filter(|line| line.contains(" 0:")).count();
    assert_eq!(events as u64, taken + late);
}

#[test]
fn closing_writes_everything_that_was_logged() {
    for _ in 0..20 {
        let script = Script::new(Mode::Slow(Duration::from_micros(300)));
        let pipeline = scripted(
            SinkOf {
                queue_bytes: 2000,
                ..sink("sink")
            },
            &script,
        );
        let mut sources = [Source::attach(&pipeline, 0), Source::attach(&pipeline, 1)];
        for source in &mut sources {
            source.log_all(Level::INFO, 500);
        }
        let receipt = pipeline.close(LONG);
        assert!(receipt.complete);
        assert_eq!(receipt.sinks[0].written, 1000);
        assert_eq!(script.lines().len(), 1000);
        assert!(pipeline.is_drained());
        assert_settled(&pipeline.metrics(), &HashMap::new());
    }
}

#[test]
fn a_sink_that_fails_until_the_deadline_is_counted_as_dropped_by_shutdown() {
    let script = Script::new(Mode::Refuse(io::ErrorKind::StorageFull));
    let pipeline = scripted(
        SinkOf {
            queue_bytes: 1000,
            ..sink("full")
        },
        &script,
    );
    let mut source = Source::attach(&pipeline, 0);
    let taken = source.log_until_stuck(Level::ERROR).len() as u64;
    let begin = Instant::now();
    let receipt = pipeline.close(Duration::from_millis(200));
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(800), "closing took {took:?}");
    assert!(!receipt.complete);
    assert_eq!(receipt.sinks[0].written, 0);
    assert_eq!(receipt.sinks[0].dropped, taken);
    assert!(receipt.sinks[0].error.is_some());
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    assert_eq!(of(&metrics, "full").dropped_by_reason["shutdown"], taken);
}

#[test]
fn closing_does_not_wait_for_a_sink_that_never_returns() {
    let script = Script::new(Mode::Hold);
    let other = Script::new(Mode::Write);
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![
        ("stuck", Box::new(script.clone())),
        ("other", Box::new(other.clone())),
    ];
    let sinks = [
        SinkOf {
            queue_bytes: 1000,
            ..sink("stuck")
        },
        sink("other"),
    ];
    let pipeline = Arc::new(Pipeline::open_with(settings(&sinks), replaced).unwrap());
    let mut source = Source::attach(&pipeline, 0);
    let taken = source.log_until_stuck(Level::ERROR).len() as u64;
    let begin = Instant::now();
    let receipt = pipeline.close(Duration::from_millis(200));
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(800), "closing took {took:?}");
    assert!(!receipt.complete);
    // When the operating system lets go of the stuck thread, the rest is accounted for too.
    script.set(Mode::Write);
    wait_until("the rest", || pipeline.metrics().in_flight == 0);
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    let stuck = of(&metrics, "stuck");
    assert_eq!(stuck.written + stuck.dropped_by_reason["shutdown"], taken);
    assert_eq!(stuck.written, script.lines().len() as u64);
}

#[test]
fn a_panic_of_a_sink_is_contained_and_its_batch_is_tried_again() {
    let script = Script::new(Mode::Write);
    let other = Script::new(Mode::Write);
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![
        ("bad", Box::new(script.clone())),
        ("other", Box::new(other.clone())),
    ];
    let pipeline = Pipeline::open_with(settings(&[sink("bad"), sink("other")]), replaced).unwrap();
    let pipeline = Arc::new(pipeline);
    let mut source = Source::attach(&pipeline, 0);
    source.log_all(Level::INFO, 10);
    assert!(pipeline.flush(LONG).complete);
    script.once(Mode::Panic);
    source.log_all(Level::INFO, 10);
    assert!(pipeline.flush(LONG).complete);
    let metrics = pipeline.metrics();
    assert_eq!(of(&metrics, "bad").errors, 1);
    assert_eq!(
        of(&metrics, "bad").last_error.as_deref(),
        Some("the sink panicked")
    );
    assert!(!of(&metrics, "bad").failing);
    assert_settled(&metrics, &HashMap::new());
    assert_eq!(script.lines(), other.lines());

    script.set(Mode::Panic);
    source.log_all(Level::INFO, 10);
    let receipt = pipeline.close(Duration::from_millis(100));
    assert!(!receipt.complete);
    assert_eq!(receipt.sinks[0].written, 20);
    assert_eq!(receipt.sinks[0].dropped, 10);
    assert!(receipt.sinks[1].complete);
    assert_eq!(receipt.sinks[1].written, 30);
}

#[test]
fn a_partial_write_goes_on_from_exactly_there() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("sink"), &script);
    let mut source = Source::attach(&pipeline, 0);
    for cut in 0..40 {
        script.once(Mode::Partly(cut));
        source.log_all(Level::INFO, 3);
        assert!(pipeline.flush(LONG).complete);
    }
    let expected: Vec<Line> = (0..120).map(|number| (0, number)).collect();
    assert_eq!(script.lines(), expected);
    assert_settled(&pipeline.metrics(), &HashMap::new());
}

#[test]
fn a_closed_pipe_drops_what_it_was_given_and_says_so() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("pipe"), &script);
    let mut source = Source::attach(&pipeline, 0);
    script.once(Mode::Refuse(io::ErrorKind::BrokenPipe));
    assert!(source.log(Level::INFO));
    let receipt = pipeline.flush(LONG);
    assert!(receipt.complete);
    assert!(receipt.sinks[0].error.is_some());
    source.log_all(Level::INFO, 5);
    assert!(pipeline.flush(LONG).sinks[0].error.is_none());
    let metrics = pipeline.metrics();
    assert_settled(&metrics, &HashMap::new());
    assert_eq!(of(&metrics, "pipe").dropped_by_reason["failed"], 1);
    assert_eq!(of(&metrics, "pipe").written, 5);
}

#[test]
fn detaching_drains_the_ring_and_lets_go_of_its_memory() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("sink"), &script);
    for name in 0..20 {
        let mut source = Source::attach(&pipeline, name);
        source.log_all(Level::INFO, 200);
        assert!(pipeline.detach(source.ring, LONG));
        source.assert_released();
    }
    assert!(pipeline.flush(LONG).complete);
    let written = script.lines();
    assert_order(&written);
    assert_eq!(written.len(), 20 * 200);
    let metrics = pipeline.metrics();
    assert_eq!(metrics.ring.rings, 0);
    assert_settled(&metrics, &HashMap::new());
}

#[test]
fn a_ring_that_leaves_before_it_was_seen_is_drained_too() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("sink"), &script);
    for name in 0..500 {
        let mut source = Source::attach(&pipeline, name);
        assert!(source.log(Level::INFO));
        assert!(pipeline.detach(source.ring, LONG));
    }
    assert!(pipeline.flush(LONG).complete);
    assert_eq!(script.lines().len(), 500);
    assert_settled(&pipeline.metrics(), &HashMap::new());
}

#[test]
fn detaching_at_a_stuck_sink_gives_up_in_time_and_finishes_later() {
    let script = Script::new(Mode::Hold);
    let pipeline = scripted(
        SinkOf {
            queue_bytes: 1000,
            ..sink("stuck")
        },
        &script,
    );
    let mut source = Source::attach(&pipeline, 0);
    let taken = source.log_until_stuck(Level::INFO);
    let begin = Instant::now();
    assert!(!pipeline.detach(source.ring, Duration::from_millis(50)));
    assert!(begin.elapsed() < SECOND);
    assert!(
        Arc::strong_count(&source.memory) > 1,
        "the pipeline keeps what it still reads"
    );
    script.set(Mode::Write);
    assert!(pipeline.detach(source.ring, LONG));
    source.assert_released();
    assert!(pipeline.flush(LONG).complete);
    assert_eq!(script.lines(), taken);
}

#[test]
fn a_closed_pipeline_takes_no_ring_and_answers_at_once() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("sink"), &script);
    let mut source = Source::attach(&pipeline, 0);
    assert!(source.log(Level::INFO));
    assert!(pipeline.close(LONG).complete);
    let memory = Arc::new(RingMemory::anonymous(64 << 10, 0).unwrap());
    let refused = pipeline.attach(Arc::clone(&memory)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Closed);
    assert_eq!(Arc::strong_count(&memory), 1);
    let begin = Instant::now();
    let again = pipeline.close(LONG);
    assert!(again.complete);
    assert_eq!(again.sinks[0].written, 1);
    assert!(pipeline.flush(LONG).complete);
    assert!(
        pipeline.detach(source.ring, LONG),
        "closing has let go of it"
    );
    assert!(begin.elapsed() < SECOND);
    source.assert_released();
}

#[test]
fn events_in_damaged_bytes_are_counted_and_those_around_them_are_read() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(sink("sink"), &script);
    let mut source = Source::attach(&pipeline, 0);
    source.log_all(Level::INFO, 3);
    assert!(pipeline.flush(LONG).complete);
    assert_eq!(pipeline.metrics().dropped_by_reason["damaged"], 0);
    // A gigabyte is claimed; two events, says the counter.
    let mut bytes = 7u32.to_le_bytes().repeat(14);
    bytes[..4].copy_from_slice(&(1u32 << 27).to_le_bytes());
    let mut put = |bytes: &[u8], level: Level, events| {
        let region = *source.memory.region();
        region.count(Counter::Submitted, level.index(), events);
        if source.producer.push(bytes, 0).unwrap() {
            pipeline.wake();
        }
    };
    put(&bytes, Level::ERROR, 2);
    let mut record = RecordWriter::new(Level::INFO, 0, 0.0);
    record.message("of no level");
    let mut record = record.finish();
    record[fapilog_ring::layout::WORD_KIND * 4 + 1] = 200;
    put(&record, Level::WARNING, 1);
    source.log_all(Level::INFO, 3);
    assert!(pipeline.flush(LONG).complete);
    assert_eq!(script.lines().len(), 6);
    let metrics = pipeline.metrics();
    assert!(metrics.ring.damaged_bytes > 56);
    assert_eq!(metrics.dropped_by_reason["damaged"], 3);
    assert_eq!(
        metrics.dropped,
        BTreeMap::from([("ERROR", 2), ("WARNING", 1)])
    );
    assert_settled(&metrics, &HashMap::new());
    // They are told in-band, like all others.
    let text = String::from_utf8(script.0 .0.lock().unwrap().written.clone()).unwrap();
    assert!(text.contains("fapilog dropped 3 events"), "{text}");
    assert!(pipeline.detach(source.ring, LONG));
    assert_settled(&pipeline.metrics(), &HashMap::new());
}

#[test]
fn an_event_larger_than_a_chunk_or_a_queue_goes_through_whole() {
    let script = Script::new(Mode::Write);
    let pipeline = scripted(
        SinkOf {
            queue_bytes: 10,
            ..sink("sink")
        },
        &script,
    );
    let memory = Arc::new(RingMemory::anonymous(8 << 20, 0).unwrap());
    pipeline.attach(Arc::clone(&memory)).unwrap();
    let mut producer = Producer::new(*memory.region());
    for size in [100usize, 65_500, 65_536, 70_000, 1 << 20, 3 << 20, 10] {
        let mut record = RecordWriter::new(Level::INFO, 0, 0.0);
        record.message(&"x".repeat(size));
        let record = record.finish();
        assert!(pipeline.wait_for_space(memory.region(), u32::MAX, LONG));
        if producer.push(&record, 0).unwrap() {
            pipeline.wake();
        }
        assert!(pipeline.flush(LONG).complete);
        let state = script.0 .0.lock().unwrap();
        let last = state.written.rsplit(|&byte| byte == b'\n').nth(1).unwrap();
        assert_eq!(last.iter().filter(|&&byte| byte == b'x').count(), size);
    }
    assert_eq!(pipeline.metrics().ring.damaged_bytes, 0);
}
