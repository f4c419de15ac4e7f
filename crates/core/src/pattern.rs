//! Regular expressions of the user: those of the crate `regex`, matched in linear time whatever they are.
//!
//! Its table for `(?i)` beyond ASCII would be a twentieth of the addon. Expressions are rewritten instead, so that letters
//! of ASCII in the reach of `(?i)` stand for both cases (`(?i)key` becomes `[kK][eE][yY]`); other letters that have two
//! cases are refused there, rather than matched in one of them only.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::print::Printer;
use regex_syntax::ast::{
    Ast, ClassAscii, ClassAsciiKind, ClassBracketed, ClassSet, ClassSetItem, ClassSetRange,
    ClassSetUnion, Flag, Flags, FlagsItemKind, GroupKind, Literal, LiteralKind, Span,
};

/// Bytes of one compiled expression, at most.
const SIZE_LIMIT: usize = 1 << 20;
/// Bytes of the automaton that matching may build, for each expression, before it falls back to a slower one.
const DFA_LIMIT: usize = 1 << 20;
/// Groups within groups, at most.
const NEST_LIMIT: u32 = 50;

/// Compiles an expression.
///
/// # Errors
/// Why it is none, for people.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&both_cases(pattern)?)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(DFA_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| reason(&error))
}

/// Compiles several expressions that [`compile`] takes into one that tells which of them match.
///
/// # Errors
/// Why that cannot be done, for people.
pub fn compile_set<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<RegexSet, String> {
    let patterns: Vec<_> = patterns.map(both_cases).collect::<Result<_, _>>()?;
    RegexSetBuilder::new(&patterns)
        .size_limit(SIZE_LIMIT * patterns.len())
        .dfa_size_limit(DFA_LIMIT * patterns.len())
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| reason(&error))
}

/// Why an expression cannot be used.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    // Its own words sound as if the class were misspelt.
    if text.contains("Unicode property not found") {
        return format!("{text}; \\p{{…}} is not supported, \\w, \\d and \\s know Unicode");
    }
    text
}

/// The expression without `(?i)`.
fn both_cases(pattern: &str) -> Result<Cow<'_, str>, String> {
    let parsed = ParserBuilder::new()
        .nest_limit(NEST_LIMIT)
        .build()
        .parse(pattern);
    // What is wrong with it is said when it is compiled.
    let Ok(mut ast) = parsed else {
        return Ok(pattern.into());
    };
    let mut rewrite = Rewrite::default();
    rewrite.expression(&mut ast)?;
    if !rewrite.met {
        return Ok(pattern.into());
    }
    let mut rewritten = String::new();
    Printer::new()
        .print(&ast, &mut rewritten)
        .map_err(|e| e.to_string())?;
    Ok(rewritten.into())
}

#[derive(Default)]
struct Rewrite {
    /// Whether `(?i)` reaches what is being looked at.
    folds: bool,
    /// Whether there was an `i` among the flags.
    met: bool,
}

