//! The files that an active file was rotated into.

use std::collections::BinaryHeap;
use std::io;
use std::path::{Path, PathBuf};

use crate::sinks::rotated_files;

/// The rotated files of `path`, oldest first, then `path` itself if it is there: those that fapilog's file sink
/// makes (`app-20260102-030405.log.gz`), and those of logrotate (`app.log.2.gz`).
///
/// # Errors
/// The error of reading the directory.
pub fn rotated_set(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = numbered(path)?;
    files.extend(rotated_files(path)?);
    if path.exists() || files.is_empty() {
        files.push(path.to_path_buf());
    }
    Ok(files)
}

/// `app.log.N` and `app.log.N.gz`, the highest number, which is the oldest, first.
fn numbered(path: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory.unwrap_or(Path::new(".")))? {
        let entry = entry?;
        let number = entry.file_name().to_str().and_then(|other| {
            let rest = other.strip_prefix(name)?.strip_prefix('.')?;
            let digits = rest.strip_suffix(".gz").unwrap_or(rest);
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok()).flatten()
        });
        found.extend(number.map(|number| (number, entry.path())));
    }
    let sorted = BinaryHeap::from(found).into_sorted_vec();
    Ok(sorted.into_iter().rev().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_set_is_listed_from_the_oldest_to_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "app.log.10.gz",
            "app.log.2",
            "app-20260101-000000.log.gz",
            "app-20260102-000000.log",
            "app.log",
        ];
        let foreign = [
            "app.log.old",
            "app.log.1x",
            "other.log",
            "app-20260103-000000.log.gz.tmp",
        ];
        for name in names.iter().chain(&foreign) {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let set = rotated_set(&folder.path().join("app.log")).unwrap();
        let found: Vec<_> = set.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(found, names);
        let lonely = folder.path().join("none.log");
        assert_eq!(rotated_set(&lonely).unwrap(), [lonely]);
    }
}
