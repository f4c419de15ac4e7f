//! Formats: one record in, one line out.
//!
//! A format appends exactly one line, ended by `\n`, to the batch's buffer (`pretty` alone adds indented
//! lines for errors, and allocates for them). It reads the borrowed record and allocates nothing in steady
//! state.

mod append;
mod compact;
pub mod ecs;
mod error_view;
mod fields;
pub mod json;
pub mod json_text;
pub mod json_value;
pub mod logfmt;
pub mod message_id;
pub mod minimal;
pub mod number;
pub mod otel;
pub mod pino;
mod pino_error;
mod pino_options;
mod plan;
pub mod pretty;
mod pretty_error;
pub mod simple;
pub mod timestamp;
mod visible;

use serde::Deserialize;

use crate::level::LevelTable;
use crate::wire::Record;

pub use ecs::EcsFormat;
pub use json::{ContextConstants, JsonFormat};
pub use logfmt::LogfmtFormat;
pub use minimal::MinimalFormat;
pub use otel::OtelFormat;
pub use pino::{PinoBase, PinoFormat};
pub use pino_options::{PinoOptions, PinoTime};
pub use pretty::PrettyFormat;
pub use simple::SimpleFormat;
pub use visible::write_str as write_visible;

/// Turns records into lines.
pub trait Format: Send {
    /// Appends the line of `record` to `out`.
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>);
}

/// The formats that can be named in the settings, in lower case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormatKind {
    /// The envelope; the default.
    #[default]
    Json,
    /// pino's lines.
    Pino,
    /// Colours and blocks for a terminal.
    Pretty,
    /// Elastic Common Schema.
    Ecs,
    /// OpenTelemetry's OTLP/JSON.
    Otel,
    /// `key=value` pairs.
    Logfmt,
    /// Time, level, logger, message and the fields as JSON.
    Simple,
    /// Level and message.
    Minimal,
}

/// What a format says about the process, and how it looks. Formats take what concerns them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FormatOptions {
    /// The root logger's name: `name` of the `pino` format when a record names no logger.
    pub name: Option<String>,
    /// The service's name, for the envelope's `context`.
    pub service: Option<String>,
    /// The deployment environment, for the envelope's `context`.
    pub env: Option<String>,
    /// The service's version, for the envelope's `context`.
    pub version: Option<String>,
    /// The machine's name: `context.host`, pino's `hostname`. Empty leaves `context.host` out.
    pub hostname: String,
    /// The process id. 0 leaves `context.pid` out.
    pub pid: u32,
    /// How `json`, `logfmt` and `simple` write the time. Default `iso`.
    #[serde(default)]
    pub timestamp: timestamp::TimeStyle,
    /// Whether `pretty` uses colours. Default no. Each sink has its own, so it is not in the settings document.
    #[serde(skip)]
    pub color: bool,
    /// Whether `pretty` shows UTC instead of local time. Default no.
    pub utc: bool,
    /// What lines of the format `pino` have otherwise.
    #[serde(default)]
    pub pino: PinoOptions,
    /// The levels of the pipeline. Made from other settings.
    #[serde(skip)]
    pub levels: LevelTable,
}

impl FormatOptions {
    /// The same options for a sink that has its own word on colour.
    pub fn with_color(&self, color: bool) -> Self {
        Self {
            color,
            ..self.clone()
        }
    }
}

/// Makes the format that `kind` names.
pub fn build(kind: FormatKind, options: &FormatOptions) -> Box<dyn Format> {
    match kind {
        FormatKind::Json => Box::new(JsonFormat::new(&ContextConstants {
            service: options.service.clone(),
            env: options.env.clone(),
            version: options.version.clone(),
            host: Some(options.hostname.clone()).filter(|host| !host.is_empty()),
            pid: Some(options.pid).filter(|&pid| pid != 0),
            levels: options.levels.clone(),
            timestamp: options.timestamp,
        })),
        FormatKind::Pino => Box::new(PinoFormat::new(&PinoBase {
            pid: options.pid,
            hostname: options.hostname.clone(),
            name: options.name.clone(),
            levels: options.levels.clone(),
            options: options.pino.clone(),
        })),
        FormatKind::Pretty => Box::new(PrettyFormat::new(options.color, options.utc)),
        FormatKind::Ecs => Box::new(EcsFormat::new(options)),
        FormatKind::Otel => Box::new(OtelFormat::new(options)),
        FormatKind::Logfmt => Box::new(LogfmtFormat::new(options.timestamp)),
        FormatKind::Simple => Box::new(SimpleFormat::new(options.timestamp)),
        FormatKind::Minimal => Box::new(MinimalFormat),
    }
}
