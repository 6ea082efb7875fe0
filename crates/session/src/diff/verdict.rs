//! What the pairs amount to: differences, and what merely follows from one.
//!
//! A pair that behaves the same and differs in words, in state or on the wire
//! is a difference by itself: the two have not parted. So is an input that
//! differs before they part: what was asked is the premise of what the agent
//! did, and none of it. A turn or a thread that only one side has is one
//! difference as a whole. For everything else:
//! rows that differ and are not far apart are one *detour*. It ends where the
//! two sides meet again: where enough distinctive items are the same on
//! both. A detour of several rows that ends is one difference, *recovered*,
//! however long it is. One that does not end with its turn counts with its
//! first row; the rest of the turn is *downstream* of it and not counted.

use super::{
    align::MatchKind,
    item::{Item, ItemKind},
    rules::Level,
};

/// How two things relate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[strum(serialize_all = "snake_case")]
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
            Self::OnlyA => "only A",
            Self::OnlyB => "only B",
            other => other.code(),
        }
    }

    /// The word for it in JSON.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// What A and B have at one place, and how that relates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) a: Option<u32>,
    pub(crate) b: Option<u32>,
    pub(crate) turn: u32,
    pub(crate) thread: u32,
    pub(crate) matched: MatchKind,
    pub(crate) kind: PairKind,
    /// How it relates by itself, whatever it is part of.
    pub(crate) alone: PairKind,
    /// It does not count at this level, because only one side has it.
    pub(crate) quiet: bool,
    /// Both have it and it behaves the same: a difference here is no split.
    pub(crate) stays: bool,
    /// Both were asked, and not the same.
    pub(crate) premise: bool,
}

/// How much of a side a difference is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Scope {
    /// One pair, or several that follow each other.
    #[default]
    Pair,
    /// A turn that only one side has.
    Turn,
    /// A thread that only one side has.
    Thread,
}

impl Scope {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A difference, which may be several rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// How the two relate.
    pub kind: PairKind,
    pub first_row: u32,
    /// Number of the last row that differs in it.
    pub last_row: u32,
    /// Rows after it that are downstream of it.
    pub downstream: u32,
    /// Whether the two meet again.
    pub recovers: bool,
    /// What was asked differs: the agent has no part in it.
    pub premise: bool,
    /// Whether it is a turn or a thread that only one side has.
    pub scope: Scope,
}

/// How many differences of each kind; same and downstream count rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

/// How strongly a pair of equal items shows that the two sides agree again.
fn rejoin_weight(item: &Item, level: Level) -> f32 {
    match item.kind {
        ItemKind::Run | ItemKind::End | ItemKind::FinalState | ItemKind::Finding => 0.0,
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
                open.meeting += item_of(&row).map_or(0.0, |item| rejoin_weight(&item, level));
            }
            if open.meeting >= 1.0
                && let Some(open) = detour.take()
            {
                differences.push(open.ended(rows, first, true));
            }
        } else if (row.stays || row.premise) && detour.is_none() {
            differences.push(Difference::of_row(&row, first + place as u32));
        } else {
            detour.get_or_insert_with(|| Detour::from(place)).reach(place);
        }
    }
    if let Some(open) = detour {
        differences.push(open.at_end(rows, first));
    }
}

/// Makes rows that only one side has, a turn or a whole thread, one
/// difference; none where nothing in them counts.
pub(crate) fn judge_whole(rows: &mut [Row], first: u32, scope: Scope, differences: &mut Vec<Difference>) {
    let Some(place) = rows.iter().position(|row| !row.quiet) else {
        return;
    };
    let kind = rows[place].alone;
    let counted = rows[place..].iter().filter(|row| !row.quiet).count() as u32;
    for (at, row) in rows.iter_mut().enumerate().skip(place) {
        row.kind = if at == place { kind } else { PairKind::Downstream };
    }
    differences.push(Difference {
        kind,
        first_row: first + place as u32,
        last_row: first + place as u32,
        downstream: counted - 1,
        scope,
        ..Difference::default()
    });
}

struct Detour {
    from: usize,
    to: usize,
    count: u32,
    meeting: f32,
}

impl Difference {
    /// One row, after which the two go on together.
    fn of_row(row: &Row, number: u32) -> Self {
        Self {
            kind: row.alone,
            first_row: number,
            last_row: number,
            recovers: true,
            premise: row.premise,
            ..Self::default()
        }
    }
}

impl Detour {
    fn from(place: usize) -> Self {
        Self {
            from: place,
            to: place,
            count: 0,
            meeting: 0.0,
        }
    }

    /// Goes on to a row that differs.
    fn reach(&mut self, place: usize) {
        (self.to, self.count, self.meeting) = (place, self.count + 1, 0.0);
    }

    /// A detour that is still open when the rows end.
    fn at_end(&self, rows: &mut [Row], first: u32) -> Difference {
        match self.count {
            1 => {
                let meets = rows[self.to + 1..].iter().any(|row| !row.quiet);
                self.ended(rows, first, meets)
            }
            _ => self.never_ended(rows, first),
        }
    }

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
            recovers,
            ..Difference::default()
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
            ..Difference::default()
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
        open: false,
    };

    /// `=` a tool that is the same, `.` a step, `r` a run's end; `c` changed, `w` in its words only,
    /// `i` an input that changed, `a` and `b` only there.
    fn check(pattern: &str, expected: &[(PairKind, u32, u32)]) {
        let mut rows: Vec<Row> = pattern
            .chars()
            .enumerate()
            .map(|(place, c)| {
                let alone = match c {
                    'c' | 'w' | 'i' => PairKind::Changed,
                    'a' => PairKind::OnlyA,
                    'b' => PairKind::OnlyB,
                    _ => PairKind::Same,
                };
                Row {
                    a: (alone != PairKind::OnlyB).then_some(place as u32),
                    b: (alone != PairKind::OnlyA).then_some(place as u32),
                    turn: 1,
                    thread: 0,
                    matched: MatchKind::InOrder,
                    kind: alone,
                    alone,
                    quiet: false,
                    stays: c == 'w',
                    premise: c == 'i',
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
        check("iccr", &[(PairKind::Changed, 0, 0), (PairKind::Changed, 1, 2)]);
        check("i=r", &[(PairKind::Changed, 0, 0)]);
        check("wcwr", &[(PairKind::Changed, 0, 0), (PairKind::Changed, 1, 2)]);
    }
}
