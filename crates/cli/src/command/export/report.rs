//! Exchanges as a report: one file of HTML that opens in any browser.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use scrubjay_door::{HeldRecording, is_built, write_report};
use scrubjay_engine::{Engine, EngineError, ExportFormat, Opening, Options, Outgoing, RedactionPlan, Scope};
use scrubjay_ipc::Code;

use super::redaction;
use crate::{args::SourceArgs, failure::Failure};

/// How the name of a report ends.
const ENDINGS: [&str; 2] = [".html", ".htm"];

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// Where a report opens: a frame, or an address of the page, ?exchange=3&seq=120&rows=events
    #[arg(long, value_name = "AT")]
    at: Option<String>,

    /// A second recording file or store: the report opens with both compared
    #[arg(long, value_name = "SOURCE")]
    beside: Option<PathBuf>,
}

impl ReportArgs {
    /// Refuses what is said of a report where none is written.
    pub(crate) fn refuse_elsewhere(&self) -> Result<(), Failure> {
        let given = [("--at", self.at.is_some()), ("--beside", self.beside.is_some())];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((flag, _)) => Err(Failure::bad_argument(
                format!("{flag} is for a report."),
                "Name a file that ends in .html.",
            )),
        }
    }
}

impl ReportArgs {
    /// The second recording, without what the plan takes out of it.
    pub(super) fn beside(&self, plan: Option<RedactionPlan>, args: &SourceArgs) -> Result<Option<Beside>, Failure> {
        let Some(path) = &self.beside else { return Ok(None) };
        let options = Options {
            path: Some(path.clone()),
            opening: Opening::Reading,
        };
        let engine = Engine::open_within(&options, args.limit.limits())?;
        let scope = Scope {
            exchanges: engine.exchanges()?,
            range: None,
            name: "everything".to_owned(),
        };
        Ok(Some(Beside {
            outgoing: engine.outgoing(&scope, plan)?,
            name: path.clone(),
            exchanges: scope.exchanges.len(),
        }))
    }

    /// The query of the address at which the page begins.
    pub(super) fn beginning(&self, indexes: &[i64], beside: usize) -> Result<String, Failure> {
        match beside {
            0 => beginning(self.at.as_deref(), indexes),
            more => {
                let [a, b] = [0..indexes.len(), indexes.len()..indexes.len() + more].map(side);
                Ok(format!("?screen=compare&a={a}&b={b}"))
            }
        }
    }
}

/// A second recording on its way out.
pub(super) struct Beside {
    outgoing: Outgoing,
    name: PathBuf,
    pub(super) exchanges: usize,
}

/// Whether the name of a file asks for a report.
pub(super) fn is_asked(written_as: Option<ExportFormat>, path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    written_as.is_none() && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// What a report holds.
pub(super) fn held(outgoing: &Outgoing, path: &Path, beside: Option<&Beside>) -> Result<Vec<HeldRecording>, Failure> {
    if !is_built() {
        return Err(Failure::new(
            Code::Internal,
            "This program was built without the page, which a report holds.",
            "Build it with: cargo xtask ui && cargo build --release --package scrubjay-cli",
        ));
    }
    let mut held = vec![recording(outgoing, path)?];
    if let Some(beside) = beside {
        held.push(recording(&beside.outgoing, &beside.name)?);
    }
    Ok(held)
}

/// A recording as a report holds it. It is packed there, so what was taken out of it is looked for here.
fn recording(outgoing: &Outgoing, path: &Path) -> Result<HeldRecording, Failure> {
    let mut bytes = Vec::new();
    outgoing.export(ExportFormat::Recording, &mut bytes)?;
    if let Some(report) = outgoing.report() {
        let mut rescan = report.secrets.rescan();
        rescan.push(&bytes);
        redaction::refuse_left(&rescan.finish())?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    Ok(HeldRecording {
        name: format!("{stem}{}", ExportFormat::Recording.ending()),
        bytes,
    })
}

/// Writes a report.
pub(super) fn write(held: &[HeldRecording], beginning: &str, out: &mut dyn Write) -> Result<(), Failure> {
    write_report(held, beginning, out).map_err(|error| {
        let source = Box::new(error);
        Failure::from(EngineError::Export { source })
    })
}

/// Exchanges as one side of a comparison in an address.
fn side(exchanges: std::ops::Range<usize>) -> String {
    let numbers: Vec<String> = exchanges.map(|number| number.to_string()).collect();
    match numbers.as_slice() {
        [one] => one.clone(),
        several => format!("{}-", several.join("-")),
    }
}

/// The query at which the page begins. A report numbers its exchanges from 0, in the order of `indexes`.
fn beginning(at: Option<&str>, indexes: &[i64]) -> Result<String, Failure> {
    let only = match indexes {
        [_] => Some("?exchange=0"),
        _ => None,
    };
    let Some(at) = at else {
        return Ok(only.unwrap_or_default().to_owned());
    };
    if let Ok(seq) = at.trim_start_matches('#').parse::<u32>() {
        let only = only.ok_or_else(|| {
            Failure::bad_argument(
                format!(
                    "The report has {} exchanges, and --at {at} is a frame of one.",
                    indexes.len()
                ),
                "Say which: --at \"?exchange=I&seq=N\".",
            )
        })?;
        return Ok(format!("{only}&seq={seq}"));
    }
    let Some((_, query)) = at.split_once('?') else {
        return Err(Failure::bad_argument(
            format!("{at:?} is no place in a report."),
            "Give a frame, as in --at 120, or what stands in the address of the page from its question mark on.",
        ));
    };
    let query = query.split('#').next().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut kept = Vec::new();
    for (name, value) in pairs.filter(|(name, _)| KEPT.contains(name)) {
        match name {
            "exchange" => kept.push(format!("exchange={}", place_of(value, indexes)?)),
            _ => kept.push(format!("{name}={value}")),
        }
    }
    Ok(format!("?{}", kept.join("&")))
}

/// What an address says that is true of a report too.
const KEPT: [&str; 6] = ["screen", "exchange", "seq", "axis", "rows", "side"];

fn place_of(value: &str, indexes: &[i64]) -> Result<usize, Failure> {
    let index = value.parse::<i64>().ok();
    let place = index.and_then(|index| indexes.iter().position(|known| *known == index));
    place.ok_or_else(|| {
        Failure::bad_argument(
            format!("The report does not hold exchange {value}, at which it should open."),
            "Name an exchange that is written, or leave --at out.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_opens_where_the_sender_was() {
        let at = |at: &str, indexes: &[i64]| beginning(Some(at), indexes).unwrap();
        assert_eq!(beginning(None, &[7]).unwrap(), "?exchange=0");
        assert_eq!(beginning(None, &[7, 9]).unwrap(), "");
        assert_eq!(at("#12", &[7]), "?exchange=0&seq=12");
        let address = "http://127.0.0.1:5292/?token=secret&exchange=9&seq=3&rows=events#x";
        assert_eq!(at(address, &[7, 9]), "?exchange=1&seq=3&rows=events");
        for (at, indexes) in [("3", &[7, 9][..]), ("?exchange=8", &[7]), ("the end", &[7])] {
            assert!(beginning(Some(at), indexes).is_err(), "{at}");
        }
    }

    #[test]
    fn sides_are_written_as_the_page_reads_them() {
        assert_eq!(side(0..1), "0");
        assert_eq!(side(1..3), "1-2-");
    }
}
