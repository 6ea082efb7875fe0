//! What the pairs amount to: differences, and what merely follows from one.
//!
//! A pair that behaves the same and differs in words, in state or on the wire
//! is a difference by itself: the two have not parted. For everything else:
//! rows that differ and are not far apart are one *detour*. It ends where the
//! two sides meet again: where enough that tells something is the same on
//! both. A detour of several rows that ends is one difference, *recovered*,
//! however long it is. One that does not end with its turn counts with its
//! first row; the rest of the turn is *downstream* of it and not counted.

use super::{
    align::How,
    item::{Item, ItemKind},
    rules::Level,
};

/// How two things relate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairKind {
    /// Both have it, and it says the same at this level.
    #[default]
    Same,
    /// Both have it, and it differs.
    Changed,
    /// Only A has it.
    OnlyA,
    /// Only B has it.
    OnlyB,
    /// Both have the same, at different places.
    Reordered,
    /// Part of a detour after which they meet again.
    Recovered,
    /// It follows from an earlier split.
    Downstream,
}

impl PairKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::OnlyA => "only A",
            Self::OnlyB => "only B",
            Self::Reordered => "reordered",
            Self::Recovered => "recovered",
            Self::Downstream => "downstream",
        }
    }

    /// The word for it in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::OnlyA => "only_a",
            Self::OnlyB => "only_b",
            other => other.as_str(),
        }
    }
}

/// What A and B have at one place, and how that relates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) a: Option<u32>,
    pub(crate) b: Option<u32>,
    pub(crate) turn: u32,
    pub(crate) how: How,
    pub(crate) kind: PairKind,
    /// How it relates by itself, whatever it is part of.
    pub(crate) alone: PairKind,
    /// It does not count at this level, because only one side has it.
    pub(crate) quiet: bool,
    /// Both have it and it behaves the same: a difference here is no split.
    pub(crate) stays: bool,
}

/// A difference, which may be several rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How the two relate.
    pub kind: PairKind,
    /// Number of its first row.
    pub first_row: u32,
    /// Number of the last row that differs in it.
    pub last_row: u32,
    /// Rows behind it that are downstream of it.
    pub downstream: u32,
    /// Whether the two meet again.
    pub recovers: bool,
}

/// How many differences of each kind; same and downstream count rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the kinds")]
pub struct Counts {
    pub same: u32,
    pub changed: u32,
    pub only_a: u32,
    pub only_b: u32,
    pub reordered: u32,
    pub recovered: u32,
    pub downstream: u32,
}

impl Counts {
    /// Differences in all.
    pub fn differences(&self) -> u32 {
        self.changed + self.only_a + self.only_b + self.reordered + self.recovered
    }
}

/// How much it says for a meeting that both sides have this and it is the same.
fn tells(item: &Item, level: Level) -> f32 {
    match item.kind {
        ItemKind::Run | ItemKind::End | ItemKind::FinalState => 0.0,
        kind if kind.counts_from() > level => 0.0,
        _ if item.telling => 1.0,
        _ => 0.5,
    }
}

/// Finds the detours in one turn's rows, which follow each other from `first`
/// on, and marks the rows.
pub(crate) fn judge(
    rows: &mut [Row],
    first: u32,
    level: Level,
    item_of: impl Fn(&Row) -> Option<Item>,
    differences: &mut Vec<Difference>,
) {
    let mut detour: Option<Detour> = None;
    for place in 0..rows.len() {
        let row = rows[place];
        if row.alone == PairKind::Same {
            let Some(open) = &mut detour else { continue };
            if !row.quiet {
                open.meeting += item_of(&row).map_or(0.0, |item| tells(&item, level));
            }
            if open.meeting >= 1.0
                && let Some(open) = detour.take()
            {
                differences.push(open.ended(rows, first, true));
            }
        } else if row.stays && detour.is_none() {
            let here = first + place as u32;
            differences.push(Difference {
                kind: row.alone,
                first_row: here,
                last_row: here,
                downstream: 0,
                recovers: true,
            });
        } else {
            let open = detour.get_or_insert(Detour {
                from: place,
                to: place,
                count: 0,
                meeting: 0.0,
            });
            (open.to, open.count, open.meeting) = (place, open.count + 1, 0.0);
        }
    }
    if let Some(open) = detour {
        differences.push(match open.count {
            1 => {
                let meets = rows[open.to + 1..].iter().any(|row| !row.quiet);
                open.ended(rows, first, meets)
            }
            _ => open.never_ended(rows, first),
        });
    }
}

struct Detour {
    from: usize,
    to: usize,
    count: u32,
    meeting: f32,
}

