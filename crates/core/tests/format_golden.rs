//! One known line of every format.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use fapilog_core::format::timestamp::TimeStyle;
use fapilog_core::format::{build, FormatKind, FormatOptions};
use fapilog_core::level::Level;
use fapilog_core::wire::layout::*;
use fapilog_core::wire::{Dictionary, RecordWriter, Records};

const TIME: f64 = 1_767_323_045_678.0;

fn options() -> FormatOptions {
    FormatOptions {
        name: Some("root".into()),
        service: Some("shop".into()),
        env: Some("test".into()),
        version: Some("1.2.3".into()),
        hostname: "h".into(),
        pid: 7,
        color: false,
        utc: true,
        ..FormatOptions::default()
    }
}

fn line_with(
    kind: FormatKind,
    options: &FormatOptions,
    dictionary: &Dictionary,
    record: RecordWriter,
) -> String {
    let bytes = record.finish();
    let mut records = Records::new(&bytes, dictionary);
    let mut out = Vec::new();
    build(kind, options).write(&records.next().unwrap(), &mut out);
    let line = String::from_utf8(out).unwrap();
    // The one part that differs from run to run.
    match line.split_once("\"message_id\":\"") {
        Some((before, after)) if after.as_bytes().get(36) == Some(&b'"') => {
            format!("{before}\"message_id\":\"ID{}", &after[36..])
        }
        _ => line,
    }
}

fn line(kind: FormatKind, dictionary: &Dictionary, record: RecordWriter) -> String {
    line_with(kind, &options(), dictionary, record)
}

/// An order with every kind of value, from a logger named `app`.
fn order(dictionary: &mut Dictionary) -> RecordWriter {
    let mut key = |name: &str| dictionary.intern(name);
    let mut record = RecordWriter::new(Level::INFO, key("app"), TIME);
    record.message("order \"placed\"\n");
    record.int(key("orderId"), 42);
    record.float(key("total"), 99.5);
    record.float(key("ratio"), f64::NAN);
    record.string(key("plan"), "pro");
    record.token(TAG_TRUE, key("paid"));
    record.token(TAG_NULL, key("coupon"));
    record.token(TAG_UNDEFINED, key("gone"));
    record.tagged_text(TAG_BIGINT, key("big"), "9007199254740993");
    record.date(key("at"), TIME);
    record.tagged_text(TAG_FUNCTION, key("fn"), "cb");
    record.tagged_text(TAG_SYMBOL, key("sym"), "s");
    record.tagged_text(TAG_MARKER, key("loop"), "[Circular: $]");
    record.open_object(key("user"));
    record.string(key("id"), "u 1");
    record.open_array(key("tags"));
    record.string(KEY_NONE, "a");
    record.token(TAG_UNDEFINED, KEY_NONE);
    record.int(KEY_NONE, -1);
    record.close();
    record.open_object(key("empty"));
    record.close();
    record.close();
    record
}

/// A failure with a cause, own properties, a scope's field and a context field.
fn failure(dictionary: &mut Dictionary) -> RecordWriter {
    let mut key = |name: &str| dictionary.intern(name);
    let (kind, message, stack) = (key("type"), key("message"), key("stack"));
    let (err, cause, code) = (key("err"), key("cause"), key("code"));
    let (request, attempt) = (key("request_id"), key("attempt"));
    let mut record = RecordWriter::new(Level::ERROR, 0, TIME);
    record.flag(FLAG_SCOPED | FLAG_CONTEXT | FLAG_ERROR | FLAG_TRUNCATED);
    record.message("checkout failed");
    record.string(request, "r-1");
    record.int(attempt, 1);
    record.int(attempt, 2);
    record.open_error(err);
    record.string(kind, "TypeError");
    record.string(message, "boom");
    record.string(stack, "TypeError: boom\n    at a (a.js:1:1)");
    record.open_error(cause);
    record.string(kind, "Error");
    record.string(message, "io");
    record.string(stack, "Error: io\n    at b (b.js:2:2)");
    record.close();
    record.string(code, "E_BOOM");
    record.string(kind, "forged");
    record.close();
    record
}

