//! The words in which faults are said.

use std::time::Duration;

use super::quantity;

/// Names of faults and the keys that each takes beside `exchange` and `request`.
pub const NAMES: [(&str, &[&str]); 16] = [
    ("cut", &["event", "type", "nth", "byte", "how"]),
    ("stall", &["event", "type", "nth", "every", "rate", "for"]),
    ("delay", &["event", "type", "nth", "every", "rate", "by"]),
    ("drop", &["event", "type", "nth", "every", "rate"]),
    ("duplicate", &["event", "type", "nth", "every", "rate"]),
    ("reorder", &["event", "type", "nth", "every", "rate"]),
    ("corrupt", &["event", "type", "nth", "every", "rate", "how"]),
    ("oversize", &["event", "type", "nth", "every", "rate", "size"]),
    ("unknown", &["event", "type", "nth", "every", "rate", "name"]),
    ("edit", &["event", "text"]),
    ("error", &["event", "code", "message"]),
    ("split", &["bytes"]),
    ("coalesce", &["events"]),
    ("drip", &["bytes", "every"]),
    ("slow-head", &["by"]),
    ("status", &["code", "retry-after", "times"]),
];

/// Keys that every fault takes.
const COMMON: [&str; 2] = ["exchange", "request"];

/// Keys whose value is the rest of the spec, commas included.
const TO_THE_END: [&str; 2] = ["text", "message"];

/// Why a fault cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpecError {
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do, as a sentence.
    pub hint: String,
}

/// A fault, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) spec: String,
    pub(crate) exchange: Option<i64>,
    pub(crate) request: Option<u64>,
    pub(crate) what: What,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Cut {
        after: After,
        how: CutHow,
    },
    Stall {
        after: Where,
        wait: Option<Duration>,
    },
    Delay {
        before: Where,
        wait: Duration,
    },
    Drop(Where),
    Duplicate(Where),
    Reorder(Where),
    Corrupt(Where, Option<Damage>),
    Oversize(Where, usize),
    Unknown(Where, String),
    Edit(u32, String),
    Error {
        after: Option<u32>,
        code: Option<String>,
        message: String,
    },
    Split(usize),
    Coalesce(Option<usize>),
    Drip {
        bytes: usize,
        every: Duration,
    },
    SlowHead(Duration),
    Status {
        code: u16,
        retry_after: Option<Duration>,
        times: u32,
    },
}

/// Behind what a cut is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum After {
    Event(Where),
    Byte(u64),
}

/// How a cut answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutHow {
    Reset,
    Clean,
    Unterminated,
}

/// How JSON is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    Half,
    Brace,
    Comma,
    Bytes,
}

impl Damage {
    pub(crate) const ALL: [Self; 4] = [Self::Half, Self::Brace, Self::Comma, Self::Bytes];
}

/// Which events are struck.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Where {
    Event(u32),
    Type(String, Option<u32>),
    Every(u32),
    Rate(f64),
}

impl Fault {
    pub(crate) fn strikes(&self, exchange: i64, request: u64) -> bool {
        self.exchange.is_none_or(|only| only == exchange) && self.request.is_none_or(|only| only == request)
    }

    pub(crate) fn parse(spec: &str) -> Result<Self, SpecError> {
        let (name, rest) = spec.split_once(':').unwrap_or((spec, ""));
        let name = name.trim();
        let Some((name, keys)) = NAMES.into_iter().find(|(known, _)| *known == name) else {
            return Err(unknown_fault(name));
        };
        let mut words = Words::read(spec, name, keys, rest)?;
        let exchange = words.parsed("exchange", "a number")?;
        let request = words.parsed("request", "a number from 1")?;
        let what = what(name, &mut words)?;
        words.finish()?;
        Ok(Self {
            spec: spec.to_owned(),
            exchange,
            request,
            what,
        })
    }
}

