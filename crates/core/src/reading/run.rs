//! One run: read, work on several threads, write in order.
//!
//! ```text
//! reader ──pieces──▶ workers ──▶ writer
//!    └────order of the pieces────▲
//! ```
//!
//! Both queues are bounded, so memory is a few pieces, whatever the size of the input. The reader is not waited
//! for when nobody wants the output any more: it may be blocked in a read.

use std::io;
use std::path::Path;
use std::sync::mpsc::{channel, sync_channel, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::follow::{follow, Followed};
use super::lines::{LineReader, Summary};
use super::printer::header;
use super::settings::{Output, ReadSettings};
use super::source::{
    seek_last_lines, Encryption, Fed, Growing, Input, LastLines, Piece, Send, Splitter,
};
use super::table::Table;
use crate::error::{Error, ErrorCode, Result};
use crate::sinks::Sink;

/// Threads that format, at most.
const MAX_WORKERS: usize = 4;

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was read.
    #[serde(flatten)]
    pub summary: Summary,
    /// Inputs that could not be read, or not to their end.
    pub errors: Vec<InputError>,
    /// Why the output was given up.
    pub output_error: Option<String>,
    /// Whether it was because its reader is gone.
    pub closed: bool,
}

/// An input that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputError {
    /// Which one.
    pub path: String,
    /// Why.
    pub error: String,
}

struct Job {
    piece: Piece,
    reply: SyncSender<Done>,
}

struct Done {
    out: Vec<u8>,
    summary: Summary,
}

/// Reads everything that `settings` name and writes what is wanted of it to `output`. With `follow` it comes
/// back when `output` fails or, while nothing comes, `gone` says that nobody reads it any more.
///
/// # Errors
/// Settings that cannot be used, threads that cannot be started. Failures of inputs and of the output are in the
/// report.
pub fn run(settings: ReadSettings, output: &mut dyn Sink, gone: fn() -> bool) -> Result<Report> {
    let workers =
        std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_WORKERS));
    // Enough that nobody sleeps while the machine is busy with other things.
    let depth = workers * 2 + 4;
    let (jobs, queue) = sync_channel::<Job>(depth);
    let (order, replies) = sync_channel::<Receiver<Done>>(depth);
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..workers {
        let reader = LineReader::new(&settings)?;
        let queue = Arc::clone(&queue);
        spawn("fapilog:format", move || work(reader, &queue))?;
    }
    let head = header(&settings);
    let mut table = (settings.output == Output::Table).then(Table::default);
    let (failures, failed) = channel();
    spawn("fapilog:read", move || {
        let mut send = |piece| {
            let (reply, done) = sync_channel(1);
            jobs.send(Job { piece, reply }).is_ok() && order.send(done).is_ok()
        };
        let mut fail = |path: &Path, error: &io::Error| {
            let path = path.display().to_string();
            let error = error.to_string();
            // Nobody listens when the output is gone.
            let _gone = failures.send(InputError { path, error });
        };
        read(&settings, &mut send, gone, &mut fail);
    })?;

    let mut report = Report::default();
    let mut pending = head;
    for reply in replies {
        let done = reply
            .recv()
            .map_err(|_| Error::new(ErrorCode::Closed, "a formatting thread has ended"))?;
        report.summary.merge(&done.summary);
        pending.extend_from_slice(&done.out);
        let bytes = match &mut table {
            // The header is aligned with the first rows.
            Some(_) if done.out.is_empty() => continue,
            Some(table) => table.align(&std::mem::take(&mut pending)),
            None => std::mem::take(&mut pending),
        };
        if let Err(error) = write_all(output, &bytes) {
            report.closed = error.kind() == io::ErrorKind::BrokenPipe;
            report.output_error = Some(error.to_string());
            return Ok(report);
        }
    }
    if let Some(table) = &mut table {
        pending = table.align(&pending);
    }
    if let Err(error) = write_all(output, &pending) {
        report.closed = error.kind() == io::ErrorKind::BrokenPipe;
        report.output_error = Some(error.to_string());
    }
    report.errors = failed.iter().collect();
    Ok(report)
}

