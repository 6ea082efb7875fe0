//! Findings for people.

use super::{Checked, Found, Report};
use crate::{safe::safe, words};

/// Every exchange with what was found in it.
pub(super) fn exchanges(report: &Report) -> String {
    report.checked.iter().map(exchange).collect()
}

fn exchange(checked: &Checked) -> String {
    let mut text = head(checked);
    if checked.findings.is_empty() {
        text.push_str("  nothing was found\n");
    }
    for found in &checked.findings {
        text.push_str(&finding(found));
    }
    text
}

/// The line above an exchange's findings.
pub(super) fn head(checked: &Checked) -> String {
    format!(
        "{} exchange {}: {}\n",
        safe(&checked.source),
        checked.exchange,
        safe(&checked.request)
    )
}

/// A finding: where and what, why, and who fails.
pub(super) fn finding(found: &Found) -> String {
    let told = &found.finding;
    let muted = if found.is_muted { " (muted)" } else { "" };
    let mut text = format!(
        "  #{} {} {}: {}{muted}\n    {}\n",
        told.seq,
        told.severity.as_str(),
        safe(&told.rule),
        found.title(),
        safe(&told.message)
    );
    let clients = found.clients();
    if !clients.is_empty() {
        text.push_str(&format!("    breaks in: {}\n", clients.join(", ")));
    }
    text
}

/// How many of what.
pub(super) fn sum(report: &Report) -> String {
    let ([errors, warnings, notes], muted) = report.counts();
    let mut parts = vec![
        words::count(errors as u64, "error"),
        words::count(warnings as u64, "warning"),
        words::count(notes as u64, "note"),
    ];
    if muted > 0 {
        parts.push(format!("{muted} muted"));
    }
    let exchanges = words::count(report.checked.len() as u64, "exchange");
    format!("{exchanges} checked: {}\n", parts.join(", "))
}
