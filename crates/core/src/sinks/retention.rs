//! Which rotated files exist and which of them have to go.

use std::collections::BinaryHeap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::active_file::FileStatus;
use super::file_settings::RotateSettings;
use super::rotated_name::{Form, NamePattern, Turn};

/// A file whose name and type say that it is one of ours.
/// Ordered by its age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RotatedFile {
    pub(super) turn: Turn,
    pub(super) form: Form,
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
}

/// The rotated files of an active file, oldest first. Directories, links and all other names are foreign.
///
/// # Errors
/// The error of reading the directory; a file that vanishes meanwhile is none.
pub(super) fn list(directory: &Path, names: &NamePattern) -> io::Result<Vec<RotatedFile>> {
    let mut files = BinaryHeap::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Some((turn, form)) = names.parse(&entry.file_name()) else {
            continue;
        };
        // Of the entry itself: links are not followed.
        let metadata = match entry.metadata() {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let status = FileStatus::of(&metadata);
        files.push(RotatedFile {
            path: entry.path(),
            turn,
            form,
            size: status.size,
            modified: status.modified,
        });
    }
    Ok(files.into_sorted_vec())
}

/// The paths of the finished rotated files of the active file `path`, oldest first, each turn once.
///
/// # Errors
/// The error of reading the directory.
pub(crate) fn rotated_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let mut files = list(parent.unwrap_or(Path::new(".")), &NamePattern::of(path))?;
    files.retain(|file| file.form != Form::Unfinished);
    // While one is being compressed both forms of it are there.
    files.dedup_by_key(|file| file.turn);
    Ok(files.into_iter().map(|file| file.path).collect())
}

/// The files of `files` (oldest first) that the settings no longer want, oldest first.
pub(super) fn surplus(
    files: &[RotatedFile],
    settings: &RotateSettings,
    now: Timestamp,
) -> Vec<RotatedFile> {
    let mut kept_bytes = 0u64;
    let mut surplus: Vec<_> = files
        .iter()
        .filter(|file| file.form != Form::Unfinished)
        .rev()
        .zip(0u64..)
        .filter(|(file, newer)| {
            kept_bytes = kept_bytes.saturating_add(file.size);
            settings
                .keep_files
                .is_some_and(|keep| *newer >= u64::from(keep))
                || settings.keep_bytes.is_some_and(|keep| kept_bytes > keep)
                || is_older(file, settings, now)
        })
        .map(|(file, _)| file.clone())
        .collect();
    surplus.reverse();
    surplus
}

fn is_older(file: &RotatedFile, settings: &RotateSettings, now: Timestamp) -> bool {
    let (Some(keep), Some(modified)) = (settings.keep_for, file.modified) else {
        return false;
    };
    let age = now.as_millisecond() - modified.as_millisecond();
    u128::try_from(age).is_ok_and(|age| age > keep.as_millis())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use std::time::Duration;

    fn files() -> Vec<RotatedFile> {
        let names = NamePattern::of(Path::new("a.log"));
        (1..=5u32)
            .map(|day| {
                let turn = Turn::parse(format!("2026010{day}-000000").as_bytes()).unwrap();
                RotatedFile {
                    path: names.name(&turn, Form::Plain).into(),
                    turn,
                    form: Form::Plain,
                    size: 100,
                    modified: Some(format!("2026-01-0{day}T00:00:00Z").parse().unwrap()),
                }
            })
            .collect()
    }

    fn gone(settings: RotateSettings, now: &str) -> usize {
        let files = files();
        let gone = surplus(&files, &settings, now.parse().unwrap());
        assert_eq!(gone, files[..gone.len()], "oldest first");
        gone.len()
    }

    #[test]
    fn each_limit_takes_the_oldest_files() {
        let now = "2026-01-05T12:00:00Z";
        let none = RotateSettings::default();
        assert_eq!(gone(none.clone(), now), 0);
        for (keep, expected) in [(0, 5), (2, 3), (5, 0), (9, 0)] {
            let settings = RotateSettings {
                keep_files: Some(keep),
                ..none.clone()
            };
            assert_eq!(gone(settings, now), expected);
        }
        for (keep, expected) in [(0, 5), (99, 5), (100, 4), (250, 3), (500, 0)] {
            let settings = RotateSettings {
                keep_bytes: Some(keep),
                ..none.clone()
            };
            assert_eq!(gone(settings, now), expected);
        }
        let settings = RotateSettings {
            keep_for: Some(Duration::from_secs(2 * 86400)),
            ..none
        };
        assert_eq!(gone(settings.clone(), now), 3);
        assert_eq!(gone(settings, "2020-01-01T00:00:00Z"), 0);
    }
}
