//! Words and signs for what the engine names.

pub use scrubjay_ipc::words::{
    bytes, clock, count, duration, ending, is_bad_ending, many, offset, offset_short, verdict,
};
use scrubjay_ipc::{Axis, Jump, JumpTo, Kind, LibraryPage, LibrarySort, RunVerdict, Severity};

/// Captured text with control and direction characters made visible, one
/// UTF-16 unit for one, so that offsets stay true. Line feeds and tabs stay.
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('␦'),
            '\u{7f}' => '␡',
            '\u{80}'..='\u{9f}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => '␦',
            _ => c,
        })
        .collect()
}

/// A message that leads: its first word with a capital, unless it is a name as
/// it stands on the wire.
pub fn leading(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = first.len() < text.len() && first.chars().all(|c| c.is_ascii_lowercase());
    match text.chars().next().filter(|_| is_word) {
        Some(c) => format!("{}{}", c.to_ascii_uppercase(), &text[1..]),
        None => text.to_owned(),
    }
}

/// The sign of how a run came out, so that colour never stands alone.
pub fn verdict_sign(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Live => "●",
        RunVerdict::Success => "✓",
        RunVerdict::Interrupt => "‖",
        RunVerdict::Cancelled => "⊘",
        RunVerdict::Error => "✕",
        RunVerdict::None => "╌",
        RunVerdict::NoRun => "·",
    }
}

/// The name of its colour class.
pub fn verdict_class(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Live => "v-live",
        RunVerdict::Success => "v-ok",
        RunVerdict::Interrupt => "v-wait",
        RunVerdict::Cancelled | RunVerdict::NoRun => "v-quiet",
        RunVerdict::Error => "v-err",
        RunVerdict::None => "v-warn",
    }
}

/// What stands in place of events when the connection changed its protocol.
pub fn relayed(sent: u64, received: u64) -> String {
    format!(
        "The connection changed to another protocol. {} were sent and {} received in it; they are counted and not kept.",
        bytes(sent),
        bytes(received)
    )
}

/// A family's name.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Run => "run",
        Kind::Step => "step",
        Kind::Subagent => "sub-agent",
        Kind::Text => "text",
        Kind::Reasoning => "reasoning",
        Kind::Tool => "tool",
        Kind::State => "state",
        Kind::Activity => "activity",
        Kind::Custom => "custom",
        Kind::Raw => "raw",
        Kind::Messages => "messages",
        Kind::Wait => "wait",
        Kind::Wire => "wire",
        Kind::Unknown => "unknown",
    }
}

/// The token that holds a family's hue.
pub fn kind_token(kind: Kind) -> &'static str {
    match kind {
        Kind::Run | Kind::Step => "--run",
        Kind::Text | Kind::Messages => "--text",
        Kind::Reasoning => "--reason",
        Kind::Tool => "--tool",
        Kind::State => "--state",
        Kind::Subagent | Kind::Activity | Kind::Custom => "--act",
        Kind::Raw | Kind::Wait | Kind::Wire | Kind::Unknown => "--wire",
    }
}

/// A severity's sign.
pub fn severity_sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "✕",
        Severity::Warning => "▲",
        Severity::Note => "i",
    }
}

/// A severity's name and class.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// An axis' name.
pub fn axis(axis: Axis) -> &'static str {
    match axis {
        Axis::Clock => "clock",
        Axis::Collapsed => "idle collapsed",
        Axis::Index => "event number",
    }
}

