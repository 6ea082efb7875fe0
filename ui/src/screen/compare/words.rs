//! Two runs side by side, in words and signs.

use scrubjay_ipc::{CompareResult, Counts, Ignore, Level, PairKind, PairRow, PairSide, Side, ThreadPairView};

use crate::words;

/// The levels with their names and what they look at.
pub const LEVELS: [(Level, &str, &str); 4] = [
    (
        Level::Behaviour,
        "behaviour",
        "What was asked, tools with arguments and results, their order, outcomes, interrupts, findings, the final state.",
    ),
    (Level::State, "state", "The state after each state event."),
    (Level::Text, "text", "What messages and reasoning say."),
    (
        Level::Wire,
        "wire",
        "Every member of every event, and how deltas and chunks are cut.",
    ),
];

/// A level's name.
pub fn level(level: Level) -> &'static str {
    LEVELS
        .iter()
        .find(|(known, ..)| *known == level)
        .map_or("behaviour", |(_, name, _)| name)
}

/// A side that only an address names.
pub fn side(side: &Side) -> String {
    match side {
        Side::Exchange(exchange) => format!("exchange {exchange}"),
        Side::Run(exchange, run) => format!("exchange {exchange}, run {}", run + 1),
        Side::Thread(thread) => format!("thread {}", words::visible(thread)),
        Side::Exchanges(exchanges) => words::many(exchanges.len() as u64, "exchange"),
    }
}

/// The level of a name.
pub fn read_level(name: &str) -> Option<Level> {
    LEVELS
        .iter()
        .find(|(_, known, _)| *known == name)
        .map(|(level, ..)| *level)
}

/// The level after this one.
pub fn next_level(level: Level) -> Level {
    let at = LEVELS.iter().position(|(known, ..)| *known == level).unwrap_or(0);
    LEVELS[(at + 1) % LEVELS.len()].0
}

/// A kind's sign, so that colour never stands alone.
pub fn sign(kind: PairKind) -> &'static str {
    match kind {
        PairKind::Same => "=",
        PairKind::Changed => "≠",
        PairKind::OnlyA => "A",
        PairKind::OnlyB => "B",
        PairKind::Reordered => "⇅",
        PairKind::Recovered => "↺",
        PairKind::Downstream => "∥",
    }
}

/// A kind's name, as a word of a sentence.
pub fn kind(kind: PairKind) -> &'static str {
    match kind {
        PairKind::Same => "same",
        PairKind::Changed => "changed",
        PairKind::OnlyA => "only in A",
        PairKind::OnlyB => "only in B",
        PairKind::Reordered => "reordered",
        PairKind::Recovered => "recovered",
        PairKind::Downstream => "downstream",
    }
}

/// The sides, with their classes in the style sheet.
pub const SIDES: [(&str, &str); 2] = [("A", "a"), ("B", "b")];

/// Of a row that one side alone has: which, and what.
pub fn lone(row: &PairRow) -> Option<(usize, &PairSide)> {
    match (&row.a, &row.b) {
        (Some(side), None) => Some((0, side)),
        (None, Some(side)) => Some((1, side)),
        _ => None,
    }
}

/// Sign and words of a row.
pub fn relation(row: &PairRow) -> (&'static str, &'static str) {
    match (row.kind, row.a.is_some(), row.b.is_some()) {
        // What only one side has is not equal to anything.
        (PairKind::Same, true, false) => ("·", "only in A; it does not count at this level"),
        (PairKind::Same, false, true) => ("·", "only in B; it does not count at this level"),
        _ => (sign(row.kind), kind(row.kind)),
    }
}

/// A kind's class in the style sheet.
pub fn class(kind: PairKind) -> &'static str {
    match kind {
        PairKind::Same => "same",
        PairKind::Changed => "changed",
        PairKind::OnlyA => "only-a",
        PairKind::OnlyB => "only-b",
        PairKind::Reordered => "reordered",
        PairKind::Recovered => "recovered",
        PairKind::Downstream => "downstream",
    }
}

/// The counts that are shown: what is the same always, of the others those that occur.
pub fn counts(counts: &Counts) -> Vec<(PairKind, u32)> {
    let all = [
        (PairKind::Same, counts.same),
        (PairKind::Changed, counts.changed),
        (PairKind::OnlyA, counts.only_a),
        (PairKind::OnlyB, counts.only_b),
        (PairKind::Reordered, counts.reordered),
        (PairKind::Recovered, counts.recovered),
        (PairKind::Downstream, counts.downstream),
    ];
    all.into_iter()
        .filter(|(kind, count)| *kind == PairKind::Same || *count > 0)
        .collect()
}

/// A signed length of time: `+2.5 s`, `−120 ms`, `±0`.
pub fn delta(us: i64) -> String {
    match us {
        0 => "±0".to_owned(),
        1.. => format!("+{}", words::duration(us.unsigned_abs())),
        _ => format!("−{}", words::duration(us.unsigned_abs())),
    }
}

/// What stands before the first difference.
pub fn first_label(result: &CompareResult) -> &'static str {
    match &result.first {
        Some(first) if first.premise => "The input differs, and the agent did the same: ",
        _ if result.premise.is_some() => "First difference in what the agent did: ",
        _ => "First divergence: ",
    }
}

