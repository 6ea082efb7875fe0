//! Findings as SARIF 2.1.0, which code scanning services read.
//!
//! A result's place is the file, the line that holds the frame, and, as a
//! logical location, the exchange and the frame. A store, a packed file and
//! an agent have no lines, so none is told.

use std::collections::BTreeMap;

use scrubjay_session::{fold::rule::Rule, judge::rule::registry, query::Severity};
use serde_json::{Value, json};

use super::{Checked, Found, Report};
use crate::safe::safe;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn write(report: &Report) -> String {
    let rules: Vec<&'static dyn Rule> = registry().filter(|rule| is_used(report, rule.id())).collect();
    let places: BTreeMap<&str, usize> = (0..).zip(&rules).map(|(place, rule)| (rule.id(), place)).collect();
    let results = report
        .checked
        .iter()
        .flat_map(|checked| checked.findings.iter().map(|found| result(checked, found, &places)));
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "scrubjay",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://docs.ag-ui.com",
                "rules": rules.iter().map(|rule| descriptor(*rule)).collect::<Vec<_>>(),
            } },
            "columnKind": "utf16CodeUnits",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn is_used(report: &Report, id: &str) -> bool {
    let mut found = report.checked.iter().flat_map(|checked| &checked.findings);
    found.any(|found| found.finding.rule == id)
}

fn descriptor(rule: &dyn Rule) -> Value {
    let clients: Vec<&str> = rule.fails().iter().map(|client| client.name()).collect();
    json!({
        "id": rule.id(),
        "shortDescription": { "text": rule.title() },
        "fullDescription": { "text": rule.explanation() },
        "help": { "text": format!("{}\n{}", rule.effect(), rule.fix()) },
        "defaultConfiguration": { "level": rule.severity().as_str() },
        "properties": { "clause": rule.clause(), "clients": clients },
    })
}

fn result(checked: &Checked, found: &Found, places: &BTreeMap<&str, usize>) -> Value {
    let finding = &found.finding;
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": safe(&finding.message) },
        "locations": [{
            "physicalLocation": place(&checked.source, found.line),
            "logicalLocations": [{
                "fullyQualifiedName": format!("{}:{}", checked.exchange, finding.seq),
                "name": format!("frame {} of exchange {}", finding.seq, checked.exchange),
                "kind": "element",
            }],
        }],
        "partialFingerprints": {
            "moment/v1": format!("{}:{}:{}", checked.exchange, finding.seq, finding.rule),
        },
    });
    if let Some(place) = places.get(finding.rule.as_str()) {
        result["ruleIndex"] = json!(place);
    }
    if found.is_muted {
        result["suppressions"] = json!([{ "kind": "external", "justification": "muted" }]);
    }
    result
}

fn place(source: &str, line: Option<u64>) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(source) } });
    if let Some(line) = line {
        place["region"] = json!({ "startLine": line });
    }
    place
}

fn level(severity: Severity) -> &'static str {
    severity.as_str()
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
