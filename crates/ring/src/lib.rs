//! A bounded ring in shared memory that hands records from one producer to one consumer.
//!
//! The producer is JavaScript (`src/ring/producer.ts`) or [`Producer`], its Rust twin; the consumer is
//! [`Consumer`], on a native thread. The crate knows nothing of what a record means.
//!
//! ```text
//! region:  | header 4096 | dictionary | data (power of two) |
//! header:  one control word a 64-byte line: HEAD (producer) TAIL (consumer) PARKED (consumer)
//! record:  units:u32 (bit 31: padding) | tag:u32 = position ^ salt | kind … | payload
//! ```
//!
//! Positions count units of 8 bytes, are 32 bits wide and wrap. A record never straddles the end of the
//! data area: a pad record fills what is left there. Orderings:
//!
//! | word | written by | with | read by | with |
//! | --- | --- | --- | --- | --- |
//! | `HEAD` | producer, after the record's bytes | SeqCst | consumer, before reading them | SeqCst |
//! | `TAIL` | consumer, after reading | Release | producer, before reusing the space | Acquire |
//! | `PARKED` | consumer before it sleeps, cleared by who wakes it | SeqCst | producer, after `HEAD` | SeqCst |
//!
//! Producers on x86-64 Linux use plain accesses for `HEAD` and `PARKED` instead: see [`barrier`].
//!
//! `HEAD` and `PARKED` form a store-then-load handshake (Dekker): each side writes its word, then reads the
//! other's, so at least one of them sees the other and no wake-up is lost. `tests/loom_handover.rs` checks
//! it exhaustively.

pub mod background;
#[cfg(not(loom))]
pub mod barrier;
pub mod handover;
pub mod journal;
pub mod layout;
mod sync;

#[cfg(not(loom))]
mod consumer;
#[cfg(not(loom))]
mod memory;
#[cfg(not(loom))]
mod pages;
#[cfg(not(loom))]
mod producer;
#[cfg(not(loom))]
mod region;

#[cfg(not(loom))]
pub use consumer::Consumer;
#[cfg(not(loom))]
pub use memory::RingMemory;
#[cfg(not(loom))]
pub use pages::Pages;
#[cfg(not(loom))]
pub use producer::{Producer, RingFull};
#[cfg(not(loom))]
pub use region::{Counter, Region, RegionError};
