//! The addon: `fapilog-binding`, linked. The optimiser goes by the crate that is linked, so that this one has to be
//! compiled for speed, and the binding, which is compiled for size, cannot be it.

pub use fapilog_binding::*;
