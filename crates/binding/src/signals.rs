//! SIGTERM, SIGINT and SIGHUP: what was logged is written, then the signal does what it would have done.
//!
//! A handler is installed only where the disposition is the one that Node leaves: the default, or Node's own
//! handler, which resets the terminal and raises again (told by `SA_RESETHAND`). It wakes a thread, which lets
//! every pipeline write what it holds, puts the previous disposition back and sends the signal again. A second
//! signal meanwhile takes effect at once. When JavaScript listens, libuv replaces our handler by its own.
//!
//! A crash-safe ring is removed when all of it was written. Between that look and the end of the process nothing
//! may be logged, so the main thread is stopped first, inside the handler. It may hold any lock then, the
//! allocator's too: what follows takes none.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use fapilog_core::pipeline::Pipeline;
use libc::{c_int, c_void};

const SIGNALS: [(c_int, &str); 3] = [
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGHUP, "SIGHUP"),
];

/// What the handlers replaced. The pointed-to values are never freed: a handler may be reading them.
static PREVIOUS: [AtomicPtr<libc::sigaction>; 3] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; 3];
/// The writing end of the pipe that the thread reads; -1 before there is one.
static WAKE: AtomicI32 = AtomicI32::new(-1);
static DRAINING: AtomicBool = AtomicBool::new(false);
/// Signals dealt with by a process that lives on, because somebody has taken the signal over meanwhile.
static SURVIVED: AtomicU32 = AtomicU32::new(0);
/// The main thread, on which a process that signals itself expects the effect before the call returns.
static MAIN_THREAD: AtomicUsize = AtomicUsize::new(0);
/// The main thread waits in the handler for a signal that the process has sent to itself.
static WAITING: AtomicBool = AtomicBool::new(false);
/// The main thread is to stop in the handler, and has.
static STOP: AtomicBool = AtomicBool::new(false);
static STOPPED: AtomicBool = AtomicBool::new(false);
/// Longest wait for the main thread to stop.
const STOP_PATIENCE: Duration = Duration::from_millis(50);
static OPEN: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

/// A pipeline that is drained at a signal.
#[derive(Clone)]
struct Watched {
    pipeline: Weak<Pipeline>,
    timeout: Duration,
    /// The thread that logs into it.
    thread: usize,
}

/// Lets `pipeline` write what it holds, for up to `timeout`, before a signal ends the process.
pub fn watch(pipeline: Weak<Pipeline>, timeout: Duration) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|known| known.pipeline.strong_count() > 0);
    open.push(Watched {
        pipeline,
        timeout,
        thread: this_thread(),
    });
}

/// Forgets a pipeline.
pub fn unwatch(pipeline: &Weak<Pipeline>) {
    OPEN.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|known| !known.pipeline.ptr_eq(pipeline));
}

/// Installs the handler for those of the named signals whose disposition is the one that Node leaves.
/// Called on the main thread. Does nothing in the first process of a container, which no signal ends that it
/// does not handle: the kernel ignores those.
pub fn arm(names: &[String]) {
    if std::process::id() == 1 || !start_thread() {
        return;
    }
    MAIN_THREAD.store(this_thread(), Ordering::Release);
    for (slot, (signal, name)) in PREVIOUS.iter().zip(SIGNALS) {
        if names.iter().any(|wanted| wanted == name) {
            install(signal, slot);
        }
    }
}

/// Puts back what `arm` replaced, where nobody else has replaced it since.
pub fn disarm() {
    for (signal, _) in SIGNALS {
        if is_ours(signal) {
            restore(signal);
        }
    }
}

fn ours() -> libc::sighandler_t {
    on_signal as *const () as libc::sighandler_t
}

fn is_ours(signal: c_int) -> bool {
    current(signal).is_some_and(|action| action.sa_sigaction == ours())
}

fn empty_action() -> libc::sigaction {
    // SAFETY: all zeroes is a valid sigaction: the default disposition, an empty mask, no flags
    // (__test__/exits.spec.ts).
    unsafe { std::mem::zeroed() }
}

fn current(signal: c_int) -> Option<libc::sigaction> {
    let mut action = empty_action();
    // SAFETY: a query; `action` is valid for the write (__test__/exits.spec.ts).
    let result = unsafe { libc::sigaction(signal, std::ptr::null(), &mut action) };
    (result == 0).then_some(action)
}

