//! Secrets that begin in a way of their own: JSON Web Tokens, PEM private keys, keys of well-known services,
//! and what follows `Bearer` or `Basic`.

use memchr::memmem;

use super::Detector;

const UPPER: u8 = 1;
const LOWER: u8 = 2;
const DIGIT: u8 = 4;
const UNDERSCORE: u8 = 8;
const DASH: u8 = 16;
const DOT: u8 = 32;
/// `+`, `/`, `=` and `~`.
const BASE64: u8 = 64;
const ALPHANUMERIC: u8 = UPPER | LOWER | DIGIT;
const URL_SAFE: u8 = ALPHANUMERIC | UNDERSCORE | DASH;
const HEX: u8 = LOWER | DIGIT;

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => DIGIT,
            b'_' => UNDERSCORE,
            b'-' => DASH,
            b'.' => DOT,
            b'+' | b'/' | b'=' | b'~' => BASE64,
            _ => 0,
        };
        at += 1;
    }
    table
};

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// How the key of a service looks: the prefix, the characters behind it, and how many of them at least.
struct Shape {
    prefix: &'static [u8],
    classes: u8,
    least: usize,
    /// The characters behind the prefix are exactly that many.
    exact: bool,
    /// There has to be a digit among them: the prefix alone says too little.
    digit: bool,
}

const fn shape(prefix: &'static str, classes: u8, least: usize) -> Shape {
    Shape {
        prefix: prefix.as_bytes(),
        classes,
        least,
        exact: false,
        digit: false,
    }
}

const fn exact(prefix: &'static str, classes: u8, count: usize) -> Shape {
    Shape {
        exact: true,
        ..shape(prefix, classes, count)
    }
}

const fn with_digit(prefix: &'static str, classes: u8, least: usize) -> Shape {
    Shape {
        digit: true,
        ..shape(prefix, classes, least)
    }
}

/// From the services' own documentation and GitHub's list of secret-scanning patterns.
const SHAPES: &[Shape] = &[
    // AWS access keys.
    exact("AKIA", UPPER | DIGIT, 16),
    exact("ASIA", UPPER | DIGIT, 16),
    exact("ABIA", UPPER | DIGIT, 16),
    exact("ACCA", UPPER | DIGIT, 16),
    // GitHub.
    shape("ghp_", ALPHANUMERIC, 36),
    shape("gho_", ALPHANUMERIC, 36),
    shape("ghu_", ALPHANUMERIC, 36),
    shape("ghs_", ALPHANUMERIC, 36),
    shape("ghr_", ALPHANUMERIC, 36),
    shape("github_pat_", ALPHANUMERIC | UNDERSCORE, 22),
    // GitLab.
    shape("glpat-", URL_SAFE | DOT, 20),
    shape("gldt-", URL_SAFE, 20),
    shape("glrt-", URL_SAFE, 20),
    // Slack.
    shape("xoxa-", ALPHANUMERIC | DASH, 10),
    shape("xoxb-", ALPHANUMERIC | DASH, 10),
    shape("xoxe-", ALPHANUMERIC | DASH, 10),
    shape("xoxe.", ALPHANUMERIC | DASH, 10),
    shape("xoxp-", ALPHANUMERIC | DASH, 10),
    shape("xoxr-", ALPHANUMERIC | DASH, 10),
    shape("xoxs-", ALPHANUMERIC | DASH, 10),
    shape("xapp-", ALPHANUMERIC | DASH, 10),
    // Stripe.
    shape("sk_live_", ALPHANUMERIC, 16),
    shape("sk_test_", ALPHANUMERIC, 16),
    shape("rk_live_", ALPHANUMERIC, 16),
    shape("rk_test_", ALPHANUMERIC, 16),
    shape("whsec_", ALPHANUMERIC | BASE64, 16),
    // Google.
    shape("AIza", URL_SAFE, 35),
    shape("GOCSPX-", URL_SAFE, 28),
    shape("ya29.", URL_SAFE, 20),
    // OpenAI, Anthropic and others of their kind.
    shape("sk-ant-", URL_SAFE, 20),
    shape("sk-proj-", URL_SAFE, 20),
    shape("sk-svcacct-", URL_SAFE, 20),
    with_digit("sk-", URL_SAFE, 32),
    shape("gsk_", ALPHANUMERIC, 40),
    shape("xai-", ALPHANUMERIC, 40),
    shape("pplx-", ALPHANUMERIC, 40),
    shape("hf_", ALPHANUMERIC, 30),
    shape("r8_", ALPHANUMERIC, 30),
    // Package registries.
    shape("npm_", ALPHANUMERIC, 36),
    shape("pypi-AgE", URL_SAFE, 50),
    shape("rubygems_", HEX, 48),
    // Mail and messages.
    shape("SG.", URL_SAFE | DOT, 60),
    exact("SK", HEX, 32),
    // Clouds and tools.
    shape("dop_v1_", HEX, 64),
    shape("doo_v1_", HEX, 64),
    shape("dor_v1_", HEX, 64),
    shape("shpat_", ALPHANUMERIC, 32),
    shape("shpca_", ALPHANUMERIC, 32),
    shape("shppa_", ALPHANUMERIC, 32),
    shape("shpss_", ALPHANUMERIC, 32),
    shape("sq0atp-", URL_SAFE, 22),
    shape("sq0csp-", URL_SAFE, 43),
    shape("dapi", HEX, 32),
    shape("hvs.", URL_SAFE, 24),
    shape("hvb.", URL_SAFE, 24),
    shape("lin_api_", ALPHANUMERIC, 40),
    shape("ntn_", ALPHANUMERIC, 40),
    shape("sbp_", HEX, 40),
    shape("ATATT3", URL_SAFE | BASE64, 60),
    shape("glsa_", ALPHANUMERIC | UNDERSCORE, 32),
    shape("NRAK-", UPPER | DIGIT, 27),
    shape("PMAK-", ALPHANUMERIC | DASH, 50),
    shape("dp.pt.", ALPHANUMERIC, 40),
    shape("dckr_pat_", URL_SAFE, 27),
    shape("AGE-SECRET-KEY-1", UPPER | DIGIT, 50),
];

