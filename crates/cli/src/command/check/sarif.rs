//! Findings as SARIF 2.1.0, which code scanning services read.
//!
//! A result's place is the file, the line that holds the frame, and, as a
//! logical location, the exchange and the frame. A store, a packed file and
//! an agent have no lines, so none is given.

use std::collections::BTreeMap;

use scrubjay_session::{fold::rule::Rule, judge::rule::registry};
use serde_json::{Value, json};

use super::{Checked, Found, Report};
use crate::safe::safe;

/// Members are in the order of the alphabet, which `serde_json` keeps in either of its modes.
pub(super) fn write(report: &Report) -> String {
    let rules: Vec<_> = registry().filter(|rule| is_used(report, rule.id)).collect();
    let places: BTreeMap<&str, usize> = (0..).zip(&rules).map(|(place, rule)| (rule.id, place)).collect();
    let results = report
        .checked
        .iter()
        .flat_map(|checked| checked.findings.iter().map(|found| result(checked, found, &places)));
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "columnKind": "utf16CodeUnits",
            "results": results.collect::<Value>(),
            "tool": {
                "driver": {
                    "informationUri": "https://docs.ag-ui.com",
                    "name": "scrubjay",
                    "rules": rules.into_iter().map(descriptor).collect::<Value>(),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                },
            },
        }],
        "version": "2.1.0",
    });
    format!("{log:#}\n")
}

fn is_used(report: &Report, id: &str) -> bool {
    let mut found = report.checked.iter().flat_map(|checked| &checked.findings);
    found.any(|found| found.finding.rule == id)
}

fn descriptor(rule: &'static Rule) -> Value {
    json!({
        "defaultConfiguration": {"level": rule.severity.as_str()},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": format!("{}\n{}", rule.effect, rule.fix)},
        "id": rule.id,
        "properties": {
            "clause": rule.clause,
            "clients": rule.fails.iter().map(|client| client.name()).collect::<Value>(),
        },
        "shortDescription": {"text": rule.title},
    })
}

fn result(checked: &Checked, found: &Found, places: &BTreeMap<&str, usize>) -> Value {
    let finding = &found.finding;
    let moment = format!("{}:{}", checked.exchange, finding.seq);
    let mut result = json!({
        "level": finding.severity.as_str(),
        "locations": [{
            "logicalLocations": [{
                "fullyQualifiedName": moment,
                "kind": "element",
                "name": format!("frame {} of exchange {}", finding.seq, checked.exchange),
            }],
            "physicalLocation": {"artifactLocation": {"uri": uri(&checked.source)}},
        }],
        "message": {"text": safe(&finding.message)},
        "partialFingerprints": {"moment/v1": format!("{moment}:{}", finding.rule)},
        "ruleId": finding.rule,
    });
    if let Some(start_line) = found.line {
        result["locations"][0]["physicalLocation"]["region"] = json!({"startLine": start_line});
    }
    if let Some(place) = places.get(finding.rule.as_str()) {
        result["ruleIndex"] = json!(place);
    }
    if finding.fails.is_some() {
        result["properties"] = json!({"clients": finding.clients()});
    }
    if found.is_muted {
        result["suppressions"] = json!([{"justification": "muted", "kind": "external"}]);
    }
    result
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
