//! Waiting for more lines of files that grow, are rotated or truncated.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::source::{Encryption, Fed, Growing, Send, Splitter};
use crate::sinks::file_identity;

/// How often a file at its end is looked at again.
const INTERVAL: Duration = Duration::from_millis(100);

/// A file that is followed by its name.
#[derive(Debug)]
pub(super) struct Followed {
    path: PathBuf,
    file: Option<Growing>,
    splitter: Splitter,
    encrypted: Encryption,
}

impl Followed {
    /// Goes on from where `file` stands; without one, from the start of what will be at `path`.
    pub(super) fn new(
        path: &Path,
        file: Option<Growing>,
        splitter: Splitter,
        encrypted: Encryption,
    ) -> Self {
        Self {
            path: path.to_path_buf(),
            file,
            splitter,
            encrypted,
        }
    }

    /// Reads what is there.
    fn catch_up(&mut self, send: &mut Send<'_>) -> io::Result<Fed> {
        let Some(file) = &mut self.file else {
            return Ok(Fed::End);
        };
        file.retreat()?;
        loop {
            match self.splitter.feed(file, send)? {
                Fed::More => {}
                other => return Ok(other),
            }
        }
    }

    /// Reads what is there, and goes on with the next file if this one was moved away or truncated.
    fn poll(&mut self, send: &mut Send<'_>) -> io::Result<Fed> {
        if self.catch_up(send)? == Fed::Stopped {
            return Ok(Fed::Stopped);
        }
        // While the name leads nowhere the old file may still be written to.
        let Ok(now) = std::fs::metadata(&self.path) else {
            return Ok(Fed::End);
        };
        if let Some(file) = &mut self.file {
            let same = file_identity(&file.file().metadata()?) == file_identity(&now);
            if same && !shrunk(file, &now)? {
                return Ok(Fed::End);
            }
            // What came between the last read and the move.
            if !same && self.catch_up(send)? == Fed::Stopped {
                return Ok(Fed::Stopped);
            }
            if !self.splitter.finish(send) {
                return Ok(Fed::Stopped);
            }
        }
        self.file = Growing::open(&self.path, &self.encrypted)?;
        self.catch_up(send)
    }
}

fn shrunk(file: &mut Growing, now: &Metadata) -> io::Result<bool> {
    Ok(now.len() < file.position()?)
}

/// Follows files until nobody wants more (`send` says so, or `gone` while nothing comes), or all have failed,
/// with the error of each in `failed`.
pub(super) fn follow(
    mut files: Vec<Followed>,
    send: &mut Send<'_>,
    gone: fn() -> bool,
    failed: &mut dyn FnMut(&Path, &io::Error),
) {
    while !files.is_empty() && !gone() {
        let mut stopped = false;
        files.retain_mut(|file| match file.poll(send) {
            Ok(fed) => {
                stopped |= fed == Fed::Stopped;
                true
            }
            Err(error) => {
                failed(&file.path, &error);
                false
            }
        });
        if stopped {
            return;
        }
        std::thread::sleep(INTERVAL);
    }
}
