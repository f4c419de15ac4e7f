//! Numbers as JavaScript prints them (ECMA-262, Number::toString, radix 10).

use super::append::append;

/// Longest output of [`write_f64`] without its exponent form, sign included; only a capacity hint.
const LONGEST: usize = 28;
/// Doubles below this magnitude that have no fraction are exact 64-bit integers.
const MAX_SAFE: f64 = 9_007_199_254_740_992.0;
/// Between these magnitudes zmij prints a double that has a fraction as JavaScript does.
const PLAIN_FROM: f64 = 1e-4;
const PLAIN_BELOW: f64 = 1e15;
/// Largest decimal exponent printed without an exponent, plus one.
const MAX_POINT: i32 = 21;
/// Smallest position of the decimal point printed without an exponent.
const MIN_POINT: i32 = -5;

/// Appends a 32-bit integer.
#[inline(always)]
pub fn write_i32(out: &mut Vec<u8>, value: i32) {
    if value < 0 {
        out.push(b'-');
    }
    match value.unsigned_abs() {
        magnitude @ 0..=9 => out.push(b'0' + magnitude as u8),
        magnitude @ 10..=99_999_999 => write_up_to_8_digits(out, magnitude),
        magnitude => out.extend_from_slice(itoa::Buffer::new().format(magnitude).as_bytes()),
    }
}

/// Makes all eight digits in one register and stores those that count at once: a conversion that stores
/// digit by digit would have to wait for its own stores before it can append them.
#[inline(always)]
fn write_up_to_8_digits(out: &mut Vec<u8>, value: u32) {
    let value = u64::from(value);
    // Digits in groups of four, two and one, the most significant in the lowest bits.
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 5_243) >> 19) & (0x7f << 32 | 0x7f);
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - tens * 10) << 8);
    let leading_zeros = ones.trailing_zeros() & !7;
    let text = (ones | 0x3030_3030_3030_3030) >> leading_zeros;
    out.extend_from_slice(&text.to_le_bytes());
    out.truncate(out.len() - leading_zeros as usize / 8);
}

/// Appends a double with the fewest digits that read back as the same double, exactly as
/// `Number.prototype.toString` does. `-0` is `0`; NaN and infinities are the words `NaN`, `Infinity` and
/// `-Infinity`, which the caller has to quote or replace where JSON is wanted.
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    let magnitude = value.abs();
    if value as i64 as f64 == value && magnitude < MAX_SAFE {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else if (PLAIN_FROM..PLAIN_BELOW).contains(&magnitude) {
        append(out, zmij::Buffer::new().format_finite(value).as_bytes());
    } else if value.is_finite() {
        write_shortest(out, value);
    } else {
        out.extend_from_slice(match value {
            _ if value.is_nan() => b"NaN".as_slice(),
            _ if value > 0.0 => b"Infinity",
            _ => b"-Infinity",
        });
    }
}

/// zmij prints moderate magnitudes as JavaScript does and the others as `1.5e300`; those are laid out again.
fn write_shortest(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let printed = buffer.format_finite(value);
    let Some((mantissa, exponent)) = printed.split_once('e') else {
        let text = printed.strip_suffix(".0").unwrap_or(printed);
        return out.extend_from_slice(text.as_bytes());
    };
    let mantissa = match mantissa.strip_prefix('-') {
        Some(unsigned) => {
            out.push(b'-');
            unsigned
        }
        None => mantissa,
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = if fraction == "0" { "" } else { fraction };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    write_laid_out(out, whole.as_bytes(), fraction.as_bytes(), exponent);
}

/// Writes `first.fraction × 10^exponent`; `first` is one digit.
fn write_laid_out(out: &mut Vec<u8>, first: &[u8], fraction: &[u8], exponent: i32) {
    out.reserve(LONGEST);
    let point = exponent + 1;
    let zeros = |count: i32| std::iter::repeat_n(b'0', usize::try_from(count).unwrap_or(0));
    let digits = i32::try_from(fraction.len() + 1).unwrap_or(i32::MAX);
    if (digits..=MAX_POINT).contains(&point) {
        out.extend_from_slice(first);
        out.extend_from_slice(fraction);
        out.extend(zeros(point - digits));
    } else if (1..=MAX_POINT).contains(&point) {
        let (whole, rest) = fraction.split_at((point - 1) as usize);
        out.extend_from_slice(first);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(rest);
    } else if (MIN_POINT..=0).contains(&point) {
        out.extend_from_slice(b"0.");
        out.extend(zeros(-point));
        out.extend_from_slice(first);
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(first);
        if !fraction.is_empty() {
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        write_i32(out, exponent.abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, value);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn integers_of_every_length_are_printed_whole() {
        let ten = |power| 10i32.pow(power);
        let powers = (0..10).flat_map(|power| [ten(power) - 1, ten(power), ten(power) / 7 * 3]);
        let samples = (0..200_000).map(|index| i32::wrapping_mul(index, 1_000_003) >> (index % 31));
        for value in powers.chain(samples).chain([i32::MIN, i32::MAX]) {
            for value in [value, value.wrapping_neg()] {
                let mut out = Vec::new();
                write_i32(&mut out, value);
                assert_eq!(String::from_utf8_lossy(&out), value.to_string());
            }
        }
    }

    #[test]
    fn thresholds_are_those_of_javascript() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e-6, "0.000001"),
            (1.5e-6, "0.0000015"),
            (1e-7, "1e-7"),
            (-1.25e-7, "-1.25e-7"),
            (5e-324, "5e-324"),
            (1e20, "100000000000000000000"),
            (123456789012345680000.0, "123456789012345680000"),
            (1e21, "1e+21"),
            (1.5e21, "1.5e+21"),
            (f64::MAX, "1.7976931348623157e+308"),
            (9007199254740993.0, "9007199254740992"),
            (1234567890123456.8, "1234567890123456.8"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(value), expected);
        }
    }
}
