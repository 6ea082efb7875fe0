//! The options of one spec, taken one by one.

use std::time::Duration;

use super::{
    quantity,
    spec::{Damage, SpecError, Where},
};

/// Keys that every fault takes.
const COMMON: [&str; 3] = ["path", "exchange", "request"];

/// Keys whose value is the rest of the spec, commas included.
const TO_THE_END: [&str; 2] = ["text", "message"];

/// The options of one spec that were not used yet.
pub(super) struct SpecOptions<'a> {
    spec: &'a str,
    name: &'a str,
    keys: &'a [&'a str],
    pairs: Vec<(String, String)>,
}

impl<'a> SpecOptions<'a> {
    pub(super) fn read(spec: &'a str, name: &'a str, keys: &'a [&'a str], rest: &str) -> Result<Self, SpecError> {
        let mut options = Self {
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
                    let (key, value) = pair.split_once('=').ok_or_else(|| options.no_pair(pair))?;
                    (key.trim(), value.trim(), after.trim())
                }
            };
            if !keys.contains(&key) && !COMMON.contains(&key) {
                return Err(options.unknown_key(key));
            }
            options.pairs.push((key.to_owned(), value.to_owned()));
            rest = after;
        }
        Ok(options)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(known, _)| known == key)?;
        Some(self.pairs.remove(at).1)
    }

    pub(super) fn parsed<T: std::str::FromStr>(&mut self, key: &str, wanted: &str) -> Result<Option<T>, SpecError> {
        let Some(text) = self.take(key) else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_no_number| self.wrong(key, &text, wanted))
    }

    pub(super) fn number(&mut self, key: &str) -> Result<Option<u32>, SpecError> {
        let number = self.parsed(key, "a number from 1")?;
        match number {
            Some(0) => Err(self.wrong(key, "0", "a number from 1")),
            other => Ok(other),
        }
    }

    pub(super) fn time(&mut self, key: &str) -> Result<Option<Duration>, SpecError> {
        let Some(text) = self.take(key) else { return Ok(None) };
        quantity::time(&text)
            .map(Some)
            .ok_or_else(|| self.wrong(key, &text, "a time such as `250ms` or `2s`"))
    }

    pub(super) fn size(&mut self, key: &str) -> Result<Option<usize>, SpecError> {
        let Some(text) = self.take(key) else { return Ok(None) };
        quantity::size(&text)
            .map(Some)
            .ok_or_else(|| self.wrong(key, &text, "a size such as `64`, `4KiB` or `11MiB`"))
    }

    pub(super) fn status(&mut self) -> Result<u16, SpecError> {
        let code = self.parsed("code", "a status from 200 to 599")?.unwrap_or(503);
        match code {
            200..=599 => Ok(code),
            _ => Err(self.wrong("code", &code.to_string(), "a status from 200 to 599")),
        }
    }

    pub(super) fn damage(&mut self) -> Result<Option<Damage>, SpecError> {
        const WORDS: [&str; 4] = ["half", "brace", "comma", "bytes"];
        let Some(how) = self.take("how") else { return Ok(None) };
        let found = WORDS.iter().position(|word| *word == how);
        found
            .map(|at| Some(Damage::ALL[at]))
            .ok_or_else(|| self.no_such("how", &how, &WORDS))
    }

    /// Which events: given in exactly one way.
    pub(super) fn place(&mut self) -> Result<Where, SpecError> {
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
        let mut given = [event, of_type, every, rate.map(Where::Rate)].into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(place), None) => Ok(place),
            (None, _) => Err(self.lacks("which event", "event=12")),
            (Some(_), Some(_)) => Err(SpecError {
                message: format!("`{}` says more than once which events it strikes", self.spec),
                hint: "Give one of event, type, every and rate.".into(),
            }),
        }
    }

    pub(super) fn finish(self) -> Result<(), SpecError> {
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

    pub(super) fn lacks(&self, what: &str, example: &str) -> SpecError {
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

    pub(super) fn no_such(&self, key: &str, given: &str, options: &[&str]) -> SpecError {
        SpecError {
            message: format!(
                "`{key}={given}` in `{}` is not known{}",
                self.spec,
                meant(given, options)
            ),
            hint: format!("`{key}` is one of {}.", options.join(", ")),
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

/// The nearest word, if one is near.
pub(super) fn meant(given: &str, options: &[&str]) -> String {
    let nearest = options
        .iter()
        .map(|word| (strsim::damerau_levenshtein(given, word), *word))
        .min()
        .filter(|(distance, word)| *distance <= word.len() / 2);
    nearest.map_or_else(String::new, |(_, word)| format!("; is `{word}` meant?"))
}