impl Detour {
    fn ended(&self, rows: &mut [Row], first: u32, recovers: bool) -> Difference {
        let kind = match self.count {
            1 => rows[self.from].alone,
            _ => PairKind::Recovered,
        };
        for row in &mut rows[self.from..=self.to] {
            if row.alone != PairKind::Same {
                row.kind = kind;
            }
        }
        Difference {
            kind,
            first_row: first + self.from as u32,
            last_row: first + self.to as u32,
            downstream: 0,
            recovers,
        }
    }

    fn never_ended(&self, rows: &mut [Row], first: u32) -> Difference {
        let kind = rows[self.from].alone;
        rows[self.from].kind = kind;
        let mut downstream = 0;
        for row in &mut rows[self.from + 1..] {
            row.kind = PairKind::Downstream;
            downstream += u32::from(!row.quiet);
        }
        Difference {
            kind,
            first_row: first + self.from as u32,
            last_row: first + self.from as u32,
            downstream,
            recovers: false,
        }
    }
}

/// Counts differences and rows.
pub(crate) fn count(rows: &[Row], differences: &[Difference]) -> Counts {
    let mut counts = Counts::default();
    for row in rows.iter().filter(|row| !row.quiet) {
        counts.same += u32::from(row.kind == PairKind::Same);
        counts.downstream += u32::from(row.kind == PairKind::Downstream);
    }
    for difference in differences {
        match difference.kind {
            PairKind::Changed => counts.changed += 1,
            PairKind::OnlyA => counts.only_a += 1,
            PairKind::OnlyB => counts.only_b += 1,
            PairKind::Reordered => counts.reordered += 1,
            PairKind::Recovered => counts.recovered += 1,
            PairKind::Same | PairKind::Downstream => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: Item = Item {
        kind: ItemKind::Tool,
        part: 0,
        span: 0,
        turn: 1,
        first_seq: 1,
        last_seq: 1,
        key: 0,
        says: [0; 4],
        refs: (0, 0),
        own: None,
        telling: true,
    };

    /// `=` a tool that is the same, `.` a step, `r` a run's end; `c` changed, `w` in its words only,
    /// `a` and `b` only there.
    fn check(pattern: &str, expected: &[(PairKind, u32, u32)]) {
        let mut rows: Vec<Row> = pattern
            .chars()
            .enumerate()
            .map(|(place, c)| {
                let alone = match c {
                    'c' | 'w' => PairKind::Changed,
                    'a' => PairKind::OnlyA,
                    'b' => PairKind::OnlyB,
                    _ => PairKind::Same,
                };
                Row {
                    a: (alone != PairKind::OnlyB).then_some(place as u32),
                    b: (alone != PairKind::OnlyA).then_some(place as u32),
                    turn: 1,
                    how: How::InOrder,
                    kind: alone,
                    alone,
                    quiet: false,
                    stays: c == 'w',
                }
            })
            .collect();
        let kinds: Vec<char> = pattern.chars().collect();
        let item = |row: &Row| {
            let (kind, telling) = match kinds[row.a.or(row.b)? as usize] {
                '.' => (ItemKind::Step, false),
                'r' => (ItemKind::Run, false),
                _ => (ItemKind::Tool, true),
            };
            Some(Item { kind, telling, ..TOOL })
        };
        let mut differences = Vec::new();
        judge(&mut rows, 0, Level::Behaviour, item, &mut differences);
        let found: Vec<_> = differences
            .iter()
            .map(|difference| (difference.kind, difference.first_row, difference.downstream))
            .collect();
        assert_eq!(found, expected, "{pattern}");
    }

    #[test]
    fn a_detour_is_one_difference_and_what_follows_a_split_is_none() {
        check("====", &[]);
        check("==c==", &[(PairKind::Changed, 2, 0)]);
        check("=c=a=", &[(PairKind::Changed, 1, 0), (PairKind::OnlyA, 3, 0)]);
        check("=abbab=.", &[(PairKind::Recovered, 1, 0)]);
        check("=c.c..=", &[(PairKind::Recovered, 1, 0)]);
        check("=cabcr", &[(PairKind::Changed, 1, 4)]);
        check("=c.r", &[(PairKind::Changed, 1, 0)]);
        check("=c.a.r", &[(PairKind::Changed, 1, 4)]);
        check(
            "wwcw=",
            &[
                (PairKind::Changed, 0, 0),
                (PairKind::Changed, 1, 0),
                (PairKind::Recovered, 2, 0),
            ],
        );
        check("wcwr", &[(PairKind::Changed, 0, 0), (PairKind::Changed, 1, 2)]);
    }
}
