//! The parts of an Error in a token stream, for formats that lay them out anew.

use super::json_text;
use super::json_value::skip;
use crate::wire::{Key, Text, Token, Tokens, Value};

/// What an Error has by nature; `None` for what this one lacks. Own properties are not looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorView<'a> {
    pub(crate) kind: Option<Text<'a>>,
    pub(crate) message: Option<Text<'a>>,
    pub(crate) stack: Option<Text<'a>>,
    /// The tokens after the start of a `cause` that is an Error.
    pub(crate) cause: Option<Tokens<'a>>,
    /// The tokens after the start of `errors`, if it is an array.
    pub(crate) errors: Option<Tokens<'a>>,
}

/// How an entry of an Error takes part in its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorPart {
    Type,
    Message,
    Stack,
    /// `cause` holding an Error.
    Cause,
    /// `errors` holding an array.
    Errors,
    /// Any other property.
    Own,
}

impl ErrorPart {
    pub(crate) fn of(token: &Token<'_>) -> ErrorPart {
        let is = |name: &str| match token.key {
            Key::Interned(entry) => entry.text() == name,
            key => key.to_str() == name,
        };
        match token.value {
            Value::ErrorStart if is("cause") => ErrorPart::Cause,
            Value::ArrayStart if is("errors") => ErrorPart::Errors,
            _ if is("type") => ErrorPart::Type,
            _ if is("message") => ErrorPart::Message,
            _ if is("stack") => ErrorPart::Stack,
            _ => ErrorPart::Own,
        }
    }
}

impl<'a> ErrorView<'a> {
    /// Reads the Error whose start token was the last one read from `tokens`. The first of several fields
    /// of one name counts: the encoder writes the real ones before own properties.
    pub(crate) fn read(mut tokens: Tokens<'a>) -> Self {
        let mut view = Self::default();
        while let Some(token) = tokens.next() {
            if let Value::Close = token.value {
                break;
            }
            let part = ErrorPart::of(&token);
            match (part, token.value) {
                // A marker says why there is no text, such as a getter that threw.
                (ErrorPart::Type, Value::Text(text) | Value::Marker(text)) => {
                    fill(&mut view.kind, text);
                }
                (ErrorPart::Message, Value::Text(text) | Value::Marker(text)) => {
                    fill(&mut view.message, text);
                }
                (ErrorPart::Stack, Value::Text(text) | Value::Marker(text)) => {
                    fill(&mut view.stack, text);
                }
                (ErrorPart::Cause, _) => fill(&mut view.cause, tokens.clone()),
                (ErrorPart::Errors, _) => fill(&mut view.errors, tokens.clone()),
                _ => {}
            }
            skip(&token.value, &mut tokens);
        }
        view
    }
}

/// Appends the stack of an Error and those of its causes as they are printed, escaped but without quotes. What has no
/// stack is told by its message.
pub(crate) fn write_stacks(view: &ErrorView<'_>, out: &mut Vec<u8>) {
    let mut next = Some(view.clone());
    // The encoder bounds the depth of a chain; a damaged one ends with its record.
    while let Some(view) = next {
        if let Some(text) = view.stack.or(view.message) {
            json_text::write_text_body(out, text);
        }
        next = view.cause.map(ErrorView::read);
        if next.is_some() {
            out.extend_from_slice(b"\\ncaused by: ");
        }
    }
}

/// The next own property of an Error whose start token was the last one read from `tokens` before the first call.
pub(crate) fn next_own<'a>(tokens: &mut Tokens<'a>) -> Option<Token<'a>> {
    while let Some(token) = tokens.next() {
        match token.value {
            Value::Close => return None,
            Value::Undefined => continue,
            _ if ErrorPart::of(&token) == ErrorPart::Own => return Some(token),
            _ => skip(&token.value, tokens),
        }
    }
    None
}

fn fill<T>(slot: &mut Option<T>, value: T) {
    if slot.is_none() {
        *slot = Some(value);
    }
}
