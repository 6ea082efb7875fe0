//! A comparison as a report: Markdown for people, JSON Lines for programs.

#[cfg(feature = "serde")]
mod lines;

#[cfg(feature = "serde")]
pub use self::lines::{difference_line, json_lines, summary_line};
use super::{ComparedThreads, Comparison, Counts, Divergence, Moment, PairedBy, PathChange, SideFacts, Thread, around};
use crate::{query::Failed, shelf::Shelf, visible, words};

/// Differences that a report lists; the rest is counted.
const DIFFERENCES: usize = 1_000;
/// Characters of a value in a table.
const CHARS: usize = 120;

/// A report for people, fit for a pull request.
///
/// # Errors
/// When a side cannot be read.
pub fn markdown<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<String, Failed<S::Error>> {
    let counts = comparison.counts();
    let level = comparison.rules().level().as_str();
    let mut text = match counts.differences() {
        0 => format!("**Same** at level {level}.\n\n"),
        1 => format!("**1 difference** at level {level}.\n\n"),
        many => format!("**{many} differences** at level {level}.\n\n"),
    };
    let [a, b] = comparison.facts().map(SideFacts::clone);
    text.push_str("| | started | frames | took |\n|---|---|--:|--:|\n");
    for (name, side) in [("A", &a), ("B", &b)] {
        text.push_str(&format!(
            "| {name}: {} | {} | {} | {} |\n",
            code(&side.title),
            words::rfc3339(side.started_at_us),
            side.frames,
            words::duration(side.duration_us),
        ));
    }
    text.push_str(&threads_table(comparison));
    if let Some(sentence) = comparison.nothing_shared() {
        text.push_str(&format!("\n{sentence}\n"));
    }
    if let Some(premise) = comparison.premise()? {
        text.push_str(&format!("\n**Asked otherwise**: {}.\n", code(&premise.sentence)));
    }
    if let Some(first) = comparison.first()? {
        let head = match first.difference.premise {
            true => "Only what was asked differs",
            false => "First divergence",
        };
        text.push_str(&format!(
            "\n**{head}**: {}, in A at {}, in B at {}.\n",
            code(&first.sentence),
            moment(&a.exchanges, first.a),
            moment(&b.exchanges, first.b),
        ));
        text.push_str("\n| # | difference | where | path | A | B |\n|--:|---|---|---|---|---|\n");
        for number in 0..comparison.differences().len().min(DIFFERENCES) {
            let found = comparison.divergence(number)?;
            text.push_str(&row(number + 1, &found));
        }
        let left_out = comparison.differences().len().saturating_sub(DIFFERENCES);
        if left_out > 0 {
            text.push_str(&format!("\n{left_out} more are not listed.\n"));
        }
    }
    text.push_str(&lone_problems(comparison, [&a, &b])?);
    text.push_str(&format!("\n{}. Ignoring {}.\n", counted(counts), ignored(comparison)));
    Ok(text)
}

/// Problems that only one side has, also where they are downstream of a split.
fn lone_problems<S: Shelf + Clone>(
    comparison: &mut Comparison<S>,
    facts: [&SideFacts; 2],
) -> Result<String, Failed<S::Error>> {
    let known = comparison.lone_problems()?;
    let mut text = String::new();
    for (side, name) in ["A", "B"].into_iter().enumerate() {
        let (given, more) = known.of(side);
        let named = given.into_iter().map(|problem| {
            let at = Moment {
                exchange: problem.exchange,
                seq: problem.first_seq,
            };
            format!("{} at {}", code(&problem.name), moment(&facts[side].exchanges, at))
        });
        let named: Vec<String> = named.collect();
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        if !named.is_empty() {
            text.push_str(&format!("\n**Problems only in {name}**: {}{more}.\n", named.join(", ")));
        }
    }
    Ok(text)
}

fn ignored<S: Shelf + Clone>(comparison: &Comparison<S>) -> String {
    let words: Vec<String> = comparison
        .rules()
        .ignoring()
        .iter()
        .map(|word| match word.starts_with('/') || word.starts_with("text ") {
            true => code(word),
            false => word.clone(),
        })
        .collect();
    words.join(", ")
}

