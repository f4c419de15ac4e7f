#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::{json, Value as Json};

use super::FilterSettings;
use crate::error::ErrorCode;
use crate::format::FormatOptions;
use crate::level::Level;
use crate::stages::{Stages, StagesSettings};
use crate::wire::{Dictionary, Record, RecordWriter, Records, Value};

const START: f64 = 1_700_000_000_000.0;

/// Events of loggers, with a `key` and a `trace_id`, through the filters of a document.
struct Bed {
    stages: Stages,
    dictionary: Dictionary,
}

struct Event<'a> {
    level: Level,
    logger: &'a str,
    message: &'a str,
    key: &'a str,
    at: f64,
}

fn info(message: &str, at: f64) -> Event<'_> {
    Event {
        level: Level::INFO,
        logger: "app",
        message,
        key: "",
        at,
    }
}

fn stages(filters: &Json, recovery: bool) -> Stages {
    let settings: StagesSettings = serde_json::from_value(json!({ "filters": filters })).unwrap();
    let constants = FormatOptions::default();
    if recovery {
        Stages::for_recovery(&settings, &constants).unwrap()
    } else {
        Stages::new(&settings, &constants).unwrap()
    }
}

impl Bed {
    fn new(filters: Json) -> Self {
        let stages = stages(&filters, false);
        Self {
            dictionary: Dictionary::with_own(stages.own_strings()),
            stages,
        }
    }

    fn bytes(&mut self, event: &Event<'_>) -> Vec<u8> {
        let mut id = |text: &str| {
            let known = self.dictionary.find(text);
            known.unwrap_or_else(|| self.dictionary.intern(text))
        };
        let logger = if event.logger.is_empty() {
            0
        } else {
            id(event.logger)
        };
        let (key, trace) = (id("key"), id("trace_id"));
        let mut writer = RecordWriter::new(event.level, logger, START + event.at);
        if event.message.is_empty() {
            writer.no_message();
        } else {
            writer.message(event.message);
        }
        if !event.key.is_empty() {
            writer.string(key, event.key);
            writer.string(trace, event.key);
        }
        writer.finish()
    }

    fn keeps(&mut self, event: &Event<'_>) -> bool {
        let bytes = self.bytes(event);
        let record = Records::new(&bytes, &self.dictionary).next().unwrap();
        self.stages.run(record).is_some()
    }

    /// How many of these are kept.
    fn kept<'a>(&mut self, events: impl IntoIterator<Item = Event<'a>>) -> usize {
        events.into_iter().filter(|event| self.keeps(event)).count()
    }

    /// Level, logger and message of the notices.
    fn told(&mut self, force: bool) -> Vec<(Level, String, String)> {
        let mut told = Vec::new();
        self.stages.due(force, |record: &Record<'_>| {
            let Some(Value::Text(message)) = record.message_and_fields().0 else {
                panic!("a notice without a message");
            };
            let logger = record.logger().map_or("", |entry| entry.text());
            told.push((
                record.level(),
                logger.to_owned(),
                message.to_str().into_owned(),
            ));
        });
        told.sort();
        told
    }

    fn filtered(&mut self) -> u64 {
        self.stages
            .take_counts()
            .map(|(_, counts)| counts.filtered.total())
            .sum()
    }
}

#[test]
fn the_most_specific_pattern_says_the_lowest_level() {
    let mut bed = Bed::new(json!({
        "minLevels": { "db.*": "WARNING", "db.pool": "DEBUG", "*": "INFO" },
    }));
    let cases = [
        ("db.query", Level::INFO, false),
        ("db.query", Level::WARNING, true),
        ("db.pool", Level::DEBUG, true),
        ("db.pool", Level::TRACE, false),
        ("app", Level::DEBUG, false),
        ("app", Level::INFO, true),
        ("", Level::DEBUG, false),
        ("", Level::SECURITY, true),
    ];
    for _ in 0..2 {
        for (logger, level, expected) in cases {
            let event = Event {
                level,
                logger,
                ..info("m", 0.0)
            };
            assert_eq!(bed.keeps(&event), expected, "{logger} {level:?}");
        }
    }
    assert_eq!(bed.filtered(), 8);
}

