//! The settings of the file sink, as they come from JavaScript, and their limits.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::Deserialize;

use crate::error::{Error, ErrorCode, Result, SettingProblem};
use crate::key::Key;
use crate::sealed::FileKey;

/// The longest file name with which rotated names still fit in the 255 bytes most file systems allow.
const MAX_ROTATED_BASE_BYTES: usize = 225;

/// Where a file sink writes and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileSettings {
    /// The active file. A relative path is resolved once, when the sink is opened. Required.
    pub path: PathBuf,
    /// Permission bits of a file the sink creates, whatever the umask is. Default `0o600`. Unix only.
    pub mode: u32,
    /// Permission bits of directories the sink creates; the umask may take some away. Default `0o700`. Unix
    /// only.
    pub dir_mode: u32,
    /// Create missing directories, also when they vanish later. Default true.
    pub mkdir: bool,
    /// When to start a new file and what to do with the old ones. Default: never.
    pub rotate: RotateSettings,
    /// How the file and those that it is rotated into are encrypted. Default: not at all.
    pub encrypt: Option<EncryptFileSettings>,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            mode: 0o600,
            dir_mode: 0o700,
            mkdir: true,
            rotate: RotateSettings::default(),
            encrypt: None,
        }
    }
}

/// How files are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EncryptFileSettings {
    /// The variable of the environment that holds the key; the key itself is in no document.
    pub key_variable: String,
}

impl EncryptFileSettings {
    /// # Errors
    /// `FAPILOG_SETTING_INVALID`: the variable holds no key.
    pub(super) fn key(&self, path: &Path) -> Result<Arc<FileKey>> {
        let key = Key::of_variable(&self.key_variable)
            .and_then(|key| FileKey::derive(&key).map_err(|error| error.to_string()));
        let wrong = |why| {
            Error::of_setting(SettingProblem {
                path: "encrypt.keyVariable".to_owned(),
                value: self.key_variable.clone(),
                expected: format!(
                    "a variable that holds the key of '{}', but {why}",
                    path.display()
                ),
            })
        };
        key.map(Arc::new).map_err(wrong)
    }
}

/// When to start a new file and what to do with the old ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RotateSettings {
    /// Rotate before a line would make the file longer than this many bytes. At least 1. Default: no limit.
    pub max_bytes: Option<u64>,
    /// Rotate at these moments. Default: never.
    #[serde(alias = "intervalMs")]
    pub interval: Option<Interval>,
    /// Align intervals and name rotated files in UTC instead of local time. Default false.
    pub utc: bool,
    /// What to do with a file once it is rotated. Default: leave it plain.
    pub compress: Compress,
    /// Rotated files kept, the active file not counted. Default: all.
    pub keep_files: Option<u32>,
    /// Bytes kept in rotated files (as they lie on disk), the active file not counted. Default: no limit.
    pub keep_bytes: Option<u64>,
    /// Rotated files whose last line is older than this are deleted. `keepForMs`, in milliseconds. Default:
    /// never.
    #[serde(rename = "keepForMs", deserialize_with = "optional_millis")]
    pub keep_for: Option<Duration>,
}

/// The moments of time rotation, on the wall clock of the chosen zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// `"hourly"`: at every full hour.
    Hourly,
    /// `"daily"`: at the start of every day.
    Daily,
    /// `"weekly"`: at the start of every Monday.
    Weekly,
    /// A number of milliseconds, at least 1. In UTC: at multiples since 1970. In local time: at multiples
    /// since local midnight, and at midnight; from 24 h on at multiples of local time since 1970.
    Every(Duration),
}

/// What to do with a rotated file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compress {
    /// Leave it as it is.
    #[default]
    None,
    /// Replace `x.log` by `x.log.gz`.
    Gzip,
}

impl RotateSettings {
    /// True when files are ever rotated.
    pub(super) fn rotates(&self) -> bool {
        self.max_bytes.is_some() || self.interval.is_some()
    }

    /// True when rotated files are compressed or deleted.
    pub(super) fn maintains(&self) -> bool {
        self.compress != Compress::None
            || self.keep_files.is_some()
            || self.keep_bytes.is_some()
            || self.keep_for.is_some()
    }
}

