//! Points in time as text: RFC 3339 in UTC for the machine formats, clock time for people.
//!
//! The civil-date arithmetic is Howard Hinnant's `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>).

use jiff::tz::TimeZone;
use serde::Deserialize;

/// Length of `2026-01-02T03:04:05.678Z`.
pub const RFC3339_LEN: usize = 24;

const MS_PER_DAY: i64 = 86_400_000;
/// The range of an ECMAScript Date on both sides of the epoch, in milliseconds.
const MAX_DATE_MS: f64 = 8.64e15;
/// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: the years RFC 3339 can express.
const MIN_RFC3339_MS: i64 = -62_167_219_200_000;
const MAX_RFC3339_MS: i64 = 253_402_300_799_999;
/// Offsets change at multiples of this in every zone since 1972; how long a looked-up one is kept.
const OFFSET_SLOT_MS: i64 = 900_000;

/// Whole milliseconds of an event's time: rounded down, clamped to the years 0000 to 9999, 0 for NaN.
#[inline]
pub fn clamp_ms(time_ms: f64) -> i64 {
    // `as` saturates and takes NaN to 0. `floor` would be a call on x86-64 without SSE 4.1.
    let whole = time_ms as i64;
    let floor = whole.saturating_sub(i64::from(whole as f64 > time_ms));
    floor.clamp(MIN_RFC3339_MS, MAX_RFC3339_MS)
}

struct Civil {
    year: i64,
    month: i64,
    day: i64,
}

fn civil_from_days(days: i64) -> Civil {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
    }
}

/// Writes `value` in decimal, padded with zeros, over all of `out`.
fn put(out: &mut [u8], value: i64) {
    let mut rest = value.unsigned_abs();
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// `HH:MM:SS.mmm` of a time of day in milliseconds.
fn clock(ms_of_day: i64) -> [u8; 12] {
    let mut text = *b"00:00:00.000";
    put(&mut text[0..2], ms_of_day / 3_600_000);
    put(&mut text[3..5], ms_of_day / 60_000 % 60);
    put(&mut text[6..8], ms_of_day / 1_000 % 60);
    put(&mut text[9..12], ms_of_day % 1_000);
    text
}

fn rfc3339(ms: i64) -> [u8; RFC3339_LEN] {
    let civil = civil_from_days(ms.div_euclid(MS_PER_DAY));
    let mut text = *b"0000-00-00T00:00:00.000Z";
    put(&mut text[0..4], civil.year);
    put(&mut text[5..7], civil.month);
    put(&mut text[8..10], civil.day);
    text[11..23].copy_from_slice(&clock(ms.rem_euclid(MS_PER_DAY)));
    text
}

/// How the time of an event is written. Events have milliseconds; further digits are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeStyle {
    /// `2026-01-02T03:04:05.678Z`
    #[default]
    Iso,
    /// `2026-01-02T03:04:05.678000Z`
    IsoUs,
    /// `2026-01-02T03:04:05.678000000Z`
    IsoNs,
    /// Milliseconds since the epoch.
    EpochMs,
    /// Microseconds since the epoch.
    EpochUs,
    /// Nanoseconds since the epoch.
    EpochNs,
}

impl TimeStyle {
    /// What the style writes in place of the end of RFC 3339, or behind milliseconds.
    fn zeros(self) -> &'static str {
        match self {
            TimeStyle::Iso | TimeStyle::EpochMs => "",
            TimeStyle::IsoUs | TimeStyle::EpochUs => "000",
            TimeStyle::IsoNs | TimeStyle::EpochNs => "000000",
        }
    }

    /// Whether it is text; the others are numbers.
    fn is_text(self) -> bool {
        matches!(self, TimeStyle::Iso | TimeStyle::IsoUs | TimeStyle::IsoNs)
    }

    /// The same as JSON.
    pub fn write_json(self, times: &mut Timestamps, time_ms: f64, out: &mut Vec<u8>) {
        if self.is_text() {
            out.push(b'"');
            self.write(times, time_ms, out);
            out.push(b'"');
        } else {
            self.write(times, time_ms, out);
        }
    }

    /// Appends a time in milliseconds since the epoch.
    pub fn write(self, times: &mut Timestamps, time_ms: f64, out: &mut Vec<u8>) {
        if self.is_text() {
            let [text @ .., z] = times.rfc3339(time_ms);
            out.extend_from_slice(text);
            out.extend_from_slice(self.zeros().as_bytes());
            out.push(*z);
            return;
        }
        let ms = clamp_ms(time_ms);
        out.extend_from_slice(itoa::Buffer::new().format(ms).as_bytes());
        if ms != 0 {
            out.extend_from_slice(self.zeros().as_bytes());
        }
    }
}

/// Formats event times; keeps the last one, since events of one millisecond come together.
#[derive(Clone, Debug)]
pub struct Timestamps {
    ms: i64,
    text: [u8; RFC3339_LEN],
}

impl Default for Timestamps {
    fn default() -> Self {
        Self {
            ms: 0,
            text: rfc3339(0),
        }
    }
}

impl Timestamps {
    /// `2026-01-02T03:04:05.678Z` of a time in milliseconds since the epoch. Times that RFC 3339 cannot
    /// express give the nearest one it can, NaN gives the epoch.
    #[inline]
    pub fn rfc3339(&mut self, time_ms: f64) -> &[u8; RFC3339_LEN] {
        let ms = clamp_ms(time_ms);
        if ms != self.ms {
            self.update(ms);
        }
        &self.text
    }

