//! The fapilog pipeline, without Node-API.
//!
//! Data moves in one direction: ring → [`wire`] (decode) → [`stages`] → [`format`] → [`pipeline`] (batch, route) →
//! [`sinks`]. Modules are listed lowest first; a module may only use those above it.
#![forbid(unsafe_code)]

pub use fapilog_event::{error, format, key, level, sealed, stages, wire};

pub mod pipeline;
pub mod reading;
pub mod recovery;
pub mod sinks;
