//! Opening the file that lines are appended to, and what the sink needs to know about it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;
#[cfg(not(unix))]
use std::time::SystemTime;

use jiff::Timestamp;

use super::file_lock::{never_follow, try_exclusive, try_shared, Lock};
use super::file_settings::FileSettings;
use super::sealed_file::is_sealed;
use crate::error::{Error, ErrorCode, Result};

/// The open file, as far as the sink uses it; tests put scripted failures in between.
pub(super) trait AppendFile: Send {
    /// One append; may take fewer bytes than given.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;
    fn status(&self) -> io::Result<FileStatus>;
    fn sync(&self) -> io::Result<()>;
    /// Nothing more will be appended.
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AppendFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn status(&self) -> io::Result<FileStatus> {
        Ok(FileStatus::of(&self.metadata()?))
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// One append, again when a signal came first.
///
/// # Errors
/// `WriteZero` when the file takes nothing; else the error of write(2).
pub(super) fn append_some(file: &mut dyn AppendFile, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match file.append(bytes) {
            Ok(0) if !bytes.is_empty() => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Tells files apart: device and inode on unix. Elsewhere the time of creation, which is a guess.
pub(crate) type FileId = (u64, u64);

/// What a file is and how far it is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStatus {
    pub(super) identity: FileId,
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
}

impl FileStatus {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            identity: identity(metadata),
            size: metadata.len(),
            modified: metadata
                .modified()
                .ok()
                .and_then(|time| Timestamp::try_from(time).ok()),
        }
    }
}

#[cfg(unix)]
pub(crate) fn identity(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
pub(crate) fn identity(metadata: &Metadata) -> FileId {
    let created = metadata.created().unwrap_or(SystemTime::UNIX_EPOCH);
    let age = created.duration_since(SystemTime::UNIX_EPOCH);
    (0, age.map_or(0, |age| age.as_nanos() as u64))
}

/// A file that is ours to append to.
#[derive(Debug)]
pub(super) struct ActiveFile {
    pub(super) file: File,
    pub(super) status: FileStatus,
    /// The file ends in the middle of a line that nobody will finish, and could not be repaired yet.
    pub(super) torn: bool,
}

/// Opens or creates the file of `settings`.
///
/// `in_use` is the file the sink already has open: its unfinished line is not torn.
pub(super) fn open(settings: &FileSettings, in_use: Option<FileId>) -> Result<ActiveFile> {
    let path = &settings.path;
    // Each round ends, unless somebody else keeps exchanging the file under our hands.
    for _ in 0..100 {
        let opened = match fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() => return Err(refusal(path, &found)),
            Ok(_) => open_existing(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(settings),
            Err(error) => Err(error),
        };
        let file = match opened {
            Ok(file) => file,
            // Moved away or put there in between: look again.
            Err(error) if is_race(&error, path) => continue,
            Err(error) => return Err(failure(path, error)),
        };
        let metadata = file.metadata().map_err(|error| failure(path, error))?;
        if !metadata.is_file() {
            return Err(refusal(path, &metadata));
        }
        match settle(&file, FileStatus::of(&metadata), path, in_use) {
            Ok(Some(torn)) => {
                let metadata = file.metadata().map_err(|error| failure(path, error))?;
                return Ok(ActiveFile {
                    status: FileStatus::of(&metadata),
                    file,
                    torn,
                });
            }
            Ok(None) => {}
            Err(error) => return Err(failure(path, error)),
        }
    }
    Err(Error::new(
        ErrorCode::SinkOpen,
        format!(
            "cannot open log file '{}': it is replaced again and again; use a path of its own",
            path.display()
        ),
    ))
}

fn open_existing(path: &Path) -> io::Result<File> {
    let open = |read: bool| {
        let mut options = OpenOptions::new();
        options.append(true).read(read);
        never_follow(&mut options, 0o600);
        options.open(path)
    };
    // Reading is only for finding a torn last line; a file we may only append to is fine.
    open(true).or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => open(false),
        _ => Err(error),
    })
}

fn create(settings: &FileSettings) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).create_new(true);
    never_follow(&mut options, settings.mode);
    let file = match options.open(&settings.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && settings.mkdir => {
            create_directories(settings)?;
            options.open(&settings.path)?
        }
        other => other?,
    };
    #[cfg(unix)]
    {
        // Past the umask, and on the descriptor: the path may name something else by now.
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(settings.mode))?;
    }
    Ok(file)
}

fn create_directories(settings: &FileSettings) -> io::Result<()> {
    let Some(parent) = settings.path.parent() else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(settings.dir_mode);
    }
    builder.create(parent)
}

fn is_race(error: &io::Error, path: &Path) -> bool {
    match error.kind() {
        io::ErrorKind::AlreadyExists => true,
        // Also what a missing directory gives: that one stays missing.
        io::ErrorKind::NotFound => path.parent().is_some_and(Path::is_dir),
        _ => is_link_error(error),
    }
}

#[cfg(unix)]
fn is_link_error(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP)
}

#[cfg(not(unix))]
fn is_link_error(_error: &io::Error) -> bool {
    false
}

/// Takes the shared lock and ends a torn last line. `None`: the path names another file by now.
fn settle(
    file: &File,
    status: FileStatus,
    path: &Path,
    in_use: Option<FileId>,
) -> io::Result<Option<bool>> {
    let mut torn = false;
    if status.size > 0 && in_use != Some(status.identity) {
        // Only without any other writer is an unfinished last line surely torn.
        // An encrypted file has none.
        if try_exclusive(file) != Lock::Busy && !is_sealed(file).unwrap_or(false) {
            torn = !ends_with_newline(file)? && !matches!((&*file).write(b"\n"), Ok(1));
        }
    }
    for _ in 0..50 {
        let lock = try_shared(file);
        let named = fs::symlink_metadata(path).map(|found| FileStatus::of(&found).identity);
        match named {
            Ok(identity) if identity == status.identity => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        if lock != Lock::Busy {
            return Ok(Some(torn));
        }
        // Another process looks for a torn line right now; or a foreign program keeps a lock of its own,
        // which shall not keep us from logging.
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(Some(torn))
}

/// True also when the file cannot be read.
fn ends_with_newline(file: &File) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let mut last = [b'\n'];
    let mut reader = file;
    match reader
        .seek(SeekFrom::End(-1))
        .and_then(|_| reader.read(&mut last))
    {
        Ok(_) => Ok(last == [b'\n']),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => ends_with_newline(file),
        Err(_) => Ok(true),
    }
}

fn refusal(path: &Path, found: &Metadata) -> Error {
    let kind = found.file_type();
    let what = if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a directory"
    } else {
        special(kind)
    };
    Error::new(
        ErrorCode::SinkOpen,
        format!(
            "cannot open log file '{}': it is {what}, not a regular file; remove it or use another path",
            path.display()
        ),
    )
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_kind: fs::FileType) -> &'static str {
    "something else"
}

fn failure(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    let message = match error.kind() {
        io::ErrorKind::NotFound => {
            format!("cannot open log file '{shown}': its directory does not exist; create it or set mkdir")
        }
        io::ErrorKind::PermissionDenied => format!(
            "cannot open log file '{shown}'{}; grant write permission on the file and its directory or use \
             another path",
            user()
        ),
        _ => format!("cannot open log file '{shown}'"),
    };
    Error::io(ErrorCode::SinkOpen, message, error)
}

#[cfg(unix)]
fn user() -> String {
    format!(" as uid {}", rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn user() -> String {
    String::new()
}
