//! When a file is rotated: the periods of time rotation.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::Timestamp;

use super::file_settings::Interval;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The stretch of time whose lines share a file: from `start` up to, but not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub start: Timestamp,
    /// The first moment of the next period.
    pub end: Timestamp,
}

impl Period {
    /// The period that holds `at`; nothing near the end of the calendar (year 9999).
    ///
    /// Boundaries lie on the wall clock of `zone` and are computed from `at` alone, so a late rotation never
    /// moves the next one. A day is what the calendar says: 23 or 25 hours when the clocks change, and a
    /// midnight that the clocks skip or repeat is one boundary, not none or two.
    pub fn containing(at: Timestamp, interval: Interval, zone: &TimeZone) -> Option<Self> {
        match interval {
            Interval::Hourly => steps(at, HOUR_MS, zone),
            Interval::Daily => days(at, 0, 1, zone),
            Interval::Weekly => {
                let date = zone.to_datetime(at).date();
                days(at, date.weekday().since(Weekday::Monday).into(), 7, zone)
            }
            Interval::Every(step) => {
                let step = i64::try_from(step.as_millis()).ok()?.max(1);
                if step % DAY_MS == 0 && *zone != TimeZone::UTC {
                    let length = step / DAY_MS;
                    let local = at.as_millisecond() + offset_ms(zone, at);
                    days(
                        at,
                        local.div_euclid(DAY_MS).rem_euclid(length),
                        length,
                        zone,
                    )
                } else {
                    steps(at, step, zone)
                }
            }
        }
    }

    /// True when the wall clock was set back so far behind this period that waiting for its end makes no
    /// sense. Small steps back (NTP, the repeated hour) are not.
    pub(super) fn is_far_ahead_of(&self, now: Timestamp) -> bool {
        let start = self.start.as_millisecond();
        let length = self.end.as_millisecond() - start;
        now.as_millisecond() < start - length
    }
}

fn offset_ms(zone: &TimeZone, at: Timestamp) -> i64 {
    i64::from(zone.to_offset(at).seconds()) * 1000
}

/// Whole calendar days: from `past` days before the date of `at`, for `length` days.
fn days(at: Timestamp, past: i64, length: i64, zone: &TimeZone) -> Option<Period> {
    let today = zone.to_datetime(at).date();
    let first = today
        .checked_sub(jiff::Span::new().try_days(past).ok()?)
        .ok()?;
    let next = first
        .checked_add(jiff::Span::new().try_days(length).ok()?)
        .ok()?;
    Some(Period {
        start: first.to_zoned_datetime(zone.clone()).ok()?.timestamp(),
        end: next.to_zoned_datetime(zone.clone()).ok()?.timestamp(),
    })
}

/// Multiples of `step` milliseconds on the wall clock.
///
/// Walks over the offset changes between `at` and the next boundary: a change that skips a boundary is
/// itself the boundary, any other change only shifts the grid.
fn steps(at: Timestamp, step: i64, zone: &TimeZone) -> Option<Period> {
    let grid = Grid {
        step,
        // The day cuts the grid only where local midnight means something.
        daily: step < DAY_MS && *zone != TimeZone::UTC,
    };
    let at_ms = at.as_millisecond();
    let mut offset = offset_ms(zone, at);
    let start = grid.floor(at_ms + offset) - offset;
    let mut end = grid.after(at_ms + offset) - offset;
    for change in zone.following(at) {
        let moment = change.timestamp().as_millisecond();
        if moment > end {
            break;
        }
        let new_offset = i64::from(change.offset().seconds()) * 1000;
        if new_offset > offset && end + offset <= moment + new_offset {
            end = moment;
            break;
        }
        end = grid.after(moment + new_offset - 1) - new_offset;
        offset = new_offset;
    }
    Some(Period {
        start: Timestamp::from_millisecond(start).ok()?,
        end: Timestamp::from_millisecond(end).ok()?,
    })
}

struct Grid {
    step: i64,
    daily: bool,
}

impl Grid {
    fn base(&self, local: i64) -> i64 {
        if self.daily {
            local.div_euclid(DAY_MS) * DAY_MS
        } else {
            0
        }
    }

    /// The last grid point at or before `local`.
    fn floor(&self, local: i64) -> i64 {
        let base = self.base(local);
        base + (local - base).div_euclid(self.step) * self.step
    }

