//! What each stage costs on the drain thread, in ns per event: the request record of the README through that stage
//! alone, without formatting.
//!
//! `cargo bench -p fapilog-core --bench stages [-- <part of a name>]`. Decoding the record's header and going
//! through the empty stages is the row `none`; the difference to it is the price of a stage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use fapilog_core::format::FormatOptions;
use fapilog_core::level::Level;
use fapilog_core::stages::{Stages, StagesSettings};
use fapilog_core::wire::layout::*;
use fapilog_core::wire::{Dictionary, RecordWriter, Records};
use serde_json::{json, Value};

const EVENTS: usize = 1_000;
const RUNS: usize = 300;
const TIME: f64 = 1_767_323_045_678.0;

/// Interns each name once, as the encoder does.
struct Keys {
    dictionary: Dictionary,
    known: std::collections::HashMap<String, u32>,
}

impl Keys {
    fn id(&mut self, name: &str) -> u32 {
        let dictionary = &mut self.dictionary;
        *self
            .known
            .entry(name.to_owned())
            .or_insert_with(|| dictionary.intern(name))
    }
}

/// A request of a child logger, 25 in each millisecond.
fn request(keys: &mut Keys, index: usize) -> Vec<u8> {
    let time = TIME + (index / 25) as f64;
    let mut record = RecordWriter::new(Level::INFO, keys.id("shop.http"), time);
    record.flag(FLAG_SCOPED | FLAG_CONTEXT);
    record.string_ref(KEY_NONE, keys.id("request completed"));
    let trace = format!("4bf92f3577b34da6{:016x}", index * 0x9e37_79b9_7f4a);
    record.latin1(keys.id("trace_id"), trace.as_bytes());
    record.open_object(keys.id("req"));
    record.string_ref(keys.id("method"), keys.id("GET"));
    record.latin1(keys.id("url"), b"/api/v1/orders/8842?expand=items");
    record.latin1(keys.id("remoteAddress"), b"10.0.12.7");
    record.int(keys.id("remotePort"), 50_000 + index as i32);
    record.latin1(keys.id("userAgent"), b"Mozilla/5.0 (X11; Linux x86_64)");
    record.close();
    record.int(keys.id("statusCode"), 200);
    record.float(keys.id("responseTime"), 12.625 + index as f64 * 0.37);
    record.latin1(keys.id("requestId"), b"01HV6Q8Z6Y2N4");
    record.token(TAG_TRUE, keys.id("cached"));
    record.int(keys.id("userId"), (index % 97) as i32);
    record.finish()
}

