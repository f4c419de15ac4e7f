//! Keeps events below a size.

use crate::stages::path_tree::is_open;
use crate::stages::{Stage, Verdict};
use crate::wire::layout::FLAG_TRUNCATED;
use crate::wire::{Key, Record, RecordWriter, Text, Token, Tokens, Value};

/// Text is never cut below this many bytes.
const SHORTEST: usize = 32;
/// Room for `…[12345678 bytes cut]` and the padding of a token.
const MARK_BYTES: usize = 32;

/// What happens to an event that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooLarge {
    /// Its longest texts are cut, all to the same length; if that is not enough, its largest fields go.
    Truncate,
    /// It ends here, counted as filtered.
    Drop,
}

/// Measures events as they travel: header, keys and values of the record.
#[derive(Debug)]
pub struct SizeGuard {
    max_bytes: usize,
    action: TooLarge,
    /// Lengths of the texts of an event.
    texts: Vec<usize>,
}

impl SizeGuard {
    /// For events of up to `max_bytes`.
    pub fn new(max_bytes: usize, action: TooLarge) -> Self {
        Self {
            max_bytes,
            action,
            texts: Vec::new(),
        }
    }

    /// The length to which texts have to be cut, so that `excess` bytes are saved if that is possible.
    fn limit(&mut self, excess: usize) -> usize {
        self.texts.sort_unstable();
        let saved_at = |limit: usize| -> usize {
            self.texts
                .iter()
                .rev()
                .take_while(|&&len| len > limit + MARK_BYTES)
                .map(|len| len - limit - MARK_BYTES)
                .sum()
        };
        let (mut low, mut high) = (SHORTEST, self.max_bytes);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if saved_at(middle) >= excess {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }
}

fn text_of<'a>(value: &Value<'a>) -> Option<Text<'a>> {
    match value {
        Value::Text(text) => Some(*text),
        _ => None,
    }
}

/// Bytes of a text as UTF-8 in a record.
fn len_of(text: Text<'_>) -> usize {
    match text {
        Text::Latin1(bytes) if bytes.is_ascii() => bytes.len(),
        text => text.to_str().len(),
    }
}

/// Copies a token, its text cut to `limit` bytes if it is longer.
fn copy_cut(token: &Token<'_>, bytes: &[u8], limit: usize, out: &mut RecordWriter) {
    let text = text_of(&token.value).filter(|text| len_of(*text) > limit + MARK_BYTES);
    let Some(text) = text else {
        return out.copy(bytes);
    };
    let text = text.to_str();
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = text.get(..end).unwrap_or_default();
    let cut = format!("{kept}…[{} bytes cut]", text.len() - end);
    out.string_like(bytes, &cut);
}

/// Copies the rest of a value that `token` has begun, its texts cut.
fn copy_value(
    token: &Token<'_>,
    bytes: &[u8],
    tokens: &mut Tokens<'_>,
    limit: usize,
    out: &mut RecordWriter,
) {
    copy_cut(token, bytes, limit, out);
    if !is_open(&token.value) {
        return;
    }
    let outside = tokens.depth().saturating_sub(1);
    while tokens.depth() > outside {
        let Some((token, bytes)) = tokens.next_with_bytes() else {
            break;
        };
        copy_cut(&token, bytes, limit, out);
    }
}

impl Stage for SizeGuard {
    fn apply(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Verdict {
        let mut size = RecordWriter::HEADER_BYTES;
        let mut tokens = record.tokens();
        while let Some((_, bytes)) = tokens.next_with_bytes() {
            size += bytes.len();
        }
        if size <= self.max_bytes {
            return Verdict::Unchanged;
        }
        if self.action == TooLarge::Drop {
            return Verdict::Filtered;
        }
        self.texts.clear();
        let mut tokens = record.tokens();
        while let Some((token, bytes)) = tokens.next_with_bytes() {
            if let Some(text) = text_of(&token.value) {
                // A text that grows when it becomes UTF-8 saves less than it seems; one that shrinks more.
                self.texts.push(len_of(text).min(bytes.len()));
            }
        }
        let limit = self.limit(size - self.max_bytes);
        // Fields that still do not fit go, the largest first: they are as large as their bytes now.
        let mut sizes: Vec<(usize, usize)> = Vec::new();
        let mut total = write_without(record, limit, &[], out, Some(&mut sizes));
        let mut dropped = Vec::new();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        for (bytes, field) in sizes {
            if total <= self.max_bytes {
                break;
            }
            total -= bytes;
            dropped.push(field);
        }
        if !dropped.is_empty() {
            dropped.sort_unstable();
            write_without(record, limit, &dropped, out, None);
        }
        out.flag(FLAG_TRUNCATED);
        Verdict::Changed
    }
}

/// Writes an event with its texts cut and without the top-level fields of these numbers (sorted). Returns its size;
/// notes the size of each field.
fn write_without(
    record: &Record<'_>,
    limit: usize,
    dropped: &[usize],
    out: &mut RecordWriter,
    mut sizes: Option<&mut Vec<(usize, usize)>>,
) -> usize {
    out.start_like(record);
    let mut tokens = record.tokens();
    if let Some((message, bytes)) = tokens.next_with_bytes() {
        copy_value(&message, bytes, &mut tokens, limit, out);
    }
    let mut field = 0;
    while let Some((token, bytes)) = tokens.next_with_bytes() {
        debug_assert!(!matches!(token.key, Key::None));
        if dropped.binary_search(&field).is_ok() {
            if is_open(&token.value) {
                tokens.skip_container();
            }
        } else {
            let before = out.bytes().len();
            copy_value(&token, bytes, &mut tokens, limit, out);
            if let Some(sizes) = &mut sizes {
                sizes.push((out.bytes().len() - before, field));
            }
        }
        field += 1;
    }
    out.bytes().len()
}
