#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
use super::super::key_name::Extent;
use super::*;

fn scanner(detectors: &[Detector]) -> Scanner {
    let mut names = Names::default();
    for name in ["access token", "token", "sig"] {
        names.add(name, Extent::Words, 0);
    }
    let mut scanner = Scanner::new(Patterns::default(), names);
    for &detector in detectors {
        scanner.add(detector, Strategy::Mask);
    }
    scanner
}

/// The text after masking; also that the quick look did not rule it out wrongly.
fn masked(detector: Detector, text: &str) -> String {
    let mut scanner = scanner(&[detector]);
    let clean = scanner.is_clean(text.as_bytes());
    let hits = scanner.find(text).to_vec();
    assert!(!clean || hits.is_empty(), "{text} was ruled out");
    replace(text, &hits, &Censor::new("***", None))
}

fn hits(detector: Detector, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(masked(detector, text), *expected, "{text}");
    }
}

fn misses(detector: Detector, cases: &[&str]) {
    for text in cases {
        assert_eq!(masked(detector, text), *text);
    }
}

#[test]
fn card_numbers() {
    hits(
        Detector::Card,
        &[
            ("4111111111111111", "***"),
            ("4111 1111 1111 1111", "***"),
            ("4111-1111-1111-1111", "***"),
            ("4111.1111.1111.1111", "***"),
            ("pan=4111111111111111;", "pan=***;"),
            ("5555555555554444 and 378282246310005", "*** and ***"),
            ("3782 822463 10005", "***"),
            ("3056 930902 5904", "***"),
            ("4222222222222", "***"),
            ("6011000990139424", "***"),
            ("3530111333300000", "***"),
            ("2223003122003222", "***"),
            ("6200000000000005", "***"),
            (
                "on 2024-01-02 4111 1111 1111 1111 was",
                "on 2024-01-02 *** was",
            ),
            ("card4111111111111111", "card***"),
            ("４１１１１１１１１１１１１１１１", "***"),
            ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "***"),
            ("4\u{200b}1\u{200b}1\u{200b}1111111111111", "***"),
            ("4111\u{2013}1111\u{2013}1111\u{2013}1111", "***"),
            ("٤١١١١١١١١١١١١١١١", "***"),
            ("カード4111111111111111です", "カード***です"),
            ("{\"n\":\"4111111111111111\"}", "{\"n\":\"***\"}"),
        ],
    );
    misses(
        Detector::Card,
        &[
            "4111111111111112",
            "1767323045678",
            "1767323045678901",
            "0000000000000000",
            "4444444444444444",
            "411111111111111",
            "41111111111111111111",
            "0.4111111111111111",
            "4111111111111111.25",
            "a4111111111111111f",
            "550e8400-e29b-41d4-a716-446655440000",
            "10.0.12.7, 10.0.12.8, 10.0.12.9",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "2026-01-02T03:04:05.678Z",
        ],
    );
}

#[test]
fn ibans() {
    hits(
        Detector::Iban,
        &[
            ("DE89370400440532013000", "***"),
            ("DE89 3704 0044 0532 0130 00", "***"),
            ("to GB82 WEST 1234 5698 7654 32 now", "to *** now"),
            ("no9386011117947", "***"),
            ("MT84MALT011000012345MTLCAST001S", "***"),
            ("iban:FR1420041010050500013M02606,", "iban:***,"),
            ("ＤＥ89370400440532013000", "***"),
        ],
    );
    misses(
        Detector::Iban,
        &[
            "DE89370400440532013001",
            "DE8937040044053201300",
            "XDE89370400440532013000",
            "ZZ89370400440532013000",
            "DE893704004405320130000",
        ],
    );
}

#[test]
fn email_addresses() {
    hits(
        Detector::Email,
        &[
            ("ada@example.com", "***"),
            (
                "From: Ada <ada.l+x@mail.example.co.uk>, hi",
                "From: Ada <***>, hi",
            ),
            ("mail ada@example.com.", "mail ***."),
            ("a=ada@example.com&b", "a=***&b"),
            ("mailto:ada@example.com", "mailto:***"),
            ("ada@пример.рф", "***"),
            ("адa@example.com", "***"),
            ("ada＠example．com", "***"),
        ],
    );
    misses(
        Detector::Email,
        &[
            "@scope/pkg@1.2.3",
            "a@b",
            "@handle",
            "ada@",
            "a@b.1",
            "a@.com",
            "lodash@4.17.21",
        ],
    );
}

#[test]
fn telephone_numbers() {
    hits(
        Detector::Phone,
        &[
            ("+14155552671", "***"),
            ("call +44 20 7946 0958 now", "call *** now"),
            ("+1 (415) 555-2671", "***"),
            ("+49-89-636-48018", "***"),
        ],
    );
    misses(
        Detector::Phone,
        &[
            "+1234567",
            "1+14155552671",
            "+0123456789",
            "4155552671",
            "+1234567890123456",
        ],
    );
}