#[test]
fn sampling_keeps_its_rate_of_each_level_and_all_that_is_protected() {
    let mut bed = Bed::new(json!({ "sampling": {
        "rate": 0.5, "levels": { "DEBUG": 0.1, "TRACE": 0 }, "protectedLevel": "ERROR",
    }}));
    let expected = [
        (Level::TRACE, 0.0),
        (Level::DEBUG, 0.1),
        (Level::INFO, 0.5),
        (Level::WARNING, 0.5),
        (Level::ERROR, 1.0),
        (Level::SECURITY, 1.0),
    ];
    for (level, rate) in expected {
        let kept = bed.kept((0..20_000).map(|_| Event {
            level,
            ..info("m", 0.0)
        }));
        let spread = 5.0 * (20_000.0f64 * rate * (1.0 - rate)).sqrt();
        assert!(
            (kept as f64 - 20_000.0 * rate).abs() <= spread,
            "{level:?} {kept}"
        );
    }
}

#[test]
fn a_protected_level_is_sampled_when_that_is_asked_for() {
    let mut bed = Bed::new(json!({ "sampling": {
        "rate": 1, "levels": { "ERROR": 0 }, "protectedLevel": "ERROR",
    }}));
    assert!(!bed.keeps(&Event {
        level: Level::ERROR,
        ..info("m", 0.0)
    }));
    assert!(bed.keeps(&Event {
        level: Level::CRITICAL,
        ..info("m", 0.0)
    }));
    let mut bed = Bed::new(json!({ "sampling": { "rate": 0, "protectedLevel": "SILENT" } }));
    assert!(!bed.keeps(&Event {
        level: Level::SECURITY,
        ..info("m", 0.0)
    }));
}

#[test]
fn sampling_by_parts_says_the_same_every_time_and_everywhere() {
    let document = json!({ "sampling": {
        "rate": 0.3, "by": ["key"], "protectedLevel": "ERROR",
    }});
    let mut beds = [Bed::new(document.clone()), Bed::new(document)];
    let mut kept = 0;
    for n in 0..2_000 {
        let key = format!("user-{n}");
        let words: Vec<bool> = (0..4)
            .map(|round| {
                let event = Event {
                    key: &key,
                    ..info("m", f64::from(round))
                };
                beds[round as usize % 2].keeps(&event)
            })
            .collect();
        assert!(words.iter().all(|word| *word == words[0]));
        kept += usize::from(words[0]);
    }
    assert!((500..700).contains(&kept), "{kept}");
    assert!(beds[0].keeps(&info("without the key", 0.0)));
}

#[test]
fn traces_are_kept_or_dropped_whole_and_as_opentelemetry_does() {
    let mut bed = Bed::new(json!({ "traceSampling": {
        "rate": 0.25, "field": "trace_id", "protectedLevel": "ERROR",
    }}));
    // The last 56 bits against (1 - rate) · 2^56.
    let cases = [
        ("000000000000000000c0000000000000", true),
        ("000000000000000000bfffffffffffff", false),
        ("ffffffffffffffffffffffffffffffff", true),
        ("ffffffffffffffffff00000000000000", false),
    ];
    for (key, expected) in cases {
        for _ in 0..3 {
            assert_eq!(
                bed.keeps(&Event {
                    key,
                    ..info("m", 0.0)
                }),
                expected,
                "{key}"
            );
        }
        assert!(bed.keeps(&Event {
            key,
            level: Level::ERROR,
            ..info("m", 0.0)
        }));
    }
    assert!(bed.keeps(&info("outside of any trace", 0.0)));
    let mut kept = 0;
    for n in 0..4_000 {
        let key = format!("not hex {n}");
        let word = bed.keeps(&Event {
            key: &key,
            ..info("m", 0.0)
        });
        assert_eq!(
            word,
            bed.keeps(&Event {
                key: &key,
                ..info("n", 9.0)
            })
        );
        kept += usize::from(word);
    }
    assert!((850..1_150).contains(&kept), "{kept}");
}

#[test]
fn adaptive_sampling_keeps_about_its_target_whatever_comes() {
    let mut bed = Bed::new(json!({ "adaptiveSampling": {
        "targetPerSecond": 500, "minRate": 0, "maxRate": 1, "protectedLevel": "ERROR",
    }}));
    // Calm, then a burst a hundred times as high, then calm again.
    let second = |bed: &mut Bed, from: f64, count: usize| {
        let step = 1_000.0 / count as f64;
        bed.kept((0..count).map(|n| info("m", from + n as f64 * step)))
    };
    for n in 0..3 {
        assert_eq!(second(&mut bed, f64::from(n) * 1e3, 400), 400, "{n}");
    }
    let first = second(&mut bed, 3e3, 40_000);
    assert!((400..1_000).contains(&first), "{first}");
    for n in 4..8 {
        let kept = second(&mut bed, f64::from(n) * 1e3, 40_000);
        assert!((400..620).contains(&kept), "second {n}: {kept}");
    }
    for n in 8..10 {
        second(&mut bed, f64::from(n) * 1e3, 400);
    }
    for n in 10..12 {
        assert!(second(&mut bed, f64::from(n) * 1e3, 400) >= 395, "{n}");
    }
    let error = |n| Event {
        level: Level::ERROR,
        ..info("m", 12e3 + f64::from(n) * 0.01)
    };
    assert_eq!(bed.kept((0..10_000).map(error)), 10_000);
}

