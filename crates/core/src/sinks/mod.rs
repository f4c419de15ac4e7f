//! Sinks: where formatted batches end.
//!
//! A sink runs on a thread of its own (see `pipeline::sink_thread`) and is called with whole batches of
//! whole lines. It keeps no queue: queueing, back-pressure, retry and accounting belong to its thread.

mod active_file;
mod compress;
mod file_lock;
mod maintenance;
mod renaming;
mod retention;
mod rotated_name;
mod sealed_file;
mod shared_stats;
mod unfinished_line;

pub mod clock;
pub mod file;
pub mod file_settings;
pub mod handoff;
pub mod memory;
pub mod null;
pub mod rotation;
pub mod standard_stream;

use std::io;
use std::time::Duration;

pub(crate) use active_file::identity as file_identity;
pub(crate) use retention::rotated_files;

/// A destination for formatted lines.
///
/// The calling thread owns the sink; no method is called concurrently. Methods may block: only this
/// sink's thread waits.
pub trait Sink: Send {
    /// Writes `bytes`, which hold one or more whole lines, each ended by `\n`.
    ///
    /// # Errors
    /// [`WriteError`] tells how many leading bytes reached the destination before the failure, so that
    /// the caller can go on from exactly there.
    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError>;

    /// Hands buffered bytes, if the sink has any, to the operating system.
    ///
    /// # Errors
    /// The I/O error of the operating system.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Asks the operating system to put everything written so far on the device.
    ///
    /// # Errors
    /// The I/O error of the operating system.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Opens the destination again (after logrotate moved it, for example).
    ///
    /// # Errors
    /// The I/O error of the operating system; the sink then goes on with what it had.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Called at least once a second while the sink is idle, for time-based rotation and for noticing a
    /// moved or removed file.
    fn tick(&mut self) {}

    /// Whether the lines of the latest write that worked were declined: nobody wants them for now. They count as
    /// skipped, not as written.
    fn declined(&self) -> bool {
        false
    }

    /// The rest of a batch that was written in part will not come: an unfinished line is ended so that the
    /// next one starts on its own.
    fn abandon_line(&mut self) {}

    /// Ends background work, waiting for it up to `timeout`; the sink is dropped next.
    fn finish(&mut self, timeout: Duration) {
        let _ = timeout;
    }

    /// Counters beyond bytes and lines, read after every batch.
    fn stats(&self) -> SinkStats {
        SinkStats::default()
    }
}

/// What a sink counts beyond bytes and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkStats {
    /// Rotations completed since the sink was opened.
    pub rotations: u64,
    /// Rotated files compressed.
    pub compressed: u64,
    /// Rotated files deleted by retention.
    pub deleted: u64,
    /// Times the destination was opened again.
    pub reopened: u64,
    /// Rotation, compression or retention failures; the sink went on writing.
    pub maintenance_errors: u64,
    /// The text of the latest maintenance failure.
    pub last_maintenance_error: Option<String>,
}

/// An append that a file sink is about to make.
#[derive(Clone, Copy, Debug)]
pub struct Append {
    /// Device and inode of the file.
    pub identity: (u64, u64),
    /// Where the first line that is not complete yet starts, or will start, in the file.
    pub offset: u64,
    /// Bytes from there to the end of the append.
    pub length: u64,
    /// Bytes of the current call of [`Sink::write`] that are on file already.
    pub done: usize,
}

/// Is told of every append of a file sink. Between the two calls no other process that has an observer
/// appends to the file.
pub trait AppendObserver: Send + Sync {
    /// Before the bytes are given to the operating system.
    ///
    /// # Errors
    /// The append is not made then.
    fn before(&self, append: &Append) -> io::Result<()>;

    /// So many bytes of the current call of [`Sink::write`] are on file now.
    fn after(&self, done: usize);
}

/// A failed or partial write.
#[derive(Debug)]
pub struct WriteError {
    /// Leading bytes of the batch that did reach the destination.
    pub written: usize,
    /// Why the rest did not.
    pub error: io::Error,
}
