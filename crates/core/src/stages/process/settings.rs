//! What the settings document says about processors.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::encrypt::{Encrypt, FieldKey};
use super::fields::{Change, Fields};
use super::size_guard::{SizeGuard, TooLarge};
use crate::error::{Error, ErrorCode, Result, SettingProblem};
use crate::key::Key;
use crate::stages::enrich::intern;
use crate::stages::path_tree::PathTree;
use crate::stages::Stage;
use crate::wire::OwnStrings;

/// The smallest bound of an event.
const MIN_EVENT_BYTES: usize = 256;

/// The processors of a pipeline. What is left out is not there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProcessorSettings {
    /// Other names of fields, by path.
    pub rename: BTreeMap<String, String>,
    /// Paths of fields that are left out.
    pub drop: Vec<String>,
    /// Fields whose values are encrypted.
    pub encrypt: Option<EncryptSettings>,
    /// The bound of an event.
    pub size_guard: Option<SizeGuardSettings>,
}

/// See [`Encrypt`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EncryptSettings {
    fields: Vec<String>,
    /// The variable of the environment that holds the key; the key itself is in no document.
    key_variable: String,
}

/// See [`SizeGuard`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SizeGuardSettings {
    max_bytes: usize,
    action: TooLarge,
}

/// A processor, and what it is called in metrics.
type Named = (&'static str, Box<dyn Stage>);

impl ProcessorSettings {
    /// The processors in their order.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] that names the setting.
    pub fn build(&self, own: &mut OwnStrings) -> Result<Vec<Named>> {
        let wrong = |path: &str, what: String| {
            let text = format!("processors.{path}: {what}");
            Err(Error::new(ErrorCode::SettingInvalid, text))
        };
        let mut stages: Vec<Named> = Vec::new();
        let mut changes = PathTree::default();
        for (path, name) in &self.rename {
            changes.add(path, Change::Rename(intern(own, name)?));
        }
        for path in &self.drop {
            changes.add(path, Change::Drop);
        }
        if !changes.is_empty() {
            stages.push(("fields", Box::new(Fields::new(changes))));
        }
        if let Some(settings) = &self.encrypt {
            let key = Key::of_variable(&settings.key_variable)
                .and_then(|key| FieldKey::derive(&key).ok_or_else(|| "it is of no use".to_owned()));
            let key = key.map_err(|why| {
                let problem = SettingProblem {
                    path: "processors.encrypt.keyVariable".to_owned(),
                    value: settings.key_variable.clone(),
                    expected: format!("a variable that holds a key, but {why}"),
                };
                Error::of_setting(problem)
            })?;
            let mut fields = PathTree::default();
            for path in &settings.fields {
                fields.add(path, path.as_str().into());
            }
            stages.push(("encrypt", Box::new(Encrypt::new(key, fields))));
        }
        if let Some(settings) = &self.size_guard {
            if settings.max_bytes < MIN_EVENT_BYTES {
                let what = format!("{} is not at least {MIN_EVENT_BYTES}", settings.max_bytes);
                return wrong("sizeGuard.maxBytes", what);
            }
            let guard = SizeGuard::new(settings.max_bytes, settings.action);
            stages.push(("sizeGuard", Box::new(guard)));
        }
        Ok(stages)
    }
}
