//! `scrubjay import`: recording files into the store.
//!
//! A file that cannot be read keeps none of the others from being taken, and
//! a store is made only once there is something to put into it. What was taken
//! is derived before the command returns, so that no later one has to.

mod progress;

use std::path::PathBuf;
use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool, atomic::Ordering::SeqCst},
    thread,
    time::Duration,
};

use scrubjay_engine::{Engine, EngineError, Incoming, Limits, Opening, Options};
use scrubjay_ipc::{Code, Report};

use self::progress::Progress;
use crate::{
    args::{Format, LimitArg, StoreArg},
    command::Execute,
    contract::files::ImportLine,
    failure::{Failure, note, print_report},
    json,
    out::Out,
    safe::safe,
    signals::{Meaning, Signals},
    words,
};

/// How long what was begun may take once a signal asks to stop.
const LEAVING: Duration = Duration::from_millis(900);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recording files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) store: StoreArg,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let stop = watch_signals(out.format)?;
        let mut opened = None;
        let mut failed = Ok(());
        let mut untaken = Vec::new();
        for file in &self.files {
            let read = (!stop.load(SeqCst)).then(|| read(file, self.limit.limits(), &stop));
            // What was read of a file before a signal came is not the whole of it.
            let Some(read) = read.filter(|_| !stop.load(SeqCst)) else {
                untaken.push(file);
                continue;
            };
            match read {
                Ok(incoming) => {
                    let engine = match &opened {
                        Some(engine) => engine,
                        None => &*opened.insert(open(self)?),
                    };
                    failed = failed.and(take(engine, file, incoming, out)?);
                }
                Err(error) => {
                    print_report(&error.report(), out.format);
                    failed = Err(Failure::Status(2));
                }
            }
        }
        let derived = match &opened {
            Some(engine) => end(engine, &untaken, &stop),
            None if stop.load(SeqCst) => Err(stopped("Nothing was taken.")),
            None => Ok(()),
        };
        if let Some(engine) = opened {
            engine.close();
        }
        failed.and(derived)
    }
}

/// Derives what was taken; fails where a signal came before all files were.
fn end(engine: &Engine, untaken: &[&PathBuf], stop: &AtomicBool) -> Result<(), Failure> {
    let derived = derive(engine, stop);
    let [file, others @ ..] = untaken else { return derived };
    let others = match others.len() {
        0 => String::new(),
        count => format!(", nor {} after it", words::count(count as u64, "file")),
    };
    Err(stopped(&format!(
        "{} was not taken{others}. What was said to be taken is whole.",
        safe(&file.display().to_string()),
    )))
}

fn open(args: &Args) -> Result<Engine, Failure> {
    Ok(Engine::open(&Options {
        path: args.store.path.clone(),
        opening: Opening::Importing,
    })?)
}

fn read(file: &Path, limits: Limits, stop: &AtomicBool) -> Result<Incoming, EngineError> {
    let len = file.metadata().map_or(0, |facts| facts.len());
    let progress = Progress::of_bytes(&format!("reading {}", safe(&file.display().to_string())), len);
    Incoming::read_watched(file, None, limits, &mut |read| {
        progress.to(read);
        !stop.load(SeqCst)
    })
}

/// Derives what was taken, until it is done or a signal asks to stop.
fn derive(engine: &Engine, stop: &AtomicBool) -> Result<(), Failure> {
    let mut progress = None;
    let is_whole = engine.derive_watched(&mut |derived| {
        let progress = progress.get_or_insert_with(|| Progress::of_bytes("deriving", derived.total));
        progress.to(derived.bytes);
        !stop.load(SeqCst)
    })?;
    drop(progress);
    match is_whole {
        true => Ok(()),
        false => Err(stopped(
            "What was taken is whole; the next list derives the rest, or reindex does.",
        )),
    }
}

fn stopped(what_of_it: &str) -> Failure {
    Failure::new(
        Code::BadRequest,
        "The import was stopped before it was done.",
        what_of_it,
    )
}

/// Is set once a signal asks to stop. What cannot be left within [`LEAVING`],
/// such as a pipe that nothing is written to, is left by ending the process:
/// a file is taken in one transaction, so it is in the store whole or not at all.
fn watch_signals(format: Format) -> Result<Arc<AtomicBool>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = Signals::new(Meaning::StopInOwnTime, format, || 0)?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    thread::Builder::new()
        .name("scrubjay-signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                signals.asked_to_stop().await;
                asked.store(true, SeqCst);
                tokio::time::sleep(LEAVING).await;
            });
            stopped("What was said to be taken is whole; the next list derives the rest, or reindex does.")
                .print(format);
            std::process::exit(2);
        })?;
    Ok(stop)
}

/// Takes a file's exchanges; the inner failure is that it was damaged.
fn take(engine: &Engine, file: &Path, incoming: Incoming, out: &mut Out) -> Result<Result<(), Failure>, Failure> {
    let imported = engine.import_incoming(incoming)?;
    let shown = file.display().to_string();
    if out.is_json() {
        for index in &imported.exchanges {
            out.text(&json::line(&ImportLine {
                file: &shown,
                index: *index,
            }))?;
        }
    } else {
        let numbers: Vec<String> = imported.exchanges.iter().map(ToString::to_string).collect();
        let count = words::count(imported.exchanges.len() as u64, "exchange");
        out.text(&format!("took {count} from {}: {}\n", safe(&shown), numbers.join(", ")))?;
    }
    out.flush()?;
    let mut remarks = imported.remarks.iter();
    let damage = remarks.by_ref().take(usize::from(imported.is_damaged)).next();
    for remark in remarks {
        note(&format!("{shown}: {remark}"), out.format);
    }
    let Some(damage) = damage else { return Ok(Ok(())) };
    let hint = "What stands before the damage is in the store now; get the file again for the rest.";
    print_report(
        &Report::new(Code::BadFile, format!("{shown}: {damage}"), hint),
        out.format,
    );
    Ok(Err(Failure::Status(2)))
}