    /// The first grid point after `local`.
    fn after(&self, local: i64) -> i64 {
        let next = self.floor(local).saturating_add(self.step);
        if self.daily {
            next.min(self.base(local) + DAY_MS)
        } else {
            next
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use std::time::Duration;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn end_of(at: &str, interval: Interval, zone: &TimeZone) -> String {
        let at: Timestamp = at.parse().unwrap();
        let period = Period::containing(at, interval, zone).unwrap();
        assert!(period.start <= at && at < period.end);
        zone.to_datetime(period.end).to_string() + &zone.to_offset(period.end).to_string()
    }

    fn every(minutes: u64) -> Interval {
        Interval::Every(Duration::from_secs(minutes * 60))
    }

    #[test]
    fn a_day_ends_at_local_midnight_also_when_the_clocks_change() {
        for (name, day, hours) in [
            ("Europe/Berlin", "2026-03-29", 23),
            ("Europe/Berlin", "2026-10-25", 25),
            ("America/New_York", "2026-03-08", 23),
            ("America/New_York", "2026-11-01", 25),
            ("America/New_York", "2026-07-01", 24),
        ] {
            let zone = zone(name);
            let date: jiff::civil::Date = day.parse().unwrap();
            let noon = date
                .at(12, 0, 0, 0)
                .to_zoned_datetime(zone.clone())
                .unwrap();
            let period = Period::containing(noon.timestamp(), Interval::Daily, &zone).unwrap();
            assert_eq!(zone.to_datetime(period.start), date.at(0, 0, 0, 0));
            let length = period.end.as_second() - period.start.as_second();
            assert_eq!(length, hours * 3600, "{name} {day}");
        }
    }

    #[test]
    fn a_midnight_that_is_skipped_or_repeated_is_one_boundary() {
        let beirut = zone("Asia/Beirut");
        assert_eq!(
            end_of("2026-03-28T12:00:00Z", Interval::Daily, &beirut),
            "2026-03-29T01:00:00+03"
        );
        assert_eq!(
            end_of("2026-03-28T21:00:00Z", every(360), &beirut),
            "2026-03-29T01:00:00+03"
        );
        let havana = zone("America/Havana");
        // 2026-11-01 01:00 CDT becomes 00:00 CST: the day started at the first midnight.
        assert_eq!(
            end_of("2026-11-01T04:30:00Z", Interval::Daily, &havana),
            "2026-11-02T00:00:00-05"
        );
    }

    #[test]
    fn hours_are_full_hours_of_the_wall_clock() {
        let berlin = zone("Europe/Berlin");
        for (at, end) in [
            ("2026-10-25T00:50:00Z", "2026-10-25T02:00:00+01"),
            ("2026-10-25T01:50:00Z", "2026-10-25T03:00:00+01"),
            ("2026-03-29T00:59:59Z", "2026-03-29T03:00:00+02"),
        ] {
            assert_eq!(end_of(at, Interval::Hourly, &berlin), end);
        }
        let kolkata = zone("Asia/Kolkata");
        assert_eq!(
            end_of("2026-01-01T00:00:00Z", Interval::Hourly, &kolkata),
            "2026-01-01T06:00:00+05:30"
        );
        let lord_howe = zone("Australia/Lord_Howe");
        assert_eq!(
            end_of("2026-04-04T14:40:00Z", Interval::Hourly, &lord_howe),
            "2026-04-05T02:00:00+10:30"
        );
    }

    #[test]
    fn a_week_ends_on_monday() {
        assert_eq!(
            end_of("2026-01-04T23:00:00Z", Interval::Weekly, &TimeZone::UTC),
            "2026-01-05T00:00:00+00"
        );
        assert_eq!(
            end_of("2026-01-05T00:00:00Z", Interval::Weekly, &TimeZone::UTC),
            "2026-01-12T00:00:00+00"
        );
    }

    #[test]
    fn other_lengths_start_at_midnight_or_at_the_epoch() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            end_of("2026-01-01T20:30:00Z", every(7 * 60), &berlin),
            "2026-01-02T00:00:00+01"
        );
        assert_eq!(
            end_of("1970-01-01T20:30:00Z", every(7 * 60), &TimeZone::UTC),
            "1970-01-01T21:00:00+00"
        );
        assert_eq!(
            end_of("1970-01-02T20:30:00Z", every(48 * 60), &berlin),
            "1970-01-03T00:00:00+01"
        );
    }

    #[test]
    fn four_hundred_days_have_four_hundred_boundaries() {
        for name in ["Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC"] {
            let zone = zone(name);
            let mut at: Timestamp = "2025-12-31T23:59:59Z".parse().unwrap();
            let mut date = zone.to_datetime(at).date();
            for _ in 0..400 {
                at = Period::containing(at, Interval::Daily, &zone).unwrap().end;
                date = date.tomorrow().unwrap();
                assert_eq!(zone.to_datetime(at).date(), date);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_period_holds_its_moment_and_is_the_same_all_through(
            second in 0i64..2_500_000_000, part in 0.0f64..1.0, which in 0usize..9, place in 0usize..5,
        ) {
            let interval = [
                Interval::Hourly, Interval::Daily, Interval::Weekly, every(1), every(15), every(7 * 60),
                every(36 * 60), every(72 * 60), Interval::Every(Duration::from_millis(1)),
            ][which];
            let zone = zone(["Europe/Berlin", "America/Havana", "Australia/Lord_Howe",
                "Africa/Monrovia", "UTC"][place]);
            let at = Timestamp::from_second(second).unwrap();
            let period = Period::containing(at, interval, &zone).unwrap();
            proptest::prop_assert!(period.start <= at && at < period.end);
            let rest = period.end.as_millisecond() - at.as_millisecond();
            let later = at.as_millisecond() + (rest as f64 * part) as i64;
            let later = Timestamp::from_millisecond(later).unwrap();
            proptest::prop_assume!(later < period.end);
            let again = Period::containing(later, interval, &zone).unwrap();
            proptest::prop_assert_eq!(again.end, period.end);
        }
    }
}
