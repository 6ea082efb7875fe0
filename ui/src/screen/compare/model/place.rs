//! A comparison in an address: which two, at which level, what is ignored, and where one looks.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use scrubjay_ipc::{Ignore, Level, MapAt, Side};

use super::{CompareModel, ComparedRuns};
use crate::{screen::compare::words as how, signal::*};

/// Its parameters.
pub(crate) const NAMES: [&str; 7] = ["a", "b", "level", "ignore", "ignore-text", "pair", "at"];

/// What is written otherwise in a value: all but letters, digits and these.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b'*');

/// Where one looks in a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// The pair that is chosen.
    pub(crate) pair: Option<u64>,
    /// The playhead on A's side: exchange and frame.
    pub(crate) at: Option<(i64, u32)>,
}

/// A comparison as an address holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) a: Side,
    pub(crate) b: Side,
    pub(crate) level: Level,
    pub(crate) ignore: Vec<Ignore>,
    pub(crate) look: Look,
}

impl Compared {
    /// Reads the parameters of an address; nothing, unless both sides are named.
    pub(crate) fn read<'a>(parameters: &(impl Iterator<Item = (&'a str, &'a str)> + Clone)) -> Option<Self> {
        let value = |wanted: &str| {
            let mut values = parameters.clone().filter(|(name, _)| *name == wanted);
            values.next().and_then(|(_, value)| decoded(value))
        };
        let ignore = parameters.clone().filter_map(|(name, value)| match name {
            "ignore" => Some(Ignore::Pointer(decoded(value)?)),
            "ignore-text" => Some(Ignore::Pattern(decoded(value)?)),
            _ => None,
        });
        Some(Self {
            a: read_side(&value("a")?)?,
            b: read_side(&value("b")?)?,
            level: value("level")
                .and_then(|name| how::read_level(&name))
                .unwrap_or_default(),
            ignore: ignore.collect(),
            look: Look {
                pair: value("pair").and_then(|text| text.parse().ok()),
                at: value("at").and_then(|text| {
                    let (exchange, seq) = text.split_once('.')?;
                    Some((exchange.parse().ok()?, seq.parse().ok()?))
                }),
            },
        })
    }

    /// The parameters that say so.
    pub(crate) fn written(&self) -> Vec<String> {
        let mut parameters = vec![
            format!("a={}", encoded(&side_text(&self.a))),
            format!("b={}", encoded(&side_text(&self.b))),
        ];
        if self.level != Level::default() {
            parameters.push(format!("level={}", how::level(self.level)));
        }
        parameters.extend(self.ignore.iter().map(|ignore| match ignore {
            Ignore::Pointer(pointer) => format!("ignore={}", encoded(pointer)),
            Ignore::Pattern(pattern) => format!("ignore-text={}", encoded(pattern)),
        }));
        parameters.extend(self.look.pair.map(|pair| format!("pair={pair}")));
        parameters.extend(self.look.at.map(|(exchange, seq)| format!("at={exchange}.{seq}")));
        parameters
    }

    fn is_of_same(&self, other: &Self) -> bool {
        (&self.a, &self.b, self.level, &self.ignore) == (&other.a, &other.b, other.level, &other.ignore)
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// A side: `7` an exchange, `7.1` its first run, `7-8` several exchanges, `thread.t-91` a thread.
fn side_text(side: &Side) -> String {
    match side {
        Side::Exchange(exchange) => exchange.to_string(),
        Side::Run(exchange, run) => format!("{exchange}.{}", run + 1),
        Side::Thread(thread) => format!("thread.{thread}"),
        Side::Exchanges(exchanges) => {
            let numbers: Vec<String> = exchanges.iter().map(i64::to_string).collect();
            format!("{}-", numbers.join("-"))
        }
    }
}

fn read_side(text: &str) -> Option<Side> {
    if let Some(thread) = text.strip_prefix("thread.") {
        return Some(Side::Thread(thread.to_owned()));
    }
    if text.contains('-') {
        let numbers = text.split('-').filter(|number| !number.is_empty());
        let numbers: Vec<i64> = numbers.map(|number| number.parse().ok()).collect::<Option<_>>()?;
        return (!numbers.is_empty()).then_some(Side::Exchanges(numbers));
    }
    match text.split_once('.') {
        None => Some(Side::Exchange(text.parse().ok()?)),
        Some((exchange, run)) => {
            let run: u32 = run.parse().ok()?;
            Some(Side::Run(exchange.parse().ok()?, run.checked_sub(1)?))
        }
    }
}

impl CompareModel {
    /// The comparison that is shown, as an address holds it.
    pub(crate) fn compared(self) -> Option<Compared> {
        let (a, b) = self.sides.get()?;
        let here = || Look {
            pair: self.chosen.get(),
            at: self.moment.with(|moment| moment.as_ref().map(|moment| moment.a)),
        };
        Some(Compared {
            a: a.side,
            b: b.side,
            level: self.level.get(),
            ignore: self.ignore.get(),
            look: self.wanted.get().unwrap_or_else(here),
        })
    }

    /// Shows a comparison as an address holds it.
    pub(crate) fn bring(self, to: Compared) {
        let now = untrack(move || self.compared());
        match now.filter(|now| now.is_of_same(&to)) {
            Some(now) if now.look == to.look => {}
            Some(_) => self.look(to.look),
            None => {
                self.forget();
                self.wanted.set(Some(to.look).filter(|look| *look != Look::default()));
                self.level.set(to.level);
                self.ignore.set(to.ignore);
                let sides = (self.known(to.a), self.known(to.b));
                self.baseline.set(Some(sides.0.clone()));
                self.sides.set(Some(sides));
            }
        }
    }

    /// A side with its title, if it is one of those that are shown.
    fn known(self, side: Side) -> ComparedRuns {
        let shown = self.sides.with_untracked(|sides| {
            let (a, b) = sides.as_ref()?;
            [a, b].into_iter().find(|known| known.side == side).cloned()
        });
        shown.unwrap_or(ComparedRuns {
            side,
            title: String::new(),
        })
    }

    /// Shows no comparison any more.
    pub(crate) fn leave(self) {
        if self.sides.with_untracked(Option::is_some) {
            self.forget();
            self.wanted.set(None);
            self.sides.set(None);
        }
    }

    /// Looks at a pair and puts the playhead on a frame, which need not be in it.
    pub(super) fn look(self, to: Look) {
        match (to.at, to.pair) {
            (Some((exchange, seq)), pair) => {
                self.go(false, MapAt::Frame(exchange, seq));
                if let Some(pair) = pair {
                    self.show_pair(pair, || true);
                }
            }
            (None, Some(pair)) => self.visit_pair(pair),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(search: &str) -> Option<Compared> {
        Compared::read(&search.split('&').filter_map(|pair| pair.split_once('=')))
    }

    #[test]
    fn a_comparison_reads_as_it_was_written() {
        for search in [
            "a=7&b=8",
            "a=7.1&b=8.3&level=state&pair=4&at=7.183",
            "a=7-8-9-&b=10-&level=wire",
            "a=thread.t%2091%26%25&b=thread.%C3%A4&ignore=/args/*/max&ignore-text=%5Cd%2B%3D",
        ] {
            let compared = read(search).expect(search);
            assert_eq!(compared.written().join("&"), search);
        }
        let compared = read("a=1.2&b=3-&ignore=/x&ignore-text=y&pair=no&at=1").expect("both sides are named");
        assert_eq!((compared.a, compared.b), (Side::Run(1, 1), Side::Exchanges(vec![3])));
        assert_eq!(
            compared.ignore,
            [Ignore::Pointer("/x".to_owned()), Ignore::Pattern("y".to_owned())]
        );
        assert_eq!(compared.look, Look::default());
    }

    #[test]
    fn what_names_no_two_sides_is_no_comparison() {
        for search in [
            "",
            "a=1",
            "b=1",
            "a=x&b=1",
            "a=1.0&b=1",
            "a=1&b=-",
            "a=1&b=2-x",
            "a=%FF&b=1",
        ] {
            assert_eq!(read(search), None, "{search}");
        }
    }
}