fn what(name: &str, words: &mut Words<'_>) -> Result<What, SpecError> {
    Ok(match name {
        "cut" => cut(words)?,
        "stall" => What::Stall {
            after: words.place()?,
            wait: words.time("for")?,
        },
        "delay" => What::Delay {
            before: words.place()?,
            wait: words.time("by")?.ok_or_else(|| words.lacks("how long", "by=500ms"))?,
        },
        "drop" => What::Drop(words.place()?),
        "duplicate" => What::Duplicate(words.place()?),
        "reorder" => What::Reorder(words.place()?),
        "corrupt" => What::Corrupt(words.place()?, words.damage()?),
        "oversize" => What::Oversize(words.place()?, words.size("size")?.unwrap_or(11 << 20)),
        "unknown" => What::Unknown(
            words.place()?,
            words.take("name").unwrap_or_else(|| "SCRUBJAY_UNKNOWN".into()),
        ),
        "edit" => What::Edit(
            words
                .number("event")?
                .ok_or_else(|| words.lacks("which event", "event=12"))?,
            words
                .take("text")
                .ok_or_else(|| words.lacks("the new text", "text={\"type\":…}"))?,
        ),
        "error" => What::Error {
            after: words.number("event")?,
            code: words.take("code"),
            message: words.take("message").unwrap_or_else(|| "injected by a fault".into()),
        },
        "split" => What::Split(words.size("bytes")?.unwrap_or(1).max(1)),
        "coalesce" => What::Coalesce(words.number("events")?.map(|events| events as usize)),
        "drip" => What::Drip {
            bytes: words.size("bytes")?.unwrap_or(1).max(1),
            every: words.time("every")?.unwrap_or(Duration::from_millis(10)),
        },
        "slow-head" => What::SlowHead(words.time("by")?.ok_or_else(|| words.lacks("how long", "by=2s"))?),
        _ => What::Status {
            code: words.status()?,
            retry_after: words.time("retry-after")?,
            times: words.number("times")?.unwrap_or(1),
        },
    })
}

fn cut(words: &mut Words<'_>) -> Result<What, SpecError> {
    let byte = words.parsed("byte", "a number of bytes")?;
    let after = match byte {
        Some(byte) => After::Byte(byte),
        None => After::Event(words.place()?),
    };
    let how = match words.take("how").as_deref() {
        None | Some("reset") => CutHow::Reset,
        Some("clean") => CutHow::Clean,
        Some("unterminated") => CutHow::Unterminated,
        Some(other) => return Err(words.no_such("how", other, &["reset", "clean", "unterminated"])),
    };
    Ok(What::Cut { after, how })
}

/// The words of one spec that were not used yet.
struct Words<'a> {
    spec: &'a str,
    name: &'a str,
    keys: &'a [&'a str],
    pairs: Vec<(String, String)>,
}

