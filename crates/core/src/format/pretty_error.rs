//! Errors as an indented block: headline, stack, own properties, members, causes.

use super::compact::{self, CompactWriter};
use super::error_view::{ErrorPart, ErrorView};
use super::json_value::skip;
use super::pretty::Palette;
use super::visible;
use crate::wire::{Text, Tokens, Value};

const INDENT: usize = 4;
/// Errors within errors that get a block of their own; deeper ones stay a headline. Bounds the native
/// stack and the width.
const MAX_DEPTH: usize = 8;
/// Causes in one chain.
const MAX_CAUSES: usize = 32;

/// Appends the block of the Error whose start token was the last one read from `tokens`; `label` stands
/// before its headline unless it is empty.
pub(crate) fn write_error(palette: Palette, label: &str, tokens: &Tokens<'_>, out: &mut Vec<u8>) {
    Block { palette, depth: 1 }.chain(label, tokens, out);
}

#[derive(Clone, Copy)]
struct Block {
    palette: Palette,
    depth: usize,
}

impl Block {
    /// Writes an error and its causes, one below the other.
    fn chain(self, label: &str, tokens: &Tokens<'_>, out: &mut Vec<u8>) {
        let mut next = Some(tokens.clone());
        for index in 0..MAX_CAUSES {
            let Some(tokens) = next else { return };
            let view = ErrorView::read(tokens.clone());
            self.indent(0, out);
            let label = if index == 0 { label } else { "caused by" };
            if !label.is_empty() {
                visible::write(out, Text::Utf8(label));
                out.extend_from_slice(b": ");
            }
            self.palette.set(Palette::RED, out);
            compact::write_headline(&view, out);
            self.palette.set(Palette::RESET, out);
            out.push(b'\n');
            self.stack(&view, out);
            self.properties(tokens, out);
            if let Some(errors) = &view.errors {
                self.members(errors.clone(), out);
            }
            next = view.cause;
        }
    }

    fn stack(self, view: &ErrorView<'_>, out: &mut Vec<u8>) {
        let Some(stack) = view.stack else { return };
        let stack = stack.to_str();
        for line in without_headline(&stack, view).lines() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            self.indent(INDENT, out);
            self.palette.set(Palette::DIM, out);
            visible::write(out, Text::Utf8(line));
            self.palette.set(Palette::RESET, out);
            out.push(b'\n');
        }
    }

    /// Writes own properties, and a cause that is not an Error, on one line.
    fn properties(self, mut tokens: Tokens<'_>, out: &mut Vec<u8>) {
        let mut compact = CompactWriter::default();
        let mut any = false;
        while let Some(token) = tokens.next() {
            match token.value {
                Value::Close => break,
                Value::Undefined => continue,
                value if ErrorPart::of(&token) != ErrorPart::Own => {
                    skip(&value, &mut tokens);
                    continue;
                }
                _ => {}
            }
            if any {
                out.push(b' ');
            } else {
                self.indent(INDENT, out);
                any = true;
            }
            self.palette.set(Palette::DIM, out);
            compact::write_key(token.key, out);
            out.push(b'=');
            self.palette.set(Palette::RESET, out);
            compact.value(token.value, &mut tokens, out);
        }
        if any {
            out.push(b'\n');
        }
    }

    /// Writes the members of an AggregateError, numbered.
    fn members(self, mut errors: Tokens<'_>, out: &mut Vec<u8>) {
        let inner = Block {
            depth: self.depth + 1,
            ..self
        };
        let mut compact = CompactWriter::default();
        let mut index = 0usize;
        while let Some(token) = errors.next() {
            match token.value {
                Value::Close => return,
                Value::ErrorStart if self.depth < MAX_DEPTH => {
                    inner.chain(&format!("[{index}]"), &errors, out);
                    errors.skip_container();
                }
                value => {
                    inner.indent(0, out);
                    out.extend_from_slice(format!("[{index}]: ").as_bytes());
                    compact.value(value, &mut errors, out);
                    out.push(b'\n');
                }
            }
            index += 1;
        }
    }

    fn indent(self, more: usize, out: &mut Vec<u8>) {
        out.resize(out.len() + self.depth * INDENT + more, b' ');
    }
}

/// The stack without the `Type: message` that V8 puts before its frames.
fn without_headline<'a>(stack: &'a str, view: &ErrorView<'_>) -> &'a str {
    let kind = view.kind.map_or_else(|| "Error".into(), Text::to_str);
    let message = view.message.map_or_else(|| "".into(), Text::to_str);
    stack
        .strip_prefix(&*kind)
        .and_then(|rest| match &*message {
            "" => Some(rest),
            message => rest.strip_prefix(": ")?.strip_prefix(message),
        })
        .filter(|rest| rest.is_empty() || rest.starts_with('\n'))
        .unwrap_or(stack)
}
