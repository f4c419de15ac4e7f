#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
use proptest::prelude::*;
use serde_json::{json, Value as Json};

use super::*;
use crate::format::{build, FormatKind, FormatOptions};
use crate::level::Level;
use crate::stages::Stages;
use crate::wire::layout::*;
use crate::wire::{Dictionary, Records};

const CARD: &str = "4111111111111111";
/// Bytes of a record before its tokens.
const RECORD_BODY: usize = 24;

fn settings(given: Json) -> RedactSettings {
    let mut all = json!({ "mask": "***", "maxScanBytes": 262_144 });
    for (name, value) in given.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

/// A stage with what it needs around it.
struct Bench {
    stage: Redact,
    dictionary: Dictionary,
    out: RecordWriter,
}

impl Bench {
    fn new(given: Json) -> Self {
        let mut own = OwnStrings::default();
        let stage = Redact::new(&settings(given), &mut own).unwrap();
        Self {
            stage,
            dictionary: Dictionary::with_own(std::sync::Arc::new(own)),
            out: RecordWriter::default(),
        }
    }

    fn write(&mut self, writer: &mut RecordWriter, key: u32, value: &Json) {
        match value {
            Json::Null => writer.token(TAG_NULL, key),
            Json::Bool(true) => writer.token(TAG_TRUE, key),
            Json::Bool(false) => writer.token(TAG_FALSE, key),
            Json::Number(number) => writer.float(key, number.as_f64().unwrap()),
            Json::String(text) => writer.string(key, text),
            Json::Array(items) => {
                writer.open_array(key);
                for item in items {
                    self.write(writer, KEY_NONE, item);
                }
                writer.close();
            }
            Json::Object(entries) => {
                if entries.contains_key("$error") {
                    writer.open_error(key);
                } else {
                    writer.open_object(key);
                }
                self.entries(writer, value);
                writer.close();
            }
        }
    }

    fn entries(&mut self, writer: &mut RecordWriter, value: &Json) {
        for (name, value) in value.as_object().unwrap() {
            if name != "$error" {
                let key = self.dictionary.intern(name);
                self.write(writer, key, value);
            }
        }
    }

    fn record(&mut self, message: &str, fields: &Json) -> Vec<u8> {
        let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
        writer.flag(FLAG_CONTEXT | FLAG_ERROR | FLAG_SCOPED);
        writer.message(message);
        self.entries(&mut writer, fields);
        writer.finish()
    }

    /// The event after the stage, as a line of `json`; and whether the stage has changed it.
    fn run(&mut self, bytes: &[u8]) -> (Json, bool) {
        let (line, changed) = self.line(bytes);
        (serde_json::from_str(&line).unwrap(), changed)
    }

    fn line(&mut self, bytes: &[u8]) -> (String, bool) {
        let record = Records::new(bytes, &self.dictionary).next().unwrap();
        let changed = self.stage.apply(&record, &mut self.out) == Verdict::Changed;
        let record = if changed {
            self.out.complete();
            Records::new(self.out.bytes(), &self.dictionary)
                .next()
                .unwrap()
        } else {
            record
        };
        let mut line = Vec::new();
        build(FormatKind::Json, &FormatOptions::default()).write(&record, &mut line);
        (String::from_utf8(line).unwrap(), changed)
    }

    fn event(&mut self, message: &str, fields: &Json) -> Json {
        let bytes = self.record(message, fields);
        self.run(&bytes).0
    }

    fn data(&mut self, fields: &Json) -> Json {
        self.event("m", fields)["data"].clone()
    }
}

fn data(given: Json, fields: Json) -> Json {
    Bench::new(given).data(&fields)
}

#[test]
fn names_are_found_at_any_depth_in_any_spelling() {
    assert_eq!(
        data(
            json!({ "presets": ["CREDENTIALS", "PCI-DSS"] }),
            json!({
                "accessToken": "V", "access_token": 7, "Cookie": null, "set-cookie": ["V"], "author": "kept",
                "a": { "b": [{ "clientSecret": { "x": "V" }, "authorized_count": 3 }] }, "creditCard": "V",
            })
        ),
        json!({
            "accessToken": "***", "access_token": "***", "Cookie": "***", "set-cookie": "***", "author": "kept",
            "a": { "b": [{ "clientSecret": "***", "authorized_count": 3 }] }, "creditCard": "***",
        })
    );
}

#[test]
fn paths_and_strategies() {
    let given = json!({
        "paths": [
            { "path": "user.email", "strategy": "hash" },
            { "path": "items[*].card", "strategy": "keep-last-4" },
            { "path": "items[1].x" },
            { "path": "**.ssn", "strategy": "remove" },
            { "path": "list[1]", "strategy": "remove" },
            { "path": "a[\"b.c\"]" },
        ],
        "hashKey": { "value": "k" },
    });
    let out = data(
        given,
        json!({
            "user": { "email": "ada@example.com", "name": "Ada" },
            "items": [{ "card": CARD, "x": 1 }, { "card": 4111111111111111u64, "x": 2 }, { "card": [1] }],
            "deep": { "er": { "ssn": "x", "kept": 1 } }, "ssn": {},
            "list": [1, 2, 3],
            "a": { "b.c": 1, "b": { "c": 2 } },
        }),
    );
    assert!(out["user"]["email"].as_str().unwrap().starts_with("hmac:"));
    assert_eq!(
        out,
        json!({
            "user": { "email": out["user"]["email"], "name": "Ada" },
            "items": [{ "card": "***1111", "x": 1.0 }, { "card": "***1111", "x": "***" }, { "card": "***" }],
            "deep": { "er": { "kept": 1.0 } },
            "list": [1.0, null, 3.0],
            "a": { "b.c": "***", "b": { "c": 2.0 } },
        })
        .to_string()
        .replace(".0", "")
        .parse::<Json>()
        .unwrap()
    );
}

#[test]
fn errors_maps_and_context_are_no_exception() {
    let mut bench = Bench::new(json!({
        "presets": ["CREDENTIALS", "PCI-DSS"],
        "paths": [{ "path": "err.config.headers.x" }, { "path": "user_id" }],
    }));
    let line = bench.event(
        &format!("paid with {CARD}"),
        &json!({
            "user_id": "u-1",
            "err": {
                "$error": 1, "type": "E", "message": format!("declined {CARD}"),
                "stack": format!("E: declined {CARD}\n    at x"),
                "cause": { "$error": 1, "type": "C", "message": CARD, "password": "V" },
                "config": { "headers": { "authorization": "V", "x": "V", "y": "kept" } },
            },
            "map": [["password", "V"], [1, "kept"]],
            "rawHeaders": ["Host", "h", "Cookie", "V", "Accept", "a"],
        }),
    );
    let text = line.to_string();
    assert!(!text.contains(CARD) && !text.contains("\"V\""), "{text}");
    assert_eq!(line["message"], "paid with ***");
    assert_eq!(line["context"]["user_id"], "***");
    assert_eq!(
        line["data"]["map"],
        json!([["password", "***"], [1, "kept"]])
    );
    assert_eq!(
        line["data"]["rawHeaders"],
        json!(["Host", "h", "Cookie", "***", "Accept", "a"])
    );
    assert!(text.contains("\"y\":\"kept\""));
}

#[test]
fn keys_may_look_like_secrets() {
    let url = "postgres://u:p@db";
    let given = json!({ "presets": ["CREDENTIALS", "PCI-DSS"], "patterns": [{ "regex": "plain" }], "jsonStrings": true });
    let mut bench = Bench::new(given);
    let fields = json!({
        "plain": 1, CARD: { "a": CARD, url: [1, { CARD: 2 }] },
        "err": { "$error": 1, "type": "E", "message": "m", "5500005555555559": true },
        "json": format!("{{\"{CARD}\":1,\"b\":{{\"{url}\":\"x\"}}}}"),
    });
    // Keys of the dictionary, then the same as text that travels with the event.
    for inline in [false, true] {
        let mut bytes = bench.record("m", &fields);
        if inline {
            let record = Records::new(&bytes, &bench.dictionary).next().unwrap();
            let mut writer = RecordWriter::default();
            writer.start_like(&record);
            let mut tokens = record.tokens();
            while let Some((token, bytes)) = tokens.next_with_bytes() {
                match token.key {
                    Key::None => writer.copy(bytes),
                    key => writer.copy(&output::rekeyed(bytes, &key.to_str())),
                }
            }
            bytes = writer.finish();
        }
        let before = bench.stage.take_counts().redacted;
        assert_eq!(before, 0);
        let line = bench.run(&bytes).0;
        assert_eq!(
            line["data"],
            json!({
                "plain": 1.0, "***": { "a": "***", "postgres://***@db": [1.0, { "***#2": 2.0 }] },
                "json": "{\"***#4\":1,\"b\":{\"postgres://***@db#2\":\"x\"}}",
            })
            .to_string()
            .replace(".0", "")
            .parse::<Json>()
            .unwrap()
        );
        let exception = line["diagnostics"]["exception"].to_string();
        assert!(exception.contains("\"***#3\":true"), "{exception}");
        assert_eq!(bench.stage.take_counts().redacted, 7);
    }
}

#[test]
fn numbers_may_be_card_numbers() {
    let mut bench =
        Bench::new(json!({ "detectors": [{ "name": "card", "strategy": "keep-last-4" }] }));
    let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
    writer.message("m");
    let keys: Vec<u32> = ["float", "big", "time", "int"]
        .iter()
        .map(|name| bench.dictionary.intern(name))
        .collect();
    writer.float(keys[0], 4_111_111_111_111_111.0);
    writer.tagged_text(TAG_BIGINT, keys[1], "6304000000000000000");
    writer.float(keys[2], 1_767_323_045_678.0);
    writer.int(keys[3], 42);
    let bytes = writer.finish();
    let (line, _) = bench.run(&bytes);
    assert_eq!(
        line["data"],
        json!({ "float": "***1111", "big": "***0000", "time": 1_767_323_045_678u64, "int": 42 })
    );
}

#[test]
fn only_what_is_allowed_stays() {
    let mut bench = Bench::new(json!({ "allow": ["user.id", "**.status", "req.headers"] }));
    let line = bench.event(
        "m",
        &json!({
            "user": { "id": 7, "email": "x", "status": "s" },
            "req": { "headers": { "a": 1 }, "body": "x", "list": [{ "status": 1, "y": 2 }, 3] },
            "request_id": "r", "other": 1, "status": { "deep": { "all": 1 } },
            "err": { "$error": 1, "type": "E", "message": "boom", "stack": "at x", "secret": "x",
                "cause": { "$error": 1, "type": "C", "message": "why", "more": "x" } },
        }),
    );
    assert_eq!(
        line["data"],
        json!({
            "user": { "id": 7, "status": "s" },
            "req": { "headers": { "a": 1 }, "list": [{ "status": 1 }] },
            "status": { "deep": { "all": 1 } },
        })
    );
    assert_eq!(line["context"]["request_id"], "r");
    let exception = line["diagnostics"]["exception"].to_string();
    assert!(exception.contains("boom") && exception.contains("why"));
    assert!(!exception.contains("\"x\""), "{exception}");
}

#[test]
fn blocked_fields_are_taken_out_whole() {
    let given = json!({ "blockBodies": true, "block": ["query"] });
    assert_eq!(
        data(
            given,
            json!({ "body": { "a": 1 }, "requestBody": "x", "bodyLength": 3, "Query": [1], "raw": 1 })
        ),
        json!({
            "body": "[BLOCKED]", "requestBody": "[BLOCKED]", "bodyLength": 3, "Query": "[BLOCKED]",
            "raw": "[BLOCKED]",
        })
    );
}

#[test]
fn long_texts_are_cut_after_they_were_redacted() {
    let out = data(
        json!({ "maxStringLength": 12, "detectors": [{ "name": "card" }] }),
        json!({ "a": "żółw żółw żółw", "b": "short", "c": format!("12345678 {CARD}") }),
    );
    assert_eq!(
        out,
        json!({ "a": "żółw żółw żó…[truncated 2 of 14 characters]", "b": "short", "c": "12345678 ***" })
    );
}

#[test]
fn json_in_texts_falls_under_the_same_rules() {
    let given = json!({
        "presets": ["CREDENTIALS", "PCI-DSS"], "jsonStrings": true,
        "paths": [{ "path": "body.user.name", "strategy": "keep-last-4" }, { "path": "body.drop", "strategy": "remove" }],
    });
    let mut bench = Bench::new(given);
    let inner = json!({ "password": "V", "n": 1 }).to_string();
    for (text, expected) in [
        (
            r#"{ "user": {"name": "Ada Lovelace", "id": 1e2}, "password" : {"x":[1,"V"]}, "drop": 1 }"#.to_owned(),
            r#"{ "user": {"name": "***lace", "id": 1e2}, "password" : "***", "drop": null }"#.to_owned(),
        ),
        (
            json!({ "inner": inner, "list": [{ "token": "V" }, CARD, 4111111111111111u64] }).to_string(),
            json!({ "inner": r#"{"n":1,"password":"***"}"#, "list": [{ "token": "***" }, "***", "***"] }).to_string(),
        ),
        ("got {\"token\":\"V\"} and {\"a\":1}".into(), "got {\"token\":\"***\"} and {\"a\":1}".into()),
        ("{\"token\":\"V".into(), "{\"token\":[Withheld: not JSON from here]".into()),
        (
            "{\"a\":1,\"token\":{\"b\":\"V…[truncated".into(),
            "{\"a\":1,\"token\":[Withheld: not JSON from here]".into(),
        ),
        (format!("{{not json}} [info] {CARD}"), "{not json} [info] ***".into()),
        ("{\"pass\\u0077ord\":\"V\"}".into(), "{\"pass\\u0077ord\":\"***\"}".into()),
        ("{}[]{\"a\":{}}".into(), "{}[]{\"a\":{}}".into()),
    ] {
        assert_eq!(bench.data(&json!({ "body": text })), json!({ "body": expected }), "{text}");
    }
}

#[test]
fn what_the_encoder_has_withheld_is_counted_and_left() {
    let mut bench = Bench::new(json!({ "presets": ["CREDENTIALS"] }));
    let key = bench.dictionary.intern("password");
    let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
    writer.message("m");
    writer.tagged_text(TAG_MARKER, key, "***");
    let bytes = writer.finish();
    assert!(!bench.run(&bytes).1);
    assert_eq!(bench.stage.take_counts().redacted, 1);
    assert_eq!(bench.stage.take_counts().redacted, 0);
}

#[test]
fn of_a_damaged_record_only_the_message_is_seen() {
    let mut bench = Bench::new(json!({ "presets": ["CREDENTIALS", "PCI-DSS"] }));
    let mut bytes = bench.record(CARD, &json!({ "a": "V", "b": "V" }));
    let end = bytes.len() - 12;
    bytes[end] = 99;
    let (line, changed) = bench.run(&bytes);
    assert!(changed);
    assert_eq!(line["message"], "***");
    assert_eq!(
        line["data"],
        json!({ "redaction": "[Withheld: the record is damaged]" })
    );
    assert_eq!(bench.stage.take_counts().withheld, 1);
}

#[test]
fn a_bug_inside_withholds_the_event() {
    let mut bench = Bench::new(json!({ "patterns": [{ "regex": "x+" }] }));
    bench.stage.panic_at = Some("panic");
    let line = bench.event("V", &json!({ "a": "V", "b": "panic" }));
    assert_eq!(line["message"], "");
    assert_eq!(
        line["data"],
        json!({ "redaction": "[Withheld: redaction failed]" })
    );
    assert_eq!(bench.stage.take_counts().withheld, 1);
    assert_eq!(bench.data(&json!({ "a": "xx" })), json!({ "a": "***" }));
}

#[test]
fn text_beyond_the_budget_is_withheld() {
    let mut bench = Bench::new(json!({ "detectors": [{ "name": "card" }], "maxScanBytes": 100 }));
    let out = bench.data(&json!({ "a": "x".repeat(90), "b": "x".repeat(20), "c": 1 }));
    assert_eq!(out["a"], "x".repeat(90));
    assert_eq!(out["b"], TOO_MUCH);
    assert_eq!(out["c"], 1);
    assert_eq!(bench.stage.take_counts().withheld, 1);
}

#[test]
fn more_depth_than_any_encoder_writes_is_withheld() {
    let mut bench = Bench::new(json!({ "presets": ["CREDENTIALS"] }));
    let key = bench.dictionary.intern("k");
    let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
    writer.message("m");
    for _ in 0..200 {
        writer.open_object(key);
    }
    writer.string(key, "V");
    for _ in 0..200 {
        writer.close();
    }
    let bytes = writer.finish();
    let line = bench.line(&bytes).0;
    assert!(line.contains(TOO_DEEP) && !line.contains("\"V\""));
}

#[test]
fn an_event_without_secrets_is_not_copied() {
    let mut bench =
        Bench::new(json!({ "presets": ["CREDENTIALS", "PCI-DSS"], "paths": [{ "path": "a.x" }] }));
    for _ in 0..2 {
        let bytes = bench.record(
            "hello",
            &json!({ "a": { "b": "text" }, "id": "550e8400-e29b-41d4" }),
        );
        assert!(!bench.run(&bytes).1);
    }
}

#[test]
fn dictionaries_are_told_apart_and_forgotten() {
    let mut stages = Stages::default();
    let mut own = OwnStrings::default();
    let given = settings(json!({ "presets": ["CREDENTIALS"] }));
    let stage = Redact::new(&given, &mut own).unwrap();
    stages.push(crate::stages::Part::Redact, "redact", Box::new(stage));
    for round in 0..200 {
        let mut dictionary = Dictionary::new();
        let names = if round % 2 == 0 {
            ["password", "b"]
        } else {
            ["a", "password"]
        };
        let ids = names.map(|name| dictionary.intern(name));
        let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
        writer.message("m");
        for id in ids {
            writer.string(id, "V");
        }
        let bytes = writer.finish();
        let record = stages
            .run(Records::new(&bytes, &dictionary).next().unwrap())
            .unwrap();
        let (_, tokens) = record.message_and_fields();
        let seen: Vec<bool> = tokens
            .map(|t| matches!(t.value, Value::Marker(_)))
            .collect();
        assert_eq!(seen, [round % 2 == 0, round % 2 == 1]);
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    let error = |given: Json| {
        Redact::new(&settings(given), &mut OwnStrings::default())
            .err()
            .unwrap()
    };
    let text = error(json!({ "paths": [{ "path": "a" }, { "path": "a..b" }] })).to_string();
    assert!(
        text.contains("redact.paths[1]") && text.contains("character 3"),
        "{text}"
    );
    let text = error(json!({ "patterns": [{ "name": "order", "regex": "(" }] })).to_string();
    assert!(
        text.contains("redact.patterns[0]") && text.contains("for \"order\": regex parse"),
        "{text}"
    );
    let text = error(json!({ "fields": [{ "name": "--" }] })).to_string();
    assert!(text.contains("redact.fields[0]"), "{text}");
    let text = error(json!({ "allow": ["["] })).to_string();
    assert!(text.contains("redact.allow[0]"), "{text}");
    let all = error(json!({
        "paths": [{ "path": "a..b" }, { "path": "a.b" }, { "path": "" }], "fields": [{ "name": "--" }],
        "patterns": [{ "regex": "(" }, { "regex": "a" }, { "regex": "b*" }],
    }));
    let found: Vec<_> = all.problems().iter().map(|one| one.path.as_str()).collect();
    let expected = [
        "redact.paths[0]",
        "redact.paths[2]",
        "redact.fields[0]",
        "redact.patterns[0]",
        "redact.patterns[2]",
    ];
    assert_eq!(found, expected);
}

/// A value with a secret somewhere in it, and the secret's own form.
fn planted() -> impl Strategy_<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(CARD)),
        Just(json!(format!("x {CARD} y"))),
        Just(json!({ "password": "S3CR3T" })),
        Just(json!({ "x-API-key": ["S3CR3T", { "a": "S3CR3T" }] })),
        Just(
            json!({ "$error": 1, "type": "E", "message": CARD, "stack": format!("E: {CARD}\n  at S") })
        ),
        Just(json!("{\"a\":[{\"refreshToken\":\"S3CR3T\"}]}")),
        Just(json!("https://u:S3CR3T@host/")),
        Just(json!([["cookie", "S3CR3T"]])),
        Just(json!(4111111111111111u64)),
    ];
    leaf.prop_recursive(8, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Json::from),
            ("k[a-z]{0,5}", inner.clone(), any::<i32>())
                .prop_map(|(key, value, n)| { json!({ key: value, "n": n, "s": "text" }) }),
            inner.prop_map(
                |value| json!({ "$error": 1, "type": "E", "message": "m", "cause": value })
            ),
        ]
    })
}

