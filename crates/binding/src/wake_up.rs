//! Calls of a JavaScript function from any thread that keep no event loop alive, and say so.
//!
//! The thread-safe functions of napi-rs show `async_hooks` an empty object, so whoever looks for what keeps a process
//! alive (`jest --detectOpenHandles`) takes each of them for an open handle. This one shows an object of the caller's,
//! which can have the `hasRef` that other handles have.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{Env, Function, JsValue, Object};
use napi::{check_status, sys, Result};

/// The function, or null once the environment has taken it away.
struct Handle(Mutex<sys::napi_threadsafe_function>);

// SAFETY: the pointer is only used under the lock, by calls that Node-API allows on every thread, and never after
// `taken_away` or a release has set it to null (__test__/plugins.spec.ts, __test__/leaks.spec.ts).
unsafe impl Send for Handle {}
// SAFETY: as for Send.
unsafe impl Sync for Handle {}

impl Handle {
    fn lock(&self) -> MutexGuard<'_, sys::napi_threadsafe_function> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A function of one JavaScript thread.
pub struct WakeUp(Arc<Handle>);

impl WakeUp {
    /// Takes `function`, which gets no arguments; `resource` is what `async_hooks` are shown.
    pub fn new(env: &Env, function: &Function<'_, (), ()>, resource: &Object<'_>) -> Result<Self> {
        let name = env.create_string("fapilog:plugins")?;
        let handle = Arc::new(Handle(Mutex::new(ptr::null_mut())));
        let data = Arc::into_raw(Arc::clone(&handle)).cast_mut().cast();
        let mut raw = ptr::null_mut();
        // SAFETY: called on the thread of `env` with values of it; `data` is freed by `taken_away`, which is called
        // once if this succeeds (__test__/leaks.spec.ts).
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                function.raw(),
                resource.raw(),
                name.raw(),
                0,
                1,
                data,
                Some(taken_away),
                ptr::null_mut(),
                None,
                &mut raw,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody else has it: there is no function (no test: it takes a broken environment).
            drop(unsafe { Arc::from_raw(data.cast::<Handle>()) });
        }
        check_status!(status)?;
        *handle.lock() = raw;
        // SAFETY: on the thread of `env`, with the function that was just made (__test__/plugins.spec.ts).
        let status = unsafe { sys::napi_unref_threadsafe_function(env.raw(), raw) };
        let wake_up = Self(handle);
        check_status!(status)?;
        Ok(wake_up)
    }

    /// Has the function called soon, unless its environment has ended.
    pub fn call(&self) {
        let mut raw = self.0.lock();
        if raw.is_null() {
            return;
        }
        let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
        // SAFETY: not taken away yet, nor can it be before the lock is free (__test__/plugins.spec.ts).
        let status = unsafe { sys::napi_call_threadsafe_function(*raw, ptr::null_mut(), mode) };
        if status == sys::Status::napi_closing {
            *raw = ptr::null_mut();
        }
    }
}

impl Drop for WakeUp {
    fn drop(&mut self) {
        let mut raw = self.0.lock();
        if !raw.is_null() {
            let mode = sys::ThreadsafeFunctionReleaseMode::release;
            // SAFETY: as for the call; it is used no more afterwards (__test__/leaks.spec.ts).
            unsafe { sys::napi_release_threadsafe_function(*raw, mode) };
            *raw = ptr::null_mut();
        }
    }
}

/// Node-API is about to free the function.
unsafe extern "C" fn taken_away(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: `data` is the handle that `WakeUp::new` has given away, and this is the only call (__test__/leaks.spec.ts).
    let handle = unsafe { Arc::from_raw(data.cast::<Handle>()) };
    *handle.lock() = ptr::null_mut();
}
