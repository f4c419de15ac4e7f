//! JSON as it stands in a line: a tokenizer that borrows and checks.
//!
//! It accepts what RFC 8259 does, except containers nested deeper than [`MAX_DEPTH`]. Values are not converted:
//! a number stays the text it is, a string keeps its escapes until somebody needs it.

use std::borrow::Cow;

use crate::format::json_text::plain_run;

/// Deepest nesting of containers that is read.
pub const MAX_DEPTH: usize = 512;

/// The inside of a string literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawText<'a> {
    body: &'a str,
    escaped: bool,
}

impl<'a> RawText<'a> {
    /// The string; borrowed when it has no escapes. A lone surrogate is U+FFFD.
    pub fn to_str(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.body))
        } else {
            Cow::Borrowed(self.body)
        }
    }

    /// Whether this is `name`, without converting if possible.
    pub fn is(self, name: &str) -> bool {
        if self.escaped {
            unescape(self.body) == name
        } else {
            self.body == name
        }
    }
}

/// A value, uninterpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// From `{` to `}`.
    Object(&'a str),
    /// From `[` to `]`.
    Array(&'a str),
    /// A string.
    Text(RawText<'a>),
    /// The digits as written.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`
    Null,
}

impl<'a> Raw<'a> {
    /// The string, if it is one.
    pub fn text(self) -> Option<RawText<'a>> {
        match self {
            Raw::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// An entry of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name.
    pub key: RawText<'a>,
    /// Its value.
    pub value: Raw<'a>,
    /// The value as written, quotes included.
    pub source: &'a str,
}

/// One step through a container, outer and inner entries alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Start of an object; the key is missing in arrays.
    ObjectStart(Option<RawText<'a>>),
    /// Start of an array.
    ArrayStart(Option<RawText<'a>>),
    /// End of the innermost container.
    Close,
    /// Any other value.
    Scalar(Option<RawText<'a>>, Raw<'a>),
}

#[derive(Clone, Copy, Debug)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str, value: Raw<'a>) -> Option<Raw<'a>> {
        self.rest().starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
            value
        })
    }

    fn string(&mut self) -> Option<RawText<'a>> {
        self.eat(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_run(self.rest());
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        let body = self.text.get(start..self.at)?;
        self.at += 1;
        Some(RawText { body, escaped })
    }

    fn escape(&mut self) -> Option<()> {
        let digits = match self.rest().get(1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 0,
            b'u' => 4,
            _ => return None,
        };
        let hex = self.rest().get(2..2 + digits)?;
        self.at += 2 + digits;
        hex.iter().all(u8::is_ascii_hexdigit).then_some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self
            .rest()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn number(&mut self) -> Option<Raw<'a>> {
        let start = self.at;
        let _minus = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.text.get(start..self.at).map(Raw::Number)
    }

    fn scalar(&mut self) -> Option<Raw<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Raw::Text),
            b't' => self.word("true", Raw::Bool(true)),
            b'f' => self.word("false", Raw::Bool(false)),
            b'n' => self.word("null", Raw::Null),
            _ => self.number(),
        }
    }
}

/// Walks through a container; ends early, with [`Steps::whole`] unset, when it is not JSON.
#[derive(Debug)]
pub struct Steps<'a> {
    cursor: Cursor<'a>,
    /// Containers around the cursor, `true` for objects.
    open: Vec<bool>,
    /// Nothing has been read since the last opening bracket.
    fresh: bool,
}

impl<'a> Steps<'a> {
    /// The steps after the bracket that `text` starts with, the last `Close` included. `memory` is any vector
    /// whose space may be used.
    pub fn new(text: &'a str, memory: Vec<bool>) -> Self {
        let mut open = memory;
        open.clear();
        let first = text.as_bytes().first();
        open.extend(first.map(|&bracket| bracket == b'{'));
        Self {
            cursor: Cursor { text, at: 1 },
            open,
            fresh: true,
        }
    }

