#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{Cursor, Read, Write};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn key(text: &str) -> FileKey {
    FileKey::derive(&Key::parse(text).unwrap()).unwrap()
}

/// A file of one frame for each of these lines, and where its frames start.
fn file(lines: &[&[u8]], end: bool) -> (Vec<u8>, Vec<usize>) {
    let key = key(KEY);
    let (header, mut tag) = key.start().unwrap();
    let mut bytes = header.to_vec();
    let mut starts = Vec::new();
    for line in lines {
        starts.push(bytes.len());
        key.seal(LINES, line, &mut tag, &mut bytes).unwrap();
    }
    starts.push(bytes.len());
    if end {
        key.seal(END, b"", &mut tag, &mut bytes).unwrap();
    }
    (bytes, starts)
}

/// What can be read, how it ends, and what was wrong.
fn read(bytes: &[u8], with: &str) -> (Vec<u8>, Ending, Option<String>) {
    let mut reader = SealedReader::new(Cursor::new(bytes), Arc::new(key(with)));
    let mut text = Vec::new();
    let result = reader.read_to_end(&mut text);
    (
        text,
        reader.ending(),
        result.err().map(|error| error.to_string()),
    )
}

const LINES_OF_THREE: [&[u8]; 3] = [b"one\n", b"two\n", b"three\n"];

#[test]
fn what_was_written_is_read_and_nothing_of_it_is_on_file() {
    let (bytes, _) = file(&LINES_OF_THREE, true);
    assert_eq!(
        read(&bytes, KEY),
        (b"one\ntwo\nthree\n".to_vec(), Ending::Sealed, None)
    );
    assert!(!bytes.windows(3).any(|part| part == b"two"));
    // The same lines look different in another file.
    assert_ne!(
        bytes[HEADER_BYTES..],
        file(&LINES_OF_THREE, true).0[HEADER_BYTES..]
    );
}

#[test]
fn a_file_cut_off_anywhere_gives_its_whole_frames_and_is_never_taken_for_complete() {
    let (bytes, starts) = file(&LINES_OF_THREE, true);
    for cut in 0..bytes.len() {
        let (text, ending, error) = read(&bytes[..cut], KEY);
        assert_eq!(error, None, "{cut}");
        let whole = starts
            .iter()
            .filter(|&&start| start <= cut)
            .count()
            .saturating_sub(1);
        assert_eq!(text, LINES_OF_THREE[..whole].concat(), "{cut}");
        let boundary = cut == 0 || cut == HEADER_BYTES || starts.contains(&cut);
        match ending {
            Ending::Open => assert!(boundary, "{cut}"),
            Ending::Torn(at) => {
                assert!(!boundary, "{cut}");
                let start = starts.iter().rev().find(|&&start| start <= cut);
                assert_eq!(at, start.map_or(0, |&start| start as u64));
            }
            Ending::Sealed => panic!("{cut}"),
        }
    }
}

#[test]
fn frames_that_are_moved_repeated_left_out_or_of_another_file_are_noticed() {
    let (bytes, at) = file(&LINES_OF_THREE, true);
    let (other, _) = file(&LINES_OF_THREE, true);
    let part = |from: usize, to: usize| bytes[from..to].to_vec();
    let (head, one, two, three) = (
        part(0, at[0]),
        part(at[0], at[1]),
        part(at[1], at[2]),
        part(at[2], at[3]),
    );
    let end = bytes[at[3]..].to_vec();
    let swapped = [&head[..], &two, &one, &three, &end].concat();
    let repeated = [&head[..], &one, &one, &two, &three, &end].concat();
    let left_out = [&head[..], &one, &three, &end].concat();
    let cut_and_ended = [&head[..], &one, &two, &end].concat();
    let foreign = [&head[..], &other[at[0]..at[1]], &two, &three, &end].concat();
    let extended = [&bytes[..], &three].concat();
    for (bytes, readable) in [
        (swapped, ""),
        (repeated, "one\n"),
        (left_out, "one\n"),
        (cut_and_ended, "one\ntwo\n"),
        (foreign, ""),
        (extended, "one\ntwo\nthree\n"),
    ] {
        let (text, _, error) = read(&bytes, KEY);
        assert_eq!(String::from_utf8(text).unwrap(), readable);
        let error = error.expect(readable);
        assert!(error.starts_with("at byte "), "{error}");
    }
}