#[test]
fn json_puts_every_value_into_the_envelope() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    assert_eq!(
        line(FormatKind::Json, &dictionary, record),
        concat!(
            r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","message":"order \"placed\"\n","logger":"app","#,
            r#""context":{"message_id":"ID","correlation_id":null,"service":"shop","env":"test","version":"1.2.3","host":"h","pid":7},"#,
            r#""diagnostics":{"origin":"native"},"data":{"orderId":42,"total":99.5,"ratio":"NaN","plan":"pro","paid":true,"#,
            r#""coupon":null,"big":"9007199254740993","at":"2026-01-02T03:04:05.678Z","fn":"[Function: cb]","sym":"Symbol(s)","#,
            r#""loop":"[Circular: $]","user":{"id":"u 1","tags":["a",null,-1],"empty":{}}}}"#,
            "\n"
        )
    );
}

#[test]
fn json_moves_errors_and_context_fields_to_their_place() {
    let mut dictionary = Dictionary::new();
    let record = failure(&mut dictionary);
    assert_eq!(
        line(FormatKind::Json, &dictionary, record),
        concat!(
            r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","message":"checkout failed","#,
            r#""context":{"message_id":"ID","correlation_id":null,"request_id":"r-1","service":"shop","env":"test","version":"1.2.3","host":"h","pid":7},"#,
            r#""diagnostics":{"origin":"native","exception":{"type":"TypeError","message":"boom","stack":"TypeError: boom\n    at a (a.js:1:1)","#,
            r#""cause":{"type":"Error","message":"io","stack":"Error: io\n    at b (b.js:2:2)"},"code":"E_BOOM"},"truncated":true},"#,
            r#""data":{"attempt":2}}"#,
            "\n"
        )
    );
}

#[test]
fn pino_prints_what_pino_prints() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    assert_eq!(
        line(FormatKind::Pino, &dictionary, record),
        concat!(
            r#"{"level":30,"time":1767323045678,"pid":7,"hostname":"h","name":"app","orderId":42,"total":99.5,"ratio":null,"#,
            r#""plan":"pro","paid":true,"coupon":null,"big":9007199254740993,"at":"2026-01-02T03:04:05.678Z","#,
            r#""loop":"[Circular: $]","user":{"id":"u 1","tags":["a",null,-1],"empty":{}},"msg":"order \"placed\"\n"}"#,
            "\n"
        )
    );
}

#[test]
fn pino_folds_causes_into_message_and_stack() {
    let mut dictionary = Dictionary::new();
    let record = failure(&mut dictionary);
    assert_eq!(
        line(FormatKind::Pino, &dictionary, record),
        concat!(
            r#"{"level":50,"time":1767323045678,"pid":7,"hostname":"h","name":"root","request_id":"r-1","attempt":2,"#,
            r#""err":{"type":"TypeError","message":"boom: io","stack":"TypeError: boom\n    at a (a.js:1:1)\ncaused by: Error: io\n    at b (b.js:2:2)","#,
            r#""code":"E_BOOM"},"msg":"checkout failed"}"#,
            "\n"
        )
    );
}

#[test]
fn json_keeps_the_fields_of_a_record_that_only_has_data() {
    let dictionary = Dictionary::new();
    let mut record = RecordWriter::new(Level::AUDIT, 0, TIME);
    record.no_message();
    let line = line_with(
        FormatKind::Json,
        &FormatOptions::default(),
        &dictionary,
        record,
    );
    assert_eq!(
        line,
        concat!(
            r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"AUDIT","message":"","#,
            r#""context":{"message_id":"ID","correlation_id":null},"diagnostics":{"origin":"native"},"data":{}}"#,
            "\n"
        )
    );
}

