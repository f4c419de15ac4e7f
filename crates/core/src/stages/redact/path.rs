//! Paths such as `user.email`, `items[*].card`, `**.ssn`, `a["b.c"]`, and a machine that follows all of them
//! at once.
//!
//! The machine is a bit-parallel automaton (Baeza-Yates and Gonnet, *A new approach to text searching*, 1992):
//! a bit stands for a place in a path, and one step into a container moves all bits with a shift and two
//! masks. No path spans two words, so that no bit has to be carried from one to the other.

use super::key_name::Folded;

/// Segments of one path, at most.
const MAX_SEGMENTS: usize = 60;
/// Words of the machine, at most: some 300 paths of three segments.
const MAX_WORDS: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// A name in any spelling, folded.
    Name(String),
    /// Exactly this key.
    Exact(String),
    /// An index of an array, or the key of that name.
    Index(u32),
    /// Any one key or index.
    Any,
    /// Any number of them, none included.
    Deep,
}

/// What is wrong with a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// Position in characters, from 1.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

fn parse(path: &str) -> Result<Vec<Segment>, PathError> {
    let characters: Vec<char> = path.chars().collect();
    let mut segments: Vec<Segment> = Vec::new();
    let mut at = 0;
    let error = |at: usize, expected| {
        Err(PathError {
            at: at + 1,
            expected,
        })
    };
    if characters.is_empty() {
        return error(0, "a path such as user.email");
    }
    while at < characters.len() {
        let segment = if characters.get(at) == Some(&'[') {
            let (segment, end) = bracket(&characters, at)?;
            at = end;
            segment
        } else {
            if at > 0 {
                if characters.get(at) != Some(&'.') {
                    return error(at, "a dot or [");
                }
                at += 1;
            }
            let start = at;
            while characters
                .get(at)
                .is_some_and(|c| !matches!(c, '.' | '[' | ']'))
            {
                at += 1;
            }
            let name: String = characters
                .get(start..at)
                .unwrap_or_default()
                .iter()
                .collect();
            if name.is_empty() {
                return error(start, "a name, *, ** or [");
            }
            if name.contains('*') && name != "*" && name != "**" {
                return error(
                    start,
                    "* or ** on its own; names with a * go between [\" and \"]",
                );
            }
            plain(name)
        };
        if !(segment == Segment::Deep && segments.last() == Some(&Segment::Deep)) {
            segments.push(segment);
        }
    }
    if segments.last() == Some(&Segment::Deep) {
        // `a.**` is everything below `a`.
        segments.push(Segment::Any);
    }
    if segments.len() > MAX_SEGMENTS {
        return error(0, "at most 60 segments");
    }
    Ok(segments)
}

fn plain(name: String) -> Segment {
    match name.as_str() {
        "*" => Segment::Any,
        "**" => Segment::Deep,
        digits if digits.len() < 10 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_or(Segment::Exact(name), Segment::Index)
        }
        _ => {
            let folded = Folded::of(&name);
            if folded.text().is_empty() {
                Segment::Exact(name)
            } else {
                Segment::Name(folded.text().to_owned())
            }
        }
    }
}

/// Reads `[*]`, `[7]`, `["a.b"]` or `['a.b']` at `start`; the segment and where it ends.
fn bracket(characters: &[char], start: usize) -> Result<(Segment, usize), PathError> {
    let error = |at: usize, expected| {
        Err(PathError {
            at: at + 1,
            expected,
        })
    };
    let inside = start + 1;
    let until = |from: usize, wanted: char| {
        let rest = characters.get(from..).unwrap_or_default();
        rest.iter().position(|&c| c == wanted).map(|at| from + at)
    };
    if let Some(&quote @ ('"' | '\'')) = characters.get(inside) {
        let Some(end) = until(inside + 1, quote) else {
            return error(inside, "a closing quote");
        };
        if characters.get(end + 1) != Some(&']') {
            return error(end + 1, "]");
        }
        let name = characters.get(inside + 1..end).unwrap_or_default();
        return Ok((Segment::Exact(name.iter().collect()), end + 2));
    }
    let Some(end) = until(inside, ']') else {
        return error(characters.len(), "]");
    };
    let text: String = characters
        .get(inside..end)
        .unwrap_or_default()
        .iter()
        .collect();
    let segment = match text.as_str() {
        "*" => Segment::Any,
        "**" => Segment::Deep,
        _ => match text.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => return error(inside, "*, an index, or a name in quotes"),
        },
    };
    Ok((segment, end + 1))
}

