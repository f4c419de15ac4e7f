//! The file sink from outside: what it refuses, modes, and several writers of one path.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fapilog_core::error::{Error, ErrorCode};
use fapilog_core::sinks::file::FileSink;
use fapilog_core::sinks::file_settings::{Compress, FileSettings, RotateSettings};
use fapilog_core::sinks::Sink;

fn settings(path: PathBuf) -> FileSettings {
    FileSettings {
        path,
        ..FileSettings::default()
    }
}

fn refused(path: &Path) -> Error {
    let started = Instant::now();
    let error = FileSink::open(settings(path.to_path_buf())).unwrap_err();
    assert!(started.elapsed() < Duration::from_millis(50));
    assert_eq!(error.code(), ErrorCode::SinkOpen);
    assert!(error.message().contains(path.to_str().unwrap()));
    error
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("target");
    fs::write(&target, "untouched").unwrap();
    for (name, to) in [
        ("link", target.as_path()),
        ("dangling", Path::new("nowhere")),
    ] {
        let link = dir.path().join(name);
        std::os::unix::fs::symlink(to, &link).unwrap();
        assert!(refused(&link).message().contains("a symbolic link"));
    }
    assert_eq!(fs::read(&target).unwrap(), b"untouched");
    assert!(!dir.path().join("nowhere").exists());

    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    assert!(refused(&folder).message().contains("a directory"));

    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap()
        .success());
    assert!(refused(&fifo).message().contains("a FIFO"));
    assert!(refused(Path::new("/dev/null"))
        .message()
        .contains("a device"));
}

#[test]
fn a_missing_directory_is_created_or_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/app.log");
    let unwanted = FileSettings {
        mkdir: false,
        ..settings(path.clone())
    };
    let error = FileSink::open(unwanted).unwrap_err();
    assert!(error.message().contains("directory does not exist"));
    FileSink::open(settings(path)).unwrap();
    let mode = |path: &str| {
        fs::metadata(dir.path().join(path))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("a") & 0o777, 0o700);
    assert_eq!(mode("a/b") & 0o777, 0o700);
}

/// The umask belongs to the process, so the check runs in a child of its own.
#[test]
fn files_have_their_mode_whatever_the_umask_is() {
    for umask in ["000", "077", "027"] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("logs/app.log");
        run_child(
            &format!("umask {umask}; exec \"$0\" \"$@\""),
            &path,
            "x",
            300,
        );
        for entry in fs::read_dir(dir.path().join("logs")).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{entry:?} with umask {umask}");
        }
        let logs = fs::metadata(dir.path().join("logs")).unwrap();
        assert_eq!(logs.permissions().mode() & 0o777, 0o700);
    }
}

fn rotating(path: PathBuf) -> FileSettings {
    FileSettings {
        rotate: RotateSettings {
            max_bytes: Some(2_000),
            compress: Compress::Gzip,
            ..RotateSettings::default()
        },
        ..settings(path)
    }
}

fn write_events(path: &Path, who: &str, count: usize) {
    let mut sink = FileSink::open(rotating(path.to_path_buf())).unwrap();
    for first in (0..count).step_by(7) {
        let batch: String = (first..count.min(first + 7))
            .map(|n| format!("{who} {n} {}\n", "x".repeat(n % 50)))
            .collect();
        sink.write(batch.as_bytes()).unwrap();
    }
    assert_eq!(sink.stats().last_maintenance_error, None);
}

/// Every event of every writer exactly once and whole.
fn check_events(dir: &Path, writers: &[&str], count: usize) {
    let mut seen = read_events(dir);
    for who in writers {
        let mut got = seen.remove(*who).unwrap_or_default();
        got.sort_unstable();
        assert_eq!(got, (0..count).collect::<Vec<_>>(), "writer {who}");
    }
    assert!(seen.is_empty());
}