#[test]
fn a_key_has_its_burst_and_then_its_rate() {
    let mut bed = Bed::new(json!({ "rateLimit": {
        "by": ["key"], "perSecond": 5, "burst": 10, "maxKeys": 100, "protectedLevel": "ERROR",
    }}));
    let kept = |bed: &mut Bed, key, times: &[f64]| {
        bed.kept(times.iter().map(|&at| Event {
            key,
            ..info("m", at)
        }))
    };
    let later: Vec<f64> = (1..=100).map(|n| f64::from(n) * 20.0).collect();
    for key in ["a", "b"] {
        assert_eq!(kept(&mut bed, key, &[0.0; 50]), 10);
    }
    let (first, second) = later.split_at(50);
    for half in [first, second] {
        for key in ["a", "b"] {
            assert_eq!(kept(&mut bed, key, half), 5, "{key}: a second at five");
        }
    }
    // Without the key they share one.
    assert_eq!(bed.kept((0..50).map(|_| info("m", 2e3))), 10);
    assert_eq!(bed.filtered(), 2 * (40 + 90) + 40);
    let error = Event {
        level: Level::ERROR,
        key: "a",
        ..info("m", 2e3)
    };
    assert!(bed.keeps(&error));
}

#[test]
fn a_rate_limit_remembers_no_more_keys_than_it_may() {
    let mut bed = Bed::new(json!({ "rateLimit": {
        "by": ["key"], "perSecond": 0, "burst": 1, "maxKeys": 100, "protectedLevel": "ERROR",
    }}));
    for n in 0..10_000 {
        let key = n.to_string();
        assert!(bed.keeps(&Event {
            key: &key,
            ..info("m", 0.0)
        }));
    }
    let gauges = bed.stages.take_counts().next().unwrap().1.gauges;
    assert_eq!((gauges.keys, gauges.evicted), (Some(100), Some(9_900)));
}

#[test]
fn the_first_of_each_kind_in_a_window_is_kept() {
    let mut bed = Bed::new(json!({ "firstOccurrence": {
        "by": ["message"], "windowMs": 1000, "rate": 0, "maxKeys": 100, "protectedLevel": "ERROR",
    }}));
    for (message, at, expected) in [
        ("a", 0.0, true),
        ("a", 999.0, false),
        ("b", 999.0, true),
        ("a", 1_000.0, true),
        ("a", 1_999.0, false),
        ("", 1_999.0, true),
        ("", 1_999.0, true),
    ] {
        assert_eq!(bed.keeps(&info(message, at)), expected, "{message} {at}");
    }
}

#[test]
fn repeated_events_are_written_once_and_summed_up() {
    let mut bed = Bed::new(json!({ "dedupe": {
        "by": ["level", "logger", "message"], "windowMs": 1000, "maxKeys": 100,
        "protectedLevel": "SILENT",
    }}));
    let events = (0..12).map(|n| info("lost connection", f64::from(n)));
    assert_eq!(bed.kept(events), 1);
    assert!(bed.keeps(&Event {
        level: Level::ERROR,
        ..info("lost connection", 12.0)
    }));
    assert!(bed.keeps(&Event {
        logger: "db",
        ..info("lost connection", 12.0)
    }));
    assert!(bed.keeps(&Event {
        logger: "db",
        ..info("only once", 12.0)
    }));
    assert_eq!(bed.told(false), []);
    // The next one after the window opens another.
    assert!(bed.keeps(&info("lost connection", 1_000.0)));
    let summary = |count: &str| {
        let message = format!("lost connection (repeated {count})");
        vec![(Level::INFO, "app".to_owned(), message)]
    };
    assert_eq!(bed.told(false), summary("11 times"));
    assert!(!bed.keeps(&info("lost connection", 1_001.0)));
    assert_eq!(bed.told(true), summary("1 time"));
    // A flush does not end the window, and nothing is told twice.
    assert!(!bed.keeps(&info("lost connection", 1_002.0)));
    assert!(bed.keeps(&info("other", 3_000.0)));
    assert_eq!(bed.told(false), summary("1 time"));
    assert_eq!(bed.told(true), []);
    let (_, counts) = bed.stages.take_counts().next().unwrap();
    assert_eq!((counts.filtered.total(), counts.notices), (13, 3));
}

