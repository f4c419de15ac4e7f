//! What decoding and formatting one event costs, by format and kind of event.
//!
//! `cargo bench -p fapilog-core --bench format [-- <filter>]`. An iteration decodes and formats a chunk of
//! [`EVENTS`] records into a reused buffer, as the drain thread does: the reported rate in elements is
//! events per second (its inverse is ns per event); bytes of output per second are printed once per case.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion, Throughput};
use fapilog_core::format::{build, Format, FormatKind, FormatOptions};
use fapilog_core::level::Level;
use fapilog_core::wire::layout::*;
use fapilog_core::wire::{Dictionary, RecordWriter, Records};

const EVENTS: usize = 1_000;
const TIME: f64 = 1_767_323_045_678.0;
const FORMATS: [(&str, FormatKind); 8] = [
    ("json", FormatKind::Json),
    ("pino", FormatKind::Pino),
    ("pretty", FormatKind::Pretty),
    ("ecs", FormatKind::Ecs),
    ("otel", FormatKind::Otel),
    ("logfmt", FormatKind::Logfmt),
    ("simple", FormatKind::Simple),
    ("minimal", FormatKind::Minimal),
];

/// A chunk of records, as it is copied out of a ring.
struct Chunk {
    dictionary: Dictionary,
    bytes: Vec<u8>,
}

impl Chunk {
    /// [`EVENTS`] records made by `record`, 25 in each millisecond.
    fn of(mut record: impl FnMut(&mut Keys, usize, f64) -> RecordWriter) -> Self {
        let mut keys = Keys::default();
        let bytes = (0..EVENTS)
            .flat_map(|index| record(&mut keys, index, TIME + (index / 25) as f64).finish())
            .collect();
        Self {
            dictionary: keys.dictionary,
            bytes,
        }
    }

    fn format(&self, format: &mut dyn Format, out: &mut Vec<u8>) {
        out.clear();
        for record in Records::new(&self.bytes, &self.dictionary) {
            format.write(&record, out);
        }
    }
}

/// Interns each name once, as the encoder does.
#[derive(Default)]
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

fn message_only(keys: &mut Keys, _: usize, time: f64) -> RecordWriter {
    let mut record = RecordWriter::new(Level::INFO, keys.id("app"), time);
    record.string_ref(KEY_NONE, keys.id("server started"));
    record
}

fn hello_world(keys: &mut Keys, _: usize, time: f64) -> RecordWriter {
    let mut record = RecordWriter::new(Level::INFO, keys.id("app"), time);
    record.latin1(KEY_NONE, b"hello world");
    record
}

/// Twelve tokens: the nested request, five strings, integers and a float.
fn request(keys: &mut Keys, index: usize, time: f64) -> RecordWriter {
    let mut record = RecordWriter::new(Level::INFO, keys.id("app"), time);
    record.string_ref(KEY_NONE, keys.id("request completed"));
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
    record
}

/// The request of a child logger: a scope's fields come first and one is overridden.
fn scoped_request(keys: &mut Keys, index: usize, time: f64) -> RecordWriter {
    let mut record = request(keys, index, time);
    record.flag(FLAG_SCOPED | FLAG_CONTEXT);
    record.latin1(keys.id("request_id"), b"01HV6Q8Z6Y2N4");
    record.latin1(keys.id("requestId"), b"01HV6Q8Z6Y2N5");
    record
}

fn deep(keys: &mut Keys, index: usize, time: f64) -> RecordWriter {
    let mut record = RecordWriter::new(Level::INFO, keys.id("app"), time);
    record.string_ref(KEY_NONE, keys.id("deep"));
    for level in 0..8 {
        record.open_object(keys.id(&format!("level{level}")));
        record.int(keys.id("depth"), level);
        record.open_array(keys.id("list"));
        for item in 0..4 {
            record.int(KEY_NONE, item * 1_000 + index as i32);
        }
        record.close();
    }
    for _ in 0..8 {
        record.close();
    }
    record
}

