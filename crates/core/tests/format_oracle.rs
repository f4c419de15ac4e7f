//! JavaScript itself and the real pino as judges of what the formats print.
//!
//! Needs `node` in the path, and pino 10 in `node_modules` of the repository (or of `FAPILOG_PINO_DIR`).
//! Without them the tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "tests"
)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fapilog_core::format::{number, Format, PinoBase, PinoFormat};
use fapilog_core::level::Level;
use fapilog_core::wire::layout::*;
use fapilog_core::wire::{Dictionary, RecordWriter, Records};
use serde_json::Value;

const TIME: f64 = 1_767_323_045_678.0;

/// Runs a script and returns its standard output; `None` when there is no node.
fn node(script: &str, directory: &PathBuf, input: &[u8]) -> Option<String> {
    let child = Command::new("node")
        .args(["-e", script])
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: node is not installed");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Doubles of every kind: all exponents, neighbours of powers of ten and two, random bits and decimals.
fn doubles() -> Vec<f64> {
    let mut values = vec![
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
    ];
    for exponent in -330..310 {
        let power: f64 = format!("1e{exponent}").parse().unwrap();
        values.extend([
            power,
            -power,
            power.next_up(),
            power.next_down(),
            power * 1.5,
        ]);
    }
    for exponent in 0..2_046u64 {
        let power = f64::from_bits(exponent << 52);
        values.extend([power, power.next_up(), -power.next_down()]);
    }
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for index in 0..12_000 {
        let bits = random();
        values.push(match index % 4 {
            0 => f64::from_bits(bits),
            1 => (bits % 1_000_000_000) as f64 / 1_000.0,
            2 => (bits >> 11) as f64 * 2.0f64.powi(-(index % 120)),
            _ => (bits as i64) as f64,
        });
    }
    values
}

#[test]
fn doubles_are_printed_as_javascript_prints_them() {
    let values = doubles();
    assert!(values.len() > 20_000);
    let input: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let script = "const b = require('fs').readFileSync(0); let s = '';
        for (let i = 0; i < b.length; i += 8) s += b.readDoubleLE(i) + '\\n';
        process.stdout.write(s)";
    let Some(output) = node(script, &repository(), &input) else {
        return;
    };
    assert_eq!(output.lines().count(), values.len());
    for (value, expected) in values.iter().zip(output.lines()) {
        let mut ours = Vec::new();
        number::write_f64(&mut ours, *value);
        assert_eq!(String::from_utf8(ours).unwrap(), expected, "{value:e}");
    }
}

/// What the script below logs, as the encoder would send it; line by line.
fn records(dictionary: &mut Dictionary) -> Vec<RecordWriter> {
    let mut key = |name: &str| dictionary.intern(name);
    let (kind, message, stack) = (key("type"), key("message"), key("stack"));
    let (err, a, b, code) = (key("err"), key("a"), key("b"), key("code"));
    let (cause, errors) = (key("cause"), key("errors"));
    let start = |level| RecordWriter::new(level, 0, TIME);
    let error = |record: &mut RecordWriter, key, name: &str, text: &str| {
        record.open_error(key);
        record.string(kind, name);
        record.string(message, text);
        record.string(stack, &format!("{name}: {text}\n    at {text}"));
    };
    let mut records = Vec::new();

    let mut record = start(Level::INFO);
    record.message("hello");
    records.push(record);

    let mut record = start(Level::WARNING);
    record.message("values \"quoted\" \\ \u{1} é 😀");
    record.int(a, -5);
    record.float(b, 0.000_000_1);
    record.float(key("nan"), f64::NAN);
    record.token(TAG_UNDEFINED, key("gone"));
    record.tagged_text(TAG_FUNCTION, key("fn"), "f");
    record.tagged_text(TAG_SYMBOL, key("sym"), "s");
    record.date(key("date"), TIME);
    record.date(key("never"), f64::NAN);
    record.open_object(key("nested"));
    record.tagged_text(TAG_BIGINT, a, "12345678901234567890");
    record.open_array(b);
    record.token(TAG_UNDEFINED, KEY_NONE);
    record.tagged_text(TAG_FUNCTION, KEY_NONE, "f");
    record.float(KEY_NONE, f64::INFINITY);
    record.token(TAG_NULL, KEY_NONE);
    record.close();
    record.close();
    records.push(record);

    let mut record = start(Level::TRACE);
    record.no_message();
    record.token(TAG_TRUE, a);
    records.push(record);

    let mut record = start(Level::DEBUG);
    record.int(KEY_NONE, 7);
    records.push(record);

    let mut record = start(Level::ERROR);
    record.flag(FLAG_ERROR);
    record.message("failed");
    error(&mut record, err, "TypeError", "boom");
    error(&mut record, cause, "Error", "io");
    error(&mut record, cause, "RangeError", "disk");
    record.close();
    record.close();
    record.string(code, "E_BOOM");
    record.open_object(key("detail"));
    record.int(a, 1);
    record.close();
    record.close();
    records.push(record);

    let mut record = start(Level::CRITICAL);
    record.flag(FLAG_ERROR);
    record.no_message();
    error(&mut record, err, "AggregateError", "many");
    record.open_array(errors);
    error(&mut record, KEY_NONE, "Error", "one");
    record.close();
    error(&mut record, KEY_NONE, "Error", "two");
    error(&mut record, cause, "Error", "deep");
    record.close();
    record.close();
    record.close();
    error(&mut record, key("inner"), "SyntaxError", "own");
    record.close();
    record.close();
    records.push(record);

    let mut record = start(Level::INFO);
    record.flag(FLAG_SCOPED);
    record.message("child");
    record.int(a, 1);
    record.int(b, 2);
    record.int(a, 3);
    record.string(key("hostname"), "other");
    record.int(key("pid"), 99);
    records.push(record);

    let mut record = start(Level::INFO);
    record.no_message();
    record.string(key("msg"), "from a field");
    records.push(record);
    records
}

/// The same calls, made to pino. Stacks are set by hand, since their frames can't be the same.
const PINO: &str = r#"
const pino = require('pino');
const E = (C, message, props = {}, options, errors) => {
    const e = errors ? new C(errors, message, options) : new C(message, options);
    e.stack = `${C.name}: ${message}\n    at ${message}`;
    return Object.assign(e, props);
};
const log = pino({ level: 'trace', timestamp: () => ',"time":1767323045678', base: { pid: 7, hostname: 'h', name: 'root' } },
    { write: (line) => process.stdout.write(line) });
log.info('hello');
BigInt.prototype.toJSON = undefined;
log.warn({ a: -5, b: 1e-7, nan: NaN, gone: undefined, fn() {}, sym: Symbol('s'), date: new Date(1767323045678),
    never: new Date(NaN), nested: { a: 12345678901234567890n, b: [undefined, function f() {}, Infinity, null] } },
    'values "quoted" \\ \u0001 é 😀');
log.trace({ a: true });
log.debug(7);
log.error({ err: E(TypeError, 'boom', { code: 'E_BOOM', detail: { a: 1 } }, { cause: E(Error, 'io', {}, { cause: E(RangeError, 'disk') }) }) }, 'failed');
log.fatal(E(AggregateError, 'many', { inner: E(SyntaxError, 'own') }, undefined, [E(Error, 'one'), E(Error, 'two', {}, { cause: E(Error, 'deep') })]));
log.child({ a: 1, b: 2 }).info({ a: 3, hostname: 'other', pid: 99 }, 'child');
log.info({ msg: 'from a field' });
"#;

#[test]
fn pino_lines_are_those_of_the_real_pino() {
    let directory = std::env::var_os("FAPILOG_PINO_DIR").map_or_else(repository, PathBuf::from);
    if !directory.join("node_modules/pino").exists() {
        eprintln!("skipped: pino is not installed in {}", directory.display());
        return;
    }
    let Some(output) = node(PINO, &directory, b"") else {
        return;
    };
    let mut dictionary = Dictionary::new();
    let records = records(&mut dictionary);
    let mut format = PinoFormat::new(&PinoBase {
        pid: 7,
        hostname: "h".into(),
        name: Some("root".into()),
        ..PinoBase::default()
    });
    assert_eq!(output.lines().count(), records.len());
    for (record, expected) in records.into_iter().zip(output.lines()) {
        let bytes = record.finish();
        let mut ours = Vec::new();
        format.write(
            &Records::new(&bytes, &dictionary).next().unwrap(),
            &mut ours,
        );
        let ours = String::from_utf8(ours).unwrap();
        // Where pino prints a key twice, parsing keeps the last, which is what ours prints.
        let expected_value: Value = serde_json::from_str(expected).expect(expected);
        let our_value: Value = serde_json::from_str(&ours).expect(&ours);
        assert_eq!(
            our_value, expected_value,
            "\nours: {ours}\npino: {expected}"
        );
        if !expected.contains("\"child\"") && !expected.contains("12345678901234567890") {
            assert_eq!(ours.trim_end(), expected);
        }
    }
}
