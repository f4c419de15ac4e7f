//! Which rule a key falls under, and what is remembered about keys and texts that travel as numbers.

use super::key_name::{Folded, Names};
use super::path::Paths;
use super::scan::{Hit, Scanner};
use super::strategy::Strategy;
use crate::wire::layout::CONTEXT_KEYS;
use crate::wire::{Dictionary, Entry};

/// Keys that travel as text are remembered up to this number, then forgotten at once.
const MAX_REMEMBERED: usize = 4096;
/// Dictionaries that are remembered: one a JavaScript thread. The one not used for longest goes first.
const MAX_DICTIONARIES: usize = 64;

/// What happens to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How it is made unreadable.
    pub strategy: Strategy,
    /// What stands in its place, when that is not the mask of all.
    pub mask: Option<&'static str>,
}

impl Rule {
    /// A rule with the common mask.
    pub fn of(strategy: Strategy) -> Self {
        Self {
            strategy,
            mask: None,
        }
    }
}

/// What is known about a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Number of the rule for whatever stands under it, plus one; 0 for none.
    rule: u16,
    /// Which of the masks of path segments is its own.
    mask: u16,
    /// It belongs to the line's context, not to its data.
    pub is_context: bool,
    /// Names and values take turns in an array of this name (`rawHeaders` of Node.js).
    pub has_pairs: bool,
    /// The key itself looks like a secret.
    pub shows: bool,
}

impl Decision {
    /// The rule of the key itself.
    #[inline]
    pub fn rule(self) -> Option<u16> {
        self.rule.checked_sub(1)
    }

    /// Whether a value may stay under the key, as far as the key can tell, and the key with it.
    #[inline]
    pub fn is_harmless(self) -> bool {
        self.rule == 0 && !self.has_pairs && !self.shows
    }
}

/// All rules of a stage.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    names: Names,
    /// The paths.
    pub paths: Paths,
    /// Masks of path segments, [`Paths::words`] words each; the first is that of keys no path names.
    masks: Vec<u64>,
    folded: Folded,
    scratch: Vec<u64>,
    remembered: std::collections::HashMap<Box<str>, Decision>,
    /// What tells a secret by its looks, if anything does.
    looks: Option<Scanner>,
}

impl Rules {
    /// Rules by number, and the names and paths that refer to them.
    pub fn new(rules: Vec<Rule>, names: Names, paths: Paths) -> Self {
        Self {
            masks: paths.stars().to_vec(),
            rules,
            names,
            paths,
            folded: Folded::default(),
            scratch: Vec::new(),
            remembered: std::collections::HashMap::new(),
            looks: None,
        }
    }

    /// Looks at keys too from now on: at what detectors find, not at what patterns do, which are about texts.
    pub fn look_at_keys(&mut self, scanner: &Scanner) {
        self.looks = scanner.of_keys();
    }

    /// What is secret in a key.
    #[cold]
    #[inline(never)]
    pub fn secrets_in(&mut self, key: &str) -> &[Hit] {
        match &mut self.looks {
            Some(looks) => looks.find(key),
            None => &[],
        }
    }

    /// The rule with a number.
    pub fn get(&self, rule: u16) -> Rule {
        self.rules
            .get(usize::from(rule))
            .copied()
            .unwrap_or(Rule::of(Strategy::Mask))
    }

    /// The names with their rules, for the encoder.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Bits of the path segments that the key matches.
    #[inline]
    pub fn mask(&self, decision: Decision) -> &[u64] {
        let words = self.paths.words();
        let start = usize::from(decision.mask) * words;
        self.masks.get(start..start + words).unwrap_or_default()
    }

    /// Finds out about a key.
    pub fn decide(&mut self, key: &str) -> Decision {
        self.folded.fold(key);
        let mask = if self.paths.words() == 0 {
            0
        } else {
            self.paths.key_mask(key, &self.folded, &mut self.scratch);
            let words = self.paths.words();
            let known = self
                .masks
                .chunks_exact(words)
                .position(|known| known == self.scratch);
            known.unwrap_or_else(|| {
                self.masks.extend_from_slice(&self.scratch);
                self.masks.len() / words - 1
            })
        };
        Decision {
            rule: self.names.find(&self.folded).map_or(0, |rule| rule + 1),
            mask: u16::try_from(mask).unwrap_or(0),
            is_context: CONTEXT_KEYS.contains(&key),
            has_pairs: self.folded.text() == "rawheaders",
            shows: !self.secrets_in(key).is_empty(),
        }
    }

