//! Processors: what becomes of events that have been redacted.

pub mod encrypt;
mod fields;
mod settings;
mod size_guard;

#[cfg(test)]
mod tests;

pub use settings::ProcessorSettings;
