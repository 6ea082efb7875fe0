//! What the rules find in files: `cargo run --release -p scrubjay-redaction --example alarms -- FILE…`
//!
//! Each file is looked at as one text, up to a total of ten megabytes. Prints
//! the finds of each rule, the first ones of each, and how many words there are for one.

#![expect(clippy::print_stdout, reason = "it reports")]

use std::{collections::BTreeMap, fs};

use scrubjay_redaction::{Plan, Redactor, Whole};

/// Bytes that are looked at.
const TOTAL_LEN: usize = 10_000_000;
/// Finds that are shown of each rule.
const SHOWN: usize = 40;

fn main() {
    let mut found: BTreeMap<String, (u64, Vec<String>)> = BTreeMap::new();
    let (mut len, mut words, mut files) = (0, 0, 0);
    for path in std::env::args().skip(1) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if len >= TOTAL_LEN {
            break;
        }
        len += text.len();
        words += text.split_whitespace().count() as u64;
        files += 1;
        // A page at a time, so that each find is shown with what stands around it.
        for page in text.split("\n\n") {
            let whole = Whole {
                request_body: page.as_bytes().to_vec(),
                ..Whole::default()
            };
            let mut redactor = Redactor::new(Plan::default(), [0; 32]);
            redactor.look(&whole);
            redactor.redact(whole);
            for finding in redactor.report("", "").findings {
                let (count, shown) = found.entry(finding.rule).or_default();
                *count += finding.count;
                shown.push(format!("{path}: {:?}", finding.before));
            }
        }
    }
    let total: u64 = found.values().map(|(count, _)| count).sum();
    for (rule, (count, shown)) in &found {
        println!("{rule}: {count}");
        for line in shown.iter().take(SHOWN) {
            println!("    {line}");
        }
    }
    println!(
        "{total} finds in {words} words of {len} bytes in {files} files: one in {}",
        words / total.max(1)
    );
}
