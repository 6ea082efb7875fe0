//! Two texts, word by word.

use imara_diff::{Algorithm, Diff, InternedInput};

/// Runs given at most.
const RUNS: usize = 2_000;
/// Equal words beyond which a stretch is folded.
const LONG: usize = 60;
/// Words kept at either end of a folded stretch.
const KEPT: usize = 20;

/// A stretch of words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WordRun {
    /// Where it stands.
    pub place: WordPlace,
    /// The words, as they stand; of a long equal stretch the beginning.
    pub text: String,
    /// Words left out after `text`.
    pub folded: u32,
}

/// Where words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum WordPlace {
    /// In both.
    Both,
    /// Only in A.
    OnlyA,
    /// Only in B.
    OnlyB,
    /// In both, but for white space or case; the text is B's.
    Alike,
}

/// The words of two texts beside each other. What comes out does not depend
/// on which of them is called A, sides aside.
pub(crate) fn words(a: &str, b: &str) -> Vec<WordRun> {
    if a > b {
        let mut runs = runs(b, a, true);
        for run in &mut runs {
            run.place = match run.place {
                WordPlace::OnlyA => WordPlace::OnlyB,
                WordPlace::OnlyB => WordPlace::OnlyA,
                place => place,
            };
        }
        return in_order(runs);
    }
    runs(a, b, false)
}

/// What only A has stands before what only B has.
fn in_order(mut runs: Vec<WordRun>) -> Vec<WordRun> {
    for place in 1..runs.len() {
        if runs[place - 1].place == WordPlace::OnlyB && runs[place].place == WordPlace::OnlyA {
            runs.swap(place - 1, place);
        }
    }
    runs
}

fn runs(a: &str, b: &str, turned: bool) -> Vec<WordRun> {
    let (one, other) = (tokens(a), tokens(b));
    let mut input = InternedInput::default();
    input.update_before(one.iter().copied());
    input.update_after(other.iter().copied());
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let mut runs = Vec::new();
    let mut at = 0;
    for hunk in diff.hunks() {
        let (before, after) = (
            hunk.before.start as usize..hunk.before.end as usize,
            hunk.after.start as usize..hunk.after.end as usize,
        );
        both(&one[at..before.start], &mut runs);
        at = before.end;
        let (gone, new) = (one[before].concat(), other[after].concat());
        if alike(&gone, &new) {
            let text = if turned { gone } else { new };
            push(&mut runs, WordPlace::Alike, text);
        } else {
            push(&mut runs, WordPlace::OnlyA, gone);
            push(&mut runs, WordPlace::OnlyB, new);
        }
        if runs.len() >= RUNS {
            return runs;
        }
    }
    both(&one[at..], &mut runs);
    runs
}

fn push(runs: &mut Vec<WordRun>, place: WordPlace, text: String) {
    if !text.is_empty() || place == WordPlace::Alike {
        runs.push(WordRun { place, text, folded: 0 });
    }
}

/// An equal stretch, its middle folded when it is long.
fn both(tokens: &[&str], runs: &mut Vec<WordRun>) {
    let is_word = |token: &&&str| !token.trim().is_empty();
    let words = tokens.iter().filter(is_word).count();
    if words <= LONG {
        return push(runs, WordPlace::Both, tokens.concat());
    }
    let end_of = |words: usize| {
        let mut places = (0..tokens.len()).filter(|place| !tokens[*place].trim().is_empty());
        places.nth(words - 1).map_or(tokens.len(), |place| place + 1)
    };
    let (head, tail) = (end_of(KEPT), end_of(words - KEPT));
    runs.push(WordRun {
        place: WordPlace::Both,
        text: tokens[..head].concat(),
        folded: (words - 2 * KEPT) as u32,
    });
    push(runs, WordPlace::Both, tokens[tail..].concat());
}

/// The same but for white space and case.
fn alike(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let chars = text.chars().filter(|c| !c.is_whitespace());
        chars.flat_map(char::to_lowercase).collect()
    };
    plain(one) == plain(other)
}

/// Words, white space between them, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut tokens = Vec::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        let next = chars.peek();
        let goes_on = next.is_some_and(|(_, next)| class(*next) == class(c) && class(c) < 2);
        if !goes_on {
            let end = next.map_or(text.len(), |(at, _)| *at);
            tokens.push(&text[from..end]);
            from = end;
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: &[(WordPlace, &str)]) {
        let found: Vec<_> = words(a, b).into_iter().map(|run| (run.place, run.text)).collect();
        let found: Vec<_> = found.iter().map(|(place, text)| (*place, text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn words_are_told_apart() {
        use WordPlace::{Alike, Both, OnlyA, OnlyB};
        check("", "", &[]);
        check("same words", "same words", &[(Both, "same words")]);
        check(
            "three cheap flights",
            "two cheap flights.",
            &[(OnlyA, "three"), (OnlyB, "two"), (Both, " cheap flights"), (OnlyB, ".")],
        );
        check(
            "Flights  to Oslo",
            "flights to Oslo",
            &[(Alike, "flights "), (Both, "to Oslo")],
        );
    }

    #[test]
    fn long_equal_stretches_are_folded() {
        let long = "word ".repeat(200);
        let found = words(&format!("{long}a"), &format!("{long}b"));
        assert_eq!(found[0].folded, 160);
        assert_eq!(found.iter().filter(|run| run.place != WordPlace::Both).count(), 2);
    }

    #[test]
    fn who_is_called_a_does_not_matter() {
        for (a, b) in [("a b c d", "b a d c"), ("x x y", "y x x"), ("Zug", "zug fährt")] {
            let mirrored: Vec<_> = words(b, a)
                .into_iter()
                .filter(|run| run.place != WordPlace::Alike)
                .map(|run| match run.place {
                    WordPlace::OnlyA => (WordPlace::OnlyB, run.text),
                    WordPlace::OnlyB => (WordPlace::OnlyA, run.text),
                    place => (place, run.text),
                })
                .collect();
            for run in words(a, b).into_iter().filter(|run| run.place != WordPlace::Alike) {
                assert!(mirrored.contains(&(run.place, run.text.clone())), "{run:?}");
            }
        }
    }
}
