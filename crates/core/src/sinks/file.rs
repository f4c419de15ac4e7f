//! The sink that appends to a file and rotates it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use memchr::{memchr, memrchr};

use super::active_file::{self, append_some, ActiveFile, AppendFile, FileId, FileStatus};
use super::clock::{Clock, SystemClock};
use super::compress::sync_directory;
use super::file_lock::{AppendLock, RotationLock};
use super::file_settings::FileSettings;
use super::maintenance::{Maintenance, Task};
use super::renaming::{rename_to_free, Renaming};
use super::rotated_name::NamePattern;
use super::rotation::Period;
use super::sealed_file::{is_sealed, overhead, SealedFile};
use super::shared_stats::SharedStats;
use super::unfinished_line::UnfinishedLine;
use super::{Append, AppendObserver, Sink, SinkStats, WriteError};
use crate::error::{Error, ErrorCode, Result};
use crate::sealed::FileKey;

/// How often the path is compared with the open file.
const CHECK_EVERY: Duration = Duration::from_millis(250);
/// How long after a failed rotation or reopening the next attempt is made.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long a rotation waits for another process that rotates the same file.
const LOCK_PATIENCE: Duration = Duration::from_millis(200);
/// How often files are checked for their age while nothing is rotated.
const AGE_CHECK_EVERY: Duration = Duration::from_secs(3600);
/// How long dropping the sink waits for compression in progress.
const DROP_PATIENCE: Duration = Duration::from_secs(5);
/// Appends lines to a file, rotates it by size and time, and keeps old files compressed and few.
///
/// The active file always has the path of the settings. A rotated one is called
/// `app-YYYYMMDD-HHMMSS[.N].log` after the moment of its rotation in the chosen zone; names ascend in the
/// order of rotation, so in the hour that is repeated when the clocks change they go on from the latest
/// name with a number.
///
/// # Several processes
/// Any number of processes may write and rotate the same path: every append holds whole lines, rotation
/// takes turns through the lock file `.app.log.lock`, and no file is compressed or deleted while one of
/// them still has it open. A process that did not rotate itself notices within 250 ms. `maxBytes` can then
/// be exceeded by what the others write in the same instant. Not on Windows, nor on file systems without
/// flock(2).
///
/// # Unfinished lines
/// When a write stops in the middle of a line (disk full), the next call has to go on with exactly the rest,
/// as [`WriteError::written`] says; until that line is whole, the file is neither rotated nor exchanged. If
/// its beginning is out of reach by then (the file was truncated, or [`Sink::reopen`] was called after it
/// was moved), the whole line is written again where writing goes on, and the beginning, ended by `\n`,
/// stays as a fragment in the file that was moved. A caller that gives the rest up calls
/// [`FileSink::abandon_line`].
///
/// # Durability
/// [`Sink::sync`] is fdatasync. Its error is reported once and not healed by a later success: the lines
/// written before it may be lost by a power failure. From the first call on, files are also synced before
/// they are rotated away.
pub struct FileSink {
    settings: FileSettings,
    lock_path: PathBuf,
    renaming: Renaming,
    /// Of the files, if they are encrypted.
    key: Option<Arc<FileKey>>,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
    file: Box<dyn AppendFile>,
    identity: FileId,
    /// Files that were gone on from, which are still to be ended.
    left: Vec<Box<dyn AppendFile>>,
    /// The length of the file as last seen, with what we appended since.
    size: u64,
    line: UnfinishedLine,
    /// Whose lines the file holds; unknown while it is empty and without time rotation.
    period: Option<Period>,
    next_check: Duration,
    next_rotation: Duration,
    next_age_check: Duration,
    durability: Durability,
    stats: SharedStats,
    maintenance: Option<Maintenance>,
    observer: Option<(Arc<dyn AppendObserver>, AppendLock)>,
    #[cfg(test)]
    wrap: Option<Wrap>,
}

#[cfg(test)]
type Wrap = Box<dyn Fn(Box<dyn AppendFile>) -> Box<dyn AppendFile> + Send>;

/// What has to happen so that a sync covers more than the open file.
#[derive(Default)]
struct Durability {
    /// Somebody asks for syncs.
    wanted: bool,
    /// The file's name may not be on the device yet.
    name_pending: bool,
    /// A file that was rotated away could not be synced.
    error: Option<io::Error>,
}

