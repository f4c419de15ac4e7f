//! The settings document that the binding hands over, checked again: nothing here trusts the TypeScript side.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::breaker::BreakerSettings;
use super::bridge::PluginSettings;
use super::diagnostics::DiagnosticSettings;
use super::pressure::PressureSettings;
use super::queue::WhenFull;
use super::route::{Router, RoutingSettings};
use crate::error::{Error, ErrorCode, Result};
use crate::format::{FormatKind, FormatOptions};
use crate::level::{CustomLevel, Level, LevelTable};
use crate::sinks::file_settings::FileSettings;
use crate::stages::StagesSettings;

/// A pipeline's settings. Every field is required: defaults live in the TypeScript schema alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PipelineSettings {
    /// Constant parts of every line.
    pub constants: FormatOptions,
    /// The application's own levels.
    #[serde(default)]
    pub custom_levels: Vec<CustomLevel>,
    /// The sinks, at least one.
    pub sinks: Vec<SinkSettings>,
    /// What happens to events before they are formatted.
    #[serde(default)]
    pub stages: StagesSettings,
    /// Which sinks get an event; all of them without it.
    #[serde(default)]
    pub routing: Option<RoutingSettings>,
    /// What happens while the pipeline cannot keep up; without it, nothing before rings or queues are full.
    #[serde(default)]
    pub pressure: Option<PressureSettings>,
    /// Where plugins stand.
    #[serde(default)]
    pub plugins: PluginSettings,
    /// Whether every batch is synced to the device.
    pub fsync: bool,
    /// Who hears what the pipeline has to say about itself.
    #[serde(default)]
    pub diagnostics: DiagnosticSettings,
    /// Where the ring lies, when it has to survive the process.
    pub crash_safe: Option<CrashSafe>,
    /// The document itself, for whoever has to go on with a ring. Empty unless `crash_safe` is given.
    #[serde(skip)]
    pub document: String,
}

/// Where rings lie that have to survive the process.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CrashSafe {
    /// The folder of the rings; an absolute path.
    pub directory: PathBuf,
    /// How their names start.
    pub name: String,
}

/// One sink and what belongs to it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SinkSettings {
    /// Unique name, the key in metrics.
    pub name: String,
    /// Where lines go.
    pub destination: Destination,
    /// How events become lines.
    pub format: FormatKind,
    /// Whether a `pretty` line is coloured.
    pub color: bool,
    /// Lowest level that the sink takes, by name.
    pub level: String,
    /// Bound of the sink's queue in bytes.
    pub queue_bytes: u32,
    /// Policy when the queue is full.
    pub when_full: WhenFull,
    /// The sink that gets the lines when this one fails.
    #[serde(default)]
    pub fallback: Option<String>,
    /// When a failing sink is not tried for a while. Needed with `fallback`.
    #[serde(default)]
    pub breaker: Option<BreakerSettings>,
}

impl Destination {
    /// What it is, for people.
    pub fn place(&self) -> String {
        match self {
            Destination::Stdout => "standard output".into(),
            Destination::Stderr => "standard error".into(),
            Destination::File(file) => file.path.display().to_string(),
            Destination::Null => "nowhere".into(),
            Destination::Memory { .. } => "memory".into(),
            Destination::Plugin { .. } => "a plugin".into(),
        }
    }
}

/// Kinds of sinks.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, rotating or not.
    File(FileSettings),
    /// Nowhere.
    Null,
    /// Memory, for tests.
    #[serde(rename_all = "camelCase")]
    Memory {
        /// Bound in bytes; the oldest lines go first.
        max_bytes: u32,
    },
    /// A plugin in JavaScript, which has the sink's name.
    #[serde(rename_all = "camelCase")]
    Plugin {
        /// Longest wait for its answer to a batch.
        timeout_ms: u32,
    },
}

