//! Credentials in URLs: `scheme://user:password@host`, and query parameters such as `?access_token=…`.

use memchr::memmem;

use super::super::key_name::{Folded, Names};

/// Parameter names whose word is remembered; names that are longer are looked up each time.
const SLOTS: usize = 256;
const MAX_NAME: usize = 32;
/// How far the end of a user name and password is looked for that are not escaped as they should be.
const MAX_USER_INFO: usize = 1024;

/// Bytes that names of parameters consist of.
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'.' | b'[' | b']' | b'%' | b'$');
        at += 1;
    }
    table
};

fn ends_url(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\"'<>`\\|".contains(&byte)
}

/// Finds what stands between `://` (or a leading `//`) and the `@` before the host.
pub fn user_info(text: &[u8], mut found: impl FnMut(usize, usize)) {
    let mut handled = 0;
    for slashes in memmem::find_iter(text, b"//") {
        let start = slashes + 2;
        if slashes < handled {
            continue;
        }
        let before = slashes.checked_sub(1).and_then(|at| text.get(at));
        if !(before.is_none_or(|&b| b == b':' || ends_url(b) || b"(=,[".contains(&b))) {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        let authority = rest
            .iter()
            .position(|&b| ends_url(b) || b"/?#".contains(&b));
        let authority = rest
            .get(..authority.unwrap_or(rest.len()))
            .unwrap_or_default();
        let end = memchr::memrchr(b'@', authority).or_else(|| {
            // A password with an unescaped `/`, `?` or `#` looks like a host with an impossible port.
            let colon = memchr::memchr(b':', authority)?;
            let port = authority.get(colon + 1..)?;
            let is_port = port.len() <= 5 && port.iter().all(u8::is_ascii_digit);
            let is_address = authority.first() == Some(&b'[');
            if is_port || is_address {
                return None;
            }
            let rest = rest.get(..MAX_USER_INFO.min(rest.len()))?;
            let all = rest.iter().position(|&b| ends_url(b));
            memchr::memrchr(b'@', rest.get(..all.unwrap_or(rest.len()))?)
        });
        if let Some(len @ 1..) = end {
            found(start, start + len);
            handled = start + len;
        }
    }
}

/// Finds values of parameters whose names are those of credentials.
#[derive(Clone, Debug, Default)]
pub struct Query {
    names: Names,
    folded: Folded,
    /// What was found out about names, by a hash of them.
    known: Vec<(Vec<u8>, bool)>,
}

impl Query {
    /// Knows secret parameters by these names.
    pub fn new(names: Names) -> Self {
        Self {
            names,
            folded: Folded::default(),
            known: vec![(Vec::new(), false); SLOTS],
        }
    }

    /// Finds `name=value` behind `?`, `&` or `#`, and at the start of a text that goes on with `&`; reports the values.
    pub fn find(&mut self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let first = self.parameter(text, 0).1;
        if let Some((value, end)) = first.filter(|&(_, end)| text.get(end) == Some(&b'&')) {
            found(value, end);
        }
        let mut at = 0;
        while let Some(mark) = text
            .get(at..)
            .and_then(|rest| memchr::memchr3(b'?', b'&', b'#', rest))
            .map(|offset| at + offset)
        {
            let (next, secret) = self.parameter(text, mark + 1);
            at = next;
            if let Some((value, end)) = secret {
                found(value, end);
            }
        }
    }

    /// Reads a parameter: from where to go on, and where its value is, if that is a secret.
    #[inline(never)]
    fn parameter(&mut self, text: &[u8], start: usize) -> (usize, Option<(usize, usize)>) {
        let rest = text.get(start..).unwrap_or_default();
        let len = rest
            .iter()
            .take_while(|&&b| NAME.get(usize::from(b)) == Some(&true))
            .count();
        if len == 0 || rest.get(len) != Some(&b'=') {
            return (start, None);
        }
        // A URL in a parameter has parameters of its own.
        let value = start + len + 1;
        if !self.is_secret(rest.get(..len).unwrap_or_default()) {
            return (value, None);
        }
        let end = value
            + text
                .get(value..)
                .unwrap_or_default()
                .iter()
                .take_while(|&&b| !ends_url(b) && b != b'&' && b != b'#')
                .count();
        (end, (end > value).then_some((value, end)))
    }

    fn is_secret(&mut self, name: &[u8]) -> bool {
        let hash = name.iter().fold(0xcbf2_9ce4u32, |hash, &b| {
            (hash ^ u32::from(b)).wrapping_mul(0x0100_0193)
        });
        let slot = (hash ^ hash >> 16) as usize % SLOTS;
        if let Some((known, is_secret)) = self.known.get(slot) {
            if known == name {
                return *is_secret;
            }
        }
        let text = String::from_utf8_lossy(name);
        self.folded.fold(&text);
        let is_secret = self.names.find(&self.folded).is_some();
        if name.len() <= MAX_NAME {
            if let Some((known, slot)) = self.known.get_mut(slot) {
                known.clear();
                known.extend_from_slice(name);
                *slot = is_secret;
            }
        }
        is_secret
    }
}
