//! The file of a ring: making it, owning it, finding those of processes that are gone.
//!
//! The owner holds flock(2) on it from before it has its name until it dies; whoever can take the lock of a
//! ring owns what is left in it.

use std::collections::BinaryHeap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fapilog_ring::journal::{WORD_CREATED_MS, WORD_PID};
use fapilog_ring::RingMemory;

use super::journal::Words;
use crate::error::{Error, ErrorCode, Result};
use crate::format::message_id::{MessageIds, UUID_LEN};

/// How a ring's name ends.
pub const SUFFIX: &str = ".ring";
/// How its name ends until it is complete.
const UNFINISHED: &str = ".ring.tmp";
/// An unfinished file older than this is nobody's.
const UNFINISHED_AGE: Duration = Duration::from_secs(60);

/// A ring in a file that this process owns.
#[derive(Debug)]
pub struct RingFile {
    path: PathBuf,
    #[cfg(unix)]
    name: std::ffi::CString,
    memory: Arc<RingMemory>,
}

impl RingFile {
    /// Makes a ring in `directory`, with room on the device for all of it.
    ///
    /// # Errors
    /// [`ErrorCode::RingFile`], naming the path and what can be done.
    pub fn create(
        directory: &Path,
        name: &str,
        data_bytes: u32,
        salt: u32,
        settings: &str,
    ) -> Result<RingFile> {
        let stem = directory.join(format!("{name}.{}", uuid()));
        let (path, unfinished) = (with(&stem, SUFFIX), with(&stem, UNFINISHED));
        #[cfg(unix)]
        let name = {
            use std::os::unix::ffi::OsStrExt;
            std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
        };
        let made =
            create_in(directory, &unfinished, data_bytes, salt, settings).and_then(|memory| {
                fs::rename(&unfinished, &path)?;
                Ok(memory)
            });
        match made {
            Ok(memory) => Ok(RingFile {
                path,
                #[cfg(unix)]
                name,
                memory: Arc::new(memory),
            }),
            Err(error) => {
                let _ = fs::remove_file(&unfinished);
                Err(Error::io(
                    ErrorCode::RingFile,
                    format!(
                        "cannot keep a crash-safe ring in '{}'; {}",
                        directory.display(),
                        remedy(&error)
                    ),
                    error,
                ))
            }
        }
    }

    /// The ring.
    pub fn memory(&self) -> &Arc<RingMemory> {
        &self.memory
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As [`RingFile::remove`], without touching the heap: for a process with a thread stopped anywhere.
    #[cfg(unix)]
    pub fn unlink(&self) {
        // As in `remove`.
        let _ = rustix::fs::unlink(&self.name);
    }

    /// Removes the file: nothing in it is needed any more.
    pub fn remove(&self) {
        // What is left behind is empty, and removed by the next start.
        let _ = fs::remove_file(&self.path);
    }
}

fn with(stem: &Path, suffix: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn uuid() -> String {
    let mut id = [0; UUID_LEN];
    MessageIds::default().write_next(&mut id);
    String::from_utf8_lossy(&id).into_owned()
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, make queue.ringBytes smaller, or set crashSafeDir to another disk"
        }
        io::ErrorKind::Unsupported => {
            "set crashSafeDir to a folder on a local file system, or use another durability"
        }
        _ => "make the folder writable for this user, set crashSafeDir to another one, or use another durability",
    }
}

/// Makes the folder of rings, readable by its owner alone.
///
/// # Errors
/// What creating it fails with.
pub fn create_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(directory)
}

#[cfg(unix)]
fn create_in(
    directory: &Path,
    path: &Path,
    data_bytes: u32,
    salt: u32,
    settings: &str,
) -> io::Result<RingMemory> {
    use rustix::fs::{flock, FlockOperation};
    use std::os::unix::fs::OpenOptionsExt;
    create_directory(directory)?;
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as _);
    let file = options.open(path)?;
    refuse_network(&file)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let len = RingMemory::file_len(data_bytes, settings.len()) as u64;
    reserve(&file, len)?;
    let memory = RingMemory::in_file(file, data_bytes, salt, settings.as_bytes())?;
    if let Some(words) = memory.journal() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let set = |word: usize, value| {
            words[word].store(value, std::sync::atomic::Ordering::Relaxed);
        };
        set(WORD_PID, u64::from(std::process::id()));
        set(WORD_CREATED_MS, now.map_or(0, |age| age.as_millis() as u64));
    }
    Ok(memory)
}