impl<'a> Words<'a> {
    fn read(spec: &'a str, name: &'a str, keys: &'a [&'a str], rest: &str) -> Result<Self, SpecError> {
        let mut words = Self {
            spec,
            name,
            keys,
            pairs: Vec::new(),
        };
        let mut rest = rest.trim();
        while !rest.is_empty() {
            let to_the_end = TO_THE_END
                .iter()
                .find_map(|key| rest.strip_prefix(key)?.strip_prefix('=').map(|value| (*key, value)));
            let (key, value, after) = match to_the_end {
                Some((key, value)) => (key, value, ""),
                None => {
                    let (pair, after) = rest.split_once(',').unwrap_or((rest, ""));
                    let (key, value) = pair.split_once('=').ok_or_else(|| words.no_pair(pair))?;
                    (key.trim(), value.trim(), after.trim())
                }
            };
            if !keys.contains(&key) && !COMMON.contains(&key) {
                return Err(words.unknown_key(key));
            }
            words.pairs.push((key.to_owned(), value.to_owned()));
            rest = after;
        }
        Ok(words)
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(known, _)| known == key)?;
        Some(self.pairs.remove(at).1)
    }

    fn parsed<T: std::str::FromStr>(&mut self, key: &str, wanted: &str) -> Result<Option<T>, SpecError> {
        let Some(text) = self.take(key) else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_no_number| self.wrong(key, &text, wanted))
    }

    fn number(&mut self, key: &str) -> Result<Option<u32>, SpecError> {
        let number = self.parsed(key, "a number from 1")?;
        match number {
            Some(0) => Err(self.wrong(key, "0", "a number from 1")),
            other => Ok(other),
        }
    }

    fn time(&mut self, key: &str) -> Result<Option<Duration>, SpecError> {
        let Some(text) = self.take(key) else { return Ok(None) };
        quantity::time(&text)
            .map(Some)
            .ok_or_else(|| self.wrong(key, &text, "a time such as `250ms` or `2s`"))
    }

    fn size(&mut self, key: &str) -> Result<Option<usize>, SpecError> {
        let Some(text) = self.take(key) else { return Ok(None) };
        quantity::size(&text)
            .map(Some)
            .ok_or_else(|| self.wrong(key, &text, "a size such as `64`, `4KiB` or `11MiB`"))
    }

    fn status(&mut self) -> Result<u16, SpecError> {
        let code = self.parsed("code", "a status from 200 to 599")?.unwrap_or(503);
        match code {
            200..=599 => Ok(code),
            _ => Err(self.wrong("code", &code.to_string(), "a status from 200 to 599")),
        }
    }

    fn damage(&mut self) -> Result<Option<Damage>, SpecError> {
        const WORDS: [&str; 4] = ["half", "brace", "comma", "bytes"];
        let Some(how) = self.take("how") else { return Ok(None) };
        let found = WORDS.iter().position(|word| *word == how);
        found
            .map(|at| Some(Damage::ALL[at]))
            .ok_or_else(|| self.no_such("how", &how, &WORDS))
    }

    /// Which events: exactly one way of saying it.
    fn place(&mut self) -> Result<Where, SpecError> {
        let event = self.number("event")?.map(Where::Event);
        let of_type = match self.take("type") {
            Some(name) => Some(Where::Type(name, self.number("nth")?)),
            None => None,
        };
        let every = self.number("every")?.map(Where::Every);
        let rate: Option<f64> = self.parsed("rate", "a share from 0 to 1")?;
        if let Some(rate) = rate.filter(|rate| !(0.0..=1.0).contains(rate)) {
            return Err(self.wrong("rate", &rate.to_string(), "a share from 0 to 1"));
        }
        let mut said = [event, of_type, every, rate.map(Where::Rate)].into_iter().flatten();
        match (said.next(), said.next()) {
            (Some(place), None) => Ok(place),
            (None, _) => Err(self.lacks("which event", "event=12")),
            (Some(_), Some(_)) => Err(SpecError {
                message: format!("`{}` says more than once which events it strikes", self.spec),
                hint: "Give one of event, type, every and rate.".into(),
            }),
        }
    }

    fn finish(self) -> Result<(), SpecError> {
        match self.pairs.first() {
            None => Ok(()),
            Some((key, _)) => Err(SpecError {
                message: format!("`{}` gives `{key}` twice, or where it does not belong", self.spec),
                hint: self.hint(),
            }),
        }
    }

    fn hint(&self) -> String {
        let keys: Vec<&str> = self.keys.iter().chain(&COMMON).copied().collect();
        format!("`{}` takes {}.", self.name, keys.join(", "))
    }

    fn lacks(&self, what: &str, example: &str) -> SpecError {
        SpecError {
            message: format!("`{}` does not say {what}", self.spec),
            hint: format!("Add it, such as `{example}`. {}", self.hint()),
        }
    }

    fn wrong(&self, key: &str, given: &str, wanted: &str) -> SpecError {
        SpecError {
            message: format!("`{key}={given}` in `{}` is not {wanted}", self.spec),
            hint: self.hint(),
        }
    }

    fn no_such(&self, key: &str, given: &str, words: &[&str]) -> SpecError {
        SpecError {
            message: format!("`{key}={given}` in `{}` is not known{}", self.spec, meant(given, words)),
            hint: format!("`{key}` is one of {}.", words.join(", ")),
        }
    }

    fn unknown_key(&self, key: &str) -> SpecError {
        let keys: Vec<&str> = self.keys.iter().chain(&COMMON).copied().collect();
        SpecError {
            message: format!("`{}` has no `{key}`{}", self.name, meant(key, &keys)),
            hint: self.hint(),
        }
    }

    fn no_pair(&self, given: &str) -> SpecError {
        SpecError {
            message: format!("`{given}` in `{}` is not `key=value`", self.spec),
            hint: self.hint(),
        }
    }
}

fn unknown_fault(name: &str) -> SpecError {
    let names: Vec<&str> = NAMES.into_iter().map(|(name, _)| name).collect();
    SpecError {
        message: format!("there is no fault `{name}`{}", meant(name, &names)),
        hint: format!("Faults are {}; such as `cut:event=12,how=reset`.", names.join(", ")),
    }
}

/// The nearest word, if one is near.
fn meant(given: &str, words: &[&str]) -> String {
    let nearest = words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(given, word), *word))
        .min()
        .filter(|(distance, word)| *distance <= word.len() / 2);
    nearest.map_or_else(String::new, |(_, word)| format!("; is `{word}` meant?"))
}
