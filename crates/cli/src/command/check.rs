//! `scrubjay check`: what is wrong with recorded streams, or with one that
//! comes now.
//!
//! Findings are those that every reading command shows; here they are judged
//! against a bar. Muted ones are shown and do not count. Runs are checked, and
//! what clients ask beside runs where it failed; other requests when they are
//! asked for.
//!
//! Map: [`mutes`] (what is muted), [`text`], [`sarif`], [`junit`] (how it is
//! written down), [`live`] (a run that is asked for now).

mod junit;
mod live;
mod mutes;
mod sarif;
mod text;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::{collections::BTreeMap, ops::ControlFlow, path::PathBuf};

use scrubjay_engine::{AnyShelf, Engine, Overview};
use scrubjay_ipc::{Code, Mutes};
use scrubjay_session::{
    fold::rule::PATCH_FAILED,
    judge::rule::rule,
    query::{FindingEntry, Mend, Reader, Severity},
    threads::OpenInThreads,
    verdict::{self, Verdict},
};

use self::mutes::Muted;
use crate::{
    args::{Format, LimitArg, Tls},
    command::Execute,
    contract::{CheckLine, MendedAt},
    failure::Failure,
    json,
    library::{Library, Order, unreadable},
    out::Out,
    source_args, words,
};

/// An exchange and what was found in it.
pub(crate) struct Checked {
    /// The file or store it lies in.
    pub(crate) source: String,
    pub(crate) exchange: i64,
    /// What the request is called.
    pub(crate) request: String,
    /// `HTTP 401`, where the answer carries no run and its status says so.
    pub(crate) outcome: Option<String>,
    pub(crate) findings: Vec<Found>,
}

/// A finding, and whether it counts.
pub(crate) struct Found {
    pub(crate) finding: FindingEntry,
    pub(crate) is_muted: bool,
    /// Where the frame stands, in a recording file that has lines.
    pub(crate) line: Option<u64>,
    /// Of a dropped patch: what has become of what was lost with it.
    pub(crate) mend: Option<Mend>,
}

/// Everything that was checked.
pub(crate) struct Report {
    pub(crate) checked: Vec<Checked>,
    pub(crate) bar: Severity,
    /// Requests that are no runs, and were left alone.
    pub(crate) others: u64,
    /// Each finding is printed, not only examples of each rule.
    pub(crate) prints_each: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recording files or stores; absent means the default store
    #[arg(value_name = "SOURCE")]
    sources: Vec<PathBuf>,

    /// The same as SOURCE
    #[arg(long, value_name = "PATH", conflicts_with = "sources")]
    store: Option<PathBuf>,

    /// Index of an exchange (see scrubjay list); repeat for several, absent means all runs
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// Print each finding instead of examples of each rule, and check requests that carry no run, too
    #[arg(long, conflicts_with = "url")]
    pub(crate) all: bool,

    /// Exit with status 1 for findings of this severity or a higher one
    #[arg(long, value_name = "SEVERITY", default_value = "error", value_parser = bar())]
    pub(crate) fail_on: Severity,

    /// Do not count findings of this rule; repeat for several
    #[arg(long, value_name = "RULE")]
    pub(crate) mute: Vec<String>,

    /// Do not count findings of the rules in this file: each line has a rule and the reason
    #[arg(long, value_name = "FILE")]
    pub(crate) mutes: Option<PathBuf>,

    /// Ask this agent now, instead of reading a recording
    #[arg(long, value_name = "URL", requires = "input", conflicts_with_all = ["sources", "store", "exchanges"])]
    pub(crate) url: Option<String>,

    /// The RunAgentInput to post, as JSON
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) input: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) tls: Tls,
}

impl Args {
    /// What to read, one after the other.
    pub(crate) fn paths(&self) -> Vec<Option<PathBuf>> {
        match self.sources.as_slice() {
            [] => vec![self.store.clone()],
            sources => sources.iter().cloned().map(Some).collect(),
        }
    }
}

