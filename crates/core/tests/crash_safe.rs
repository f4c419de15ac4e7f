//! A sink that dies at any byte of an append, and what the recovery makes of it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use fapilog_core::format::{self, FormatKind, FormatOptions};
use fapilog_core::level::Level;
use fapilog_core::pipeline::Batch;
use fapilog_core::recovery::journal::{SinkJournal, Words};
use fapilog_core::recovery::ring_file::{DeadRing, RingFile};
use fapilog_core::recovery::{recover, Outcome};
use fapilog_core::sinks::{Append, AppendObserver};
use fapilog_core::wire::{Dictionary, RecordWriter, Records};
use fapilog_ring::{Consumer, Producer};
use serde_json::json;

const EVENTS: usize = 6;

/// Events in a ring, with `before` bytes of other lines in the file, and the process dead after `cut` bytes of an
/// append of all of them; then `more` was appended by somebody else. Returns how long the append was.
fn die(dir: &Path, kind: &str, before: &str, cut: usize, more: &str) -> usize {
    die_with(dir, kind, before, cut, more, &[])
}

/// The same, where a filter had ended the events `ended`.
fn die_with(
    dir: &Path,
    kind: &str,
    before: &str,
    cut: usize,
    more: &str,
    ended: &[usize],
) -> usize {
    let sampling = json!({"sampling": {"rate": 0.5, "protectedLevel": "ERROR"}});
    let filters = if ended.is_empty() {
        json!({})
    } else {
        sampling
    };
    let log = dir.join("app.log");
    let document = json!({
        "constants": {"name": null, "service": "s", "env": null, "version": null, "hostname": "h", "pid": 7, "utc": true},
        "sinks": [{
            "name": "file", "destination": {"type": "file", "path": log}, "format": kind, "color": false,
            "level": "INFO", "queueBytes": 65536, "whenFull": "block",
        }],
        "stages": {"filters": filters},
        "fsync": false,
    });
    let ring = RingFile::create(dir, "test", 65_536, 0x1234_5678, &document.to_string()).unwrap();
    let memory = Arc::clone(ring.memory());
    let mut producer = Producer::new(*memory.region());
    for n in 0..EVENTS {
        let mut writer = RecordWriter::new(Level::INFO, 0, 1_700_000_000_000.0);
        writer.message(&format!("event {n} {}", "x".repeat(n)));
        producer.push(&writer.finish(), 0).unwrap();
        // Below the sink's level.
        let mut writer = RecordWriter::new(Level::DEBUG, 0, 1_700_000_000_000.0);
        writer.message("never");
        producer.push(&writer.finish(), 0).unwrap();
    }

    let journal = SinkJournal::new(0);
    journal.attach(Words::Mapped(Arc::clone(&memory))).unwrap();
    let mut chunk = Vec::new();
    Consumer::new(*memory.region()).copy_pending(1 << 20, &mut chunk);
    let dictionary = Dictionary::new();
    let mut records = Records::new(&chunk, &dictionary);
    let options = FormatOptions {
        service: Some("s".into()),
        hostname: "h".into(),
        pid: 7,
        utc: true,
        ..FormatOptions::default()
    };
    let kind = match kind {
        "json" => FormatKind::Json,
        "pino" => FormatKind::Pino,
        _ => FormatKind::Pretty,
    };
    let mut format = format::build(kind, &options);
    let mut batch = Batch::default();
    let mut seen = 0;
    loop {
        let at = records.position() / 8;
        let Some(record) = records.next() else { break };
        let number = seen / 2;
        seen += 1;
        if record.level() >= Level::INFO && !ended.contains(&number) {
            format.write(&record, &mut batch.bytes);
            batch.end_event(record.level());
            batch.mark(at as u32);
        }
    }
    batch.end_position = memory.region().control().published();
    let batch = Arc::new(batch);

    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log)
        .unwrap();
    file.write_all(before.as_bytes()).unwrap();
    let status = file.metadata().unwrap();
    journal.begin(&batch, 0);
    journal
        .before(&Append {
            identity: (status.dev(), status.ino()),
            offset: status.len(),
            length: batch.bytes.len() as u64,
            done: 0,
        })
        .unwrap();
    let cut = cut.min(batch.bytes.len());
    file.write_all(&batch.bytes[..cut]).unwrap();
    file.write_all(more.as_bytes()).unwrap();
    batch.bytes.len()
}

