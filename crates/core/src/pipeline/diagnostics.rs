//! What the pipeline has to say about itself.

use std::time::Duration;

/// Longest wait for standard error to take a line.
const STDERR_PATIENCE: Duration = Duration::from_millis(50);
/// A pipe that is ready takes this much without blocking.
const LINE_BYTES: usize = 4096;

/// Writes `fapilog: text` as one line to standard error; gives up when nobody reads it.
pub fn say_on_stderr(text: &str) {
    let mut line = format!("fapilog: {}", text.replace('\n', " "));
    if line.len() >= LINE_BYTES {
        let end = (0..LINE_BYTES)
            .rev()
            .find(|&at| line.is_char_boundary(at))
            .unwrap_or(0);
        line.truncate(end);
    }
    line.push('\n');
    write_line(line.as_bytes());
}

#[cfg(unix)]
fn write_line(line: &[u8]) {
    use rustix::event::{poll, PollFd, PollFlags, Timespec};
    let stderr = rustix::stdio::stderr();
    let Ok(patience) = Timespec::try_from(STDERR_PATIENCE) else {
        return;
    };
    let ready = poll(
        &mut [PollFd::from_borrowed_fd(stderr, PollFlags::OUT)],
        Some(&patience),
    );
    if ready == Ok(1) {
        // There is nowhere to say that this did not work.
        let _ = rustix::io::write(stderr, line);
    }
}

#[cfg(not(unix))]
fn write_line(line: &[u8]) {
    use std::io::Write;
    let _ = STDERR_PATIENCE;
    drop(std::io::stderr().lock().write_all(line));
}
