//! For people at a terminal.
//!
//! ```text
//! 03:04:05.678 ERROR    app: checkout failed  orderId=42 cart={items: 2, total: 9.5}
//!     TypeError: boom
//!         at checkout (checkout.js:42:17)
//!         code=E_CART
//!     caused by: Error: io
//!         at read (io.js:1:1)
//! ```
//!
//! The only format with more than one line per event: errors follow their event's line, indented, so that
//! one event is one block. Everything else that could break a line or speak to the terminal is escaped.

use super::compact::{self, CompactWriter};
use super::fields::{FieldLister, Listed};
use super::json_value::Dialect;
use super::pretty_error::write_error;
use super::timestamp::Clock;
use super::{visible, Format};
use crate::level::Level;
use crate::wire::{Record, Text, Value};

/// Stands for the time of an event that has none (a line of another logger).
const NO_TIME: &[u8; 12] = b"--:--:--.---";
/// Width of the longest level name.
const LEVEL_WIDTH: usize = 8;

/// The colours of a terminal, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    color: bool,
}

impl Palette {
    pub(crate) const RESET: &'static str = "\x1b[0m";
    pub(crate) const DIM: &'static str = "\x1b[2m";
    pub(crate) const BOLD: &'static str = "\x1b[1m";
    pub(crate) const RED: &'static str = "\x1b[31m";

    fn of_level(level: Level) -> &'static str {
        match level {
            Level::TRACE | Level::DEBUG => "\x1b[90m",
            Level::INFO => "\x1b[32m",
            Level::WARNING => "\x1b[33m",
            Level::ERROR => Self::RED,
            Level::CRITICAL => "\x1b[1;31m",
            _ if level < Level::INFO => "\x1b[90m",
            _ if level < Level::WARNING => "\x1b[32m",
            _ if level < Level::ERROR => "\x1b[33m",
            _ if level < Level::CRITICAL => Self::RED,
            _ => "\x1b[35m",
        }
    }

    /// Switches to `sequence`, if there are colours.
    pub(crate) fn set(self, sequence: &str, out: &mut Vec<u8>) {
        if self.color {
            out.extend_from_slice(sequence.as_bytes());
        }
    }
}

/// The format for terminals.
#[derive(Debug)]
pub struct PrettyFormat {
    palette: Palette,
    clock: Clock,
    lister: FieldLister,
    compact: CompactWriter,
}

impl PrettyFormat {
    /// A format with or without colours (SGR sequences), that shows the time of day in UTC or in the
    /// system's time zone.
    pub fn new(color: bool, utc: bool) -> Self {
        Self {
            palette: Palette { color },
            clock: if utc { Clock::utc() } else { Clock::local() },
            lister: FieldLister::default(),
            compact: CompactWriter::default(),
        }
    }

    fn head(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let palette = self.palette;
        palette.set(Palette::DIM, out);
        let time_ms = record.time_ms();
        if time_ms.is_nan() {
            out.extend_from_slice(NO_TIME);
        } else {
            out.extend_from_slice(&self.clock.time_of_day(time_ms));
        }
        palette.set(Palette::RESET, out);
        out.push(b' ');
        let level = record.level().name();
        palette.set(Palette::of_level(record.level()), out);
        out.extend_from_slice(level.as_bytes());
        palette.set(Palette::RESET, out);
        let padding = LEVEL_WIDTH.saturating_sub(level.len());
        out.resize(out.len() + padding + 1, b' ');
        if let Some(logger) = record.logger() {
            palette.set(Palette::DIM, out);
            visible::write(out, Text::Interned(logger));
            out.push(b':');
            palette.set(Palette::RESET, out);
            out.push(b' ');
        }
    }

    fn message(&self, message: Option<Value<'_>>, out: &mut Vec<u8>) {
        let shown = !matches!(message, None | Some(Value::Undefined));
        if shown {
            self.palette.set(Palette::BOLD, out);
            match message {
                Some(Value::Text(text)) => visible::write(out, text),
                Some(value) => compact::write_scalar(value, false, out),
                None => {}
            }
            self.palette.set(Palette::RESET, out);
            out.push(b' ');
        }
    }
}

impl Format for PrettyFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            ..
        } = self.lister.list(record, Dialect::Json);
        self.head(record, out);
        self.message(message, out);
        for field in &mut fields {
            if matches!(field.token.value, Value::ErrorStart) {
                continue;
            }
            out.push(b' ');
            self.palette.set(Palette::DIM, out);
            compact::write_key(field.token.key, out);
            out.push(b'=');
            self.palette.set(Palette::RESET, out);
            self.compact.value(field.token.value, &mut field.rest, out);
        }
        while out.last() == Some(&b' ') {
            out.pop();
        }
        out.push(b'\n');
        for field in &fields {
            if matches!(field.token.value, Value::ErrorStart) {
                let name = field.token.key.to_str();
                let label = if matches!(&*name, "err" | "error") {
                    ""
                } else {
                    &*name
                };
                write_error(self.palette, label, &field.rest, out);
            }
        }
        self.lister.recycle(fields);
    }
}
