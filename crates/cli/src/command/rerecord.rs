//! `scrubjay rerecord`: asks a live agent what the baselines asked, and reports
//! what it does otherwise now.
//!
//! Map: [`baselines`] (what is asked), [`asking`] (asking it), [`output`]
//! (files of what came back). The report is that of `diff --baseline`.

mod asking;
mod baselines;
mod output;

use std::{path::PathBuf, time::Duration};

use scrubjay_engine::{RerecordConfig, Rerecording};
use scrubjay_protocol::secret;

use self::{
    asking::{Asking, Outcomes},
    baselines::Baselines,
};
use super::diff::{self, baseline::BaselineOptions};
use crate::{
    args::{LimitArg, RulesArgs, Tls},
    command::Execute,
    failure::Failure,
    library::Library,
    out::Out,
    source_args, words,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recordings whose requests are sent again: a folder of recording files, one file, or a store
    #[arg(value_name = "BASELINES")]
    pub(crate) baselines: PathBuf,

    /// The agent: the URL of its endpoint, or its origin, where the recorded paths are used
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,

    /// Give up a run after this time, such as 90s or 5m
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) deadline: String,

    /// Send this header field in place of the recorded one; without a value, leave the field out; repeat for several
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,

    /// Overwrite the baselines that differ with what the agent answered now
    #[arg(long)]
    pub(crate) accept: bool,

    /// Write what the agent answered into this folder, under the file names of the baselines
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    rules: RulesArgs,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) tls: Tls,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let rules = diff::rules(&self.rules)?;
        let limit = deadline(&self.deadline)?;
        let headers = self.headers.iter().map(|text| header(text)).collect::<Result<_, _>>()?;
        let baselines = Baselines::open(&self.baselines, self.limit.limits(), out.format)?;
        if self.accept {
            baselines.judge_accept(&self.baselines)?;
        }
        if let Some(folder) = &self.output {
            baselines.judge_output(folder)?;
        }
        let plan = RerecordConfig {
            url: self.url.clone(),
            headers,
            tls: source_args::tls(&self.tls, std::slice::from_ref(&self.url))?,
        };
        if plan.tls.insecure {
            source_args::note_unverified(&secret::hidden(&self.url), out.format);
        }
        let (asked, store, _folder) = ask(&baselines, &plan, limit)?;
        asked.note(diff::plain(out.format));
        asked.judge_silence(&secret::hidden(&self.url))?;
        let options = BaselineOptions {
            rules: &rules,
            older_than_us: None,
            limits: self.limit.limits(),
        };
        let result = diff::baseline::report(&self.baselines, &store, &options, out)?;
        let new = Library::open(Some(store.clone()), self.limit.limits(), out.format)?;
        if let Some(folder) = &self.output {
            output::write(&baselines, &asked, &new, folder, out)?;
        }
        let accepted = match self.accept {
            true => output::replace(&baselines, &asked, &new, &result, out)?,
            false => false,
        };
        out.flush()?;
        asked.judge_ends(limit)?;
        match result.passes || accepted {
            true => Ok(()),
            false => Err(Failure::Status(1)),
        }
    }
}

/// Asks everything; gives what became of it, and the store with the answers,
/// which is gone when its folder is dropped.
fn ask(
    baselines: &Baselines,
    plan: &RerecordConfig,
    limit: Duration,
) -> Result<(Outcomes, PathBuf, impl Drop + use<>), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)?;
    let mut live = Rerecording::start(plan, &baselines.targets()?)?;
    let mut asking = Asking::new(baselines, limit);
    if let Err(failure) = runtime.block_on(asking.all(&mut live)) {
        live.give_up();
        return Err(failure);
    }
    let (store, folder) = live.finish()?;
    Ok((asking.done(), store, folder))
}

fn deadline(text: &str) -> Result<Duration, Failure> {
    let length = words::length(text).filter(|length| !length.is_zero());
    length.ok_or_else(|| {
        Failure::bad_argument(
            format!("`{text}` is no length of time."),
            "Give a number and a unit, such as 90s, 5m or 500ms.",
        )
    })
}

/// `Name: value`; an empty value leaves the field out.
fn header(text: &str) -> Result<(String, Vec<u8>), Failure> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match text.split_once(':') {
        Some((name, value))
            if !name.is_empty() && name.chars().all(is_token) && !value.contains(['\r', '\n', '\0']) =>
        {
            Ok((name.to_owned(), value.trim().as_bytes().to_vec()))
        }
        _ => Err(Failure::bad_argument(
            format!("`{text}` is no header field."),
            "Give a name, a colon and a value: --header 'Authorization: Bearer abc'.",
        )),
    }
}