    /// Whether every container was closed.
    pub fn whole(&self) -> bool {
        self.open.is_empty()
    }

    /// Gives the memory back.
    pub fn into_memory(self) -> Vec<bool> {
        self.open
    }

    fn step(&mut self, object: bool) -> Option<Step<'a>> {
        let cursor = &mut self.cursor;
        cursor.space();
        if cursor.eat(if object { b'}' } else { b']' }).is_some() {
            self.fresh = false;
            self.open.pop();
            return Some(Step::Close);
        }
        if !self.fresh {
            cursor.eat(b',')?;
            cursor.space();
        }
        self.fresh = false;
        let key = if object {
            let key = cursor.string()?;
            cursor.space();
            cursor.eat(b':')?;
            cursor.space();
            Some(key)
        } else {
            None
        };
        let inner = match cursor.peek()? {
            b'{' => true,
            b'[' => false,
            _ => return Some(Step::Scalar(key, cursor.scalar()?)),
        };
        if self.open.len() >= MAX_DEPTH {
            return None;
        }
        cursor.at += 1;
        self.open.push(inner);
        self.fresh = true;
        Some(if inner {
            Step::ObjectStart(key)
        } else {
            Step::ArrayStart(key)
        })
    }
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    #[inline]
    fn next(&mut self) -> Option<Step<'a>> {
        let object = *self.open.last()?;
        self.step(object)
    }
}

/// The entries of one container, inner containers whole.
#[derive(Debug)]
pub struct Entries<'a> {
    steps: Steps<'a>,
}

impl<'a> Entries<'a> {
    /// The entries of the container that `text` starts with.
    pub fn new(text: &'a str, memory: Vec<bool>) -> Self {
        Self {
            steps: Steps::new(text, memory),
        }
    }

    /// The next entry. Its key is empty in an array.
    fn entry(&mut self) -> Option<Member<'a>> {
        const NONE: RawText<'static> = RawText {
            body: "",
            escaped: false,
        };
        let from = self.steps.cursor.at;
        let (key, object) = match self.steps.next()? {
            Step::Close => return None,
            Step::Scalar(key, value) => {
                let to = self.steps.cursor.at;
                let source = match value {
                    Raw::Text(text) => text.body.len() + 2,
                    Raw::Number(digits) => digits.len(),
                    Raw::Bool(true) | Raw::Null => 4,
                    Raw::Bool(false) => 5,
                    Raw::Object(_) | Raw::Array(_) => to - from,
                };
                return Some(Member {
                    key: key.unwrap_or(NONE),
                    value,
                    source: self.steps.cursor.text.get(to.checked_sub(source)?..to)?,
                });
            }
            Step::ObjectStart(key) => (key, true),
            Step::ArrayStart(key) => (key, false),
        };
        let start = self.steps.cursor.at - 1;
        let depth = self.steps.open.len();
        while self.steps.open.len() >= depth {
            self.steps.next()?;
        }
        let source = self.steps.cursor.text.get(start..self.steps.cursor.at)?;
        Some(Member {
            key: key.unwrap_or(NONE),
            value: if object {
                Raw::Object(source)
            } else {
                Raw::Array(source)
            },
            source,
        })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        self.entry()
    }
}

/// Reads `line` as one object into `members`, which is emptied first; `false` when it is anything else.
pub fn read_object<'a>(
    line: &'a str,
    members: &mut Vec<Member<'a>>,
    memory: &mut Vec<bool>,
) -> bool {
    members.clear();
    let line = line.trim_matches([' ', '\t', '\r', '\n']);
    if !line.starts_with('{') {
        return false;
    }
    let mut entries = Entries::new(line, std::mem::take(memory));
    members.extend(&mut entries);
    let whole = entries.steps.whole() && entries.steps.cursor.at == line.len();
    *memory = entries.steps.into_memory();
    whole
}