fn spawn(name: &str, work: impl FnOnce() + std::marker::Send + 'static) -> Result<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|error| {
            Error::io(
                ErrorCode::ThreadSpawn,
                format!("cannot start {name}"),
                error,
            )
        })
}

fn work(mut reader: LineReader, queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { piece, reply }) = job else {
            return;
        };
        let mut out = Vec::new();
        match &piece {
            Piece::Lines(bytes) => {
                // Colours and labels make most lines a little longer.
                out.reserve(bytes.len() + bytes.len() / 4);
                reader.read(bytes, &mut out);
            }
            Piece::Overlong { bytes, start } => reader.overlong(bytes, *start, &mut out),
        }
        let summary = reader.take_summary();
        if reply.send(Done { out, summary }).is_err() {
            return;
        }
    }
}

fn write_all(output: &mut dyn Sink, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match output.write(rest) {
            Ok(()) => break,
            // The reader is slow, not gone.
            Err(failure) if failure.error.kind() == io::ErrorKind::WouldBlock => {
                rest = rest.get(failure.written..).unwrap_or_default();
            }
            Err(failure) => return Err(failure.error),
        }
    }
    Ok(())
}

fn read(
    settings: &ReadSettings,
    send: &mut Send<'_>,
    gone: fn() -> bool,
    fail: &mut dyn FnMut(&Path, &io::Error),
) {
    let mut followed = Vec::new();
    let encrypted = Encryption {
        variable: settings.key_variable.clone(),
        wanted: settings.wanted,
    };
    for path in &settings.inputs {
        let mut splitter = Splitter::default();
        match Input::open(path, &encrypted, settings.follow) {
            Ok(Input::Plain(mut file)) => {
                let read = start_at(&mut file, settings.last)
                    .and_then(|()| read_to_end(&mut file, &mut splitter, send));
                match read {
                    Ok(false) => return,
                    Ok(true) if settings.follow => {
                        let file = Some(Growing::Plain(file));
                        followed.push(Followed::new(path, file, splitter, encrypted.clone()));
                        continue;
                    }
                    Ok(true) => {}
                    Err(error) => fail(path, &error),
                }
            }
            // Only a file that is followed is opened like this.
            Ok(Input::Sealed(mut reader)) => {
                let mut last = settings.last.map(LastLines::new);
                match read_last(&mut reader, &mut last, &mut splitter, send) {
                    Ok(false) => return,
                    Ok(true) => {
                        if last.is_some_and(|last| !last.finish(send)) {
                            return;
                        }
                        let file = Some(Growing::Sealed(reader));
                        followed.push(Followed::new(path, file, splitter, encrypted.clone()));
                        continue;
                    }
                    Err(error) => fail(path, &error),
                }
            }
            Ok(Input::Stream(mut stream)) => {
                let mut last = settings.last.map(LastLines::new);
                match read_last(&mut *stream, &mut last, &mut splitter, send) {
                    Ok(false) => return,
                    Ok(true) => {}
                    Err(error) => fail(path, &error),
                }
                if let Some(mut last) = last {
                    splitter.finish(&mut |piece| {
                        last.push(piece);
                        true
                    });
                    if !last.finish(send) {
                        return;
                    }
                }
            }
            Err(error) if settings.follow && error.kind() == io::ErrorKind::NotFound => {
                followed.push(Followed::new(path, None, splitter, encrypted.clone()));
                continue;
            }
            Err(error) => fail(path, &error),
        }
        if !splitter.finish(send) {
            return;
        }
    }
    follow(followed, send, gone, fail);
}

fn start_at(file: &mut std::fs::File, last: Option<usize>) -> io::Result<()> {
    last.map_or(Ok(()), |count| seek_last_lines(file, count))
}