fn events(dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(dir.join("app.log")).unwrap();
    assert!(text.ends_with('\n'), "{text:?}");
    text.lines().map(str::to_owned).collect()
}

/// The numbers of the events on file.
fn numbers(lines: &[String]) -> Vec<usize> {
    lines
        .iter()
        .filter_map(|line| {
            let rest = line.split("event ").nth(1)?;
            rest.split(' ').next()?.parse().ok()
        })
        .collect()
}

/// Every event once, in order, and no line that is none of `others`.
fn check(dir: &Path, others: &[&str], cut: usize) {
    let lines = events(dir);
    let mine = numbers(&lines);
    assert_eq!(
        mine,
        (0..EVENTS).collect::<Vec<_>>(),
        "cut at {cut}: {lines:#?}"
    );
    let strange: Vec<_> = lines
        .iter()
        .filter(|line| !line.contains("event ") && !line.contains("recovered what"))
        .filter(|line| !others.contains(&line.as_str()))
        .collect();
    assert!(strange.is_empty(), "cut at {cut}: {strange:?}");
}

#[test]
fn an_append_cut_at_any_byte_is_finished_exactly() {
    for kind in ["json", "pino", "pretty"] {
        let mut cut = 0;
        loop {
            let dir = tempfile::tempdir().unwrap();
            let len = die(dir.path(), kind, "before\n", cut, "");
            let [report] = &recover(dir.path(), false).unwrap()[..] else {
                panic!("one ring");
            };
            assert!(matches!(
                report.outcome,
                Outcome::Recovered | Outcome::Empty
            ));
            assert_eq!(report.error, None);
            check(dir.path(), &["before"], cut);
            assert!(recover(dir.path(), false).unwrap().is_empty());
            if cut >= len {
                break;
            }
            cut += 7.min(len - cut);
        }
    }
}

#[test]
fn what_a_filter_had_ended_is_not_taken_for_missing() {
    for kind in ["json", "pino"] {
        for ended in [&[0][..], &[2], &[1, 2, 4], &[5], &[0, 1, 2, 3, 4, 5]] {
            let kept = || (0..EVENTS).filter(|n| !ended.contains(n));
            let mut cut = 0;
            loop {
                let dir = tempfile::tempdir().unwrap();
                let len = die_with(dir.path(), kind, "before\n", cut, "", ended);
                let text = fs::read_to_string(dir.path().join("app.log")).unwrap();
                let whole: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
                let whole: Vec<String> = whole
                    .into_iter()
                    .filter(|line| line.ends_with('\n'))
                    .collect();
                let written = numbers(&whole);
                recover(dir.path(), false).unwrap();
                let lines = events(dir.path());
                let found = numbers(&lines);
                let all = format!("cut at {cut}, ended {ended:?}: {lines:#?}");
                assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{all}");
                assert_eq!(found[..written.len()], written, "{all}");
                assert!(kept().all(|n| found.contains(&n)), "{all}");
                if let Some(last) = written.last() {
                    let before = ended.iter().find(|n| *n < last && found.contains(n));
                    assert_eq!(before, None, "{all}");
                }
                assert!(
                    lines.iter().all(|line| {
                        line == "before"
                            || line.contains("event ")
                            || line.contains("recovered what")
                    }),
                    "{all}"
                );
                if cut >= len {
                    break;
                }
                cut += 7.min(len - cut);
            }
        }
    }
}

#[test]
fn a_torn_line_that_somebody_ended_is_cut_off() {
    for cut in [1, 20, 100, 150] {
        let dir = tempfile::tempdir().unwrap();
        die(dir.path(), "pino", "", cut, "\n");
        recover(dir.path(), false).unwrap();
        check(dir.path(), &[], cut);
    }
}

#[test]
fn what_others_appended_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let len = die(dir.path(), "json", "", usize::MAX, "");
    drop(dir);
    for cut in [0, len] {
        let dir = tempfile::tempdir().unwrap();
        die(dir.path(), "json", "", cut, "theirs\n");
        recover(dir.path(), false).unwrap();
        check(dir.path(), &["theirs"], cut);
    }
}

#[test]
fn a_ring_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let ring = RingFile::create(dir.path(), "test", 65_536, 1, "{}").unwrap();
    let reports = recover(dir.path(), false).unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].outcome, Outcome::Live);
    assert!(DeadRing::claim(ring.path(), true).is_ok());
    ring.remove();
    assert!(recover(dir.path(), false).unwrap().is_empty());
}