#[test]
fn another_key_and_no_encrypted_file_are_told_apart_from_damage() {
    let (bytes, _) = file(&LINES_OF_THREE, true);
    let (text, _, error) = read(&bytes, &KEY.replace("00", "ff"));
    assert_eq!(text, b"");
    let error = error.unwrap();
    assert!(
        error.starts_with("it is encrypted with another key (its id is "),
        "{error}"
    );
    let (_, _, error) = read(&b"{\"message\":\"plain\"}\n".repeat(3), KEY);
    assert_eq!(error.unwrap(), "it is not encrypted");
}

#[test]
fn reading_goes_on_where_the_end_was_written_over() {
    let key = Arc::new(key(KEY));
    let (bytes, at) = file(&LINES_OF_THREE, true);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    std::fs::write(&path, &bytes[..at[1] + 7]).unwrap();
    let mut reader = SealedReader::new(std::fs::File::open(&path).unwrap(), Arc::clone(&key));
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(
        (text.as_str(), reader.ending()),
        ("one\n", Ending::Torn(at[1] as u64))
    );
    // The torn frame and the end were taken away, and others came.
    let mut tag = *bytes[..at[1]].last_chunk().unwrap();
    let mut longer = bytes[..at[1]].to_vec();
    key.seal(LINES, b"another two\n", &mut tag, &mut longer)
        .unwrap();
    let unended = (longer.clone(), tag);
    key.seal(END, b"", &mut tag, &mut longer).unwrap();
    std::fs::write(&path, &longer).unwrap();
    reader.retreat().unwrap();
    text.clear();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(
        (text.as_str(), reader.ending()),
        ("another two\n", Ending::Sealed)
    );
    let (mut longer, mut tag) = unended;
    key.seal(LINES, b"three\n", &mut tag, &mut longer).unwrap();
    std::fs::write(&path, &longer).unwrap();
    reader.retreat().unwrap();
    text.clear();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), reader.ending()), ("three\n", Ending::Open));
}

#[test]
fn whole_lines_share_a_frame_and_longer_ones_are_spread() {
    let lines = b"0123456789abcde\n".repeat(40_000);
    let first = content_of(&lines);
    assert!(first.len() <= MAX_CONTENT && first.len() > MAX_CONTENT - 16 && first.ends_with(b"\n"));
    let long = vec![b'x'; MAX_CONTENT * 2 + 5];
    assert_eq!(content_of(&long).len(), MAX_CONTENT);
    let key = key(KEY);
    let mut writer = SealedWriter::new(Vec::new(), &key).unwrap();
    writer.write_all(&lines).unwrap();
    writer.write_all(&long).unwrap();
    let bytes = writer.finish(true).unwrap();
    assert_eq!(
        read(&bytes, KEY),
        ([lines, long].concat(), Ending::Sealed, None)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_changed_bit_goes_unnoticed(at in 0usize..1000, bit in 0u8..8, lines in 1usize..5) {
        let lines: Vec<Vec<u8>> = (0..lines).map(|n| format!("line {n}\n").into_bytes()).collect();
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let (mut bytes, _) = file(&lines, true);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let (text, ending, error) = read(&bytes, KEY);
        prop_assert!(error.is_some() || ending != Ending::Sealed, "{at}.{bit}");
        prop_assert!(lines.concat().starts_with(&text));
    }

    #[test]
    fn any_bytes_behind_the_start_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (mut whole, _) = file(&[], false);
        whole.extend_from_slice(&bytes);
        let (text, _, _) = read(&whole, KEY);
        prop_assert!(text.is_empty());
    }
}
