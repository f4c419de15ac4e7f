//! Crash-safe mode: rings that lie in files, what each file sink was doing, and how a later process goes on.
//!
//! A ring's space is given back only after every file sink has written what was in it. So whatever ends the
//! process, each event whose call had returned is in its log files or still in the ring's file. Before a sink
//! appends, it notes in the ring's journal where ([`journal`]); after a crash the recovery ([`replay`])
//! compares that place with the ring and writes exactly what is missing. A ring belongs to whoever holds the
//! lock on its file ([`ring_file`]), so process ids do not matter.

pub mod journal;
pub mod replay;
pub mod ring_file;

pub use replay::{recover, Outcome, RingReport};
