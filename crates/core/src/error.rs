//! Errors of the pipeline, each with a stable code.

use std::fmt;

/// What went wrong, as a stable code that documentation and callers can rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// A setting has a value the pipeline cannot use.
    SettingInvalid,
    /// A sink could not be opened.
    SinkOpen,
    /// A sink could not write.
    SinkWrite,
    /// The shared region is not one of ours or is damaged.
    RegionInvalid,
    /// The file of a crash-safe ring could not be made.
    RingFile,
    /// A native thread could not be started.
    ThreadSpawn,
    /// The pipeline is closed.
    Closed,
}

impl ErrorCode {
    /// The code as text, for example `FAPILOG_SINK_OPEN`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::SettingInvalid => "FAPILOG_SETTING_INVALID",
            ErrorCode::SinkOpen => "FAPILOG_SINK_OPEN",
            ErrorCode::SinkWrite => "FAPILOG_SINK_WRITE",
            ErrorCode::RegionInvalid => "FAPILOG_REGION_INVALID",
            ErrorCode::RingFile => "FAPILOG_RING_FILE",
            ErrorCode::ThreadSpawn => "FAPILOG_THREAD_SPAWN",
            ErrorCode::Closed => "FAPILOG_CLOSED",
        }
    }
}

/// An error of the pipeline: code, a sentence with the value and the remedy, and the cause.
#[derive(Debug)]
pub struct Error {
    code: ErrorCode,
    message: String,
    source: Option<std::io::Error>,
}

impl Error {
    /// An error without an operating-system cause.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            source: None,
        }
    }

    /// An error caused by an I/O failure, whose text is appended to `message`.
    pub fn io(code: ErrorCode, message: impl fmt::Display, source: std::io::Error) -> Self {
        Self {
            code,
            message: format!("{message}: {source}"),
            source: Some(source),
        }
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The message without the code.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The raw OS error number, when an OS call failed.
    pub fn errno(&self) -> Option<i32> {
        self.source.as_ref().and_then(std::io::Error::raw_os_error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e as _)
    }
}

/// Result of the pipeline.
pub type Result<T> = std::result::Result<T, Error>;