/// For each byte, the beginnings whose first or second byte it is: a shape, a JWT or a scheme each.
struct Beginnings {
    first: [u128; 256],
    second: [u128; 256],
}

/// Other beginnings than those of shapes.
const OTHERS: &[&[u8; 2]] = &[
    b"ey", b"ew", b"be", b"bE", b"Be", b"BE", b"ba", b"bA", b"Ba", b"BA",
];

static BEGINNINGS: Beginnings = {
    assert!(SHAPES.len() + OTHERS.len() <= 128);
    let mut table = Beginnings {
        first: [0; 256],
        second: [0; 256],
    };
    let mut at = 0;
    while at < SHAPES.len() + OTHERS.len() {
        let [first, second] = if at < SHAPES.len() {
            [SHAPES[at].prefix[0], SHAPES[at].prefix[1]]
        } else {
            *OTHERS[at - SHAPES.len()]
        };
        table.first[first as usize] |= 1 << at;
        table.second[second as usize] |= 1 << at;
        at += 1;
    }
    table
};

/// Whether something may begin at the start of the text.
#[inline]
pub fn may_begin(text: &[u8]) -> bool {
    let &[first, second, ..] = text else {
        return false;
    };
    let bits = |of: &[u128; 256], byte: u8| of.get(usize::from(byte)).copied().unwrap_or(0);
    let firsts = bits(&BEGINNINGS.first, first);
    firsts != 0 && firsts & bits(&BEGINNINGS.second, second) != 0
}

/// How much of a key is looked at to tell whether it is one.
const MAX_LOOK: usize = 256;

fn run(text: &[u8], from: usize, classes: u8) -> usize {
    text.get(from..)
        .unwrap_or_default()
        .iter()
        .take_while(|&&byte| class(byte) & classes != 0)
        .count()
}

/// Finds JWTs, keys of services and the credentials of `Authorization` headers.
pub fn find(text: &[u8], mut found: impl FnMut(Detector, usize, usize)) {
    let mut before = 0u8;
    let mut at = 0;
    // Up to here no JWT can start: the word that one would start with is not followed by a second part.
    let mut no_jwt = 0;
    while let Some(&byte) = text.get(at) {
        let begins = before & ALPHANUMERIC == 0;
        before = class(byte);
        let rest = text.get(at..).unwrap_or_default();
        if begins && may_begin(rest) {
            let jwt = if at >= no_jwt && is_jwt_header(rest) {
                let len = jwt(rest);
                if len.is_none() {
                    no_jwt = at + run(rest, 0, URL_SAFE);
                }
                len
            } else {
                None
            };
            let hit = jwt
                .map(|len| (Detector::Jwt, at, at + len))
                .or_else(|| {
                    let (start, end) = authorization(rest)?;
                    Some((Detector::Authorization, at + start, at + end))
                })
                .or_else(|| service_key(rest).map(|len| (Detector::ApiKey, at, at + len)));
            if let Some((kind, start, end)) = hit {
                found(kind, start, end);
                if kind == Detector::Authorization {
                    // The token may be a JWT or a key: if only those are looked for, they are still found.
                    at = start;
                    before = 0;
                    continue;
                }
                at = end;
                before = ALPHANUMERIC;
                continue;
            }
        }
        at += 1;
    }
}

