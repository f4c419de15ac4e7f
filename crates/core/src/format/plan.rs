//! Which top-level fields a single pass has to leave out, found by a look at their keys alone.
//!
//! Fields of a scope come before those of the call and may be repeated by them; context fields belong
//! elsewhere. Most such events have a handful of fields with interned keys, for which a bit mask
//! and a few comparisons of ids do; the others take the way through `fields`.

use super::fields::Field;
use super::json_value::{skip, Dialect};
use crate::wire::layout::CONTEXT_KEYS;
use crate::wire::{Key, Tokens};

/// Fields that the mask has bits for.
const MAX_FIELDS: usize = u64::BITS as usize;

/// Keys that a [`Distinct`] has room for.
const MAX_DISTINCT: usize = 32;

/// Finds the first key that comes twice. Fields of a scope seldom have the names of those of the call, so that a line is
/// written while its keys are looked at, and only begun anew with a plan when there is one.
#[derive(Debug)]
pub(crate) struct Distinct {
    ids: [u32; MAX_DISTINCT],
    count: usize,
    /// Bit n: an id that is n modulo 64 has been seen.
    seen: u64,
}

impl Distinct {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            ids: [0; MAX_DISTINCT],
            count: 0,
            seen: 0,
        }
    }

    /// Whether a key is none of those before; `false` also where that is not known.
    #[inline(always)]
    pub(crate) fn is_new(&mut self, key: &Key<'_>) -> bool {
        let (Key::Interned(entry), Some(slot)) = (key, self.ids.get_mut(self.count)) else {
            return false;
        };
        let id = entry.id();
        *slot = id;
        let filter = 1u64 << (id % u64::BITS);
        let known = self.seen & filter != 0 && self.ids[..self.count].contains(&id);
        self.seen |= filter;
        self.count += 1;
        !known
    }
}

/// What to do with the fields of one record.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The last field of each context key, if they were asked for; these are also left out.
    pub(crate) context: [Option<Field<'a>>; CONTEXT_KEYS.len()],
    /// Bit n: the n-th top-level field is left out.
    pub(crate) left_out: u64,
}

impl<'a> Plan<'a> {
    /// A plan that leaves nothing out.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            context: [const { None }; CONTEXT_KEYS.len()],
            left_out: 0,
        }
    }

    /// Looks at the fields in `tokens`. `None` if there are too many, or one whose key is not interned, or
    /// the record is damaged. In place, since a plan is large enough for moving it to count.
    pub(crate) fn look(
        &mut self,
        tokens: &Tokens<'a>,
        dialect: Dialect,
        context: bool,
    ) -> Option<()> {
        let plan = self;
        let mut tokens = tokens.clone();
        let mut ids = [0u32; MAX_FIELDS];
        // Bit n: an id that is n modulo 64 has been seen.
        let mut seen = 0u64;
        let mut count = 0usize;
        while let Some(token) = tokens.next() {
            let Key::Interned(entry) = &token.key else {
                return None;
            };
            let slot = ids.get_mut(count)?;
            let bit = 1u64 << count;
            if dialect.omits(&token.value) {
                plan.left_out |= bit;
                count += 1;
                continue;
            }
            let id = entry.id();
            *slot = id;
            let filter = 1u64 << (id % u64::BITS);
            if seen & filter != 0 {
                if let Some(earlier) = ids[..count].iter().position(|&known| known == id) {
                    plan.left_out |= 1 << earlier;
                    ids[earlier] = 0;
                }
            }
            seen |= filter;
            if context {
                let place = entry.context_slot().map(usize::from);
                if let Some(place) = place.and_then(|place| plan.context.get_mut(place)) {
                    let rest = tokens.clone();
                    *place = Some(Field { token, rest });
                    plan.left_out |= bit;
                }
            }
            skip(&token.value, &mut tokens);
            count += 1;
        }
        (!tokens.damaged()).then_some(())
    }
}
