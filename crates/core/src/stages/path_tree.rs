//! Several paths at once: which of them, if any, a field is at.

use crate::wire::{Key, Record, RecordWriter, Token, Tokens, Value};

use super::field_path::names;

/// Names of fields, each with what it stands for.
#[derive(Clone, Debug)]
pub struct PathTree<T> {
    children: Vec<(Box<str>, PathTree<T>)>,
    here: Option<T>,
}

impl<T> Default for PathTree<T> {
    fn default() -> Self {
        Self {
            children: Vec::new(),
            here: None,
        }
    }
}

impl<T: Clone> PathTree<T> {
    /// Adds a path, names joined by dots, and the top-level field that has those dots in its own name.
    pub fn add(&mut self, path: &str, what: T) {
        if path.contains('.') {
            self.child(path).here = Some(what.clone());
        }
        let mut node = self;
        for name in path.split('.') {
            node = node.child(name);
        }
        node.here = Some(what);
    }

    fn child(&mut self, name: &str) -> &mut Self {
        let at = self.children.iter().position(|(known, _)| **known == *name);
        let at = at.unwrap_or_else(|| {
            self.children.push((name.into(), Self::default()));
            self.children.len() - 1
        });
        // `at` is the place of a child that there is.
        #[allow(clippy::indexing_slicing, reason = "found or pushed right above")]
        &mut self.children[at].1
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    fn get(&self, key: Key<'_>) -> Option<&Self> {
        self.children
            .iter()
            .find(|(name, _)| names(key, name))
            .map(|(_, node)| node)
    }

    /// Whether an event has any of the fields.
    pub fn is_in(&self, record: &Record<'_>) -> bool {
        let mut tokens = record.tokens();
        if tokens.next().is_none() || tokens.depth() > 0 {
            return false;
        }
        self.is_below(&mut tokens)
    }

    fn is_below(&self, tokens: &mut Tokens<'_>) -> bool {
        while let Some(token) = tokens.next() {
            if let Value::Close = token.value {
                return false;
            }
            let opens = is_open(&token.value);
            let node = self.get(token.key);
            if node.is_some_and(|node| node.here.is_some()) {
                return true;
            }
            // What `is_below` has looked through it has read to the end.
            let inside = node.filter(|_| opens && !matches!(token.value, Value::ArrayStart));
            if inside.is_some_and(|node| node.is_below(tokens)) {
                return true;
            }
            if opens && inside.is_none() {
                tokens.skip_container();
            }
        }
        false
    }

    /// Writes an event anew; `change` writes the fields at the paths: it gets what the path stands for, the first
    /// token and its bytes, and the tokens behind, which it reads to the end of the value.
    pub fn rewrite<'a>(
        &self,
        record: &Record<'a>,
        out: &mut RecordWriter,
        mut change: impl FnMut(&T, &Token<'a>, &'a [u8], &mut Tokens<'a>, usize, &mut RecordWriter),
    ) {
        out.start_like(record);
        let mut tokens = record.tokens();
        let Some((_, message)) = tokens.next_with_bytes() else {
            return;
        };
        out.copy(message);
        let mut nodes: Vec<Option<&Self>> = vec![Some(self)];
        while let Some((token, bytes)) = tokens.next_with_bytes() {
            if let Value::Close = token.value {
                nodes.pop();
                out.copy(bytes);
                continue;
            }
            let node = nodes
                .last()
                .copied()
                .flatten()
                .and_then(|node| node.get(token.key));
            if let Some(what) = node.and_then(|node| node.here.as_ref()) {
                change(what, &token, bytes, &mut tokens, nodes.len() - 1, out);
                continue;
            }
            if is_open(&token.value) {
                let inner = node.filter(|_| !matches!(token.value, Value::ArrayStart));
                nodes.push(inner);
            }
            out.copy(bytes);
        }
    }
}

/// Whether a value has entries that follow.
pub fn is_open(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::ObjectStart | Value::ArrayStart | Value::ErrorStart
    )
}

/// Copies what is left of a container that a token has opened, its end included.
pub fn copy_rest(tokens: &mut Tokens<'_>, out: &mut RecordWriter) {
    let outside = tokens.depth().saturating_sub(1);
    while tokens.depth() > outside {
        let Some((_, bytes)) = tokens.next_with_bytes() else {
            break;
        };
        out.copy(bytes);
    }
}
