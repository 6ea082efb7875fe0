//! `--preview`: what would be replaced, what stays, and how large the file would be.

use std::io;

use scrubjay_engine::{ExportFormat, Outgoing, RedactionReport};

use crate::{
    contract::files::{PreviewLine, RedactionLine},
    failure::Failure,
    json,
    out::Out,
    safe::safe,
    words,
};

/// What a file shows in any case.
const STAYS: [&str; 8] = [
    "ids of threads, runs, messages and calls",
    "names of tools, steps and members",
    "types and order of events",
    "addresses, paths and names of hosts",
    "statuses and known header fields",
    "numbers",
    "lengths",
    "times",
];

/// Counts bytes.
#[derive(Default)]
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn show(
    outgoing: &Outgoing,
    report: &RedactionReport,
    exchanges: usize,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut counter = Counter::default();
    outgoing.export(ExportFormat::Recording, &mut counter)?;
    if out.is_json() {
        for finding in &report.findings {
            out.text(&json::line(&RedactionLine {
                kind: "redaction",
                finding,
            }))?;
        }
        out.text(&json::line(&PreviewLine {
            kind: "preview",
            exchanges,
            bytes: counter.0,
            stays: &STAYS,
            redaction: &report.manifest,
        }))?;
        return Ok(());
    }
    for finding in &report.findings {
        out.text(&format!(
            "{} at {}: {}\n  {}\n  {}\n",
            finding.rule,
            safe(&finding.at),
            words::count(finding.count, "value"),
            safe(&finding.before),
            safe(&finding.after)
        ))?;
    }
    let total: u64 = report.manifest.rules.values().sum();
    out.text(&format!(
        "{} in {} would be replaced; the file would have {}\nwhat stays: {}\nnothing was written\n",
        words::count(total, "value"),
        words::count(exchanges as u64, "exchange"),
        words::bytes(counter.0),
        STAYS.join("; ")
    ))?;
    Ok(())
}