/// The severity from which on a finding fails a check.
fn bar() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(["error", "warning"]).map(|name| match name.as_str() {
        "error" => Severity::Error,
        _ => Severity::Warning,
    })
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let muted = Muted::read(self)?;
        let mut report = Report {
            checked: Vec::new(),
            bar: self.fail_on,
            others: 0,
            prints_each: self.all,
        };
        let read = match &self.url {
            Some(url) => {
                let (checked, whole) = live::check(self, url, &muted, out)?;
                report.checked.push(checked);
                whole
            }
            None => {
                source_args::tls(&self.tls, &[])?;
                // One source that cannot be read keeps none of the others from being checked.
                let read = self
                    .paths()
                    .into_iter()
                    .map(|path| report.read(path, self, &muted, out));
                read.fold(Ok(()), Result::and)
            }
        };
        if report.checked.is_empty() {
            return read.and(Err(report.nothing()));
        }
        let verdict = report.conclude(out, self.url.is_some());
        out.flush()?;
        read.and(verdict)
    }
}

/// What was found in one exchange, and about its request in its thread.
fn recorded(
    library: &Library,
    overview: &Overview,
    about_thread: Vec<FindingEntry>,
    (muted, kept): (&Muted, &Mutes),
) -> Result<Checked, Failure> {
    let engine = library.engine();
    let index = overview.exchange.index;
    let mut places = Places {
        engine,
        index,
        reader: None,
    };
    let mut found = Vec::new();
    for finding in about_thread.into_iter().chain(engine.findings(overview)?) {
        found.push(Found {
            is_muted: muted.is_muted(&finding.rule) || kept.is_muted(index, &finding.rule),
            line: places.line_of(finding.seq),
            mend: places.mend_of(&finding)?,
            finding,
        });
    }
    Ok(Checked {
        findings: found,
        source: engine.path().display().to_string(),
        exchange: index,
        request: words::request_name(&overview.exchange.request, &overview.summary),
        outcome: outcome_of(overview),
    })
}

/// What stands in the place of a run.
fn outcome_of(overview: &Overview) -> Option<String> {
    let (exchange, summary) = (&overview.exchange, &overview.summary);
    let verdict = verdict::without_run(exchange, summary);
    let is_status = summary.runs.is_empty() && matches!(verdict, Verdict::Refused | Verdict::Redirected);
    let status = exchange.response.as_ref().map(|head| head.status);
    is_status.then(|| words::outcome(verdict, status))
}

/// Where the findings of an exchange stand in its file, and where what they lost is mended.
struct Places<'a> {
    engine: &'a Engine,
    index: i64,
    /// Opened when it is first needed.
    reader: Option<Reader<AnyShelf>>,
}

impl Places<'_> {
    fn reader(&mut self) -> Result<&mut Reader<AnyShelf>, Failure> {
        if self.reader.is_none() {
            let shelf = self.engine.shelf(self.index)?;
            self.reader = Some(Reader::open(shelf).map_err(unreadable)?);
        }
        Ok(self.reader.as_mut().expect("just opened"))
    }

    /// What has become of what is lost at a finding.
    fn mend_of(&mut self, finding: &FindingEntry) -> Result<Option<Mend>, Failure> {
        match finding.rule == PATCH_FAILED.id {
            true => self.reader()?.mend_of(finding).map_err(unreadable),
            false => Ok(None),
        }
    }

    /// The line of a frame; the one of the request stands for the moment before the first.
    fn line_of(&mut self, seq: u32) -> Option<u64> {
        // A store has no lines, and then nothing needs to be opened.
        let request = self.engine.line_of(self.index, None)?;
        if seq == 0 {
            return Some(request);
        }
        let offset = self.reader().ok()?.frame(seq).ok()?.offset;
        self.engine.line_of(self.index, Some(offset))
    }
}