    /// The same for a key that travels as text, which may come again.
    pub fn recall(&mut self, key: &str) -> Decision {
        if let Some(known) = self.remembered.get(key) {
            return *known;
        }
        let decision = self.decide(key);
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(key.into(), decision);
        decision
    }
}

#[derive(Clone, Copy, Default)]
struct Slot {
    decision: Decision,
    is_decided: bool,
    is_clean: bool,
    /// Its words were walked over and nothing was found.
    is_harmless_scope: bool,
}

/// What is remembered about the entries of dictionaries. Entries never change, so nothing here gets stale.
#[derive(Default)]
pub struct Memory {
    dictionaries: Vec<Remembered>,
    current: usize,
    clock: u64,
}

struct Remembered {
    serial: u64,
    used: u64,
    slots: Vec<Slot>,
    /// The same for entries of the pipeline itself, whose ids are far from the others.
    own: Vec<Slot>,
}

impl Memory {
    /// Turns to a dictionary; the following calls are about its entries.
    #[inline]
    pub fn select(&mut self, dictionary: &Dictionary) {
        let serial = dictionary.serial();
        let known = self.dictionaries.get(self.current);
        if known.is_none_or(|known| known.serial != serial) {
            self.turn(serial);
        }
    }

    #[cold]
    fn turn(&mut self, serial: u64) {
        self.clock += 1;
        let known = self
            .dictionaries
            .iter()
            .position(|known| known.serial == serial);
        self.current = known.unwrap_or_else(|| {
            let oldest = (0..self.dictionaries.len())
                .min_by_key(|&at| self.dictionaries.get(at).map_or(0, |known| known.used));
            if let Some(oldest) = oldest.filter(|_| self.dictionaries.len() >= MAX_DICTIONARIES) {
                self.dictionaries.swap_remove(oldest);
            }
            self.dictionaries.push(Remembered {
                serial,
                used: 0,
                slots: Vec::new(),
                own: Vec::new(),
            });
            self.dictionaries.len() - 1
        });
        if let Some(current) = self.dictionaries.get_mut(self.current) {
            current.used = self.clock;
        }
    }

    #[inline(always)]
    fn slot(&mut self, entry: &Entry) -> Option<&mut Slot> {
        let current = self.dictionaries.get_mut(self.current)?;
        let (slots, at) = match entry.own_index() {
            None => (&mut current.slots, entry.id() as usize),
            Some(at) => (&mut current.own, at),
        };
        if at >= slots.len() {
            slots.resize(at + 1, Slot::default());
        }
        slots.get_mut(at)
    }

    /// What is known about a key.
    #[inline(always)]
    pub fn decision(&mut self, entry: &Entry, rules: &mut Rules) -> Decision {
        let Some(slot) = self.slot(entry) else {
            return rules.decide(entry.text());
        };
        if !slot.is_decided {
            slot.decision = rules.decide(entry.text());
            slot.is_decided = true;
        }
        slot.decision
    }

    /// Whether a text was found to hold no secret.
    #[inline]
    pub fn is_clean(&mut self, entry: &Entry) -> bool {
        self.slot(entry).is_some_and(|slot| slot.is_clean)
    }

    /// What is known about the entry with an id, without a look at the dictionary; nothing about the pipeline's own.
    #[inline(always)]
    fn known(&self, id: u32) -> Slot {
        let current = self.dictionaries.get(self.current);
        let slot = current.and_then(|current| current.slots.get(id as usize));
        slot.copied().unwrap_or_default()
    }

    /// Whether a key is known to be one that no rule is about.
    #[inline(always)]
    pub fn is_harmless_key(&self, id: u32) -> bool {
        let slot = self.known(id);
        slot.is_decided && slot.decision.is_harmless()
    }

    /// Whether a text is known to hold no secret.
    #[inline(always)]
    pub fn is_clean_text(&self, id: u32) -> bool {
        self.known(id).is_clean
    }

    /// Whether a scope is known to hold nothing that is to be redacted.
    #[inline(always)]
    pub fn is_harmless_scope(&self, id: u32) -> bool {
        self.known(id).is_harmless_scope
    }

    /// Remembers that it holds none.
    pub fn set_harmless_scope(&mut self, entry: &Entry) {
        if let Some(slot) = self.slot(entry) {
            slot.is_harmless_scope = true;
        }
    }

    /// Remembers that it holds none.
    pub fn set_clean(&mut self, entry: &Entry) {
        if let Some(slot) = self.slot(entry) {
            slot.is_clean = true;
        }
    }
}
