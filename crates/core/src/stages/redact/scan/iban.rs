//! International bank account numbers (ISO 13616).

/// Countries and the length of their IBANs: SWIFT's IBAN registry, release 99.
const LENGTHS: &[(&[u8; 2], u8)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// Finds IBANs in either case, written without spaces or in groups.
pub fn find(text: &[u8], mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    while at + 15 <= text.len() {
        let starts = byte(text, at).is_ascii_alphabetic()
            && byte(text, at + 1).is_ascii_alphabetic()
            && byte(text, at + 2).is_ascii_digit()
            && byte(text, at + 3).is_ascii_digit()
            && (at == 0 || !byte(text, at - 1).is_ascii_alphanumeric());
        if starts {
            if let Some(end) = end_of(text, at) {
                found(at, end);
                at = end;
                continue;
            }
        }
        at += 1;
    }
}

/// Where the IBAN that starts at `start` ends, if it is one.
fn end_of(text: &[u8], start: usize) -> Option<usize> {
    let country = [byte(text, start), byte(text, start + 1)].map(|b| b.to_ascii_uppercase());
    let (_, length) = LENGTHS.iter().find(|(code, _)| **code == country)?;
    let mut symbols = [0u8; 34];
    let mut count = 0usize;
    let mut at = start;
    while count < usize::from(*length) {
        match byte(text, at) {
            symbol if symbol.is_ascii_alphanumeric() => {
                *symbols.get_mut(count)? = symbol.to_ascii_uppercase();
                count += 1;
            }
            b' ' | b'-' if byte(text, at + 1).is_ascii_alphanumeric() => {}
            _ => return None,
        }
        at += 1;
    }
    if byte(text, at).is_ascii_alphanumeric() {
        return None;
    }
    let symbols = symbols.get(..count)?;
    let (head, tail) = symbols.split_at_checked(4)?;
    let mut rest = 0u32;
    for &symbol in tail.iter().chain(head) {
        let value = char::from(symbol).to_digit(36)?;
        rest = if value < 10 {
            (rest * 10 + value) % 97
        } else {
            (rest * 100 + value) % 97
        };
    }
    (rest == 1).then_some(at)
}
