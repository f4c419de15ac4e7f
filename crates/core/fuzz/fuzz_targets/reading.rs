//! Arbitrary bytes as log lines: every output, the judgement of JSON the same as serde_json's, one event one line.
//! Input: lines.
#![no_main]

use fapilog_core::reading::json::read_object;
use fapilog_core::reading::{LineReader, ReadSettings};
use libfuzzer_sys::fuzz_target;

const OUTPUTS: [&str; 5] = ["pretty", "json", "csv", "table", "none"];

fuzz_target!(|data: &[u8]| {
    for line in data.split(|&byte| byte == b'\n') {
        let Ok(text) = std::str::from_utf8(line) else {
            continue;
        };
        // serde_json is the judge up to its own limits: 128 levels, finite numbers.
        if let Ok(serde_json::Value::Object(_)) = serde_json::from_str(text) {
            assert!(read_object(text, &mut Vec::new(), &mut Vec::new()), "{text}");
        }
    }
    for output in OUTPUTS {
        let document = format!(
            r#"{{"inputs":[],"output":"{output}","others":true,"where":["a!=1","err.message!~x","n.o!~9"]}}"#
        );
        let settings = ReadSettings::from_json(&document).expect("settings");
        let mut reader = LineReader::new(&settings).expect("a reader");
        let mut out = Vec::new();
        reader.read(data, &mut out);
        let summary = reader.take_summary();
        assert!(summary.matched <= summary.events && summary.events <= summary.lines);
    }
});
