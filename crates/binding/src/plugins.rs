//! JavaScript's side of the way through plugins: taking batches, looking at events, answering.
//!
//! The thread that has registered is told of work through a thread-safe function without arguments, which is
//! weak: it keeps no event loop alive. What it is told about is taken, shown and answered by plain calls, so that
//! the same code runs when the process ends and no loop turns any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Instant;

use napi::bindgen_prelude::{Env, Function, Object, Uint8Array};
use napi::{Error, Result, Status};
use napi_derive::napi;

use fapilog_core::pipeline::Pipeline;
use fapilog_core::sinks::handoff::{Answer, HandoffPort};

use crate::end_hook::EndHook;
use crate::wake_up::WakeUp;
use crate::{millis, to_json, NativePipeline};

/// Events that wait for verdicts.
#[napi(object)]
pub struct PluginBatch {
    /// How to speak of it.
    pub id: f64,
    /// One byte an event: 0 for those that plugins may see, 4 for those that they have logged themselves. To be
    /// overwritten: 1 drops, 2 changes, 3 withholds.
    pub verdicts: Uint8Array,
}

/// Lines that wait to be written by a plugin.
#[napi(object)]
pub struct PluginLines {
    /// How to speak of them.
    pub id: f64,
    /// Whole lines.
    pub lines: String,
}

fn unknown_sink(name: &str) -> Error {
    Error::new(
        Status::InvalidArg,
        format!("FAPILOG_PIPELINE: no plugin sink is called {name:?}"),
    )
}

/// The plugins of a pipeline, as the thread that runs them sees them.
#[napi]
pub struct NativePlugins {
    pipeline: Arc<Pipeline>,
    told: Arc<AtomicBool>,
    /// Ends with this, without which nobody asks plugins.
    _end: EndHook,
}

#[napi]
impl NativePlugins {
    /// Calls `onWork` on this thread soon after there is something to do; `resource` is what `async_hooks` see of it.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        pipeline: &NativePipeline,
        on_work: Function<'_, (), ()>,
        resource: Object<'_>,
    ) -> Result<Self> {
        let pipeline = Arc::clone(&pipeline.pipeline);
        let wake_up = WakeUp::new(env, &on_work, &resource)?;
        let told = Arc::new(AtomicBool::new(false));
        let pending = Arc::clone(&told);
        pipeline.on_plugin_work(Arc::new(move || {
            // One call for any amount of work: it looks at all of it.
            if !pending.swap(true, Ordering::AcqRel) {
                wake_up.call();
            }
        }));
        // Registered behind the thread-safe function, so it runs before that one is gone.
        let weak = Arc::downgrade(&pipeline);
        let end = EndHook::new(env, move || {
            if let Some(pipeline) = weak.upgrade() {
                pipeline.leave_plugins();
            }
        })?;
        Ok(Self {
            pipeline,
            told,
            _end: end,
        })
    }

    /// From now on there may be a call of `onWork` again. To be called before looking for work.
    #[napi]
    pub fn listen(&self) {
        self.told.store(false, Ordering::Release);
    }

    /// Takes the oldest batch of a place.
    #[napi(catch_unwind)]
    pub fn take(&self, place: u32) -> Option<PluginBatch> {
        let offer = self.pipeline.bridge().take(place as usize)?;
        Some(PluginBatch {
            id: offer.id as f64,
            verdicts: offer.verdicts.into(),
        })
    }

    /// An event of a batch, as JSON.
    #[napi(catch_unwind)]
    pub fn event(&self, id: f64, index: u32) -> Option<String> {
        self.pipeline.bridge().event(id as u64, index as usize)
    }

    /// Answers a batch with its verdicts and the changed events as JSON; whether it was still waited for.
    #[napi(catch_unwind)]
    pub fn answer(&self, id: f64, verdicts: Uint8Array, changed: Vec<String>) -> bool {
        self.pipeline
            .bridge()
            .answer(id as u64, verdicts.to_vec(), changed)
    }

    /// Takes the lines that wait for a sink.
    #[napi(catch_unwind)]
    pub fn take_lines(&self, sink: String) -> Result<Option<PluginLines>> {
        let port = self.port(&sink)?;
        Ok(port.take().map(|handoff| PluginLines {
            id: handoff.id as f64,
            lines: handoff.lines.to_string(),
        }))
    }

    /// Says what has become of lines (`written`, `skipped`, `failed` or `gone`) and why; whether they were still waited
    /// for.
    #[napi(catch_unwind)]
    pub fn answer_lines(
        &self,
        sink: String,
        id: f64,
        outcome: String,
        why: Option<String>,
    ) -> Result<bool> {
        let why = why.unwrap_or_default();
        let answer = match outcome.as_str() {
            "written" => Answer::Written,
            "skipped" => Answer::Skipped,
            "gone" => Answer::Gone(why),
            _ => Answer::Failed(why),
        };
        Ok(self.port(&sink)?.answer(id as u64, answer))
    }

    /// Begins a flush, for `awaitFlush`.
    #[napi(catch_unwind)]
    pub fn begin_flush(&self) -> f64 {
        self.pipeline.begin_flush() as f64
    }

    /// Blocks until a flush is done, its receipt as JSON, or until plugins have something to do, `null`.
    #[napi(catch_unwind)]
    pub fn await_flush(&self, number: f64, timeout_ms: f64) -> Result<Option<String>> {
        let deadline = Instant::now() + millis(timeout_ms);
        self.pipeline
            .await_flush_between(number as u64, deadline)
            .map(|receipt| to_json(&receipt))
            .transpose()
    }

    /// Plugins are not asked any more; returns how many events they had not answered for.
    #[napi(catch_unwind)]
    pub fn abandon(&self) -> f64 {
        self.pipeline.abandon_plugins() as f64
    }

    /// Says what went wrong with a plugin, as the pipeline's other diagnostics are said.
    #[napi(catch_unwind)]
    pub fn report(&self, message: String) {
        self.pipeline.report_plugin(&message);
    }

    fn port(&self, sink: &str) -> Result<&Arc<HandoffPort>> {
        self.pipeline
            .handoffs()
            .iter()
            .find(|(name, _)| name == sink)
            .map(|(_, port)| port)
            .ok_or_else(|| unknown_sink(sink))
    }
}
