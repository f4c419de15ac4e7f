//! Node-API binding of the pipeline: JavaScript on one side, `fapilog-core` on the other, no decisions here.
//!
//! None of these functions is on the path of a log call, except `wake`, which is called when the drain thread
//! was found asleep, and `waitForSpace` under the `block` policy.

mod end_hook;
mod plugins;
mod registry;
mod ring;
#[cfg(unix)]
mod signals;
mod wake_up;

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use fapilog_core::error::Error as CoreError;
use fapilog_core::key::Key;
use fapilog_core::pipeline::{Pipeline, PipelineSettings};
use fapilog_core::reading::{self, ReadSettings};
use fapilog_core::sinks::standard_stream::StandardStream;
use fapilog_core::stages::process::encrypt::FieldKey;
use fapilog_core::stages::redact::{RedactSettings, WithheldNames};
use napi::bindgen_prelude::{Env, Object};
use napi::{Error, Result, Status};
use napi_derive::napi;
use ring::NativeRing;

/// What is wrong with single settings goes as JSON behind the code.
fn js_error(error: &CoreError) -> Error {
    let problems = Some(error.problems()).filter(|problems| !problems.is_empty());
    let text = problems
        .and_then(|problems| serde_json::to_string(problems).ok())
        .map(|problems| format!("{}: {problems}", error.code().as_str()));
    Error::new(
        Status::GenericFailure,
        text.unwrap_or_else(|| error.to_string()),
    )
}

fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::new(Status::GenericFailure, e.to_string()))
}

fn millis(ms: f64) -> Duration {
    Duration::from_millis(if ms.is_finite() && ms > 0.0 {
        ms as u64
    } else {
        0
    })
}

/// Starts what takes its time while the application still loads.
#[napi(module_exports)]
pub fn prepare(_exports: Object) -> Result<()> {
    // A worker that ends now would take the code away below the thread.
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    fapilog_ring::barrier::prepare();
    Ok(())
}

/// A running pipeline.
#[napi]
pub struct NativePipeline {
    pipeline: Arc<Pipeline>,
}

#[napi]
impl NativePipeline {
    /// Opens the sinks of a settings document (JSON) and starts the threads.
    #[napi(constructor, catch_unwind)]
    pub fn new(settings: String) -> Result<Self> {
        let settings = PipelineSettings::from_json(&settings).map_err(|e| js_error(&e))?;
        let pipeline = Pipeline::open(settings).map_err(|e| js_error(&e))?;
        Ok(Self {
            pipeline: Arc::new(pipeline),
        })
    }

    /// Names of keys whose values the encoder masks, as JSON; null when there is none.
    #[napi(catch_unwind)]
    pub fn withheld_names(&self) -> Result<Option<String>> {
        self.pipeline
            .withheld_names()
            .as_ref()
            .map(to_json)
            .transpose()
    }

    /// Makes a ring for the calling thread and drains it from now on.
    #[napi(catch_unwind)]
    pub fn attach_ring(&self, env: &Env, data_bytes: u32, salt: u32) -> Result<NativeRing> {
        NativeRing::attach(env, &self.pipeline, data_bytes, salt, None)
    }

    /// Makes a ring for the calling thread, which has joined: when it ends while the process goes on, nothing
    /// waits for the sinks; when the process ends too, it waits for up to `timeoutMs`.
    #[napi(catch_unwind)]
    pub fn join_ring(
        &self,
        env: &Env,
        data_bytes: u32,
        salt: u32,
        timeout_ms: f64,
    ) -> Result<NativeRing> {
        let patience = millis(timeout_ms);
        NativeRing::attach(env, &self.pipeline, data_bytes, salt, Some(patience))
    }

    /// Lets threads that know `id` join, with these settings for their encoder.
    #[napi(catch_unwind)]
    pub fn share(&self, id: String, settings: String) {
        registry::share(id, &self.pipeline, settings);
    }

    /// Takes `share` back.
    #[napi(catch_unwind)]
    pub fn unshare(&self) {
        registry::unshare(&self.pipeline);
    }

    /// Sets the lowest level index that is logged, in all threads.
    #[napi(catch_unwind)]
    pub fn set_threshold(&self, level: u8) {
        self.pipeline.set_threshold(level);
    }

    /// Waits up to `timeoutMs` until every sink has dealt with everything logged so far. A receipt as JSON.
    #[napi(catch_unwind)]
    pub fn flush_sync(&self, timeout_ms: f64) -> Result<String> {
        to_json(&self.pipeline.flush(millis(timeout_ms)))
    }

