//! What is replaced on the way out, and what is said about that.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use scrubjay_engine::{LeftSecret, RedactionManifest, RedactionPlan, RedactionProfile, RedactionReport};
use scrubjay_ipc::Code;

use crate::{failure::Failure, words};

#[derive(Debug, clap::Args)]
pub(crate) struct RedactionArgs {
    /// What to replace: safe takes out secrets and personal data, structure all text, none nothing
    #[arg(long, value_name = "PROFILE", default_value = "safe", hide_possible_values = true)]
    pub(super) redact: Redact,

    /// Rules of your own, and which to leave out (JSON; docs/sharing.md)
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,

    /// Show what would be replaced, and write nothing
    #[arg(long)]
    pub(super) preview: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Redact {
    // Secrets, and what points at a person.
    Safe,
    // All text of users and models.
    Structure,
    // Nothing: the file holds every captured byte.
    None,
}

impl RedactionArgs {
    /// What is to be replaced; none where nothing is.
    pub(super) fn plan(&self) -> Result<Option<RedactionPlan>, Failure> {
        let mut plan = match self.redact {
            Redact::Safe => RedactionPlan::new(RedactionProfile::Safe),
            Redact::Structure => RedactionPlan::new(RedactionProfile::Structure),
            Redact::None => return Ok(None),
        };
        if let Some(path) = &self.rules {
            let shown = path.display();
            let json = std::fs::read_to_string(path).map_err(|error| {
                Failure::new(
                    Code::BadFile,
                    format!("Cannot read {shown}: {error}."),
                    "Name a file of rules; docs/sharing.md shows one.",
                )
            })?;
            plan.add_rules(&json).map_err(|error| {
                Failure::new(
                    Code::BadFile,
                    format!("{shown} cannot be used: {error}."),
                    "docs/sharing.md shows what a file of rules looks like.",
                )
            })?;
        }
        Ok(Some(plan))
    }
}

/// Fails where the name of the file says what is taken out of it.
pub(super) fn refuse_name(report: Option<&RedactionReport>, path: &Path) -> Result<(), Failure> {
    let Some(report) = report else { return Ok(()) };
    let mut rescan = report.secrets.rescan();
    rescan.push(path.file_name().unwrap_or_default().as_encoded_bytes());
    match rescan.finish().first() {
        None => Ok(()),
        Some(hit) => Err(Failure::bad_argument(
            format!(
                "The name of the file holds a value that the rule {} takes out of it.",
                hit.rule
            ),
            "Choose another name.",
        )),
    }
}

/// Fails where a value that was taken out is still in the file, which goes then.
pub(super) fn refuse_left(left: &[LeftSecret]) -> Result<(), Failure> {
    let Some(first) = left.first() else { return Ok(()) };
    let others = match left.len() - 1 {
        0 => String::new(),
        others => format!(", and {} more", words::count(others as u64, "finding")),
    };
    Err(Failure::new(
        Code::Internal,
        format!(
            "The file still held a value that the rule {} had found ({}){others}, so it was deleted.",
            first.rule,
            first.form.as_str()
        ),
        "Please report this as a bug of scrubjay; a rule of your own (--rules) may take the value out meanwhile.",
    ))
}

/// What was replaced, as the end of a sentence.
pub(super) fn summary(manifest: &RedactionManifest) -> String {
    let total: u64 = manifest.rules.values().sum();
    let mut summary = match total {
        0 => "; no secret was found in it".to_owned(),
        _ => {
            let rules: Vec<String> = manifest
                .rules
                .iter()
                .map(|(rule, count)| format!("{rule} {count}"))
                .collect();
            format!("; {} replaced ({})", words::count(total, "value"), rules.join(", "))
        }
    };
    if manifest.withheld_bodies > 0 {
        let bodies = words::count(manifest.withheld_bodies, "body");
        summary.push_str(&format!("; {bodies} left out, because the encoding cannot be read"));
    }
    if manifest.decoded_bodies > 0 {
        let bodies = words::count(manifest.decoded_bodies, "body");
        summary.push_str(&format!("; {bodies} stored without the encoding"));
    }
    summary
}
