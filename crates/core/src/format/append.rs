//! Appending a few bytes without a call.
//!
//! `extend_from_slice` of a length unknown at compile time calls `memcpy`, which costs more than copying
//! the 4 to 32 bytes of a typical key or value. Two copies of a fixed size that overlap in the middle are
//! single instructions.

/// Appends `bytes`; fastest for up to 32. Not inlined: at many call sites the compiler stops inlining the
/// fixed-size copies instead, which is the whole point of it.
#[inline(never)]
pub(crate) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() > 32 {
        out.extend_from_slice(bytes);
    } else if !(overlapping::<16>(out, bytes)
        || overlapping::<8>(out, bytes)
        || overlapping::<4>(out, bytes))
    {
        for &byte in bytes {
            out.push(byte);
        }
    }
}

/// Appends `N` to `2 * N` bytes; `false` if there are fewer.
#[inline(always)]
fn overlapping<const N: usize>(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
        return false;
    };
    out.extend_from_slice(first);
    out.truncate(out.len() + bytes.len() - 2 * N);
    out.extend_from_slice(last);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_appended_whole() {
        let bytes: Vec<u8> = (0..80).collect();
        for len in 0..bytes.len() {
            let mut out = vec![b'x'; len % 5];
            append(&mut out, &bytes[..len]);
            assert_eq!(out[..len % 5], vec![b'x'; len % 5]);
            assert_eq!(out[len % 5..], bytes[..len]);
        }
    }
}