/// Several errors, with a member list and a stack that does not repeat the message.
fn aggregate(dictionary: &mut Dictionary) -> RecordWriter {
    let mut key = |name: &str| dictionary.intern(name);
    let (kind, message, stack) = (key("type"), key("message"), key("stack"));
    let (error, errors) = (key("error"), key("errors"));
    let mut record = RecordWriter::new(Level::CRITICAL, key("app"), TIME);
    record.flag(FLAG_ERROR);
    record.no_message();
    record.open_error(error);
    record.string(kind, "AggregateError");
    record.string(message, "all\nfailed");
    record.string(stack, "AggregateError: all\nfailed\n    at c (c.js:3:3)");
    record.open_array(errors);
    record.open_error(KEY_NONE);
    record.string(kind, "Error");
    record.string(message, "one");
    record.string(stack, "at somewhere\u{1b}[31m");
    record.close();
    record.int(KEY_NONE, 2);
    record.close();
    record.close();
    record
}

#[test]
fn pretty_is_for_people() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    assert_eq!(
        line(FormatKind::Pretty, &dictionary, record),
        concat!(
            r#"03:04:05.678 INFO     app: order "placed"\n  orderId=42 total=99.5 ratio=NaN plan=pro paid=true coupon=null "#,
            r#"big=9007199254740993n at=2026-01-02T03:04:05.678Z fn=[Function: cb] sym=Symbol(s) loop=[Circular: $] "#,
            r#"user={id: "u 1", tags: [a, undefined, -1], empty: {}}"#,
            "\n"
        )
    );
}

#[test]
fn pretty_shows_errors_below_their_line() {
    let mut dictionary = Dictionary::new();
    let record = failure(&mut dictionary);
    assert_eq!(
        line(FormatKind::Pretty, &dictionary, record),
        "03:04:05.678 ERROR    checkout failed  request_id=r-1 attempt=2
    TypeError: boom
        at a (a.js:1:1)
        code=E_BOOM
    caused by: Error: io
        at b (b.js:2:2)
"
    );
    let mut dictionary = Dictionary::new();
    let record = aggregate(&mut dictionary);
    assert_eq!(
        line(FormatKind::Pretty, &dictionary, record),
        "03:04:05.678 CRITICAL app:
    AggregateError: all\\nfailed
        at c (c.js:3:3)
        [0]: Error: one
            at somewhere\\u001b[31m
        [1]: 2
"
    );
}

#[test]
fn pretty_colours_levels_and_dims_the_rest() {
    let mut dictionary = Dictionary::new();
    let key = dictionary.intern("k");
    let mut record = RecordWriter::new(Level::WARNING, 0, TIME);
    record.message("careful");
    record.int(key, 1);
    let color = FormatOptions {
        color: true,
        ..options()
    };
    assert_eq!(
        line_with(FormatKind::Pretty, &color, &dictionary, record),
        "\x1b[2m03:04:05.678\x1b[0m \x1b[33mWARNING\x1b[0m  \x1b[1mcareful\x1b[0m  \x1b[2mk=\x1b[0m1\n"
    );
}

#[test]
fn logfmt_flattens_objects() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    assert_eq!(
        line(FormatKind::Logfmt, &dictionary, record),
        concat!(
            r#"ts=2026-01-02T03:04:05.678Z level=info msg="order \"placed\"\n" logger=app orderId=42 total=99.5 ratio=NaN plan=pro "#,
            r#"paid=true coupon=null big=9007199254740993 at=2026-01-02T03:04:05.678Z fn="[Function: cb]" sym=Symbol(s) "#,
            r#"loop="[Circular: $]" user.id="u 1" user.tags="[\"a\",null,-1]" user.empty={}"#,
            "\n"
        )
    );
    let mut dictionary = Dictionary::new();
    let record = failure(&mut dictionary);
    assert_eq!(
        line(FormatKind::Logfmt, &dictionary, record),
        concat!(
            r#"ts=2026-01-02T03:04:05.678Z level=error msg="checkout failed" request_id=r-1 attempt=2 err.type=TypeError err.message=boom "#,
            r#"err.stack="TypeError: boom\n    at a (a.js:1:1)" err.cause.type=Error err.cause.message=io "#,
            r#"err.cause.stack="Error: io\n    at b (b.js:2:2)" err.code=E_BOOM"#,
            "\n"
        )
    );
}

