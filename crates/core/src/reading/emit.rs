//! A line's event as a wire record, so that the one `pretty` format prints it.

use memchr::memmem;

use super::event::Event;
use super::json::{Entries, Member, Raw, RawText, Step, Steps};
use crate::wire::layout::{
    TAG_ARRAY_START, TAG_ERROR_START, TAG_FALSE, TAG_NULL, TAG_OBJECT_START, TAG_TRUE,
};
use crate::wire::{Dictionary, RecordWriter};

/// Errors within errors that keep their layout; deeper ones are objects.
const MAX_ERROR_DEPTH: usize = 16;
/// Logger names that are remembered.
const MAX_LOGGERS: usize = 64;

/// Members of a line that say where it comes from, which `pretty` does not show.
const ORIGIN: [&str; 3] = ["pid", "hostname", "v"];
/// The same in the envelope's `context`, with ids that nobody reads.
const CONTEXT_ORIGIN: [&str; 6] = ["message_id", "service", "env", "version", "host", "pid"];

/// Writes records; keeps the memory of the last one.
#[derive(Debug)]
pub(super) struct Emitter {
    writer: RecordWriter,
    names: Dictionary,
    memory: Vec<bool>,
}

impl Emitter {
    pub(super) fn new() -> Self {
        Self {
            writer: RecordWriter::new(crate::level::Level::INFO, 0, 0.0),
            names: Dictionary::new(),
            memory: Vec::new(),
        }
    }

    /// The record of `event`, and the dictionary it refers to.
    pub(super) fn record<'a>(
        &mut self,
        event: &Event<'a>,
        members: &[Member<'a>],
    ) -> (&[u8], &Dictionary) {
        let logger = event.logger.map_or(0, |name| self.logger(name));
        self.writer.restart(event.level, logger, event.time_ms);
        // winston's `errors` format spreads an Error over the line.
        let stack = members.iter().find(|member| {
            event.envelope.is_none() && member.key.is("stack") && member.value.text().is_some()
        });
        match event.message {
            // The envelope says `""` for none.
            Some(Raw::Text(text)) if !text.is("") => {
                self.writer.string_under(None, &text.to_str());
            }
            Some(Raw::Number(digits)) => self.writer.marker_under(None, digits),
            _ => self.writer.no_message(),
        }
        for (index, member) in members.iter().enumerate() {
            let at = Some(index);
            let spent = event.spent;
            let is_part = at == spent.level
                || at == spent.time
                || at == spent.message
                || at == spent.logger
                || stack.is_some_and(|stack| stack.source.as_ptr() == member.source.as_ptr());
            if !is_part && !ORIGIN.iter().any(|name| member.key.is(name)) {
                self.top_level(event, member);
            }
        }
        if let Some(stack) = stack.and_then(|member| member.value.text()) {
            self.spread_error(&stack.to_str());
        }
        (self.writer.complete(), &self.names)
    }

    /// The dictionary id of a logger's name.
    fn logger(&mut self, name: RawText<'_>) -> u32 {
        let name = name.to_str();
        let known = (1..=self.names.len() as u32)
            .rev()
            .find(|&id| self.names.get(id).is_some_and(|entry| entry.text() == name));
        known.unwrap_or_else(|| {
            if self.names.len() >= MAX_LOGGERS {
                self.names = Dictionary::new();
            }
            self.names.intern(&name)
        })
    }

    fn top_level(&mut self, event: &Event<'_>, member: &Member<'_>) {
        let envelope = event.envelope.as_ref();
        match member.value {
            Raw::Object(text) if envelope.is_some_and(|it| same(it.context, text)) => {
                for member in Entries::new(text, Vec::new()) {
                    let hidden = CONTEXT_ORIGIN.iter().any(|name| member.key.is(name))
                        || (member.key.is("correlation_id") && member.value == Raw::Null);
                    if !hidden {
                        self.field(&member);
                    }
                }
            }
            Raw::Object(text) if envelope.is_some_and(|it| same(it.diagnostics, text)) => {
                for member in Entries::new(text, Vec::new()) {
                    match member.value {
                        Raw::Object(error) if member.key.is("exception") => {
                            self.error(Some("err"), error, 0);
                        }
                        _ if member.key.is("origin") => {}
                        _ => self.field(&member),
                    }
                }
            }
            Raw::Object(text) if envelope.is_some_and(|it| same(it.data, text)) => {
                for member in Entries::new(text, Vec::new()) {
                    self.field(&member);
                }
            }
            _ => self.field(member),
        }
    }

