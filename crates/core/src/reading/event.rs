//! What a line says: fapilog's envelope, pino, bunyan, winston, and whatever names its parts as they do.
//!
//! | part | keys, the first that is there |
//! | --- | --- |
//! | level | `level`, `severity`, `log.level`: a name, or pino's and bunyan's number |
//! | time | `time`, `timestamp`, `@timestamp`, `ts` |
//! | message | `msg`, `message` |
//! | logger | `logger`, `name` |
//!
//! A JSON object without a level, or without both a time and a message, is no event. Where a key comes twice,
//! the first level and time count, since the logger writes them before the user's fields.

use super::json::{Entries, Member, Raw, RawText};
use super::time_text::time_ms;
use crate::level::Level;

/// One event, borrowed from its line.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Its level; INFO when the line has none or an unknown one.
    pub level: Level,
    /// Whether [`Event::level`] says all that the line does.
    pub level_known: bool,
    /// Milliseconds since the epoch; NaN when the line has no time, or none that is understood.
    pub time_ms: f64,
    /// The logger's name.
    pub logger: Option<RawText<'a>>,
    /// The message.
    pub message: Option<Raw<'a>>,
    /// The parts of fapilog's envelope, if it is one.
    pub(super) envelope: Option<Envelope<'a>>,
    /// Members that the parts above were taken from.
    pub(super) spent: Spent,
}

/// Positions of members that are no fields.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) level: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) message: Option<usize>,
    pub(super) logger: Option<usize>,
}

/// The objects of fapilog's envelope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Envelope<'a> {
    pub(super) context: &'a str,
    pub(super) diagnostics: &'a str,
    pub(super) data: &'a str,
}

/// What a top-level key may stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Level,
    Time,
    Message,
    Logger,
}

fn part(key: RawText<'_>) -> Option<Part> {
    match &*key.to_str() {
        "level" | "severity" | "log.level" => Some(Part::Level),
        "time" | "timestamp" | "@timestamp" | "ts" => Some(Part::Time),
        "msg" | "message" => Some(Part::Message),
        "logger" | "name" => Some(Part::Logger),
        _ => None,
    }
}

