//! `scrubjay import`: recording files into the store.
//!
//! A file that cannot be read keeps none of the others from being taken, and
//! a store is made only once there is something to put into it.

use std::path::Path;

use scrubjay_engine::{Engine, Incoming, Opening, Options};
use scrubjay_ipc::{Code, Report};

use crate::{
    args,
    failure::{Failure, note, tell},
    json::Line,
    out::Out,
    safe::safe,
    words,
};

pub(crate) fn run(args: &args::Import, out: &mut Out) -> Result<(), Failure> {
    let mut opened = None;
    let mut failed = Ok(());
    for file in &args.files {
        match Incoming::read(file, None) {
            Ok(incoming) => {
                let engine = match &opened {
                    Some(engine) => engine,
                    None => &*opened.insert(open(args)?),
                };
                failed = failed.and(take(engine, file, incoming, out)?);
            }
            Err(error) => {
                tell(&error.report(), out.format);
                failed = Err(Failure::Status(2));
            }
        }
    }
    if let Some(engine) = opened {
        engine.close();
    }
    failed
}

fn open(args: &args::Import) -> Result<Engine, Failure> {
    Ok(Engine::open(&Options {
        path: args.store.path.clone(),
        opening: Opening::Writing,
    })?)
}

/// Takes a file's exchanges; the inner failure says that it was damaged.
fn take(engine: &Engine, file: &Path, incoming: Incoming, out: &mut Out) -> Result<Result<(), Failure>, Failure> {
    let imported = engine.import_incoming(incoming)?;
    let shown = file.display().to_string();
    if out.is_json() {
        for index in &imported.exchanges {
            out.text(&Line::new().string("file", &shown).value("index", index).end())?;
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
    tell(
        &Report::new(Code::BadFile, format!("{shown}: {damage}"), hint),
        out.format,
    );
    Ok(Err(Failure::Status(2)))
}