/// How a pair of threads came out: `2 differences`, `same`, `only in A`.
pub fn threads(pair: &ThreadPairView) -> String {
    match (&pair.a, &pair.b, pair.differences) {
        (Some(_), None, _) => "only in A".to_owned(),
        (None, _, _) => "only in B".to_owned(),
        (_, _, 0) => "same".to_owned(),
        (_, _, differences) => words::many(u64::from(differences), "difference"),
    }
}

/// A pair of threads by its name.
pub fn thread_name(pair: &ThreadPairView) -> String {
    match (&pair.a, &pair.b) {
        (Some(a), Some(b)) if a != b => format!("{a} / {b}"),
        (Some(name), _) | (None, Some(name)) => name.clone(),
        (None, None) => String::new(),
    }
}

/// What is said when nothing differs.
pub fn same_sentence(result: &CompareResult, level: Level) -> String {
    let pairs = words::many(u64::from(result.counts.same), "pair");
    match level {
        Level::Wire => format!("No difference on the wire either: {pairs} are the same."),
        level => format!("No difference in {}: {pairs} are the same.", self::level(level)),
    }
}

/// What a person typed as something to ignore: a JSON Pointer when it begins
/// with a slash, else a regular expression.
///
/// # Errors
///
/// A sentence, when nothing was typed.
pub fn read_ignore(text: &str) -> Result<Ignore, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Type a JSON Pointer such as /args/max, or a pattern such as \\d+ ms.".to_owned());
    }
    if text.starts_with('/') {
        return Ok(Ignore::Pointer(text.to_owned()));
    }
    Ok(Ignore::Pattern(text.to_owned()))
}

/// What an ignored thing is called on its chip.
pub fn ignored(ignore: &Ignore) -> &str {
    match ignore {
        Ignore::Pointer(text) | Ignore::Pattern(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_go_round() {
        let mut seen = vec![Level::Behaviour];
        for _ in 0..4 {
            seen.push(next_level(seen[seen.len() - 1]));
        }
        assert_eq!(seen.map_names(), "behaviour state text wire behaviour");
    }

    trait Names {
        fn map_names(&self) -> String;
    }
    impl Names for Vec<Level> {
        fn map_names(&self) -> String {
            self.iter().map(|known| level(*known)).collect::<Vec<_>>().join(" ")
        }
    }

    #[test]
    fn counts_leave_out_what_does_not_occur() {
        let counted = counts(&Counts {
            changed: 2,
            recovered: 1,
            ..Counts::default()
        });
        assert_eq!(
            counted,
            [(PairKind::Same, 0), (PairKind::Changed, 2), (PairKind::Recovered, 1)]
        );
    }

    #[test]
    fn a_row_of_one_side_is_not_equal_to_anything() {
        let side = serde_json::json!({ "exchange": 1, "span": 0, "kind": "text", "name": "", "summary": "", "first_seq": 1, "last_seq": 1 });
        let row = |kind: &str, a: bool, b: bool| -> PairRow {
            let of = |is_there: bool| is_there.then(|| side.clone());
            let row = serde_json::json!({ "pair": 0, "kind": kind, "thread": 0, "turn": 1, "a": of(a), "b": of(b),
                "summary": "", "folded": 0, "first": false, "by_hand": false });
            serde_json::from_value(row).expect("a row")
        };
        assert_eq!(relation(&row("same", true, true)), ("=", "same"));
        assert_eq!(relation(&row("same", true, false)).0, "·");
        assert!(relation(&row("same", false, true)).1.starts_with("only in B"));
        assert_eq!(relation(&row("only_a", true, false)), ("A", "only in A"));
    }

    #[test]
    fn a_pair_of_threads_says_how_it_came_out() {
        let pair = |a: &str, b: &str, differences| {
            let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
            let pair = ThreadPairView {
                a: name(a),
                b: name(b),
                paired_by: String::new(),
                differences,
                pair: 0,
            };
            (thread_name(&pair), threads(&pair))
        };
        let said = |name: &str, how: &str| (name.to_owned(), how.to_owned());
        assert_eq!(pair("t1", "t1", 0), said("t1", "same"));
        assert_eq!(pair("t1", "t2", 2), said("t1 / t2", "2 differences"));
        assert_eq!(pair("t1", "", 1), said("t1", "only in A"));
        assert_eq!(pair("", "t2", 1), said("t2", "only in B"));
    }

    #[test]
    fn a_slash_makes_a_pointer() {
        assert_eq!(
            read_ignore(" /state/clock "),
            Ok(Ignore::Pointer("/state/clock".to_owned()))
        );
        assert_eq!(read_ignore(r"\d+ ms"), Ok(Ignore::Pattern(r"\d+ ms".to_owned())));
        assert!(read_ignore("  ").is_err());
    }

    #[test]
    fn differences_of_time_have_a_sign() {
        assert_eq!([2_500_000, -120_000, 0].map(delta), ["+2.5 s", "−120 ms", "±0"]);
    }
}
