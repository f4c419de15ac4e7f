//! Shows one event.

use super::emit::Emitter;
use super::event::Event;
use super::json::{Member, Raw};
use super::settings::{Output, ReadSettings};
use crate::format::json_text;
use crate::format::timestamp::Timestamps;
use crate::format::{Format, PrettyFormat};
use crate::wire::Records;

/// Ends a cell of a table; cells hold no control characters.
pub(super) const CELL_END: u8 = 0x1f;

/// Columns of `csv` and `table` when none are named.
const USUAL: [&str; 4] = ["timestamp", "level", "logger", "message"];

/// Appends what is shown of an event.
#[derive(Debug)]
pub(super) struct Printer {
    kind: Kind,
    fields: Vec<String>,
    times: Timestamps,
}

#[derive(Debug)]
enum Kind {
    Pretty(Box<(Emitter, PrettyFormat)>),
    Json,
    Csv,
    Table,
    None,
}

impl Printer {
    pub(super) fn new(settings: &ReadSettings) -> Self {
        let kind = match settings.output {
            Output::Pretty => Kind::Pretty(Box::new((
                Emitter::new(),
                PrettyFormat::new(settings.color, settings.utc),
            ))),
            Output::Json => Kind::Json,
            Output::Csv => Kind::Csv,
            Output::Table => Kind::Table,
            Output::None => Kind::None,
        };
        Self {
            kind,
            fields: columns(settings),
            times: Timestamps::default(),
        }
    }

    /// Appends `event`, which stands in `line`.
    pub(super) fn print<'a>(
        &mut self,
        event: &Event<'a>,
        members: &[Member<'a>],
        line: &[u8],
        out: &mut Vec<u8>,
    ) {
        match &mut self.kind {
            Kind::Pretty(pretty) => {
                let (emitter, format) = &mut **pretty;
                let (bytes, names) = emitter.record(event, members);
                for record in Records::new(bytes, names) {
                    format.write(&record, out);
                }
            }
            Kind::Json if self.fields.is_empty() => {
                out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                out.push(b'\n');
            }
            Kind::Json => self.object(event, members, out),
            Kind::Csv => {
                self.cells(event, members, b',', csv_cell, out);
                out.pop();
                out.extend_from_slice(b"\r\n");
            }
            Kind::Table => {
                self.cells(event, members, CELL_END, table_cell, out);
                out.push(b'\n');
            }
            Kind::None => {}
        }
    }

    fn object<'a>(&self, event: &Event<'a>, members: &[Member<'a>], out: &mut Vec<u8>) {
        for (index, field) in self.fields.iter().enumerate() {
            out.push(if index == 0 { b'{' } else { b',' });
            json_text::write_str(out, field);
            out.push(b':');
            let source = event
                .member(members, field)
                .map_or("null", |member| member.source);
            out.extend_from_slice(source.as_bytes());
        }
        out.extend_from_slice(b"}\n");
    }

    fn cells<'a>(
        &mut self,
        event: &Event<'a>,
        members: &[Member<'a>],
        end: u8,
        write: fn(&mut Vec<u8>, &str),
        out: &mut Vec<u8>,
    ) {
        for field in &self.fields {
            match (field.as_str(), event.field(members, field)) {
                ("level", _) if event.level_known => write(out, event.level.name()),
                ("time" | "timestamp", _) if !event.time_ms.is_nan() => {
                    out.extend_from_slice(self.times.rfc3339(event.time_ms));
                }
                (_, Some(Raw::Text(text))) => write(out, &text.to_str()),
                (_, Some(Raw::Object(text) | Raw::Array(text) | Raw::Number(text))) => {
                    write(out, text);
                }
                (_, Some(Raw::Bool(value))) => write(out, if value { "true" } else { "false" }),
                (_, Some(Raw::Null) | None) => {}
            }
            out.push(end);
        }
    }
}

/// The names of the fields that are shown; none for whole events.
fn columns(settings: &ReadSettings) -> Vec<String> {
    match settings.output {
        Output::Csv | Output::Table if settings.fields.is_empty() => {
            USUAL.map(str::to_owned).to_vec()
        }
        _ => settings.fields.clone(),
    }
}

/// The row of names over the rows of events; nothing for outputs that have none.
pub(super) fn header(settings: &ReadSettings) -> Vec<u8> {
    let mut out = Vec::new();
    let (end, write): (u8, fn(&mut Vec<u8>, &str)) = match settings.output {
        Output::Csv => (b',', csv_cell),
        Output::Table => (CELL_END, table_cell),
        _ => return out,
    };
    for name in columns(settings) {
        write(&mut out, &name);
        out.push(end);
    }
    if settings.output == Output::Csv {
        out.pop();
        out.push(b'\r');
    }
    out.push(b'\n');
    out
}

/// Quoted as RFC 4180 asks.
fn csv_cell(out: &mut Vec<u8>, text: &str) {
    if !text.contains([',', '"', '\n', '\r']) {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

fn table_cell(out: &mut Vec<u8>, text: &str) {
    crate::format::write_visible(out, text);
}