use proptest::strategy::Strategy as Strategy_;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_format_shows_a_planted_secret(value in planted(), key in "[a-z_]{1,8}") {
        let mut bench = Bench::new(json!({ "presets": ["CREDENTIALS", "PCI-DSS"], "jsonStrings": true }));
        let bytes = bench.record("m", &json!({ key: value }));
        let record = Records::new(&bytes, &bench.dictionary).next().unwrap();
        let mut out = RecordWriter::default();
        let verdict = bench.stage.apply(&record, &mut out);
        prop_assert_eq!(verdict, Verdict::Changed);
        out.complete();
        let record = Records::new(out.bytes(), &bench.dictionary).next().unwrap();
        for kind in [
            FormatKind::Json, FormatKind::Pino, FormatKind::Pretty, FormatKind::Logfmt, FormatKind::Simple,
            FormatKind::Minimal,
        ] {
            let mut line = Vec::new();
            build(kind, &FormatOptions::default()).write(&record, &mut line);
            let line = String::from_utf8(line).unwrap();
            prop_assert!(!line.contains("S3CR3T") && !line.contains("411111"), "{}", line);
        }
        // What is redacted stays as it is.
        let again = bench.stage.apply(&record, &mut RecordWriter::default());
        prop_assert_eq!(again, Verdict::Unchanged);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_withhold_for_a_bug(bytes in prop::collection::vec(any::<u8>(), 32..400)) {
        let mut bench = Bench::new(json!({
            "presets": ["CREDENTIALS", "GDPR"], "jsonStrings": true, "paths": [{ "path": "**.a[0]" }],
            "allow": ["**.k"], "maxStringLength": 5,
        }));
        bench.dictionary.intern("k");
        bench.dictionary.intern("password");
        let mut chunk = bytes;
        let units = (chunk.len() / 8) as u32;
        chunk[..4].copy_from_slice(&units.to_le_bytes());
        chunk[8] = fapilog_ring::layout::KIND_EVENT;
        for record in Records::new(&chunk, &bench.dictionary) {
            let mut out = RecordWriter::default();
            if bench.stage.apply(&record, &mut out) == Verdict::Changed {
                out.complete();
                let text = String::from_utf8_lossy(out.bytes()).into_owned();
                prop_assert!(!text.contains(FAILED));
            }
        }
    }
}

