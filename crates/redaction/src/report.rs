//! What was taken out: for a preview, and for the file itself.

use std::{collections::BTreeMap, ops::Range};

use serde::Serialize;

use crate::{
    Redactor,
    plan::{Rule, Switch},
    rescan::Secrets,
};

/// Characters shown on either side of what was taken out.
const AROUND: usize = 24;
/// Characters of it that are shown.
const SHOWN: usize = 80;

/// What was found by one rule at one kind of place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The id of the rule.
    pub rule: String,
    /// The place: what it belongs to, and a JSON Pointer with `*` for items of lists.
    pub at: String,
    /// How often.
    pub count: u64,
    /// The first of them, with what stands around it.
    pub before: String,
    /// The same with the placeholder.
    pub after: String,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    findings: BTreeMap<(String, String), Finding>,
    /// Bodies that are stored without their content encoding.
    pub(crate) decoded_bodies: u64,
    /// Bodies that could not be read and were left out.
    pub(crate) withheld_bodies: u64,
}

impl Counts {
    /// Notes that a stretch of a text was replaced, in a new text of the same length.
    pub(crate) fn note(&mut self, rule: &Rule, at: &str, text: &str, new: &str, range: Range<usize>) {
        let key = (rule.to_string(), at.to_owned());
        if let Some(finding) = self.findings.get_mut(&key) {
            finding.count += 1;
            return;
        }
        let excerpt = |text: &str| {
            let (head, tail) = around(text, &range);
            format!("{head}{}{tail}", shortened(&text[range.clone()]))
        };
        let finding = Finding {
            rule: rule.to_string(),
            at: at.to_owned(),
            count: 1,
            before: excerpt(text),
            after: excerpt(new),
        };
        self.findings.insert(key, finding);
    }
}

fn around<'t>(text: &'t str, range: &Range<usize>) -> (&'t str, &'t str) {
    let head = &text[..range.start];
    let from = head.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let tail = &text[range.end..];
    let to = tail.char_indices().nth(AROUND).map_or(tail.len(), |(at, _)| at);
    (&head[from..], &tail[..to])
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// What stands in the file about what was taken out of it. It holds no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The profile.
    pub profile: &'static str,
    /// Which exchanges, as the person chose them.
    pub scope: String,
    /// Who wrote it.
    pub tool: String,
    /// How often each rule took something out.
    pub rules: BTreeMap<String, u64>,
    /// Rules that were switched off, with the place if it was one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<String>,
    /// Bodies that are stored without their content encoding.
    #[serde(skip_serializing_if = "is_none")]
    pub decoded_bodies: u64,
    /// Bodies that could not be read and were left out.
    #[serde(skip_serializing_if = "is_none")]
    pub withheld_bodies: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What a redaction did.
pub struct Report {
    /// In the order of rules and places.
    pub findings: Vec<Finding>,
    /// What the file says about it.
    pub manifest: Manifest,
    /// The values that may not be in the file.
    pub secrets: Secrets,
}

impl Redactor {
    /// What was done, once all exchanges were redacted.
    pub fn report(self, scope: &str, tool: &str) -> Report {
        let findings: Vec<Finding> = self.counts.findings.into_values().collect();
        let mut rules = BTreeMap::new();
        for finding in &findings {
            *rules.entry(finding.rule.clone()).or_default() += finding.count;
        }
        let off = self.plan.off.iter().map(|Switch { rule, at }| match at {
            Some(at) => format!("{rule} at {at}"),
            None => rule.clone(),
        });
        Report {
            manifest: Manifest {
                profile: self.plan.profile.as_str(),
                scope: scope.to_owned(),
                tool: tool.to_owned(),
                rules,
                off: off.collect(),
                decoded_bodies: self.counts.decoded_bodies,
                withheld_bodies: self.counts.withheld_bodies,
            },
            secrets: Secrets::of(&self.values),
            findings,
        }
    }
}