/// 300 different call sites, of no to nine fields.
fn mixed(keys: &mut Keys, index: usize, time: f64) -> RecordWriter {
    let shape = index * 7 % 300;
    let level = Level::built_in((shape % 6) as u8);
    let mut record = RecordWriter::new(level, keys.id(&format!("module{}", shape % 12)), time);
    record.string_ref(KEY_NONE, keys.id(&format!("event of shape {shape}")));
    for field in 0..shape % 10 {
        let key = keys.id(&format!("field{}", (shape + field * 13) % 90));
        match (shape + field) % 5 {
            0 => record.int(key, (index * field) as i32),
            1 => record.float(key, index as f64 / 7.0),
            2 => record.latin1(key, format!("value {index} of {field}").as_bytes()),
            3 => record.token(TAG_FALSE, key),
            _ => record.utf16(key, &"żółw 🐢".encode_utf16().collect::<Vec<_>>()),
        }
    }
    record
}

fn error(keys: &mut Keys, _: usize, time: f64) -> RecordWriter {
    let stack = b"TypeError: Cannot read properties of undefined (reading 'id')\n    at checkout (/srv/app/src/checkout.js:42:17)\n    at process (/srv/app/src/orders.js:118:5)\n    at async handle (/srv/app/node_modules/fastify/lib/handleRequest.js:77:3)\n    at async Object.run (/srv/app/src/worker.js:12:9)";
    let mut record = RecordWriter::new(Level::ERROR, keys.id("app"), time);
    record.flag(FLAG_ERROR);
    record.string_ref(KEY_NONE, keys.id("checkout failed"));
    record.open_error(keys.id("err"));
    record.string_ref(keys.id("type"), keys.id("TypeError"));
    record.latin1(
        keys.id("message"),
        b"Cannot read properties of undefined (reading 'id')",
    );
    record.latin1(keys.id("stack"), stack);
    record.string_ref(keys.id("code"), keys.id("E_CART"));
    record.close();
    record.int(keys.id("orderId"), 42);
    record
}

type Scenario = fn(&mut Keys, usize, f64) -> RecordWriter;

fn formats(criterion: &mut Criterion) {
    let scenarios: [(&str, Scenario); 7] = [
        ("message-only", message_only),
        ("hello-world", hello_world),
        ("request", request),
        ("scoped-request", scoped_request),
        ("deep", deep),
        ("mixed", mixed),
        ("error", error),
    ];
    let options = FormatOptions {
        name: Some("app".into()),
        service: Some("shop".into()),
        env: Some("production".into()),
        version: Some("1.2.3".into()),
        hostname: "host-1".into(),
        pid: 4242,
        color: true,
        utc: false,
        ..FormatOptions::default()
    };
    for (name, scenario) in scenarios {
        let chunk = Chunk::of(scenario);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(EVENTS as u64));
        group.bench_function("decode", |bencher| {
            bencher.iter(|| {
                for record in Records::new(&chunk.bytes, &chunk.dictionary) {
                    let (message, tokens) = record.message_and_fields();
                    black_box(message);
                    for token in tokens {
                        black_box(token);
                    }
                }
            });
        });
        for (label, kind) in FORMATS {
            let mut format = build(kind, &options);
            let mut out = Vec::new();
            chunk.format(format.as_mut(), &mut out);
            group.bench_function(BenchmarkId::from_parameter(label), |bencher| {
                bencher.iter_custom(|iterations| {
                    let start = Instant::now();
                    for _ in 0..iterations {
                        chunk.format(format.as_mut(), black_box(&mut out));
                    }
                    start.elapsed()
                });
            });
            if !std::env::args().any(|argument| argument == "--profile-time") {
                report(name, label, &chunk, format.as_mut(), &mut out);
            }
        }
        group.finish();
    }
}

/// Prints the best of some runs in the units that the README uses.
fn report(name: &str, label: &str, chunk: &Chunk, format: &mut dyn Format, out: &mut Vec<u8>) {
    let best = (0..300)
        .map(|_| {
            let start = Instant::now();
            chunk.format(format, black_box(out));
            start.elapsed()
        })
        .min()
        .unwrap_or(Duration::MAX);
    println!(
        "{name:>16} {label:<8} {:7.1} ns/event {:6} bytes/event {:8.0} MB/s",
        best.as_nanos() as f64 / EVENTS as f64,
        out.len() / EVENTS,
        out.len() as f64 / best.as_secs_f64() / 1e6,
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = formats
}
criterion_main!(benches);
