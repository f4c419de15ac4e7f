//! The names of rotated files, built and recognised: `app-YYYYMMDD-HHMMSS[.N].log[.gz[.tmp]]`.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use jiff::civil::DateTime;

/// What a name is made of, apart from the base name it shares with the active file.
///
/// The order is the order of rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    /// Local or UTC time of the rotation, in whole seconds.
    pub(super) stamp: DateTime,
    /// 0 and unwritten for the first rotation of that second.
    pub(super) number: u32,
}

/// What a rotated file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Lines.
    Plain,
    /// A complete gzip file.
    Gzip,
    /// A gzip file that was not finished.
    Unfinished,
}

impl Form {
    fn suffix(self) -> &'static str {
        match self {
            Form::Plain => "",
            Form::Gzip => ".gz",
            Form::Unfinished => ".gz.tmp",
        }
    }
}

impl Turn {
    /// The turn of a rotation at `at`, the first of its second.
    pub(super) fn at(at: DateTime) -> Self {
        let time = at.time().with().subsec_nanosecond(0).build();
        Self {
            stamp: time.map_or(at, |time| DateTime::from_parts(at.date(), time)),
            number: 0,
        }
    }

    /// `YYYYMMDD-HHMMSS[.N]`.
    pub(super) fn text(&self) -> String {
        let at = self.stamp;
        let mut text = format!(
            "{:04}{:02}{:02}-{:02}{:02}{:02}",
            at.year().max(0),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        );
        if self.number > 0 {
            text.push('.');
            text.push_str(&self.number.to_string());
        }
        text
    }

    /// The strict inverse of [`Turn::text`]: real dates, no leading zeros, nothing else.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (stamp, rest) = (text.get(..15)?, text.get(15..)?);
        let digits = |from: usize, to: usize| number(stamp.get(from..to)?);
        if stamp.get(8) != Some(&b'-') {
            return None;
        }
        let two = |from: usize| digits(from, from + 2).and_then(|n| i8::try_from(n).ok());
        let year = i16::try_from(digits(0, 4)?).ok()?;
        let stamp = DateTime::new(year, two(4)?, two(6)?, two(9)?, two(11)?, two(13)?, 0).ok()?;
        let number = match rest {
            [] => 0,
            [b'.', first @ b'1'..=b'9', ..] if first.is_ascii_digit() => number(rest.get(1..)?)?,
            _ => return None,
        };
        Some(Self { stamp, number })
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// The base name of an active file, as its rotated files carry it.
#[derive(Clone, Debug)]
pub(super) struct NamePattern {
    stem: OsString,
    /// With its dot; empty when the name has none.
    extension: OsString,
}

impl NamePattern {
    /// The pattern of the rotated files of the active file `path`.
    pub(super) fn of(path: &Path) -> Self {
        let mut extension = OsString::new();
        if let Some(text) = path.extension() {
            extension.push(".");
            extension.push(text);
        }
        Self {
            stem: path.file_stem().unwrap_or_default().to_os_string(),
            extension,
        }
    }

    pub(super) fn name(&self, turn: &Turn, form: Form) -> OsString {
        let mut name = self.stem.clone();
        name.push("-");
        name.push(turn.text());
        name.push(&self.extension);
        name.push(form.suffix());
        name
    }

    /// What `name` says, when it is exactly a name that [`NamePattern::name`] makes.
    pub(super) fn parse(&self, name: &OsStr) -> Option<(Turn, Form)> {
        let rest = name
            .as_encoded_bytes()
            .strip_prefix(self.stem.as_encoded_bytes())?
            .strip_prefix(b"-")?;
        [Form::Unfinished, Form::Gzip, Form::Plain]
            .into_iter()
            .find_map(|form| {
                let turn = rest
                    .strip_suffix(form.suffix().as_bytes())?
                    .strip_suffix(self.extension.as_encoded_bytes())?;
                Some((Turn::parse(turn)?, form))
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use jiff::civil::date;

    fn turn(number: u32) -> Turn {
        Turn {
            stamp: date(2026, 1, 2).at(3, 4, 5, 0),
            number,
        }
    }

    #[test]
    fn stem_and_extension_are_kept_apart() {
        for (path, name) in [
            ("logs/app.log", "app-20260102-030405.log"),
            ("app", "app-20260102-030405"),
            (".app", ".app-20260102-030405"),
            ("a.b.c", "a.b-20260102-030405.c"),
            ("-x.log", "-x-20260102-030405.log"),
            ("größe.log", "größe-20260102-030405.log"),
        ] {
            let names = NamePattern::of(Path::new(path));
            assert_eq!(names.name(&turn(0), Form::Plain), name);
        }
        let names = NamePattern::of(Path::new("app.log"));
        assert_eq!(
            names.name(&turn(12), Form::Gzip),
            "app-20260102-030405.12.log.gz"
        );
    }

    #[test]
    fn only_our_own_names_are_recognised() {
        let names = NamePattern::of(Path::new("app.log"));
        for foreign in [
            "app.log",
            "app-.log",
            "app-error-20260102-030405.log",
            "apps-20260102-030405.log",
            "app-20260102-030405.txt",
            "app-20260102-030405.log.bz2",
            "app-20260102-030405.log.gz.tmp.old",
            "app-20261302-030405.log",
            "app-20260230-030405.log",
            "app-20260102-250405.log",
            "app-20260102-030405.0.log",
            "app-20260102-030405.01.log",
            "app-20260102-030405.1x.log",
            "app-20260102-030405.99999999999.log",
            "app-20260102-030405-backup.log",
            "app-20260102_030405.log",
            "app-2026010-2030405.log",
        ] {
            assert_eq!(names.parse(OsStr::new(foreign)), None, "{foreign}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_reads_back_as_it_was_made(
            base in "[-.a-zé0-9]{1,12}", second in 0i64..4_000_000_000, number in 0u32..1000, form in 0usize..3,
        ) {
            let path = Path::new(&base);
            proptest::prop_assume!(path.file_name() == Some(OsStr::new(&base)));
            let names = NamePattern::of(path);
            let at = jiff::Timestamp::from_second(second).unwrap();
            let turn = Turn { number, ..Turn::at(jiff::tz::TimeZone::UTC.to_datetime(at)) };
            let form = [Form::Plain, Form::Gzip, Form::Unfinished][form];
            proptest::prop_assert_eq!(names.parse(&names.name(&turn, form)), Some((turn, form)));
        }
    }
}