impl Rewrite {
    fn expression(&mut self, ast: &mut Ast) -> Result<(), String> {
        match ast {
            Ast::Flags(set) => {
                self.take(&mut set.flags);
                if set.flags.items.is_empty() {
                    *ast = Ast::empty(set.span);
                }
            }
            Ast::Group(group) => {
                // Flags end with the group that they are in.
                let around = self.folds;
                if let GroupKind::NonCapturing(flags) = &mut group.kind {
                    self.take(flags);
                }
                self.expression(&mut group.ast)?;
                self.folds = around;
            }
            Ast::Concat(concat) => {
                for part in &mut concat.asts {
                    self.expression(part)?;
                }
            }
            Ast::Alternation(alternation) => {
                for part in &mut alternation.asts {
                    self.expression(part)?;
                }
            }
            Ast::Repetition(repetition) => self.expression(&mut repetition.ast)?,
            Ast::ClassBracketed(class) if self.folds => set(&mut class.kind)?,
            Ast::Literal(literal) if self.folds => {
                if let Some(other) = other_case(literal)? {
                    let span = literal.span;
                    let mut items = ClassSetUnion {
                        span,
                        items: Vec::new(),
                    };
                    items.push(ClassSetItem::Literal((**literal).clone()));
                    items.push(ClassSetItem::Literal(other));
                    *ast = Ast::class_bracketed(ClassBracketed {
                        span,
                        negated: false,
                        kind: ClassSet::Item(ClassSetItem::Union(items)),
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes what flags say of `i`, and takes it out.
    fn take(&mut self, flags: &mut Flags) {
        let Some(folds) = flags.flag_state(Flag::CaseInsensitive) else {
            return;
        };
        self.folds = folds;
        self.met = true;
        let items = &mut flags.items;
        items.retain(|item| item.kind != FlagsItemKind::Flag(Flag::CaseInsensitive));
        items.pop_if(|last| last.kind == FlagsItemKind::Negation);
    }
}

/// Adds the other case to what is in brackets.
fn set(kind: &mut ClassSet) -> Result<(), String> {
    match kind {
        ClassSet::Item(item) => {
            let mut all = ClassSetUnion {
                span: *item.span(),
                items: Vec::new(),
            };
            add(
                std::mem::replace(item, ClassSetItem::Empty(all.span)),
                &mut all,
            )?;
            *item = all.into_item();
            Ok(())
        }
        ClassSet::BinaryOp(operation) => {
            set(&mut operation.lhs)?;
            set(&mut operation.rhs)
        }
    }
}

/// Adds an item and its other case to a union.
fn add(item: ClassSetItem, all: &mut ClassSetUnion) -> Result<(), String> {
    match item {
        ClassSetItem::Union(union) => {
            for item in union.items {
                add(item, all)?;
            }
            return Ok(());
        }
        ClassSetItem::Literal(literal) => {
            if let Some(other) = other_case(&literal)? {
                all.push(ClassSetItem::Literal(other));
            }
            all.push(ClassSetItem::Literal(literal));
        }
        ClassSetItem::Range(range) => {
            let (start, end) = (range.start.c, range.end.c);
            if let Some(letter) = (start.max('\u{80}')..=end).find(|&c| has_two_cases(c)) {
                return Err(beyond_ascii(letter));
            }
            for (first, last) in [('a', 'z'), ('A', 'Z')] {
                let (first, last) = (start.max(first), end.min(last));
                if first <= last {
                    all.push(ClassSetItem::Range(ClassSetRange {
                        span: range.span,
                        start: verbatim(swap(first), range.span),
                        end: verbatim(swap(last), range.span),
                    }));
                }
            }
            all.push(ClassSetItem::Range(range));
        }
        ClassSetItem::Ascii(class)
            if matches!(class.kind, ClassAsciiKind::Upper | ClassAsciiKind::Lower) =>
        {
            // All letters; negated, none of them.
            all.push(ClassSetItem::Ascii(ClassAscii {
                kind: ClassAsciiKind::Alpha,
                ..class
            }));
        }
        ClassSetItem::Bracketed(mut class) => {
            set(&mut class.kind)?;
            all.push(ClassSetItem::Bracketed(class));
        }
        // The others have both cases.
        item => all.push(item),
    }
    Ok(())
}

/// The other case of a letter. An error for one that is not of ASCII.
fn other_case(literal: &Literal) -> Result<Option<Literal>, String> {
    let c = literal.c;
    if c.is_ascii_alphabetic() {
        return Ok(Some(verbatim(swap(c), literal.span)));
    }
    if has_two_cases(c) {
        return Err(beyond_ascii(c));
    }
    Ok(None)
}

fn swap(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}

fn has_two_cases(c: char) -> bool {
    !c.is_ascii() && (c.is_lowercase() || c.is_uppercase())
}

fn verbatim(c: char, span: Span) -> Literal {
    Literal {
        span,
        kind: LiteralKind::Verbatim,
        c,
    }
}

fn beyond_ascii(letter: char) -> String {
    format!("(?i) is for letters of ASCII; write both cases of '{letter}', in brackets")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn rewritten(pattern: &str) -> String {
        both_cases(pattern).unwrap().into_owned()
    }

    #[test]
    fn letters_stand_for_both_cases_as_far_as_the_flag_reaches() {
        for (pattern, expected) in [
            ("abc", "abc"),
            ("(?i)a1b", "[aA]1[bB]"),
            ("(?i:ab)c", "(?:[aA][bB])c"),
            ("x(?i)a|b", "x[aA]|[bB]"),
            ("(x(?i)a)b", "(x[aA])b"),
            ("(?i)a(?-i)b", "[aA]b"),
            ("(?is-U)a.", "(?s-U)[aA]."),
            ("(?s-i)a", "(?s)a"),
            ("(?i)a{2,3}?", "[aA]{2,3}?"),
            ("(?i)[a-cX_]", "[A-Ca-cxX_]"),
            ("(?i)[^k-mé-é]", "error"),
            ("(?i)[[:upper:]]", "[[:alpha:]]"),
            ("(?i)[[:^lower:]1]", "[[:^alpha:]1]"),
            ("(?i)[a-z&&[^x]]", "[A-Za-z&&[^Xx]]"),
            ("(?i)\\w\\x41", "\\w[\\x41a]"),
            ("(?i)(?<name>é)", "error"),
            ("(?i)日本🚀", "日本🚀"),
        ] {
            match both_cases(pattern) {
                Ok(found) => assert_eq!(found, expected, "{pattern}"),
                Err(why) => {
                    assert_eq!(expected, "error", "{pattern}: {why}");
                    assert!(why.contains('é'), "{why}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_told_as_it_was_written() {
        for pattern in ["(?i)(", "[z-a]", "(?i)a**("] {
            let why = compile(pattern).unwrap_err();
            assert!(why.contains(pattern), "{why}");
        }
    }

    #[test]
    fn a_set_knows_which_of_its_expressions_match() {
        let set = compile_set(["(?i)key", "[0-9]+"].into_iter()).unwrap();
        assert_eq!(set.matches("KEY").iter().collect::<Vec<_>>(), [0]);
        assert_eq!(set.matches("kEy 7").iter().collect::<Vec<_>>(), [0, 1]);
        assert!(!set.is_match("ke"));
    }

    proptest! {
        #[test]
        fn with_the_flag_the_case_of_ascii_does_not_matter(
            letters in "[a-zA-Z]{1,8}",
            class in "[a-z]-[a-z]",
            text in "[a-zA-Z0-9 ]{0,40}",
        ) {
            let (start, end) = (&class[..1], &class[2..]);
            prop_assume!(start <= end);
            let pattern = format!("{letters}|[{class}]{{2}}|^[^{class}]+$");
            let folded = compile(&format!("(?i){pattern}")).unwrap();
            // The same, said otherwise: everything in lower case.
            let plain = compile(&pattern.to_ascii_lowercase()).unwrap();
            let lower = text.to_ascii_lowercase();
            let found: Vec<_> = folded.find_iter(&text).map(|m| m.range()).collect();
            let expected: Vec<_> = plain.find_iter(&lower).map(|m| m.range()).collect();
            prop_assert_eq!(found, expected, "{}", rewritten(&format!("(?i){pattern}")));
        }
    }
}
