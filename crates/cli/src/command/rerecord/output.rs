//! Files of what came back: beside the baselines, or in their place.

use std::path::{Path, PathBuf};

use scrubjay_engine::{Engine, ExportFormat, Opening, Options};
use scrubjay_ipc::Code;
use scrubjay_session::diff::report;

use super::{
    asking::{Answers, Outcomes},
    baselines::{Baseline, Baselines},
};
use crate::{
    args::Format,
    command::{
        diff::{
            self,
            baseline::{BaselineResult, shown},
        },
        export::Draft,
    },
    contract::files::FileLine,
    failure::{Failure, note},
    json,
    library::Library,
    out::Out,
    safe::safe,
    words,
};

/// Writes the new recordings into a folder, under the names of the baselines.
pub(super) fn write(
    baselines: &Baselines,
    asked: &Outcomes,
    new: &Library,
    folder: &Path,
    out: &mut Out,
) -> Result<(), Failure> {
    for (file, answers) in baselines.files.iter().zip(&asked.files) {
        let exchanges = in_order(file, answers, new)?;
        if exchanges.is_empty() {
            continue;
        }
        let target = folder.join(name_in(file, &baselines.named));
        let beside = target.parent().unwrap_or(folder);
        std::fs::create_dir_all(beside).map_err(|error| unwritable(beside, &error))?;
        let draft = Draft::beside(&target)?;
        draft.fill(|output| Ok(new.engine().export(&exchanges, format(&target), output)?))?;
        draft.keep()?;
        print("written", &target.display().to_string(), exchanges.len(), out)?;
    }
    Ok(())
}

/// Replaces the files that differ and whose runs all ended. Whether that
/// leaves no difference.
pub(super) fn replace(
    baselines: &Baselines,
    asked: &Outcomes,
    new: &Library,
    result: &BaselineResult,
    out: &mut Out,
) -> Result<bool, Failure> {
    let mut is_all = true;
    for (file, answers) in baselines.files.iter().zip(&asked.files) {
        if !result.differing.contains(&file.path) {
            continue;
        }
        let name = shown(&file.path, &baselines.named);
        if let Some(why) = &answers.incomplete {
            note(&format!("{name} is not replaced: {why}."), diff::plain(out.format));
            is_all = false;
            continue;
        }
        let kept = put_in_place(file, answers, new)?;
        print("replaced", &name, kept, out)?;
    }
    Ok(is_all && !result.has_new_threads)
}

/// The new exchanges of a file, in the order of the recorded ones.
fn in_order(file: &Baseline, answers: &Answers, new: &Library) -> Result<Vec<i64>, Failure> {
    let (recorded, new) = (file.library.indexes()?, new.indexes()?);
    let places = recorded.iter().filter_map(|index| answers.places.get(index));
    Ok(places.filter_map(|place| new.get(*place).copied()).collect())
}

/// Writes beside the file and renames; gives the number of exchanges. What
/// carries no run (`GET /info` for example) was not asked, and stays as it was.
fn put_in_place(file: &Baseline, answers: &Answers, new: &Library) -> Result<usize, Failure> {
    let target = file
        .path
        .canonicalize()
        .map_err(|error| unwritable(&file.path, &error))?;
    let mut others: Vec<i64> = Vec::new();
    for index in file.library.indexes()? {
        if !file.library.reader(*index)?.summary().is_run_input {
            others.push(*index);
        }
    }
    let both = match others.is_empty() {
        true => None,
        false => Some(Both::of(new.engine(), &file.path)?),
    };
    let asked_again = new.indexes()?;
    let exchanges: Vec<i64> = file
        .library
        .indexes()?
        .iter()
        .enumerate()
        .filter_map(|(number, index)| match &both {
            Some(both) if others.contains(index) => both.imported.get(number).copied(),
            _ => answers
                .places
                .get(index)
                .and_then(|place| asked_again.get(*place).copied()),
        })
        .collect();
    let engine = both.as_ref().map_or(new.engine(), |both| &both.engine);
    let draft = Draft::beside(&target)?;
    draft.fill(|output| Ok(engine.export(&exchanges, format(&target), output)?))?;
    draft.permit_as(&target)?;
    draft.keep()?;
    if let Some(both) = both {
        both.engine.close();
    }
    Ok(exchanges.len())
}

/// The new store with the exchanges of a baseline in it, too.
struct Both {
    engine: Engine,
    imported: Vec<i64>,
}

impl Both {
    fn of(new: &Engine, file: &Path) -> Result<Self, Failure> {
        let options = Options {
            path: Some(new.path().to_owned()),
            opening: Opening::Writing,
        };
        let engine = Engine::open_within(&options, new.limits())?;
        let imported = engine.import_file(file, None)?.exchanges;
        Ok(Self { engine, imported })
    }
}

/// A baseline's name under its folder; a store's with the ending of a file.
fn name_in(file: &Baseline, named: &Path) -> PathBuf {
    let short = file
        .path
        .strip_prefix(named)
        .ok()
        .filter(|short| !short.as_os_str().is_empty());
    let name = short.unwrap_or_else(|| Path::new(file.path.file_name().unwrap_or_default()));
    match ExportFormat::of_name(&name.to_string_lossy()).filter(|format| format.is_recording()) {
        Some(_) => name.to_owned(),
        None => name.with_extension("agui.jsonl"),
    }
}

fn format(path: &Path) -> ExportFormat {
    ExportFormat::of_name(&path.to_string_lossy())
        .filter(|format| format.is_recording())
        .unwrap_or(ExportFormat::Recording)
}

fn print(what: &str, file: &str, exchanges: usize, out: &mut Out) -> Result<(), Failure> {
    let count = words::count(exchanges as u64, "exchange");
    let text = match out.format {
        Format::Json => json::line(&FileLine {
            kind: what,
            file,
            exchanges,
        }),
        Format::Markdown => format!("\n- **{what}** {} ({count})\n", report::code(file)),
        _ => format!("{what:<9}  {}  ({count})\n", safe(file)),
    };
    out.text(&text)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Code::BadFile,
        format!("Cannot write {}: {error}.", path.display()),
        "Check that you may write there, and that there is room.",
    )
}
