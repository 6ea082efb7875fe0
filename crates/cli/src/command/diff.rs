//! `scrubjay diff`: where two recordings part, or many from one, or a new
//! recording from baselines in a folder.

pub(super) mod baseline;
mod many;
mod sides;
mod text;

use scrubjay_engine::AnyShelf;
use scrubjay_ipc::{DiffLevel, Ignore, answer::compare as answers};
use scrubjay_session::{
    diff::{Comparison, Rules, Side, Stopped},
    query::Failed,
};

use self::sides::Operand;
pub(super) use self::sides::plain;
use crate::{
    args::{self, Format, Level},
    failure::Failure,
    library::{Library, unreadable},
    out::Out,
};

/// Differences that a text tells one by one.
const DIFFERENCES: usize = 200;

pub(crate) fn run(args: &args::Diff, out: &mut Out) -> Result<(), Failure> {
    let rules = rules(args.level, &args.ignore, &args.ignore_text)?;
    if let Some(folder) = &args.baseline {
        return baseline::run(args, folder, &rules, out);
    }
    let Some(b) = &args.b else {
        return Err(Failure::bad_argument(
            "Two recordings are compared, and one was named.",
            "Name both: scrubjay diff A B.",
        ));
    };
    let b_path = b;
    let [a, b] = Library::open_both([&args.a, b], out)?;
    let a = Operand::of(a, args.exchange_a, args.all)?;
    let b = Operand::of(b, args.exchange_b, args.all)?;
    if args.exchange_b.is_none() {
        b.fits(b_path, "--b", args.exchange_a)?;
    }
    if args.exchange_a.is_none() {
        a.fits(&args.a, "--a", args.exchange_b)?;
    }
    if !args.more.is_empty() {
        return many::run(args, &a, b, &rules, out);
    }
    let mut comparison = compared(a.side.clone(), b.side.clone(), &rules)?;
    tell(&mut comparison, out)?;
    left_out(&a, &b, out)?;
    out.flush()?;
    a.library.finish().and(b.library.finish())?;
    verdict(comparison.is_same())
}

/// Says what was not compared.
fn left_out(a: &Operand, b: &Operand, out: &mut Out) -> Result<(), Failure> {
    if out.format != Format::Text || a.left_out + b.left_out == 0 {
        return Ok(());
    }
    out.text(&format!(
        "Exchanges that carry no run are not compared ({} of A, {} of B); --all compares them too.\n",
        a.left_out, b.left_out
    ))
}

/// Prints a comparison.
fn tell(comparison: &mut Comparison<AnyShelf>, out: &mut Out) -> Result<(), Failure> {
    match out.format {
        Format::Json => {
            out.text(&answers::summary_line(comparison))?;
            for number in 0..comparison.differences().len() {
                let found = comparison.divergence(number).map_err(unreadable)?;
                out.text(&answers::difference_line(number + 1, &found))?;
            }
            Ok(())
        }
        Format::Markdown => out.text(&answers::markdown(comparison).map_err(Failure::Report)?),
        _ => out.text(&text::comparison(comparison, DIFFERENCES)?),
    }
}

/// Exit status 1 says that something differs.
fn verdict(same: bool) -> Result<(), Failure> {
    match same {
        true => Ok(()),
        false => Err(Failure::Status(1)),
    }
}

fn compared(a: Side<AnyShelf>, b: Side<AnyShelf>, rules: &Rules) -> Result<Comparison<AnyShelf>, Failure> {
    match Comparison::of(a, b, rules.clone(), &[], &mut |_| true) {
        Ok(comparison) => Ok(comparison),
        Err(Stopped::Failed(failed)) => Err(unreadable(failed)),
        Err(Stopped::Cancelled) => Err(unreadable(Failed::Nothing {
            place: "the end of a comparison that nobody gave up".to_owned(),
        })),
    }
}

/// What counts, as arguments give it.
pub(super) fn rules(level: Level, ignore: &[String], ignore_text: &[String]) -> Result<Rules, Failure> {
    let level = match level {
        Level::Behaviour => DiffLevel::Behaviour,
        Level::State => DiffLevel::State,
        Level::Text => DiffLevel::Text,
        Level::Wire => DiffLevel::Wire,
    };
    let pointers = ignore.iter().cloned().map(Ignore::Pointer);
    let patterns = ignore_text.iter().cloned().map(Ignore::Pattern);
    let ignored: Vec<Ignore> = pointers.chain(patterns).collect();
    answers::rules(level, &ignored).map_err(Failure::Report)
}
