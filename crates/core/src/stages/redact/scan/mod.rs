//! Finds secrets by their looks, in text.
//!
//! Most text holds none, so the first look only rules out: one pass that the compiler turns into vector
//! instructions counts digits and finds the few characters without which no detector can match, and a second
//! one that touches every tenth byte looks for a long word. Only what is left is read in earnest. Everything
//! is linear in the length of the text.

mod email;
mod features;
mod iban;
mod numbers;
mod patterns;
mod tokens;
mod unfold;
mod url;

use serde::Deserialize;

pub use numbers::is_card_number;
pub use patterns::Patterns;

use super::key_name::Names;
use super::strategy::{Censor, Strategy};
use features::Features;
use unfold::Unfolded;
use url::Query;

/// A kind of secret that is known by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Detector {
    /// Payment card numbers: 13 to 19 digits, of a known issuer range, with a valid Luhn digit.
    Card,
    /// International bank account numbers of a known country's length, with valid check digits.
    Iban,
    /// E-mail addresses.
    Email,
    /// Telephone numbers in international notation, from the `+` on.
    Phone,
    /// United States social security numbers, written 3-2-4.
    Ssn,
    /// JSON Web Tokens, signed or encrypted.
    Jwt,
    /// Private keys in PEM armour.
    PrivateKey,
    /// Keys of well-known services, known by their prefix.
    ApiKey,
    /// What follows `Bearer` or `Basic`.
    Authorization,
    /// User names and passwords in URLs, and query parameters with the names of credentials.
    Url,
}

const DETECTORS: usize = 10;

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What is to become of it.
    pub strategy: Strategy,
}

/// Features of a text without which none of the detectors in use can match.
#[derive(Clone, Copy, Debug, Default)]
struct Needs {
    digits: bool,
    word: bool,
    at: bool,
    query: bool,
}

/// Looks for everything that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    strategies: [Option<Strategy>; DETECTORS],
    /// What some detector needs.
    needs: Needs,
    patterns: Patterns,
    query: Query,
    hits: Vec<Hit>,
    unfolded: Unfolded,
}

impl Scanner {
    /// A scanner with the user's patterns that knows secret query parameters by `names`.
    pub fn new(patterns: Patterns, names: Names) -> Self {
        Self {
            patterns,
            query: Query::new(names),
            ..Self::default()
        }
    }

    /// Looks for a kind of secret from now on; the first strategy given counts.
    pub fn add(&mut self, detector: Detector, strategy: Strategy) {
        if let Some(slot) = self.strategies.get_mut(detector as usize) {
            slot.get_or_insert(strategy);
        }
        let needs = &mut self.needs;
        match detector {
            Detector::Card | Detector::Ssn | Detector::Phone => needs.digits = true,
            Detector::Iban => (needs.digits, needs.word) = (true, true),
            Detector::Email => needs.at = true,
            Detector::Url => (needs.at, needs.query) = (true, true),
            _ => needs.word = true,
        }
    }

    fn strategy(&self, detector: Detector) -> Option<Strategy> {
        self.strategies.get(detector as usize).copied().flatten()
    }

    /// The strategy for card numbers, which numbers may be too.
    pub fn card(&self) -> Option<Strategy> {
        self.strategy(Detector::Card)
    }

    /// Whether nothing is looked for.
    pub fn is_idle(&self) -> bool {
        self.strategies.iter().all(Option::is_none) && self.patterns.is_empty()
    }

    /// The same detectors without patterns, for keys; `None` if there are none.
    #[cold]
    pub fn of_keys(&self) -> Option<Self> {
        let some = self.strategies.iter().any(Option::is_some);
        some.then(|| Self {
            patterns: Patterns::default(),
            ..self.clone()
        })
    }

    /// Whether text holds nothing that is looked for. Never wrong about a `true`; what is not ASCII is not looked at
    /// here.
    #[inline]
    pub fn is_clean(&mut self, text: &[u8]) -> bool {
        self.has_no_looks(text) && (self.patterns.is_empty() || self.patterns.match_nothing(text))
    }

    /// Whether text holds nothing that looks like a secret; patterns aside.
    #[inline(always)]
    fn has_no_looks(&mut self, text: &[u8]) -> bool {
        let (needs, features) = (self.needs, Features::of(text));
        if features.high {
            return false;
        }
        let has_long_word = needs.word
            && if features.solid {
                text.len() >= features::LONG_WORD
            } else {
                features::has_long_word(text)
            };
        // The only word there is begins in no way that is known.
        let is_id = features.solid && features.digits < 9 && !tokens::may_begin(text);
        if is_id && (self.strategy(Detector::Iban).is_none() || text.len() < 15) {
            return true;
        }
        let asks = (needs.digits && features.has_numbers())
            || (needs.at && features.at)
            || (needs.query && features.query)
            || has_long_word;
        !asks || self.has_no_hit(text, features, has_long_word)
    }

