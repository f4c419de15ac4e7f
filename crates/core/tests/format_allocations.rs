//! Formats allocate nothing once their scratch memory and the output have grown.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use fapilog_core::format::{build, FormatKind, FormatOptions};
use fapilog_core::level::Level;
use fapilog_core::wire::layout::*;
use fapilog_core::wire::{Dictionary, RecordWriter, Records};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts the allocations of each thread.
struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Plain, scoped and failed events with strings of all encodings, nested values and every scalar.
fn chunk(dictionary: &mut Dictionary) -> Vec<u8> {
    let names = [
        "app",
        "a",
        "b",
        "c",
        "request_id",
        "err",
        "type",
        "message",
        "stack",
        "cause",
    ];
    let [app, a, b, c, request, err, kind, message, stack, cause] =
        names.map(|name| dictionary.intern(name));
    let mut chunk = Vec::new();
    for index in 0..60 {
        let mut record =
            RecordWriter::new(Level::built_in(index % 8), app, 1e12 + f64::from(index));
        record.message("hello \"world\"\n");
        if index % 3 > 0 {
            record.flag(FLAG_SCOPED | FLAG_CONTEXT);
            record.latin1(request, b"r-1");
            record.int(a, 1);
        }
        record.float(a, 1.5e-9);
        record.open_object(b);
        record.latin1(
            a,
            "na\u{ef}ve"
                .chars()
                .map(|char| char as u8)
                .collect::<Vec<_>>()
                .as_slice(),
        );
        record.utf16(c, &"😀 ż".encode_utf16().collect::<Vec<_>>());
        record.open_array(b);
        record.date(KEY_NONE, 1e12);
        record.tagged_text(TAG_BIGINT, KEY_NONE, "12");
        record.token(TAG_NULL, KEY_NONE);
        record.close();
        record.close();
        if index % 3 > 1 {
            record.flag(FLAG_ERROR);
            for key in [err, cause] {
                record.open_error(key);
                record.string(kind, "Error");
                record.string(message, "boom");
                record.string(stack, "Error: boom\n    at a (a.js:1:1)");
            }
            record.close();
            record.close();
        }
        chunk.extend(record.finish());
    }
    chunk
}

#[test]
fn formats_allocate_nothing_in_steady_state() {
    let mut dictionary = Dictionary::new();
    let chunk = chunk(&mut dictionary);
    for kind in [
        FormatKind::Json,
        FormatKind::Pino,
        FormatKind::Logfmt,
        FormatKind::Simple,
        FormatKind::Minimal,
    ] {
        let mut format = build(kind, &FormatOptions::default());
        let mut out = Vec::new();
        let mut before = 0;
        for _ in 0..3 {
            before = ALLOCATIONS.get();
            out.clear();
            for record in Records::new(&chunk, &dictionary) {
                format.write(&record, &mut out);
            }
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{kind:?}");
        assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), 60);
    }
}
