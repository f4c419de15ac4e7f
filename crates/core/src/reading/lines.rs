//! Chunks of lines in, what is shown of them out.

use memchr::memchr;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::event::Event;
use super::filter::Filter;
use super::json::{read_object, Member};
use super::printer::Printer;
use super::settings::ReadSettings;
use crate::error::Result;
use crate::level::{LevelCounts, LevelTable};

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Lines, empty ones included.
    pub lines: u64,
    /// Lines that are events.
    pub events: u64,
    /// Events that the filter wants.
    pub matched: u64,
    /// Lines too long to be looked at.
    pub overlong: u64,
    /// Those wanted, by level.
    #[serde(serialize_with = "by_name")]
    pub levels: LevelCounts,
    /// Time of the earliest one wanted, milliseconds since the epoch.
    pub first_ms: Option<f64>,
    /// Time of the latest one wanted.
    pub last_ms: Option<f64>,
}

fn by_name<S: Serializer>(
    levels: &LevelCounts,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    let table = LevelTable::default();
    let mut map = serializer.serialize_map(None)?;
    for level in table.iter() {
        map.serialize_entry(level.name(), &levels.0.get(level.index()))?;
    }
    map.end()
}

impl Summary {
    /// Adds what another reader has read.
    pub fn merge(&mut self, other: &Summary) {
        self.lines += other.lines;
        self.events += other.events;
        self.matched += other.matched;
        self.overlong += other.overlong;
        self.levels.merge(&other.levels);
        self.first_ms = earliest(self.first_ms, other.first_ms);
        self.last_ms = latest(self.last_ms, other.last_ms);
    }

    fn add(&mut self, event: &Event<'_>) {
        self.matched += 1;
        self.levels.add(event.level);
        let time = Some(event.time_ms).filter(|time| !time.is_nan());
        self.first_ms = earliest(self.first_ms, time);
        self.last_ms = latest(self.last_ms, time);
    }
}

fn earliest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.min(b)).or(a).or(b)
}

fn latest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.max(b)).or(a).or(b)
}

/// Filters and prints lines; one for each thread.
#[derive(Debug)]
pub struct LineReader {
    filter: Filter,
    others: bool,
    printer: Printer,
    memory: Vec<bool>,
    summary: Summary,
}

impl LineReader {
    /// A reader with these settings.
    ///
    /// # Errors
    /// A level or condition that is none.
    pub fn new(settings: &ReadSettings) -> Result<Self> {
        Ok(Self {
            filter: settings.filter()?,
            others: settings.others,
            printer: Printer::new(settings),
            memory: Vec::new(),
            summary: Summary::default(),
        })
    }

