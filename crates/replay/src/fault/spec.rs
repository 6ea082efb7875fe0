//! The syntax of a fault: its name and its options.

use std::time::Duration;

use scrubjay_session::faults::{self, FAULTS};

use super::options::{SpecOptions, meant};
use crate::counter::Counter;

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
    /// Pattern of the request's path.
    pub(crate) path: Option<String>,
    pub(crate) what: What,
    /// How often it struck.
    pub(crate) struck: Counter,
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

/// After what a cut is made.
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
    pub(crate) fn name(&self) -> &str {
        self.spec.split(':').next().unwrap_or_default().trim()
    }

    pub(crate) fn strikes(&self, exchange: i64, request: u64) -> bool {
        self.exchange.is_none_or(|only| only == exchange) && self.request.is_none_or(|only| only == request)
    }

    /// Whether it is meant for a request to this path: for runs, unless it
    /// names the path, exchange or request that it is meant for.
    pub(crate) fn is_meant_for(&self, path: &str, is_run: bool) -> bool {
        match &self.path {
            Some(pattern) => matches(pattern, path),
            None => is_run || self.exchange.is_some() || self.request.is_some(),
        }
    }

    pub(crate) fn parse(spec: &str) -> Result<Self, SpecError> {
        let (name, rest) = spec.split_once(':').unwrap_or((spec, ""));
        let name = name.trim();
        let known = faults::fault(name).ok_or_else(|| unknown_fault(name))?;
        let keys = known.keys();
        let mut options = SpecOptions::read(spec, known.name, &keys, rest)?;
        let exchange = options.parsed("exchange", "a number")?;
        let request = options.parsed("request", "a number from 1")?;
        let path = options.take("path");
        let what = what(known.name, &mut options)?;
        options.finish()?;
        Ok(Self {
            spec: spec.to_owned(),
            exchange,
            request,
            path,
            what,
            struck: Counter::default(),
        })
    }
}

/// Whether a path has the shape of a pattern, in which `*` stands for any text.
fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| path.strip_prefix(start)) else {
        return false;
    };
    let Some(end) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(end)
}

fn what(name: &str, options: &mut SpecOptions<'_>) -> Result<What, SpecError> {
    Ok(match name {
        "cut" => cut(options)?,
        "stall" => What::Stall {
            after: options.place()?,
            wait: options.time("for")?,
        },
        "delay" => What::Delay {
            before: options.place()?,
            wait: options
                .time("by")?
                .ok_or_else(|| options.lacks("how long", "by=500ms"))?,
        },
        "drop" => What::Drop(options.place()?),
        "duplicate" => What::Duplicate(options.place()?),
        "reorder" => What::Reorder(options.place()?),
        "corrupt" => What::Corrupt(options.place()?, options.damage()?),
        "oversize" => What::Oversize(options.place()?, options.size("size")?.unwrap_or(11 << 20)),
        "unknown" => What::Unknown(
            options.place()?,
            options.take("name").unwrap_or_else(|| "SCRUBJAY_UNKNOWN".into()),
        ),
        "edit" => What::Edit(
            options
                .number("event")?
                .ok_or_else(|| options.lacks("which event", "event=12"))?,
            options
                .take("text")
                .ok_or_else(|| options.lacks("the new text", "text={\"type\":…}"))?,
        ),
        "error" => What::Error {
            after: options.number("event")?,
            code: options.take("code"),
            message: options.take("message").unwrap_or_else(|| "injected by a fault".into()),
        },
        _ => of_transport(name, options)?,
    })
}

/// The faults that strike no event.
fn of_transport(name: &str, options: &mut SpecOptions<'_>) -> Result<What, SpecError> {
    Ok(match name {
        "split" => What::Split(options.size("bytes")?.unwrap_or(1).max(1)),
        "coalesce" => What::Coalesce(options.number("events")?.map(|events| events as usize)),
        "drip" => What::Drip {
            bytes: options.size("bytes")?.unwrap_or(1).max(1),
            every: options.time("every")?.unwrap_or(Duration::from_millis(10)),
        },
        "slow-head" => What::SlowHead(options.time("by")?.ok_or_else(|| options.lacks("how long", "by=2s"))?),
        _ => What::Status {
            code: options.status()?,
            retry_after: options.time("retry-after")?,
            times: options.number("times")?.unwrap_or(1),
        },
    })
}

fn cut(options: &mut SpecOptions<'_>) -> Result<What, SpecError> {
    let byte = options.parsed("byte", "a number of bytes")?;
    let after = match byte {
        Some(byte) => After::Byte(byte),
        None => After::Event(options.place()?),
    };
    let how = match options.take("how").as_deref() {
        None | Some("reset") => CutHow::Reset,
        Some("clean") => CutHow::Clean,
        Some("unterminated") => CutHow::Unterminated,
        Some(other) => return Err(options.no_such("how", other, &["reset", "clean", "unterminated"])),
    };
    Ok(What::Cut { after, how })
}

fn unknown_fault(name: &str) -> SpecError {
    let names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
    SpecError {
        message: format!("there is no fault `{name}`{}", meant(name, &names)),
        hint: format!("Faults are {}; such as `cut:event=12,how=reset`.", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_in_a_path_stands_for_any_text() {
        for (pattern, path, is_match) in [
            ("/info", "/info", true),
            ("/info", "/info/", false),
            ("*", "/info", true),
            ("*/info", "/api/copilotkit/info", true),
            ("/api/*/info", "/api/copilotkit/info", true),
            ("/api/*/run", "/api/copilotkit/info", false),
            ("/api*", "/api", true),
            ("/a*a", "/a", false),
        ] {
            assert_eq!(matches(pattern, path), is_match, "{pattern} {path}");
        }
    }
}