#[test]
fn simple_appends_the_fields_as_json() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    assert_eq!(
        line(FormatKind::Simple, &dictionary, record),
        concat!(
            r#"2026-01-02T03:04:05.678Z [INFO] app: order "placed"\n {"orderId":42,"total":99.5,"ratio":"NaN","plan":"pro","paid":true,"#,
            r#""coupon":null,"big":"9007199254740993","at":"2026-01-02T03:04:05.678Z","fn":"[Function: cb]","sym":"Symbol(s)","#,
            r#""loop":"[Circular: $]","user":{"id":"u 1","tags":["a",null,-1],"empty":{}}}"#,
            "\n"
        )
    );
}

#[test]
fn minimal_is_level_and_message() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    assert_eq!(
        line(FormatKind::Minimal, &dictionary, record),
        "INFO order \"placed\"\\n\n"
    );
    let record = aggregate(&mut dictionary);
    assert_eq!(
        line(FormatKind::Minimal, &dictionary, record),
        "CRITICAL AggregateError: all\\nfailed\n"
    );
}

#[test]
fn formats_are_named_in_lower_case() {
    for (name, kind) in [
        ("json", FormatKind::Json),
        ("pino", FormatKind::Pino),
        ("pretty", FormatKind::Pretty),
        ("logfmt", FormatKind::Logfmt),
        ("simple", FormatKind::Simple),
        ("minimal", FormatKind::Minimal),
    ] {
        let read: FormatKind = serde_json::from_value(name.into()).unwrap();
        assert_eq!(read, kind);
    }
}

const ECS_TAIL: &str = concat!(
    r#""service":{"name":"shop","version":"1.2.3","environment":"test"},"event":{"dataset":"shop.log"},"#,
    r#""host":{"hostname":"h"},"process":{"pid":7}}"#,
    "\n"
);

#[test]
fn ecs_has_a_place_for_every_field() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    let expected = concat!(
        r#"{"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"info","message":"order \"placed\"\n","ecs.version":"8.10.0","#,
        r#""log.logger":"app","labels":{"orderId":42,"total":99.5,"ratio":"NaN","plan":"pro","paid":true,"#,
        r#""big":"9007199254740993","at":"2026-01-02T03:04:05.678Z","fn":"[Function: cb]","sym":"Symbol(s)","#,
        r#""loop":"[Circular: $]"},"data":{"coupon":null,"user":{"id":"u 1","tags":["a",null,-1],"empty":{}}},"#
    );
    let found = line(FormatKind::Ecs, &dictionary, record);
    assert_eq!(found, format!("{expected}{ECS_TAIL}"));

    let mut dictionary = Dictionary::new();
    let record = failure(&mut dictionary);
    let expected = concat!(
        r#"{"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"error","message":"checkout failed","ecs.version":"8.10.0","#,
        r#""http":{"request":{"id":"r-1"}},"error":{"type":"TypeError","message":"boom","#,
        r#""stack_trace":"TypeError: boom\n    at a (a.js:1:1)\ncaused by: Error: io\n    at b (b.js:2:2)"},"#,
        r#""labels":{"attempt":2},"data":{"err":{"code":"E_BOOM"}},"#
    );
    let found = line(FormatKind::Ecs, &dictionary, record);
    assert_eq!(found, format!("{expected}{ECS_TAIL}"));
}

#[test]
fn ecs_keys_of_labels_have_no_dots_and_fields_forge_nothing() {
    let mut dictionary = Dictionary::new();
    let mut key = |name: &str| dictionary.intern(name);
    let mut record = RecordWriter::new(Level::INFO, 0, TIME);
    record.message("m");
    for name in ["@timestamp", "log.level", "message", "a.b*c\\d"] {
        record.string(key(name), "x");
    }
    record.open_object(key("trace_id"));
    record.close();
    assert_eq!(
        line_with(
            FormatKind::Ecs,
            &FormatOptions::default(),
            &dictionary,
            record
        ),
        concat!(
            r#"{"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"info","message":"m","ecs.version":"8.10.0","#,
            r#""labels":{"@timestamp":"x","log_level":"x","message":"x","a_b_c_d":"x"},"data":{"trace_id":{}}}"#,
            "\n"
        )
    );
}

