//! Texts that are JSON, or contain it: the same rules apply to their keys as to the event's own.
//!
//! The text is not parsed into values and written again, which would change numbers, order and spacing; it is
//! walked, and only what is secret is replaced. Where it stops being JSON inside an object, the rest is withheld:
//! the key of what follows is not known.

use std::borrow::Cow;

use super::strategy::Strategy;
use super::Redact;

/// Texts within texts, at most.
pub const MAX_NESTED: u8 = 4;
const MAX_DEPTH: usize = 64;
const BROKEN: &str = "[Withheld: not JSON from here]";

/// Whether a text may contain an object or array of JSON.
#[inline]
pub fn may_be(text: &[u8]) -> bool {
    memchr::memchr2(b'{', b'[', text).is_some()
}

/// What stands in the place of a text that contains JSON; `None` if it can stay as it is.
pub fn censor(
    redact: &mut Redact,
    text: &str,
    state: Option<&[u64]>,
    nested: u8,
) -> Option<String> {
    let mut walk = Walk {
        text,
        at: 0,
        out: String::new(),
        copied: 0,
        redact,
        nested,
        keys: 0,
    };
    walk.all(state.unwrap_or_default());
    walk.finish()
}

struct Broken;

struct Walk<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// Up to here the text was dealt with.
    copied: usize,
    redact: &'a mut Redact,
    nested: u8,
    keys: usize,
}

impl<'a> Walk<'a> {
    fn all(&mut self, state: &[u64]) {
        // Where text that is not JSON starts.
        let mut plain = 0;
        while let Some(start) = self.next_start() {
            self.at = start;
            let keys = self.keys;
            if start > plain {
                self.plain(plain, start);
            }
            plain = start;
            match self.value(None, state, 0) {
                Ok(()) => plain = self.at,
                Err(Broken) if self.keys > keys => {
                    let at = self.at.max(self.copied);
                    self.replace(at, self.text.len(), BROKEN);
                    self.redact.withheld += 1;
                    return;
                }
                // Just a bracket.
                Err(Broken) => {
                    if self.copied <= start {
                        self.at = start + 1;
                    } else {
                        plain = self.at;
                    }
                }
            }
        }
        self.plain(plain, self.text.len());
    }

    /// The next place at which an object or array may start.
    fn next_start(&self) -> Option<usize> {
        let rest = self.text.as_bytes().get(self.at..)?;
        memchr::memchr2(b'{', b'[', rest).map(|offset| self.at + offset)
    }

    /// Looks for secrets in what is not JSON.
    fn plain(&mut self, start: usize, end: usize) {
        let start = start.max(self.copied);
        let Some(part) = self.text.get(start..end).filter(|part| !part.is_empty()) else {
            return;
        };
        if let Some(changed) = self.redact.censor_plain(part) {
            self.replace(start, end, &changed);
        }
    }

    fn replace(&mut self, start: usize, end: usize, with: &str) {
        self.out
            .push_str(self.text.get(self.copied..start).unwrap_or_default());
        self.out.push_str(with);
        self.copied = end;
    }

    fn finish(mut self) -> Option<String> {
        if self.copied == 0 {
            return None;
        }
        self.out
            .push_str(self.text.get(self.copied..).unwrap_or_default());
        Some(self.out)
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// One value; under a rule, all of it is replaced.
    fn value(&mut self, rule: Option<u16>, state: &[u64], depth: usize) -> Result<(), Broken> {
        let start = self.at;
        if let Some(rule) = rule {
            self.skip(depth)?;
            let raw = self.text.get(start..self.at).unwrap_or_default();
            let with = self.under_rule(rule, raw);
            if with != raw {
                self.replace(start, self.at, &with);
            }
            return Ok(());
        }
        match self.peek() {
            b'{' | b'[' if depth >= MAX_DEPTH => Err(Broken),
            b'{' => self.object(state, depth),
            b'[' => self.array(state, depth),
            b'"' => {
                let content = self.string()?;
                let keep = (!state.is_empty()).then_some(state);
                if let Some(changed) = self.redact.censor_text(&content, keep, self.nested + 1) {
                    self.replace(start, self.at, &quoted(&changed));
                }
                Ok(())
            }
            _ => {
                self.atom()?;
                let raw = self.text.get(start..self.at).unwrap_or_default();
                if let Some(strategy) = self.redact.scanner.card() {
                    if raw.len() >= 13 && super::is_card_text(raw) {
                        self.redact.redacted += 1;
                        let with = quoted(&self.redact.censor.censored(strategy, raw));
                        self.replace(start, self.at, &with);
                    }
                }
                Ok(())
            }
        }
    }

    /// What stands in the place of a value that a key's rule is about.
    fn under_rule(&mut self, rule: u16, raw: &str) -> String {
        let rule = self.redact.rules.get(rule);
        self.redact.redacted += 1;
        let mask = rule.mask.unwrap_or(self.redact.censor.mask());
        match rule.strategy {
            Strategy::Remove => "null".to_owned(),
            Strategy::Mask => quoted(mask),
            strategy if raw.starts_with('"') => match serde_json::from_str::<Cow<'_, str>>(raw) {
                Ok(text) => quoted(&self.redact.censor.censored(strategy, &text)),
                Err(_) => quoted(mask),
            },
            _ if raw.starts_with(['{', '[']) => quoted(mask),
            strategy => quoted(&self.redact.censor.censored(strategy, raw)),
        }
    }

