//! Which published clients fail where a rule is broken.
//!
//! `clients.jsonl` holds the frame at which each release of `@ag-ui/client`
//! gives up in each sequence of `scenarios` (`cargo xtask scenarios` asks
//! them). A rule names the releases that give up wherever it is broken. Frames
//! with several findings do not count, nor those of a form that a release
//! never takes: there it fails for another reason.

use std::collections::{HashMap, HashSet};

use scrubjay_protocol::json::{self, Value};
use scrubjay_session::{
    fold::rule::{Client, OPEN_ITEMS, Rule},
    judge::rule::registry,
};

use crate::scenarios::{Case, cases, findings, lines, texts_in_order};

/// What the releases did.
struct Tried {
    versions: Vec<String>,
    /// By name of the sequence: the frame at which each release gave up.
    stops: HashMap<String, Vec<Option<u32>>>,
}

impl Tried {
    fn read() -> Self {
        let mut lines = lines(include_str!("clients.jsonl")).into_iter();
        let first = lines.next().unwrap();
        let versions = texts_in_order(first.get("versions").unwrap());
        let stops = lines.map(|line| stops_in(&line, &versions)).collect();
        Self { versions, stops }
    }

    /// Whether a release has given up at a frame or before it.
    fn is_over(&self, case: &Case, version: usize, seq: u32) -> bool {
        self.stops[&case.name][version].is_some_and(|stop| stop <= seq)
    }

    /// By release: forms of events that it has taken somewhere.
    fn taken(&self, cases: &[Case]) -> Vec<HashSet<String>> {
        let mut taken = vec![HashSet::new(); self.versions.len()];
        for case in cases {
            for (seq, form) in (1..).zip(forms(case)) {
                for (version, taken) in taken.iter_mut().enumerate() {
                    if !self.is_over(case, version, seq) {
                        taken.extend(form.clone());
                    }
                }
            }
        }
        taken
    }

    /// `a to c` for neighbours.
    fn ranges(&self, fails: &[bool]) -> String {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for version in (0..fails.len()).filter(|version| fails[*version]) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == version => *last = version,
                _ => ranges.push((version, version)),
            }
        }
        let name = |(first, last): &(usize, usize)| match first == last {
            true => self.versions[*first].clone(),
            false => format!("{} to {}", self.versions[*first], self.versions[*last]),
        };
        ranges.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

fn stops_in(line: &Value, versions: &[String]) -> (String, Vec<Option<u32>>) {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap();
    let mut stops = vec![None; versions.len()];
    let place = |version: &str| versions.iter().position(|known| known == version).unwrap();
    for (seq, ranges) in line.get("stops").and_then(Value::as_object).unwrap() {
        for range in ranges.as_str().unwrap().split(", ") {
            let (first, last) = range.split_once(" to ").unwrap_or((range, range));
            stops[place(first)..=place(last)].fill(Some(seq.to_string().parse().unwrap()));
        }
    }
    (format!("{}: {}", text("family"), text("id")), stops)
}

/// The form of each frame that is an event: its type, and the names of members down to those of its members.
fn forms(case: &Case) -> Vec<Option<String>> {
    let frames = case.asked.get("frames").map(texts_in_order).unwrap_or_default();
    let form = |frame: &String| {
        let event = json::parse(frame.as_bytes()).ok()?;
        let kind = event.get("type").and_then(Value::as_str)?;
        Some(format!("{kind} {}", names(&event, 2)))
    };
    frames.iter().map(form).collect()
}

fn names(value: &Value, depth: usize) -> String {
    let Some(object) = value.as_object().filter(|_| depth > 0) else {
        return String::new();
    };
    let mut names: Vec<String> = object
        .iter()
        .map(|(name, member)| format!("{name}{{{}}}", names(member, depth - 1)))
        .collect();
    names.sort();
    names.join(",")
}

