//! Turning one rotated file into a gzip file, so that no crash in between loses a line.
//!
//! `x.log` → `x.log.gz.tmp` → fsync → rename to `x.log.gz` → fsync of the directory → `x.log` removed.
//! Whatever is left by a crash, doing it again from the start is right.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use flate2::write::GzEncoder;
use flate2::Compression;

use super::active_file::FileStatus;
use super::file_lock::{never_follow, try_exclusive, Lock};
use super::sealed_file::is_sealed;
use crate::sealed::{Ending, FileKey, SealedReader, SealedWriter};

/// How compressing a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The gzip file is there, the plain one is gone.
    Done,
    /// A process still has the file open for writing, or another one compresses it.
    Busy,
    /// Another process was faster.
    Gone,
    /// `abort` was raised; the plain file is untouched.
    Aborted,
}

/// The three names of one rotated file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) plain: &'a Path,
    pub(super) gzip: &'a Path,
    pub(super) unfinished: &'a Path,
}

/// Compresses `names.plain`, unless somebody uses it. With a key what comes out is encrypted, and what goes in may be.
///
/// # Errors
/// Any I/O error; the plain file is then still there and the unfinished one is not.
pub(super) fn compress(
    names: Names<'_>,
    key: Option<&Arc<FileKey>>,
    abort: &AtomicBool,
) -> io::Result<Outcome> {
    let source = match open_unused(names.plain)? {
        Unused::Yes(source) => source,
        Unused::Busy => return Ok(Outcome::Busy),
        Unused::Gone => return Ok(Outcome::Gone),
    };
    // From here on the lock on the source makes the unfinished file ours.
    let finished = fill(&source, names.unfinished, key, abort).and_then(|filled| {
        if filled {
            fs::rename(names.unfinished, names.gzip)?;
        }
        Ok(filled)
    });
    match finished {
        Ok(true) => {}
        Ok(false) => return remove(names.unfinished).map(|()| Outcome::Aborted),
        Err(error) => {
            // The first failure is the one to report; the leftover is removed at the next open too.
            let _ = remove(names.unfinished);
            return Err(error);
        }
    }
    if let Some(directory) = names.gzip.parent() {
        sync_directory(directory)?;
    }
    remove(names.plain)?;
    Ok(Outcome::Done)
}

/// Writes the compressed content of `source`; false when aborted.
fn fill(
    source: &File,
    target: &Path,
    key: Option<&Arc<FileKey>>,
    abort: &AtomicBool,
) -> io::Result<bool> {
    remove(target)?;
    let metadata = source.metadata()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    never_follow(&mut options, 0o600);
    let file = options.open(target)?;
    file.set_permissions(metadata.permissions())?;
    let Some(file) = (match key {
        None => pack(source, file, abort)?,
        Some(key) => {
            let mut source = source;
            let sealed = is_sealed(source)?;
            let output = SealedWriter::new(file, key)?;
            if sealed {
                // Compressed first: what is encrypted has no pattern left.
                let mut reader = SealedReader::new(&mut source, Arc::clone(key));
                let output = pack(&mut reader, output, abort)?;
                match reader.ending() {
                    Ending::Torn(at) => {
                        let what = format!("it ends in the middle, behind byte {at}");
                        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                    }
                    ending => output
                        .map(|output| output.finish(ending == Ending::Sealed))
                        .transpose()?,
                }
            } else {
                let output = pack(source, output, abort)?;
                output.map(|output| output.finish(true)).transpose()?
            }
        }
    }) else {
        return Ok(false);
    };
    // The age of the lines, not of the compression, counts for retention.
    file.set_modified(metadata.modified()?)?;
    file.sync_all()?;
    Ok(true)
}

/// Compresses `source` into `target`; nothing when aborted.
fn pack<W: Write>(mut source: impl Read, target: W, abort: &AtomicBool) -> io::Result<Option<W>> {
    let mut encoder = GzEncoder::new(target, Compression::default());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if abort.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => encoder.write_all(buffer.get(..n).unwrap_or_default())?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    encoder.finish().map(Some)
}

/// Whether a file is free to be replaced or removed.
pub(super) enum Unused {
    /// Yes, and nobody else will think so while this is open.
    Yes(File),
    /// A process writes to it, or handles it right now.
    Busy,
    /// There is no such file any more.
    Gone,
}