    fn object(&mut self, state: &[u64], depth: usize) -> Result<(), Broken> {
        let mut next = vec![0; state.len()];
        self.members(b'}', |walk, _| {
            let start = walk.at;
            let key = walk.string()?;
            let end = walk.at;
            walk.space();
            if walk.peek() != b':' {
                return Err(Broken);
            }
            walk.at += 1;
            walk.keys += 1;
            walk.space();
            let rules = &mut walk.redact.rules;
            let decision = rules.recall(&key);
            let arrival = rules.paths.step(state, rules.mask(decision), &mut next);
            if decision.shows {
                let masked = walk.redact.masked_key(&key);
                walk.replace(start, end, &quoted(&masked));
            }
            walk.value(arrival.rule.or(decision.rule()), &next, depth + 1)
        })
    }

    fn array(&mut self, state: &[u64], depth: usize) -> Result<(), Broken> {
        let mut next = vec![0; state.len()];
        let mut mask = Vec::new();
        self.members(b']', |walk, index| {
            let paths = &walk.redact.rules.paths;
            paths.index_mask(index, &mut mask);
            let arrival = paths.step(state, &mask, &mut next);
            walk.value(arrival.rule, &next, depth + 1)
        })
    }

    /// Walks what stands between commas, up to the closing bracket.
    fn members(
        &mut self,
        close: u8,
        mut member: impl FnMut(&mut Self, u32) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.at += 1;
        self.space();
        if self.peek() == close {
            self.at += 1;
            return Ok(());
        }
        let mut index = 0;
        loop {
            member(self, index)?;
            index += 1;
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                found if found == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Broken),
            }
            self.space();
        }
    }

    /// Reads a string. When it is broken, the position stays at its start.
    fn string(&mut self) -> Result<Cow<'a, str>, Broken> {
        let start = self.at;
        self.skip_string()?;
        let raw = self.text.get(start..self.at).unwrap_or_default();
        let content = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        if !content.contains('\\') {
            return Ok(Cow::Borrowed(content));
        }
        serde_json::from_str::<String>(raw)
            .map(Cow::Owned)
            .map_err(|_| {
                self.at = start;
                Broken
            })
    }

    fn skip_string(&mut self) -> Result<(), Broken> {
        let bytes = self.text.as_bytes();
        if self.peek() != b'"' {
            return Err(Broken);
        }
        let mut at = self.at + 1;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(offset) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(Broken);
            };
            at += offset + 1;
            if rest.get(offset) == Some(&b'"') {
                self.at = at;
                return Ok(());
            }
            at += 1;
        }
    }

    /// A number, `true`, `false` or `null`; not looked at closely.
    fn atom(&mut self) -> Result<(), Broken> {
        let start = self.at;
        while matches!(self.peek(), b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') {
            self.at += 1;
        }
        if self.at == start {
            Err(Broken)
        } else {
            Ok(())
        }
    }

    /// Passes over a value. When it is broken, the position stays at its start.
    fn skip(&mut self, depth: usize) -> Result<(), Broken> {
        let start = self.at;
        let mut open = 0usize;
        loop {
            self.space();
            let step = match self.peek() {
                b'"' => self.skip_string(),
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' if open > 0 => {
                    open -= 1;
                    self.at += 1;
                    Ok(())
                }
                b',' | b':' if open > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => self.atom(),
            };
            if step.is_err() || depth + open > MAX_DEPTH {
                self.at = start;
                return Err(Broken);
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}

fn quoted(text: &str) -> String {
    // Writing a text as JSON cannot fail; if it did, nothing of it may be seen.
    serde_json::to_string(text).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::may_be;

    #[test]
    fn only_texts_with_brackets_may_be_json() {
        assert!(may_be(b"{\"a\":1}") && may_be(b"x [1]") && !may_be(b"\"a\""));
    }
}
