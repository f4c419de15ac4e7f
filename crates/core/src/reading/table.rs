//! Aligns the cells of a table whose rows come in chunks.
//!
//! The widths are those of the first chunk that has rows, so that memory stays flat; cells that are wider later
//! on are cut, with an ellipsis.

use super::printer::CELL_END;

/// Widest column, in characters. The last column is never cut.
const MAX_WIDTH: usize = 60;

/// Aligns chunks of rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    widths: Vec<usize>,
}

impl Table {
    /// The rows of `chunk`, aligned.
    pub(super) fn align(&mut self, chunk: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(chunk);
        let rows = || {
            text.lines()
                .map(|row| row.split_terminator(char::from(CELL_END)))
        };
        if self.widths.is_empty() {
            for row in rows() {
                for (column, cell) in row.enumerate() {
                    let width = cell.chars().count().min(MAX_WIDTH);
                    match self.widths.get_mut(column) {
                        Some(widest) => *widest = width.max(*widest),
                        None => self.widths.push(width),
                    }
                }
            }
        }
        let mut out = Vec::with_capacity(chunk.len() * 2);
        for row in rows() {
            let last = self.widths.len().saturating_sub(1);
            for (column, cell) in row.enumerate() {
                let width = self.widths.get(column).copied().unwrap_or(0);
                let length = cell.chars().count();
                if column == last {
                    out.extend_from_slice(cell.as_bytes());
                } else if length <= width {
                    out.extend_from_slice(cell.as_bytes());
                    out.resize(out.len() + width - length + 2, b' ');
                } else {
                    let kept = width.saturating_sub(1);
                    out.extend(cell.chars().take(kept).collect::<String>().as_bytes());
                    out.extend_from_slice("…  ".as_bytes());
                }
            }
            while out.last() == Some(&b' ') {
                out.pop();
            }
            out.push(b'\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_the_widths_of_the_first_rows() {
        let mut table = Table::default();
        let first = table.align("a\u{1f}name\u{1f}x\u{1f}\nbb\u{1f}é\u{1f}\u{1f}\n".as_bytes());
        assert_eq!(String::from_utf8_lossy(&first), "a   name  x\nbb  é\n");
        let later = table.align("ccc\u{1f}d\u{1f}long last\u{1f}\n".as_bytes());
        assert_eq!(String::from_utf8_lossy(&later), "c…  d     long last\n");
    }
}
