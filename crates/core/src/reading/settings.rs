//! What to read, what of it, and how it is shown: the document that the command line makes.

use std::path::PathBuf;

use serde::Deserialize;

use super::filter::{Condition, Filter};
use crate::error::{Error, ErrorCode, Result};
use crate::level::Level;

/// How wanted events leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// As the `pretty` format prints them.
    #[default]
    Pretty,
    /// The line as it is, or with `fields` an object of those.
    Json,
    /// RFC 4180, with a header.
    Csv,
    /// Columns for people.
    Table,
    /// Not at all: they are only counted.
    None,
}

/// What inputs have to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    /// Encrypted or not.
    #[default]
    Any,
    /// Encrypted.
    Encrypted,
    /// Encrypted, and with the mark that nothing is missing at its end.
    Complete,
}

/// One run of the reader.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadSettings {
    /// Files, in this order; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// Default `pretty`.
    #[serde(default)]
    pub output: Output,
    /// Dotted paths of the fields to show; empty for the usual ones. Not with `pretty`.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Whether `pretty` uses colours. Default no.
    #[serde(default)]
    pub color: bool,
    /// Whether `pretty` shows UTC instead of local time. Default no.
    #[serde(default)]
    pub utc: bool,
    /// Lowest level shown, by any of its names. Default all.
    #[serde(default)]
    pub level: Option<String>,
    /// Conditions on fields, as [`Condition::parse`] takes them.
    #[serde(default, rename = "where")]
    pub conditions: Vec<String>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub since_ms: Option<f64>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub until_ms: Option<f64>,
    /// Whether lines that are no events are passed on. Default no.
    #[serde(default)]
    pub others: bool,
    /// Whether to wait for more when the end of a file is reached. Default no.
    #[serde(default)]
    pub follow: bool,
    /// The variable of the environment that holds the key of encrypted files.
    #[serde(default)]
    pub key_variable: Option<String>,
    /// What inputs have to be. Default `any`.
    #[serde(default)]
    pub wanted: Wanted,
    /// Start this many lines before the end of each input. Default at its start.
    #[serde(default)]
    pub last: Option<usize>,
}

impl ReadSettings {
    /// Reads the document and checks it.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] with what is wrong.
    pub fn from_json(json: &str) -> Result<Self> {
        let settings: Self = serde_json::from_str(json)
            .map_err(|error| Error::new(ErrorCode::SettingInvalid, error.to_string()))?;
        settings.filter()?;
        Ok(settings)
    }

    /// The filter that the settings describe.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] for a level or a condition that is none.
    pub fn filter(&self) -> Result<Filter> {
        let invalid = |message: String| Error::new(ErrorCode::SettingInvalid, message);
        let level = match &self.level {
            Some(name) => Some(
                Level::from_name(name).ok_or_else(|| invalid(format!("'{name}' is no level")))?,
            ),
            None => None,
        };
        let conditions = self.conditions.iter().map(|text| Condition::parse(text));
        Ok(Filter {
            level,
            since_ms: self.since_ms,
            until_ms: self.until_ms,
            conditions: conditions
                .collect::<std::result::Result<_, _>>()
                .map_err(invalid)?,
        })
    }
}