    /// Appends to `out` what is shown of the lines in `chunk`; a last line without an end counts as one.
    pub fn read(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut members = Vec::new();
        let mut rest = chunk;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let (line, more) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = more.get(1..).unwrap_or_default();
            self.summary.lines += 1;
            match std::str::from_utf8(line) {
                Ok(text) => self.line(line, text, &mut members, out),
                Err(_) => self.line(line, &String::from_utf8_lossy(line), &mut Vec::new(), out),
            }
        }
    }

    /// Deals with a piece of a line that is too long to be looked at; `start` for its first one.
    pub fn overlong(&mut self, piece: &[u8], start: bool, out: &mut Vec<u8>) {
        if start {
            self.summary.lines += 1;
            self.summary.overlong += 1;
        }
        if self.others {
            out.extend_from_slice(piece);
        }
    }

    /// Takes the counts since the last call.
    pub fn take_summary(&mut self) -> Summary {
        std::mem::take(&mut self.summary)
    }

    fn line<'a>(
        &mut self,
        line: &[u8],
        text: &'a str,
        members: &mut Vec<Member<'a>>,
        out: &mut Vec<u8>,
    ) {
        let event = read_object(text, members, &mut self.memory)
            .then(|| Event::of(members))
            .flatten();
        let Some(event) = event else {
            if self.others {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            return;
        };
        self.summary.events += 1;
        if self.filter.wants(&event, members) {
            self.summary.add(&event);
            self.printer.print(&event, members, line, out);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::level::Level;
    use proptest::prelude::*;

    fn reader(json: &str) -> LineReader {
        LineReader::new(&ReadSettings::from_json(json).unwrap()).unwrap()
    }

    fn read(json: &str, input: &[u8]) -> String {
        let mut out = Vec::new();
        reader(json).read(input, &mut out);
        String::from_utf8(out).unwrap()
    }

    const LINES: &str = concat!(
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","message":"pay\u001b[31m","logger":"shop","#,
        r#""context":{"message_id":"x","correlation_id":null,"request_id":"r-1","host":"h","pid":1},"#,
        r#""diagnostics":{"origin":"native","exception":{"type":"TypeError","message":"no","stack":"TypeError: no\n    at a (b.js:1:2)","code":"E"}},"#,
        r#""data":{"n":1.50,"big":12345678901234567890,"o":{"a":[1,"b c"]}}}"#,
        "\n",
        r#"{"level":30,"time":1767323045678,"pid":1,"hostname":"h","name":"app","req":{"id":7},"msg":"pino"}"#,
        "\n",
        r#"{"name":"b","hostname":"h","pid":1,"level":50,"err":{"message":"no","name":"RangeError","stack":"RangeError: no\n    at x"},"msg":"bunyan","time":"2026-01-02T03:04:05.678Z","v":0}"#,
        "\n",
        r#"{"level":"http","message":"winston","service":"s"}"#,
        "\n",
        r#"{"level":"custom","message":"Error boom","stack":"Error: boom\n    at y"}"#,
        "\nplain text\n{\"no\":\"event\"}\n\n",
    );

    #[test]
    fn the_lines_of_four_loggers_look_the_same() {
        let expected = "\
03:04:05.678 ERROR    shop: pay\\u001b[31m  request_id=r-1 n=1.50 big=12345678901234567890 o={a: [1, \"b c\"]}
    TypeError: no
        at a (b.js:1:2)
        code=E
03:04:05.678 INFO     app: pino  req={id: 7}
03:04:05.678 ERROR    b: bunyan
    RangeError: no
        at x
--:--:--.--- INFO     winston  service=s
--:--:--.--- INFO     Error boom  level=custom
    Error: boom
        at y
plain text
{\"no\":\"event\"}

";
        let settings = r#"{"inputs":[],"utc":true,"others":true}"#;
        assert_eq!(read(settings, LINES.as_bytes()), expected);
    }

    #[test]
    fn the_json_output_is_the_line_itself_or_the_fields_as_written() {
        let first = LINES.lines().next().unwrap();
        assert_eq!(
            read(
                r#"{"inputs":[],"output":"json","where":["logger=shop"]}"#,
                LINES.as_bytes()
            ),
            format!("{first}\n")
        );
        let settings =
            r#"{"inputs":[],"output":"json","fields":["n","o.a","message","none"],"where":["n"]}"#;
        assert_eq!(
            read(settings, LINES.as_bytes()),
            "{\"n\":1.50,\"o.a\":[1,\"b c\"],\"message\":\"pay\\u001b[31m\",\"none\":null}\n"
        );
    }

    #[test]
    fn csv_is_quoted_where_it_has_to_be() {
        let settings = r#"{"inputs":[],"output":"csv","fields":["level","time","o","err.stack"],"where":["n"]}"#;
        assert_eq!(
            read(settings, LINES.as_bytes()),
            "ERROR,2026-01-02T03:04:05.678Z,\"{\"\"a\"\":[1,\"\"b c\"\"]}\",\"TypeError: no\n    at a (b.js:1:2)\"\r\n"
        );
    }

    #[test]
    fn wanted_events_are_counted_by_level() {
        let mut reader = reader(r#"{"inputs":[],"output":"none","level":"error"}"#);
        let mut out = Vec::new();
        reader.read(LINES.as_bytes(), &mut out);
        let summary = reader.take_summary();
        assert!(out.is_empty());
        assert_eq!((summary.lines, summary.events, summary.matched), (8, 5, 2));
        assert_eq!(summary.levels.0[Level::ERROR.index()], 2);
        assert_eq!(summary.first_ms, Some(1_767_323_045_678.0));
    }

    #[test]
    fn invalid_utf8_is_shown_as_replacement_characters_or_passed_on() {
        let line = b"{\"level\":30,\"time\":0,\"msg\":\"a\xffb\"}\n\xfe\n";
        let mut out = Vec::new();
        reader(r#"{"inputs":[],"utc":true,"others":true}"#).read(line, &mut out);
        assert_eq!(
            out,
            "00:00:00.000 INFO     a\u{fffd}b\n"
                .as_bytes()
                .iter()
                .chain(b"\xfe\n")
                .copied()
                .collect::<Vec<_>>()
        );
        out.clear();
        reader(r#"{"inputs":[],"output":"json"}"#).read(line, &mut out);
        assert_eq!(out, line[..line.len() - 2]);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            at in any::<prop::sample::Index>(),
            output in prop::sample::select(vec!["pretty", "json", "csv", "table", "none"]),
        ) {
            let mut reader = reader(&format!(r#"{{"inputs":[],"output":"{output}","fields":["n","err.stack"],"others":true,"where":["a!=1","n!~2"]}}"#));
            let mut out = Vec::new();
            reader.read(&bytes, &mut out);
            let mut damaged = LINES.as_bytes().to_vec();
            let at = at.index(damaged.len());
            damaged.splice(at..(at + bytes.len() / 2).min(LINES.len()), bytes.iter().copied());
            reader.read(&damaged, &mut out);
            let summary = reader.take_summary();
            prop_assert!(summary.matched <= summary.events && summary.events <= summary.lines);
        }
    }
}
