//! What the encoder has to know in order to keep secrets out of shared memory: rules that name a field by its
//! key alone and put a mask in its place.

use serde::Serialize;

use super::key_name::{Extent, ABOUT, ASKING};
use super::settings::RedactSettings;
use super::strategy::Strategy;
use crate::error::{Error, Result};

/// Names and masks, for src/redact/key-name.ts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WithheldNames {
    /// Names that are whole keys, folded, with the numbers of their rules.
    pub whole: Vec<(String, u16)>,
    /// Names that are words of a key.
    pub words: Vec<(String, u16)>,
    /// Names that stand anywhere in a key.
    pub within: Vec<(String, u16)>,
    /// Masks by the number of the rule; none where the value has to travel because the rule needs it.
    pub masks: Vec<Option<String>>,
    /// Last words of keys that are about something secret and do not hold it.
    pub about: &'static [&'static str],
    /// First words of such keys.
    pub asking: &'static [&'static str],
}

impl WithheldNames {
    /// The names that the settings ask for. `None` if there is none.
    ///
    /// # Errors
    /// As for the stage itself.
    pub fn of(settings: &RedactSettings) -> Result<Option<Self>> {
        let mut problems = Vec::new();
        let rules = settings.rules(&mut problems)?;
        if let Some(error) = Error::of_settings(problems) {
            return Err(error);
        }
        if rules.names().is_empty() {
            return Ok(None);
        }
        let mut withheld = Self {
            about: ABOUT,
            asking: ASKING,
            ..Self::default()
        };
        let mut last = 0;
        for (text, extent, rule) in rules.names().iter() {
            last = last.max(rule);
            let list = match extent {
                Extent::Whole => &mut withheld.whole,
                Extent::Words => &mut withheld.words,
                Extent::Within => &mut withheld.within,
            };
            list.push((text.to_owned(), rule));
        }
        withheld.masks = (0..=last)
            .map(|number| {
                let rule = rules.get(number);
                (rule.strategy == Strategy::Mask)
                    .then(|| rule.mask.unwrap_or(&settings.mask).to_owned())
            })
            .collect();
        Ok(Some(withheld))
    }
}