/// The axis after this one.
pub fn next_axis(axis: Axis) -> Axis {
    match axis {
        Axis::Clock => Axis::Collapsed,
        Axis::Collapsed => Axis::Index,
        Axis::Index => Axis::Clock,
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

/// A speed: `¼×`, `1×`, `8×`.
pub fn speed(speed: f64) -> String {
    if speed <= 0.25 {
        "¼×".to_owned()
    } else if speed < 1.0 {
        "½×".to_owned()
    } else {
        format!("{speed:.0}×")
    }
}

/// The speed one step faster or slower, between ¼ and 32.
pub fn next_speed(speed: f64, faster: bool) -> f64 {
    (if faster { speed * 2.0 } else { speed / 2.0 }).clamp(0.25, 32.0)
}

/// A long id as it is shown: its beginning; the whole stands in the title.
pub fn short_id(id: &str) -> String {
    if id.chars().count() <= 20 {
        return id.to_owned();
    }
    let cut = id.char_indices().nth(10).map_or(id.len(), |(at, _)| at);
    format!("{}…", &id[..cut])
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

/// Bytes as a hex dump: offset, sixteen bytes, text. Lines of (offset, hex
/// cells, text); the page marks where a chunk begins.
pub fn hex_lines(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    bytes.chunks(16).enumerate().map(|(n, line)| (n * 16, line)).collect()
}

/// A byte as the text column shows it.
pub fn hex_char(byte: u8) -> char {
    if (0x20..0x7f).contains(&byte) {
        byte as char
    } else {
        '·'
    }
}

/// What a jump says that has nowhere to go.
pub fn nothing_further(ask: &Jump) -> String {
    let what = match ask.to {
        JumpTo::Problem => "problem",
        JumpTo::Tool => "tool call",
        JumpTo::State => "state change",
        JumpTo::Run => "start or end of a run",
        JumpTo::Turn => "turn",
        JumpTo::Gap => "gap of half a second",
        JumpTo::Span => "row",
        JumpTo::Frame => "event",
    };
    let side = if ask.backwards { "before" } else { "after" };
    format!("no {what} {side} #{}", count(u64::from(ask.from)))
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
    fn hostile_text_is_made_visible_and_keeps_its_length() {
        let text = "a\u{1b}[31m\u{202e}cba\u{0}\n\tü😀";
        let shown = visible(text);
        assert_eq!(shown, "a␛[31m␦cba␀\n\tü😀");
        assert_eq!(shown.encode_utf16().count(), text.encode_utf16().count());
    }

    #[test]
    fn a_message_leads_with_a_capital_and_a_name_stays_as_it_is() {
        assert_eq!(leading("upstream broke off"), "Upstream broke off");
        assert_eq!(leading("RUN_ERROR came late"), "RUN_ERROR came late");
        assert_eq!(leading("toolCallId is missing"), "toolCallId is missing");
        assert_eq!(leading("/a/b is not there"), "/a/b is not there");
        assert_eq!(leading("übrig ist nichts"), "übrig ist nichts");
        assert_eq!(leading("role"), "role");
        assert_eq!(leading(""), "");
    }

    #[test]
    fn times_are_told_like_a_person_would() {
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
    fn only_long_ids_are_cut() {
        assert_eq!(short_id("thread_91"), "thread_91");
        assert_eq!(short_id("03f26e72-2393-5158-b7e3-ac7f4f81aebf"), "03f26e72-2…");
        assert_eq!(short_id("ü".repeat(30).as_str()), format!("{}…", "ü".repeat(10)));
    }

    #[test]
    fn speeds_double_within_their_bounds() {
        assert_eq!(next_speed(1.0, true), 2.0);
        assert_eq!(next_speed(32.0, true), 32.0);
        assert_eq!(next_speed(0.25, false), 0.25);
        assert_eq!([0.25, 0.5, 1.0, 16.0].map(speed), ["¼×", "½×", "1×", "16×"]);
    }

    #[test]
    fn a_jump_without_a_place_says_from_where_it_looked() {
        let ask = Jump {
            exchange: 1,
            axis: Axis::Clock,
            from: 1_042,
            to: JumpTo::Problem,
            backwards: false,
        };
        assert_eq!(nothing_further(&ask), "no problem after #1,042");
        let back = Jump { backwards: true, ..ask };
        assert_eq!(nothing_further(&back), "no problem before #1,042");
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
