//! Card numbers, social security numbers and telephone numbers.

use super::features::may_have_number;

/// Groups of digits that are looked at together, at most; a card number has no more digits.
const MAX_DIGITS: usize = 19;
const MIN_DIGITS: usize = 13;
/// Digits of the shortest of these numbers, a social security number.
const MIN_CHAIN: usize = 9;

fn digit_at(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_digit)
}

fn alphanumeric_at(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Digits without anything else in between, and what stands before them: a separator that joins them to the
/// group before, or 0.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    joint: u8,
}

impl Group {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

/// Goes through groups of digits; those with one space, dash or dot in between form a chain.
struct Groups<'a> {
    text: &'a [u8],
    at: usize,
    end_before: usize,
}

impl Iterator for Groups<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + rest.iter().position(u8::is_ascii_digit)?;
        let digits = self.text.get(start..)?;
        let len = digits.iter().position(|b| !b.is_ascii_digit());
        let end = start + len.unwrap_or(digits.len());
        let joined = self.end_before > 0 && start == self.end_before + 1;
        let joint = match self.text.get(start.wrapping_sub(1)) {
            Some(&separator @ (b' ' | b'-' | b'.')) if joined => separator,
            _ => 0,
        };
        self.at = end;
        self.end_before = end;
        Some(Group { start, end, joint })
    }
}

/// Whether so many digits stand together or in a chain of groups.
fn has_chain(text: &[u8]) -> bool {
    let (mut digits, mut gap) = (0, 0);
    for &byte in text {
        if byte.is_ascii_digit() {
            digits += 1;
            gap = 0;
            if digits >= MIN_CHAIN {
                return true;
            }
        } else if gap == 0 && matches!(byte, b' ' | b'-' | b'.') {
            gap = 1;
        } else {
            digits = 0;
        }
    }
    false
}

/// Finds card numbers (`true`) and social security numbers.
pub fn cards_and_ssns(text: &[u8], mut found: impl FnMut(bool, usize, usize)) {
    if !may_have_number(text, MIN_CHAIN) || !has_chain(text) {
        return;
    }
    // The groups of a chain that may still take part: a card number has at most as many as digits.
    let mut window: [Group; MAX_DIGITS] = [Group {
        start: 0,
        end: 0,
        joint: 0,
    }; MAX_DIGITS];
    let mut count = 0usize;
    let mut taken = 0usize;
    let mut groups = Groups {
        text,
        at: 0,
        end_before: 0,
    }
    .peekable();
    while let Some(group) = groups.next() {
        if group.joint == 0 {
            count = 0;
        }
        if count == MAX_DIGITS {
            window.rotate_left(1);
            count -= 1;
        }
        if let Some(slot) = window.get_mut(count) {
            *slot = group;
            count += 1;
        }
        let next = groups.peek().map_or(0, |next| next.joint);
        let chain = window.get(..count).unwrap_or_default();
        if let Some(start) = ssn(text, chain, next) {
            if start >= taken {
                found(false, start, group.end);
                taken = group.end;
            }
        }
        // The longest window that ends here.
        let mut digits = 0;
        let mut best = None;
        for (at, first) in chain.iter().enumerate().rev() {
            digits += first.len();
            if digits > MAX_DIGITS {
                break;
            }
            if digits >= MIN_DIGITS && first.start >= taken {
                let groups = chain.get(at..).unwrap_or_default();
                if is_card(text, groups, next) {
                    best = Some(first.start);
                }
            }
        }
        if let Some(start) = best {
            found(true, start, group.end);
            taken = group.end;
        }
    }
}

/// Where a social security number starts that ends with the last group.
fn ssn(text: &[u8], chain: &[Group], next: u8) -> Option<usize> {
    let [.., area, group, serial] = chain else {
        return None;
    };
    let joint = group.joint;
    let sizes = (area.len(), group.len(), serial.len());
    if sizes != (3, 2, 4) || serial.joint != joint || joint == b'.' {
        return None;
    }
    if area.joint == joint || next == joint {
        return None;
    }
    if alphanumeric_at(text, area.start.wrapping_sub(1)) || alphanumeric_at(text, serial.end) {
        return None;
    }
    let digits = |of: &Group| text.get(of.start..of.end).unwrap_or_default();
    let area_digits = digits(area);
    let invalid = area_digits == b"000"
        || area_digits == b"666"
        || area_digits.first() == Some(&b'9')
        || digits(group) == b"00"
        || digits(serial) == b"0000";
    (!invalid).then_some(area.start)
}

