//! Redaction: one pass over the tokens of an event that rewrites it only where a rule says so.
//!
//! Three kinds of rules meet in it. Names of keys are compared once per key, since keys travel as numbers and
//! what was found out is remembered. Paths are followed by a machine that moves with the pass. Texts are looked
//! at for what secrets look like (see [`scan`]). What cannot be redacted is withheld, counted and reported:
//! redaction fails closed. An event in which a [`glance`] finds nothing is not gone through at all.

mod glance;
mod json_text;
mod key_name;
mod output;
mod path;
mod presets;
mod rules;
mod scan;
mod settings;
mod strategy;
mod withheld;

use std::panic::{catch_unwind, AssertUnwindSafe};

pub use settings::RedactSettings;
pub use withheld::WithheldNames;

use super::{Stage, StageCounts, Verdict};
use crate::error::Result;
use crate::wire::layout::{KEY_NONE, TAG_MARKER, TAG_UNDEFINED};
use crate::wire::{Key, OwnStrings, Record, RecordWriter, Text, Token, Value};
use output::{rekeyed, Output};
use path::Arrival;
use rules::{Decision, Memory, Rules};
use scan::Scanner;
use strategy::{Censor, Strategy};

/// Containers within containers; the encoder writes 64 at most.
const MAX_DEPTH: usize = 128;
/// Key of the field that says why there are no others.
const NOTICE_KEY: &str = "redaction";
const DAMAGED: &str = "[Withheld: the record is damaged]";
const FAILED: &str = "[Withheld: redaction failed]";
const TOO_MUCH: &str = "[Withheld: beyond redact.maxScanBytes]";
const TOO_DEEP: &str = "[Withheld: too deep to be redacted]";

/// The redaction stage.
pub struct Redact {
    rules: Rules,
    scanner: Scanner,
    censor: Censor,
    memory: Memory,
    /// Whether texts matter at all.
    reads_text: bool,
    json_strings: bool,
    max_characters: usize,
    max_scan_bytes: usize,
    notice: u32,
    /// Containers around the current token, outermost first.
    frames: Vec<Frame>,
    /// The states of the paths at each of these depths, from the top of the event on.
    states: Vec<u64>,
    index_mask: Vec<u64>,
    /// Bytes of text of the current event that were looked at.
    scanned: usize,
    /// What stands in the place of keys of the current event.
    masked_keys: Vec<String>,
    redacted: u64,
    withheld: u64,
    #[cfg(test)]
    panic_at: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
    Error,
}

#[derive(Clone, Copy)]
struct Frame {
    container: Container,
    /// Number of the next element.
    index: u32,
    /// Everything inside may stay.
    allowed: bool,
    /// An error whose own parts may stay, or a list of such.
    spared: bool,
    /// Names and values take turns.
    pairs: bool,
    /// The rule of the name that was the element before.
    named: Option<u16>,
}

/// Where a token stands, and what that means for it.
struct Place {
    rule: Option<u16>,
    arrival: Arrival,
    decision: Decision,
    in_array: bool,
}

impl Redact {
    /// The stage that the settings ask for.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`](crate::error::ErrorCode::SettingInvalid) that names every rule that is wrong.
    pub fn new(settings: &RedactSettings, own: &mut OwnStrings) -> Result<Self> {
        let (mut rules, scanner) = settings.compile()?;
        rules.look_at_keys(&scanner);
        Ok(Self {
            rules,
            reads_text: !scanner.is_idle()
                || settings.json_strings
                || settings.max_string_length.is_some(),
            scanner,
            censor: settings.censor(),
            memory: Memory::default(),
            json_strings: settings.json_strings,
            max_characters: settings.max_string_length.unwrap_or(usize::MAX),
            max_scan_bytes: settings.max_scan_bytes,
            notice: own.intern(NOTICE_KEY).unwrap_or(KEY_NONE),
            frames: Vec::new(),
            states: Vec::new(),
            index_mask: Vec::new(),
            scanned: 0,
            masked_keys: Vec::new(),
            redacted: 0,
            withheld: 0,
            #[cfg(test)]
            panic_at: None,
        })
    }