#[test]
fn social_security_numbers() {
    hits(
        Detector::Ssn,
        &[
            ("123-45-6789", "***"),
            ("ssn 123 45 6789.", "ssn ***."),
            ("1 123-45-6789", "1 ***"),
            ("123\u{2011}45\u{2011}6789", "***"),
        ],
    );
    misses(
        Detector::Ssn,
        &[
            "123456789",
            "000-45-6789",
            "666-45-6789",
            "923-45-6789",
            "123-00-6789",
            "123-45-0000",
            "123-45-67890",
            "1-123-45-6789",
            "123-45-6789-1",
            "123-45 6789",
            "x123-45-6789",
        ],
    );
}

#[test]
fn tokens_and_keys() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(masked(Detector::Jwt, jwt), "***");
    assert_eq!(
        masked(Detector::Jwt, &format!("got {jwt}, ok")),
        "got ***, ok"
    );
    assert_eq!(
        masked(Detector::Jwt, "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."),
        "***"
    );
    assert_eq!(
        masked(Detector::Jwt, "eyJhbGciOiJSU0EtT0FFUCJ9..iv12.cipher.tag"),
        "***"
    );
    misses(
        Detector::Jwt,
        &["eyJhbGciOiJIUzI1NiJ9", "keyJhbGci.eyJzdWIi", "eyJ.a.b"],
    );
    let tail = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2";
    for prefix in [
        "ghp_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "sk_live_",
        "AIza",
        "sk-",
        "sk-ant-",
        "npm_",
        "whsec_",
        "hf_",
        "SG.",
    ] {
        let key = format!("{prefix}{tail}");
        assert_eq!(masked(Detector::ApiKey, &key), "***", "{key}");
        assert_eq!(masked(Detector::ApiKey, &format!("k={key} x")), "k=*** x");
        assert_eq!(masked(Detector::ApiKey, &format!("x_{key}")), "x_***");
    }
    assert_eq!(masked(Detector::ApiKey, "AKIAIOSFODNN7EXAMPLE"), "***");
    misses(
        Detector::ApiKey,
        &[
            "AKIAIOSFODNN7EXAMPLE1",
            "sk-learn-is-a-library-of-many-models-and-tools",
            "npm_config_registry_of_the_whole_company",
            "ghp_short",
            "01HV6Q8Z6Y2N4",
            "550e8400-e29b-41d4-a716-446655440000",
        ],
    );
    hits(
        Detector::Authorization,
        &[
            (
                "Authorization: Bearer abcdef0123456789",
                "Authorization: Bearer ***",
            ),
            ("bearer abcdef0123456789==", "bearer ***"),
            ("Basic dXNlcjpwYXNzd29yZA==", "Basic ***"),
        ],
    );
    misses(
        Detector::Authorization,
        &[
            "Bearer of good news",
            "basic understanding",
            "Basic abcdefghijkl",
            "bearer authentication",
        ],
    );
}

#[test]
fn private_keys() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
        let pem =
            format!("-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----");
        assert_eq!(
            masked(Detector::PrivateKey, &format!("a {pem} b")),
            "a *** b"
        );
        let cut = &pem[..pem.len() - 30];
        assert_eq!(masked(Detector::PrivateKey, &format!("a {cut}")), "a ***");
        assert_eq!(
            masked(Detector::PrivateKey, &pem.replace('\n', "\\n")),
            "***"
        );
    }
    misses(
        Detector::PrivateKey,
        &[
            "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----",
        ],
    );
}

#[test]
fn credentials_in_urls() {
    hits(
        Detector::Url,
        &[
            ("https://user:pass@host/p", "https://***@host/p"),
            (
                "see postgres://u:p@db:5432/x, ok",
                "see postgres://***@db:5432/x, ok",
            ),
            ("redis://:secret@cache", "redis://***@cache"),
            ("https://token@github.com/a", "https://***@github.com/a"),
            ("//user:pass@host", "//***@host"),
            ("mongodb+srv://u:p%40x@h/?a=b", "mongodb+srv://***@h/?a=b"),
            ("postgres://u:p@ss@db/x", "postgres://***@db/x"),
            ("postgres://u:p/s#s@db/x", "postgres://***@db/x"),
            (
                "a http://a:b@c d http://e:f@g",
                "a http://***@c d http://***@g",
            ),
            (
                "https://h/cb?access_token=abc&x=1",
                "https://h/cb?access_token=***&x=1",
            ),
            ("/cb?x=1&accessToken=abc", "/cb?x=1&accessToken=***"),
            (
                "/cb#access_token=abc&token_type=bearer",
                "/cb#access_token=***&token_type=bearer",
            ),
            ("/r?next=/x?token=abc", "/r?next=/x?token=***"),
            ("/blob?sv=2020&sig=abc%3D", "/blob?sv=2020&sig=***"),
            ("token=abc&x=1", "token=***&x=1"),
            ("user=ada&accessToken=abc", "user=ada&accessToken=***"),
        ],
    );
    misses(
        Detector::Url,
        &[
            "https://host:8080/path/@user",
            "https://host/@user",
            "https://[::1]:80/@user",
            "https://host/?q=a@b.c",
            "/api/v1/orders/8842?expand=items",
            "a // b @ c",
            "/x?token=&y=1",
            "what? token=abc",
            "token=1 & more",
            "user=ada&x=1",
        ],
    );
}

