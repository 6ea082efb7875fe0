//! What is taken out: a profile, rules of a person's own, and what is switched off.
//!
//! A file of rules is JSON:
//!
//! ```json
//! { "rules": [
//!     { "name": "customer", "pointer": "/customer/*/id" },
//!     { "key": "accountNumber" },
//!     { "pattern": "ACME-[0-9]+" } ],
//!   "off": ["phone", { "rule": "email", "at": "TEXT_MESSAGE_CONTENT /delta" }] }
//! ```

use std::borrow::Cow;

use regex::Regex;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::detect::RULES;

/// The id of a rule: of ours, or `custom.` and the name of a person's own.
pub(crate) type Rule = Cow<'static, str>;

/// How much is taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What looks like a secret, and what points at a person.
    #[default]
    Safe,
    /// All text of users and models, and what [`Profile::Safe`] takes out.
    Structure,
}

impl Profile {
    /// Its name on the command line and in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Structure => "structure",
        }
    }
}

/// Why a file of rules cannot be used.
#[derive(Debug, Error)]
pub enum RulesError {
    #[error("it is not the JSON of rules: {0}")]
    NotRules(#[from] serde_json::Error),
    #[error("rule {number} needs exactly one of \"pointer\", \"key\" and \"pattern\"")]
    NotOne { number: usize },
    #[error("the pointer of rule {number} does not begin with /")]
    NoPointer { number: usize },
    #[error("the pattern of rule {number} cannot be used: {source}")]
    BadPattern { number: usize, source: Box<regex::Error> },
    #[error("\"off\" names {rule:?}, and there is no such rule")]
    NoSuchRule { rule: String },
}

/// What is taken out.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(crate) profile: Profile,
    pub(crate) customs: Vec<Custom>,
    pub(crate) off: Vec<Switch>,
}

/// A rule of a person's own.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    pub(crate) rule: Rule,
    pub(crate) what: What,
}

/// What such a rule covers.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// What stands at a JSON Pointer and below; `*` is any segment.
    Pointer(Vec<String>),
    /// What stands under a name, in any case.
    Key(String),
    /// What a pattern matches.
    Pattern(Regex),
}

/// A rule that does not count, everywhere or at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The id of the rule.
    pub rule: String,
    /// The place as a preview names it; none for all of them.
    pub at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: Vec<FileRule>,
    #[serde(default)]
    off: Vec<FileSwitch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    name: Option<String>,
    pointer: Option<String>,
    key: Option<String>,
    pattern: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FileSwitch {
    Everywhere(String),
    Place { rule: String, at: String },
}

impl Plan {
    /// A profile, and nothing beside it.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            ..Self::default()
        }
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Adds the rules of a file.
    ///
    /// # Errors
    /// When it is no file of rules.
    pub fn add_rules(&mut self, json: &str) -> Result<(), RulesError> {
        let file: File = serde_json::from_str(json)?;
        for (place, rule) in file.rules.into_iter().enumerate() {
            self.customs.push(custom(place + 1, rule)?);
        }
        for switch in file.off {
            let (rule, at) = match switch {
                FileSwitch::Everywhere(rule) => (rule, None),
                FileSwitch::Place { rule, at } => (rule, Some(at)),
            };
            let is_known = RULES.iter().any(|(known, _)| *known == rule)
                || self.customs.iter().any(|custom| custom.rule == rule.as_str());
            if !is_known {
                return Err(RulesError::NoSuchRule { rule });
            }
            self.switch_off(Switch { rule, at });
        }
        Ok(())
    }

    /// Leaves a rule out.
    pub fn switch_off(&mut self, switch: Switch) {
        if !self.off.contains(&switch) {
            self.off.push(switch);
        }
    }

    pub(crate) fn is_off(&self, rule: &str, place: impl FnOnce() -> String) -> bool {
        let mut of_rule = self.off.iter().filter(|switch| switch.rule == rule).peekable();
        if of_rule.peek().is_none() {
            return false;
        }
        let place = place();
        of_rule.any(|switch| switch.at.as_ref().is_none_or(|at| *at == place))
    }
}

fn custom(number: usize, rule: FileRule) -> Result<Custom, RulesError> {
    let what = match (rule.pointer, rule.key, rule.pattern) {
        (Some(pointer), None, None) => {
            let Some(path) = pointer.strip_prefix('/') else {
                return Err(RulesError::NoPointer { number });
            };
            let segments = path
                .split('/')
                .map(|segment| segment.replace("~1", "/").replace("~0", "~"));
            What::Pointer(segments.collect())
        }
        (None, Some(key), None) => What::Key(key),
        (None, None, Some(pattern)) => {
            What::Pattern(Regex::new(&pattern).map_err(|source| RulesError::BadPattern {
                number,
                source: Box::new(source),
            })?)
        }
        _ => return Err(RulesError::NotOne { number }),
    };
    let name = rule.name.unwrap_or_else(|| number.to_string());
    Ok(Custom {
        rule: format!("custom.{name}").into(),
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_say_what_is_wrong_with_them() {
        let mut plan = Plan::default();
        plan.add_rules(r#"{"rules":[{"pointer":"/a/*"},{"name":"x","key":"b"}],"off":["email","custom.x"]}"#)
            .unwrap();
        assert!(plan.is_off("email", String::new) && !plan.is_off("phone", String::new));
        for (json, why) in [
            (r#"{"rule":[]}"#, "it is not the JSON of rules"),
            (
                r#"{"rules":[{"key":"a","pattern":"b"}]}"#,
                "rule 1 needs exactly one of",
            ),
            (
                r#"{"rules":[{"pointer":"a"}]}"#,
                "the pointer of rule 1 does not begin with /",
            ),
            (r#"{"rules":[{"pattern":"("}]}"#, "the pattern of rule 1 cannot be used"),
            (r#"{"off":["nothing"]}"#, "\"off\" names \"nothing\""),
        ] {
            let error = Plan::default().add_rules(json).unwrap_err().to_string();
            assert!(error.starts_with(why), "{error}");
        }
    }
}
