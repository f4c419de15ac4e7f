//! Advisory locks between the processes that write, rotate and compress the same file.
//!
//! | lock | held on | by | while |
//! |---|---|---|---|
//! | shared | a log file | every sink that has it open | it is open |
//! | exclusive | a rotated file | whoever compresses or deletes it | doing so |
//! | exclusive | `.app.log.lock` | whoever rotates | checking, renaming, opening |
//!
//! A rotated file is left alone until the last process has moved on to the new one; so no late line can be
//! lost to compression. The kernel drops all of them when a process dies.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::active_file::FileStatus;
use super::rotated_name::Turn;

/// What came of an attempt to lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// It is ours until the file is closed.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there are no locks elsewhere"))]
    Taken,
    /// Somebody else has it.
    Busy,
    /// The file system or platform has no such locks; one process a file is assumed.
    Unsupported,
}

/// Tries for the only lock on `file`.
pub(super) fn try_exclusive(file: &File) -> Lock {
    #[cfg(unix)]
    return try_lock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    #[cfg(not(unix))]
    return no_lock(file);
}

/// Tries for one of many locks on `file`; gives up an exclusive one.
pub(super) fn try_shared(file: &File) -> Lock {
    #[cfg(unix)]
    return try_lock(file, rustix::fs::FlockOperation::NonBlockingLockShared);
    #[cfg(not(unix))]
    return no_lock(file);
}

#[cfg(unix)]
fn try_lock(file: &File, how: rustix::fs::FlockOperation) -> Lock {
    loop {
        match rustix::fs::flock(file, how) {
            Ok(()) => return Lock::Taken,
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Lock::Busy,
            Err(_) => return Lock::Unsupported,
        }
    }
}

#[cfg(not(unix))]
fn no_lock(_file: &File) -> Lock {
    Lock::Unsupported
}

/// The right to rotate one active file, held by one process at a time.
///
/// The lock file also holds the latest turn, so that names ascend across processes and restarts.
#[derive(Debug)]
pub(super) struct RotationLock {
    file: File,
}

impl RotationLock {
    /// Where the lock of `path` lies: `logs/.app.log.lock` for `logs/app.log`.
    pub(super) fn path_for(path: &Path) -> PathBuf {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(".lock");
        path.with_file_name(name)
    }

    /// Takes the lock at `path`, waiting at most `patience`.
    ///
    /// # Errors
    /// `WouldBlock` when another process holds it for longer; else what opening it fails with.
    pub(super) fn take(path: &Path, patience: Duration) -> io::Result<Self> {
        let started = Instant::now();
        loop {
            let file = open_lock_file(path)?;
            match try_exclusive(&file) {
                Lock::Unsupported => return Ok(Self { file }),
                // Somebody may have removed the lock file in between: then it locks nothing.
                Lock::Taken if still_there(&file, path)? => return Ok(Self { file }),
                Lock::Taken => {}
                Lock::Busy => std::thread::sleep(Duration::from_millis(1)),
            }
            if started.elapsed() > patience {
                return Err(io::Error::new(
                    io::ErrorKind::WouldBlock,
                    format!("another process holds the lock '{}'", path.display()),
                ));
            }
        }
    }

    /// The latest turn any process used.
    pub(super) fn last_turn(&mut self) -> Option<Turn> {
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0)).ok()?;
        (&mut self.file).take(64).read_to_end(&mut text).ok()?;
        Turn::parse(text.trim_ascii_end())
    }

    /// Notes the turn that is about to be used.
    ///
    /// # Errors
    /// What writing fails with; the note is then empty or the old one.
    pub(super) fn note_turn(&mut self, turn: &Turn) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(turn.text().as_bytes())
    }
}

/// How long an append waits for another process's.
const APPEND_PATIENCE: Duration = Duration::from_millis(200);

/// Held while one process appends to a file and others that take it do not. Where it cannot be had at all, one process
/// a file is assumed.
#[derive(Debug)]
pub(super) struct AppendLock {
    path: PathBuf,
    file: Option<File>,
}

impl AppendLock {
    /// For the file whose rotations take turns at `path`.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Takes the lock; false when another process holds it for too long.
    pub(super) fn take(&mut self) -> bool {
        if self.file.is_none() {
            self.file = open_lock_file(&self.path).ok();
        }
        let Some(file) = &self.file else { return true };
        let started = Instant::now();
        while try_exclusive(file) == Lock::Busy {
            if started.elapsed() >= APPEND_PATIENCE {
                return false;
            }
            std::thread::sleep(Duration::from_micros(50));
        }
        true
    }

    /// Gives it back.
    pub(super) fn release(&self) {
        #[cfg(unix)]
        if let Some(file) = &self.file {
            // A lock that stays is given back when the file is closed.
            let _ = rustix::fs::flock(file, rustix::fs::FlockOperation::Unlock);
        }
    }
}

fn open_lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    never_follow(&mut options, 0o600);
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the lock '{}' is not a regular file", path.display()),
        ));
    }
    Ok(file)
}

fn still_there(file: &File, path: &Path) -> io::Result<bool> {
    let ours = FileStatus::of(&file.metadata()?).identity;
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(FileStatus::of(&found).identity == ours),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Lets `options` open no symbolic link, wait for no FIFO, and create with `mode`.
pub(super) fn never_follow(options: &mut OpenOptions, mode: u32) {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        // The flag bits are an int in C; the width of the type differs between systems.
        options.custom_flags(flags.bits() as _).mode(mode);
    }
    #[cfg(not(unix))]
    let _ = (options, mode);
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_one_holds_the_lock_and_the_turn_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let path = RotationLock::path_for(&dir.path().join("app.log"));
        assert!(path.ends_with(".app.log.lock"));
        let mut lock = RotationLock::take(&path, Duration::ZERO).unwrap();
        assert_eq!(lock.last_turn(), None);
        let turn = Turn::parse(b"20260102-030405.7").unwrap();
        lock.note_turn(&turn).unwrap();
        let busy = RotationLock::take(&path, Duration::from_millis(5)).unwrap_err();
        assert_eq!(busy.kind(), io::ErrorKind::WouldBlock);
        drop(lock);
        let mut lock = RotationLock::take(&path, Duration::ZERO).unwrap();
        assert_eq!(lock.last_turn(), Some(turn));
    }

    #[test]
    fn a_symbolic_link_is_not_used_as_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".app.log.lock");
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert!(RotationLock::take(&path, Duration::ZERO).is_err());
        assert!(!dir.path().join("elsewhere").exists());
    }
}