impl<'a> Event<'a> {
    /// The event of a line whose members have been read.
    pub fn of(members: &[Member<'a>]) -> Option<Self> {
        let mut spent = Spent::default();
        for (index, member) in members.iter().enumerate() {
            let fits = match member.value {
                Raw::Text(_) => true,
                Raw::Number(_) => !member.key.is("name"),
                _ => false,
            };
            let Some(part) = part(member.key).filter(|_| fits) else {
                continue;
            };
            match part {
                Part::Level => spent.level = spent.level.or(Some(index)),
                Part::Time => spent.time = spent.time.or(Some(index)),
                Part::Logger => spent.logger = spent.logger.or(Some(index)),
                // The logger's own message comes last in pino and bunyan.
                Part::Message => spent.message = Some(index),
            }
        }
        if spent.level.is_none() && (spent.time.is_none() || spent.message.is_none()) {
            return None;
        }
        let value = |index: Option<usize>| index.and_then(|at| members.get(at)).map(|it| it.value);
        let level = value(spent.level).and_then(level_of);
        let time = value(spent.time).and_then(time_ms);
        // What is not understood is shown as a field.
        if time.is_none() {
            spent.time = None;
        }
        let level_known = level.is_some() || spent.level.is_none();
        if !level_known {
            spent.level = None;
        }
        Some(Self {
            level: level.unwrap_or(Level::INFO),
            level_known,
            time_ms: time.unwrap_or(f64::NAN),
            logger: value(spent.logger).and_then(Raw::text),
            message: value(spent.message),
            envelope: Envelope::of(members),
            spent,
        })
    }

    /// The value at a dotted path: of the line, or of the envelope's `data`, `context`, `diagnostics`; `err` is the
    /// envelope's exception.
    pub fn field(&self, members: &[Member<'a>], path: &str) -> Option<Raw<'a>> {
        self.member(members, path).map(|member| member.value)
    }

    /// As [`Event::field`], with the value as it is written.
    pub fn member(&self, members: &[Member<'a>], path: &str) -> Option<Member<'a>> {
        let place = |at: Option<usize>| at.and_then(|at| members.get(at)).copied();
        let own = match path {
            "message" | "msg" => place(self.spent.message),
            "level" => place(self.spent.level),
            "time" | "timestamp" => place(self.spent.time),
            "logger" => place(self.spent.logger),
            _ => None,
        };
        own.or_else(|| lookup(members.iter().copied(), path))
            .or_else(|| {
                let envelope = self.envelope?;
                let exception = path.strip_prefix("err");
                if let Some(rest) = exception.filter(|it| it.is_empty() || it.starts_with('.')) {
                    let path = format!("exception{rest}");
                    return lookup(Entries::new(envelope.diagnostics, Vec::new()), &path);
                }
                [envelope.data, envelope.context, envelope.diagnostics]
                    .iter()
                    .find_map(|object| lookup(Entries::new(object, Vec::new()), path))
            })
    }
}

impl<'a> Envelope<'a> {
    fn of(members: &[Member<'a>]) -> Option<Self> {
        let object = |name: &str| {
            members.iter().find_map(|member| match member.value {
                Raw::Object(text) if member.key.is(name) => Some(text),
                _ => None,
            })
        };
        Some(Self {
            context: object("context")?,
            diagnostics: object("diagnostics")?,
            data: object("data")?,
        })
    }
}

/// Finds a member by its whole name, else by the parts of a dotted path.
fn lookup<'a>(members: impl Iterator<Item = Member<'a>>, path: &str) -> Option<Member<'a>> {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    let mut below = None;
    for member in members {
        if member.key.is(path) {
            return Some(member);
        }
        if let (Some(rest), Raw::Object(text)) = (rest, member.value) {
            if below.is_none() && member.key.is(head) {
                below = lookup(Entries::new(text, Vec::new()), rest);
            }
        }
    }
    below
}

/// A level by any logger's name for it, or by pino's and bunyan's numbers: the highest that is not above it.
fn level_of(value: Raw<'_>) -> Option<Level> {
    match value {
        Raw::Number(digits) => digits.parse().ok().map(level_of_number),
        Raw::Text(text) => {
            let name = text.to_str();
            Level::from_name(&name).or_else(|| other_name(&name))
        }
        _ => None,
    }
}

fn level_of_number(number: f64) -> Level {
    match number {
        n if n >= 60.0 => Level::CRITICAL,
        n if n >= 50.0 => Level::ERROR,
        n if n >= 40.0 => Level::WARNING,
        n if n >= 30.0 => Level::INFO,
        n if n >= 20.0 => Level::DEBUG,
        _ => Level::TRACE,
    }
}

/// Names of winston's npm and syslog levels, and of others, that are not ours.
fn other_name(name: &str) -> Option<Level> {
    let known = match name.to_ascii_lowercase().as_str() {
        "silly" | "finest" => Level::TRACE,
        "verbose" | "fine" => Level::DEBUG,
        "information" | "notice" | "http" => Level::INFO,
        "err" => Level::ERROR,
        "crit" | "alert" | "emerg" | "emergency" | "panic" => Level::CRITICAL,
        _ => return None,
    };
    Some(known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::super::json::read_object;
    use super::*;

    fn read(line: &str, check: impl FnOnce(Option<Event<'_>>, &[Member<'_>])) {
        let mut members = Vec::new();
        assert!(read_object(line, &mut members, &mut Vec::new()), "{line}");
        check(Event::of(&members), &members);
    }

    #[test]
    fn the_loggers_of_the_field_are_understood() {
        for (line, level, logger) in [
            (
                r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"WARNING","message":"m","logger":"app","context":{},"diagnostics":{},"data":{}}"#,
                Level::WARNING,
                Some("app"),
            ),
            (
                r#"{"level":40,"time":1767323045678,"pid":1,"hostname":"h","name":"app","msg":"m"}"#,
                Level::WARNING,
                Some("app"),
            ),
            (
                r#"{"name":"app","hostname":"h","pid":1,"level":50,"msg":"m","time":"2026-01-02T03:04:05.678Z","v":0}"#,
                Level::ERROR,
                Some("app"),
            ),
            (
                r#"{"level":"error","message":"m","timestamp":"2026-01-02T03:04:05.678Z"}"#,
                Level::ERROR,
                None,
            ),
            (
                r#"{"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"fatal","message":"m"}"#,
                Level::CRITICAL,
                None,
            ),
        ] {
            read(line, |event, _| {
                let event = event.expect(line);
                assert_eq!(event.level, level, "{line}");
                assert_eq!(event.time_ms, 1_767_323_045_678.0, "{line}");
                assert_eq!(event.message.and_then(Raw::text).unwrap().to_str(), "m");
                assert_eq!(event.logger.map(|name| name.to_str()).as_deref(), logger);
            });
        }
    }

    #[test]
    fn objects_that_are_no_events_are_not_taken_for_one() {
        for line in [
            "{}",
            r#"{"message":"m"}"#,
            r#"{"time":1}"#,
            r#"{"level":{"a":1}}"#,
            r#"{"level":null,"msg":"m"}"#,
        ] {
            read(line, |event, _| assert!(event.is_none(), "{line}"));
        }
    }

    #[test]
    fn the_user_cannot_forge_level_and_time() {
        let line =
            r#"{"level":30,"time":1767323045678,"level":60,"time":1,"msg":"mine","msg":"real"}"#;
        read(line, |event, _| {
            let event = event.unwrap();
            assert_eq!(event.level, Level::INFO);
            assert_eq!(event.time_ms, 1_767_323_045_678.0);
            assert!(event.message.and_then(Raw::text).unwrap().is("real"));
        });
    }

    #[test]
    fn fields_are_found_at_any_depth_and_in_the_envelope() {
        let line = r#"{"level":"INFO","message":"m","timestamp":"x","a":{"b":{"c":1}},"a.d":2,
            "context":{"user":{"id":"u"}},"diagnostics":{"exception":{"code":"E"}},"data":{"n":3,"a":{"e":4}}}"#;
        read(line, |event, members| {
            let event = event.unwrap();
            let number = |path: &str| match event.field(members, path) {
                Some(Raw::Number(digits)) => digits.parse().unwrap(),
                _ => 0,
            };
            let paths = [
                "a.b.c", "a.d", "n", "data.n", "a.e", "a.b.x", "", "a.", ".a",
            ];
            assert_eq!(paths.map(number), [1, 2, 3, 3, 4, 0, 0, 0, 0]);
            assert!(event.field(members, "user.id").is_some());
            assert!(event.field(members, "err").is_some());
        });
    }
}
