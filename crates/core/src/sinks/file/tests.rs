//! What the file sink promises, on real files with a clock set by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Mutex;

use jiff::Timestamp;
use tempfile::TempDir;

use super::super::file_settings::{Compress, Interval, RotateSettings};
use super::*;

/// A clock set by hand.
struct HandClock(Mutex<(Timestamp, Duration)>);

impl HandClock {
    fn at(text: &str) -> Arc<Self> {
        let now = text.parse().unwrap();
        Arc::new(Self(Mutex::new((now, Duration::ZERO))))
    }

    fn pass(&self, time: Duration) {
        let mut state = self.0.lock().unwrap();
        state.0 += time;
        state.1 += time;
    }

    fn set(&self, text: &str) {
        self.0.lock().unwrap().0 = text.parse().unwrap();
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().1
    }
}

const SECOND: Duration = Duration::from_secs(1);

struct Place {
    dir: TempDir,
    clock: Arc<HandClock>,
    zone: TimeZone,
}

impl Place {
    fn new() -> Self {
        Self::at("2026-05-05T12:00:00Z", TimeZone::UTC)
    }

    fn at(now: &str, zone: TimeZone) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: HandClock::at(now),
            zone,
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("app.log")
    }

    fn open(&self, rotate: RotateSettings) -> FileSink {
        let settings = FileSettings {
            path: self.path(),
            rotate,
            ..FileSettings::default()
        };
        FileSink::open_with(settings, self.clock.clone(), self.zone.clone()).unwrap()
    }

    /// Names and contents of rotated files in order (unpacked), then of the active one.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> =
            super::super::retention::list(self.dir.path(), &NamePattern::of(&self.path()))
                .unwrap()
                .into_iter()
                .map(|file| file.path)
                .collect();
        files.push(self.path());
        files
            .into_iter()
            .filter(|path| path.exists())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let mut bytes = fs::read(path).unwrap();
                if name.ends_with(".gz") {
                    let packed = std::mem::take(&mut bytes);
                    flate2::read::GzDecoder::new(&packed[..])
                        .read_to_end(&mut bytes)
                        .unwrap();
                }
                (name, bytes)
            })
            .collect()
    }

    fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(name, _)| name).collect()
    }

    fn content(&self) -> Vec<u8> {
        self.files()
            .into_iter()
            .flat_map(|(_, bytes)| bytes)
            .collect()
    }
}

fn by_size(max_bytes: u64) -> RotateSettings {
    RotateSettings {
        max_bytes: Some(max_bytes),
        ..RotateSettings::default()
    }
}

fn by_time(interval: Interval) -> RotateSettings {
    RotateSettings {
        interval: Some(interval),
        ..RotateSettings::default()
    }
}

/// A file that takes, fails or interrupts as scripted, then behaves.
struct Scripted {
    file: Box<dyn AppendFile>,
    script: Arc<Mutex<VecDeque<Step>>>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Take(usize),
    Fail(i32),
}

const ENOSPC: i32 = 28;
const EIO: i32 = 5;
const EINTR: i32 = 4;

