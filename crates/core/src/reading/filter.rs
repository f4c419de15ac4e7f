//! Which events are wanted: by level, time and fields.

use regex::Regex;

use super::event::Event;
use super::json::{Member, Raw};
use crate::level::Level;
use crate::pattern;

/// All of it has to hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Events below it are left out.
    pub level: Option<Level>,
    /// Events before this time are left out, and those without a time. Milliseconds since the epoch.
    pub since_ms: Option<f64>,
    /// Events from this time on are left out, and those without a time.
    pub until_ms: Option<f64>,
    /// What the fields must be like.
    pub conditions: Vec<Condition>,
}

impl Filter {
    /// Whether the event is wanted.
    pub fn wants<'a>(&self, event: &Event<'a>, members: &[Member<'a>]) -> bool {
        self.level.is_none_or(|level| event.level >= level)
            && self.since_ms.is_none_or(|since| event.time_ms >= since)
            && self.until_ms.is_none_or(|until| event.time_ms < until)
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(event, members))
    }
}

/// What a condition compares with.
#[derive(Clone, Debug)]
enum Test {
    Exists,
    Missing,
    Is,
    IsNot,
    Above,
    AtLeast,
    Below,
    AtMost,
    Like(Regex),
    Unlike(Regex),
}

/// A condition on one field: `field=value`, `!=`, `>`, `>=`, `<`, `<=`, `~regex`, `!~regex`, `field`, `!field`.
#[derive(Clone, Debug)]
pub struct Condition {
    path: String,
    test: Test,
    value: String,
    number: Option<f64>,
}

/// Operators, those first that others are a part of.
const OPERATORS: [(&str, Test); 6] = [
    ("!=", Test::IsNot),
    (">=", Test::AtLeast),
    ("<=", Test::AtMost),
    ("=", Test::Is),
    (">", Test::Above),
    ("<", Test::Below),
];

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let at = text.find(['=', '!', '>', '<', '~']);
        let (path, rest) = text
            .split_at_checked(at.unwrap_or(text.len()))
            .unwrap_or((text, ""));
        let condition = |path: &str, test, value: &str| {
            if path.is_empty() {
                return Err(format!("'{text}' names no field: expected field=value"));
            }
            Ok(Self {
                path: path.trim().to_owned(),
                test,
                value: value.to_owned(),
                number: value.trim().parse().ok(),
            })
        };
        if rest.is_empty() {
            return condition(path, Test::Exists, "");
        }
        if let (true, Some(name)) = (path.is_empty(), rest.strip_prefix('!')) {
            return condition(name, Test::Missing, "");
        }
        let regex =
            |expression| pattern::compile(expression).map_err(|why| format!("'{text}': {why}"));
        if let Some(pattern) = rest.strip_prefix("!~") {
            return condition(path, Test::Unlike(regex(pattern)?), "");
        }
        if let Some(pattern) = rest.strip_prefix('~') {
            return condition(path, Test::Like(regex(pattern)?), "");
        }
        for (operator, test) in OPERATORS {
            if let Some(value) = rest.strip_prefix(operator) {
                return condition(path, test, value);
            }
        }
        Err(format!(
            "'{text}' has no operator: expected one of = != > >= < <= ~ !~"
        ))
    }

    /// Whether it holds. A field that is not there meets only `!field`, `!=` and `!~`.
    pub fn holds<'a>(&self, event: &Event<'a>, members: &[Member<'a>]) -> bool {
        if self.path == "level" {
            return self.level(event.level);
        }
        let field = event.field(members, &self.path);
        match &self.test {
            Test::Exists => field.is_some(),
            Test::Missing => field.is_none(),
            Test::IsNot => field.is_none_or(|field| !self.equals(field)),
            Test::Unlike(regex) => field.is_none_or(|field| !matches(regex, field)),
            Test::Is => field.is_some_and(|field| self.equals(field)),
            Test::Like(regex) => field.is_some_and(|field| matches(regex, field)),
            Test::Above => self.compares(field, std::cmp::Ordering::is_gt),
            Test::AtLeast => self.compares(field, std::cmp::Ordering::is_ge),
            Test::Below => self.compares(field, std::cmp::Ordering::is_lt),
            Test::AtMost => self.compares(field, std::cmp::Ordering::is_le),
        }
    }

    fn equals(&self, field: Raw<'_>) -> bool {
        match (field, self.number) {
            (Raw::Number(digits), Some(number)) => digits.parse() == Ok(number),
            (Raw::Text(text), _) => text.is(&self.value),
            (other, _) => with_text(other, |text| text == self.value),
        }
    }

    /// Numbers compare as numbers, texts by their characters; different kinds not at all.
    fn compares(&self, field: Option<Raw<'_>>, wanted: fn(std::cmp::Ordering) -> bool) -> bool {
        let order = match (field, self.number) {
            (Some(Raw::Number(digits)), Some(number)) => digits
                .parse::<f64>()
                .ok()
                .and_then(|field| field.partial_cmp(&number)),
            (Some(Raw::Text(text)), _) => Some((*text.to_str()).cmp(&*self.value)),
            _ => None,
        };
        order.is_some_and(wanted)
    }

    /// Levels compare by severity, whatever the line calls them.
    fn level(&self, level: Level) -> bool {
        let order = Level::from_name(self.value.trim()).map(|wanted| level.cmp(&wanted));
        match &self.test {
            Test::Exists => true,
            Test::Missing => false,
            Test::Is => order.is_some_and(std::cmp::Ordering::is_eq),
            Test::IsNot => order.is_none_or(std::cmp::Ordering::is_ne),
            Test::Above => order.is_some_and(std::cmp::Ordering::is_gt),
            Test::AtLeast => order.is_some_and(std::cmp::Ordering::is_ge),
            Test::Below => order.is_some_and(std::cmp::Ordering::is_lt),
            Test::AtMost => order.is_some_and(std::cmp::Ordering::is_le),
            Test::Like(regex) => regex.is_match(level.name()),
            Test::Unlike(regex) => !regex.is_match(level.name()),
        }
    }
}