/// `11 same, 2 changed, 5 downstream`, capitalised.
fn counted(counts: Counts) -> String {
    let named = [
        (counts.same, "same"),
        (counts.changed, "changed"),
        (counts.only_a, "only in A"),
        (counts.only_b, "only in B"),
        (counts.reordered, "reordered"),
        (counts.recovered, "recovered"),
        (counts.downstream, "downstream"),
    ];
    let named: Vec<String> = named
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    match named.is_empty() {
        true => "Nothing to compare".to_owned(),
        false => named.join(", "),
    }
}

/// Which thread is which, where there are several.
fn threads_table<S: Shelf + Clone>(comparison: &Comparison<S>) -> String {
    let known = comparison.thread_pairs();
    if known.len() < 2 {
        return String::new();
    }
    let [of_a, of_b] = comparison.threads();
    let name = |threads: &[Thread], place: Option<u32>| {
        let thread = place.and_then(|place| threads.get(place as usize));
        thread.map_or("–".to_owned(), |thread| code(thread.name()))
    };
    let mut text = "\n| thread of A | of B | paired by | differences |\n|---|---|---|--:|\n".to_owned();
    for ComparedThreads { pair, differences, .. } in known {
        text.push_str(&format!(
            "| {} | {} | {} | {differences} |\n",
            name(of_a, pair.a),
            name(of_b, pair.b),
            pair.by.map_or("–", PairedBy::as_str),
        ));
    }
    text
}

/// A line for a difference, and one for each further path.
fn row(number: usize, found: &Divergence) -> String {
    let mut kind = found.difference.kind.as_str().to_owned();
    if found.difference.downstream > 0 {
        kind.push_str(&format!(", {} downstream", found.difference.downstream));
    }
    if found.difference.premise {
        kind.push_str(", asked");
    }
    let place = format!("{}, #{} / #{}", code(&found.subject), found.a.seq, found.b.seq);
    let values = values(found.a_value.as_deref(), found.b_value.as_deref());
    let (path, values) = match found.paths.first() {
        Some(first) => (path_of(first), values_of(first)),
        None => (String::new(), values),
    };
    let mut text = format!("| {number} | {kind} | {place} | {path} | {values} |\n");
    for change in found.paths.iter().skip(1).filter(|change| !change.is_new_name) {
        text.push_str(&format!("| | | | {} | {} |\n", path_of(change), values_of(change)));
    }
    text
}

fn path_of(change: &PathChange) -> String {
    match &change.renamed_to {
        Some(new) => format!("{}, in B {}", code(&change.path), code(new)),
        None => code(&change.path),
    }
}

fn values_of(change: &PathChange) -> String {
    let b = change.b_value.as_deref();
    let b = if change.renamed_to.is_some() {
        change.a_value.as_deref()
    } else {
        b
    };
    values(change.a_value.as_deref(), b)
}

/// Two cells, cut around what differs.
fn values(a: Option<&str>, b: Option<&str>) -> String {
    let cell = |value: Option<&str>| value.map_or("–".to_owned(), code);
    match (a, b) {
        (Some(a), Some(b)) => {
            let (a, b) = around(a, b, CHARS);
            format!("{} | {}", code(&a), code(&b))
        }
        _ => format!("{} | {}", cell(a), cell(b)),
    }
}

/// `#12`, or `3#12` where there are several exchanges.
fn moment(exchanges: &[i64], moment: Moment) -> String {
    match exchanges.len() {
        0 | 1 => format!("#{}", moment.seq),
        _ => format!("{}#{}", moment.exchange, moment.seq),
    }
}

/// Captured text as a code span: nothing in it is Markdown, HTML or a cell's
/// end, and it is one line.
pub fn code(text: &str) -> String {
    let line = visible::line(text);
    let mut shown: String = line.chars().take(CHARS).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    // A cell ends at a bar even inside a code span, unless it is escaped.
    let shown = shown.replace('|', "\\|");
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match shown.starts_with('`') || shown.ends_with('`') || shown.trim().is_empty() {
        true => format!("{fence} {shown} {fence}"),
        false => format!("{fence}{shown}{fence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn captured_text_is_code_and_nothing_else() {
        for (text, shown) in [
            ("plain", "`plain`"),
            ("a|b", "`a\\|b`"),
            ("``x`", "``` ``x` ```"),
            ("<b>\n</b>", "`<b>␊</b>`"),
            ("\u{1b}[31m", "`␛[31m`"),
        ] {
            assert_eq!(code(text), shown);
        }
        assert_eq!(code(&"x".repeat(500)).chars().count(), 123);
    }
}
