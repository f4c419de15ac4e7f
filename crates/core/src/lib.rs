//! The fapilog pipeline, without Node-API.
//!
//! Data moves in one direction: ring → [`wire`] (decode) → [`stages`] → [`format`] → [`pipeline`] (batch, route) →
//! [`sinks`]. Modules are listed lowest first; a module may only use those above it.
#![forbid(unsafe_code)]

mod base64;
pub mod error;
pub mod format;
pub mod key;
pub mod level;
pub mod pipeline;
pub mod reading;
pub mod recovery;
pub mod sealed;
pub mod sinks;
pub mod stages;
pub mod wire;