fn unescape(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escape.chars();
        match chars.next() {
            Some('u') => {
                let (char, used) = surrogates(escape);
                out.push(char);
                rest = escape.get(used..).unwrap_or_default();
                continue;
            }
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// The character of `uXXXX` or `uXXXX\uXXXX` at the start of `text`, and how many bytes say so.
fn surrogates(text: &str) -> (char, usize) {
    let unit = |from: usize| u16::from_str_radix(text.get(from..from + 4)?, 16).ok();
    let first = unit(1).unwrap_or(0xfffd);
    if let Some(char) = char::from_u32(u32::from(first)) {
        return (char, 5);
    }
    let second = match text.get(5..7) {
        Some("\\u") => unit(7),
        _ => None,
    };
    match second.map(|second| char::decode_utf16([first, second]).next()) {
        Some(Some(Ok(char))) => (char, 11),
        _ => (char::REPLACEMENT_CHARACTER, 5),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// What serde_json makes of an object; the first of several members of one name.
    fn rebuilt(line: &str) -> Option<Value> {
        let mut members = Vec::new();
        if !read_object(line, &mut members, &mut Vec::new()) {
            return None;
        }
        let object = members.iter().map(|member| {
            let value = serde_json::from_str(member.source).unwrap();
            if let Raw::Text(text) = member.value {
                assert_eq!(value, Value::String(text.to_str().into_owned()));
            }
            (member.key.to_str().into_owned(), value)
        });
        Some(Value::Object(object.collect()))
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(".*", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn what_is_not_one_json_object_is_refused() {
        for line in [
            "",
            "{",
            "}",
            "[]",
            "[1]",
            "1",
            "{}x",
            "{}{}",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":[1,]}",
            "{\"a\":[,1]}",
            "{\"a\":1 \"b\":2}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":tru}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"",
            "{\"a\":[}]",
            "{\"a\":{]}",
        ] {
            assert_eq!(rebuilt(line), None, "{line}");
            assert!(
                !serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object()),
                "{line}"
            );
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            read_object(
                &format!("{{\"a\":{open}{close}}}"),
                &mut Vec::new(),
                &mut Vec::new(),
            )
        };
        assert!(deep(MAX_DEPTH - 1));
        assert!(!deep(MAX_DEPTH));
        assert!(!deep(1_000_000));
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        let mut members = Vec::new();
        let line = r#"{"a":"x\ud83dy","b":"\ud83d\ude80","c":"\ude80\ud83d","d":"\ud83d\u0041"}"#;
        assert!(read_object(line, &mut members, &mut Vec::new()));
        let texts: Vec<_> = members
            .iter()
            .map(|member| member.value.text().unwrap().to_str().into_owned())
            .collect();
        assert_eq!(
            texts,
            ["x\u{fffd}y", "\u{1f680}", "\u{fffd}\u{fffd}", "\u{fffd}A"]
        );
    }

    proptest! {
        #[test]
        fn every_object_is_read_as_serde_json_reads_it(value in any_json(), pretty in any::<bool>()) {
            let object = serde_json::json!({ "value": value });
            let line = if pretty { format!("{object:#}") } else { object.to_string() };
            prop_assert_eq!(rebuilt(&line), Some(serde_json::from_str(&line).unwrap()));
        }

        #[test]
        fn damaged_objects_are_judged_as_serde_json_judges_them(
            value in any_json(), at in any::<prop::sample::Index>(), with in "[\\[\\]{}\",:0-9a-z\\\\. -]",
        ) {
            let mut line = serde_json::json!({ "value": value }).to_string();
            let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
            let at = places[at.index(places.len())];
            line.replace_range(at..at + line[at..].chars().next().unwrap().len_utf8(), &with);
            // Numbers beyond a double are JSON, which serde_json refuses.
            let expected = serde_json::from_str::<Box<serde_json::value::RawValue>>(&line)
                .is_ok_and(|raw| raw.get().trim_start().starts_with('{'));
            prop_assert_eq!(read_object(&line, &mut Vec::new(), &mut Vec::new()), expected, "{}", line);
        }
    }
}