/// All paths of a stage. Paths that redact and paths that are allowed share the machine.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// Number of the word, bit of the first segment, segments, rule; no rule for an allowed path.
    paths: Vec<(usize, u32, Vec<Segment>, Option<u16>)>,
    words: usize,
    /// Bits used of the last word.
    used: u32,
    start: Vec<u64>,
    stars: Vec<u64>,
    deep: Vec<u64>,
    ends: Vec<u64>,
    allowed: Vec<u64>,
    allowed_ends: Vec<u64>,
    has_indexes: bool,
    has_allowed: bool,
}

/// What a step into a container has led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The rule of a path that ends here.
    pub rule: Option<u16>,
    /// An allowed path ends here.
    pub allowed: bool,
    /// An allowed path may end further inside.
    pub towards_allowed: bool,
    /// Some path may end further inside.
    pub alive: bool,
}

impl Paths {
    /// Adds a path; those without a rule are allowed ones.
    ///
    /// # Errors
    /// Where the path is wrong, and what was expected there.
    pub fn add(&mut self, path: &str, rule: Option<u16>) -> Result<(), PathError> {
        let segments = parse(path)?;
        let needed = u32::try_from(segments.len() + 1).unwrap_or(u32::MAX);
        if self.words == 0 || self.used + needed > u64::BITS {
            if self.words == MAX_WORDS {
                return Err(PathError {
                    at: 1,
                    expected: "fewer paths",
                });
            }
            self.words += 1;
            self.used = 0;
            for masks in [
                &mut self.start,
                &mut self.stars,
                &mut self.deep,
                &mut self.ends,
                &mut self.allowed,
                &mut self.allowed_ends,
            ] {
                masks.push(0);
            }
        }
        let (word, first) = (self.words - 1, self.used);
        self.used += needed;
        let bit = |at: usize| 1u64 << (first as usize + at);
        let set = |masks: &mut Vec<u64>, bits: u64| {
            if let Some(mask) = masks.get_mut(word) {
                *mask |= bits;
            }
        };
        set(&mut self.start, bit(0));
        for (at, segment) in segments.iter().enumerate() {
            match segment {
                Segment::Any => set(&mut self.stars, bit(at)),
                Segment::Deep => set(&mut self.deep, bit(at)),
                Segment::Index(_) => self.has_indexes = true,
                _ => {}
            }
            if rule.is_none() {
                set(&mut self.allowed, bit(at));
            }
        }
        let end = bit(segments.len());
        if rule.is_none() {
            self.has_allowed = true;
            set(&mut self.allowed_ends, end);
        } else {
            set(&mut self.ends, end);
        }
        // No segment may start where nothing was skipped yet.
        if segments.first() == Some(&Segment::Deep) {
            set(&mut self.start, bit(1));
        }
        self.paths.push((word, first, segments, rule));
        Ok(())
    }

    /// Words of a state. 0 when there is no path.
    pub fn words(&self) -> usize {
        self.words
    }

    /// Whether only what some path allows may stay.
    pub fn has_allowed(&self) -> bool {
        self.has_allowed
    }

    /// The state at the top of an event.
    pub fn start(&self) -> &[u64] {
        &self.start
    }

    /// Segments that an array index may match beside `*`.
    pub fn has_indexes(&self) -> bool {
        self.has_indexes
    }

    /// Sets the bits of the segments that a key matches.
    pub fn key_mask(&self, key: &str, folded: &Folded, mask: &mut Vec<u64>) {
        self.mask(mask, |segment| match segment {
            Segment::Name(name) => name == folded.text(),
            Segment::Exact(name) => name == key,
            Segment::Index(index) => {
                key.len() < 11 && key.parse() == Ok(*index) && !key.starts_with('+')
            }
            Segment::Any => true,
            Segment::Deep => false,
        });
    }