fn is_card(text: &[u8], groups: &[Group], next: u8) -> bool {
    let [first, rest @ ..] = groups else {
        return false;
    };
    let Some(last) = groups.last() else {
        return false;
    };
    // Decimal fractions are no card numbers, nor are versions and addresses.
    if first.joint == b'.' || next == b'.' {
        return false;
    }
    let dotted = rest.iter().any(|group| group.joint == b'.');
    if dotted && groups.iter().any(|group| group.len() != 4) {
        return false;
    }
    // Cards are printed in groups of four to six, but for the last; lists of small numbers are something else.
    let printed = rest.is_empty()
        || groups
            .split_last()
            .is_some_and(|(_, before)| before.iter().all(|group| group.len() >= 3));
    if !printed {
        return false;
    }
    let mut number = [0u8; MAX_DIGITS];
    let mut count = 0;
    for group in groups {
        for &byte in text.get(group.start..group.end).unwrap_or_default() {
            if let Some(slot) = number.get_mut(count) {
                *slot = byte - b'0';
                count += 1;
            }
        }
    }
    is_card_number(number.get(..count).unwrap_or_default())
        && !in_hexadecimal(text, first.start, last.end)
}

/// Whether the digits are part of a longer hexadecimal word: a digest, an id.
fn in_hexadecimal(text: &[u8], start: usize, end: usize) -> bool {
    const FAR: usize = 64;
    let mut from = start;
    while from + FAR > start && alphanumeric_at(text, from.wrapping_sub(1)) {
        from -= 1;
    }
    let mut to = end;
    while to < end + FAR && alphanumeric_at(text, to) {
        to += 1;
    }
    let around = [text.get(from..start), text.get(end..to)];
    let letters = || around.into_iter().flatten().flatten();
    (from, to) != (start, end)
        && letters().all(u8::is_ascii_hexdigit)
        && letters().any(u8::is_ascii_alphabetic)
}

/// Whether decimal digits (as values) are the number of a payment card: length, issuer range, Luhn digit
/// (ISO/IEC 7812-1). Ranges as of 2025, of Visa, Mastercard, American Express, Discover, Diners Club, JCB,
/// UnionPay, Maestro, Mir, RuPay, Elo, Troy.
pub fn is_card_number(digits: &[u8]) -> bool {
    let prefix = |len: usize| {
        let prefix = digits.get(..len).unwrap_or_default();
        prefix.iter().fold(0u32, |n, &d| n * 10 + u32::from(d))
    };
    let two = prefix(2);
    let (three, four) = (prefix(3), prefix(4));
    let fits = match digits.len() {
        13 => two / 10 == 4 || matches!(two, 50 | 56..=58 | 60 | 63 | 67),
        14 => matches!(two, 36 | 38 | 39 | 50 | 56..=58 | 63 | 67) || matches!(three, 300..=305),
        15 => matches!(two, 34 | 37 | 50 | 56..=58 | 63 | 67) || matches!(four, 1800 | 2131),
        16 => {
            matches!(two, 40..=49 | 50..=58 | 60..=65 | 67 | 36 | 38 | 39 | 81 | 82)
                || matches!(three, 300..=305)
                || matches!(four, 2200..=2204 | 2221..=2720 | 3528..=3589 | 9792)
        }
        17 | 18 => matches!(two, 50 | 56..=58 | 60..=65 | 67 | 81) || matches!(four, 2200..=2204),
        19 => {
            matches!(two, 40..=49 | 50 | 56..=58 | 60..=65 | 67 | 36 | 38 | 39 | 81)
                || matches!(three, 300..=305)
                || matches!(four, 2200..=2204 | 3528..=3589)
        }
        _ => false,
    };
    fits && luhn(digits) && digits.iter().any(|digit| Some(digit) != digits.first())
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| {
            let digit = u32::from(digit);
            match at % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Finds telephone numbers in international notation (ITU-T E.164): `+`, then 8 to 15 digits with single
/// spaces, dots, dashes or parentheses in between.
pub fn phones(text: &[u8], mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    while let Some(plus) = text
        .get(at..)
        .and_then(|rest| memchr::memchr(b'+', rest))
        .map(|offset| at + offset)
    {
        at = plus + 1;
        if alphanumeric_at(text, plus.wrapping_sub(1))
            || !matches!(text.get(plus + 1), Some(b'1'..=b'9'))
        {
            continue;
        }
        let (mut digits, mut end, mut pause) = (0, plus + 1, 0);
        while let Some(&byte) = text.get(at) {
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    end = at + 1;
                    pause = 0;
                }
                b' ' | b'-' | b'.' | b'(' | b')' | b'/' if pause < 2 => pause += 1,
                _ => break,
            }
            at += 1;
        }
        if (8..=15).contains(&digits) && !alphanumeric_at(text, end) && !digit_at(text, end) {
            found(plus, end);
        }
    }
}
