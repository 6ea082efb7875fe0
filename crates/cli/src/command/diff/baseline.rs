//! New recordings against baselines in a folder.
//!
//! What is compared is threads. A new thread belongs to the baseline of the
//! same id, else to the one whose first request asks the same (ids, tools and
//! state aside); where several ask the same, they pair in order. What has no
//! partner is reported as missing or as new.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use scrubjay_engine::{Limits, clock};
use scrubjay_ipc::Code;
use scrubjay_session::{
    diff::{self, Comparison, Rules, pair_threads, report},
    fold::rule::JUDGE,
};

use super::{
    Args, DIFFERENCES, compared, difference_lines,
    sides::{Thread, pairing, plain, side, threads},
    text, verdict,
};
use crate::{
    args::Format,
    contract::files::{BaselineLine, BaselinesLine, Freshness},
    failure::{Failure, note},
    json,
    library::{Library, unreadable},
    out::Out,
    safe::{safe, shortened},
    words,
};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// A thread of a file, and what its first request asks.
struct Known {
    library: usize,
    thread: Thread,
    pairing: diff::Thread,
}

/// What became of a baseline or a new thread.
enum Found {
    Compared(Box<Comparison<scrubjay_engine::AnyShelf>>, Freshness),
    Missing(Freshness),
    New,
}

impl Found {
    fn is_same(&self) -> bool {
        matches!(self, Self::Compared(comparison, _) if comparison.is_same())
    }
}

pub(super) fn run(args: &Args, folder: &Path, rules: &Rules, out: &mut Out) -> Result<(), Failure> {
    let older_than_us = match &args.max_age {
        None => None,
        Some(text) => Some(words::moment(text, clock::wall_us()).ok_or_else(|| {
            Failure::bad_argument(
                format!("`{text}` is no age."),
                "Give a number and a unit, such as 90d or 12h, or a day.",
            )
        })?),
    };
    let options = BaselineOptions {
        rules,
        older_than_us,
        limits: args.limit.limits(),
    };
    verdict(report(folder, &args.a, &options, out)?.passes)
}

/// How new recordings are compared with baselines.
pub(in crate::command) struct BaselineOptions<'a> {
    pub(in crate::command) rules: &'a Rules,
    /// Baselines from before this moment are too old, microseconds since 1970.
    pub(in crate::command) older_than_us: Option<i64>,
    pub(in crate::command) limits: Limits,
}

/// What a comparison with baselines came to.
pub(in crate::command) struct BaselineResult {
    /// Nothing differs, every thread has its partner, and no baseline is too old.
    pub(in crate::command) passes: bool,
    /// Files with a thread that differs or has no partner.
    pub(in crate::command) differing: BTreeSet<PathBuf>,
    /// A new thread has no baseline.
    pub(in crate::command) has_new_threads: bool,
}

/// Compares the threads of a new recording with the baselines in a folder, a
/// file or a store, and prints the report.
pub(in crate::command) fn report(
    folder: &Path,
    new: &Path,
    options: &BaselineOptions<'_>,
    out: &mut Out,
) -> Result<BaselineResult, Failure> {
    let files = recordings(folder)?;
    let open = |file: &Path| Library::open(Some(file.to_owned()), options.limits, out.format);
    let libraries = files.iter().map(|file| open(file)).collect::<Result<Vec<_>, _>>()?;
    let source = open(new)?;
    let mut baselines = Vec::new();
    for (place, library) in libraries.iter().enumerate() {
        baselines.extend(known(library, place)?);
    }
    let scattered = scattered(&baselines, &files);
    let fresh = known(&source, 0)?;
    let pairings = |known: &[Known]| -> Vec<diff::Thread> { known.iter().map(|known| known.pairing.clone()).collect() };
    let mut reporter = Reporter {
        out,
        passes: true,
        counts: [0; 4],
        too_old: 0,
        differing: BTreeSet::new(),
    };
    reporter.begin(folder)?;
    for pair in pair_threads(&pairings(&baselines), &pairings(&fresh), false) {
        let partner = pair.b.map(|place| &fresh[place as usize]);
        match (pair.a.map(|place| &baselines[place as usize]), partner) {
            (Some(baseline), partner) => {
                let partner = partner.map(|partner| (&source, partner));
                let found = against(&libraries[baseline.library], baseline, partner, options)?;
                reporter.baseline(&files[baseline.library], folder, baseline, found)?;
            }
            (None, Some(partner)) => reporter.one(&new.display().to_string(), partner, Found::New)?,
            (None, None) => {}
        }
    }
    let result = reporter.end()?;
    out.flush()?;
    for sentence in scattered.iter().filter(|_| !result.passes) {
        note(sentence, plain(out.format));
    }
    let finished = libraries.iter().map(Library::finish);
    finished.fold(source.finish(), Result::and)?;
    Ok(result)
}

