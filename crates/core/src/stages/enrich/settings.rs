//! What the settings document says about enrichers.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::StaticFields;
use crate::error::{Error, ErrorCode, Result};
use crate::level::Level;
use crate::wire::layout::*;
use crate::wire::{OwnStrings, RecordWriter};

/// The enrichers of a pipeline.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EnrichSettings {
    /// Fields of every event.
    pub fields: Map<String, Json>,
}

impl EnrichSettings {
    /// The stage that adds the fields, if there are any.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] for too many names.
    pub fn build(&self, own: &mut OwnStrings) -> Result<Option<StaticFields>> {
        if self.fields.is_empty() {
            return Ok(None);
        }
        let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
        let header = writer.bytes().len();
        for (name, value) in &self.fields {
            let key = intern(own, name)?;
            write(&mut writer, key, value, own)?;
        }
        Ok(Some(StaticFields {
            tokens: writer.bytes().get(header..).unwrap_or_default().to_vec(),
            context: self
                .fields
                .keys()
                .any(|name| CONTEXT_KEYS.contains(&name.as_str())),
        }))
    }
}

/// The id of a name that a stage writes.
pub fn intern(own: &mut OwnStrings, name: &str) -> Result<u32> {
    own.intern(name).ok_or_else(|| {
        Error::new(
            ErrorCode::SettingInvalid,
            "stages: more names than there is room for",
        )
    })
}

fn write(writer: &mut RecordWriter, key: u32, value: &Json, own: &mut OwnStrings) -> Result<()> {
    match value {
        Json::Null => writer.token(TAG_NULL, key),
        Json::Bool(true) => writer.token(TAG_TRUE, key),
        Json::Bool(false) => writer.token(TAG_FALSE, key),
        Json::Number(number) => {
            let int = number.as_i64().and_then(|int| i32::try_from(int).ok());
            match int {
                Some(int) => writer.int(key, int),
                None => writer.float(key, number.as_f64().unwrap_or(f64::NAN)),
            }
        }
        Json::String(text) => {
            // Interned: formats have it escaped already.
            let id = intern(own, text)?;
            writer.string_ref(key, id);
        }
        Json::Array(items) => {
            writer.open_array(key);
            for item in items {
                write(writer, KEY_NONE, item, own)?;
            }
            writer.close();
        }
        Json::Object(entries) => {
            writer.open_object(key);
            for (name, item) in entries {
                let key = intern(own, name)?;
                write(writer, key, item, own)?;
            }
            writer.close();
        }
    }
    Ok(())
}