/// Fields of all kinds, some of them secret.
fn any_fields() -> impl Strategy_<Value = Json> {
    let text = prop_oneof![
        "[a-f0-9]{8,40}",
        "[ -~]{0,24}",
        "[0-9 .-]{0,24}",
        Just(CARD.to_owned()),
        Just(format!("paid with {CARD}")),
        Just("/a?expand=1&access_token=V".to_owned()),
        Just("Bearer abcdefghijklmnop1234".to_owned()),
        Just(format!("ghp_{}", "a1".repeat(20))),
        Just(format!("AKIA{}", "A1".repeat(8))),
        Just("übel".to_owned()),
        Just("{\"password\":\"V\"}".to_owned()),
        Just("a long text that goes on".repeat(30)),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        Just(json!(4_111_111_111_111_111_u64)),
        Just(json!(1_767_323_045_678_u64)),
        text.prop_map(Json::from),
    ];
    let key = prop_oneof![
        6 => "[a-d]{1,2}",
        1 => Just("password".to_owned()),
        1 => Just("rawHeaders".to_owned()),
        1 => Just("$error".to_owned()),
    ];
    let value = leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map("[a-d]{1,2}|password", inner, 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map(key, value, 0..5)
        .prop_map(|entries| Json::Object(entries.into_iter().collect()))
}

fn any_settings() -> impl Strategy_<Value = Json> {
    prop_oneof![
        Just(json!({ "presets": ["CREDENTIALS", "PCI-DSS"] })),
        Just(json!({ "fields": [{ "name": "password" }] })),
        Just(json!({ "presets": ["CREDENTIALS"], "jsonStrings": true, "maxStringLength": 200 })),
        Just(
            json!({ "detectors": [{ "name": "iban" }, { "name": "ssn" }, { "name": "email" }], "maxScanBytes": 300 })
        ),
    ]
}

proptest! {
    #[test]
    fn a_glance_lets_nothing_pass_that_the_pass_would_change(
        given in any_settings(),
        events in proptest::collection::vec((any_fields(), any::<bool>()), 1..4),
    ) {
        let mut bench = Bench::new(given);
        for (fields, scoped) in events {
            let mut bytes = bench.record("m", &fields);
            if scoped {
                let id = bench.dictionary.intern_words(&bytes[RECORD_BODY..]);
                let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
                writer.message("m");
                writer.scope(id);
                bytes = writer.finish();
            }
            // What was remembered must be as right as what is seen for the first time.
            for _ in 0..2 {
                let record = Records::new(&bytes, &bench.dictionary).next().unwrap();
                if glance::is_harmless(&mut bench.stage, &record) {
                    let verdict = bench.stage.pass(&record, &mut bench.out);
                    prop_assert_eq!(verdict, Some(Verdict::Unchanged), "{}", fields);
                    prop_assert_eq!((bench.stage.redacted, bench.stage.withheld), (0, 0));
                }
                (bench.stage.redacted, bench.stage.withheld) = (0, 0);
            }
        }
    }

    #[test]
    fn damage_is_never_harmless(at in any::<proptest::sample::Index>(), byte in any::<u8>(), fields in any_fields()) {
        let mut bench = Bench::new(json!({ "presets": ["CREDENTIALS", "PCI-DSS"] }));
        let mut bytes = bench.record("m", &fields);
        let body = bytes.len() - RECORD_BODY;
        bytes[RECORD_BODY + at.index(body)] = byte;
        let record = Records::new(&bytes, &bench.dictionary).next().unwrap();
        if glance::is_harmless(&mut bench.stage, &record) {
            let verdict = bench.stage.pass(&record, &mut bench.out);
            prop_assert_eq!(verdict, Some(Verdict::Unchanged));
        }
    }
}

#[test]
fn a_request_without_secrets_is_harmless_at_a_glance() {
    let mut bench = Bench::new(json!({ "presets": ["CREDENTIALS", "PCI-DSS"] }));
    let fields = json!({
        "req": { "method": "GET", "url": "/orders/8842?expand=items", "ids": [1, 2.5, "x"] },
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "at": 1_767_323_045_678_u64, "ok": true,
    });
    let bytes = bench.record("request completed", &fields);
    let record = Records::new(&bytes, &bench.dictionary).next().unwrap();
    assert!(glance::is_harmless(&mut bench.stage, &record));
}