/// A file by its name in the folder that was named, or as it was named.
pub(in crate::command) fn shown(file: &Path, under: &Path) -> String {
    let short = file
        .strip_prefix(under)
        .ok()
        .filter(|short| !short.as_os_str().is_empty());
    short.unwrap_or(file).display().to_string()
}

/// Names the files that hold runs of one thread: asked again, these are one thread,
/// which has one partner.
fn scattered(baselines: &[Known], files: &[PathBuf]) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for baseline in baselines.iter().filter(|baseline| !baseline.thread.id.is_empty()) {
        places.entry(&baseline.thread.id).or_default().push(baseline.library);
    }
    let several = places.into_iter().filter(|(_, libraries)| libraries.len() > 1);
    several
        .map(|(id, libraries)| {
            let names: Vec<String> = libraries
                .iter()
                .map(|place| files[*place].display().to_string())
                .collect();
            format!(
                "{} hold runs of one thread ({}), and those are compared as a whole: export a thread into one file.",
                names.join(" and "),
                shortened(id, 60)
            )
        })
        .collect()
}

fn against(
    library: &Library,
    baseline: &Known,
    partner: Option<(&Library, &Known)>,
    options: &BaselineOptions<'_>,
) -> Result<Found, Failure> {
    let one = side(library, &baseline.thread.exchanges)?;
    let first = one.first().map(|part| part.exchange).unwrap_or_default();
    let started_at_us = library.reader(first)?.exchange().started_at_us;
    let mut freshness = Freshness {
        started_at: words::rfc3339(started_at_us),
        age_days: (clock::wall_us() - started_at_us).max(0) / DAY_US,
        too_old: options.older_than_us.is_some_and(|bar| started_at_us < bar),
        protocol_version: None,
        new_protocol_version: None,
    };
    let Some((source, new)) = partner else {
        return Ok(Found::Missing(freshness));
    };
    let comparison = compared(one, side(source, &new.thread.exchanges)?, options.rules)?;
    [freshness.protocol_version, freshness.new_protocol_version] =
        comparison.facts().map(|facts| facts.protocol_version.clone());
    Ok(Found::Compared(Box::new(comparison), freshness))
}

fn known(library: &Library, number: usize) -> Result<Vec<Known>, Failure> {
    threads(library)?
        .into_iter()
        .map(|thread| {
            Ok(Known {
                library: number,
                pairing: pairing(library, &thread)?,
                thread,
            })
        })
        .collect()
}

/// The recording files of a folder and its folders, in the order of their
/// names; of a file or a store just that.
pub(in crate::command) fn recordings(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error: std::io::Error| {
            Failure::new(
                Code::NotFound,
                format!("Cannot read the folder {}: {error}.", folder.display()),
                "Name a folder of recordings: --baseline DIR.",
            )
        };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".agui.jsonl") || name.ends_with(".agui.jsonl.gz") {
                files.push(path);
            }
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(Failure::new(
            Code::NotFound,
            format!("There is no recording in {}.", folder.display()),
            "Put files there that scrubjay export wrote: their names end in .agui.jsonl or .agui.jsonl.gz.",
        )),
        false => Ok(files),
    }
}

/// Prints one after another, and counts for the last line.
struct Reporter<'a> {
    out: &'a mut Out,
    passes: bool,
    /// Same, different, missing, new.
    counts: [u32; 4],
    /// Baselines that are too old, with any outcome.
    too_old: u64,
    differing: BTreeSet<PathBuf>,
}

