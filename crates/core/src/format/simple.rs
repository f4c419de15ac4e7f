//! `2026-01-02T03:04:05.678Z [INFO] app: order placed {"orderId":42}`: a line for files that people read.

use super::fields::{FieldLister, Listed};
use super::json_value::{end_with, Dialect, ValueWriter};
use super::timestamp::{TimeStyle, Timestamps};
use super::{compact, visible, Format};
use crate::wire::{Record, Text, Value};

/// The simple format. The message is escaped to stay on the line; the fields follow as JSON, if there are
/// any.
#[derive(Debug)]
pub struct SimpleFormat {
    timestamps: Timestamps,
    style: TimeStyle,
    lister: FieldLister,
    values: ValueWriter,
}

impl SimpleFormat {
    /// A format that writes the time like this.
    pub fn new(style: TimeStyle) -> Self {
        Self {
            timestamps: Timestamps::default(),
            style,
            lister: FieldLister::default(),
            values: ValueWriter::new(Dialect::Json),
        }
    }
}

/// Appends a message for people; nothing for a call without one.
pub(crate) fn write_message(message: Option<Value<'_>>, out: &mut Vec<u8>) {
    match message {
        None | Some(Value::Undefined) => {}
        Some(Value::Text(text)) => visible::write(out, text),
        Some(value) => compact::write_scalar(value, false, out),
    }
}

impl Format for SimpleFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            ..
        } = self.lister.list(record, Dialect::Json);
        self.style
            .write(&mut self.timestamps, record.time_ms(), out);
        out.extend_from_slice(b" [");
        out.extend_from_slice(record.level().name().as_bytes());
        out.push(b']');
        if let Some(logger) = record.logger() {
            out.push(b' ');
            visible::write(out, Text::Interned(logger));
            out.push(b':');
        }
        out.push(b' ');
        write_message(message, out);
        if !fields.is_empty() {
            out.extend_from_slice(if out.ends_with(b" ") { b"{" } else { b" {" });
            for field in &mut fields {
                self.values.entry(field.token, &mut field.rest, out);
            }
            end_with(b'}', out);
        }
        out.push(b'\n');
        self.lister.recycle(fields);
    }
}
