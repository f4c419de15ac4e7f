#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{json, Value as Json};

use super::encrypt::FieldKey;
use crate::format::{build, FormatKind, FormatOptions};
use crate::key::Key;
use crate::level::Level;
use crate::stages::{Stages, StagesSettings};
use crate::wire::{Dictionary, RecordWriter, Records};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn field_key(text: &str) -> Option<FieldKey> {
    FieldKey::derive(&Key::parse(text)?)
}

fn stages(document: Json) -> Stages {
    let settings: StagesSettings = serde_json::from_value(document).unwrap();
    Stages::new(&settings, &FormatOptions::default()).unwrap()
}

/// The envelope of an event that went through the stages, if it came out.
fn through(
    stages: &mut Stages,
    fields: impl Fn(&mut RecordWriter, &mut dyn FnMut(&str) -> u32),
) -> Option<Json> {
    let mut dictionary = Dictionary::with_own(stages.own_strings());
    let mut writer = RecordWriter::new(Level::INFO, 0, 1.7e12);
    writer.message("m");
    fields(&mut writer, &mut |name| {
        let known = dictionary.find(name);
        known.unwrap_or_else(|| dictionary.intern(name))
    });
    let bytes = writer.finish();
    let record = Records::new(&bytes, &dictionary).next().unwrap();
    let record = stages.run(record)?;
    let mut line = Vec::new();
    build(FormatKind::Json, &FormatOptions::default()).write(&record, &mut line);
    Some(serde_json::from_slice(&line).unwrap())
}

fn user(writer: &mut RecordWriter, id: &mut dyn FnMut(&str) -> u32) {
    writer.open_object(id("user"));
    writer.string(id("mail"), "a@b.c");
    writer.open_array(id("tags"));
    writer.string(0, "x");
    writer.close();
    writer.close();
    writer.int(id("n"), 7);
    writer.string(id("user.mail"), "dotted");
}

#[test]
fn fields_are_added_renamed_and_dropped_and_the_users_win() {
    let mut stages = stages(json!({
        "enrich": { "fields": { "region": "eu", "n": 1, "k8s": { "pod": "p-1", "list": [1.5, null, true] },
            "tenant_id": "t" } },
        "processors": { "rename": { "user.mail": "email", "n": "request_id" }, "drop": ["user.tags"] },
    }));
    let line = through(&mut stages, user).unwrap();
    assert_eq!(
        line["data"],
        json!({ "region": "eu", "k8s": { "pod": "p-1", "list": [1.5, null, true] },
            "user": { "email": "a@b.c" }, "email": "dotted" })
    );
    assert_eq!(line["context"]["tenant_id"], "t");
    assert_eq!(line["context"]["request_id"], 7);
    let counts: Vec<_> = stages.take_counts().map(|(n, c)| (n, c.changed)).collect();
    assert_eq!(counts, [("staticFields", 1), ("fields", 1)]);
}

#[test]
fn an_event_without_the_fields_is_not_copied() {
    let mut stages = stages(json!({ "processors": {
        "drop": ["user.tags.x", "other"], "sizeGuard": { "maxBytes": 100_000, "action": "drop" },
    }}));
    let line = through(&mut stages, user).unwrap();
    assert_eq!(line["data"]["user"]["tags"], json!(["x"]));
    assert!(stages.take_counts().all(|(_, counts)| counts.changed == 0));
}

#[test]
fn encrypted_values_are_read_with_the_key_and_the_field_alone() {
    std::env::set_var("FAPILOG_TEST_KEY", KEY);
    let document = json!({ "processors": { "encrypt": {
        "fields": ["user", "n"], "keyVariable": "FAPILOG_TEST_KEY",
    }}});
    let (mut first, mut second) = (stages(document.clone()), stages(document));
    let line = through(&mut first, user).unwrap();
    // The same event makes the same line again.
    let again = through(&mut second, user).unwrap();
    assert_eq!(line["data"], again["data"]);
    let text = line["data"]["user"].as_str().unwrap();
    assert!(text.starts_with("enc:v1:"));
    assert!(!serde_json::to_string(&line).unwrap().contains("a@b.c"));
    let key = field_key(KEY).unwrap();
    let plain: Json = serde_json::from_slice(&key.decrypt("user", text).unwrap()).unwrap();
    assert_eq!(plain, json!({ "mail": "a@b.c", "tags": ["x"] }));
    let n = line["data"]["n"].as_str().unwrap();
    assert_eq!(key.decrypt("n", n).unwrap(), b"7");
    assert_eq!(line["data"]["user.mail"], "dotted");
    assert_eq!(key.decrypt("user", n), None);
    let other = field_key(&KEY.replace("00", "ff")).unwrap();
    assert_eq!(other.decrypt("n", n), None);
    let mut damaged = n.to_owned();
    damaged.replace_range(20..21, if &n[20..21] == "A" { "B" } else { "A" });
    assert_eq!(key.decrypt("n", &damaged), None);
}

