//! What holds for every event, whatever is in it: one line, valid, no key twice, nothing forged or lost.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod format_model;

use fapilog_core::format::{build, FormatKind, FormatOptions};
use fapilog_core::wire::layout::CONTEXT_KEYS;
use fapilog_core::wire::Records;
use format_model::{events, Event, Json, Node};
use proptest::prelude::*;

fn options(color: bool) -> FormatOptions {
    FormatOptions {
        name: Some("root".into()),
        service: Some("shop".into()),
        hostname: "h".into(),
        pid: 7,
        color,
        utc: true,
        ..FormatOptions::default()
    }
}

fn format(kind: FormatKind, color: bool, event: &Event) -> String {
    let (bytes, dictionary) = event.encode();
    let record = Records::new(&bytes, &dictionary).next().unwrap();
    let mut format = build(kind, &options(color));
    // The line must not depend on what the format has written before.
    let mut out = Vec::new();
    format.write(&record, &mut out);
    let first = out.len();
    format.write(&record, &mut out);
    assert_eq!(first * 2, out.len());
    out.truncate(first);
    String::from_utf8(out).unwrap()
}

fn parse_line(line: &str) -> Vec<(String, Json)> {
    assert!(line.ends_with('\n') && line.matches(['\n', '\r']).count() == 1);
    assert!(
        !line.trim_end_matches('\n').chars().any(is_break_or_control),
        "{line:?}"
    );
    match serde_json::from_str(line).expect(line) {
        Json::Object(entries) => entries,
        other => panic!("not an object: {other:?}"),
    }
}

