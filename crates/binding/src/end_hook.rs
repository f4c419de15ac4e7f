//! What is to be done when a JavaScript environment ends, forgotten when its owner goes before.
//!
//! The hooks of napi-rs stay until the environment ends: an application that makes loggers for as long as it runs would
//! keep one of each.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::Env;
use napi::{check_status, sys, Result};

/// What is to be done, until it was done or is not to be done any more.
type Work = Mutex<Option<Box<dyn FnOnce() + Send>>>;

/// To be dropped on the thread of its environment, as what belongs to a JavaScript object is.
pub struct EndHook {
    env: sys::napi_env,
    work: Arc<Work>,
}

// SAFETY: the environment is only used by `drop`, which Node-API's finalizers call on its own thread
// (__test__/leaks.spec.ts).
unsafe impl Send for EndHook {}
// SAFETY: no method of a shared reference uses the environment.
unsafe impl Sync for EndHook {}

impl EndHook {
    /// Does `work` when the environment ends, in the reverse order of their registration.
    pub fn new(env: &Env, work: impl FnOnce() + Send + 'static) -> Result<Self> {
        let work: Arc<Work> = Arc::new(Mutex::new(Some(Box::new(work))));
        let data = Arc::into_raw(Arc::clone(&work)).cast_mut().cast();
        // SAFETY: called on the thread of `env`; `data` is freed by `run` or by `drop`, whichever comes first
        // (__test__/leaks.spec.ts).
        let status = unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(run), data) };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody else has it: there is no hook (no test: it takes a broken environment).
            drop(unsafe { Arc::from_raw(data.cast::<Work>()) });
        }
        check_status!(status)?;
        Ok(Self {
            env: env.raw(),
            work,
        })
    }
}

impl Drop for EndHook {
    fn drop(&mut self) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if work.take().is_none() {
            // The environment ends, and the hook was called.
            return;
        }
        drop(work);
        let data = Arc::as_ptr(&self.work).cast_mut().cast();
        // SAFETY: on the thread of the environment, which has not ended, since the hook was not called
        // (__test__/leaks.spec.ts).
        unsafe { sys::napi_remove_env_cleanup_hook(self.env, Some(run), data) };
        // SAFETY: the hook's share, which it will not take any more (__test__/leaks.spec.ts).
        drop(unsafe { Arc::from_raw(data.cast::<Work>()) });
    }
}

/// The environment ends.
unsafe extern "C" fn run(data: *mut c_void) {
    // SAFETY: `data` is the share that `EndHook::new` has given away; after a removal this is not called
    // (__test__/leaks.spec.ts).
    let work = unsafe { Arc::from_raw(data.cast::<Work>()) };
    let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(work) = work {
        work();
    }
}
