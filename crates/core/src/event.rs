//! What every event goes through: [`wire`] (decode) and [`format`], and how a file is [`sealed`].
//!
//! A crate of its own, since its code runs for every event or byte and is compiled for speed: everything else is compiled
//! for size (see the profiles in the workspace's `Cargo.toml`).
#![forbid(unsafe_code)]

pub mod base64;
pub mod error;
pub mod format;
pub mod key;
pub mod level;
pub mod sealed;
pub mod wire;
