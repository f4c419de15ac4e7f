//! The asymmetric barrier of the parking handshake.
//!
//! The producer publishes on every event, the consumer parks now and then. Where the kernel has
//! membarrier(2), the consumer pays for both: its barrier makes every thread of the process execute a full
//! one, so the producer's store of `HEAD` and load of `PARKED` need no fence between them. On x86-64 they are
//! then two plain moves, which JavaScript compiles typed-array accesses to; elsewhere, or where the call is
//! forbidden, the producer uses sequentially consistent accesses. The technique is that of liburcu and of
//! folly's AsymmetricMemoryBarrier.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Once;

#[cfg(all(target_os = "linux", target_arch = "x86_64", not(loom), not(miri)))]
mod sys {
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: membarrier takes three integers and touches no memory of ours; unknown commands and
        // missing support are reported as errors (barrier::tests::the_kernel_answers_or_refuses).
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    pub(super) fn register() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED)
    }

    pub(super) fn all_threads() -> bool {
        membarrier(PRIVATE_EXPEDITED)
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", not(loom), not(miri))))]
mod sys {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn all_threads() -> bool {
        false
    }
}

static START: Once = Once::new();
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// Registers the process on a thread of its own: the kernel waits until every thread has passed a quiescent
/// state, which takes 5 to 20 ms in a process that has threads, and no log call shall wait for that.
pub fn prepare() {
    START.call_once(|| {
        let register = || REGISTERED.store(sys::register(), Ordering::Release);
        let thread = std::thread::Builder::new().name("fapilog:prepare".into());
        // Without a thread producers stay with sequentially consistent accesses.
        drop(thread.spawn(register));
    });
}

/// Whether producers of this process may publish with plain accesses. Becomes true once, some time after
/// [`prepare`]; a ring's producers learn it from their consumer, whose barriers are heavy from then on
/// ([`crate::Consumer::allow_light_publish`]).
pub fn light_publish() -> bool {
    prepare();
    REGISTERED.load(Ordering::Acquire)
}

/// The consumer's side: orders its earlier stores before its later loads, against light producers too.
/// Returns whether that can be relied on for them.
pub fn heavy() -> bool {
    std::sync::atomic::fence(Ordering::SeqCst);
    !light_publish() || sys::all_threads()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_kernel_answers_or_refuses() {
        assert!(super::heavy());
        for _ in 0..100 {
            if super::light_publish() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!(super::light_publish(), super::sys::register());
        assert!(super::heavy());
    }
}