impl FileSink {
    /// Opens or creates the file, and starts the thread for rotated files if the settings need one.
    ///
    /// An existing file is continued; a last line without `\n`, left by a crash, is ended first.
    ///
    /// # Errors
    /// - `FAPILOG_SETTING_INVALID`: a value is of no use.
    /// - `FAPILOG_SINK_OPEN`: the path is a symbolic link, directory, FIFO, socket or device, or cannot be
    ///   opened. Never blocks on a FIFO.
    /// - `FAPILOG_THREAD_SPAWN`: the thread could not be started.
    pub fn open(settings: FileSettings) -> Result<Self> {
        let zone = if settings.rotate.utc {
            TimeZone::UTC
        } else {
            TimeZone::system()
        };
        Self::open_with(settings, Arc::new(SystemClock::new()), zone)
    }

    /// As [`FileSink::open`], with another clock and a zone of its own (`rotate.utc` is then not looked at).
    ///
    /// # Errors
    /// Those of [`FileSink::open`].
    pub fn open_with(
        settings: FileSettings,
        clock: Arc<dyn Clock>,
        zone: TimeZone,
    ) -> Result<Self> {
        let settings = settings.checked()?;
        let encrypt = settings.encrypt.as_ref();
        let key = encrypt.map(|one| one.key(&settings.path)).transpose()?;
        let lock_path = RotationLock::path_for(&settings.path);
        let mut renaming = Renaming::of(&settings.path);
        let stats = SharedStats::default();
        let opened = match open_active(&settings, key.as_ref(), None)? {
            Found::Ours(opened) => opened,
            Found::Other(why) => {
                let shown = settings.path.display();
                let away = RotationLock::take(&lock_path, LOCK_PATIENCE).and_then(|mut lock| {
                    renaming.move_away(&settings.path, zone.to_datetime(clock.now()), &mut lock)
                });
                let away = away.map_err(|error| {
                    let message = format!("cannot move '{shown}' away, and {why}");
                    Error::io(ErrorCode::SinkOpen, message, error)
                })?;
                let away = away.display();
                stats.failure(format_args!("'{shown}' is now '{away}': {why}"));
                open_active(&settings, key.as_ref(), None)?.ours(&settings)?
            }
        };
        let now = clock.monotonic();
        let mut sink = Self {
            lock_path,
            renaming,
            key,
            zone,
            identity: opened.status.identity,
            left: Vec::new(),
            size: opened.status.size,
            line: UnfinishedLine::default(),
            period: None,
            next_check: now + CHECK_EVERY,
            next_rotation: now,
            next_age_check: now + AGE_CHECK_EVERY,
            durability: Durability {
                name_pending: true,
                ..Durability::default()
            },
            stats,
            maintenance: None,
            observer: None,
            file: opened.file,
            clock,
            settings,
            #[cfg(test)]
            wrap: None,
        };
        sink.line.start_file(opened.torn);
        sink.period = sink.period_of_content(&opened.status);
        if sink.settings.rotate.maintains() {
            sink.maintenance = Some(Maintenance::start(Task {
                directory: sink.directory().to_path_buf(),
                names: NamePattern::of(sink.path()),
                settings: sink.settings.rotate.clone(),
                clock: sink.clock.clone(),
                stats: sink.stats.clone(),
                key: sink.key.clone(),
            })?);
        }
        Ok(sink)
    }

    /// Tells `observer` of every append from now on, and makes appends take turns with those of other
    /// processes that have an observer.
    pub fn observe(&mut self, observer: Arc<dyn AppendObserver>) {
        self.observer = Some((observer, AppendLock::new(self.lock_path.clone())));
    }