#[cfg(not(unix))]
fn create_in(
    _directory: &Path,
    _path: &Path,
    _data_bytes: u32,
    _salt: u32,
    _settings: &str,
) -> io::Result<RingMemory> {
    let _ = (WORD_CREATED_MS, WORD_PID, UNIX_EPOCH);
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "crash-safe needs Linux or macOS",
    ))
}

/// Backs the whole file with space of the device: a hole would end the process when the disk is full.
#[cfg(unix)]
fn reserve(file: &File, len: u64) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::{fallocate, FallocateFlags};
        match fallocate(file, FallocateFlags::empty(), 0, len) {
            Err(rustix::io::Errno::NOTSUP) => {}
            other => return other.map_err(Into::into),
        }
    }
    // Written out, which takes the space as well.
    let zeros = vec![0u8; 1 << 16];
    let mut at = 0;
    while at < len {
        let count = (len - at).min(zeros.len() as u64) as usize;
        super::journal::write_all_at(file, zeros.get(..count).unwrap_or(&zeros), at)?;
        at += count as u64;
    }
    Ok(())
}

/// Locks and shared mappings cannot be relied on there.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn refuse_network(file: &File) -> io::Result<()> {
    const NETWORK: [(u32, &str); 7] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x0102_1997, "9P"),
        (0x00c3_6400, "Ceph"),
        (0x5346_414f, "AFS"),
    ];
    let found = rustix::fs::fstatfs(file)?.f_type as u32;
    match NETWORK.iter().find(|(magic, _)| *magic == found) {
        Some((_, name)) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("it is on a network file system ({name})"),
        )),
        None => Ok(()),
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn refuse_network(_file: &File) -> io::Result<()> {
    Ok(())
}

/// What an attempt to take over a ring came to.
#[derive(Debug)]
pub enum Claim {
    /// It is ours.
    Taken(DeadRing),
    /// Its process is alive, or somebody else recovers it.
    Busy,
    /// It is gone.
    Gone,
}

/// A ring that nobody else owns.
#[derive(Debug)]
pub struct DeadRing {
    /// Where it lies.
    pub path: PathBuf,
    /// Its file, locked.
    pub file: Arc<File>,
}

impl DeadRing {
    /// Takes over the ring at `path` unless it is owned.
    ///
    /// # Errors
    /// What opening it fails with: it is a symbolic link, not a regular file, or not ours to read.
    #[cfg(unix)]
    pub fn claim(path: &Path, write: bool) -> io::Result<Claim> {
        use rustix::fs::{flock, FlockOperation, OFlags};
        use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
        let mut options = OpenOptions::new();
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options
            .read(true)
            .write(write)
            .custom_flags(flags.bits() as _);
        let file = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Claim::Gone),
            other => other?,
        };
        let ours = file.metadata()?;
        if !ours.is_file() || ours.nlink() > 1 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file with one name",
            ));
        }
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(Claim::Busy),
            Err(error) => return Err(error.into()),
        }
        // Whoever had the lock before may have finished with it.
        match fs::symlink_metadata(path) {
            Ok(named) if (named.dev(), named.ino()) == (ours.dev(), ours.ino()) => {
                Ok(Claim::Taken(DeadRing {
                    path: path.to_path_buf(),
                    file: Arc::new(file),
                }))
            }
            _ => Ok(Claim::Gone),
        }
    }

    /// Not on this platform.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(unix))]
    pub fn claim(_path: &Path, _write: bool) -> io::Result<Claim> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The journal page, which starts at byte `at`.
    pub fn words(&self, at: u64) -> Words {
        Words::InFile(Arc::clone(&self.file), at)
    }
}

/// The rings in `directory`, oldest first; none when there is no such folder. Removes what was never finished
/// when `tidy`.
///
/// # Errors
/// What listing the folder fails with.
pub fn list(directory: &Path, tidy: bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let modified = entry.metadata().and_then(|found| found.modified());
        if name.ends_with(SUFFIX) {
            let age = modified.unwrap_or(UNIX_EPOCH);
            found.push((age, entry.path()));
        } else if name.ends_with(UNFINISHED)
            && tidy
            && modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > UNFINISHED_AGE))
        {
            if let Ok(Claim::Taken(ring)) = DeadRing::claim(&entry.path(), true) {
                let _ = fs::remove_file(&ring.path);
            }
        }
    }
    let sorted = BinaryHeap::from(found).into_sorted_vec();
    Ok(sorted.into_iter().map(|(_, path)| path).collect())
}
