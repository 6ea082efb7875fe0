//! `scrubjay diff`: where two recordings part, or many from one, or a new
//! recording from baselines in a folder.

pub(super) mod baseline;
mod many;
mod sides;
mod text;

use scrubjay_engine::AnyShelf;
use scrubjay_ipc::answer::compare as answers;
use scrubjay_session::{
    diff::{Comparison, Ignore, Rules, Side, Stopped, report},
    query::Failed,
};
use std::path::PathBuf;

use self::sides::Operand;
pub(super) use self::sides::{Thread, plain};
use crate::{
    args::{Format, LimitArg, RulesArgs},
    command::Execute,
    failure::Failure,
    library::{Library, unreadable},
    out::Out,
};

/// Differences that a text lists one by one.
const DIFFERENCES: usize = 200;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The recording to compare with, a file or a store; with --baseline, the new recording
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,

    /// The other recording
    #[arg(value_name = "B", required_unless_present = "baseline")]
    pub(crate) b: Option<PathBuf>,

    /// More recordings to compare with A; printed is where each first differs
    #[arg(value_name = "MORE", conflicts_with = "baseline")]
    pub(crate) more: Vec<PathBuf>,

    /// Index of an exchange of A; absent means all threads, paired with those of B
    #[arg(long = "a", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchange_a: Option<i64>,

    /// Index of an exchange of B
    #[arg(long = "b", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchange_b: Option<i64>,

    /// Also compare exchanges that carry no run
    #[arg(long, conflicts_with = "baseline")]
    pub(crate) all: bool,

    #[command(flatten)]
    rules: RulesArgs,

    /// Compare the threads of A with the recordings in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["b", "exchange_a", "exchange_b"])]
    pub(crate) baseline: Option<PathBuf>,

    /// With --baseline: fail where a baseline is older than this, such as 90d
    #[arg(long, value_name = "AGE", requires = "baseline")]
    pub(crate) max_age: Option<String>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let rules = rules(&self.rules)?;
        if let Some(folder) = &self.baseline {
            return baseline::run(self, folder, &rules, out);
        }
        let Some(b) = &self.b else {
            return Err(Failure::bad_argument(
                "Two recordings are compared, and one was named.",
                "Name both: scrubjay diff A B.",
            ));
        };
        let b_path = b;
        let [a, b] = Library::open_both([&self.a, b], self.limit.limits(), out.format)?;
        let a = Operand::of(a, self.exchange_a, self.all)?;
        let b = Operand::of(b, self.exchange_b, self.all)?;
        if self.exchange_b.is_none() {
            b.fits(b_path, "--b", self.exchange_a)?;
        }
        if self.exchange_a.is_none() {
            a.fits(&self.a, "--a", self.exchange_b)?;
        }
        if !self.more.is_empty() {
            return many::run(self, &a, b, &rules, out);
        }
        let mut comparison = compared(a.side.clone(), b.side.clone(), &rules)?;
        print(&mut comparison, out)?;
        left_out(&a, &b, out)?;
        out.flush()?;
        a.library.finish().and(b.library.finish())?;
        verdict(comparison.is_same())
    }
}

/// Names what was not compared.
fn left_out(a: &Operand, b: &Operand, out: &mut Out) -> Result<(), Failure> {
    if out.format != Format::Text || a.left_out + b.left_out == 0 {
        return Ok(());
    }
    out.text(&format!(
        "Exchanges that carry no run are not compared ({} of A, {} of B); --all compares them too.\n",
        a.left_out, b.left_out
    ))
}

fn print(comparison: &mut Comparison<AnyShelf>, out: &mut Out) -> Result<(), Failure> {
    match out.format {
        Format::Json => {
            out.text(&report::summary_line(comparison).map_err(unreadable)?)?;
            difference_lines(comparison, out)
        }
        Format::Markdown => out.text(&report::markdown(comparison).map_err(unreadable)?),
        _ => out.text(&text::comparison(comparison, DIFFERENCES)?),
    }
}

fn difference_lines(comparison: &mut Comparison<AnyShelf>, out: &mut Out) -> Result<(), Failure> {
    for number in 0..comparison.differences().len() {
        let found = comparison.divergence(number).map_err(unreadable)?;
        out.text(&report::difference_line(number + 1, &found))?;
    }
    Ok(())
}

/// Exit status 1 where something differs.
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
            place: "the end of a comparison that was not cancelled".to_owned(),
        })),
    }
}

/// What counts, as arguments give it.
pub(super) fn rules(args: &RulesArgs) -> Result<Rules, Failure> {
    let pointers = args.ignore.iter().cloned().map(Ignore::Pointer);
    let patterns = args.ignore_text.iter().cloned().map(Ignore::Pattern);
    let ignored: Vec<Ignore> = pointers.chain(patterns).collect();
    answers::rules(args.level, &ignored).map_err(Failure::Report)
}