    /// The active file, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.settings.path
    }

    /// Waits at most `timeout` for compression and retention, then stops them for good. True when all was
    /// done; otherwise files stay plain until the next open. Dropping the sink does this with 5 s.
    pub fn finish(&mut self, timeout: Duration) -> bool {
        end(self.file.as_mut(), &self.stats);
        match &mut self.maintenance {
            Some(maintenance) => maintenance.finish(timeout),
            None => true,
        }
    }

    /// The file that the path names by now.
    fn open_next(&self) -> Result<Opened> {
        let found = open_active(&self.settings, self.key.as_ref(), Some(self.identity))?;
        found.ours(&self.settings)
    }

    /// Nothing more comes into the files that were left. Not while rotating: an append takes the same lock.
    fn end_left(&mut self) {
        for mut file in self.left.drain(..) {
            end(file.as_mut(), &self.stats);
        }
    }

    fn directory(&self) -> &Path {
        self.settings.path.parent().unwrap_or(Path::new("."))
    }

    fn write_counting(&mut self, bytes: &[u8], written: &mut usize) -> io::Result<()> {
        while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
            let take = if self.line.is_open() {
                self.return_to_line();
                first_line_len(rest)
            } else {
                self.whole_lines_to_write(rest)
            };
            let chunk = rest.get(..take).unwrap_or(rest);
            *written += match self.observer.take() {
                None => self.append(chunk)?,
                Some((observer, mut lock)) => {
                    lock.take();
                    let result = self.append_observed(chunk, *written, observer.as_ref());
                    lock.release();
                    self.observer = Some((observer, lock));
                    result?
                }
            };
        }
        Ok(())
    }

    /// As [`FileSink::append`], between two calls of the observer. `done` is what the caller has written.
    fn append_observed(
        &mut self,
        chunk: &[u8],
        done: usize,
        observer: &dyn AppendObserver,
    ) -> io::Result<usize> {
        let fragment = self.line.fragment_len();
        observer.before(&Append {
            identity: self.identity,
            offset: self.file.status()?.size.saturating_sub(fragment as u64),
            length: (fragment + self.line.due().len() + chunk.len()) as u64,
            done,
        })?;
        let n = self.append(chunk)?;
        observer.after(done + n);
        Ok(n)
    }

    /// Appends some of `chunk` and what is due before it; returns how much of `chunk`.
    fn append(&mut self, chunk: &[u8]) -> io::Result<usize> {
        while !self.line.due().is_empty() {
            let n = append_some(self.file.as_mut(), self.line.due())?;
            self.size += n as u64;
            self.line.due_written(n);
        }
        let n = append_some(self.file.as_mut(), chunk)?;
        self.size += n as u64;
        self.line.written(chunk.get(..n).unwrap_or(chunk));
        Ok(n)
    }

    /// How much of `bytes` may go into the file next, after rotating it if that is due. At least 1.
    fn whole_lines_to_write(&mut self, bytes: &[u8]) -> usize {
        self.check_path();
        self.rotate_by_time();
        let Some(limit) = self.settings.rotate.max_bytes else {
            self.begin_period();
            return bytes.len();
        };
        // More than one round only when other processes fill the new file at once.
        for _ in 0..4 {
            self.look_at_size();
            let mut room = limit.saturating_sub(self.size + self.line.due().len() as u64);
            if self.key.is_some() {
                room = room.saturating_sub(overhead(room));
            }
            let fits = whole_lines_within(bytes, room);
            if fits > 0 || self.size == 0 {
                self.begin_period();
                // A line longer than the limit gets a file of its own.
                return if fits > 0 {
                    fits
                } else {
                    first_line_len(bytes)
                };
            }
            if !self.try_rotate() {
                return bytes.len();
            }
        }
        bytes.len()
    }

    /// Before the rest of a line: is its beginning still there?
    fn return_to_line(&mut self) {
        let seen = self.file.status().map_or(self.size, |status| status.size);
        if seen < self.size {
            self.size = seen;
            self.line.restart();
        }
    }

    fn look_at_size(&mut self) {
        // Without an answer our own count is good enough; a real failure shows when writing.
        if let Ok(status) = self.file.status() {
            self.size = status.size;
            if self.size == 0 {
                self.period = None;
                self.line.start_file(false);
            } else if self.period.is_none() {
                self.period = self.period_of_content(&status);
            }
        }
    }

    fn begin_period(&mut self) {
        if self.period.is_none() {
            let now = self.clock.now();
            self.period = self
                .settings
                .rotate
                .interval
                .and_then(|interval| Period::containing(now, interval, &self.zone));
        }
    }

    fn period_of_content(&self, status: &FileStatus) -> Option<Period> {
        if status.size == 0 {
            return None;
        }
        Period::containing(status.modified?, self.settings.rotate.interval?, &self.zone)
    }

    /// Notices that the file was moved, removed or truncated. Only between two lines.
    fn check_path(&mut self) {
        let now = self.clock.monotonic();
        if now < self.next_check {
            return;
        }
        self.next_check = now + CHECK_EVERY;
        let result = match self.is_in_place() {
            Ok(true) => {
                self.look_at_size();
                Ok(())
            }
            Ok(false) => self.open_again(),
            Err(error) => Err(error),
        };
        self.end_left();
        if let Err(error) = result {
            self.next_check = now + RETRY_AFTER;
            self.stats.failure(format_args!(
                "cannot reopen '{}', writing goes on where it was: {error}",
                self.settings.path.display()
            ));
        }
    }

    fn is_in_place(&self) -> io::Result<bool> {
        match fs::symlink_metadata(&self.settings.path) {
            Ok(found) => Ok(FileStatus::of(&found).identity == self.identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn open_again(&mut self) -> io::Result<()> {
        let opened = self.open_next().map_err(io::Error::other)?;
        self.take_over(opened);
        self.stats.update(|stats| stats.reopened += 1);
        Ok(())
    }

    /// Goes on in `opened` and lets go of the file before.
    fn take_over(&mut self, opened: Opened) {
        if opened.status.identity != self.identity {
            if self.line.fragment_in_file() {
                // The line goes into the new file as a whole; its beginning shall not swallow another line.
                if let Err(error) = self.file.append(b"\n") {
                    self.stats
                        .failure(format_args!("cannot end an unfinished line: {error}"));
                }
            }
            if self.durability.wanted {
                if let Err(error) = self.file.sync() {
                    self.durability.error = Some(error);
                }
            }
            self.line.start_file(opened.torn);
            self.durability.name_pending = true;
        }
        #[cfg(test)]
        let opened = Opened {
            file: match &self.wrap {
                Some(wrap) => wrap(opened.file),
                None => opened.file,
            },
            ..opened
        };
        let before = std::mem::replace(&mut self.file, opened.file);
        if opened.status.identity != self.identity {
            self.left.push(before);
        }
        self.identity = opened.status.identity;
        self.size = opened.status.size;
        self.period = self.period_of_content(&opened.status);
    }

    fn rotate_by_time(&mut self) {
        let Some(period) = self.period else { return };
        let now = self.clock.now();
        if now >= period.end {
            self.look_at_size();
            if self.size > 0 {
                self.try_rotate();
            }
        } else if period.is_far_ahead_of(now) {
            self.period = None;
            self.begin_period();
        }
    }

    /// Rotates, or goes over to the file another process opened. False when that failed: writing goes on in
    /// the current file, and the next attempt is made in a second.
    fn try_rotate(&mut self) -> bool {
        let now = self.clock.monotonic();
        if now < self.next_rotation {
            return false;
        }
        match self.rotate() {
            Ok(()) => true,
            Err(error) => {
                self.next_rotation = now + RETRY_AFTER;
                self.stats.failure(format_args!(
                    "cannot rotate '{}', writing goes on in it: {error}",
                    self.settings.path.display()
                ));
                false
            }
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        // Kept to the end: it is what makes "is it still ours?" and "move it" one step.
        let mut lock = RotationLock::take(&self.lock_path, LOCK_PATIENCE)?;
        let rotated = self.rotate_with(&mut lock);
        drop(lock);
        self.end_left();
        if let (Some(maintenance), Ok(true)) = (&self.maintenance, &rotated) {
            maintenance.request();
        }
        rotated.map(drop)
    }

    /// Whether the file was moved.
    fn rotate_with(&mut self, lock: &mut RotationLock) -> io::Result<bool> {
        if !self.is_in_place()? {
            return self.open_again().map(|()| false);
        }
        let before = self.size;
        self.look_at_size();
        if self.size < before {
            // Truncated under our hands: there is room again.
            return Ok(false);
        }
        let now = self.zone.to_datetime(self.clock.now());
        let rotated = self.renaming.move_away(&self.settings.path, now, lock)?;
        let opened = self.open_next().map_err(|error| {
            // Back to its name if that is still free; else the next check opens what is there.
            let back = rename_to_free(&rotated, &self.settings.path);
            io::Error::other(match back {
                Ok(()) => error.to_string(),
                Err(back) => format!("{error}; moving it back failed too: {back}"),
            })
        })?;
        self.take_over(opened);
        self.stats.update(|stats| stats.rotations += 1);
        Ok(true)
    }
}

impl Sink for FileSink {
    fn abandon_line(&mut self) {
        self.line.abandon();
    }

    fn finish(&mut self, timeout: Duration) {
        FileSink::finish(self, timeout);
    }

    fn write(&mut self, bytes: &[u8]) -> std::result::Result<(), WriteError> {
        let mut written = 0;
        self.write_counting(bytes, &mut written)
            .map_err(|error| WriteError { written, error })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.durability.wanted = true;
        self.file.sync()?;
        if self.durability.name_pending {
            sync_directory(self.directory())?;
            self.durability.name_pending = false;
        }
        self.durability.error.take().map_or(Ok(()), Err)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.next_check = self.clock.monotonic() + CHECK_EVERY;
        let opened = self.open_again();
        self.end_left();
        opened
    }

    fn tick(&mut self) {
        let now = self.clock.monotonic();
        if self.settings.rotate.keep_for.is_some() && now >= self.next_age_check {
            self.next_age_check = now + AGE_CHECK_EVERY;
            if let Some(maintenance) = &self.maintenance {
                maintenance.request();
            }
        }
        if !self.line.is_open() {
            self.check_path();
            self.rotate_by_time();
        }
    }

    fn stats(&self) -> SinkStats {
        self.stats.snapshot()
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        self.finish(DROP_PATIENCE);
    }
}

impl std::fmt::Debug for FileSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileSink")
            .field("settings", &self.settings)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The active file, ready to be appended to.
struct Opened {
    file: Box<dyn AppendFile>,
    status: FileStatus,
    torn: bool,
}

/// What was found at the path.
enum Found {
    /// A file that can be gone on with.
    Ours(Opened),
    /// One that holds something else, and what is the matter with it.
    Other(String),
}

impl Found {
    fn ours(self, settings: &FileSettings) -> Result<Opened> {
        match self {
            Found::Ours(opened) => Ok(opened),
            Found::Other(why) => {
                let message = format!("cannot go on with '{}': {why}", settings.path.display());
                Err(Error::new(ErrorCode::SinkOpen, message))
            }
        }
    }
}

fn open_active(
    settings: &FileSettings,
    key: Option<&Arc<FileKey>>,
    in_use: Option<FileId>,
) -> Result<Found> {
    let ActiveFile { file, status, torn } = active_file::open(settings, in_use)?;
    let file: Box<dyn AppendFile> = match key {
        // What cannot be read is taken for lines.
        None if status.size > 0 && is_sealed(&file).unwrap_or(false) => {
            return Ok(Found::Other("it is encrypted".to_owned()));
        }
        None => Box::new(file),
        Some(key) => match SealedFile::adopt(file, &settings.path, key) {
            Ok(file) => Box::new(file),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Ok(Found::Other(error.to_string()));
            }
            Err(error) => {
                let message = format!("cannot read log file '{}'", settings.path.display());
                return Err(Error::io(ErrorCode::SinkOpen, message, error));
            }
        },
    };
    Ok(Found::Ours(Opened { file, status, torn }))
}

/// Where the file `identity` is by now: at `path`, or beside it under another name.
pub(crate) fn find(path: &Path, identity: (u64, u64)) -> Option<PathBuf> {
    let is_it = |path: &Path| {
        fs::symlink_metadata(path)
            .is_ok_and(|found| found.is_file() && FileStatus::of(&found).identity == identity)
    };
    if is_it(path) {
        return Some(path.to_path_buf());
    }
    let entries = fs::read_dir(path.parent()?).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| is_it(path))
}

/// Cuts `file`, which is or was the active file `path`, off at `to`, unless somebody has appended to it since
/// it was `size` bytes long. Whether that was done.
pub(crate) fn cut(path: &Path, file: &fs::File, size: u64, to: u64) -> io::Result<bool> {
    let mut lock = AppendLock::new(RotationLock::path_for(path));
    lock.take();
    let same = file.metadata()?.len() == size;
    let result = if same { file.set_len(to) } else { Ok(()) };
    lock.release();
    result.map(|()| same)
}

/// Nothing more comes into a file.
fn end(file: &mut dyn AppendFile, stats: &SharedStats) {
    if let Err(error) = file.end() {
        stats.failure(format_args!("cannot mark the end of a file: {error}"));
    }
}

/// The length of the first line, with its end; of everything when it has none.
fn first_line_len(bytes: &[u8]) -> usize {
    memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1)
}

/// The length of the whole lines at the start of `bytes` that fit in `room`.
fn whole_lines_within(bytes: &[u8], room: u64) -> usize {
    if bytes.len() as u64 <= room {
        return bytes.len();
    }
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let fitting = bytes.get(..room).unwrap_or(bytes);
    memrchr(b'\n', fitting).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests;
