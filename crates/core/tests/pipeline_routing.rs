//! Where events go: rules, sinks that fail, changes while events flow. Every event is written where it belongs, or
//! counted as sent elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fapilog_core::level::Level;
use fapilog_core::pipeline::{BreakerState, Metrics, Pipeline, PipelineSettings};
use fapilog_core::sinks::{Sink, WriteError};
use fapilog_core::wire::RecordWriter;
use fapilog_ring::{Counter, Producer, RingMemory};
use serde_json::{json, Value as Json};

const LONG: Duration = Duration::from_secs(20);

/// Writes, or fails as it is told; every so often after some bytes.
#[derive(Clone, Debug, Default)]
struct Faulty {
    fails: Arc<AtomicBool>,
    /// Bytes that a failing write takes before it fails.
    partly: Arc<AtomicU64>,
    gone: Arc<AtomicBool>,
    attempts: Arc<AtomicU64>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Sink for Faulty {
    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        let mut written = self.written.lock().unwrap();
        if self.fails.load(Ordering::SeqCst) {
            let part = (self.partly.load(Ordering::SeqCst) as usize).min(bytes.len());
            written.extend_from_slice(&bytes[..part]);
            let kind = match self.gone.load(Ordering::SeqCst) {
                true => io::ErrorKind::BrokenPipe,
                false => io::ErrorKind::StorageFull,
            };
            return Err(WriteError {
                written: part,
                error: io::Error::from(kind),
            });
        }
        written.extend_from_slice(bytes);
        Ok(())
    }

    fn abandon_line(&mut self) {
        self.written.lock().unwrap().extend_from_slice(b"~\n");
    }
}

