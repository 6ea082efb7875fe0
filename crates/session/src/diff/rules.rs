//! What counts as a difference, and what is ignored beyond ids, times,
//! chunking and key order.

use std::borrow::Cow;

use regex::bytes::Regex;
use scrubjay_protocol::{json::Wtf8, pointer};
use thiserror::Error;

use crate::visible;

/// What counts as different. Each level counts what the ones before it count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// Inputs, tool names, arguments and results, steps, sub-agents, custom
    /// events, their order, outcomes, interrupts, final state.
    #[default]
    Behaviour,
    /// The state after each state event, and activities.
    State,
    /// What messages and reasoning say, and snapshots of messages.
    Text,
    /// Every member of every event but times, their order, how they are cut
    /// into deltas and chunks, comments, malformed frames.
    Wire,
}

impl Level {
    /// All, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Behaviour, Self::State, Self::Text, Self::Wire];

    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Something to ignore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Ignore {
    /// Values at a JSON Pointer into what an item says: `/args/max`,
    /// `/result`, `/state/clock`. The token `*` is any one, `**` any number.
    Pointer(String),
    /// What a regular expression matches in texts.
    Pattern(String),
}

/// Why a rule cannot be used.
#[derive(Debug, Error)]
pub enum BadRule {
    /// It is no JSON Pointer.
    #[error("`{0}` is not a JSON Pointer: it begins with `/`, and `~` stands only as `~0` and `~1`")]
    Pointer(String),
    /// It is no regular expression.
    #[error("`{pattern}` is not a regular expression: {reason}")]
    Pattern {
        /// The rule.
        pattern: String,
        /// What is wrong with it, in a line.
        reason: String,
    },
}

/// A level and what is ignored.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    level: Level,
    ignored: Vec<Ignore>,
    pointers: Vec<Vec<Glob>>,
    patterns: Vec<Regex>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Glob {
    Token(Vec<u8>),
    One,
    Any,
}

impl Rules {
    /// A level, with these rules on top of what is always ignored.
    ///
    /// # Errors
    /// With the first rule that makes no sense.
    pub fn new(level: Level, ignored: &[Ignore]) -> Result<Self, BadRule> {
        let mut rules = Self {
            level,
            ignored: ignored.to_vec(),
            ..Self::default()
        };
        for ignore in ignored {
            match ignore {
                Ignore::Pointer(text) => rules.pointers.push(globs(text)?),
                Ignore::Pattern(text) => rules.patterns.push(pattern(text)?),
            }
        }
        Ok(rules)
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// The rules, as they were given.
    pub fn ignored(&self) -> &[Ignore] {
        &self.ignored
    }

    /// All that is ignored, in words that are safe to show: `ids`, `times`, `/state/clock`.
    pub fn ignoring(&self) -> Vec<String> {
        let always: &[&str] = match self.level {
            Level::Wire => &["ids", "times", "key order"],
            _ => &["ids", "times", "chunking", "key order"],
        };
        let rule = |rule: &Ignore| match rule {
            Ignore::Pointer(text) => visible::line(text),
            Ignore::Pattern(text) => format!("text {}", visible::line(text)),
        };
        let always = always.iter().map(|word| (*word).to_owned());
        always.chain(self.ignored.iter().map(rule)).collect()
    }

    pub(crate) fn has_pointers(&self) -> bool {
        !self.pointers.is_empty()
    }

    pub(crate) fn has_patterns(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// Whether a value at this path is ignored.
    pub(crate) fn is_ignored(&self, path: &[Vec<u8>]) -> bool {
        self.pointers.iter().any(|globs| matches(globs, path))
    }

    /// How far each pointer has matched at a path. Below two paths with the same
    /// progress, the same values are ignored.
    pub(crate) fn progress(&self, path: &[Vec<u8>]) -> Vec<(usize, usize)> {
        let mut progress = Vec::new();
        for (number, globs) in self.pointers.iter().enumerate() {
            let mut places = vec![0];
            for token in path {
                let mut next = Vec::new();
                let mut skips = 0;
                // What `**` may skip counts as reached.
                while let Some(place) = places.get(skips).copied() {
                    if globs.get(place) == Some(&Glob::Any) && !places.contains(&(place + 1)) {
                        places.push(place + 1);
                    }
                    skips += 1;
                }
                for place in places {
                    match globs.get(place) {
                        Some(Glob::Any) => next.push(place),
                        Some(Glob::One) => next.push(place + 1),
                        Some(Glob::Token(known)) if known == token => next.push(place + 1),
                        Some(Glob::Token(_)) | None => {}
                    }
                }
                next.sort_unstable();
                next.dedup();
                places = next;
            }
            progress.extend(places.into_iter().map(|place| (number, place)));
        }
        progress
    }

    /// The text without what patterns match.
    pub(crate) fn scrubbed<'t>(&self, text: &'t Wtf8) -> Cow<'t, [u8]> {
        let mut rest = Cow::Borrowed(text.as_bytes());
        for pattern in &self.patterns {
            // Something stands for what was there, so that its presence counts.
            if let Cow::Owned(replaced) = pattern.replace_all(&rest, &b"\xFF"[..]) {
                rest = Cow::Owned(replaced);
            }
        }
        rest
    }
}

fn globs(text: &str) -> Result<Vec<Glob>, BadRule> {
    let tokens = pointer::parse(&text.into()).ok_or_else(|| BadRule::Pointer(text.to_owned()))?;
    let glob = |token: Wtf8| match token.as_bytes() {
        b"*" => Glob::One,
        b"**" => Glob::Any,
        token => Glob::Token(token.to_vec()),
    };
    Ok(tokens.into_iter().map(glob).collect())
}

fn pattern(text: &str) -> Result<Regex, BadRule> {
    let bad = |error: regex::Error| BadRule::Pattern {
        pattern: text.to_owned(),
        reason: error
            .to_string()
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned(),
    };
    Regex::new(text).map_err(bad)
}

fn matches(globs: &[Glob], path: &[Vec<u8>]) -> bool {
    match (globs.split_first(), path.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((Glob::Any, [])), _) => true,
        (Some((Glob::Any, after)), _) => (0..=path.len()).any(|skip| matches(after, &path[skip..])),
        (Some(_), None) => false,
        (Some((Glob::One, after)), Some((_, rest))) => matches(after, rest),
        (Some((Glob::Token(token), after)), Some((first, rest))) => token == first && matches(after, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Vec<u8>> {
        text.split('/').skip(1).map(|token| token.as_bytes().to_vec()).collect()
    }

    #[test]
    fn pointers_match_with_wildcards() {
        let check = |rule: &str, at: &str, expected| {
            let rules = Rules::new(Level::Behaviour, &[Ignore::Pointer(rule.into())]).unwrap();
            assert_eq!(rules.is_ignored(&path(at)), expected, "{rule} at {at}");
        };
        check("/args/max", "/args/max", true);
        check("/args/max", "/args", false);
        check("/args/*/at", "/args/0/at", true);
        check("/args/*/at", "/args/0/b/at", false);
        check("/**/at", "/args/0/b/at", true);
        check("/**/at", "/at", true);
        check("/state/**", "/state", true);
        check("/a~1b", "/a", false);
    }

    #[test]
    fn paths_at_which_pointers_have_come_equally_far_are_told() {
        let rules = Rules::new(Level::Behaviour, &[Ignore::Pointer("/a/**/x/b".into())]).unwrap();
        let progress = |at: &str| rules.progress(&path(at));
        assert_eq!(progress("/a/c/d"), progress("/a/e"));
        assert_ne!(progress("/a/c/x"), progress("/a/c"));
        assert_eq!(progress("/b/x"), progress("/c"));
        assert_eq!(progress("/a/x/b"), [(0, 1), (0, 4)]);
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        for rule in [Ignore::Pointer("args".into()), Ignore::Pattern("(".into())] {
            let error = Rules::new(Level::Text, &[rule]).unwrap_err().to_string();
            assert!(error.contains("is not a"), "{error}");
        }
    }

    #[test]
    fn patterns_leave_a_trace() {
        let rules = Rules::new(Level::Text, &[Ignore::Pattern(r"\d+".into())]).unwrap();
        let scrubbed = |text: &str| rules.scrubbed(&text.into()).into_owned();
        assert_eq!(scrubbed("at 12:30"), scrubbed("at 7:5"));
        assert_ne!(scrubbed("at 12:30"), scrubbed("at :"));
    }
}
