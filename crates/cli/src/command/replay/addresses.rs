//! Which sources are served, and where each listens.
//!
//! Each source of a recording was an address of its own, with an agent of its
//! own behind it: a frontend and its runtime, for example. So each gets one again.

use scrubjay_engine::{Engine, ReplayConfig};
use scrubjay_ipc::ReplayView;

use super::Args;
use crate::failure::Failure;

/// Starts a replay for each source that was named, or that there is.
pub(super) fn start(engine: &Engine, args: &Args, plan: &ReplayConfig) -> Result<Vec<ReplayView>, Failure> {
    let mut sources = args.sources.clone();
    if sources.is_empty() {
        sources = engine.replay_sources(&args.exchanges)?;
        if sources.len() < 2 {
            // One address answers everything, and what names no source too.
            sources = vec![String::new()];
        }
    }
    sources.dedup();
    check(args, &sources)?;
    let mut replays: Vec<ReplayView> = Vec::with_capacity(sources.len());
    for (place, source) in sources.into_iter().enumerate() {
        let mut plan = ReplayConfig { source, ..plan.clone() };
        match (args.listen.get(place), replays.last()) {
            (Some(listen), _) => plan.listen.clone_from(listen),
            (None, _) if takes_any_port(args) => plan.listen = args.listen.last().cloned().unwrap_or_default(),
            (None, Some(before)) => plan.after = Some(engine.replay_address(before.replay)?),
            (None, None) => {}
        }
        replays.push(engine.run_replay(&plan)?);
    }
    Ok(replays)
}

fn check(args: &Args, sources: &[String]) -> Result<(), Failure> {
    let (addresses, count) = (args.listen.len(), sources.len());
    if addresses > count.max(1) {
        return Err(Failure::bad_argument(
            format!("There are {addresses} addresses to listen on, and {count} sources to serve."),
            "Give --listen once for each source, or once.",
        ));
    }
    if args.fallback.is_some() && count > 1 {
        return Err(Failure::bad_argument(
            format!("One agent cannot answer the misses of {count} sources."),
            format!(
                "Name the source that it stands for: --source {}.",
                sources.join(", or --source ")
            ),
        ));
    }
    Ok(())
}

fn takes_any_port(args: &Args) -> bool {
    args.listen
        .last()
        .is_some_and(|listen| listen.rsplit(':').next() == Some("0"))
}
