//! Answers about one comparison, from `session`'s.

use scrubjay_session::{
    diff::{self, Comparison, Moment as At, Rules},
    query::Failed,
    shelf::Shelf,
    words,
};

use super::shown::shown;
use crate::{
    Code, CompareReport, CompareResult, Divergence, Ignore, Level, LoneProblems, MapAt, MapMoment, MappedMoment, Pair,
    PairDetail, PairRow, Pairs, Report, ReportText, Ribbons, RibbonsView, RowWindow, SideView, ThreadPairView, visible,
};

/// Rows that one answer gives at most.
const ROWS: u32 = 500;
/// Pixels that lanes are wide at most.
const WIDTH: u32 = 8_192;

/// Rules from what a page asks for.
///
/// # Errors
/// With the first rule that makes no sense, as a person reads it.
pub fn rules(level: Level, ignore: &[Ignore]) -> Result<Rules, Report> {
    Rules::new(level, ignore).map_err(|error| {
        Report::new(
            Code::BadRequest,
            format!("{error}."),
            "A pointer looks like /args/max or /state/*/at, a pattern like \\d{2}:\\d{2}.",
        )
    })
}

/// The two sides in a few words.
pub fn sides<S: Shelf + Clone>(comparison: &Comparison<S>) -> [SideView; 2] {
    comparison.facts().map(|facts| SideView {
        title: visible::line(&facts.title),
        exchanges: facts.exchanges.clone(),
        started_at: words::rfc3339(facts.started_at_us),
        frames: facts.frames,
        duration_us: facts.duration_us,
    })
}

/// What came out.
///
/// # Errors
/// When a side cannot be read.
pub fn result<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<CompareResult, Report> {
    let first = comparison.first()?;
    let premise = comparison.premise()?;
    Ok(CompareResult {
        first: first.as_ref().map(divergence),
        premise: premise.as_ref().map(divergence),
        threads: threads(comparison),
        counts: comparison.counts(),
        pairs: comparison.shown(false, false).len() as u64,
        problems: problems(comparison)?,
        nothing_shared: comparison.nothing_shared(),
        duration_delta_us: comparison.duration_delta_us(),
        ttft_delta_us: comparison.ttft_delta_us(),
    })
}

fn problems<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<LoneProblems, Failed<S::Error>> {
    let LoneProblems { rows, counts } = comparison.lone_problems()?;
    let rows = shown(rows);
    Ok(LoneProblems { rows, counts })
}

fn divergence(found: &diff::Divergence) -> Divergence {
    let value = |value: &Option<String>| value.as_deref().map(visible::line);
    Divergence {
        sentence: visible::line(&found.sentence),
        pair: u64::from(found.difference.first_row),
        a: Some((found.a.exchange, found.a.seq)),
        b: Some((found.b.exchange, found.b.seq)),
        path: visible::line(&found.path),
        a_value: value(&found.a_value),
        b_value: value(&found.b_value),
        more_paths: found.paths.iter().skip(1).filter(|change| !change.is_new_name).count() as u32,
        premise: found.difference.premise,
        recovers: found.difference.recovers,
    }
}

fn threads<S: Shelf + Clone>(comparison: &Comparison<S>) -> Vec<ThreadPairView> {
    let [of_a, of_b] = comparison.threads();
    let name = |threads: &[diff::Thread], place: Option<u32>| Some(visible::line(threads.get(place? as usize)?.name()));
    let pairs = comparison.thread_pairs().into_iter();
    let views = pairs.map(|known| ThreadPairView {
        a: name(of_a, known.pair.a),
        b: name(of_b, known.pair.b),
        paired_by: known.pair.by.map_or("", diff::PairedBy::as_str).to_owned(),
        differences: known.differences,
        pair: u64::from(known.row),
    });
    views.collect()
}