    fn update(&mut self, ms: i64) {
        if ms.div_euclid(1_000) == self.ms.div_euclid(1_000) {
            put(&mut self.text[20..23], ms.rem_euclid(1_000));
        } else {
            self.text = rfc3339(ms);
        }
        self.ms = ms;
    }
}

/// Appends what `Date.prototype.toISOString` returns; `false` and nothing for an invalid date. Years
/// outside 0 to 9999 take the expanded form `+YYYYYY`.
pub fn write_iso_date(out: &mut Vec<u8>, ms: f64) -> bool {
    if ms.is_nan() || ms.abs() > MAX_DATE_MS {
        return false;
    }
    let ms = ms.trunc() as i64;
    let text = rfc3339(ms);
    if (MIN_RFC3339_MS..=MAX_RFC3339_MS).contains(&ms) {
        out.extend_from_slice(&text);
    } else {
        let mut year = *b"+000000";
        let value = civil_from_days(ms.div_euclid(MS_PER_DAY)).year;
        if value < 0 {
            year[0] = b'-';
        }
        put(&mut year[1..], value);
        out.extend_from_slice(&year);
        out.extend_from_slice(&text[4..]);
    }
    true
}

/// Clock time `HH:MM:SS.mmm`, in UTC or in the local time zone.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Option<TimeZone>,
    slot: i64,
    offset_ms: i64,
}

impl Clock {
    /// Clock time in UTC.
    pub fn utc() -> Self {
        Self {
            zone: None,
            slot: i64::MIN,
            offset_ms: 0,
        }
    }

    /// Clock time in the system's time zone, read once: a change of `TZ` or of `/etc/localtime` shows
    /// after the format is built again. UTC when the system has none.
    pub fn local() -> Self {
        Self {
            zone: Some(TimeZone::system()),
            ..Self::utc()
        }
    }

    /// `HH:MM:SS.mmm` of a time in milliseconds since the epoch.
    pub fn time_of_day(&mut self, time_ms: f64) -> [u8; 12] {
        let ms = clamp_ms(time_ms);
        let slot = ms.div_euclid(OFFSET_SLOT_MS);
        if slot != self.slot {
            self.slot = slot;
            self.offset_ms = self.zone.as_ref().map_or(0, |zone| {
                jiff::Timestamp::from_millisecond(ms).map_or(0, |timestamp| {
                    i64::from(zone.to_offset(timestamp).seconds()) * 1_000
                })
            });
        }
        clock((ms + self.offset_ms).rem_euclid(MS_PER_DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ms: f64) -> String {
        String::from_utf8_lossy(Timestamps::default().rfc3339(ms)).into_owned()
    }

    fn iso(ms: f64) -> Option<String> {
        let mut out = Vec::new();
        write_iso_date(&mut out, ms).then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn times_are_printed_in_utc_with_milliseconds() {
        assert_eq!(text(1_767_323_045_678.0), "2026-01-02T03:04:05.678Z");
        assert_eq!(text(0.0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(-1.0), "1969-12-31T23:59:59.999Z");
        assert_eq!(text(951_782_400_000.9), "2000-02-29T00:00:00.000Z");
    }

    #[test]
    fn impossible_times_do_not_panic() {
        assert_eq!(text(f64::NAN), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(f64::INFINITY), "9999-12-31T23:59:59.999Z");
        assert_eq!(text(-1e300), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn every_day_agrees_with_an_independent_calendar() {
        let mut timestamps = Timestamps::default();
        for day in (-25_000..60_000i32).step_by(7) {
            let ms = f64::from(day) * 86_400_000.0 + 12_345_678.0;
            let expected = jiff::Timestamp::from_millisecond(ms as i64).map(|t| format!("{t:.3}"));
            let ours = String::from_utf8_lossy(timestamps.rfc3339(ms)).into_owned();
            assert_eq!(Some(ours), expected.ok());
        }
    }

    #[test]
    fn the_cache_follows_time_in_both_directions() {
        let mut timestamps = Timestamps::default();
        for ms in [
            5.0,
            6.0,
            1_005.0,
            999.0,
            -1.0,
            -1_000.0,
            -1_001.0,
            86_400_000.0,
        ] {
            assert_eq!(*timestamps.rfc3339(ms), rfc3339(ms as i64));
        }
    }

    #[test]
    fn dates_are_printed_as_to_iso_string_does() {
        assert_eq!(iso(0.0).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(iso(8.64e15).as_deref(), Some("+275760-09-13T00:00:00.000Z"));
        assert_eq!(
            iso(-8.64e15).as_deref(),
            Some("-271821-04-20T00:00:00.000Z")
        );
        assert_eq!(
            iso(-62_167_219_200_001.0).as_deref(),
            Some("-000001-12-31T23:59:59.999Z")
        );
        assert_eq!(iso(8.64e15 + 1.0), None);
        assert_eq!(iso(f64::NAN), None);
    }

    #[test]
    fn a_clock_shows_the_time_of_its_zone() {
        let mut clock = Clock::utc();
        assert_eq!(&clock.time_of_day(1_767_323_045_678.0), b"03:04:05.678");
        let mut clock = Clock {
            zone: TimeZone::get("Asia/Kolkata")
                .ok()
                .or(Some(TimeZone::fixed(jiff::tz::offset(5)))),
            ..Clock::utc()
        };
        let shown = clock.time_of_day(1_767_323_045_678.0);
        assert!(&shown == b"08:34:05.678" || &shown == b"08:04:05.678");
    }
}