    /// As `flushSync`, for the end of the process: a sink that is stuck does not keep the others from anything.
    #[napi(catch_unwind)]
    pub fn last_flush_sync(&self, timeout_ms: f64) -> Result<String> {
        ring::process_is_ending();
        to_json(&self.pipeline.last_flush(millis(timeout_ms)))
    }

    /// `flushSync` without blocking the caller.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn flush<'env>(&self, env: &'env Env, timeout_ms: f64) -> Result<Object<'env>> {
        let pipeline = Arc::clone(&self.pipeline);
        deferred(env, "fapilog:flush", move || {
            to_json(&pipeline.flush(millis(timeout_ms)))
        })
    }

    /// Flushes, then ends all threads; what cannot be written in time is counted as dropped. A receipt.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn close<'env>(&self, env: &'env Env, timeout_ms: f64) -> Result<Object<'env>> {
        let pipeline = Arc::clone(&self.pipeline);
        deferred(env, "fapilog:close", move || {
            to_json(&pipeline.close(millis(timeout_ms)))
        })
    }

    /// Closes and blocks the caller meanwhile.
    #[napi(catch_unwind)]
    pub fn close_sync(&self, timeout_ms: f64) -> Result<String> {
        to_json(&self.pipeline.close(millis(timeout_ms)))
    }

    /// From now on SIGTERM, SIGINT and SIGHUP let this pipeline write what it holds, for up to `timeoutMs`.
    /// Takes effect for those signals that `armSignals` has named.
    #[napi(catch_unwind)]
    pub fn drain_at_signals(&self, timeout_ms: f64) {
        #[cfg(unix)]
        signals::watch(Arc::downgrade(&self.pipeline), millis(timeout_ms));
        #[cfg(not(unix))]
        let _ = timeout_ms;
    }

    /// Takes `drainAtSignals` back.
    #[napi(catch_unwind)]
    pub fn forget_signals(&self) {
        #[cfg(unix)]
        signals::unwatch(&Arc::downgrade(&self.pipeline));
    }

    /// Takes the named signals over, for the process, where their disposition is the one that Node leaves.
    /// Main thread only.
    #[napi(catch_unwind)]
    pub fn arm_signals(&self, names: Vec<String>) {
        #[cfg(unix)]
        signals::arm(&names);
        #[cfg(not(unix))]
        let _ = names;
    }

    /// Gives all signals back.
    #[napi(catch_unwind)]
    pub fn disarm_signals(&self) {
        #[cfg(unix)]
        signals::disarm();
    }

    /// Says that events were left unwritten when time was over.
    #[napi(catch_unwind)]
    pub fn report_unwritten(&self, text: String) {
        self.pipeline.report_unwritten(&text);
    }

    /// The errors since the last call, as JSON, if the settings say that they are collected.
    #[napi(catch_unwind)]
    pub fn take_diagnostics(&self) -> Result<String> {
        to_json(&self.pipeline.take_diagnostics())
    }

    /// All counters, as JSON.
    #[napi(catch_unwind)]
    pub fn metrics(&self) -> Result<String> {
        to_json(&self.pipeline.metrics())
    }

    /// Replaces all stages and the routing, as a document (JSON) says. Waits up to a second until they are in
    /// force; whether they are.
    #[napi(catch_unwind)]
    pub fn reconfigure(&self, document: String) -> Result<bool> {
        self.pipeline
            .reconfigure(&document)
            .map_err(|e| js_error(&e))
    }

    /// How the sinks do, as JSON.
    #[napi(catch_unwind)]
    pub fn health(&self) -> Result<String> {
        to_json(&self.pipeline.health())
    }

    /// Opens the destination of every sink again.
    #[napi(catch_unwind)]
    pub fn reopen(&self) {
        self.pipeline.reopen();
    }

    /// Removes the file of a crash-safe ring if everything in it was written; for the end of the process.
    #[napi(catch_unwind)]
    pub fn finish_ring(&self) -> bool {
        self.pipeline.finish_ring()
    }

    /// The lines of a memory sink; `take` empties it.
    #[napi(catch_unwind)]
    pub fn memory(&self, name: String, take: bool) -> Option<String> {
        let bytes = self.pipeline.memory(&name, take)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Writes what processes that are gone left in the crash-safe rings of a folder. One report a ring, as JSON.
#[napi(catch_unwind)]
pub fn recover(directory: String, dry_run: bool) -> Result<String> {
    let reports = fapilog_core::recovery::recover(std::path::Path::new(&directory), dry_run)
        .map_err(|e| Error::new(Status::GenericFailure, format!("{directory}: {e}")))?;
    to_json(&reports)
}

/// The open pipeline that was shared under `id`, and the settings that were given with it.
#[napi(catch_unwind)]
pub fn join_pipeline(id: String) -> Option<JoinedPipeline> {
    let (pipeline, settings) = registry::find(&id)?;
    Some(JoinedPipeline { pipeline, settings })
}

/// What a thread gets that joins.
#[napi]
pub struct JoinedPipeline {
    pipeline: Arc<Pipeline>,
    settings: String,
}

#[napi]
impl JoinedPipeline {
    /// The pipeline; closing it would close it for all.
    #[napi(catch_unwind)]
    pub fn pipeline(&self) -> NativePipeline {
        NativePipeline {
            pipeline: Arc::clone(&self.pipeline),
        }
    }

    /// The logger's settings as JSON.
    #[napi(catch_unwind)]
    pub fn settings(&self) -> String {
        self.settings.clone()
    }
}

/// Whether a standard stream is a terminal: 1 is standard output, 2 standard error. Asked here, since Node.js' own module
/// for it takes half a millisecond to load.
#[napi(catch_unwind)]
pub fn is_terminal(fd: u32) -> bool {
    match fd {
        1 => std::io::stdout().is_terminal(),
        2 => std::io::stderr().is_terminal(),
        _ => false,
    }
}

/// Reads log files or standard input and writes what is wanted of them to standard output. A report, as JSON.
#[napi(ts_return_type = "Promise<string>")]
pub fn read_logs(env: &Env, settings: String) -> Result<Object<'_>> {
    let settings = ReadSettings::from_json(&settings).map_err(|e| js_error(&e))?;
    deferred(env, "fapilog:read-logs", move || {
        let mut stdout = StandardStream::stdout();
        let report = reading::run(settings, &mut stdout, StandardStream::stdout_is_closed);
        to_json(&report.map_err(|e| js_error(&e))?)
    })
}