fn is_break_or_control(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

fn is_bidi(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn get<'a>(entries: &'a [(String, Json)], key: &str) -> Option<&'a Json> {
    entries
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

fn is_error(node: &Node) -> bool {
    matches!(node, Node::Error { .. })
}

/// The fields that count: the last of each key, without what is undefined.
fn fields(event: &Event, omits: impl Fn(&Node) -> bool) -> Vec<(String, Node)> {
    let mut fields: Vec<(String, Node)> = Vec::new();
    for (key, node) in event.scope.iter().chain(&event.fields) {
        if !omits(node) {
            fields.retain(|(known, _)| known != key);
            fields.push((key.clone(), node.clone()));
        }
    }
    fields
}

proptest! {
    #[test]
    fn json_puts_every_field_in_one_place(event in events()) {
        let line = format(FormatKind::Json, false, &event);
        let envelope = parse_line(&line);
        let keys: Vec<&str> = envelope.iter().map(|(key, _)| key.as_str()).collect();
        let mut expected = vec!["timestamp", "level", "message", "context", "diagnostics", "data"];
        if event.logger.is_some() {
            expected.insert(3, "logger");
        }
        prop_assert_eq!(keys, expected);
        prop_assert_eq!(get(&envelope, "level"), Some(&Json::string(event.level.name())));
        prop_assert_eq!(get(&envelope, "timestamp"), Some(&Json::string("2026-01-02T03:04:05.678Z")));
        prop_assert_eq!(get(&envelope, "message"), Some(&Json::String(event.message.clone().unwrap_or_default())));

        let mut fields = fields(&event, |node| matches!(node, Node::Undefined));
        let (Some(Json::Object(context)), Some(Json::Object(diagnostics)), Some(Json::Object(data))) =
            (get(&envelope, "context"), get(&envelope, "diagnostics"), get(&envelope, "data"))
        else {
            panic!("no context, diagnostics or data");
        };
        for key in CONTEXT_KEYS {
            let field = fields.iter().position(|(name, _)| name == key);
            match field.map(|index| fields.remove(index)) {
                Some((_, node)) => prop_assert_eq!(get(context, key), Some(&node.json())),
                None if *key == "message_id" => prop_assert!(get(context, key).is_some()),
                None if *key == "correlation_id" => prop_assert_eq!(get(context, key), Some(&Json::Null)),
                None => prop_assert_eq!(get(context, key), None),
            }
        }
        prop_assert_eq!(get(context, "service"), Some(&Json::string("shop")));
        prop_assert_eq!(&diagnostics[0], &("origin".to_owned(), Json::string("native")));
        let exception = fields
            .iter()
            .position(|(name, node)| matches!(name.as_str(), "err" | "error") && is_error(node))
            .map(|index| fields.remove(index).1.json());
        prop_assert_eq!(get(diagnostics, "exception"), exception.as_ref());
        let expected: Vec<_> = fields.iter().map(|(key, node)| (key.clone(), node.json())).collect();
        prop_assert_eq!(data, &expected);
    }

    #[test]
    fn pino_lines_have_no_key_twice_and_lose_nothing(event in events()) {
        let line = format(FormatKind::Pino, false, &event);
        let parsed = parse_line(&line);
        prop_assert_eq!(&parsed[0], &("level".to_owned(), Json::Number(f64::from(event.level.pino()))));
        prop_assert_eq!(&parsed[1], &("time".to_owned(), Json::Number(1_767_323_045_678.0)));
        let omits = |node: &Node| matches!(node, Node::Undefined | Node::Function(_) | Node::Symbol(_));
        let fields = fields(&event, omits);
        let message_field = fields.iter().find(|(key, node)| key == "msg" && matches!(node, Node::String(..)));
        for (key, node) in &fields {
            let taken = matches!(key.as_str(), "level" | "time")
                || key == "msg" && (event.message.is_some() || message_field.is_none());
            let mut shown = key.clone();
            if taken {
                shown.push('_');
                while fields.iter().any(|(known, _)| *known == shown) {
                    shown.push('_');
                }
            }
            let value = get(&parsed, &shown);
            prop_assert!(value.is_some(), "{shown} is missing in {line}");
            if !node.holds_error() {
                prop_assert_eq!(value, Some(&node.pino()));
            }
        }
        if let Some(message) = &event.message {
            prop_assert_eq!(get(&parsed, "msg"), Some(&Json::String(message.clone())));
        }
        for key in ["pid", "hostname", "name"] {
            prop_assert!(get(&parsed, key).is_some());
        }
    }

    #[test]
    fn line_formats_are_one_line_without_control_characters(event in events()) {
        for kind in [FormatKind::Logfmt, FormatKind::Simple, FormatKind::Minimal] {
            let line = format(kind, true, &event);
            let body = line.strip_suffix('\n').unwrap();
            prop_assert!(!body.chars().any(is_break_or_control), "{line:?}");
            if kind != FormatKind::Simple {
                prop_assert!(!body.chars().any(is_bidi), "{line:?}");
            }
        }
    }

    #[test]
    fn logfmt_lines_are_pairs_and_the_first_ones_are_ours(event in events()) {
        let line = format(FormatKind::Logfmt, false, &event);
        let pairs = format_model::logfmt_pairs(line.trim_end_matches('\n')).expect("pairs");
        let own = ["ts", "level", "msg", "logger"];
        let ours = 2 + usize::from(event.message.is_some()) + usize::from(event.logger.is_some());
        for (index, (key, _)) in pairs.iter().enumerate() {
            prop_assert_eq!(own.contains(&key.as_str()), index < ours);
        }
        let message = pairs.iter().find(|(key, _)| key == "msg").map(|(_, value)| value.clone());
        prop_assert_eq!(message, event.message.clone());
    }

    #[test]
    fn pretty_speaks_to_the_terminal_only_in_colours(event in events()) {
        let plain = format(FormatKind::Pretty, false, &event);
        let mut stripped = format(FormatKind::Pretty, true, &event);
        for code in ["0", "1", "2", "31", "32", "33", "35", "90", "1;31"] {
            stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
        }
        let same = |text: &str| -> String {
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            lines.join("\n")
        };
        prop_assert_eq!(same(&stripped), same(&plain));
        prop_assert!(plain.ends_with('\n'));
        for (index, line) in plain.lines().enumerate() {
            prop_assert!(!line.chars().any(|char| is_break_or_control(char) || is_bidi(char)), "{line:?}");
            prop_assert_eq!(line.starts_with("    "), index > 0);
        }
        let has_error = event.scope.iter().chain(&event.fields).any(|(_, node)| is_error(node));
        prop_assert!(has_error || plain.lines().count() == 1);
    }

    #[test]
    fn damaged_records_still_make_whole_lines(event in events(), cut in 24usize..400, noise in any::<[u8; 8]>()) {
        let (mut bytes, dictionary) = event.encode();
        let cut = cut.min(bytes.len());
        for (byte, noise) in bytes[cut..].iter_mut().zip(noise.iter().cycle()) {
            *byte ^= *noise;
        }
        for kind in [FormatKind::Json, FormatKind::Pino, FormatKind::Pretty, FormatKind::Logfmt, FormatKind::Simple, FormatKind::Minimal] {
            let mut out = Vec::new();
            let mut format = build(kind, &options(false));
            for record in Records::new(&bytes, &dictionary) {
                format.write(&record, &mut out);
                prop_assert_eq!(out.last(), Some(&b'\n'));
            }
            let text = String::from_utf8(out).unwrap();
            if matches!(kind, FormatKind::Json | FormatKind::Pino) {
                for line in text.lines() {
                    let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
                    prop_assert!(parsed.is_ok(), "{line}");
                }
            }
        }
    }
}
