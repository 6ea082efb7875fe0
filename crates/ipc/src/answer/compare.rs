//! Answers about one comparison, from `session`'s.

mod report;

use scrubjay_session::{
    diff::{self, Comparison, Moment as At, Rules},
    query::Failed,
    shelf::Shelf,
};

pub use self::report::{code, difference_line, json_lines, markdown, summary_line};
use super::{report as failed_report, shown::shown, wall};
use crate::{
    Code, CompareResult, Divergence, Ignore, Level, MapAt, MapMoment, MappedMoment, Pair, PairRow, PairSide, PairView,
    Pairs, PairsPage, Report, Ribbon, Ribbons, RibbonsView, SideView, ThreadPairView, TimingRow, visible,
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

/// What is ignored, in words.
pub fn ignoring(rules: &Rules) -> Vec<String> {
    let always: &[&str] = match rules.level() {
        Level::Wire => &["ids", "times", "key order"],
        _ => &["ids", "times", "chunking", "key order"],
    };
    let rule = |rule: &Ignore| match rule {
        Ignore::Pointer(text) => visible::line(text),
        Ignore::Pattern(text) => format!("text {}", visible::line(text)),
    };
    let always = always.iter().map(|word| (*word).to_owned());
    always.chain(rules.ignored().iter().map(rule)).collect()
}

/// The two sides in a few words.
pub fn sides<S: Shelf + Clone>(comparison: &Comparison<S>) -> [SideView; 2] {
    comparison.facts().map(|facts| SideView {
        title: visible::line(&facts.title),
        exchanges: facts.exchanges.clone(),
        started_at: wall(facts.started_at_us),
        frames: facts.frames,
        duration_us: facts.duration_us,
    })
}

/// What came out.
///
/// # Errors
/// When a side cannot be read.
pub fn result<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<CompareResult, Report> {
    let first = comparison.first().map_err(|failed| failed_report(&failed))?;
    let premise = comparison.premise().map_err(|failed| failed_report(&failed))?;
    let [a, b] = comparison.facts();
    let ttft = a.ttft_us.zip(b.ttft_us);
    Ok(CompareResult {
        first: first.as_ref().map(divergence),
        premise: premise.as_ref().map(divergence),
        threads: threads(comparison),
        counts: comparison.counts(),
        pairs: comparison.shown(false, false).len() as u64,
        nothing_shared: comparison.shares_nothing(),
        duration_delta_us: delta(a.duration_us, b.duration_us),
        ttft_delta_us: ttft.map(|(a, b)| delta(a, b)),
    })
}

fn delta(a: u64, b: u64) -> i64 {
    i64::try_from(b).unwrap_or(i64::MAX) - i64::try_from(a).unwrap_or(i64::MAX)
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
    let name = |threads: &[diff::Thread], place: Option<u32>| {
        let thread = threads.get(place? as usize)?;
        Some(visible::line(match thread.id.is_empty() {
            true => &thread.asks,
            false => &thread.id,
        }))
    };
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
pub fn pairs<S: Shelf + Clone>(ask: &Pairs, comparison: &mut Comparison<S>) -> Result<PairsPage, Report> {
    let shown = comparison.shown(ask.differences_only, ask.downstream_open);
    let count = ask.count.min(ROWS);
    let first = match ask.around {
        None => ask.first,
        Some(pair) => {
            // The row that folds it stands at or before it.
            let behind = shown.partition_point(|row| u64::from(*row) <= pair) as u64;
            behind.saturating_sub(1 + u64::from(count) / 2)
        }
    };
    let from = usize::try_from(first).unwrap_or(usize::MAX).min(shown.len());
    let to = from.saturating_add(count as usize).min(shown.len());
    let rows: Result<Vec<PairRow>, Failed<S::Error>> = shown[from..to]
        .iter()
        .map(|row| comparison.row_at(*row, !ask.downstream_open).map(|row| pair_row(&row)))
        .collect();
    Ok(PairsPage {
        first: from as u64,
        total: shown.len() as u64,
        rows: rows.map_err(|failed| failed_report(&failed))?,
    })
}

fn pair_row(row: &diff::PairRow) -> PairRow {
    PairRow {
        pair: u64::from(row.row),
        kind: row.kind,
        thread: row.thread,
        turn: row.turn,
        a: row.a.as_ref().map(pair_side),
        b: row.b.as_ref().map(pair_side),
        summary: visible::line(&row.summary),
        folded: row.folded,
        first: row.first,
        by_hand: row.by_hand,
    }
}

fn pair_side(side: &diff::PairSide) -> PairSide {
    PairSide {
        exchange: side.exchange,
        span: side.span.unwrap_or(u32::MAX),
        kind: side.kind.family(),
        name: visible::line(&side.name),
        summary: visible::line(&side.summary),
        first_seq: side.first_seq,
        last_seq: side.last_seq,
    }
}

/// All about one pair.
///
/// # Errors
/// When there is no such pair, or a side cannot be read.
pub fn pair<S: Shelf + Clone>(ask: &Pair, comparison: &mut Comparison<S>) -> Result<PairView, Report> {
    let number = u32::try_from(ask.pair).unwrap_or(u32::MAX);
    let row = comparison
        .row_at(number, true)
        .map_err(|failed| failed_report(&failed))?;
    let detail = comparison.detail(number).map_err(|failed| failed_report(&failed))?;
    Ok(PairView {
        row: pair_row(&row),
        words: shown(detail.words),
        tree: shown(detail.tree),
        timing: detail
            .timing
            .into_iter()
            .map(|row| TimingRow {
                part: row.part.to_owned(),
                a_us: row.a_us,
                b_us: row.b_us,
                noise: row.noise,
            })
            .collect(),
        state_after: shown(detail.state_after),
        state_changes: detail.state_changes,
    })
}

/// Both sides' lanes and what connects them, to one scale: a second, or a
/// frame, is as wide on both. B begins with what corresponds to the beginning
/// of the part of A that is asked for.
///
/// # Errors
/// When a side cannot be read.
pub fn ribbons<S: Shelf + Clone>(ask: &Ribbons, comparison: &mut Comparison<S>) -> Result<RibbonsView, Report> {
    drawn(ask, comparison).map_err(|failed| failed_report(&failed))
}

fn drawn<S: Shelf + Clone>(ask: &Ribbons, comparison: &mut Comparison<S>) -> Result<RibbonsView, Failed<S::Error>> {
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
    let ribbons = comparison.ribbons(axis, a, b, width_px)?;
    Ok(RibbonsView {
        a: shown(comparison.lanes(false, axis, a, width_px)?),
        b: shown(comparison.lanes(true, axis, b, width_px)?),
        ribbons: ribbons
            .iter()
            .map(|ribbon| Ribbon {
                pair: u64::from(ribbon.row),
                kind: ribbon.kind,
                a: ribbon.a,
                b: ribbon.b,
            })
            .collect(),
    })
}

/// A playhead on both sides.
///
/// # Errors
/// When a side cannot be read.
pub fn map<S: Shelf + Clone>(ask: &MapMoment, comparison: &mut Comparison<S>) -> Result<MappedMoment, Report> {
    mapped(ask, comparison).map_err(|failed| failed_report(&failed))
}

fn mapped<S: Shelf + Clone>(ask: &MapMoment, comparison: &mut Comparison<S>) -> Result<MappedMoment, Failed<S::Error>> {
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