impl Reporter<'_> {
    fn begin(&mut self, folder: &Path) -> Result<(), Failure> {
        match self.out.format {
            Format::Markdown => self.out.text(&format!(
                "### Against the baselines in {}\n",
                report::code(&folder.display().to_string())
            )),
            _ => Ok(()),
        }
    }

    fn baseline(&mut self, file: &Path, folder: &Path, known: &Known, found: Found) -> Result<(), Failure> {
        if !found.is_same() {
            self.differing.insert(file.to_owned());
        }
        self.one(&shown(file, folder), known, found)
    }

    fn one(&mut self, file: &str, known: &Known, mut found: Found) -> Result<(), Failure> {
        let (place, word) = match &found {
            Found::Compared(comparison, _) if comparison.is_same() => (0, "same"),
            Found::Compared(..) => (1, "different"),
            Found::Missing(_) => (2, "missing"),
            Found::New => (3, "new"),
        };
        self.counts[place] += 1;
        let freshness = match &found {
            Found::Compared(_, freshness) | Found::Missing(freshness) => Some(freshness),
            Found::New => None,
        };
        let too_old = freshness.is_some_and(|freshness| freshness.too_old);
        self.passes &= place == 0 && !too_old;
        self.too_old += u64::from(too_old);
        let asked = known.pairing.asks.as_str();
        let head = match self.out.format {
            Format::Json => json_head(file, known, word, asked, freshness),
            Format::Markdown => markdown_head(file, word, asked, freshness),
            _ => text_head(file, word, asked, freshness),
        };
        self.out.text(&head)?;
        match &mut found {
            Found::Compared(comparison, _) if place == 1 => self.details(comparison),
            _ => Ok(()),
        }
    }

    fn details(&mut self, comparison: &mut Comparison<scrubjay_engine::AnyShelf>) -> Result<(), Failure> {
        match self.out.format {
            Format::Json => difference_lines(comparison, self.out),
            Format::Markdown => {
                let report = report::markdown(comparison).map_err(unreadable)?;
                self.out.text(&format!(
                    "\n<details><summary>What differs</summary>\n\n{report}\n</details>\n"
                ))
            }
            _ => {
                let report = text::comparison(comparison, DIFFERENCES)?;
                let indented: Vec<String> = report
                    .lines()
                    .map(|line| format!("    {line}").trim_end().to_owned())
                    .collect();
                self.out.text(&format!("{}\n\n", indented.join("\n")))
            }
        }
    }

    fn end(self) -> Result<BaselineResult, Failure> {
        let [same, different, missing, new] = self.counts;
        let mut summary = format!("{same} same, {different} different, {missing} missing, {new} new");
        if self.too_old > 0 {
            summary.push_str(&format!("; too old: {}", words::count(self.too_old, "baseline")));
        }
        match self.out.format {
            Format::Json => self.out.text(&json::line(&BaselinesLine {
                kind: "baselines",
                same,
                different,
                missing,
                new,
            })),
            _ => self.out.text(&format!("\n{summary}.\n")),
        }?;
        Ok(BaselineResult {
            passes: self.passes,
            differing: self.differing,
            has_new_threads: new > 0,
        })
    }
}

fn json_head(file: &str, known: &Known, word: &str, asked: &str, freshness: Option<&Freshness>) -> String {
    json::line(&BaselineLine {
        kind: "baseline",
        verdict: word,
        file,
        thread_id: &known.thread.id,
        asked,
        freshness,
        judged_by: JUDGE,
    })
}

fn text_head(file: &str, word: &str, asked: &str, freshness: Option<&Freshness>) -> String {
    let about = freshness
        .map(|freshness| format!("  ({})", said(freshness)))
        .unwrap_or_default();
    format!(
        "{word:<9}  {}  {}{about}\n",
        shortened(file, 80),
        safe(&shortened(asked, 60))
    )
}

fn markdown_head(file: &str, word: &str, asked: &str, freshness: Option<&Freshness>) -> String {
    let about = freshness
        .map(|freshness| format!(" – {}", said(freshness)))
        .unwrap_or_default();
    let asked = if asked.is_empty() {
        String::new()
    } else {
        format!(", {}", report::code(asked))
    };
    format!("\n- **{word}** {}{asked}{about}\n", report::code(file))
}

/// `recorded 45 days ago, protocol 1.0, judged by @ag-ui/client 1.0.0`.
fn said(freshness: &Freshness) -> String {
    let age = match freshness.age_days {
        0 => "recorded today".to_owned(),
        days => format!("recorded {} ago", words::count(days.unsigned_abs(), "day")),
    };
    let old = if freshness.too_old { ", too old" } else { "" };
    let version = |version: &Option<String>| {
        version
            .as_deref()
            .map_or("undeclared".to_owned(), |text| shortened(text, 12))
    };
    let (before, now) = (
        version(&freshness.protocol_version),
        version(&freshness.new_protocol_version),
    );
    let protocol = match before == now {
        true => format!("protocol {before}"),
        false => format!("protocol {before}, now {now}"),
    };
    format!("{age}{old}, {protocol}, judged by {JUDGE}")
}
