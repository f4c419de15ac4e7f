//! Moving the active file to the next free rotated name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use super::file_lock::RotationLock;
use super::rotated_name::{Form, NamePattern, Turn};

/// How far behind the latest rotated name the clock may be for names to go on from there: more than the
/// repeated hour of a clock change or a changed zone, less than a clock that was plainly wrong.
const NAME_CLAMP_SECONDS: i64 = 25 * 3600;

/// Gives rotated files their names, ascending in the order of rotation.
#[derive(Debug)]
pub(super) struct Renaming {
    directory: PathBuf,
    names: NamePattern,
    /// In case the lock file cannot hold it or was removed.
    last_turn: Option<Turn>,
}

impl Renaming {
    /// For the rotated files of the active file `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self {
            directory: path.parent().unwrap_or(Path::new(".")).to_path_buf(),
            names: NamePattern::of(path),
            last_turn: None,
        }
    }

    /// Renames `path` to the name of a rotation at `now`, and returns where it went.
    ///
    /// # Errors
    /// What listing the directory or renaming fails with; nothing has moved then.
    pub(super) fn move_away(
        &mut self,
        path: &Path,
        now: DateTime,
        lock: &mut RotationLock,
    ) -> io::Result<PathBuf> {
        let mut turn = next_turn(Turn::at(now), lock.last_turn().max(self.last_turn));
        if self.is_taken(&turn) {
            turn.number = self.highest_number(&turn)?.saturating_add(1);
        }
        // Best effort: on a full disk the names on the disk and our own memory have to do.
        let _ = lock.note_turn(&turn);
        loop {
            let target = self.directory.join(self.names.name(&turn, Form::Plain));
            match rename_to_free(path, &target) {
                Ok(()) => {
                    self.last_turn = Some(turn);
                    return Ok(target);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    turn.number = turn.number.saturating_add(1);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn is_taken(&self, turn: &Turn) -> bool {
        [Form::Plain, Form::Gzip, Form::Unfinished]
            .into_iter()
            .any(|form| {
                let path = self.directory.join(self.names.name(turn, form));
                fs::symlink_metadata(path).is_ok()
            })
    }

    fn highest_number(&self, turn: &Turn) -> io::Result<u32> {
        let mut highest = turn.number;
        for entry in fs::read_dir(&self.directory)? {
            match self.names.parse(&entry?.file_name()) {
                Some((found, _)) if found.stamp == turn.stamp => {
                    highest = highest.max(found.number);
                }
                _ => {}
            }
        }
        Ok(highest)
    }
}

fn next_turn(now: Turn, last: Option<Turn>) -> Turn {
    let Some(last) = last.filter(|last| last.stamp >= now.stamp) else {
        return now;
    };
    if last.stamp.duration_since(now.stamp).as_secs() > NAME_CLAMP_SECONDS {
        return now;
    }
    Turn {
        number: last.number.saturating_add(1),
        ..last
    }
}

/// Renames without ever replacing a file.
///
/// # Errors
/// `AlreadyExists` when `to` is taken; else the error of rename(2).
pub(super) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{renameat_with, RenameFlags, CWD};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system can.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            other => return other.map_err(Into::into),
        }
    }
    match fs::symlink_metadata(to) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn turns_ascend_unless_the_clock_was_plainly_wrong() {
        let turn = |text: &str| Turn::parse(text.as_bytes()).unwrap();
        for (now, last, next) in [
            ("20260102-030405", None, "20260102-030405"),
            (
                "20260102-030405",
                Some("20260102-030404.7"),
                "20260102-030405",
            ),
            (
                "20260102-030405",
                Some("20260102-030405"),
                "20260102-030405.1",
            ),
            (
                "20260102-030405",
                Some("20260102-040000.3"),
                "20260102-040000.4",
            ),
            (
                "20260102-030405",
                Some("20360102-040000.3"),
                "20260102-030405",
            ),
        ] {
            assert_eq!(
                next_turn(turn(now), last.map(turn)),
                turn(next),
                "{now} after {last:?}"
            );
        }
    }

    #[test]
    fn an_existing_file_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        let error = rename_to_free(&from, &to).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"old");
    }
}