/// The rotated files of an active log file, oldest first, and itself.
#[napi(catch_unwind)]
pub fn rotated_set(path: String) -> Result<Vec<String>> {
    let files = reading::rotated_set(std::path::Path::new(&path))
        .map_err(|e| Error::new(Status::GenericFailure, format!("{path}: {e}")))?;
    Ok(files
        .iter()
        .map(|file| file.to_string_lossy().into_owned())
        .collect())
}

/// Runs `work` on a thread and resolves a promise with its result. Holds the event loop meanwhile, as
/// an awaited promise should.
fn deferred<'env>(
    env: &'env Env,
    name: &str,
    work: impl FnOnce() -> Result<String> + Send + 'static,
) -> Result<Object<'env>> {
    let (deferred, promise) = env.create_deferred::<String, _>()?;
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(256 << 10)
        .spawn(move || {
            let result = work();
            deferred.resolve(move |_| result);
        })
        .map_err(|e| Error::new(Status::GenericFailure, format!("FAPILOG_THREAD_SPAWN: {e}")))?;
    Ok(promise)
}

/// Names of keys that redaction masks with these settings (JSON), as JSON; null when there is none.
#[napi(catch_unwind)]
pub fn withheld_names(redact: String) -> Result<Option<String>> {
    let settings: RedactSettings =
        serde_json::from_str(&redact).map_err(|e| Error::new(Status::InvalidArg, e.to_string()))?;
    WithheldNames::of(&settings)
        .map_err(|e| js_error(&e))?
        .as_ref()
        .map(to_json)
        .transpose()
}

/// The JSON of a field's value that the pipeline has encrypted; nothing if key, field or text are not the right ones.
#[napi(catch_unwind)]
pub fn decrypt_field(text: String, field: String, key: String) -> Result<Option<String>> {
    let key = Key::parse(&key).and_then(|key| FieldKey::derive(&key));
    let key = key.ok_or_else(|| {
        Error::new(
            Status::InvalidArg,
            "FAPILOG_SETTING_INVALID: the key is not 32 bytes in base64 or hexadecimal",
        )
    })?;
    Ok(key
        .decrypt(&field, &text)
        .and_then(|json| String::from_utf8(json).ok()))
}