    /// Goes through an event. `None` if it is damaged.
    fn pass(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Option<Verdict> {
        self.memory.select(record.dictionary());
        self.frames.clear();
        self.states.clear();
        self.states.extend_from_slice(self.rules.paths.start());
        self.scanned = 0;
        self.masked_keys.clear();
        let mut output = Output::new(record, out);
        let mut tokens = record.tokens();
        if let Some((token, bytes)) = tokens.next_with_bytes() {
            self.scalar(&token, bytes, None, &mut output);
        }
        while let Some((token, bytes)) = tokens.next_with_bytes() {
            if matches!(token.value, Value::Close) {
                self.frames.pop();
                output.keep(bytes);
                continue;
            }
            let place = self.place(&token);
            let frame = self.frame(&token, &place);
            let renamed;
            let bytes = if place.decision.shows {
                output.change();
                renamed = rekeyed(bytes, &self.masked_key(&token.key.to_str()));
                &renamed
            } else {
                bytes
            };
            if self.rules.paths.has_allowed() && !self.may_stay(&token, &place, frame.as_ref()) {
                output.change();
                self.redacted += 1;
                if frame.is_some() {
                    tokens.skip_container();
                }
            } else if let Some(rule) = place.rule {
                self.apply_rule(rule, &token, bytes, place.in_array, &mut output);
                if frame.is_some() {
                    tokens.skip_container();
                }
            } else if let Some(frame) = frame {
                if self.frames.len() < MAX_DEPTH {
                    self.frames.push(frame);
                    output.keep(bytes);
                } else {
                    self.withheld += 1;
                    output.change().marker_like(bytes, TOO_DEEP);
                    tokens.skip_container();
                }
            } else {
                self.scalar(&token, bytes, Some(&place), &mut output);
            }
        }
        if tokens.damaged() {
            return None;
        }
        Some(output.verdict())
    }

    /// What stands in the place of a key that looks like a secret: another one for each such key of an event.
    #[cold]
    #[inline(never)]
    fn masked_key(&mut self, key: &str) -> String {
        let hits = self.rules.secrets_in(key);
        self.redacted += hits.len() as u64;
        let masked = scan::replace(key, hits, &self.censor);
        let before = self.masked_keys.iter().filter(|&one| *one == masked);
        let count = before.count();
        self.masked_keys.push(masked.clone());
        match count {
            0 => masked,
            count => format!("{masked}#{}", count + 1),
        }
    }

    /// Finds out where a token stands and moves the paths there.
    #[inline(always)]
    fn place(&mut self, token: &Token<'_>) -> Place {
        let decision = match token.key {
            Key::None => Decision::default(),
            Key::Interned(entry) => self.memory.decision(entry, &mut self.rules),
            Key::Inline(text) => self.rules.recall(&text.to_str()),
        };
        let mut rule = decision.rule();
        let depth = self.frames.len();
        let mut element = None;
        if let Some(frame) = self.frames.last_mut() {
            if frame.container == Container::Array {
                element = Some(frame.index);
                frame.index = frame.index.wrapping_add(1);
                rule = frame.named.take();
                if frame.pairs && frame.index % 2 == 1 {
                    // A Map whose keys are not all text travels as a list of pairs, and Node.js has raw headers
                    // as a list in which names and values take turns.
                    if let Value::Text(name) = token.value {
                        frame.named = self.rules.recall(&name.to_str()).rule();
                    }
                }
            }
        }
        let words = self.rules.paths.words();
        let mut arrival = Arrival::default();
        if words > 0 {
            let next = (depth + 1) * words;
            if self.states.len() < next + words {
                self.states.resize(next + words, 0);
            }
            let mask = match element {
                Some(index) if self.rules.paths.has_indexes() => {
                    self.rules.paths.index_mask(index, &mut self.index_mask);
                    &self.index_mask
                }
                _ => self.rules.mask(decision),
            };
            if let Some((before, after)) = self.states.split_at_mut_checked(next) {
                let state = before.get(depth * words..).unwrap_or_default();
                let after = after.get_mut(..words).unwrap_or_default();
                arrival = self.rules.paths.step(state, mask, after);
            }
        }
        Place {
            rule: arrival.rule.or(rule),
            arrival,
            decision,
            in_array: element.is_some(),
        }
    }

    /// The frame of a token that opens a container.
    #[inline(always)]
    fn frame(&self, token: &Token<'_>, place: &Place) -> Option<Frame> {
        let container = match token.value {
            Value::ObjectStart => Container::Object,
            Value::ArrayStart => Container::Array,
            Value::ErrorStart => Container::Error,
            _ => return None,
        };
        let outer = self.frames.last();
        Some(Frame {
            container,
            index: 0,
            allowed: place.arrival.allowed
                || match outer {
                    Some(outer) => outer.allowed,
                    None => place.decision.is_context,
                },
            spared: match (container, outer) {
                (Container::Error, None) => true,
                (Container::Error | Container::Array, Some(outer)) => outer.spared,
                _ => false,
            },
            pairs: container == Container::Array
                && (place.decision.has_pairs
                    || outer.is_some_and(|outer| outer.container == Container::Array)),
            named: None,
        })
    }

    /// Whether a token may stay where only what is allowed may. A line's context is not data, and an error
    /// keeps its type, message, stack and causes.
    fn may_stay(&self, token: &Token<'_>, place: &Place, frame: Option<&Frame>) -> bool {
        if place.arrival.allowed {
            return true;
        }
        if let Some(frame) = frame {
            return frame.allowed || frame.spared || place.arrival.towards_allowed;
        }
        match self.frames.last() {
            None => place.decision.is_context,
            Some(outer) if outer.allowed => true,
            Some(outer) if outer.spared && outer.container == Container::Error => {
                matches!(&*token.key.to_str(), "type" | "message" | "stack")
            }
            Some(_) => false,
        }
    }

    /// Does what a rule says about the value under a key.
    fn apply_rule(
        &mut self,
        rule: u16,
        token: &Token<'_>,
        bytes: &[u8],
        in_array: bool,
        output: &mut Output<'_, '_>,
    ) {
        let rule = self.rules.get(rule);
        let mask = rule.mask.unwrap_or(self.censor.mask());
        self.redacted += 1;
        match rule.strategy {
            // What the encoder has withheld already.
            Strategy::Mask if matches!(token.value, Value::Marker(text) if text.to_str() == mask) =>
            {
                output.keep(bytes);
            }
            Strategy::Mask => output.change().marker_like(bytes, mask),
            Strategy::Remove if in_array => output.change().token(TAG_UNDEFINED, KEY_NONE),
            Strategy::Remove => {
                output.change();
            }
            strategy => match text_of(&token.value) {
                Some(text) => {
                    let text = self.censor.censored(strategy, &text);
                    output.change().marker_like(bytes, &text);
                }
                None => output.change().marker_like(bytes, mask),
            },
        }
    }

    /// Looks at a value that is no container and under no rule.
    #[inline(always)]
    fn scalar(
        &mut self,
        token: &Token<'_>,
        bytes: &[u8],
        place: Option<&Place>,
        output: &mut Output<'_, '_>,
    ) {
        match token.value {
            Value::Text(text) if self.reads_text => match self.text(text, place) {
                Some(text) => output.change().string_like(bytes, &text),
                None => output.keep(bytes),
            },
            // Markers hold what somebody's error said; names are up to the user too.
            Value::Marker(text) | Value::Function(text) | Value::Symbol(text)
                if self.reads_text =>
            {
                match self.text(text, place) {
                    Some(text) => {
                        let tag = bytes.first().copied().unwrap_or(TAG_MARKER);
                        output.change().text_like(tag, bytes, &text);
                    }
                    None => output.keep(bytes),
                }
            }
            Value::Float(number) if number >= 1e12 => {
                self.digits(&token.value, bytes, output);
            }
            Value::BigInt(_) => self.digits(&token.value, bytes, output),
            _ => output.keep(bytes),
        }
    }

    /// Looks whether a number is that of a card.
    fn digits(&mut self, value: &Value<'_>, bytes: &[u8], output: &mut Output<'_, '_>) {
        let card = self.scanner.card().zip(text_of(value));
        match card {
            Some((strategy, text)) if is_card_text(&text) => {
                self.redacted += 1;
                let text = self.censor.censored(strategy, &text);
                output.change().marker_like(bytes, &text);
            }
            _ => output.keep(bytes),
        }
    }

    /// What stands in the place of a text; `None` if it can stay as it is.
    #[inline(always)]
    fn text(&mut self, text: Text<'_>, place: Option<&Place>) -> Option<String> {
        let bytes = match text {
            Text::Latin1(bytes) => bytes,
            Text::Utf8(text) => text.as_bytes(),
            Text::Interned(entry) if self.memory.is_clean(entry) => return None,
            Text::Interned(entry) => entry.text().as_bytes(),
            Text::Utf16(bytes) => return self.read(text, bytes.len(), place),
        };
        self.scanned += bytes.len();
        let is_short = bytes.len() <= self.max_characters;
        if is_short
            && !(self.json_strings && json_text::may_be(bytes))
            && self.scanned <= self.max_scan_bytes
            && self.scanner.is_clean(bytes)
        {
            if let Text::Interned(entry) = text {
                self.memory.set_clean(entry);
            }
            return None;
        }
        self.read(text, 0, place)
    }

    /// Reads a text in earnest.
    #[cold]
    #[inline(never)]
    fn read(&mut self, text: Text<'_>, unseen: usize, place: Option<&Place>) -> Option<String> {
        self.scanned += unseen;
        if self.scanned > self.max_scan_bytes {
            self.withheld += 1;
            return Some(TOO_MUCH.to_owned());
        }
        let read = text.to_str();
        #[cfg(test)]
        self.may_panic(read.as_bytes());
        let words = self.rules.paths.words();
        let state = match place {
            Some(_) if words > 0 => {
                let start = (self.frames.len() + 1) * words;
                self.states.get(start..start + words).map(<[u64]>::to_vec)
            }
            _ => None,
        };
        let changed = self.censor_text(&read, state.as_deref(), 0);
        let cut = self.cut(changed.as_deref().unwrap_or(&read));
        let result = cut.or(changed);
        if let (Text::Interned(entry), None, true) = (text, &result, words == 0) {
            self.memory.set_clean(entry);
        }
        result
    }

    #[cfg(test)]
    fn may_panic(&self, text: &[u8]) {
        if self.panic_at.map(str::as_bytes) == Some(text) {
            std::panic::resume_unwind(Box::new("a test"));
        }
    }

    /// Replaces what is secret in a text; in what is JSON, also by its keys.
    fn censor_text(&mut self, text: &str, state: Option<&[u64]>, nested: u8) -> Option<String> {
        if self.json_strings && nested < json_text::MAX_NESTED && json_text::may_be(text.as_bytes())
        {
            json_text::censor(self, text, state, nested)
        } else {
            self.censor_plain(text)
        }
    }

    fn censor_plain(&mut self, text: &str) -> Option<String> {
        let hits = self.scanner.find(text);
        if hits.is_empty() {
            return None;
        }
        let found = hits.len() as u64;
        let replaced = scan::replace(text, hits, &self.censor);
        // A mask where a user name and password would be is found again.
        (replaced != text).then(|| {
            self.redacted += found;
            replaced
        })
    }

    /// Cuts a text that is too long.
    fn cut(&mut self, text: &str) -> Option<String> {
        if text.len() <= self.max_characters {
            return None;
        }
        let (end, _) = text.char_indices().nth(self.max_characters)?;
        let head = text.get(..end)?;
        let all = text.chars().count();
        Some(format!(
            "{head}…[truncated {} of {all} characters]",
            all - self.max_characters
        ))
    }

    /// Writes an event without its fields.
    fn withhold(&mut self, record: &Record<'_>, out: &mut RecordWriter, why: &str) {
        self.withheld += 1;
        self.frames.clear();
        if why == DAMAGED {
            // The message was read, and what it says does not depend on any key.
            self.scanned = 0;
            let mut output = Output::new(record, out);
            output.change();
            if let Some((token, bytes)) = record.tokens().next_with_bytes() {
                self.scalar(&token, bytes, None, &mut output);
            } else {
                out.no_message();
            }
        } else {
            out.start_like(record);
            out.no_message();
        }
        out.tagged_text(TAG_MARKER, self.notice, why);
    }
}

impl Stage for Redact {
    fn apply(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Verdict {
        let look = AssertUnwindSafe(|| {
            if glance::is_harmless(self, record) {
                return Some(Verdict::Unchanged);
            }
            self.pass(record, out)
        });
        match catch_unwind(look) {
            Ok(Some(verdict)) => verdict,
            Ok(None) => {
                self.withhold(record, out, DAMAGED);
                Verdict::Changed
            }
            Err(_) => {
                // Whatever was remembered may be half of something.
                self.memory = Memory::default();
                self.withhold(record, out, FAILED);
                Verdict::Changed
            }
        }
    }

    fn take_counts(&mut self) -> StageCounts {
        StageCounts {
            redacted: std::mem::take(&mut self.redacted),
            withheld: std::mem::take(&mut self.withheld),
            ..StageCounts::default()
        }
    }
}

/// A scalar as text, for strategies that need to see it.
fn text_of(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) | Value::BigInt(text) => Some(text.to_str().into_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) if number.is_finite() => Some(number.to_string()),
        _ => None,
    }
}

fn is_card_text(text: &str) -> bool {
    let digits: Vec<u8> = text
        .bytes()
        .take(20)
        .map(|byte| byte.wrapping_sub(b'0'))
        .collect();
    digits.iter().all(|&digit| digit < 10) && scan::is_card_number(&digits)
}

#[cfg(test)]
mod tests;