/// Opens a rotated file and makes sure that nobody else uses it.
///
/// # Errors
/// Any error of opening, other than that the file is gone.
pub(super) fn open_unused(path: &Path) -> io::Result<Unused> {
    let open = |write: bool| {
        let mut options = OpenOptions::new();
        options.read(true).write(write);
        never_follow(&mut options, 0o600);
        options.open(path)
    };
    // Some network file systems only lock exclusively what is open for writing.
    let opened = open(true).or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => open(false),
        _ => Err(error),
    });
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Unused::Gone),
        Err(error) => return Err(error),
    };
    if try_exclusive(&file) == Lock::Busy {
        return Ok(Unused::Busy);
    }
    let ours = FileStatus::of(&file.metadata()?).identity;
    match fs::symlink_metadata(path) {
        Ok(found) if FileStatus::of(&found).identity == ours => Ok(Unused::Yes(file)),
        Ok(_) => Ok(Unused::Gone),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Unused::Gone),
        Err(error) => Err(error),
    }
}

/// Removes a file; that it is gone already is no failure.
///
/// # Errors
/// Any other error of the operating system.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes created, renamed and removed names of a directory durable. Unix only.
///
/// # Errors
/// The error of open(2) or fsync(2).
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use std::path::PathBuf;

    struct Place {
        _dir: tempfile::TempDir,
        plain: PathBuf,
        gzip: PathBuf,
        unfinished: PathBuf,
        key: Option<Arc<FileKey>>,
    }

    impl Place {
        fn with(content: &[u8]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            let place = Self {
                plain: at("x.log"),
                gzip: at("x.log.gz"),
                unfinished: at("x.log.gz.tmp"),
                key: None,
                _dir: dir,
            };
            fs::write(&place.plain, content).unwrap();
            place
        }

        fn compress(&self, abort: bool) -> io::Result<Outcome> {
            let names = Names {
                plain: &self.plain,
                gzip: &self.gzip,
                unfinished: &self.unfinished,
            };
            compress(names, self.key.as_ref(), &AtomicBool::new(abort))
        }

        fn unpacked(&self) -> Vec<u8> {
            let mut out = Vec::new();
            let file = File::open(&self.gzip).unwrap();
            flate2::read::GzDecoder::new(file)
                .read_to_end(&mut out)
                .unwrap();
            out
        }
    }

    #[test]
    fn the_content_the_mode_and_the_time_are_kept() {
        let place = Place::with(&b"some line\n".repeat(50_000));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&place.plain, fs::Permissions::from_mode(0o640)).unwrap();
        }
        let before = fs::metadata(&place.plain).unwrap();
        assert_eq!(place.compress(false).unwrap(), Outcome::Done);
        let after = fs::metadata(&place.gzip).unwrap();
        assert_eq!(after.permissions(), before.permissions());
        assert_eq!(after.modified().unwrap(), before.modified().unwrap());
        assert!(!place.plain.exists() && !place.unfinished.exists());
        assert_eq!(place.unpacked(), b"some line\n".repeat(50_000));
        assert_eq!(place.compress(false).unwrap(), Outcome::Gone);
    }

    #[test]
    fn an_aborted_compression_leaves_the_plain_file() {
        let place = Place::with(b"a\n");
        assert_eq!(place.compress(true).unwrap(), Outcome::Aborted);
        assert!(place.plain.exists() && !place.unfinished.exists() && !place.gzip.exists());
    }

    #[test]
    fn every_state_a_crash_can_leave_is_completed() {
        for (gzip, unfinished) in [(false, true), (true, false), (true, true)] {
            let place = Place::with(b"all of it\n");
            for (path, there) in [(&place.gzip, gzip), (&place.unfinished, unfinished)] {
                if there {
                    fs::write(path, b"half").unwrap();
                }
            }
            assert_eq!(place.compress(false).unwrap(), Outcome::Done);
            assert_eq!(place.unpacked(), b"all of it\n");
            assert!(!place.plain.exists() && !place.unfinished.exists());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_a_writer_still_has_open_is_left_alone() {
        let place = Place::with(b"a\n");
        let writer = OpenOptions::new().append(true).open(&place.plain).unwrap();
        assert_eq!(super::super::file_lock::try_shared(&writer), Lock::Taken);
        assert_eq!(place.compress(false).unwrap(), Outcome::Busy);
        (&writer).write_all(b"late\n").unwrap();
        drop(writer);
        assert_eq!(place.compress(false).unwrap(), Outcome::Done);
        assert_eq!(place.unpacked(), b"a\nlate\n");
    }

    #[test]
    fn a_failure_keeps_the_plain_file_and_no_leftover() {
        let place = Place::with(b"a\n");
        fs::create_dir(&place.gzip).unwrap();
        assert!(place.compress(false).is_err());
        assert!(place.plain.exists() && !place.unfinished.exists());
    }
}