    /// Looks closely, without a copy of the text: most of what asks for it is an id or an ordinary URL.
    #[inline(never)]
    fn has_no_hit(&mut self, text: &[u8], features: Features, has_long_word: bool) -> bool {
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        self.detect(text, features, has_long_word, &mut hits);
        let none = hits.is_empty();
        self.hits = hits;
        none
    }

    /// Finds what is looked for, in order and without overlaps.
    #[inline(never)]
    pub fn find(&mut self, text: &str) -> &[Hit] {
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        if text.is_ascii() {
            let text = text.as_bytes();
            self.detect(
                text,
                Features::of(text),
                features::has_long_word(text),
                &mut hits,
            );
        } else {
            let mut unfolded = std::mem::take(&mut self.unfolded);
            unfolded.unfold(text);
            let text = unfolded.bytes();
            self.detect(
                text,
                Features::of(text),
                features::has_long_word(text),
                &mut hits,
            );
            for hit in &mut hits {
                (hit.start, hit.end) = unfolded.original(hit.start, hit.end);
            }
            self.unfolded = unfolded;
        }
        self.patterns.find(text, &mut hits);
        settle(&mut hits);
        self.hits = hits;
        &self.hits
    }

    fn detect(
        &mut self,
        text: &[u8],
        features: Features,
        has_long_word: bool,
        hits: &mut Vec<Hit>,
    ) {
        let mut out = |strategy: Option<Strategy>, start: usize, end: usize| {
            if let Some(strategy) = strategy {
                hits.push(Hit {
                    start,
                    end,
                    strategy,
                });
            }
        };
        if has_long_word && (!features.solid || tokens::may_begin(text)) {
            let (jwt, pem) = (
                self.strategy(Detector::Jwt),
                self.strategy(Detector::PrivateKey),
            );
            if pem.is_some() {
                tokens::private_keys(text, |start, end| out(pem, start, end));
            }
            let (key, authorization) = (
                self.strategy(Detector::ApiKey),
                self.strategy(Detector::Authorization),
            );
            if jwt.is_some() || key.is_some() || authorization.is_some() {
                tokens::find(text, |kind, start, end| {
                    let strategy = match kind {
                        Detector::Jwt => jwt,
                        Detector::ApiKey => key,
                        _ => authorization,
                    };
                    out(strategy, start, end);
                });
            }
        }
        if features.digits >= 9 {
            let (card, ssn) = (self.strategy(Detector::Card), self.strategy(Detector::Ssn));
            if card.is_some() || ssn.is_some() {
                numbers::cards_and_ssns(text, |is_card, start, end| {
                    out(if is_card { card } else { ssn }, start, end);
                });
            }
        }
        if features.digits >= 9 || has_long_word {
            if let iban @ Some(_) = self.strategy(Detector::Iban) {
                iban::find(text, |start, end| out(iban, start, end));
            }
        }
        if features.plus && features.digits >= 7 {
            if let phone @ Some(_) = self.strategy(Detector::Phone) {
                numbers::phones(text, |start, end| out(phone, start, end));
            }
        }
        if features.at {
            if let email @ Some(_) = self.strategy(Detector::Email) {
                email::find(text, |start, end| out(email, start, end));
            }
        }
        if features.at || features.query {
            if let url @ Some(_) = self.strategy(Detector::Url) {
                if features.at {
                    url::user_info(text, |start, end| out(url, start, end));
                }
                if features.query {
                    self.query.find(text, |start, end| out(url, start, end));
                }
            }
        }
    }
}

/// Puts hits in order; of those that overlap, what they cover together is one hit of the first one's strategy,
/// so that nothing of either is left.
fn settle(hits: &mut Vec<Hit>) {
    if hits.len() < 2 {
        return;
    }
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    hits.dedup_by(|later, earlier| {
        let overlaps = later.start < earlier.end;
        if overlaps {
            earlier.end = earlier.end.max(later.end);
        }
        overlaps
    });
}

/// The text with every hit replaced.
pub fn replace(text: &str, hits: &[Hit], censor: &Censor) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for hit in hits {
        out.push_str(text.get(at..hit.start).unwrap_or_default());
        let secret = text.get(hit.start..hit.end).unwrap_or_default();
        censor.write(hit.strategy, secret, &mut out);
        at = hit.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