impl PipelineSettings {
    /// Parses and checks a JSON document.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] that names the field.
    pub fn from_json(text: &str) -> Result<Self> {
        let mut settings: Self = serde_json::from_str(text).map_err(|e| {
            Error::new(ErrorCode::SettingInvalid, format!("settings document: {e}"))
        })?;
        if settings.sinks.is_empty() {
            return Err(Error::new(
                ErrorCode::SettingInvalid,
                "sinks: at least one is needed",
            ));
        }
        settings.constants.levels = LevelTable::new(&settings.custom_levels)?;
        settings.constants.pino.check(&settings.constants.levels)?;
        for sink in &settings.sinks {
            sink.min_level(&settings.constants.levels)?;
            settings.check_breaker(sink)?;
        }
        if settings.crash_safe.is_some() && !settings.plugins.places.is_empty() {
            return Err(Error::new(
                ErrorCode::SettingInvalid,
                "durability: crash-safe writes what was left without plugins, and cannot compare lines that they \
                 have changed; only plugins that are sinks are allowed",
            ));
        }
        let encrypts = |sink: &SinkSettings| match &sink.destination {
            Destination::File(file) => file.encrypt.is_some(),
            _ => false,
        };
        if settings.crash_safe.is_some() && settings.sinks.iter().any(encrypts) {
            return Err(Error::new(
                ErrorCode::SettingInvalid,
                "encrypt: with durability crash-safe the ring's file holds the same events unencrypted",
            ));
        }
        if settings.crash_safe.is_some() && settings.pressure.is_some() {
            return Err(Error::new(
                ErrorCode::SettingInvalid,
                "pressure: with durability crash-safe every event is kept until it is in its file",
            ));
        }
        if settings.crash_safe.is_some() {
            text.clone_into(&mut settings.document);
        }
        Ok(settings)
    }
}

impl PipelineSettings {
    fn check_breaker(&self, sink: &SinkSettings) -> Result<()> {
        let wrong = |key: &str, what: String| {
            let text = format!("sinks.{}.{key}: {what}", sink.name);
            Err(Error::new(ErrorCode::SettingInvalid, text))
        };
        if sink.breaker.is_some_and(|breaker| breaker.failures == 0) {
            return wrong("breaker.failures", "0 is not at least 1".to_owned());
        }
        let kept = self.crash_safe.is_some() && matches!(sink.destination, Destination::File(_));
        if kept && sink.breaker.is_some() {
            let why = "the ring keeps the events of a crash-safe file until they are in it";
            return wrong("breaker", why.to_owned());
        }
        let Some(name) = &sink.fallback else {
            return Ok(());
        };
        if sink.breaker.is_none() {
            return wrong("breaker", "needed with a fallback".to_owned());
        }
        let fallback = self.sinks.iter().find(|one| one.name == *name);
        match fallback {
            None => wrong("fallback", format!("there is no sink {name:?}")),
            Some(fallback) if fallback.name == sink.name => {
                wrong("fallback", "it is the sink itself".to_owned())
            }
            Some(fallback) if fallback.breaker.is_some() => {
                wrong("fallback", format!("{name:?} has a breaker of its own"))
            }
            Some(_) => Ok(()),
        }
    }

    /// The routing, if there are rules.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] that names the setting.
    pub fn router(&self, sinks: &[&str]) -> Result<Option<Router>> {
        let routing = self.routing.as_ref();
        routing
            .map(|routing| Router::new(routing, sinks, &self.constants.levels))
            .transpose()
    }
}

impl SinkSettings {
    /// The sink's threshold.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] for an unknown name.
    pub fn min_level(&self, levels: &LevelTable) -> Result<Level> {
        levels.from_name(&self.level).ok_or_else(|| {
            Error::new(
                ErrorCode::SettingInvalid,
                format!("sinks.{}.level: unknown level {:?}", self.name, self.level),
            )
        })
    }
}

/// How long a drain thread without work keeps looking often.
pub const LINGER: Duration = Duration::from_millis(5);
/// Pause between two looks while traffic flows.
pub const POLL: Duration = Duration::from_millis(1);
/// Looks that find no more before what there is goes to the sinks: each time costs two switches of threads and a write.
pub const POLLS_PER_BATCH: u32 = 2;
/// How long a drain thread without work looks now and then before it parks. To wake it costs the log call that does it a
/// system call, ten microseconds and more: a service that logs once in a while shall not pay that for every event.
pub const DOZE: Duration = Duration::from_secs(1);
/// Pause between two looks meanwhile; an event waits so long at most.
pub const DOZE_POLL: Duration = Duration::from_millis(2);
/// Longest sleep of a parked drain thread: a safety net, wake-ups come by themselves.
pub const PARK: Duration = Duration::from_secs(2);