#[test]
fn overlapping_hits_become_one() {
    let mut scanner = scanner(&[Detector::Email, Detector::Url]);
    let text = "https://ada@example.com:pw@host/";
    let hits = scanner.find(text).to_vec();
    assert_eq!(
        replace(text, &hits, &Censor::new("***", None)),
        "https://***@host/"
    );
}

/// Time that this thread has run for, which does not depend on what else runs on the machine.
fn cpu_seconds() -> f64 {
    #[cfg(unix)]
    {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
    }
    #[cfg(not(unix))]
    {
        use std::time::{SystemTime, UNIX_EPOCH};
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.unwrap_or_default().as_secs_f64()
    }
}

/// How much longer ten times the text takes.
fn growth(scanner: &mut Scanner, unit: &str, bytes: usize) -> f64 {
    let mut time = |bytes: usize| {
        let text = unit.repeat(bytes / unit.len());
        let run = || {
            let start = cpu_seconds();
            scanner.find(&text);
            cpu_seconds() - start
        };
        std::iter::repeat_with(run).take(4).fold(f64::MAX, f64::min)
    };
    let short = time(bytes).max(1e-4);
    time(bytes * 10) / short
}

#[test]
fn texts_that_make_nested_loops_quadratic_stay_linear() {
    let mut scanner = scanner(&[
        Detector::Card,
        Detector::Iban,
        Detector::Email,
        Detector::Phone,
        Detector::Ssn,
        Detector::Jwt,
        Detector::PrivateKey,
        Detector::ApiKey,
        Detector::Authorization,
        Detector::Url,
    ]);
    for unit in [
        "a",
        "1",
        "4 ",
        "41 ",
        "4111 ",
        "@",
        "a@",
        "a@b.",
        "//",
        "//a:",
        "?a=",
        "&token=1",
        "eyJ",
        "eyJ-",
        "eyJaaaaaaa.",
        "sk-",
        "ghp_",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN ",
        "Bearer ",
        "DE89 ",
        "+1 ",
        "A",
        "\u{200b}",
        "１",
        "4111-",
        "123-45-",
        "basic ",
        "4111111111111111a",
    ] {
        let growth = growth(&mut scanner, unit, 4_000);
        // 10 is linear, 100 quadratic.
        assert!(growth < 40.0, "{unit}: {growth}");
    }
}

/// The engine changes its ways with the length of the text, so both are long.
#[test]
fn patterns_that_make_backtracking_explode_stay_linear() {
    for (pattern, unit) in [
        ("(a+)+$", "ab"),
        ("(x|x)*y", "x"),
        ("(.*)*=", "a"),
        ("b.*[^A-Z]|[A-Z]", "A"),
    ] {
        let patterns = [(pattern.to_owned(), Strategy::Mask)];
        let mut scanner = Scanner::new(Patterns::new(&patterns).unwrap(), Names::default());
        let growth = growth(&mut scanner, unit, 20_000);
        assert!(growth < 40.0, "{pattern}: {growth}");
    }
}

#[test]
fn patterns_that_cannot_be_are_refused() {
    let refuse = |pattern: &str| {
        Patterns::new(&[(pattern.to_owned(), Strategy::Mask)])
            .unwrap_err()
            .remove(0)
            .1
    };
    assert!(refuse("(").contains("unclosed group"));
    assert!(refuse("(?=a)").contains("look-around"));
    assert!(refuse("(a)\\1").contains("backreferences"));
    assert!(refuse("a{1000}{1000}").contains("size limit"));
    assert!(refuse("a*").contains("empty"));
}

#[test]
fn a_group_called_secret_is_all_that_is_replaced() {
    let patterns = [
        ("user=(?<secret>\\w+)".to_owned(), Strategy::Mask),
        ("ORD-\\d+".to_owned(), Strategy::KeepLast4),
    ];
    let mut scanner = Scanner::new(Patterns::new(&patterns).unwrap(), Names::default());
    let text = "user=ada bought ORD-12345678";
    let hits = scanner.find(text).to_vec();
    assert_eq!(
        replace(text, &hits, &Censor::new("***", None)),
        "user=*** bought ***5678"
    );
}