#[test]
fn what_is_forgotten_for_want_of_room_is_summed_up_too() {
    let mut bed = Bed::new(json!({ "dedupe": {
        "by": ["message"], "windowMs": 60000, "maxKeys": 4, "protectedLevel": "ERROR",
    }}));
    for n in 0..100 {
        let message = format!("message {n}");
        assert!(bed.keeps(&info(&message, f64::from(n))));
        assert!(!bed.keeps(&info(&message, f64::from(n))));
    }
    assert_eq!(bed.told(true).len(), 100);
}

#[test]
fn a_throttle_lets_its_limit_through_and_gives_notice() {
    let mut bed = Bed::new(json!({ "throttle": {
        "by": ["logger"], "limit": 5, "windowMs": 1000, "maxKeys": 100, "protectedLevel": "ERROR",
    }}));
    assert_eq!(bed.kept((0..20).map(|n| info("m", f64::from(n)))), 5);
    let other = |n| Event {
        logger: "",
        ..info("m", f64::from(n))
    };
    assert_eq!(bed.kept((20..26).map(other)), 5);
    assert_eq!(bed.kept((1_000..1_003).map(|n| info("m", f64::from(n)))), 3);
    let notice = |logger: &str, what: &str| {
        let message = format!("fapilog throttled {what}");
        (Level::WARNING, logger.to_owned(), message)
    };
    assert_eq!(bed.told(false), [notice("app", "15 events")]);
    assert_eq!(bed.told(true), [notice("", "1 event")]);
    assert_eq!(bed.told(true), []);
}

#[test]
fn a_recovery_leaves_out_what_depends_on_history() {
    let document = json!({
        "minLevels": { "*": "INFO" },
        "traceSampling": { "rate": 0, "field": "trace_id", "protectedLevel": "ERROR" },
        "sampling": { "rate": 0, "protectedLevel": "ERROR" },
        "dedupe": { "by": ["message"], "windowMs": 1, "maxKeys": 1, "protectedLevel": "ERROR" },
    });
    let recovery = stages(&document, true);
    assert!(recovery.has_left_out());
    assert_eq!(format!("{recovery:?}"), r#"["minLevels", "traceSampling"]"#);
    let by_key = json!({ "sampling": { "rate": 0, "by": ["key"], "protectedLevel": "ERROR" } });
    assert!(!stages(&by_key, true).has_left_out());
    assert!(!stages(&document, false).has_left_out());
}

#[test]
fn settings_out_of_bounds_are_named() {
    let dedupe = |window: f64, keys: i64| {
        json!({ "dedupe": {
            "by": [], "windowMs": window, "maxKeys": keys, "protectedLevel": "ERROR",
        }})
    };
    let adaptive = json!({ "adaptiveSampling": {
        "targetPerSecond": 1, "minRate": 0.5, "maxRate": 0.1, "protectedLevel": "ERROR",
    }});
    let cases = [
        (json!({ "minLevels": { "a": "LOUD" } }), "minLevels.a"),
        (
            json!({ "sampling": { "rate": 1.5, "protectedLevel": "ERROR" } }),
            "sampling.rate",
        ),
        (
            json!({ "sampling": { "rate": 1, "levels": { "INFO": -1 }, "protectedLevel": "ERROR" } }),
            "sampling.levels.INFO",
        ),
        (
            json!({ "sampling": { "rate": 1, "protectedLevel": "X" } }),
            "sampling.protectedLevel",
        ),
        (dedupe(0.0, 1), "dedupe.windowMs"),
        (dedupe(1.0, 0), "dedupe.maxKeys"),
        (adaptive, "adaptiveSampling.minRate"),
    ];
    for (document, path) in cases {
        let settings: FilterSettings = serde_json::from_value(document).unwrap();
        for recovery in [true, false] {
            let Err(error) = settings.build(&crate::level::LevelTable::default(), recovery) else {
                panic!("{path} was accepted");
            };
            assert_eq!(error.code(), ErrorCode::SettingInvalid);
            assert!(error.to_string().contains(path), "{error}");
        }
    }
}
