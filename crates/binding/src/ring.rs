//! The ring of one JavaScript thread: its memory for the encoder, and what happens to it when the thread ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use fapilog_core::error::{Error, ErrorCode};
use fapilog_core::pipeline::{Pipeline, RingId};

use fapilog_ring::RingMemory;
use napi::bindgen_prelude::{BufferSlice, Env, Object};
use napi::Result;
use napi_derive::napi;

use crate::end_hook::EndHook;
use crate::{deferred, js_error, millis, to_json};

/// Longest wait for a logger's own ring at the end of its thread.
const OWN_RING: Duration = Duration::from_secs(5);

/// The main thread has run its `exit` listeners: what other threads hold has to be written now or never.
static ENDING: AtomicBool = AtomicBool::new(false);

/// From now on threads that end wait for the sinks.
pub fn process_is_ending() {
    ENDING.store(true, Ordering::Release);
}

/// The ring of one JavaScript thread.
#[napi]
pub struct NativeRing {
    pipeline: Arc<Pipeline>,
    memory: Arc<RingMemory>,
    id: RingId,
    /// Ends with this, which is the last that can publish.
    _end: EndHook,
}

impl NativeRing {
    /// Makes a ring for the calling thread. With `joined`, the longest wait at the end of the thread, it is one
    /// among others of a pipeline that goes on when the thread ends.
    pub fn attach(
        env: &Env,
        pipeline: &Arc<Pipeline>,
        data_bytes: u32,
        salt: u32,
        joined: Option<Duration>,
    ) -> Result<Self> {
        napi::bindgen_prelude::retain_current_module_for_unload_safety();
        let (id, memory) = pipeline
            .open_ring(data_bytes, salt)
            .map_err(|e| js_error(&e))?;
        // When this environment ends (a worker, or the main thread when its loop is empty), what it has
        // published is drained; the memory itself is kept alive by the pipeline until then.
        // Weak: it must not keep what was closed and forgotten.
        let weak = Arc::downgrade(pipeline);
        let end = EndHook::new(env, move || {
            let Some(pipeline) = weak.upgrade() else {
                return;
            };
            match joined {
                None => {
                    if pipeline.detach(id, OWN_RING) && pipeline.is_crash_safe() {
                        pipeline.flush(OWN_RING);
                        pipeline.finish_ring();
                    }
                }
                Some(patience) if ENDING.load(Ordering::Acquire) => {
                    pipeline.detach(id, patience);
                    pipeline.flush(patience);
                }
                // The drain thread does it in its own time.
                Some(_) => {
                    pipeline.detach(id, Duration::ZERO);
                }
            }
        })?;
        Ok(Self {
            pipeline: Arc::clone(pipeline),
            memory,
            id,
            _end: end,
        })
    }
}

#[napi]
impl NativeRing {
    /// The shared region as a Buffer over memory that Rust owns. Called once, by the producer.
    #[napi(catch_unwind)]
    pub fn memory<'env>(&self, env: &'env Env) -> Result<BufferSlice<'env>> {
        let keeper = Arc::clone(&self.memory);
        // SAFETY: the mapping is `len` bytes at `as_mut_ptr` and lives until the finalizer drops `keeper`,
        // which V8 calls when the Buffer is gone (__test__/ring.spec.ts).
        let view = unsafe {
            BufferSlice::from_external(
                env,
                self.memory.as_mut_ptr(),
                self.memory.len(),
                keeper,
                |_env, keeper| drop(keeper),
            )
        }?;
        // Where V8 keeps its memory in a cage, the view is a copy that no native thread would ever read.
        if !std::ptr::eq(view.as_ptr(), self.memory.as_mut_ptr()) {
            return Err(js_error(&Error::new(
                ErrorCode::RegionInvalid,
                "this runtime (Electron, or another build of V8 with a memory cage) lets JavaScript \
                 have no native memory: log from a process of Node.js",
            )));
        }
        Ok(view)
    }

    /// Wakes the drain thread after it was found parked.
    #[napi]
    pub fn wake(&self) {
        self.pipeline.wake();
    }

    /// Blocks until `units` are free, or the time is over; whether they are.
    #[napi(catch_unwind)]
    pub fn wait_for_space(&self, units: u32, timeout_ms: f64) -> bool {
        self.pipeline
            .wait_for_space(self.memory.region(), units, millis(timeout_ms))
    }

    /// Writes what is in the ring and stops reading it; what is counted in it afterwards still counts. A
    /// receipt as JSON.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn leave<'env>(&self, env: &'env Env, timeout_ms: f64) -> Result<Object<'env>> {
        let pipeline = Arc::clone(&self.pipeline);
        let id = self.id;
        deferred(env, "fapilog:close", move || {
            to_json(&pipeline.leave(id, millis(timeout_ms)))
        })
    }
}

impl Drop for NativeRing {
    /// Nobody can publish any more: whoever does holds this.
    fn drop(&mut self) {
        self.pipeline.detach(self.id, Duration::ZERO);
    }
}