impl Faulty {
    fn lines(&self) -> Vec<String> {
        let bytes = self.written.lock().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn settings(sinks: Json, more: Json) -> Result<PipelineSettings, String> {
    let mut document = json!({
        "constants": {"name": null, "service": null, "env": null, "version": null, "hostname": "h", "pid": 1, "utc": true},
        "sinks": sinks,
        "fsync": false,
    });
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    PipelineSettings::from_json(&document.to_string()).map_err(|e| e.to_string())
}

fn sink(name: &str, more: Json) -> Json {
    let mut sink = json!({
        "name": name, "destination": {"type": "memory", "maxBytes": 64 << 20}, "format": "minimal",
        "color": false, "level": "TRACE", "queueBytes": 65536, "whenFull": "block",
    });
    for (key, value) in more.as_object().unwrap() {
        sink[key] = value.clone();
    }
    sink
}

/// Logs into a pipeline, waiting for room.
struct Source {
    pipeline: Arc<Pipeline>,
    memory: Arc<RingMemory>,
    producer: Producer,
    number: u64,
}

impl Source {
    fn attach(pipeline: &Arc<Pipeline>) -> Self {
        let memory = Arc::new(RingMemory::anonymous(64 << 10, 1).unwrap());
        pipeline.attach(Arc::clone(&memory)).unwrap();
        Self {
            pipeline: Arc::clone(pipeline),
            producer: Producer::new(*memory.region()),
            memory,
            number: 0,
        }
    }

    fn log(&mut self, level: Level) {
        let mut record = RecordWriter::new(level, 0, 1e12 + self.number as f64);
        record.message(&self.number.to_string());
        self.number += 1;
        let region = *self.memory.region();
        assert!(self.pipeline.wait_for_space(&region, 64, LONG));
        region.count(Counter::Submitted, level.index(), 1);
        if self.producer.push(&record.finish(), 0).unwrap() {
            self.pipeline.wake();
        }
    }
}

fn memory(pipeline: &Pipeline, name: &str) -> Vec<String> {
    let bytes = pipeline.memory(name, false).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn total(counts: &std::collections::BTreeMap<&'static str, u64>) -> u64 {
    counts.values().sum()
}

/// Nothing is on its way, and every event is accounted for at every sink.
fn assert_settled(metrics: &Metrics) {
    assert_eq!(metrics.in_flight, 0);
    let offered = metrics.submitted - total(&metrics.dropped) - total(&metrics.filtered);
    for (name, sink) in &metrics.sinks {
        let settled =
            sink.written + total(&sink.skipped) + total(&sink.diverted) + total(&sink.dropped);
        assert_eq!(settled, offered, "{name}: {metrics:#?}");
    }
}

#[test]
fn every_event_is_written_where_a_rule_sends_it_and_skipped_elsewhere() {
    let routing = json!({
        "rules": [
            {"level": "ERROR", "sinks": ["errors", "low"]},
            {"maxLevel": "DEBUG", "sinks": ["low"]},
        ],
        "overlap": true,
        "otherwise": ["rest"],
    });
    let names = ["errors", "low", "rest"];
    let mut sinks: Vec<Json> = names.iter().map(|name| sink(name, json!({}))).collect();
    sinks.push(sink("all", json!({"level": "INFO"})));
    let document = settings(json!(sinks), json!({ "routing": routing })).unwrap();
    let pipeline = Arc::new(Pipeline::open(document).unwrap());
    let mut source = Source::attach(&pipeline);
    for n in 0..8_000u64 {
        source.log(Level::built_in((n % 8) as u8));
    }
    assert!(pipeline.flush(LONG).complete);
    let metrics = pipeline.metrics();
    assert_settled(&metrics);
    let written = |name: &str| metrics.sinks[name].written;
    assert_eq!(
        ["errors", "low", "rest", "all"].map(written),
        [4_000, 6_000, 2_000, 6_000]
    );
    assert_eq!(metrics.sinks["errors"].skipped["INFO"], 1_000);
    assert_eq!(metrics.sinks["errors"].skipped.get("ERROR"), None);
    assert_eq!(total(&metrics.sinks["all"].skipped), 2_000);
    assert_eq!(memory(&pipeline, "rest").len(), 2_000);
    assert_eq!(metrics.written, 8_000);
    pipeline.close(LONG);
}

#[test]
fn a_change_under_load_loses_nothing_and_holds_for_what_comes_after() {
    // Both are named, or one of them would take everything.
    let rule = |sink: &str| {
        let both = [sink, "a", "b"].map(|sink| json!({"sinks": [sink]}));
        json!({"rules": both, "overlap": false, "otherwise": []})
    };
    let sinks = json!([sink("a", json!({})), sink("b", json!({}))]);
    let document = settings(sinks, json!({ "routing": rule("a") })).unwrap();
    let pipeline = Arc::new(Pipeline::open(document).unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let other = {
        let (pipeline, stop) = (Arc::clone(&pipeline), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut source = Source::attach(&pipeline);
            while !stop.load(Ordering::Relaxed) {
                source.log(Level::WARNING);
            }
        })
    };
    let mut source = Source::attach(&pipeline);
    let mut expected: [Vec<String>; 2] = Default::default();
    for round in 0..30 {
        let to = round % 2;
        let name = ["a", "b"][to];
        let filters = if round % 3 == 0 {
            json!({"minLevels": {"*": "WARNING"}})
        } else {
            json!({})
        };
        let change = json!({"stages": {"filters": filters}, "routing": rule(name)});
        assert!(pipeline.reconfigure(&change.to_string()).unwrap());
        for _ in 0..200 {
            if round % 3 != 0 {
                expected[to].push(format!("INFO {}", source.number));
            }
            source.log(Level::INFO);
        }
    }
    stop.store(true, Ordering::Relaxed);
    other.join().unwrap();
    assert!(pipeline.flush(LONG).complete);
    let metrics = pipeline.metrics();
    assert_settled(&metrics);
    assert_eq!(metrics.stages["minLevels"].filtered["INFO"], 10 * 200);
    for (name, expected) in ["a", "b"].into_iter().zip(expected) {
        let mut lines = memory(&pipeline, name);
        lines.retain(|line| line.starts_with("INFO"));
        assert!(
            lines == expected,
            "{name}: {} {}",
            lines.len(),
            expected.len()
        );
    }
    let wrong = pipeline.reconfigure(
        r#"{"stages":{},"routing":{"rules":[{"sinks":["x"]}],"overlap":true,"otherwise":[]}}"#,
    );
    assert!(wrong
        .unwrap_err()
        .to_string()
        .contains("routing.rules[0].sinks"));
    pipeline.close(LONG);
}

/// Writes nothing until it is let go.
#[derive(Clone, Debug, Default)]
struct Held {
    free: Arc<AtomicBool>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Sink for Held {
    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        while !self.free.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }
}

#[test]
fn what_is_logged_after_a_change_goes_the_new_way_however_long_a_sink_holds_up_the_drain_thread() {
    let held = Held::default();
    let sinks = json!([sink("held", json!({"queueBytes": 1000}))]);
    let document = settings(sinks, json!({})).unwrap();
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![("held", Box::new(held.clone()))];
    let pipeline = Arc::new(Pipeline::open_with(document, replaced).unwrap());
    let memory = Arc::new(RingMemory::anonymous(1 << 20, 1).unwrap());
    pipeline.attach(Arc::clone(&memory)).unwrap();
    let mut source = Source {
        pipeline: Arc::clone(&pipeline),
        producer: Producer::new(*memory.region()),
        memory,
        number: 0,
    };
    let log = |source: &mut Source, count: u64| {
        let first = source.number;
        (0..count).for_each(|_| source.log(Level::INFO));
        (first..source.number)
            .map(|number| format!("INFO {number}"))
            .collect::<Vec<_>>()
    };
    let accepted = |count: u64| {
        let started = Instant::now();
        while pipeline.metrics().ring.accepted < count {
            std::thread::sleep(Duration::from_millis(1));
            assert!(started.elapsed() < LONG);
        }
    };
    let mut before = log(&mut source, 10);
    accepted(10);
    // The second batch has no room: the drain thread waits, and what follows stays in the ring.
    before.extend(log(&mut source, 1000));
    accepted(11);
    std::thread::sleep(Duration::from_millis(50));
    before.extend(log(&mut source, 500));
    let strict = json!({"stages": {"filters": {"minLevels": {"*": "ERROR"}}}}).to_string();
    assert!(!pipeline.reconfigure(&strict).unwrap());
    log(&mut source, 500);
    assert!(!pipeline
        .reconfigure(&json!({"stages": {}}).to_string())
        .unwrap());
    let again = log(&mut source, 500);
    assert!(!pipeline.reconfigure(&strict).unwrap());
    log(&mut source, 500);
    held.free.store(true, Ordering::SeqCst);
    assert!(pipeline.flush(LONG).complete);
    let metrics = pipeline.metrics();
    assert_settled(&metrics);
    assert_eq!(metrics.filtered["INFO"], 1000);
    let text = String::from_utf8(held.written.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines == [before, again].concat(), "{} lines", lines.len());
    pipeline.close(LONG);
}

/// The drain thread takes rings over when it looks for them, which may be after a change was asked for.
#[test]
fn what_was_logged_before_a_change_goes_the_old_way_though_nobody_has_looked_at_its_ring() {
    let strict = json!({"stages": {"filters": {"minLevels": {"*": "ERROR"}}}}).to_string();
    let lax = json!({"stages": {}}).to_string();
    for _ in 0..200 {
        let sinks = json!([sink("a", json!({}))]);
        let document = settings(sinks, json!({})).unwrap();
        let pipeline = Arc::new(Pipeline::open(document).unwrap());
        let mut expected = Vec::new();
        for change in [&strict, &lax, &strict] {
            let first = Source::attach(&pipeline);
            let second = Source::attach(&pipeline);
            let passes = change == &strict;
            for mut source in [first, second] {
                for _ in 0..10 {
                    if passes {
                        expected.push(format!("INFO {}", source.number));
                    }
                    source.log(Level::INFO);
                }
            }
            assert!(pipeline.reconfigure(change).unwrap());
        }
        assert!(pipeline.flush(LONG).complete);
        assert_settled(&pipeline.metrics());
        // Two rings have no order among them.
        let mut found = memory(&pipeline, "a");
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        pipeline.close(LONG);
    }
}

fn with_fallback(faulty: &Faulty, probe_ms: u64, fallback: Option<&str>) -> Arc<Pipeline> {
    let breaker = json!({
        "breaker": {"failures": 3, "probeMs": probe_ms}, "fallback": fallback,
    });
    let sinks = json!([
        sink("main", breaker),
        sink("spare", json!({"level": "ERROR"}))
    ]);
    let replaced: Vec<(&str, Box<dyn Sink>)> = vec![("main", Box::new(faulty.clone()))];
    let document = settings(sinks, json!({})).unwrap();
    Arc::new(Pipeline::open_with(document, replaced).unwrap())
}

fn numbers(lines: &[String]) -> Vec<u64> {
    lines
        .iter()
        .filter_map(|line| line.strip_prefix("INFO ")?.parse().ok())
        .collect()
}

#[test]
fn the_fallback_gets_what_a_failing_sink_could_not_write() {
    for partly in [0, 5, 1_003] {
        let faulty = Faulty::default();
        faulty.partly.store(partly, Ordering::SeqCst);
        let pipeline = with_fallback(&faulty, 3_600_000, Some("spare"));
        let mut source = Source::attach(&pipeline);
        for _ in 0..500 {
            source.log(Level::INFO);
        }
        assert!(pipeline.flush(LONG).complete);
        faulty.fails.store(true, Ordering::SeqCst);
        for _ in 0..20_000 {
            source.log(Level::INFO);
        }
        // A flush waits for what was sent to the fallback.
        assert!(pipeline.flush(LONG).complete);
        let metrics = pipeline.metrics();
        assert_settled(&metrics);
        let (main, spare) = (&metrics.sinks["main"], &metrics.sinks["spare"]);
        assert_eq!(main.state, BreakerState::Open);
        assert_eq!((main.opened, main.errors), (1, 3));
        assert_eq!(total(&main.diverted), spare.taken_over);
        assert_eq!(main.written + spare.taken_over, 20_500);
        assert_eq!((spare.written, total(&spare.skipped)), (0, 20_500));
        let mut all = numbers(&faulty.lines());
        let first = all.len() as u64;
        assert_eq!(first, main.written, "{partly}");
        all.extend(numbers(&memory(&pipeline, "spare")));
        assert_eq!(all, (0..20_500).collect::<Vec<_>>(), "{partly}");
        assert!(pipeline.close(LONG).complete);
    }
}

#[test]
fn a_probe_finds_out_that_the_sink_writes_again() {
    let faulty = Faulty::default();
    faulty.fails.store(true, Ordering::SeqCst);
    let pipeline = with_fallback(&faulty, 50, Some("spare"));
    let mut source = Source::attach(&pipeline);
    let begin = Instant::now();
    let state = |pipeline: &Pipeline| pipeline.metrics().sinks["main"].state;
    while state(&pipeline) != BreakerState::Open {
        source.log(Level::INFO);
        assert!(pipeline.flush(LONG).complete);
        assert!(begin.elapsed() < LONG);
    }
    std::thread::sleep(Duration::from_millis(60));
    let attempts = faulty.attempts.load(Ordering::SeqCst);
    for _ in 0..10 {
        source.log(Level::INFO);
        assert!(pipeline.flush(LONG).complete);
    }
    // One probe; the others were not tried, unless the machine took 50 ms for ten flushes.
    let tried = faulty.attempts.load(Ordering::SeqCst) - attempts;
    assert!((1..5).contains(&tried), "{tried}");
    faulty.fails.store(false, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(60));
    let recovered = source.number;
    for _ in 0..10 {
        source.log(Level::INFO);
        assert!(pipeline.flush(LONG).complete);
    }
    assert_eq!(state(&pipeline), BreakerState::Closed);
    assert_eq!(
        numbers(&faulty.lines()),
        (recovered..recovered + 10).collect::<Vec<_>>()
    );
    assert_eq!(
        numbers(&memory(&pipeline, "spare")),
        (0..recovered).collect::<Vec<_>>()
    );
    assert!(pipeline.close(LONG).complete);
    assert_settled(&pipeline.metrics());
}

#[test]
fn without_a_fallback_an_open_breaker_drops_and_counts() {
    let faulty = Faulty::default();
    faulty.fails.store(true, Ordering::SeqCst);
    faulty.gone.store(true, Ordering::SeqCst);
    let pipeline = with_fallback(&faulty, 3_600_000, None);
    let mut source = Source::attach(&pipeline);
    for _ in 0..1_000 {
        source.log(Level::INFO);
    }
    assert!(pipeline.close(LONG).complete);
    let metrics = pipeline.metrics();
    assert_settled(&metrics);
    assert_eq!(metrics.sinks["main"].dropped_by_reason["failed"], 1_000);
    assert_eq!(faulty.attempts.load(Ordering::SeqCst), 1);
}

#[test]
fn what_was_diverted_is_written_before_the_end() {
    let faulty = Faulty::default();
    faulty.fails.store(true, Ordering::SeqCst);
    let pipeline = with_fallback(&faulty, 3_600_000, Some("spare"));
    let mut source = Source::attach(&pipeline);
    for _ in 0..20_000 {
        source.log(Level::INFO);
    }
    assert!(pipeline.close(LONG).complete);
    assert_settled(&pipeline.metrics());
    let expected: Vec<u64> = (0..20_000).collect();
    assert_eq!(numbers(&memory(&pipeline, "spare")), expected);
}

#[test]
fn wrong_fallbacks_are_named() {
    let breaker = || json!({"failures": 1, "probeMs": 1});
    let spare = sink("spare", json!({}));
    for (main, path) in [
        (json!({"fallback": "spare"}), "sinks.main.breaker"),
        (
            json!({"fallback": "x", "breaker": breaker()}),
            "sinks.main.fallback",
        ),
        (
            json!({"fallback": "main", "breaker": breaker()}),
            "sinks.main.fallback",
        ),
        (
            json!({"breaker": {"failures": 0, "probeMs": 1}}),
            "sinks.main.breaker.failures",
        ),
    ] {
        let error = settings(json!([sink("main", main), spare]), json!({})).unwrap_err();
        assert!(error.contains(path), "{error}");
    }
    let chained = sink("spare", json!({"breaker": breaker()}));
    let main = sink("main", json!({"fallback": "spare", "breaker": breaker()}));
    assert!(settings(json!([main, chained]), json!({})).is_err());
}
