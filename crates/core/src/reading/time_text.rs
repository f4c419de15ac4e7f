//! Event times as other loggers write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::Timestamp;

use super::json::Raw;

/// Numbers below this are seconds (it is 1973 in milliseconds, and far beyond any log in seconds).
const MIN_MS: f64 = 1e11;
/// Numbers from here on are microseconds, and from there on nanoseconds (each is 1973 again).
const MIN_US: f64 = 1e14;
const MIN_NS: f64 = 1e17;

/// Milliseconds since the epoch of a time in seconds, milli-, micro- or nanoseconds, or of a text: RFC 3339, a date and time
/// without an offset (local time), or digits.
pub(super) fn time_ms(value: Raw<'_>) -> Option<f64> {
    match value {
        Raw::Number(digits) => number(digits),
        Raw::Text(text) => text_ms(&text.to_str()),
        _ => None,
    }
}

fn number(digits: &str) -> Option<f64> {
    let value: f64 = digits.parse().ok()?;
    Some(match value.abs() {
        size if size < MIN_MS => value * 1e3,
        size if size < MIN_US => value,
        size if size < MIN_NS => (value / 1e3).floor(),
        _ => (value / 1e6).floor(),
    })
}

fn text_ms(text: &str) -> Option<f64> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_millisecond() as f64);
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        let timestamp = TimeZone::system().to_timestamp(civil).ok()?;
        return Some(timestamp.as_millisecond() as f64);
    }
    let digits = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits.then(|| number(text)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_milliseconds_and_texts_are_told_apart() {
        for text in [
            "2026-01-02T03:04:05.678Z",
            "2026-01-02T04:04:05.678+01:00",
            "1767323045678",
            "1767323045.678",
            "1767323045678000",
            "1767323045678000000",
            "2026-01-02T03:04:05.678000000Z",
        ] {
            assert_eq!(text_ms(text), Some(1_767_323_045_678.0), "{text}");
        }
        assert_eq!(
            time_ms(Raw::Number("1767323045")),
            Some(1_767_323_045_000.0)
        );
        for text in ["", "yesterday", "10:20", ".", "2026-13-01T00:00:00Z"] {
            assert_eq!(text_ms(text), None, "{text}");
        }
        assert!(text_ms("2026-01-02 03:04:05").is_some());
    }
}