/// Whether this is the base64 of `{"`, with or without space in between.
fn is_jwt_header(text: &[u8]) -> bool {
    text.starts_with(b"eyJ") || text.starts_with(b"ewog") || text.starts_with(b"eyAi")
}

/// Length of the JWT at the start: two to five parts.
fn jwt(text: &[u8]) -> Option<usize> {
    let mut end = run(text, 0, URL_SAFE);
    if end < 10 {
        return None;
    }
    let mut parts = 1;
    while parts < 5 && text.get(end) == Some(&b'.') {
        let len = run(text, end + 1, URL_SAFE);
        // The key of an encrypted token and the signature of an unsigned one may be empty.
        if len == 0 && parts == 1 && text.get(end + 1) != Some(&b'.') {
            break;
        }
        end += 1 + len;
        parts += 1;
    }
    (parts >= 2).then_some(end)
}

fn service_key(text: &[u8]) -> Option<usize> {
    let first = text.first()?;
    SHAPES
        .iter()
        .filter(|shape| shape.prefix.first() == Some(first) && text.starts_with(shape.prefix))
        .find_map(|shape| {
            let from = shape.prefix.len();
            // What is refused is looked at again from the next place that a key may start at.
            let near = text.get(..text.len().min(from + MAX_LOOK))?;
            let count = run(near, from, shape.classes);
            let end = from + count;
            let fits = if shape.exact {
                count == shape.least && text.get(end).is_none_or(|&b| class(b) & ALPHANUMERIC == 0)
            } else {
                count >= shape.least
            };
            let tail = text.get(from..end).unwrap_or_default();
            (fits && (!shape.digit || tail.iter().any(u8::is_ascii_digit)))
                .then(|| end + run(text, end, shape.classes))
        })
}

/// Where the credentials of `Bearer …` or `Basic …` stand at the start of the text.
fn authorization(text: &[u8]) -> Option<(usize, usize)> {
    let starts = |scheme: &[u8]| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let from = if starts(b"bearer ") {
        7
    } else if starts(b"basic ") {
        6
    } else {
        return None;
    };
    let end = from + run(text, from, URL_SAFE | DOT | BASE64);
    let token = text.get(from..end)?;
    let is_token = if from == 7 {
        token.len() >= 20 || (token.len() >= 10 && token.iter().any(u8::is_ascii_digit))
    } else {
        is_user_and_password(token)
    };
    is_token.then_some((from, end))
}

/// Whether this is the base64 of text with a colon.
fn is_user_and_password(token: &[u8]) -> bool {
    let (mut bits, mut count, mut has_colon) = (0u32, 0, false);
    for &symbol in token.iter().take(512) {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let byte = (bits >> count) as u8;
            if byte < b' ' || byte == 0x7f {
                return false;
            }
            has_colon |= byte == b':';
        }
    }
    has_colon && token.len() >= 8
}

/// Finds PEM blocks of private keys: up to the end of the block, or of the text when it was cut.
pub fn private_keys(text: &[u8], mut found: impl FnMut(usize, usize)) {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"-----END ";
    let mut handled = 0;
    // Dashes first: they are rarer than the searcher for a longer needle is expensive to make.
    for start in memchr::memchr_iter(b'-', text) {
        if start < handled
            || !text
                .get(start..)
                .is_some_and(|rest| rest.starts_with(BEGIN))
        {
            continue;
        }
        let label = start + BEGIN.len();
        let rest = text.get(label..).unwrap_or_default();
        let len = memmem::find(rest.get(..64.min(rest.len())).unwrap_or_default(), b"-----");
        let name = len.and_then(|len| rest.get(..len)).unwrap_or_default();
        if memmem::find(name, b"PRIVATE KEY").is_none() {
            continue;
        }
        let body = label + name.len();
        let rest = text.get(body..).unwrap_or_default();
        let end = memmem::find(rest, END).map_or(text.len(), |at| {
            let last = body + at + END.len();
            let tail = text.get(last..).unwrap_or_default();
            memmem::find(tail.get(..64.min(tail.len())).unwrap_or_default(), b"-----")
                .map_or(text.len(), |at| last + at + 5)
        });
        found(start, end);
        handled = end;
    }
}