fn matches(regex: &Regex, field: Raw<'_>) -> bool {
    with_text(field, |text| regex.is_match(text))
}

fn with_text(field: Raw<'_>, check: impl FnOnce(&str) -> bool) -> bool {
    match field {
        Raw::Text(text) => check(&text.to_str()),
        Raw::Number(text) | Raw::Object(text) | Raw::Array(text) => check(text),
        Raw::Bool(true) => check("true"),
        Raw::Bool(false) => check("false"),
        Raw::Null => check("null"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::super::json::read_object;
    use super::*;

    const LINE: &str = r#"{"level":40,"time":1767323045678,"msg":"time is up","n":42,
        "s":"b","ok":true,"none":null,"user":{"id":"u-7"},"tags":["a","b"],"eq":"a=b"}"#;

    fn holds(text: &str) -> bool {
        let mut members = Vec::new();
        assert!(read_object(LINE, &mut members, &mut Vec::new()));
        let event = Event::of(&members).unwrap();
        Condition::parse(text).unwrap().holds(&event, &members)
    }

    #[test]
    fn conditions_hold_as_they_read() {
        for text in [
            "n=42",
            "n=42.0",
            "n>41",
            "n>=42",
            "n<43",
            "n<=42",
            "n!=41",
            "n~^4",
            "n",
            "!m",
            "m!=1",
            "m!~x",
            "s=b",
            "s>a",
            "s!=c",
            "s~^b$",
            "ok=true",
            "none=null",
            "user.id=u-7",
            "user.id~^u-\\d$",
            "tags~\"b\"",
            "eq=a=b",
            "level=warn",
            "level=WARNING",
            "level>=info",
            "level<error",
            "level!=error",
            "level~^WARN",
            "msg~is",
            "message=time is up",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            "n=43",
            "n>42",
            "n<42",
            "n!=42",
            "!n",
            "m",
            "m=1",
            "m~x",
            "m>1",
            "s=a",
            "n=",
            "ok=1",
            "user=u-7",
            "n>x",
            "level=info",
            "level>warn",
            "level=nope",
            "!level",
            "tags=a",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_a_reason() {
        for (text, reason) in [
            ("=1", "names no field"),
            ("", "names no field"),
            ("!", "names no field"),
            ("a!b", "no operator"),
            ("a~(", "'a~('"),
        ] {
            let error = Condition::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn times_bound_the_events_from_since_to_before_until() {
        let mut members = Vec::new();
        assert!(read_object(LINE, &mut members, &mut Vec::new()));
        let event = Event::of(&members).unwrap();
        let filter = |since_ms, until_ms| Filter {
            since_ms,
            until_ms,
            ..Filter::default()
        };
        let at = 1_767_323_045_678.0;
        assert!(filter(Some(at), Some(at + 1.0)).wants(&event, &members));
        assert!(!filter(Some(at + 1.0), None).wants(&event, &members));
        assert!(!filter(None, Some(at)).wants(&event, &members));
        let timeless = Event {
            time_ms: f64::NAN,
            ..event
        };
        assert!(!filter(Some(0.0), None).wants(&timeless, &members));
        assert!(filter(None, None).wants(&timeless, &members));
    }
}