    fn field(&mut self, member: &Member<'_>) {
        let key = member.key.to_str();
        match member.value {
            Raw::Object(text) if looks_like_error(text) => self.error(Some(&key), text, 0),
            value => self.value(Some(&key), value),
        }
    }

    fn value(&mut self, key: Option<&str>, value: Raw<'_>) {
        let text = match value {
            Raw::Object(text) => {
                self.writer.token_under(TAG_OBJECT_START, key);
                text
            }
            Raw::Array(text) => {
                self.writer.token_under(TAG_ARRAY_START, key);
                text
            }
            scalar => return self.scalar(key, scalar),
        };
        let mut steps = Steps::new(text, std::mem::take(&mut self.memory));
        for step in &mut steps {
            match step {
                Step::ObjectStart(key) => self.start(TAG_OBJECT_START, key),
                Step::ArrayStart(key) => self.start(TAG_ARRAY_START, key),
                Step::Close => self.writer.close(),
                Step::Scalar(key, value) => {
                    self.scalar(key.map(RawText::to_str).as_deref(), value);
                }
            }
        }
        self.memory = steps.into_memory();
    }

    fn start(&mut self, tag: u8, key: Option<RawText<'_>>) {
        self.writer
            .token_under(tag, key.map(RawText::to_str).as_deref());
    }

    fn scalar(&mut self, key: Option<&str>, value: Raw<'_>) {
        match value {
            Raw::Text(text) => self.writer.string_under(key, &text.to_str()),
            // As written: no digit is lost.
            Raw::Number(digits) => self.writer.marker_under(key, digits),
            Raw::Bool(true) => self.writer.token_under(TAG_TRUE, key),
            Raw::Bool(false) => self.writer.token_under(TAG_FALSE, key),
            Raw::Null | Raw::Object(_) | Raw::Array(_) => self.writer.token_under(TAG_NULL, key),
        }
    }

    /// Writes an object as an Error; bunyan's and winston's call its type `name`.
    fn error(&mut self, key: Option<&str>, text: &str, depth: usize) {
        self.writer.token_under(TAG_ERROR_START, key);
        let typed = Entries::new(text, Vec::new()).any(|member| member.key.is("type"));
        for member in Entries::new(text, Vec::new()) {
            let key = member.key.to_str();
            match (&*key, member.value) {
                ("name", Raw::Text(name)) if !typed => {
                    self.writer.string_under(Some("type"), &name.to_str());
                }
                ("cause", Raw::Object(cause)) if self.nests(cause, depth) => {
                    self.error(Some("cause"), cause, depth + 1);
                }
                ("errors" | "aggregateErrors", Raw::Array(errors)) => {
                    self.writer.token_under(TAG_ARRAY_START, Some("errors"));
                    for member in Entries::new(errors, Vec::new()) {
                        match member.value {
                            Raw::Object(error) if self.nests(error, depth) => {
                                self.error(None, error, depth + 1);
                            }
                            other => self.value(None, other),
                        }
                    }
                    self.writer.close();
                }
                (key, value) => self.value(Some(key), value),
            }
        }
        self.writer.close();
    }

    fn nests(&self, text: &str, depth: usize) -> bool {
        depth < MAX_ERROR_DEPTH && looks_like_error(text)
    }

    /// Writes an Error of which the line has the stack and, as its own message, the message.
    fn spread_error(&mut self, stack: &str) {
        let headline = stack.lines().next().unwrap_or_default();
        let (kind, message) = headline.split_once(": ").unwrap_or((headline, ""));
        self.writer.token_under(TAG_ERROR_START, Some("err"));
        self.writer.string_under(Some("type"), kind);
        self.writer.string_under(Some("message"), message);
        self.writer.string_under(Some("stack"), stack);
        self.writer.close();
    }
}

/// Whether an object has a message and a stack.
fn looks_like_error(text: &str) -> bool {
    // Spares nearly all objects the walk.
    if memmem::find(text.as_bytes(), b"\"stack\"").is_none() {
        return false;
    }
    let (mut message, mut stack) = (false, false);
    for member in Entries::new(text, Vec::new()) {
        if member.value.text().is_some() {
            message |= member.key.is("message");
            stack |= member.key.is("stack");
        }
    }
    message && stack
}

fn same(a: &str, b: &str) -> bool {
    std::ptr::eq(a, b)
}
