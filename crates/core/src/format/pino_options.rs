//! What an application may change about the lines of the format `pino`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorCode, Result};
use crate::level::{Level, LevelTable};

/// How the time of a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PinoTime {
    /// Milliseconds since the epoch: `"time":1767323045678`.
    #[default]
    Epoch,
    /// Seconds since the epoch, rounded: `"time":1767323046`.
    Unix,
    /// RFC 3339 in UTC: `"time":"2026-01-02T03:04:05.678Z"`.
    Iso,
    /// Not at all.
    None,
}

/// The settings of the group `pino`. The defaults are those of pino.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PinoOptions {
    /// The key of the message.
    pub message_key: String,
    /// The field whose Error gives the message of a call that has none; empty for none.
    pub error_key: String,
    /// How the time is written.
    pub timestamp: PinoTime,
    /// Whether lines have `pid` and `hostname`.
    pub origin: bool,
    /// What lines of a level begin with in place of `"level":30`: the JSON text of an object, by name of the level.
    pub levels: BTreeMap<String, String>,
    /// Whether lines end with `\r\n` instead of `\n`.
    pub crlf: bool,
}

impl Default for PinoOptions {
    fn default() -> Self {
        Self {
            message_key: "msg".into(),
            error_key: "err".into(),
            timestamp: PinoTime::Epoch,
            origin: true,
            levels: BTreeMap::new(),
            crlf: false,
        }
    }
}

impl PinoOptions {
    /// Checks what belongs to levels.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] for a name that is no level's, and for a text that is no object on one line.
    pub fn check(&self, levels: &LevelTable) -> Result<()> {
        for (name, text) in &self.levels {
            let refuse = |what: &str| {
                let message = format!("pino.levels.{name}: {what}");
                Err(Error::new(ErrorCode::SettingInvalid, message))
            };
            if levels.from_name(name).is_none() {
                return refuse("there is no such level");
            }
            let is_object = serde_json::from_str::<Map<String, Value>>(text).is_ok();
            if !is_object || !text.starts_with('{') || !text.ends_with('}') || text.contains('\n') {
                return refuse("not the text of an object");
            }
        }
        Ok(())
    }

    /// What a line of this level begins with, up to the time: `{"level":30,`.
    pub(super) fn beginning(&self, level: Level, levels: &LevelTable) -> Vec<u8> {
        // By the table, which knows aliases.
        let own = self
            .levels
            .iter()
            .find(|(name, _)| levels.from_name(name) == Some(level));
        let Some((_, text)) = own else {
            return format!("{{\"level\":{},", level.pino()).into_bytes();
        };
        let inside = text.strip_suffix('}').unwrap_or(text);
        let comma = if inside == "{" { "" } else { "," };
        [inside, comma].concat().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn with(name: &str, text: &str) -> PinoOptions {
        PinoOptions {
            levels: [(name.to_owned(), text.to_owned())].into(),
            ..PinoOptions::default()
        }
    }

    #[test]
    fn only_objects_of_levels_are_taken() {
        let levels = LevelTable::default();
        assert!(with("info", "{}").check(&levels).is_ok());
        assert!(with("WARN", "{\"severity\":\"WARNING\"}")
            .check(&levels)
            .is_ok());
        for (name, text) in [
            ("loud", "{}"),
            ("info", "30"),
            ("info", "{\"a\":1"),
            ("info", "{\"a\":1}}"),
            ("info", "{\"a\":\n1}"),
            ("info", " {}"),
        ] {
            assert!(with(name, text).check(&levels).is_err(), "{name}: {text}");
        }
    }

    #[test]
    fn a_line_begins_with_what_its_level_says() {
        let begun = |options: &PinoOptions| {
            String::from_utf8(options.beginning(Level::INFO, &LevelTable::default())).unwrap()
        };
        assert_eq!(begun(&PinoOptions::default()), "{\"level\":30,");
        assert_eq!(
            begun(&with("Info", "{\"a\":{\"b\":1}}")),
            "{\"a\":{\"b\":1},"
        );
        assert_eq!(begun(&with("info", "{}")), "{");
        assert_eq!(begun(&with("error", "{}")), "{\"level\":30,");
    }
}
