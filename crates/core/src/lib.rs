//! The fapilog pipeline, without Node-API.
//!
//! Data moves in one direction: ring → [`wire`] (decode) → [`stages`] → [`format`] → [`pipeline`] (batch, route) →
//! [`sinks`].
#![forbid(unsafe_code)]

pub use fapilog_event::{base64, error, format, key, level, sealed, wire};

mod pattern;
pub mod pipeline;
pub mod reading;
pub mod recovery;
pub mod sinks;
pub mod stages;
