//! Words of the Library, and those of every screen.

pub use crate::words::*;
use scrubjay_ipc::{LibraryPage, LibraryRow, LibrarySort, Sample, Verdict};

/// A sample's name, and what it shows.
pub fn sample(sample: Sample) -> (&'static str, &'static str) {
    match sample {
        Sample::FailedPatch => ("A failed patch", "State deltas, one of which cannot be applied"),
        Sample::Interrupt => (
            "An interrupt",
            "A tool that a person approves, and the run that resumes",
        ),
        Sample::SubAgents => ("Sub-agents", "A sub-agent that interrupts, and the run that answers it"),
        Sample::CutBody => ("A run cut short", "A body that breaks off without a terminal event"),
    }
}

/// A sample's name in attributes.
pub fn sample_word(sample: Sample) -> &'static str {
    match sample {
        Sample::FailedPatch => "failed-patch",
        Sample::Interrupt => "interrupt",
        Sample::SubAgents => "sub-agents",
        Sample::CutBody => "cut-body",
    }
}

/// What a row is called.
pub fn title(row: &LibraryRow) -> String {
    if row.title.is_empty() {
        format!("{} {}", row.method, row.target)
    } else {
        row.title.clone()
    }
}

/// The sign of how a run came out, so that colour never stands alone.
pub fn verdict_sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Live => "●",
        Verdict::Success => "✓",
        Verdict::Interrupt => "‖",
        Verdict::Cancelled => "⊘",
        Verdict::Error => "✕",
        Verdict::None => "╌",
        Verdict::NoRun => "·",
        Verdict::Refused => "!",
        Verdict::Redirected => "→",
        Verdict::Unknown => "?",
    }
}

/// How a row came out: the sign, or the status where that is the outcome.
pub fn outcome_sign(row: &LibraryRow) -> String {
    match (row.verdict, row.status) {
        (Verdict::Refused | Verdict::Redirected, Some(status)) => status.to_string(),
        (verdict, _) => verdict_sign(verdict).to_owned(),
    }
}

/// The name of its colour class.
pub fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Live => "v-live",
        Verdict::Success => "v-ok",
        Verdict::Interrupt => "v-wait",
        Verdict::Cancelled | Verdict::NoRun | Verdict::Unknown => "v-quiet",
        Verdict::Error => "v-err",
        Verdict::Refused => "v-err v-status",
        Verdict::Redirected => "v-status",
        Verdict::None => "v-warn",
    }
}

/// How long ago, in words: `just now`, `4 min ago`, `yesterday`, `12 Nov`.
pub fn ago(at_ms: i64, now_ms: i64, date: &str) -> String {
    let secs = (now_ms - at_ms).max(0) / 1_000;
    match secs {
        0..10 => "just now".to_owned(),
        10..60 => format!("{secs} s ago"),
        60..3_600 => format!("{} min ago", secs / 60),
        3_600..86_400 => format!("{} h ago", secs / 3_600),
        86_400..172_800 => "yesterday".to_owned(),
        172_800..604_800 => format!("{} days ago", secs / 86_400),
        _ => short_date(date),
    }
}

/// `2026-11-20T…` as `20 Nov 2026`.
fn short_date(rfc3339: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut parts = rfc3339.split(['-', 'T']);
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month = month
        .and_then(|month| month.parse::<usize>().ok())
        .and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    match (year, month, day.and_then(|day| day.parse::<u32>().ok())) {
        (Some(year), Some(month), Some(day)) => format!("{day} {month} {year}"),
        _ => rfc3339.to_owned(),
    }
}

/// How many rows the library shows, and of what.
pub fn library_count(page: &LibraryPage, shows_others: bool) -> String {
    let shown = count(page.total);
    match (page.total == page.total_unfiltered, shows_others) {
        (true, false) => many(page.total, "run"),
        (true, true) => {
            let runs = many(page.total.saturating_sub(page.others), "run");
            format!("{runs}, {}", many(page.others, "other request"))
        }
        (false, false) => format!("{shown} of {}", many(page.total_unfiltered, "run")),
        (false, true) => format!("{shown} of {}", many(page.total_unfiltered, "row")),
    }
}

/// Columns of the library that order it: heading, the order that a first click
/// gives, and the one that a second click gives.
pub const COLUMNS: [(&str, LibrarySort, LibrarySort); 8] = [
    ("Run", LibrarySort::TitleAscending, LibrarySort::TitleDescending),
    ("Started", LibrarySort::NewestFirst, LibrarySort::OldestFirst),
    ("Length", LibrarySort::LongestFirst, LibrarySort::ShortestFirst),
    (
        "First text",
        LibrarySort::LatestTextFirst,
        LibrarySort::SoonestTextFirst,
    ),
    ("Events", LibrarySort::MostFramesFirst, LibrarySort::FewestFramesFirst),
    ("Tools", LibrarySort::MostToolsFirst, LibrarySort::FewestToolsFirst),
    ("Bytes", LibrarySort::LargestFirst, LibrarySort::SmallestFirst),
    (
        "Problems",
        LibrarySort::MostFindingsFirst,
        LibrarySort::FewestFindingsFirst,
    ),
];

/// The order that a click on a column's heading gives.
pub fn next_sort(column: usize, now: LibrarySort) -> LibrarySort {
    let (_, first, second) = COLUMNS[column];
    if now == first { second } else { first }
}

/// How a column orders the list now: not, or with its largest or its smallest value first.
pub fn column_order(column: usize, now: LibrarySort) -> Option<&'static str> {
    use LibrarySort as S;
    let (_, first, second) = COLUMNS[column];
    let rises = matches!(
        now,
        S::TitleAscending
            | S::OldestFirst
            | S::ShortestFirst
            | S::SoonestTextFirst
            | S::FewestFramesFirst
            | S::FewestToolsFirst
            | S::SmallestFirst
            | S::FewestFindingsFirst
    );
    (now == first || now == second).then_some(if rises { "ascending" } else { "descending" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_as_a_person_says_them() {
        let now = 1_800_000_000_000;
        let at = |secs: i64| ago(now - secs * 1_000, now, "2026-11-20T10:00:00Z");
        let seen: Vec<_> = [3, 40, 240, 7_200, 90_000, 300_000, 900_000].map(at).into();
        assert_eq!(
            seen,
            [
                "just now",
                "40 s ago",
                "4 min ago",
                "2 h ago",
                "yesterday",
                "3 days ago",
                "20 Nov 2026"
            ]
        );
    }

    #[test]
    fn runs_are_counted_as_runs() {
        let page = |total, total_unfiltered| LibraryPage {
            first: 0,
            total,
            total_unfiltered,
            others: 901,
            rows: Vec::new(),
            by_source: Vec::new(),
            by_verdict: Vec::new(),
        };
        assert_eq!(library_count(&page(36, 36), false), "36 runs");
        assert_eq!(library_count(&page(3, 36), false), "3 of 36 runs");
        assert_eq!(library_count(&page(937, 937), true), "36 runs, 901 other requests");
        assert_eq!(library_count(&page(40, 937), true), "40 of 937 rows");
    }

    #[test]
    fn a_second_click_on_a_heading_turns_the_order_round() {
        for column in 0..COLUMNS.len() {
            let first = next_sort(column, LibrarySort::default());
            let second = next_sort(column, first);
            assert_ne!(first, second);
            assert_ne!(column_order(column, first), column_order(column, second));
            assert_eq!(next_sort(column, second), first);
        }
        assert_eq!(column_order(0, LibrarySort::NewestFirst), None);
        assert_eq!(column_order(1, LibrarySort::NewestFirst), Some("descending"));
    }
}