/// A window of pairs.
///
/// # Errors
/// When a side cannot be read.
pub fn pairs<S: Shelf + Clone>(ask: &Pairs, comparison: &mut Comparison<S>) -> Result<RowWindow<PairRow>, Report> {
    let numbers = comparison.shown(ask.differences_only, ask.downstream_open);
    let count = ask.count.min(ROWS);
    let first = match ask.around {
        None => ask.first,
        Some(pair) => {
            // The row that folds it stands at or before it.
            let behind = numbers.partition_point(|row| u64::from(*row) <= pair) as u64;
            behind.saturating_sub(1 + u64::from(count) / 2)
        }
    };
    let from = usize::try_from(first).unwrap_or(usize::MAX).min(numbers.len());
    let to = from.saturating_add(count as usize).min(numbers.len());
    let rows: Result<Vec<_>, Failed<S::Error>> = numbers[from..to]
        .iter()
        .map(|row| Ok(shown(comparison.row_at(*row, !ask.downstream_open)?)))
        .collect();
    Ok(RowWindow {
        first: from as u64,
        total: numbers.len() as u64,
        rows: rows?,
    })
}

/// All about one pair.
///
/// # Errors
/// When there is no such pair, or a side cannot be read.
pub fn pair<S: Shelf + Clone>(ask: &Pair, comparison: &mut Comparison<S>) -> Result<PairDetail, Report> {
    let number = u32::try_from(ask.pair).unwrap_or(u32::MAX);
    Ok(shown(comparison.detail(number)?))
}

/// Both sides' lanes and what connects them, to one scale: a second, or a
/// frame, is as wide on both. B begins with what corresponds to the beginning
/// of the part of A that is asked for.
///
/// # Errors
/// When a side cannot be read.
pub fn ribbons<S: Shelf + Clone>(ask: &Ribbons, comparison: &mut Comparison<S>) -> Result<RibbonsView, Report> {
    let axis = ask.axis;
    let (from, to) = (ask.from.clamp(0.0, 1.0), ask.to.clamp(0.0, 1.0));
    let width_px = ask.width_px.min(WIDTH);
    let len = comparison.extent(false, axis)?.max(comparison.extent(true, axis)?);
    let a = (from * len, (to * len).max(from * len));
    let mut b = a;
    // B's part begins with what A's begins with, and is as long.
    if from > 0.0 {
        let moment = comparison.moment_at(false, axis, a.0)?;
        let (_, other, _) = comparison.mapped(false, moment);
        let behind = a.0 - comparison.x_of(false, axis, moment)?;
        b.0 = comparison.x_of(true, axis, other)? + behind.max(0.0);
        b.1 = b.0 + (a.1 - a.0);
    }
    Ok(RibbonsView {
        a: shown(comparison.lanes(false, axis, a, width_px)?),
        b: shown(comparison.lanes(true, axis, b, width_px)?),
        ribbons: comparison.ribbons(axis, a, b, width_px)?,
    })
}

/// A playhead on both sides.
///
/// # Errors
/// When a side cannot be read.
pub fn map<S: Shelf + Clone>(ask: &MapMoment, comparison: &mut Comparison<S>) -> Result<MappedMoment, Report> {
    let axis = ask.axis;
    let moment = match ask.at {
        MapAt::Frame(exchange, seq) => At { exchange, seq },
        MapAt::X(x) => comparison.moment_at(ask.of_b, axis, x)?,
    };
    let (a, b, row) = comparison.mapped(ask.of_b, moment);
    Ok(MappedMoment {
        a: (a.exchange, a.seq),
        b: (b.exchange, b.seq),
        a_x: comparison.x_of(false, axis, a)?,
        b_x: comparison.x_of(true, axis, b)?,
        pair: row.map(u64::from),
    })
}

/// A comparison as a report.
///
/// # Errors
/// When a side cannot be read.
pub fn report<S: Shelf + Clone>(ask: CompareReport, comparison: &mut Comparison<S>) -> Result<ReportText, Report> {
    let text = match ask.json {
        true => diff::report::json_lines(comparison),
        false => diff::report::markdown(comparison),
    };
    Ok(ReportText { text: text? })
}
