//! std's atomics, or loom's under `--cfg loom`.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, Ordering};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, Ordering};

/// Between a SeqCst store and a SeqCst load. loom takes such accesses for AcqRel ones and models only fences;
/// the real ones need nothing more.
#[inline(always)]
pub(crate) fn model_sequential_consistency() {
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}
