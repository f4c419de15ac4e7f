//! Native threads that stand back where the application wants the core.

/// Lets the calling thread wait for a core instead of taking one from a running thread at the moment it wakes up.
///
/// On Linux that is the scheduling policy `SCHED_BATCH` (sched(7)): the same share of the time as before, but no
/// preemption on wake-up. A sink's thread wakes for every batch; on a machine whose cores are all busy, that used to
/// cost the application's thread its core in the middle of a log call. Elsewhere, and where it is refused, nothing.
pub fn stand_back() {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        let parameter = libc::sched_param { sched_priority: 0 };
        // SAFETY: 0 names the calling thread, and the kernel only reads the parameter, which outlives the call
        // (the test below asks the kernel what came of it).
        unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameter) };
    }
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    #[test]
    fn only_the_thread_that_asks_stands_back() {
        // SAFETY: 0 names the calling thread; nothing else is passed.
        let policy = || unsafe { libc::sched_getscheduler(0) };
        let before = policy();
        let other = std::thread::spawn(move || {
            super::stand_back();
            policy()
        });
        assert_eq!(other.join().ok(), Some(libc::SCHED_BATCH));
        assert_eq!(policy(), before);
    }
}
