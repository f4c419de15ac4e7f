//! Arbitrary dictionary bytes that arrive in arbitrary pieces: the same entries as in one piece.
//! Input: length of the pieces (one byte), dictionary.
#![no_main]

use fapilog_core::wire::Dictionary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [step, bytes @ ..] = data else { return };
    let mut whole = Dictionary::new();
    whole.extend(bytes);
    assert!(whole.consumed() <= bytes.len());

    let mut pieces = Dictionary::new();
    let mut end = 0;
    while end < bytes.len() {
        end = (end + usize::from(*step).max(1)).min(bytes.len());
        let from = pieces.consumed();
        // As the drain thread does: what is used by now, from what was consumed.
        pieces.extend(&bytes[from.min(end)..end]);
    }
    assert_eq!(whole.len(), pieces.len());
    for id in 0..=u32::try_from(whole.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1)
    {
        let (a, b) = (whole.get(id), pieces.get(id));
        assert_eq!(a.map(|entry| entry.text()), b.map(|entry| entry.text()));
        assert_eq!(a.is_some(), (1..=whole.len()).contains(&(id as usize)));
        if let Some(entry) = a {
            assert_eq!(entry.id(), id);
            let quoted: String = serde_json::from_slice(entry.quoted()).expect("a JSON string");
            assert_eq!(quoted, entry.text());
            assert_eq!(entry.json_key(), [entry.quoted(), b":"].concat());
        }
    }
});
