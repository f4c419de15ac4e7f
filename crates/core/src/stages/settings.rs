//! What the settings document says about stages.

use serde::Deserialize;

use super::enrich::EnrichSettings;
use super::filter::FilterSettings;
use super::process::ProcessorSettings;
use super::redact::{Redact, RedactSettings};
use super::{Part, Stages};
use crate::error::Result;
use crate::format::FormatOptions;
use crate::wire::OwnStrings;

/// The stages of a pipeline. What is left out is not there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StagesSettings {
    /// Which events go on.
    pub filters: FilterSettings,
    /// What every event says besides.
    pub enrich: EnrichSettings,
    /// Keys, places and looks of what nobody may see.
    pub redact: Option<RedactSettings>,
    /// What becomes of events that have been redacted.
    pub processors: ProcessorSettings,
}

impl StagesSettings {
    /// Adds the stages in their fixed order: filters, enrichers, redactors, processors.
    pub(super) fn add_to(
        &self,
        stages: &mut Stages,
        own: &mut OwnStrings,
        constants: &FormatOptions,
        recovery: bool,
    ) -> Result<()> {
        let (filters, left_out) = self.filters.build(&constants.levels, recovery)?;
        for (name, filter) in filters {
            stages.push_filter(name, filter);
        }
        stages.left_out = left_out;
        if let Some(fields) = self.enrich.build(own)? {
            stages.push(Part::Enrich, "staticFields", Box::new(fields));
        }
        if let Some(settings) = self.redact.as_ref().filter(|redact| !redact.is_idle()) {
            let stage = Redact::new(settings, own)?;
            stages.push(Part::Redact, "redact", Box::new(stage));
        }
        for (name, processor) in self.processors.build(own)? {
            stages.push(Part::Process, name, processor);
        }
        Ok(())
    }
}