/// By rule: sequences in which it alone is broken at a frame, and the frame.
fn broken(cases: &[Case]) -> HashMap<String, Vec<(usize, u32)>> {
    let mut broken: HashMap<String, Vec<(usize, u32)>> = HashMap::new();
    for (place, case) in cases.iter().enumerate() {
        let found = findings(case);
        for finding in &found {
            let is_alone = found.iter().filter(|other| other.seq == finding.seq).count() == 1;
            if is_alone {
                let of_rule = broken.entry(finding.rule.to_string()).or_default();
                of_rule.push((place, finding.seq));
            }
        }
    }
    broken
}

fn named(rule: &Rule) -> String {
    let versions = rule.fails.iter().find_map(|client| match client {
        Client::TypeScript(versions) => Some(*versions),
        _ => None,
    });
    versions.unwrap_or_default().to_owned()
}

/// Rules that are about forms which a release does not take.
const OF_FORMS: [&str; 1] = ["schema.unknown_type"];

/// Whether a release gives up at each of these frames that it comes to.
fn fails(
    tried: &Tried,
    taken: Option<&[HashSet<String>]>,
    cases: &[Case],
    places: &[(usize, u32)],
    version: usize,
) -> bool {
    let mut applies = places.iter().filter(|(place, seq)| {
        let case = &cases[*place];
        let form = forms(case).into_iter().nth(*seq as usize - 1).flatten();
        // A form that no release takes is what the rule is about.
        let is_taken = |form: String| {
            taken.is_none_or(|taken| taken[version].contains(&form) || !taken.iter().any(|taken| taken.contains(&form)))
        };
        !tried.is_over(case, version, seq - 1) && form.is_none_or(is_taken)
    });
    let mut count = 0;
    let all = applies.all(|(place, seq)| {
        count += 1;
        tried.is_over(&cases[*place], version, *seq)
    });
    all && count > 0
}

#[test]
fn a_rule_names_the_releases_that_fail_where_it_is_broken() {
    let (tried, cases) = (Tried::read(), cases());
    assert_eq!(tried.stops.len(), cases.len(), "run cargo xtask scenarios");
    let (taken, broken) = (tried.taken(&cases), broken(&cases));
    let mut wrong = Vec::new();
    for rule in registry() {
        let Some(places) = broken.get(rule.id) else { continue };
        let versions = 0..tried.versions.len();
        let taken = Some(&*taken).filter(|_| !OF_FORMS.contains(&rule.id));
        let fails: Vec<bool> = versions
            .map(|version| fails(&tried, taken, &cases, places, version))
            .collect();
        let (is, says) = (tried.ranges(&fails), named(rule));
        // Some rules are about what 1.0.0 holds then, or about the end: it does not give up.
        let is_seen_otherwise = is.is_empty() && !rule.stops && says == "1.0.0";
        if is != says && !is_seen_otherwise {
            wrong.push(format!("{}: {is} fail; the rule names {says}", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A run that finishes with open items fails where the kind of them is looked at.
#[test]
fn open_items_name_the_releases_that_fail_at_their_kind() {
    let (tried, cases) = (Tried::read(), cases());
    let taken = tried.taken(&cases);
    let mut wrong = Vec::new();
    for (kind, says) in OPEN_ITEMS {
        let mut places = Vec::new();
        for (place, case) in cases.iter().enumerate() {
            let found = findings(case);
            let of_kind = found.iter().filter(|finding| {
                let begins = format!("RUN_FINISHED came while {kind} were open: ");
                finding.rule == "V19" && finding.message.starts_with(&begins)
            });
            for finding in of_kind {
                assert_eq!(finding.fails.as_deref(), Some(says), "{}", case.name);
                let clients = finding.clients();
                assert_eq!(clients, [format!("@ag-ui/client {says}")], "{}", case.name);
                places.push((place, finding.seq));
            }
        }
        let versions = 0..tried.versions.len();
        let fails: Vec<bool> = versions
            .map(|version| fails(&tried, Some(&taken), &cases, &places, version))
            .collect();
        let is = tried.ranges(&fails);
        if is != says {
            wrong.push(format!("{kind}: {is} fail; {says} are named"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