/// The numbers of every writer's events, in the order of the files.
fn read_events(dir: &Path) -> BTreeMap<String, Vec<usize>> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with(".lock"))
        .collect();
    // `.N` in the order of its number, the active file last.
    files.sort_by_key(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let rest = name.strip_prefix("app-").map(str::to_owned);
        rest.map_or((true, String::new(), 0), |rest| {
            let number = rest[15..].split('.').nth(1).and_then(|n| n.parse().ok());
            (false, rest[..15].to_owned(), number.unwrap_or(0u32))
        })
    });
    assert!(files.len() > 3);
    let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for path in files {
        let mut text = String::new();
        let file = fs::File::open(&path).unwrap();
        if path.extension().unwrap() == "gz" {
            flate2::read::GzDecoder::new(file)
                .read_to_string(&mut text)
                .unwrap();
        } else {
            (&file).read_to_string(&mut text).unwrap();
        }
        assert!(text.is_empty() || text.ends_with('\n'), "{path:?}");
        for line in text.lines() {
            let parts: Vec<_> = line.splitn(3, ' ').collect();
            let n: usize = parts[1].parse().unwrap();
            assert_eq!(parts[2].len(), n % 50, "{line}");
            seen.entry(parts[0].to_owned()).or_default().push(n);
        }
    }
    seen
}

#[test]
fn several_sinks_rotating_one_path_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let writers = ["a", "b", "c"];
    std::thread::scope(|scope| {
        for who in writers {
            let path = &path;
            scope.spawn(move || write_events(path, who, 3_000));
        }
    });
    check_events(dir.path(), &writers, 3_000);
}

#[test]
fn several_processes_rotating_one_path_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let writers = ["a", "b", "c"];
    std::thread::scope(|scope| {
        for who in writers {
            let path = &path;
            scope.spawn(move || run_child("exec \"$0\" \"$@\"", path, who, 3_000));
        }
    });
    check_events(dir.path(), &writers, 3_000);
}

#[test]
fn a_kill_at_any_moment_leaves_every_line_in_exactly_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let runs: Vec<_> = (0..12).map(|run| format!("run{run}")).collect();
    for (who, millis) in runs
        .iter()
        .zip([3, 7, 12, 18, 25, 30, 31, 37, 44, 50, 61, 70])
    {
        let mut process = child_command("exec \"$0\" \"$@\"", &path, who, 1_000_000)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let mut sink = FileSink::open(rotating(path)).unwrap();
    assert!(sink.finish(Duration::from_secs(30)));
    assert_eq!(sink.stats().last_maintenance_error, None);
    drop(sink);
    let seen = read_events(dir.path());
    assert!(seen.len() > 6, "most runs got to writing");
    for (who, numbers) in seen {
        assert_eq!(numbers, (0..numbers.len()).collect::<Vec<_>>(), "{who}");
    }
    for entry in fs::read_dir(dir.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let whole = name == "app.log" || name == ".app.log.lock" || name.ends_with(".log.gz");
        assert!(whole, "{name} is left over");
    }
}

fn run_child(shell: &str, path: &Path, who: &str, count: usize) {
    let output = child_command(shell, path, who, count).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Runs [`child`] in a process of its own, started by the shell text `shell`.
fn child_command(shell: &str, path: &Path, who: &str, count: usize) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", shell])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored"])
        .env("SINKS_FILE_CHILD", path)
        .env("SINKS_FILE_WHO", who)
        .env("SINKS_FILE_COUNT", count.to_string());
    command
}

/// Not a test of its own: what the other processes do.
#[test]
#[ignore = "started by other tests"]
fn child() {
    if let Some(path) = std::env::var_os("SINKS_FILE_CHILD") {
        let who = std::env::var("SINKS_FILE_WHO").unwrap();
        let count = std::env::var("SINKS_FILE_COUNT").unwrap().parse().unwrap();
        write_events(Path::new(&path), &who, count);
    }
}
