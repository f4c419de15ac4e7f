//! E-mail addresses, as people write them (RFC 5322 without quotes and comments).

use super::unfold::LETTER;

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == LETTER || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}

fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == LETTER || byte == b'-'
}

/// Finds addresses: a local part, `@`, and a domain of at least two labels that ends in letters.
pub fn find(text: &[u8], mut found: impl FnMut(usize, usize)) {
    let mut floor = 0;
    for at in memchr::memchr_iter(b'@', text) {
        let before = text.get(floor..at).unwrap_or_default();
        floor = at + 1;
        let local = before.iter().rev().take_while(|&&b| is_local(b)).count();
        let mut start = at - local;
        // Punctuation of the sentence or of a URL around it.
        while start < at && text.get(start).is_some_and(|b| b".'`{|}&=?/*".contains(b)) {
            start += 1;
        }
        // What stands before a `/`, `=` or `&` is no mailbox in practice but a path or a parameter.
        if let Some(cut) = text
            .get(start..at)
            .and_then(|local| memchr::memrchr3(b'/', b'=', b'&', local))
        {
            start += cut + 1;
        }
        if start == at {
            continue;
        }
        let domain = text.get(at + 1..).unwrap_or_default();
        let len = domain
            .iter()
            .take_while(|&&b| is_label(b) || b == b'.')
            .count();
        let mut domain = domain.get(..len).unwrap_or_default();
        while let Some((b'.' | b'-', rest)) = domain.split_last() {
            domain = rest;
        }
        let mut labels = domain.rsplit(|&b| b == b'.');
        let is_top = labels.next().is_some_and(|top| {
            let letters = top.iter().all(|&b| b.is_ascii_alphabetic() || b == LETTER);
            (letters && (top.len() >= 2 || top.contains(&LETTER))) || top.starts_with(b"xn--")
        });
        let rest_is_whole = domain.contains(&b'.') && labels.all(|label| !label.is_empty());
        if is_top && rest_is_whole {
            found(start, at + 1 + domain.len());
        }
    }
}