fn install(signal: c_int, slot: &AtomicPtr<libc::sigaction>) {
    let Some(before) = current(signal) else {
        return;
    };
    let is_default = before.sa_sigaction == libc::SIG_DFL;
    let is_nodes = before.sa_sigaction != libc::SIG_IGN
        && before.sa_sigaction != ours()
        && before.sa_flags & libc::SA_RESETHAND != 0;
    if !is_default && !is_nodes {
        return;
    }
    let known = slot.load(Ordering::Acquire);
    // SAFETY: the slot is null or holds a leaked box (__test__/exits.spec.ts).
    let same = unsafe { known.as_ref() }.is_some_and(|known| {
        known.sa_sigaction == before.sa_sigaction && known.sa_flags == before.sa_flags
    });
    if !same {
        slot.store(Box::into_raw(Box::new(before)), Ordering::Release);
    }
    let mut action = empty_action();
    action.sa_sigaction = ours();
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: the handler only does what signal handlers may do (__test__/exits.spec.ts).
    unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) };
}

/// Async-signal-safe.
fn restore(signal: c_int) {
    for (slot, (known, _)) in PREVIOUS.iter().zip(SIGNALS) {
        let previous = slot.load(Ordering::Acquire);
        if known == signal && !previous.is_null() {
            // SAFETY: the slot holds a leaked box (__test__/exits.spec.ts).
            unsafe { libc::sigaction(signal, previous, std::ptr::null_mut()) };
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn errno() -> *mut c_int {
    // SAFETY: no preconditions (__test__/exits.spec.ts).
    unsafe { libc::__errno_location() }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn errno() -> *mut c_int {
    // SAFETY: no preconditions (__test__/exits.spec.ts).
    unsafe { libc::__error() }
}

/// The handler: only atomics and async-signal-safe calls.
extern "C" fn on_signal(signal: c_int, info: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: errno's address is valid on the thread that asked for it (__test__/exits.spec.ts).
    let saved = unsafe { *errno() };
    let survived = SURVIVED.load(Ordering::Acquire);
    if STOP.load(Ordering::Acquire) && is_main_thread() {
        STOPPED.store(true, Ordering::Release);
        wait_while(|| STOP.load(Ordering::Acquire));
    } else if DRAINING.swap(true, Ordering::AcqRel) || !wake_thread(signal) {
        restore(signal);
        // SAFETY: async-signal-safe; it is delivered when this handler returns (__test__/exits.spec.ts).
        unsafe { libc::raise(signal) };
    } else if is_own(info) && is_main_thread() {
        // A process that signals itself must not go on. The call that did it holds no lock that the drain
        // needs, and the thread ends the wait by ending the process.
        WAITING.store(true, Ordering::Release);
        wait_while(|| SURVIVED.load(Ordering::Acquire) == survived);
        WAITING.store(false, Ordering::Release);
    }
    // SAFETY: as above.
    unsafe { *errno() = saved };
}

/// Async-signal-safe.
fn wait_while(condition: impl Fn() -> bool) {
    while condition() {
        // SAFETY: no descriptors, a pause of a millisecond (__test__/exits.spec.ts).
        unsafe { libc::poll(std::ptr::null_mut(), 0, 1) };
    }
}

/// Async-signal-safe.
fn this_thread() -> usize {
    // SAFETY: no preconditions (__test__/exits.spec.ts).
    unsafe { libc::pthread_self() as usize }
}

fn wake_thread(signal: c_int) -> bool {
    let byte = signal as u8;
    let wake = WAKE.load(Ordering::Acquire);
    // SAFETY: one readable byte; the descriptor is never closed (__test__/exits.spec.ts).
    unsafe { libc::write(wake, (&raw const byte).cast(), 1) == 1 }
}

fn is_own(info: *mut libc::siginfo_t) -> bool {
    // SAFETY: the kernel hands over a valid siginfo because of SA_SIGINFO (__test__/exits.spec.ts).
    let Some(info) = (unsafe { info.as_ref() }) else {
        return false;
    };
    // SAFETY: these signals come from kill(2) and its like, which fill this field, or from the kernel, which
    // leaves it zero (__test__/exits.spec.ts).
    let sender = unsafe { info.si_pid() };
    u32::try_from(sender).is_ok_and(|sender| sender == std::process::id())
}

fn is_main_thread() -> bool {
    this_thread() == MAIN_THREAD.load(Ordering::Acquire)
}

/// Starts the thread that waits for signals, once. Whether it runs.
fn start_thread() -> bool {
    static STARTING: Mutex<()> = Mutex::new(());
    let _one = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if WAKE.load(Ordering::Acquire) >= 0 {
        return true;
    }
    let mut ends = [-1 as c_int; 2];
    // SAFETY: `ends` has room for two descriptors (__test__/exits.spec.ts).
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return false;
    }
    for end in ends {
        // SAFETY: a descriptor that was just made (__test__/exits.spec.ts).
        unsafe { libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let spawned = std::thread::Builder::new()
        .name("fapilog:signals".into())
        .stack_size(128 << 10)
        .spawn(move || wait_for_signals(ends[0]));
    if spawned.is_ok() {
        WAKE.store(ends[1], Ordering::Release);
    }
    spawned.is_ok()
}

fn wait_for_signals(pipe: c_int) {
    loop {
        let mut byte = 0u8;
        // SAFETY: one writable byte; the descriptor is never closed (__test__/exits.spec.ts).
        let read = unsafe { libc::read(pipe, (&raw mut byte).cast(), 1) };
        if read == 1 {
            let signal = c_int::from(byte);
            let written = drain_all(signal);
            if !written.is_empty() && stop_main_thread(signal) {
                for pipeline in written.iter() {
                    pipeline.unlink_ring();
                }
            }
            // Unless somebody has taken it over meanwhile, who gets it then.
            if is_ours(signal) {
                restore(signal);
            }
            if let Ok(this) = libc::pid_t::try_from(std::process::id()) {
                // SAFETY: sends the signal to this process (__test__/exits.spec.ts).
                unsafe { libc::kill(this, signal) };
            }
            std::thread::sleep(Duration::from_millis(100));
            STOP.store(false, Ordering::Release);
            STOPPED.store(false, Ordering::Release);
            DRAINING.store(false, Ordering::Release);
            SURVIVED.fetch_add(1, Ordering::AcqRel);
            drop(ManuallyDrop::into_inner(written));
        } else if read == 0 {
            return;
        }
    }
}

/// Stops the main thread in the handler, until the end of the process; whether it has stopped. Touches no heap
/// afterwards, and nor must the caller.
fn stop_main_thread(signal: c_int) -> bool {
    let has_stopped = || WAITING.load(Ordering::Acquire) || STOPPED.load(Ordering::Acquire);
    if has_stopped() {
        return true;
    }
    if !is_ours(signal) {
        return false;
    }
    STOP.store(true, Ordering::Release);
    let main = MAIN_THREAD.load(Ordering::Acquire) as libc::pthread_t;
    // SAFETY: the main thread lives as long as the process (__test__/crash-safe.spec.ts).
    if unsafe { libc::pthread_kill(main, signal) } != 0 {
        return false;
    }
    let deadline = Instant::now() + STOP_PATIENCE;
    // A thread that is in the handler already, on its way to wait there, is not interrupted again.
    wait_while(|| !has_stopped() && Instant::now() < deadline);
    has_stopped()
}

/// Returns the pipelines that have written everything and are logged into by the main thread. They must not be
/// dropped: that takes time that nobody has, and the heap.
fn drain_all(signal: c_int) -> ManuallyDrop<Vec<Arc<Pipeline>>> {
    let start = Instant::now();
    // A thread that is stopped inside the handler must not keep us from the list.
    let open = match OPEN.try_lock() {
        Ok(open) => open.clone(),
        Err(_) => {
            std::thread::sleep(Duration::from_millis(5));
            OPEN.try_lock().map(|open| open.clone()).unwrap_or_default()
        }
    };
    let flushes: Vec<_> = open
        .iter()
        .filter_map(|watched| Some((watched.pipeline.upgrade()?, watched)))
        .map(|(pipeline, watched)| (pipeline.begin_last_flush(), pipeline, watched))
        .collect();
    let mut written = ManuallyDrop::new(Vec::with_capacity(flushes.len()));
    for (number, pipeline, watched) in flushes {
        let timeout = watched.timeout;
        let receipt = pipeline.await_last_flush(number, start + timeout);
        if !receipt.complete {
            let name = SIGNALS
                .iter()
                .find(|(known, _)| *known == signal)
                .map_or("a signal", |(_, name)| name);
            pipeline.report_unwritten(&format!(
                "{name}: {} ms were over with unwritten events in {}",
                timeout.as_millis(),
                receipt.late()
            ));
        }
        if receipt.complete && watched.thread == MAIN_THREAD.load(Ordering::Acquire) {
            written.push(pipeline);
        } else {
            std::mem::forget(pipeline);
        }
    }
    written
}
