//! Writes the seeds: `cargo run --example make_seeds` in this folder. Needed again when the wire format changes.

use std::path::Path;

use fapilog_core::level::Level;
use fapilog_core::wire::layout::*;
use fapilog_core::wire::RecordWriter;
use fapilog_ring::layout::{OFFSET_DICTIONARY_USED, OFFSET_HEAD, OFFSET_TAIL};

fn dictionary(names: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names {
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

fn with_dictionary(names: &[&str], records: Vec<Vec<u8>>) -> Vec<u8> {
    let dictionary = dictionary(names);
    let mut bytes = (dictionary.len() as u16).to_le_bytes().to_vec();
    bytes.extend_from_slice(&dictionary);
    bytes.extend(records.into_iter().flatten());
    bytes
}

fn scalars() -> Vec<u8> {
    let mut record = RecordWriter::new(Level::INFO, 1, 1.7e12);
    record.message("hello");
    record.int(2, -7);
    record.float(2, 0.1);
    record.float(2, f64::NAN);
    record.date(2, 1.7e12);
    record.latin1(2, b"caf\xe9");
    record.utf16(2, &[0xd83d, 0xde00, 0xd800]);
    record.string_ref(2, 1);
    for tag in [TAG_NULL, TAG_UNDEFINED, TAG_TRUE, TAG_FALSE] {
        record.token(tag, 2);
    }
    for tag in [TAG_BIGINT, TAG_FUNCTION, TAG_SYMBOL, TAG_MARKER] {
        record.tagged_text(tag, 2, "123");
    }
    record.token_inline(TAG_TRUE, "inline\n\"key\"");
    record.finish()
}

fn error() -> Vec<u8> {
    let mut record = RecordWriter::new(Level::ERROR, 0, 0.0);
    record.flag(FLAG_ERROR | FLAG_SCOPED);
    record.no_message();
    record.open_error(3);
    record.string(4, "TypeError");
    record.string(5, "it broke\u{1b}[31m");
    record.string(6, "TypeError: it broke\n    at f (a.js:1:2)");
    record.open_error(7);
    record.string(4, "Error");
    record.close();
    record.open_array(8);
    record.open_object(0);
    record.int(2, 1);
    record.close();
    record.close();
    record.close();
    record.finish()
}

fn context() -> Vec<u8> {
    let mut record = RecordWriter::new(Level::AUDIT, 0, 1.7e12);
    record.flag(FLAG_CONTEXT);
    record.message("%s");
    record.string(9, "r-1");
    record.string(9, "r-2");
    record.open_object(2);
    record.open_array(2);
    record.finish()
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    std::fs::create_dir_all(&folder).expect("a folder for the seeds");
    std::fs::write(folder.join(name), bytes).expect("a seed");
}

fn main() {
    let names = [
        "app",
        "key",
        "err",
        "type",
        "message",
        "stack",
        "cause",
        "errors",
        "request_id",
    ];
    write(
        "decode",
        "scalars",
        &with_dictionary(&names, vec![scalars()]),
    );
    write("decode", "error", &with_dictionary(&names, vec![error()]));
    write(
        "decode",
        "context",
        &with_dictionary(&names, vec![context()]),
    );
    write(
        "decode",
        "all",
        &with_dictionary(&names, vec![scalars(), error(), context()]),
    );

    let mut odd = vec![3u8];
    odd.extend(dictionary(&[
        "",
        "a",
        "naïve \u{2028} \"quoted\"",
        "\u{0}\n",
    ]));
    write("dictionary", "odd", &odd);
    write(
        "dictionary",
        "one-byte-of-padding-missing",
        &odd[..odd.len() - 1],
    );
    odd.truncate(odd.len() - 3);
    write("dictionary", "cut", &odd);
    write(
        "dictionary",
        "invalid-utf8",
        b"\x04\x04\0\0\0\xff\xfe\xc3\x28",
    );

    let patch = |offset: usize, value: u32| {
        let mut bytes = ((offset / 4) as u16).to_le_bytes().to_vec();
        bytes.extend_from_slice(&value.to_le_bytes());
        bytes
    };
    let record = scalars();
    let mut sound = vec![2u8];
    sound.extend(patch(OFFSET_HEAD, (record.len() / 8) as u32));
    sound.extend(patch(OFFSET_DICTIONARY_USED, 64));
    // Dictionary and data repeat this, and the dictionary area is 256 bytes long.
    let mut area = dictionary(&["key"]);
    area.resize(256, 0);
    area.extend(record);
    sound.extend(area);
    write("region", "sound", &sound);
    let mut damaged = vec![3u8];
    damaged.extend(patch(OFFSET_HEAD, 5));
    damaged.extend(patch(OFFSET_TAIL, 9));
    damaged.extend(patch(OFFSET_DICTIONARY_USED, u32::MAX));
    damaged.extend(4u32.to_le_bytes());
    write("region", "damaged", &damaged);
}
