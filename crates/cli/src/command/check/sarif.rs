//! Findings as SARIF 2.1.0, which code scanning services read.
//!
//! A result's place is the file, the line that holds the frame, and, as a
//! logical location, the exchange and the frame. A store, a packed file and
//! an agent have no lines, so none is given.

use std::{borrow::Cow, collections::BTreeMap};

use scrubjay_session::{fold::rule::Rule, judge::rule::registry};
use serde::Serialize;

use super::{Checked, Found, Report};
use crate::safe::safe;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    runs: [Run<'a>; 1],
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    column_kind: &'a str,
    results: Vec<Finding<'a>>,
    tool: Tool<'a>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    information_uri: &'a str,
    name: &'a str,
    rules: Vec<Descriptor<'a>>,
    semantic_version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    default_configuration: Configuration<'a>,
    full_description: Text<'a>,
    help: Text<'a>,
    id: &'a str,
    properties: Properties<'a>,
    short_description: Text<'a>,
}

#[derive(Serialize)]
struct Configuration<'a> {
    level: &'a str,
}

#[derive(Serialize)]
struct Properties<'a> {
    clause: &'a str,
    clients: Vec<&'a str>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    level: &'a str,
    locations: [Location; 1],
    message: Text<'a>,
    partial_fingerprints: Fingerprints,
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppression<'a>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    logical_locations: [LogicalLocation; 1],
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "moment/v1")]
    moment: String,
}

#[derive(Serialize)]
struct Suppression<'a> {
    justification: &'a str,
    kind: &'a str,
}

pub(super) fn write(report: &Report) -> String {
    let rules: Vec<_> = registry().filter(|rule| is_used(report, rule.id)).collect();
    let places: BTreeMap<&str, usize> = (0..).zip(&rules).map(|(place, rule)| (rule.id, place)).collect();
    let results = report
        .checked
        .iter()
        .flat_map(|checked| checked.findings.iter().map(|found| result(checked, found, &places)));
    let log = Log {
        schema: SCHEMA,
        runs: [Run {
            column_kind: "utf16CodeUnits",
            results: results.collect(),
            tool: Tool {
                driver: Driver {
                    information_uri: "https://docs.ag-ui.com",
                    name: "scrubjay",
                    rules: rules.into_iter().map(descriptor).collect(),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                },
            },
        }],
        version: "2.1.0",
    };
    let text = serde_json::to_string_pretty(&log).expect("plain values with text for keys");
    text + "\n"
}

fn is_used(report: &Report, id: &str) -> bool {
    let mut found = report.checked.iter().flat_map(|checked| &checked.findings);
    found.any(|found| found.finding.rule == id)
}

fn descriptor(rule: &'static Rule) -> Descriptor<'static> {
    Descriptor {
        default_configuration: Configuration {
            level: rule.severity.as_str(),
        },
        full_description: text(rule.explanation),
        help: Text {
            text: format!("{}\n{}", rule.effect, rule.fix).into(),
        },
        id: rule.id,
        properties: Properties {
            clause: rule.clause,
            clients: rule.fails.iter().map(|client| client.name()).collect(),
        },
        short_description: text(rule.title),
    }
}

fn text(text: &str) -> Text<'_> {
    Text { text: text.into() }
}

fn result<'a>(checked: &'a Checked, found: &'a Found, places: &BTreeMap<&str, usize>) -> Finding<'a> {
    let finding = &found.finding;
    let moment = format!("{}:{}", checked.exchange, finding.seq);
    Finding {
        level: finding.severity.as_str(),
        locations: [Location {
            logical_locations: [LogicalLocation {
                kind: "element",
                name: format!("frame {} of exchange {}", finding.seq, checked.exchange),
                fully_qualified_name: moment.clone(),
            }],
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri(&checked.source),
                },
                region: found.line.map(|start_line| Region { start_line }),
            },
        }],
        message: Text {
            text: safe(&finding.message),
        },
        partial_fingerprints: Fingerprints {
            moment: format!("{moment}:{}", finding.rule),
        },
        rule_id: &finding.rule,
        rule_index: places.get(finding.rule.as_str()).copied(),
        suppressions: found.is_muted.then_some([Suppression {
            justification: "muted",
            kind: "external",
        }]),
    }
}

/// A path as a reference: relative ones stay so. A URL is one already; what
/// may not stand in it is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    let is_url = path.contains("://");
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b':' | b'?' | b'#' | b'[' | b']' | b'@' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b','
            | b';' | b'=' | b'%'
                if is_url =>
            {
                uri.push(char::from(byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
