//! Arbitrary records and an arbitrary dictionary: every format writes whole lines, `json` and `pino` valid
//! JSON. Input: dictionary length (two bytes), dictionary, records.
#![no_main]

use fapilog_core::format::{build, Format, FormatKind, FormatOptions};
use fapilog_core::wire::{Dictionary, Records, Value};
use libfuzzer_sys::fuzz_target;

const KINDS: [FormatKind; 8] = [
    FormatKind::Json,
    FormatKind::Pino,
    FormatKind::Ecs,
    FormatKind::Otel,
    FormatKind::Logfmt,
    FormatKind::Simple,
    FormatKind::Minimal,
    FormatKind::Pretty,
];

fn formats() -> Vec<(FormatKind, Box<dyn Format>)> {
    let options = FormatOptions {
        name: Some("root".into()),
        service: Some("shop".into()),
        hostname: "h".into(),
        pid: 7,
        utc: true,
        ..FormatOptions::default()
    };
    KINDS
        .iter()
        .map(|&kind| (kind, build(kind, &options)))
        .collect()
}

fuzz_target!(|data: &[u8]| {
    let [low, high, rest @ ..] = data else { return };
    let split = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (names, chunk) = rest.split_at(split);
    let mut dictionary = Dictionary::new();
    dictionary.extend(names);
    let mut formats = formats();
    let mut records = Records::new(chunk, &dictionary);
    for record in records.by_ref() {
        let (_, mut tokens) = record.message_and_fields();
        // Of a damaged record, the message may be a container.
        let mut depth = i64::from(tokens.depth());
        for token in tokens.by_ref() {
            match token.value {
                Value::ObjectStart | Value::ArrayStart | Value::ErrorStart => depth += 1,
                Value::Close => depth -= 1,
                _ => {}
            }
            assert!(depth >= 0, "a container is closed that was not opened");
        }
        assert!(depth == 0 && tokens.next().is_none());
        for (kind, format) in &mut formats {
            let mut out = Vec::new();
            format.write(&record, &mut out);
            let again = out.len();
            format.write(&record, &mut out);
            // Not its bytes: message ids are random.
            assert_eq!(
                out.len(),
                2 * again,
                "{kind:?} depends on what it wrote before"
            );
            out.truncate(again);
            let line = std::str::from_utf8(&out).expect("lines are UTF-8");
            assert!(line.ends_with('\n'), "{kind:?} has not ended its line");
            if *kind != FormatKind::Pretty {
                let inner = &line[..line.len() - 1];
                assert!(
                    !inner
                        .contains(|char: char| char.is_control()
                            || matches!(char, '\u{2028}' | '\u{2029}')),
                    "{kind:?} has let a control character through: {line:?}"
                );
            }
            // serde_json gives up at 128 levels.
            if matches!(
                kind,
                FormatKind::Json | FormatKind::Pino | FormatKind::Ecs | FormatKind::Otel
            ) {
                if let Err(error) = serde_json::from_str::<serde_json::Value>(line) {
                    assert!(
                        error.to_string().contains("recursion limit"),
                        "{kind:?}: {error}: {line}"
                    );
                }
            }
        }
    }
    assert!(records.position() <= chunk.len());
});