#[test]
fn keys_are_taken_in_every_writing_and_nothing_else() {
    let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let value = field_key(KEY).unwrap().encrypt("f", 1.0, b"1").unwrap();
    for same in [base64, base64.trim_end_matches('='), &KEY.to_uppercase()] {
        let key = field_key(same).unwrap();
        assert_eq!(
            key.decrypt("f", &value).as_deref(),
            Some(&b"1"[..]),
            "{same}"
        );
    }
    for wrong in ["", "short", &KEY[2..], "zz", &"!".repeat(43)] {
        assert!(field_key(wrong).is_none(), "{wrong}");
    }
    let settings: StagesSettings = serde_json::from_value(json!({ "processors": { "encrypt": {
        "fields": ["a"], "keyVariable": "FAPILOG_NO_SUCH_KEY",
    }}}))
    .unwrap();
    let error = Stages::new(&settings, &FormatOptions::default()).unwrap_err();
    assert!(error.to_string().contains("encrypt.keyVariable"), "{error}");
}

#[test]
fn a_large_event_has_its_longest_texts_cut_or_is_dropped() {
    let large = |writer: &mut RecordWriter, id: &mut dyn FnMut(&str) -> u32| {
        writer.string(id("long"), &"ä".repeat(40_000));
        writer.latin1(id("longer"), "b".repeat(60_000).as_bytes());
        writer.string(id("short"), "kept as it is");
    };
    let guard = |action: &str| json!({ "processors": { "sizeGuard": { "maxBytes": 10_000, "action": action } } });
    let mut truncate = stages(guard("truncate"));
    let line = through(&mut truncate, large).unwrap();
    let len = |name: &str| line["data"][name].as_str().unwrap().len();
    assert!((4_000..5_500).contains(&len("long")), "{}", len("long"));
    assert!((4_000..5_500).contains(&len("longer")), "{}", len("longer"));
    assert!(line["data"]["long"]
        .as_str()
        .unwrap()
        .ends_with(" bytes cut]"));
    assert_eq!(line["data"]["short"], "kept as it is");
    assert_eq!(line["diagnostics"]["truncated"], true);
    let mut drop = stages(guard("drop"));
    assert_eq!(through(&mut drop, large), None);
    assert_eq!(drop.take_counts().next().unwrap().1.filtered.total(), 1);
}

proptest! {
    #[test]
    fn no_event_is_larger_than_the_bound(
        texts in prop::collection::vec((any::<bool>(), 0usize..3_000), 0..40),
        max in 256usize..4_000,
    ) {
        let mut stages = stages(json!({ "processors": {
            "sizeGuard": { "maxBytes": max, "action": "truncate" },
        }}));
        let mut dictionary = Dictionary::with_own(stages.own_strings());
        let mut writer = RecordWriter::new(Level::INFO, 0, 1.7e12);
        writer.message("m");
        for (at, (wide, len)) in texts.iter().enumerate() {
            let key = dictionary.intern(&format!("k{at}"));
            if *wide {
                writer.utf16(key, &vec![0x20ac; *len]);
            } else {
                writer.open_object(key);
                writer.string(key, &"x".repeat(*len));
                writer.close();
            }
        }
        let bytes = writer.finish();
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let out = stages.run(record).unwrap();
        let mut size = RecordWriter::HEADER_BYTES;
        let mut tokens = out.tokens();
        while let Some((_, bytes)) = tokens.next_with_bytes() {
            size += bytes.len();
        }
        prop_assert!(!tokens.damaged());
        prop_assert!(size <= max, "{size} of {max}");
    }
}
