//! Times, part by part, and what of their differences is noise.
//!
//! How much the gaps between frames of a run scatter says how much of a
//! difference means nothing: the distance from the tenth to the ninetieth of
//! a hundred, which for a part of many gaps grows with the root of their number.

use std::borrow::Cow;

use super::item::ItemKind;
use crate::{derive::spans::Span, query::Run};

/// Steps in an octave.
const STEPS: u32 = 8;

/// How long the gaps between frames are: counts by length, finer than a tenth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gaps {
    counts: Vec<u32>,
    total: u64,
}

impl Gaps {
    pub(crate) fn add(&mut self, gap_us: u64) {
        let bucket = bucket_of(gap_us);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
        self.total += 1;
    }

    /// From the tenth to the ninetieth of a hundred gaps, microseconds.
    pub(crate) fn spread_us(&self) -> u64 {
        self.quantile_us(0.9).saturating_sub(self.quantile_us(0.1))
    }

    fn quantile_us(&self, part: f64) -> u64 {
        let wanted = (self.total as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return length_of(bucket);
            }
        }
        0
    }
}

fn bucket_of(gap_us: u64) -> usize {
    let gap = gap_us.max(1);
    let octave = gap.ilog2();
    let inside = match octave {
        0..3 => (gap - (1 << octave)) << (3 - octave),
        _ => (gap - (1 << octave)) >> (octave - 3),
    };
    (octave * STEPS) as usize + inside as usize
}

fn length_of(bucket: usize) -> u64 {
    let (octave, inside) = (bucket as u32 / STEPS, u64::from(bucket as u32 % STEPS));
    let beyond = match octave {
        0..3 => inside >> (3 - octave),
        _ => inside << (octave - 3),
    };
    (1_u64 << octave) + beyond
}

/// The time one part took on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TimingRow {
    /// `wait to first byte`, `streaming`, `tool run`, `largest gap`.
    pub part: Cow<'static, str>,
    /// A's, microseconds.
    pub a_us: Option<u64>,
    /// B's, microseconds.
    pub b_us: Option<u64>,
    /// The difference is within what the gaps of the two runs scatter.
    pub noise: bool,
}

/// One side of a pair, as far as times go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timed {
    pub(crate) kind: Option<ItemKind>,
    pub(crate) span: Span,
    pub(crate) run: Option<Run>,
    /// When the frame before the first one came.
    pub(crate) before_us: u64,
    pub(crate) largest_gap_us: Option<u64>,
    pub(crate) gaps: u32,
}

/// Names of the parts and how long each took; the same names for the same kind.
fn parts(timed: &Timed) -> Vec<(&'static str, Option<u64>)> {
    let span = &timed.span;
    let wait = Some(span.start_us.saturating_sub(timed.before_us));
    let whole = Some(span.end_us.saturating_sub(span.start_us));
    let gap = ("largest gap", timed.largest_gap_us);
    match timed.kind {
        None => Vec::new(),
        Some(ItemKind::Tool) => {
            let ready = span.ready.map(|(at_us, _)| at_us);
            let result = span.result.map(|(at_us, _)| at_us);
            vec![
                ("wait to first byte", wait),
                ("arguments", ready.map(|at_us| at_us.saturating_sub(span.start_us))),
                (
                    "tool run",
                    ready.zip(result).map(|(ready, result)| result.saturating_sub(ready)),
                ),
                gap,
            ]
        }
        Some(ItemKind::Text | ItemKind::Reasoning) => {
            let first = span.first_text_us.unwrap_or(span.start_us);
            vec![
                ("wait to first byte", Some(first.saturating_sub(timed.before_us))),
                ("streaming", Some(span.end_us.saturating_sub(first))),
                gap,
            ]
        }
        Some(ItemKind::Run) => {
            let run = timed.run.as_ref();
            vec![
                ("wait to first byte", run.map(|run| run.first_at_us)),
                ("wait to first text", run.and_then(|run| run.first_text_us)),
                (
                    "streaming",
                    run.map(|run| run.last_at_us.saturating_sub(run.first_at_us)),
                ),
                gap,
            ]
        }
        Some(ItemKind::Step | ItemKind::Subagent) => vec![("wait to first byte", wait), ("whole", whole), gap],
        Some(_) => vec![("wait to first byte", wait), ("streaming", whole)],
    }
}

/// Both sides beside each other.
pub(crate) fn rows(a: &Timed, b: &Timed, spread_us: u64) -> Vec<TimingRow> {
    let (left, right) = (parts(a), parts(b));
    let names = if left.len() >= right.len() { &left } else { &right };
    let find = |parts: &[(&'static str, Option<u64>)], name| {
        parts.iter().find(|(part, _)| *part == name).and_then(|(_, us)| *us)
    };
    let gaps = f64::from(a.gaps.max(b.gaps).max(1)).sqrt();
    let rows = names.iter().map(|(part, _)| {
        let (a_us, b_us) = (find(&left, *part), find(&right, *part));
        let many = matches!(*part, "streaming" | "whole" | "arguments");
        let noise = spread_us as f64 * if many { gaps } else { 1.0 };
        TimingRow {
            part: (*part).into(),
            a_us,
            b_us,
            noise: a_us.zip(b_us).is_some_and(|(a, b)| a.abs_diff(b) as f64 <= noise),
        }
    });
    rows.filter(|row| row.a_us.is_some() || row.b_us.is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_their_lengths() {
        for gap in [1, 2, 3, 7, 8, 9, 100, 1_000, 123_456, 9_999_999, u64::MAX / 2] {
            let length = length_of(bucket_of(gap));
            assert!(length <= gap && gap - length <= gap / 8, "{gap} {length}");
        }
    }

    #[test]
    fn the_spread_is_that_of_most_gaps() {
        let mut gaps = Gaps::default();
        (0..100).for_each(|n| gaps.add(10_000 + n * 100));
        gaps.add(60_000_000);
        let spread = gaps.spread_us();
        assert!((6_000..10_000).contains(&spread), "{spread}");
        assert_eq!(Gaps::default().spread_us(), 0);
    }
}