impl AppendFile for Scripted {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.script.lock().unwrap().pop_front() {
            None => self.file.append(bytes),
            Some(Step::Take(n)) => self.file.append(&bytes[..n.min(bytes.len())]),
            Some(Step::Fail(errno)) => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    fn status(&self) -> io::Result<FileStatus> {
        self.file.status()
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

fn scripted(sink: &mut FileSink, steps: &[Step]) -> Arc<Mutex<VecDeque<Step>>> {
    let script = Arc::new(Mutex::new(steps.iter().copied().collect::<VecDeque<_>>()));
    let shared = script.clone();
    let wrap: Wrap = Box::new(move |file| {
        Box::new(Scripted {
            file,
            script: shared.clone(),
        })
    });
    struct Nothing;
    impl AppendFile for Nothing {
        fn append(&mut self, _: &[u8]) -> io::Result<usize> {
            Ok(0)
        }
        fn status(&self) -> io::Result<FileStatus> {
            Err(io::ErrorKind::Other.into())
        }
        fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }
    let file = std::mem::replace(&mut sink.file, Box::new(Nothing));
    sink.file = wrap(file);
    sink.wrap = Some(wrap);
    script
}

/// Writes as the pipeline does: after a failure, on from where it stopped.
fn insist(sink: &mut FileSink, bytes: &[u8]) -> usize {
    let (mut done, mut failures) = (0, 0);
    while let Err(error) = sink.write(&bytes[done..]) {
        done += error.written;
        failures += 1;
        assert!(failures < 1000);
    }
    failures
}

#[test]
fn a_restart_goes_on_in_the_same_file() {
    let place = Place::new();
    place.open(by_size(10)).write(b"one\n").unwrap();
    place.open(by_size(10)).write(b"two\nlast\n").unwrap();
    assert_eq!(place.names(), ["app-20260505-120000.log", "app.log"]);
    assert_eq!(place.files()[0].1, b"one\ntwo\n");
    assert_eq!(place.content(), b"one\ntwo\nlast\n");
}

#[test]
fn a_torn_last_line_is_ended_once() {
    let place = Place::new();
    fs::write(place.path(), "half").unwrap();
    place
        .open(RotateSettings::default())
        .write(b"next\n")
        .unwrap();
    drop(place.open(RotateSettings::default()));
    assert_eq!(place.content(), b"half\nnext\n");
}

#[test]
fn a_torn_line_of_a_living_writer_is_left_to_it() {
    let place = Place::new();
    let mut first = place.open(RotateSettings::default());
    scripted(&mut first, &[Step::Take(2), Step::Fail(ENOSPC)]);
    assert_eq!(first.write(b"abcd\n").unwrap_err().written, 2);
    let second = place.open(RotateSettings::default());
    first.write(b"cd\n").unwrap();
    drop(second);
    assert_eq!(place.content(), b"abcd\n");
}

#[test]
fn a_line_longer_than_the_limit_gets_a_file_of_its_own() {
    let place = Place::new();
    let mut sink = place.open(by_size(8));
    sink.write(b"a\nlonger than the limit\nb\nc\n").unwrap();
    let contents: Vec<_> = place.files().into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(
        contents,
        [&b"a\n"[..], b"longer than the limit\n", b"b\nc\n"]
    );
    assert_eq!(sink.stats().rotations, 2);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn rotation_and_failures_lose_repeat_and_split_nothing(
        lengths in proptest::collection::vec(0usize..60, 1..120),
        batch in 1usize..20,
        limit in 1u64..200,
        steps in proptest::collection::vec((0usize..80, 0usize..8), 0..40),
    ) {
        let place = Place::new();
        let mut sink = place.open(by_size(limit));
        let steps: Vec<_> = steps
            .into_iter()
            .map(|(n, kind)| match kind {
                0 => Step::Fail(ENOSPC),
                1 => Step::Fail(EINTR),
                _ => Step::Take(n + 1),
            })
            .collect();
        scripted(&mut sink, &steps);
        let lines: Vec<_> = lengths
            .iter()
            .enumerate()
            .map(|(n, len)| format!("{n}{}\n", "é".repeat(*len)))
            .collect();
        for batch in lines.chunks(batch) {
            insist(&mut sink, batch.concat().as_bytes());
        }
        proptest::prop_assert_eq!(sink.stats().maintenance_errors, 0);
        proptest::prop_assert_eq!(place.content(), lines.concat().into_bytes());
        for (name, bytes) in place.files() {
            proptest::prop_assert!(bytes.ends_with(b"\n"), "{} is split", name);
            let one_line = bytes.iter().filter(|&&b| b == b'\n').count() == 1;
            proptest::prop_assert!(one_line || bytes.len() as u64 <= limit);
        }
    }
}

#[test]
fn short_writes_of_every_length_are_completed() {
    let text = "zwölf Boxkämpfer\nüber den Deich\n".as_bytes();
    for length in 1..text.len() {
        let place = Place::new();
        let mut sink = place.open(RotateSettings::default());
        scripted(&mut sink, &[Step::Take(length), Step::Fail(ENOSPC)]);
        let error = sink.write(text).unwrap_err();
        assert_eq!(error.written, length);
        assert_eq!(error.error.raw_os_error(), Some(ENOSPC));
        sink.write(&text[length..]).unwrap();
        assert_eq!(place.content(), text);
    }
}

#[test]
fn every_error_is_handed_over_and_none_panics() {
    for errno in 1..=133 {
        if errno == EINTR {
            continue;
        }
        let place = Place::new();
        let mut sink = place.open(by_size(10));
        scripted(&mut sink, &[Step::Take(4), Step::Fail(errno)]);
        let error = sink.write(b"one\ntwo\nthree\n").unwrap_err();
        assert_eq!(
            (error.written, error.error.raw_os_error()),
            (4, Some(errno))
        );
        sink.write(b"two\nthree\n").unwrap();
        assert_eq!(place.content(), b"one\ntwo\nthree\n");
    }
}

#[test]
fn an_unfinished_line_is_not_rotated_away() {
    let place = Place::new();
    let mut sink = place.open(RotateSettings {
        interval: Some(Interval::Daily),
        ..by_size(4)
    });
    scripted(&mut sink, &[Step::Take(2), Step::Fail(ENOSPC)]);
    assert_eq!(sink.write(b"abcdefgh\nnext\n").unwrap_err().written, 2);
    place.clock.pass(Duration::from_secs(86400));
    sink.tick();
    sink.write(b"cdefgh\nnext\n").unwrap();
    let contents: Vec<_> = place.files().into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(contents, [b"abcdefgh\n".to_vec(), b"next\n".to_vec()]);
}

#[test]
fn an_unfinished_line_is_ended_in_the_file_that_was_moved_away() {
    let place = Place::new();
    let mut sink = place.open(RotateSettings::default());
    scripted(&mut sink, &[Step::Take(2), Step::Fail(ENOSPC)]);
    sink.write(b"abcd\n").unwrap_err();
    let moved = place.dir.path().join("moved");
    fs::rename(place.path(), &moved).unwrap();
    place.clock.pass(SECOND);
    sink.write(b"cd\nnext\n").unwrap();
    assert_eq!(fs::read(moved).unwrap(), b"abcd\n");
    assert_eq!(place.content(), b"next\n");
}

#[test]
fn after_a_forced_reopen_the_new_file_gets_the_whole_line() {
    let place = Place::new();
    let mut sink = place.open(RotateSettings::default());
    let script = scripted(&mut sink, &[Step::Take(2), Step::Fail(ENOSPC)]);
    sink.write(b"abcd\n").unwrap_err();
    sink.reopen().unwrap();
    let moved = place.dir.path().join("moved");
    fs::rename(place.path(), &moved).unwrap();
    sink.reopen().unwrap();
    script
        .lock()
        .unwrap()
        .extend([Step::Take(1), Step::Fail(EIO)]);
    assert_eq!(sink.write(b"cd\nnext\n").unwrap_err().written, 0);
    sink.write(b"cd\nnext\n").unwrap();
    assert_eq!(fs::read(moved).unwrap(), b"ab\n");
    assert_eq!(place.content(), b"abcd\nnext\n");
}

#[test]
fn after_a_truncation_an_unfinished_line_is_whole_again() {
    let place = Place::new();
    let mut sink = place.open(RotateSettings::default());
    scripted(&mut sink, &[Step::Take(6), Step::Fail(ENOSPC)]);
    sink.write(b"one\nabcd\n").unwrap_err();
    fs::write(place.path(), "").unwrap();
    sink.write(b"cd\n").unwrap();
    assert_eq!(place.content(), b"abcd\n");
}

#[test]
fn an_abandoned_line_does_not_swallow_the_next() {
    let place = Place::new();
    let mut sink = place.open(RotateSettings::default());
    scripted(&mut sink, &[Step::Take(2), Step::Fail(ENOSPC)]);
    sink.write(b"abcd\n").unwrap_err();
    sink.abandon_line();
    sink.write(b"next\n").unwrap();
    assert_eq!(place.content(), b"ab\nnext\n");
}

#[test]
fn a_file_that_was_moved_or_removed_is_opened_again() {
    let place = Place::new();
    let mut sink = place.open(RotateSettings::default());
    sink.write(b"one\n").unwrap();
    let moved = place.dir.path().join("app.log.1");
    fs::rename(place.path(), &moved).unwrap();
    sink.write(b"two\n").unwrap();
    assert!(!place.path().exists(), "not looked at before 250 ms");
    place.clock.pass(CHECK_EVERY);
    sink.write(b"three\n").unwrap();
    assert_eq!(fs::read(moved).unwrap(), b"one\ntwo\n");
    assert_eq!(place.content(), b"three\n");
    fs::remove_dir_all(place.dir.path()).unwrap();
    place.clock.pass(SECOND);
    sink.tick();
    assert_eq!(place.content(), b"");
    sink.write(b"four\n").unwrap();
    assert_eq!(place.content(), b"four\n");
    assert_eq!(sink.stats().reopened, 2);
    assert_eq!(sink.stats().maintenance_errors, 0);
}

#[test]
fn a_truncated_file_has_room_again() {
    let place = Place::new();
    let mut sink = place.open(by_size(10));
    sink.write(b"123456789\n").unwrap();
    fs::File::create(place.path()).unwrap();
    sink.write(b"abc\n").unwrap();
    assert_eq!(place.names(), ["app.log"]);
    assert_eq!(place.content(), b"abc\n");
}

#[cfg(unix)]
#[test]
fn a_path_replaced_by_something_else_is_refused_and_writing_goes_on() {
    let place = Place::new();
    let mut sink = place.open(RotateSettings::default());
    let moved = place.dir.path().join("moved");
    fs::rename(place.path(), &moved).unwrap();
    let target = place.dir.path().join("target");
    fs::write(&target, "untouched").unwrap();
    std::os::unix::fs::symlink(&target, place.path()).unwrap();
    place.clock.pass(SECOND);
    sink.write(b"one\n").unwrap();
    assert!(sink.reopen().is_err());
    assert_eq!(fs::read(&target).unwrap(), b"untouched");
    assert_eq!(fs::read(moved).unwrap(), b"one\n");
    let stats = sink.stats();
    assert_eq!(stats.maintenance_errors, 1);
    assert!(stats
        .last_maintenance_error
        .unwrap()
        .contains("symbolic link"));
}

#[test]
fn a_failed_rotation_is_retried_after_a_second() {
    let place = Place::new();
    let mut sink = place.open(by_size(4));
    sink.write(b"one\n").unwrap();
    // The lock cannot be opened: rotation fails before anything moved.
    let lock = place.dir.path().join(".app.log.lock");
    fs::create_dir(&lock).unwrap();
    sink.write(b"two\ntre\n").unwrap();
    assert_eq!(place.names(), ["app.log"]);
    assert_eq!(sink.stats().maintenance_errors, 1);
    fs::remove_dir(&lock).unwrap();
    sink.write(b"for\n").unwrap();
    assert_eq!(place.names(), ["app.log"], "not before the second is over");
    place.clock.pass(SECOND);
    sink.write(b"fiv\n").unwrap();
    assert_eq!(place.names().len(), 2);
    assert_eq!(place.content(), b"one\ntwo\ntre\nfor\nfiv\n");
}

#[test]
fn one_file_a_local_day_also_when_the_clocks_change() {
    for (zone, start, first_day) in [
        ("Europe/Berlin", "2026-03-27T11:00:00Z", "2026-03-27"),
        ("Europe/Berlin", "2026-10-23T11:00:00Z", "2026-10-23"),
        ("America/New_York", "2026-03-06T17:00:00Z", "2026-03-06"),
        ("America/New_York", "2026-10-30T17:00:00Z", "2026-10-30"),
    ] {
        let zone = TimeZone::get(zone).unwrap();
        let place = Place::at(start, zone.clone());
        let mut sink = place.open(by_time(Interval::Daily));
        for _ in 0..4 * 24 * 4 {
            let now = zone.to_datetime(place.clock.now());
            sink.write(format!("{now}\n").as_bytes()).unwrap();
            place.clock.pass(Duration::from_secs(900));
        }
        let mut day: jiff::civil::Date = first_day.parse().unwrap();
        for (_, bytes) in place.files() {
            let text = String::from_utf8(bytes).unwrap();
            for line in text.lines() {
                assert!(line.starts_with(&day.to_string()), "{line} is not of {day}");
            }
            day = day.tomorrow().unwrap();
        }
        assert_eq!(place.files().len(), 5);
    }
}

#[test]
fn the_repeated_hour_overwrites_nothing_and_names_ascend() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let place = Place::at("2026-10-24T23:59:00Z", berlin);
    let mut sink = place.open(by_time(Interval::Hourly));
    for n in 0..5 {
        sink.write(format!("{n}\n").as_bytes()).unwrap();
        place.clock.pass(Duration::from_secs(1800));
    }
    let mut sink = place.open(by_size(1));
    for n in 5..8 {
        sink.write(format!("{n}\n").as_bytes()).unwrap();
    }
    assert_eq!(place.content(), b"0\n1\n2\n3\n4\n5\n6\n7\n");
}

#[test]
fn an_idle_file_is_rotated_by_tick_and_empty_ones_never() {
    let place = Place::new();
    let mut sink = place.open(by_time(Interval::Hourly));
    for _ in 0..5 {
        place.clock.pass(Duration::from_secs(3600));
        sink.tick();
    }
    assert_eq!(place.names(), ["app.log"]);
    sink.write(b"one\n").unwrap();
    for _ in 0..5 {
        place.clock.pass(Duration::from_secs(1800));
        sink.tick();
    }
    assert_eq!(place.names(), ["app-20260505-180000.log", "app.log"]);
    assert_eq!(sink.stats().rotations, 1);
}

#[test]
fn a_clock_that_jumps_rotates_at_most_once() {
    let place = Place::new();
    let mut sink = place.open(by_time(Interval::Daily));
    for (now, files) in [
        ("2026-05-05T23:59:00Z", 1),
        ("2026-05-06T00:01:00Z", 2),
        ("2026-05-05T22:01:00Z", 2),
        ("2026-05-06T00:02:00Z", 2),
        ("2036-05-06T00:02:00Z", 3),
        ("2036-05-06T00:03:00Z", 3),
        ("2026-05-06T00:02:00Z", 3),
        ("2026-05-06T10:02:00Z", 3),
        ("2026-05-07T00:02:00Z", 4),
    ] {
        place.clock.set(now);
        sink.write(format!("{now}\n").as_bytes()).unwrap();
        sink.tick();
        assert_eq!(place.names().len(), files, "{now}");
    }
}

#[test]
fn the_period_of_an_existing_file_is_that_of_its_last_line() {
    let place = Place::new();
    fs::write(place.path(), "old\n").unwrap();
    let file = fs::File::options().append(true).open(place.path()).unwrap();
    let yesterday: Timestamp = "2026-05-04T23:00:00Z".parse().unwrap();
    file.set_modified(yesterday.try_into().unwrap()).unwrap();
    let mut sink = place.open(by_time(Interval::Daily));
    sink.write(b"new\n").unwrap();
    assert_eq!(place.files()[0].1, b"old\n");
    assert_eq!(place.files()[1].1, b"new\n");
}

#[test]
fn compression_loses_and_repeats_nothing() {
    let place = Place::new();
    let settings = RotateSettings {
        compress: Compress::Gzip,
        ..by_size(500)
    };
    let mut expected = Vec::new();
    for run in 0..3 {
        let mut sink = place.open(settings.clone());
        for n in 0..200 {
            let line = format!("event {run} {n}\n");
            sink.write(line.as_bytes()).unwrap();
            expected.extend_from_slice(line.as_bytes());
        }
        assert!(sink.finish(Duration::from_secs(20)));
        let stats = sink.stats();
        assert_eq!(stats.maintenance_errors, 0, "{stats:?}");
        assert_eq!(stats.compressed, stats.rotations);
    }
    let names = place.names();
    let (active, rotated) = names.split_last().unwrap();
    assert_eq!(active, "app.log");
    assert!(rotated.len() > 10 && rotated.iter().all(|name| name.ends_with(".log.gz")));
    assert_eq!(place.content(), expected);
}

#[test]
fn a_late_line_of_another_writer_is_not_lost_to_compression() {
    let place = Place::new();
    let settings = RotateSettings {
        compress: Compress::Gzip,
        ..by_size(2)
    };
    let mut late = place.open(RotateSettings::default());
    let mut rotating = place.open(settings.clone());
    rotating.write(b"1\n2\n").unwrap();
    assert!(rotating.finish(Duration::from_secs(20)));
    drop(rotating);
    late.write(b"late\n").unwrap();
    drop(late);
    let mut again = place.open(settings);
    assert!(again.finish(Duration::from_secs(20)));
    assert_eq!(place.names(), ["app-20260505-120000.log.gz", "app.log"]);
    assert_eq!(place.content(), b"1\nlate\n2\n");
}

#[test]
fn what_another_writer_rotated_is_not_rotated_again() {
    let place = Place::new();
    let mut first = place.open(by_size(4));
    let mut second = place.open(by_size(4));
    first.write(b"1\n2\n3\n").unwrap();
    second.write(b"4\n").unwrap();
    assert_eq!(place.names(), ["app-20260505-120000.log", "app.log"]);
    assert_eq!(place.files()[1].1, b"3\n4\n");
    assert_eq!((first.stats().rotations, second.stats().rotations), (1, 0));
    assert_eq!(second.stats().reopened, 1);
}

#[test]
fn leftovers_of_a_crash_are_completed_at_open() {
    let place = Place::new();
    let at = |name: &str| place.dir.path().join(name);
    fs::write(at("app-20260101-000000.log"), "one\n").unwrap();
    fs::write(at("app-20260101-000000.log.gz.tmp"), "half").unwrap();
    fs::write(at("app-20260102-000000.log.gz.tmp"), "orphan").unwrap();
    let mut sink = place.open(RotateSettings {
        compress: Compress::Gzip,
        ..by_size(500)
    });
    assert!(sink.finish(Duration::from_secs(20)));
    assert_eq!(place.names(), ["app-20260101-000000.log.gz", "app.log"]);
    assert_eq!(place.content(), b"one\n");
}

#[test]
fn retention_touches_nothing_foreign() {
    let place = Place::new();
    let at = |name: &str| place.dir.path().join(name);
    let foreign = [
        "app.log.1",
        "app-error-20260101-000000.log",
        "apps-20260101-000000.log",
        "app-20260101-000000.txt",
        "app-20260101-000000.log.bz2",
        "app-latest.log",
    ];
    for name in foreign {
        fs::write(at(name), "foreign").unwrap();
    }
    fs::create_dir(at("app-20260101-000001.log")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(at("app.log.1"), at("app-20260101-000002.log")).unwrap();
    let mut sink = place.open(RotateSettings {
        keep_files: Some(2),
        ..by_size(2)
    });
    for n in 0..8 {
        sink.write(format!("{n}\n").as_bytes()).unwrap();
        place.clock.pass(SECOND);
    }
    assert!(sink.finish(Duration::from_secs(20)));
    assert_eq!(sink.stats().deleted, 5);
    assert_eq!(place.content(), b"5\n6\n7\n");
    for name in foreign {
        assert!(at(name).exists(), "{name}");
    }
    assert!(at("app-20260101-000001.log").is_dir());
    #[cfg(unix)]
    assert!(fs::symlink_metadata(at("app-20260101-000002.log")).is_ok());
}

#[test]
fn a_jump_of_the_clock_makes_no_file_too_old() {
    let place = Place::new();
    place.clock.set(&Timestamp::now().to_string());
    let mut sink = place.open(RotateSettings {
        keep_for: Some(Duration::from_secs(86400)),
        ..by_size(2)
    });
    sink.write(b"1\n2\n").unwrap();
    place.clock.set("2099-01-01T00:00:00Z");
    sink.write(b"3\n").unwrap();
    assert!(sink.finish(Duration::from_secs(20)));
    assert_eq!(place.content(), b"1\n2\n3\n");
}

#[test]
fn names_go_on_where_retention_left_off() {
    let place = Place::new();
    let settings = RotateSettings {
        keep_files: Some(1),
        ..by_size(2)
    };
    for n in 0..4 {
        // A new sink each time: the numbers of one second go on across restarts.
        let mut sink = place.open(settings.clone());
        sink.write(format!("{n}\n").as_bytes()).unwrap();
        assert!(sink.finish(Duration::from_secs(20)));
    }
    assert_eq!(place.names(), ["app-20260505-120000.2.log", "app.log"]);
    assert_eq!(place.content(), b"2\n3\n");
}

#[test]
fn sync_reports_a_failure_and_covers_rotated_files() {
    let place = Place::new();
    let mut sink = place.open(by_size(2));
    sink.write(b"1\n").unwrap();
    sink.sync().unwrap();
    sink.write(b"2\n3\n").unwrap();
    sink.sync().unwrap();
    assert_eq!(place.content(), b"1\n2\n3\n");
}