/// Reads to the end, and keeps the last lines if that is asked for. Whether more is wanted.
fn read_last(
    input: &mut dyn io::Read,
    last: &mut Option<LastLines>,
    splitter: &mut Splitter,
    send: &mut Send<'_>,
) -> io::Result<bool> {
    match last {
        None => read_to_end(input, splitter, send),
        Some(last) => read_to_end(input, splitter, &mut |piece| {
            last.push(piece);
            true
        }),
    }
}

/// Whether more is wanted.
fn read_to_end(
    input: &mut dyn io::Read,
    splitter: &mut Splitter,
    send: &mut Send<'_>,
) -> io::Result<bool> {
    loop {
        match splitter.feed(input, send)? {
            Fed::More => {}
            fed => return Ok(fed == Fed::End),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::sinks::WriteError;

    /// Keeps what it gets, in small bites; is gone after `room` bytes.
    #[derive(Default)]
    struct Kept {
        bytes: Vec<u8>,
        room: Option<usize>,
    }

    impl Sink for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::result::Result<(), WriteError> {
            if self.room.is_some_and(|room| self.bytes.len() >= room) {
                let error = io::ErrorKind::BrokenPipe.into();
                return Err(WriteError { written: 0, error });
            }
            let written = bytes.len().min(100_000);
            self.bytes.extend_from_slice(&bytes[..written]);
            if written == bytes.len() {
                return Ok(());
            }
            let error = io::ErrorKind::WouldBlock.into();
            Err(WriteError { written, error })
        }
    }

    fn settings(json: serde_json::Value) -> ReadSettings {
        ReadSettings::from_json(&json.to_string()).unwrap()
    }

    fn lines(count: usize) -> String {
        (0..count)
            .map(|n| {
                format!(
                    "{{\"level\":30,\"time\":{},\"msg\":\"m\",\"n\":{n}}}\n",
                    1_767_312_000_000u64 + n as u64
                )
            })
            .collect()
    }

    #[test]
    fn every_line_of_every_file_comes_out_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let text = lines(100_000);
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&a, &text).unwrap();
        std::fs::write(&b, text.trim_end()).unwrap();
        let mut kept = Kept::default();
        let missing = folder.path().join("missing");
        let report = run(
            settings(serde_json::json!({ "inputs": [a, missing, b], "output": "json" })),
            &mut kept,
            || false,
        )
        .unwrap();
        assert!(kept.bytes == format!("{text}{text}").into_bytes());
        assert_eq!(report.summary.matched, 200_000);
        assert_eq!(report.errors.len(), 1);
        assert!(report.errors[0].path.ends_with("missing"));
    }

    #[test]
    fn the_last_lines_are_formatted_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, lines(50_000)).unwrap();
        let mut kept = Kept::default();
        let document = serde_json::json!({ "inputs": [path], "last": 2, "utc": true });
        let report = run(settings(document), &mut kept, || false).unwrap();
        let expected = "00:00:49.998 INFO     m  n=49998\n00:00:49.999 INFO     m  n=49999\n";
        assert_eq!(String::from_utf8(kept.bytes).unwrap(), expected);
        assert_eq!(report.summary.lines, 2);
    }

    #[test]
    fn a_reader_that_leaves_ends_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, lines(100_000)).unwrap();
        let mut kept = Kept {
            room: Some(200_000),
            ..Kept::default()
        };
        let document = serde_json::json!({ "inputs": [path], "output": "json" });
        let report = run(settings(document), &mut kept, || false).unwrap();
        assert!(report.closed);
        assert!(kept.bytes.len() <= 300_000);
    }

    #[test]
    fn a_gzip_file_that_is_cut_off_gives_its_lines_and_an_error() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gz");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(lines(1000).as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        std::fs::write(&path, &packed[..packed.len() - 4]).unwrap();
        let document = serde_json::json!({ "inputs": [path], "output": "none" });
        let report = run(settings(document), &mut Kept::default(), || false).unwrap();
        assert_eq!(report.summary.matched, 1000);
        assert_eq!(report.errors.len(), 1);
    }
}
