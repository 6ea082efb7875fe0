//! What is muted for this check: by arguments, and by a file.
//!
//! The file has a rule a line, and after the rule a reason:
//!
//! ```text
//! # Our gateway compresses; the stream is flushed.
//! transport.compressed   checked with the platform team
//! V13
//! ```

use scrubjay_ipc::Code;
use scrubjay_session::judge::rule;

use super::Args;
use crate::failure::Failure;

/// Rules that do not count.
#[derive(Debug, Default)]
pub(super) struct Muted {
    rules: Vec<String>,
}

impl Muted {
    pub(super) fn read(args: &Args) -> Result<Self, Failure> {
        let mut muted = Self::default();
        for name in &args.mute {
            muted.add(name, "--mute")?;
        }
        if let Some(path) = &args.mutes {
            let shown = path.display();
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::new(
                    Code::NotFound,
                    format!("Cannot read {shown}: {error}."),
                    "It is a text file with a rule id a line.",
                )
            })?;
            for (number, line) in (1..).zip(text.lines()) {
                let line = line.split('#').next().unwrap_or_default();
                if let Some(name) = line.split_whitespace().next() {
                    muted.add(name, &format!("{shown}, line {number}"))?;
                }
            }
        }
        Ok(muted)
    }

    fn add(&mut self, name: &str, place: &str) -> Result<(), Failure> {
        if rule::rule(name).is_none() {
            let near = rule::registry()
                .map(|rule| rule.id)
                .find(|id| id.eq_ignore_ascii_case(name) || id.ends_with(&format!(".{name}")));
            let hint = match near {
                Some(near) => format!("Did you mean {near}?"),
                None => "docs/rules.md lists all rules.".to_owned(),
            };
            return Err(Failure::bad_argument(
                format!("{place}: there is no rule {name}."),
                hint,
            ));
        }
        self.rules.push(name.to_owned());
        Ok(())
    }

    pub(super) fn is_muted(&self, rule: &str) -> bool {
        self.rules.iter().any(|muted| muted == rule)
    }
}
