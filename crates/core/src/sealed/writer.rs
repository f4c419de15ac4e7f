//! Writes an encrypted file at once, from its start to its end.

use std::io::{self, Write};

use super::{content_of, FileKey, Tag, END, LINES, MAX_CONTENT};

/// Encrypts what is written and passes it on.
#[derive(Debug)]
pub struct SealedWriter<'a, W> {
    output: W,
    key: &'a FileKey,
    tag: Tag,
    /// Not yet in a frame.
    pending: Vec<u8>,
    frame: Vec<u8>,
}

impl<'a, W: Write> SealedWriter<'a, W> {
    /// Writes the start of the file.
    ///
    /// # Errors
    /// Those of writing.
    pub fn new(mut output: W, key: &'a FileKey) -> io::Result<Self> {
        let (header, tag) = key.start()?;
        output.write_all(&header)?;
        Ok(Self {
            output,
            key,
            tag,
            pending: Vec::with_capacity(MAX_CONTENT),
            frame: Vec::new(),
        })
    }

    /// Writes what is left, and with `complete` that nothing is missing.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(mut self, complete: bool) -> io::Result<W> {
        self.flush()?;
        if complete {
            self.frame.clear();
            self.key.seal(END, b"", &mut self.tag, &mut self.frame)?;
            self.output.write_all(&self.frame)?;
        }
        Ok(self.output)
    }
}

impl<W: Write> Write for SealedWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MAX_CONTENT.saturating_sub(self.pending.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.pending.extend_from_slice(taken);
        if self.pending.len() >= MAX_CONTENT {
            self.flush()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut rest = self.pending.as_slice();
        while !rest.is_empty() {
            let content = content_of(rest);
            self.frame.clear();
            self.key
                .seal(LINES, content, &mut self.tag, &mut self.frame)?;
            self.output.write_all(&self.frame)?;
            rest = rest.get(content.len()..).unwrap_or_default();
        }
        self.pending.clear();
        self.output.flush()
    }
}