/// A row: what it is called, and the document of its stages.
fn rows() -> Vec<(&'static str, Value)> {
    let filters = |name: &str, settings: Value| json!({ "filters": { name: settings } });
    let window = |by: Value| json!({ "by": by, "windowMs": 60_000, "maxKeys": 10_000, "protectedLevel": "ERROR" });
    let redact = |settings: Value| {
        let mut all = json!({ "mask": "***", "maxScanBytes": 262_144 });
        for (name, value) in settings.as_object().unwrap() {
            all[name] = value.clone();
        }
        json!({ "redact": all })
    };
    let detectors: Vec<Value> = [
        "card",
        "iban",
        "email",
        "ssn",
        "jwt",
        "privateKey",
        "apiKey",
        "authorization",
        "url",
    ]
    .into_iter()
    .map(|name| json!({ "name": name }))
    .collect();
    let mut throttle = window(json!(["logger"]));
    throttle["limit"] = json!(1_000_000_000);
    let mut first = window(json!(["message"]));
    first["rate"] = json!(1);
    vec![
        ("none", json!({})),
        (
            "minLevels",
            filters("minLevels", json!({ "db.*": "WARNING", "*": "INFO" })),
        ),
        (
            "sampling",
            filters(
                "sampling",
                json!({ "rate": 0.5, "protectedLevel": "ERROR" }),
            ),
        ),
        (
            "sampling by requestId",
            filters(
                "sampling",
                json!({ "rate": 0.5, "by": ["requestId"], "protectedLevel": "ERROR" }),
            ),
        ),
        (
            "adaptiveSampling",
            filters(
                "adaptiveSampling",
                json!({ "targetPerSecond": 100_000, "minRate": 0, "maxRate": 1, "protectedLevel": "ERROR" }),
            ),
        ),
        (
            "traceSampling",
            filters(
                "traceSampling",
                json!({ "rate": 0.5, "field": "trace_id", "protectedLevel": "ERROR" }),
            ),
        ),
        ("firstOccurrence", filters("firstOccurrence", first)),
        (
            "dedupe",
            filters("dedupe", window(json!(["level", "logger", "message"]))),
        ),
        ("throttle", filters("throttle", throttle)),
        (
            "rateLimit by userId",
            filters(
                "rateLimit",
                json!({ "by": ["userId"], "perSecond": 1e6, "burst": 1e6, "maxKeys": 10_000, "protectedLevel": "ERROR" }),
            ),
        ),
        (
            "redact CREDENTIALS, PCI-DSS",
            redact(json!({ "presets": ["CREDENTIALS", "PCI-DSS"] })),
        ),
        (
            "redact all detectors",
            redact(json!({ "presets": ["CREDENTIALS", "PCI-DSS"], "detectors": detectors })),
        ),
        (
            "redact a name",
            redact(json!({ "fields": [{ "name": "password" }] })),
        ),
        (
            "redact three paths",
            redact(
                json!({ "paths": [{ "path": "req.headers.cookie" }, { "path": "*.password" }, { "path": "**.ssn" }] }),
            ),
        ),
        (
            "redact a path that hits",
            redact(json!({ "paths": [{ "path": "req.remoteAddress" }] })),
        ),
        (
            "redact keep-last-4",
            redact(
                json!({ "paths": [{ "path": "req.remoteAddress", "strategy": "keep-last-4" }] }),
            ),
        ),
        (
            "redact hash",
            redact(json!({
                "paths": [{ "path": "req.remoteAddress", "strategy": "hash" }],
                "hashKey": { "value": "a key for a benchmark" },
            })),
        ),
        (
            "redact remove",
            redact(json!({ "paths": [{ "path": "req.remoteAddress", "strategy": "remove" }] })),
        ),
        (
            "redact a pattern",
            redact(json!({ "patterns": [{ "regex": "ORD-\\d+" }] })),
        ),
        (
            "redact a pattern that hits",
            redact(json!({ "patterns": [{ "regex": "10\\.\\d+\\.\\d+\\.\\d+" }] })),
        ),
        ("redact urls", redact(json!({ "urls": true }))),
        (
            "redact bodies blocked",
            redact(json!({ "blockBodies": true })),
        ),
        (
            "redact all but allowed",
            redact(json!({ "allow": ["req.method", "req.url", "statusCode", "requestId"] })),
        ),
        (
            "redact long texts cut",
            redact(json!({ "maxStringLength": 20 })),
        ),
        (
            "redact JSON in texts",
            redact(json!({ "presets": ["CREDENTIALS"], "jsonStrings": true })),
        ),
        (
            "static fields",
            json!({ "enrich": { "fields": { "region": "eu-1", "k8s": { "pod": "p", "node": "n" } } } }),
        ),
        (
            "rename and drop",
            json!({ "processors": { "rename": { "req.url": "path" }, "drop": ["req.userAgent"] } }),
        ),
        (
            "drop what is not there",
            json!({ "processors": { "drop": ["body", "req.headers.cookie"] } }),
        ),
        (
            "encrypt req.remoteAddress",
            json!({ "processors": { "encrypt": {
                "fields": ["req.remoteAddress"], "keyVariable": "FAPILOG_ENCRYPTION_KEY",
            }}}),
        ),
        (
            "sizeGuard, small enough",
            json!({ "processors": { "sizeGuard": { "maxBytes": 65_536, "action": "truncate" } } }),
        ),
        (
            "sizeGuard, cutting",
            json!({ "processors": { "sizeGuard": { "maxBytes": 400, "action": "truncate" } } }),
        ),
    ]
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let constants = FormatOptions::default();
    std::env::set_var(
        "FAPILOG_ENCRYPTION_KEY",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    );
    println!("{:>28} {:>8} {:>8}", "stage", "ns/event", "kept");
    for (name, document) in rows() {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let settings: StagesSettings = serde_json::from_value(document).unwrap();
        let mut stages = Stages::new(&settings, &constants).unwrap();
        let mut keys = Keys {
            dictionary: Dictionary::with_own(stages.own_strings()),
            known: std::collections::HashMap::new(),
        };
        let bytes: Vec<u8> = (0..EVENTS)
            .flat_map(|index| request(&mut keys, index))
            .collect();
        let mut kept = 0usize;
        let mut best = Duration::MAX;
        for _ in 0..RUNS {
            let start = Instant::now();
            for record in Records::new(&bytes, &keys.dictionary) {
                if stages.is_empty() {
                    kept += usize::from(black_box(&record).has(FLAG_SCOPED));
                } else if let Some(record) = stages.run(record) {
                    kept += usize::from(black_box(&record).has(FLAG_SCOPED));
                }
            }
            best = best.min(start.elapsed());
        }
        println!(
            "{name:>28} {:8.1} {:7.1}%",
            best.as_nanos() as f64 / EVENTS as f64,
            kept as f64 * 100.0 / (RUNS * EVENTS) as f64,
        );
    }
}
