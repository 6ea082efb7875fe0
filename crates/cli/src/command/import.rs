//! `scrubjay import`: recording files into the store.

use scrubjay_engine::{Engine, Opening, Options};
use scrubjay_ipc::Code;

use crate::{
    args,
    failure::{Failure, note},
    json::Line,
    out::Out,
    safe::safe,
    words,
};

pub(crate) fn run(args: &args::Import, out: &mut Out) -> Result<(), Failure> {
    let engine = Engine::open(&Options {
        path: args.store.path.clone(),
        opening: Opening::Writing,
    })?;
    let mut damaged = None;
    for file in &args.files {
        let imported = engine.import_file(file, None)?;
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
        for (place, remark) in imported.remarks.iter().enumerate() {
            if imported.is_damaged && place == 0 {
                damaged.get_or_insert_with(|| format!("{shown}: {remark}"));
            } else {
                note(&format!("{shown}: {remark}"), out.format);
            }
        }
    }
    engine.close();
    match damaged {
        None => Ok(()),
        Some(sentence) => Err(Failure::new(
            Code::BadFile,
            sentence,
            "What stands before the damage is in the store now; get the file again for the rest.",
        )),
    }
}
