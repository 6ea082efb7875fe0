//! One against many: where each first parts from the first, and where that
//! happens how often.

use scrubjay_engine::AnyShelf;
use scrubjay_session::diff::{Many, Parting, Rules, Stopped, report};

use super::{Args, sides::Operand, text, verdict};
use crate::{
    args::Format,
    contract::files::{HistogramLine, PartingLine},
    failure::Failure,
    json,
    library::{Library, unreadable},
    out::Out,
    safe::{safe, shortened},
    words,
};

pub(super) fn run(args: &Args, a: &Operand, b: Operand, rules: &Rules, out: &mut Out) -> Result<(), Failure> {
    let mut operands = vec![b];
    for path in &args.more {
        let library = Library::open(Some(path.clone()), args.limit.limits(), out.format)?;
        operands.push(Operand::of(library, None, args.all)?);
    }
    let names: Vec<String> = args
        .b
        .iter()
        .chain(&args.more)
        .map(|path| path.display().to_string())
        .collect();
    let others = operands.iter().map(|operand| operand.side.clone()).collect();
    let many = match Many::of::<AnyShelf>(&a.side, others, rules, &mut |_| true) {
        Ok(many) => many,
        Err(Stopped::Failed(failed)) => return Err(unreadable(failed)),
        Err(Stopped::Cancelled) => return Err(Failure::Status(2)),
    };
    let written = match out.format {
        Format::Json => json_lines(&many, &names),
        Format::Markdown => markdown(&many, &names, &args.a.display().to_string()),
        _ => plain(&many, &names, &args.a.display().to_string(), rules),
    };
    out.text(&written)?;
    out.flush()?;
    let finished = operands.iter().map(|operand| operand.library.finish());
    finished.fold(a.library.finish(), Result::and)?;
    verdict(many.histogram.is_empty())
}

fn plain(many: &Many, names: &[String], first: &str, rules: &Rules) -> String {
    let mut text = format!("Against {}, at level {}:\n\n", safe(first), rules.level().as_str());
    for (name, parting) in names.iter().zip(&many.partings) {
        text.push_str(&format!("  {}  {}\n", shortened(name, 60), said(parting)));
    }
    if !many.histogram.is_empty() {
        text.push_str("\nWhere they first part:\n\n");
        let most = many
            .histogram
            .iter()
            .map(|(_, _, which)| which.len())
            .max()
            .unwrap_or(1);
        for (moment, path, which) in &many.histogram {
            let bar = "█".repeat((which.len() * 20).div_ceil(most));
            let sentence = which
                .first()
                .and_then(|place| many.partings.get(*place)?.first.as_ref());
            let sentence = sentence.map_or("", |found| found.subject.as_str());
            text.push_str(&format!(
                "  {:>4}  {bar:<20}  {}  {} {}\n",
                which.len(),
                text::moment(*moment, true),
                shortened(sentence, 60),
                shortened(path, 40),
            ));
        }
    }
    text
}

fn said(parting: &Parting) -> String {
    match &parting.first {
        None => "same".to_owned(),
        Some(found) => format!(
            "{}, first at {}: {}",
            words::count(u64::from(parting.counts.differences()), "difference"),
            text::moment(found.a, true),
            shortened(&found.sentence, 100),
        ),
    }
}

fn json_lines(many: &Many, names: &[String]) -> String {
    let mut text = String::new();
    for (name, parting) in names.iter().zip(&many.partings) {
        let first = parting.first.as_ref().map(|found| report::difference_line(1, found));
        text.push_str(&json::line(&PartingLine {
            kind: "parting",
            operand: name,
            same: parting.first.is_none(),
            differences: parting.counts.differences(),
            first: first.as_deref().and_then(json::raw),
        }));
    }
    for (moment, path, which) in &many.histogram {
        let operands = which.iter().filter_map(|place| names.get(*place));
        text.push_str(&json::line(&HistogramLine {
            kind: "histogram",
            exchange: moment.exchange,
            seq: moment.seq,
            path,
            count: which.len(),
            operands: operands.map(String::as_str).collect(),
        }));
    }
    text
}

fn markdown(many: &Many, names: &[String], first: &str) -> String {
    let mut text = format!(
        "Against {}:\n\n| | differences | first |\n|---|--:|---|\n",
        report::code(first)
    );
    for (name, parting) in names.iter().zip(&many.partings) {
        let sentence = parting
            .first
            .as_ref()
            .map_or("same".to_owned(), |found| report::code(&found.sentence));
        let count = parting.counts.differences();
        text.push_str(&format!("| {} | {count} | {sentence} |\n", report::code(name)));
    }
    text.push_str("\n| first parts at | path | how many |\n|---|---|--:|\n");
    for (moment, path, which) in &many.histogram {
        let path = if path.is_empty() {
            String::new()
        } else {
            report::code(path)
        };
        text.push_str(&format!(
            "| {} | {path} | {} |\n",
            text::moment(*moment, true),
            which.len()
        ));
    }
    text
}