    /// Sets the bits of the segments that an index of an array matches.
    pub fn index_mask(&self, index: u32, mask: &mut Vec<u64>) {
        self.mask(mask, |segment| match segment {
            Segment::Index(wanted) => *wanted == index,
            Segment::Any => true,
            _ => false,
        });
    }

    /// The bits of segments that match any key.
    pub fn stars(&self) -> &[u64] {
        &self.stars
    }

    fn mask(&self, mask: &mut Vec<u64>, matches: impl Fn(&Segment) -> bool) {
        mask.clear();
        mask.resize(self.words, 0);
        for (word, first, segments, _) in &self.paths {
            for (at, segment) in segments.iter().enumerate() {
                if matches(segment) {
                    if let Some(bits) = mask.get_mut(*word) {
                        *bits |= 1 << (*first as usize + at);
                    }
                }
            }
        }
    }

    /// Steps from a state over a key or index with this mask into `next`.
    #[inline]
    pub fn step(&self, state: &[u64], mask: &[u64], next: &mut [u64]) -> Arrival {
        let mut arrival = Arrival::default();
        let masks = self.deep.iter().zip(&self.ends);
        let allowed = self.allowed.iter().zip(&self.allowed_ends);
        let states = state.iter().zip(mask).zip(next.iter_mut());
        for (word, (((&state, &mask), next), ((&deep, &ends), (&allowed, &allowed_ends)))) in
            states.zip(masks.zip(allowed)).enumerate()
        {
            let mut bits = (state & mask) << 1 | (state & deep);
            bits |= (bits & deep) << 1;
            arrival.alive |= bits & !(ends | allowed_ends) != 0;
            arrival.allowed |= bits & allowed_ends != 0;
            arrival.towards_allowed |= bits & allowed != 0;
            if bits & ends != 0 && arrival.rule.is_none() {
                arrival.rule = self.rule_at(word, bits & ends);
            }
            *next = bits;
        }
        arrival
    }

