//! Finds one value of an event by its name.

use crate::wire::{Key, Record, Tokens, Value};

/// A field's name, or names joined by dots for one inside objects. A field whose own name has those dots is found
/// too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    whole: Box<str>,
    parts: Box<[Box<str>]>,
}

/// A value, and the tokens behind its first one.
pub type Found<'a> = (Value<'a>, Tokens<'a>);

impl FieldPath {
    /// The path that `text` writes.
    pub fn new(text: &str) -> Self {
        Self {
            whole: text.into(),
            parts: text.split('.').map(Into::into).collect(),
        }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// The value that a format would show: of several fields of one name the last.
    pub fn find<'a>(&self, record: &Record<'a>) -> Option<Found<'a>> {
        let (_, mut tokens) = record.message_and_fields();
        if tokens.depth() > 0 {
            // A container in the place of the message: damaged memory.
            tokens.skip_container();
        }
        self.find_in(&mut tokens)
    }

    fn find_in<'a>(&self, tokens: &mut Tokens<'a>) -> Option<Found<'a>> {
        let (first, rest) = self.parts.split_first()?;
        let mut found = None;
        while let Some(token) = tokens.next() {
            if names(token.key, &self.whole) {
                if !matches!(token.value, Value::Undefined) {
                    found = Some((token.value, tokens.clone()));
                }
            } else if !rest.is_empty() && names(token.key, first) {
                if let Value::ObjectStart | Value::ErrorStart = token.value {
                    found = inside(rest, tokens.clone());
                }
            }
            skip(&token.value, tokens);
        }
        found
    }
}

fn inside<'a>(parts: &[Box<str>], mut tokens: Tokens<'a>) -> Option<Found<'a>> {
    let (first, rest) = parts.split_first()?;
    while let Some(token) = tokens.next() {
        if let Value::Close = token.value {
            return None;
        }
        if names(token.key, first) {
            if rest.is_empty() {
                return Some((token.value, tokens));
            }
            return match token.value {
                Value::ObjectStart | Value::ErrorStart => inside(rest, tokens),
                _ => None,
            };
        }
        skip(&token.value, &mut tokens);
    }
    None
}

/// Whether a key has this name.
#[inline]
pub fn names(key: Key<'_>, name: &str) -> bool {
    match key {
        Key::None => false,
        Key::Interned(entry) => entry.text() == name,
        Key::Inline(text) => text.to_str() == name,
    }
}

/// Goes past what a start token has opened.
#[inline]
pub fn skip(value: &Value<'_>, tokens: &mut Tokens<'_>) {
    if let Value::ObjectStart | Value::ArrayStart | Value::ErrorStart = value {
        tokens.skip_container();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::level::Level;
    use crate::wire::layout::TAG_INT32;
    use crate::wire::{Dictionary, RecordWriter, Records};

    #[test]
    fn a_value_is_found_inside_objects_under_dotted_names_and_when_it_is_repeated() {
        let mut dictionary = Dictionary::new();
        let mut key = |name: &str| dictionary.intern(name);
        let (user, id, dotted, deep) = (key("user"), key("id"), key("http.status"), key("deep"));
        let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
        writer.message("m");
        writer.int(id, 1);
        writer.open_object(user);
        writer.open_object(deep);
        writer.int(id, 2);
        writer.close();
        writer.int(id, 3);
        writer.close();
        writer.int(dotted, 4);
        writer.token_inline(TAG_INT32, "inline");
        writer.copy(&5i32.to_le_bytes());
        writer.int(id, 6);
        let bytes = writer.finish();
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let int = |path: &str| match FieldPath::new(path).find(&record) {
            Some((Value::Int(value), _)) => Some(value),
            _ => None,
        };
        assert_eq!(int("user.id"), Some(3));
        assert_eq!(int("user.deep.id"), Some(2));
        assert_eq!(int("http.status"), Some(4));
        assert_eq!(int("inline"), Some(5));
        assert_eq!(int("id"), Some(6));
        for absent in ["user", "id.user", "user.id.x", "", "message"] {
            assert_eq!(int(absent), None, "{absent}");
        }
    }
}