impl Report {
    /// Checks the runs of a source, everything in it, or what is named.
    fn read(&mut self, path: Option<PathBuf>, args: &Args, muted: &Muted, out: &Out) -> Result<(), Failure> {
        let library = Library::open(path, args.limit.limits(), out.format)?;
        library.catch_up()?;
        let kept = library.engine().mutes()?;
        let named = library.named(&args.exchanges)?;
        let mut threads = OpenInThreads::default();
        let mut about_named = BTreeMap::new();
        library.each(Order::OldestFirst, |overview| {
            let about_thread = threads.follow(overview.exchange.index, &overview.exchange, &overview.summary);
            if !named.is_empty() {
                if !about_thread.is_empty() && named.contains(&overview.exchange.index) {
                    about_named.insert(overview.exchange.index, about_thread);
                }
            } else if args.all || verdict::is_checked(&overview.exchange, &overview.summary) {
                let checked = recorded(&library, &overview, about_thread, (muted, &kept))?;
                self.checked.push(checked);
            } else {
                self.others += 1;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for index in named {
            if let Some(overview) = library.engine().overview(index)? {
                let about_thread = about_named.remove(&index).unwrap_or_default();
                let checked = recorded(&library, &overview, about_thread, (muted, &kept))?;
                self.checked.push(checked);
            }
        }
        library.finish()
    }

    /// Why there is nothing to check.
    fn nothing(&self) -> Failure {
        let (what, hint) = match self.others {
            0 => (
                "exchange",
                "Record one (scrubjay record --upstream URL), or check a live agent (scrubjay check --url URL --input FILE)."
                    .to_owned(),
            ),
            others => ("run", format!("{}: --all checks them.", words::count(others, "other request"))),
        };
        let sentence = format!("There is nothing to check: no {what} was recorded.");
        Failure::new(Code::NotFound, sentence, hint)
    }

    /// Prints what is left to print and gives the verdict. What came live was
    /// printed as it came, where the format has lines.
    fn conclude(&self, out: &mut Out, was_printed: bool) -> Result<(), Failure> {
        match out.format {
            Format::Json if was_printed => {}
            Format::Json => self.lines(out)?,
            Format::Sarif => out.text(&sarif::write(self))?,
            Format::Junit => out.text(&junit::write(self))?,
            Format::Text | Format::Markdown => {
                if !was_printed {
                    out.text(&text::report_text(self))?;
                }
                out.text(&text::sum(self))?;
            }
        }
        match self.fails() {
            true => Err(Failure::Status(1)),
            false => Ok(()),
        }
    }

    fn lines(&self, out: &mut Out) -> Result<(), Failure> {
        let several = self.has_several_sources();
        for checked in &self.checked {
            for found in &checked.findings {
                out.text(&line(checked, found, several))?;
            }
        }
        Ok(())
    }

    pub(crate) fn has_several_sources(&self) -> bool {
        self.checked
            .iter()
            .any(|checked| checked.source != self.checked[0].source)
    }

    fn fails(&self) -> bool {
        let mut found = self.checked.iter().flat_map(|checked| &checked.findings);
        found.any(|found| found.counts(self.bar))
    }

    /// Findings that count: error, warning, note; and muted ones.
    pub(crate) fn counts(&self) -> ([usize; 3], usize) {
        let mut counts = [0; 3];
        let mut muted = 0;
        for found in self.checked.iter().flat_map(|checked| &checked.findings) {
            if found.is_muted {
                muted += 1;
            } else {
                counts[2 - found.finding.severity as usize] += 1;
            }
        }
        (counts, muted)
    }
}

impl Found {
    /// At or above the bar.
    pub(crate) fn counts(&self, bar: Severity) -> bool {
        !self.is_muted && self.finding.severity >= bar
    }

    pub(crate) fn title(&self) -> &'static str {
        rule(&self.finding.rule).map_or("", |rule| rule.title)
    }

    /// What has become of what was lost, in words.
    pub(crate) fn mend_words(&self) -> Option<String> {
        Some(match self.mend? {
            Mend::By(seq) => format!("mended by #{seq}"),
            Mend::Never => "nothing has mended it".to_owned(),
        })
    }

    pub(crate) fn clients(&self) -> Vec<String> {
        self.finding.clients()
    }
}

/// A finding as the contract has it.
pub(crate) fn line(checked: &Checked, found: &Found, several: bool) -> String {
    let finding = &found.finding;
    json::line(&CheckLine {
        source: several.then_some(&checked.source),
        exchange: checked.exchange,
        seq: finding.seq,
        rule: &finding.rule,
        severity: finding.severity.as_str(),
        title: found.title(),
        message: &finding.message,
        clients: found.clients(),
        mended_at: found.mend.map(MendedAt),
        muted: found.is_muted,
    })
}