    #[cold]
    fn rule_at(&self, word: usize, ends: u64) -> Option<u16> {
        self.paths.iter().find_map(|(of, first, segments, rule)| {
            let end = 1u64 << (*first as usize + segments.len());
            (*of == word && ends & end != 0).then_some(*rule)?
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    /// Whether a path ends at a place; numbers are indexes of arrays.
    fn reaches(path: &str, place: &[&str]) -> bool {
        let mut paths = Paths::default();
        // Others around it, so that bits of different paths could get mixed up.
        paths.add("x.y.z", Some(1)).unwrap();
        paths.add(path, Some(7)).unwrap();
        paths.add("q[3].**.w", Some(2)).unwrap();
        let mut state = paths.start().to_vec();
        let mut mask = Vec::new();
        let mut arrival = Arrival::default();
        for key in place {
            match key.strip_prefix('#') {
                Some(index) => paths.index_mask(index.parse().unwrap(), &mut mask),
                None => paths.key_mask(key, &Folded::of(key), &mut mask),
            }
            let mut next = vec![0; state.len()];
            arrival = paths.step(&state, &mask, &mut next);
            state = next;
        }
        arrival.rule == Some(7)
    }

    #[test]
    fn paths_end_where_they_say() {
        for (path, place) in [
            ("a", &["a"] as &[&str]),
            ("user.email", &["user", "email"]),
            ("user.email", &["User", "E-Mail"]),
            ("user.accessToken", &["user", "access_token"]),
            ("*.ssn", &["a", "ssn"]),
            ("**.ssn", &["ssn"]),
            ("**.ssn", &["a", "ssn"]),
            ("**.ssn", &["a", "#4", "b", "ssn"]),
            ("a.**.b", &["a", "b"]),
            ("a.**.b", &["a", "x", "#1", "b"]),
            ("a.**", &["a", "x"]),
            ("a.**", &["a", "x", "y"]),
            ("items[*].card", &["items", "#3", "card"]),
            ("items[0].x", &["items", "#0", "x"]),
            ("items.0.x", &["items", "#0", "x"]),
            ("items[0]", &["items", "0"]),
            ("a[\"b.c\"]", &["a", "b.c"]),
            ("a['b-c'].d", &["a", "b-c", "d"]),
            ("[\"x-api-key\"]", &["x-api-key"]),
            ("[*].a", &["k", "a"]),
            ("a.*.c", &["a", "b", "c"]),
            ("a.*", &["a", "b"]),
            ("*", &["a"]),
            (
                "err.config.headers.authorization",
                &["err", "config", "headers", "Authorization"],
            ),
            ("**.**.a", &["a"]),
            ("a[**].b", &["a", "b"]),
        ] {
            assert!(reaches(path, place), "{path} at {place:?}");
        }
    }

    #[test]
    fn paths_end_nowhere_else() {
        for (path, place) in [
            ("a", &["b"] as &[&str]),
            ("a", &["b", "a"]),
            ("a", &["a", "b"]),
            ("user.email", &["email"]),
            ("user.email", &["x", "user", "email"]),
            ("*.ssn", &["ssn"]),
            ("*.ssn", &["a", "b", "ssn"]),
            ("**.ssn", &["ssn", "a"]),
            ("a.**.b", &["b"]),
            ("a.**", &["a"]),
            ("items[0].x", &["items", "#1", "x"]),
            ("items[0].x", &["items", "#10", "x"]),
            ("a[\"b.c\"]", &["a", "b", "c"]),
            ("a[\"bC\"]", &["a", "b_c"]),
            ("*", &["a", "b"]),
            ("a.*.c", &["a", "c"]),
        ] {
            assert!(!reaches(path, place), "{path} at {place:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_position() {
        for (path, at) in [
            ("", 1),
            (".a", 1),
            ("a.", 3),
            ("a..b", 3),
            ("a[", 3),
            ("a[b]", 3),
            ("a[0", 4),
            ("a[\"b]", 3),
            ("a[\"b\"", 6),
            ("a]", 2),
            ("a[0]b", 5),
            ("a.b*", 3),
            ("a.***", 3),
        ] {
            let error = Paths::default().add(path, Some(0)).unwrap_err();
            assert_eq!(error.at, at, "{path}: {}", error.expected);
        }
    }

    #[test]
    fn hundreds_of_paths_are_followed_at_once_and_too_many_refused() {
        let mut paths = Paths::default();
        let mut added = 0u16;
        while paths.add(&format!("a.k{added}.x"), Some(added)).is_ok() {
            added += 1;
        }
        assert_eq!(added, 256);
        let mut mask = Vec::new();
        for wanted in [0, 15, 16, 255] {
            let mut state = paths.start().to_vec();
            let mut rule = None;
            for key in ["a", &format!("k{wanted}"), "x"] {
                paths.key_mask(key, &Folded::of(key), &mut mask);
                let mut next = vec![0; paths.words()];
                rule = paths.step(&state, &mask, &mut next).rule;
                state = next;
            }
            assert_eq!(rule, Some(wanted));
        }
    }

    #[test]
    fn allowed_paths_are_told_from_the_others() {
        let mut paths = Paths::default();
        paths.add("a.secret", Some(0)).unwrap();
        paths.add("a.b", None).unwrap();
        let mut mask = Vec::new();
        paths.key_mask("a", &Folded::of("a"), &mut mask);
        let mut inside = [0];
        let a = paths.step(paths.start(), &mask, &mut inside);
        assert!(!a.allowed && a.towards_allowed && a.alive);
        paths.key_mask("b", &Folded::of("b"), &mut mask);
        let b = paths.step(&inside, &mask, &mut [0]);
        assert!(b.allowed && !b.towards_allowed && !b.alive);
        paths.key_mask("c", &Folded::of("c"), &mut mask);
        assert_eq!(paths.step(&inside, &mask, &mut [0]), Arrival::default());
    }
}