/// An `otel` line, without what is around the log record.
fn log_record(dictionary: &Dictionary, record: RecordWriter, scope: &str) -> String {
    let line = line(FormatKind::Otel, dictionary, record);
    let before = concat!(
        r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},"#,
        r#"{"key":"service.version","value":{"stringValue":"1.2.3"}},"#,
        r#"{"key":"deployment.environment.name","value":{"stringValue":"test"}},"#,
        r#"{"key":"host.name","value":{"stringValue":"h"}},{"key":"process.pid","value":{"intValue":"7"}}]},"#,
        r#""scopeLogs":[{"scope":{"#
    );
    let rest = line
        .strip_prefix(before)
        .unwrap_or_else(|| panic!("{line}"));
    let rest = rest.strip_prefix(scope).unwrap();
    let rest = rest.strip_prefix("},\"logRecords\":[").unwrap();
    rest.strip_suffix("]}]}]}\n").unwrap().to_owned()
}

#[test]
fn otel_writes_the_log_data_model() {
    let mut dictionary = Dictionary::new();
    let record = order(&mut dictionary);
    assert_eq!(
        log_record(&dictionary, record, r#""name":"app""#),
        concat!(
            r#"{"timeUnixNano":"1767323045678000000","severityNumber":9,"severityText":"INFO","#,
            r#""body":{"stringValue":"order \"placed\"\n"},"attributes":["#,
            r#"{"key":"orderId","value":{"intValue":"42"}},{"key":"total","value":{"doubleValue":99.5}},"#,
            r#"{"key":"ratio","value":{"doubleValue":"NaN"}},{"key":"plan","value":{"stringValue":"pro"}},"#,
            r#"{"key":"paid","value":{"boolValue":true}},{"key":"coupon","value":{}},"#,
            r#"{"key":"big","value":{"intValue":"9007199254740993"}},"#,
            r#"{"key":"at","value":{"stringValue":"2026-01-02T03:04:05.678Z"}},"#,
            r#"{"key":"fn","value":{"stringValue":"[Function: cb]"}},{"key":"sym","value":{"stringValue":"Symbol(s)"}},"#,
            r#"{"key":"loop","value":{"stringValue":"[Circular: $]"}},{"key":"user","value":{"kvlistValue":{"values":["#,
            r#"{"key":"id","value":{"stringValue":"u 1"}},"#,
            r#"{"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{},{"intValue":"-1"}]}}},"#,
            r#"{"key":"empty","value":{"kvlistValue":{"values":[]}}}]}}}]}"#
        )
    );
    let mut dictionary = Dictionary::new();
    let record = failure(&mut dictionary);
    assert_eq!(
        log_record(&dictionary, record, ""),
        concat!(
            r#"{"timeUnixNano":"1767323045678000000","severityNumber":17,"severityText":"ERROR","#,
            r#""body":{"stringValue":"checkout failed"},"attributes":["#,
            r#"{"key":"request_id","value":{"stringValue":"r-1"}},{"key":"attempt","value":{"intValue":"2"}},"#,
            r#"{"key":"exception.type","value":{"stringValue":"TypeError"}},"#,
            r#"{"key":"exception.message","value":{"stringValue":"boom"}},{"key":"exception.stacktrace","value":"#,
            r#"{"stringValue":"TypeError: boom\n    at a (a.js:1:1)\ncaused by: Error: io\n    at b (b.js:2:2)"}},"#,
            r#"{"key":"exception.code","value":{"stringValue":"E_BOOM"}}]}"#
        )
    );
}

#[test]
fn otel_takes_ids_that_are_ids_alone() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let cases = [
        (trace, "00f067aa0ba902b7", true, true),
        (trace, "0000000000000000", true, false),
        (
            "00000000000000000000000000000000",
            "00f067aa0ba902b7",
            false,
            false,
        ),
        ("r-1", "00f067aa0ba902b7", false, false),
    ];
    for (trace, span, has_trace, has_span) in cases {
        let mut dictionary = Dictionary::new();
        let mut record = RecordWriter::new(Level::INFO, 0, TIME);
        record.no_message();
        record.string(dictionary.intern("trace_id"), trace);
        record.string(dictionary.intern("span_id"), span);
        let found = log_record(&dictionary, record, "");
        assert_eq!(found.contains(r#","traceId":""#), has_trace, "{found}");
        assert_eq!(found.contains(r#","spanId":""#), has_span, "{found}");
        assert_eq!(found.contains(r#""key":"trace_id""#), !has_trace, "{found}");
        assert_eq!(found.contains(r#""key":"span_id""#), !has_span, "{found}");
        assert!(!found.contains("body"));
    }
}

#[test]
fn the_time_is_written_in_every_style_and_by_formats_with_a_style_alone() {
    let styles = [
        (
            TimeStyle::Iso,
            "\"2026-01-02T03:04:05.678Z\"",
            "\"1970-01-01T00:00:00.000Z\"",
            "\"1969-12-31T23:59:59.999Z\"",
        ),
        (
            TimeStyle::IsoUs,
            "\"2026-01-02T03:04:05.678000Z\"",
            "\"1970-01-01T00:00:00.000000Z\"",
            "\"1969-12-31T23:59:59.999000Z\"",
        ),
        (
            TimeStyle::IsoNs,
            "\"2026-01-02T03:04:05.678000000Z\"",
            "\"1970-01-01T00:00:00.000000000Z\"",
            "\"1969-12-31T23:59:59.999000000Z\"",
        ),
        (TimeStyle::EpochMs, "1767323045678", "0", "-1"),
        (TimeStyle::EpochUs, "1767323045678000", "0", "-1000"),
        (TimeStyle::EpochNs, "1767323045678000000", "0", "-1000000"),
    ];
    let dictionary = Dictionary::new();
    for (style, now, zero, before) in styles {
        let options = FormatOptions {
            timestamp: style,
            ..options()
        };
        for (kind, start, quoted) in [
            (FormatKind::Json, "{\"timestamp\":", true),
            (FormatKind::Logfmt, "ts=", false),
            (FormatKind::Simple, "", false),
        ] {
            // One after the other, since what a format remembers of the last time must not show.
            let mut format = build(kind, &options);
            for (time, text) in [
                (TIME, now),
                (0.0, zero),
                (TIME, now),
                (-1.0, before),
                (TIME, now),
            ] {
                let mut record = RecordWriter::new(Level::INFO, 0, time);
                record.message("m");
                let bytes = record.finish();
                let mut out = Vec::new();
                format.write(&Records::new(&bytes, &dictionary).next().unwrap(), &mut out);
                let line = String::from_utf8(out).unwrap();
                let text = if quoted { text } else { text.trim_matches('"') };
                let rest = line.strip_prefix(&format!("{start}{text}"));
                let rest = rest.unwrap_or_else(|| panic!("{kind:?} {style:?}: {line}"));
                assert!(rest.starts_with([',', ' ']), "{line}");
                if quoted {
                    serde_json::from_str::<serde_json::Value>(&line).unwrap();
                }
            }
        }
        for kind in [
            FormatKind::Pino,
            FormatKind::Ecs,
            FormatKind::Otel,
            FormatKind::Pretty,
            FormatKind::Minimal,
        ] {
            let record = || {
                let mut record = RecordWriter::new(Level::INFO, 0, TIME);
                record.message("m");
                record
            };
            let plain = line(kind, &dictionary, record());
            assert_eq!(
                line_with(kind, &options, &dictionary, record()),
                plain,
                "{style:?}"
            );
        }
    }
}