impl FileSettings {
    /// Checks every value and resolves a relative path.
    pub(super) fn checked(mut self) -> Result<Self> {
        let invalid = |message: String| Err(Error::new(ErrorCode::SettingInvalid, message));
        let shown = self.path.display().to_string();
        if self.path.as_os_str().is_empty() {
            return invalid("path is empty; name the file to write to".into());
        }
        let Some(name) = self.path.file_name().map(|name| name.len()) else {
            return invalid(format!("path '{shown}' names no file; add a file name"));
        };
        if shown.ends_with(std::path::is_separator) {
            return invalid(format!("path '{shown}' names a directory; add a file name"));
        }
        if self.mode > 0o777 || self.dir_mode > 0o777 {
            return invalid(format!(
                "mode {:#o} or dirMode {:#o} has more than permission bits; use at most 0o777",
                self.mode, self.dir_mode
            ));
        }
        if self.rotate.max_bytes == Some(0) {
            return invalid("rotate.maxBytes is 0; use at least 1 or leave it out".into());
        }
        if matches!(self.rotate.interval, Some(Interval::Every(step)) if step.as_millis() == 0) {
            return invalid("rotate.interval is less than 1 ms; use at least 1".into());
        }
        if self.rotate.rotates() && name > MAX_ROTATED_BASE_BYTES {
            return invalid(format!(
                "file name of '{shown}' is {name} bytes long; rotated names need room, use at most \
                 {MAX_ROTATED_BASE_BYTES}"
            ));
        }
        self.path = std::path::absolute(&self.path).map_err(|error| {
            Error::io(
                ErrorCode::SinkOpen,
                format!("cannot resolve path '{shown}'"),
                error,
            )
        })?;
        Ok(self)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(IntervalVisitor)
    }
}

struct IntervalVisitor;

impl Visitor<'_> for IntervalVisitor {
    type Value = Interval;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'hourly', 'daily', 'weekly' or a number of milliseconds of at least 1")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> std::result::Result<Interval, E> {
        match value {
            "hourly" => Ok(Interval::Hourly),
            "daily" => Ok(Interval::Daily),
            "weekly" => Ok(Interval::Weekly),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> std::result::Result<Interval, E> {
        if value == 0 {
            return Err(E::invalid_value(de::Unexpected::Unsigned(value), &self));
        }
        Ok(Interval::Every(Duration::from_millis(value)))
    }
}

fn optional_millis<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Duration>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn parse(text: &str) -> std::result::Result<FileSettings, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn everything_but_the_path_has_a_default() {
        let settings = parse(r#"{"path":"a.log"}"#).unwrap();
        assert_eq!(
            settings,
            FileSettings {
                path: "a.log".into(),
                ..FileSettings::default()
            }
        );
        assert_eq!((settings.mode, settings.dir_mode), (0o600, 0o700));
        assert!(settings.mkdir);
    }

    #[test]
    fn every_key_is_read() {
        let settings = parse(
            r#"{"path":"a.log","mode":416,"dirMode":488,"mkdir":false,"rotate":{"maxBytes":10,
            "interval":"daily","utc":true,"compress":"gzip","keepFiles":3,"keepBytes":null,
            "keepForMs":86400000}}"#,
        )
        .unwrap();
        assert_eq!(settings.mode, 0o640);
        assert_eq!(settings.rotate.interval, Some(Interval::Daily));
        assert_eq!(settings.rotate.compress, Compress::Gzip);
        assert_eq!(settings.rotate.keep_bytes, None);
        assert_eq!(settings.rotate.keep_for, Some(Duration::from_secs(86400)));
    }

    #[test]
    fn an_interval_is_a_name_or_milliseconds() {
        let of = |text: &str| serde_json::from_str::<Interval>(text);
        assert_eq!(
            of("1500").unwrap(),
            Interval::Every(Duration::from_millis(1500))
        );
        assert_eq!(of("\"weekly\"").unwrap(), Interval::Weekly);
        assert!(of("0").is_err());
        assert!(of("\"yearly\"").unwrap_err().to_string().contains("hourly"));
    }

    #[test]
    fn unknown_keys_and_useless_values_are_refused() {
        assert!(parse(r#"{"path":"a","maxBytes":1}"#).is_err());
        for bad in [
            r#"{}"#,
            r#"{"path":".."}"#,
            r#"{"path":"logs/"}"#,
            r#"{"path":"a","mode":65535}"#,
            r#"{"path":"a","rotate":{"maxBytes":0}}"#,
        ] {
            let error = parse(bad).unwrap().checked().unwrap_err();
            assert_eq!(error.code(), ErrorCode::SettingInvalid, "{bad}");
        }
        let long = FileSettings {
            path: "x".repeat(230).into(),
            rotate: RotateSettings {
                max_bytes: Some(1),
                ..RotateSettings::default()
            },
            ..FileSettings::default()
        };
        assert!(long.checked().is_err());
    }
}
