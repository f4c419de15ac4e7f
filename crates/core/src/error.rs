//! Errors of the pipeline, each with a stable code.

use std::fmt;

use serde::Serialize;

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

/// What is wrong with one setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingProblem {
    /// Where it is, for example `redact.paths[0]`.
    pub path: String,
    /// What was given.
    pub value: String,
    /// What is right there, and why this is not.
    pub expected: String,
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            value,
            expected,
        } = self;
        write!(f, "{path} is {value:?}: expected {expected}")
    }
}

/// An error of the pipeline: code, a sentence with the value and the remedy, and the cause.
#[derive(Debug)]
pub struct Error {
    code: ErrorCode,
    message: String,
    source: Option<std::io::Error>,
    problems: Vec<SettingProblem>,
}

impl Error {
    /// An error without an operating-system cause.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            source: None,
            problems: Vec::new(),
        }
    }

    /// Settings that cannot work, all of them; `None` if there are none.
    pub fn of_settings(problems: Vec<SettingProblem>) -> Option<Self> {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        (!problems.is_empty()).then(|| Self {
            problems,
            ..Self::new(ErrorCode::SettingInvalid, lines.join("\n"))
        })
    }

    /// A setting that cannot work.
    pub fn of_setting(problem: SettingProblem) -> Self {
        Self {
            source: None,
            code: ErrorCode::SettingInvalid,
            message: problem.to_string(),
            problems: vec![problem],
        }
    }

    /// The same about settings that stand at `place`, as far as it is about settings.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        let problems = self.problems.iter().map(|one| SettingProblem {
            path: format!("{place}.{}", one.path),
            ..one.clone()
        });
        Self::of_settings(problems.collect()).unwrap_or(self)
    }

    /// An error caused by an I/O failure, whose text is appended to `message`.
    pub fn io(code: ErrorCode, message: impl fmt::Display, source: std::io::Error) -> Self {
        Self {
            code,
            message: format!("{message}: {source}"),
            source: Some(source),
            problems: Vec::new(),
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

    /// What is wrong with which setting, where that was found out setting by setting.
    pub fn problems(&self) -> &[SettingProblem] {
        &self.problems
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
