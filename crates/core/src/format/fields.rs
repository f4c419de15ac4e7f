//! The top-level fields of a record as a list, for formats that reorder them or must drop repeated keys.

use std::borrow::Cow;
use std::collections::HashMap;

use super::json_value::{skip, Dialect};
use crate::wire::envelope;
use crate::wire::layout::{FLAG_ENVELOPE, FLAG_SCOPED};
use crate::wire::{Key, Record, Text, Token, Tokens, Value};

/// Up to this many fields, repeated keys are found by comparing each with each.
const FEW: usize = 48;

/// One top-level field and the tokens behind its first one.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) token: Token<'a>,
    pub(crate) rest: Tokens<'a>,
}

/// A record whose fields have been listed.
#[derive(Debug)]
pub(crate) struct Listed<'a> {
    pub(crate) message: Option<Value<'a>>,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) damaged: bool,
}

/// Goes past a container in the place of the message (only in damaged memory), and says what it was.
#[inline(always)]
pub(crate) fn pass_message<'a>(message: &mut Option<Value<'a>>, tokens: &mut Tokens<'a>) {
    if tokens.depth() > 0 {
        tokens.skip_container();
        *message = Some(Value::Marker(Text::Utf8("[Object]")));
    }
}

/// Keeps the list's memory between records.
#[derive(Debug, Default)]
pub(crate) struct FieldLister {
    spare: Vec<Field<'static>>,
}

impl FieldLister {
    /// Lists the fields that `dialect` prints, in order, with what belongs to the envelope's sections as objects
    /// named `context` and `diagnostics`.
    pub(crate) fn list<'a>(&mut self, record: &Record<'a>, dialect: Dialect) -> Listed<'a> {
        let mut listed = self.list_for_envelope(record, dialect);
        if record.has(FLAG_ENVELOPE) {
            for field in &mut listed.fields {
                if let Some(section) = section(&field.token.key) {
                    field.token.key = Key::Inline(Text::Utf8(section));
                }
            }
        }
        listed
    }

    /// Lists the fields that `dialect` prints, in order. Of several fields of one key (a scope's and the
    /// call's) the last stays; an omitted value hides nothing.
    pub(crate) fn list_for_envelope<'a>(
        &mut self,
        record: &Record<'a>,
        dialect: Dialect,
    ) -> Listed<'a> {
        let (mut message, mut tokens) = record.message_and_fields();
        pass_message(&mut message, &mut tokens);
        let mut fields: Vec<Field<'a>> = std::mem::take(&mut self.spare);
        while let Some(token) = tokens.next() {
            if !dialect.omits(&token.value) {
                let rest = tokens.clone();
                fields.push(Field { token, rest });
            }
            skip(&token.value, &mut tokens);
        }
        if record.has(FLAG_SCOPED) {
            drop_repeated(&mut fields);
        }
        Listed {
            message,
            fields,
            damaged: tokens.damaged(),
        }
    }

    /// Takes the list back.
    pub(crate) fn recycle(&mut self, mut fields: Vec<Field<'_>>) {
        fields.clear();
        // An empty vector maps to an empty vector in place, which frees it from the record's lifetime.
        self.spare = fields
            .into_iter()
            .map_while(|_| None::<Field<'static>>)
            .collect();
    }
}

/// Name of the section that a top-level object of a record with `FLAG_ENVELOPE` belongs to.
pub(crate) fn section(key: &Key<'_>) -> Option<&'static str> {
    let Key::Inline(text) = key else { return None };
    match &*text.to_str() {
        envelope::CONTEXT => Some("context"),
        envelope::DIAGNOSTICS => Some("diagnostics"),
        _ => None,
    }
}

/// Whether two keys of one record have the same name.
#[inline]
fn same_key(a: Key<'_>, b: Key<'_>) -> bool {
    match (a, b) {
        (Key::Interned(a), Key::Interned(b)) => a.id() == b.id(),
        _ => a.to_str() == b.to_str(),
    }
}

fn drop_repeated(fields: &mut Vec<Field<'_>>) {
    if fields.len() <= FEW {
        for index in (0..fields.len()).rev() {
            let key = fields[index].token.key;
            let later = fields.get(index + 1..).unwrap_or_default();
            if later.iter().any(|field| same_key(field.token.key, key)) {
                fields.remove(index);
            }
        }
        return;
    }
    let mut last: HashMap<Cow<'_, str>, usize> = HashMap::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        last.insert(field.token.key.to_str(), index);
    }
    let mut index = 0;
    fields.retain(|field| {
        let keep = last.get(&field.token.key.to_str()) == Some(&index);
        index += 1;
        keep
    });
}
