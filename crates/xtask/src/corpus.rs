//! `cargo xtask corpus DIR`: sends captured streams through the recorder.
//!
//! A scripted agent serves every capture below DIR with its recorded splits and
//! ending, a plain client fetches it through `scrubjay record`, and the command
//! line reads it back. The checks:
//!
//! - the client saw upstream's status, header fields and bytes, and its ending;
//! - `body` and `show` give the same bytes, splits and ending, and times that
//!   lie between what the agent and the client measured;
//! - for every event, `state --all` equals what the official client holds, and
//!   the stop is at the same event (`tests/oracle/compare.mjs` judges that).
//!
//! A capture is a folder with `request.json`, `response.body`, `chunks.jsonl`
//! and `meta.json`.
//!
//! # Map
//!
//! - [`case`]: a capture as it lies on disk.
//! - [`agent`]: serves captures, one worker a port.
//! - [`client`]: fetches them, with times.
//! - [`recorder`]: the `scrubjay` binary, driven from outside.
//! - [`check`]: what must hold of each.
//! - [`recordings`]: the samples, made from captures.

mod agent;
mod case;
mod check;
mod client;
mod recorder;
pub(crate) mod recordings;

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use anyhow::{Result, bail};

use self::{
    agent::{Agent, Pace},
    case::Case,
    check::Checked,
    recorder::Recorder,
};
use crate::{
    need,
    step::{cargo, root, run, say},
};

/// Streams at once.
const WORKERS: usize = 8;

/// Drives the captures below the folders named, or below `tests/corpus`.
pub(crate) fn corpus(arguments: &[String]) -> Result<()> {
    let node = need::for_test()?;
    run(&mut cargo(&["build", "--quiet", "--package=scrubjay-cli"]))?;
    let folders = match arguments {
        [] => vec![root().join("tests/corpus")],
        folders => folders.iter().map(PathBuf::from).collect(),
    };
    drive(&folders, &node, &root().join("target/debug/scrubjay"))
}

/// Drives the captures below `folders` through `binary`.
pub(crate) fn drive(folders: &[PathBuf], node: &Path, binary: &Path) -> Result<()> {
    let mut cases = Vec::new();
    for folder in folders {
        cases.extend(case::find(folder)?);
    }
    if cases.is_empty() {
        bail!(
            "no captures below {folders:?}: a capture is a folder with request.json, response.body, chunks.jsonl, meta.json"
        );
    }
    say(&format!("{} captures through the recorder", cases.len()));
    let work = root().join("target/corpus");
    drop(std::fs::remove_dir_all(&work));
    std::fs::create_dir_all(&work)?;

    let agents: Vec<Agent> = (0..WORKERS).map(|_| Agent::start(Pace::Brief)).collect::<Result<_>>()?;
    let named = agents
        .iter()
        .enumerate()
        .map(|(number, agent)| (format!("w{number}"), agent));
    let recorder = Recorder::start(binary, &work.join("store.db"), named)?;
    let checked = fetch_all(&cases, &agents, &recorder.addresses())?;
    let store = recorder.stop()?;

    let mut problems = check::all(&checked, &store)?;
    problems.extend(check::against_the_oracle(&checked, &store, node, &work)?);
    for problem in &problems {
        eprintln!("  {problem}");
    }
    if problems.is_empty() {
        say(&format!(
            "{} captures: bytes, times, endings and state are right",
            cases.len()
        ));
        return Ok(());
    }
    bail!("{} of {} captures differ in something", problems.len(), cases.len())
}

fn fetch_all(cases: &[Case], agents: &[Agent], addresses: &[String]) -> Result<Vec<Checked>> {
    let queue: VecDeque<(usize, Case)> = cases.iter().cloned().enumerate().collect();
    let next = Arc::new(Mutex::new(queue));
    let workers: Vec<_> = agents
        .iter()
        .zip(addresses)
        .map(|(agent, address)| {
            let (agent, address, next) = (agent.clone(), address.clone(), Arc::clone(&next));
            thread::spawn(move || -> Result<Vec<(usize, Checked)>> {
                let mut done = Vec::new();
                loop {
                    let Some((number, case)) = next
                        .lock()
                        .expect("no worker panics while it holds the list")
                        .pop_front()
                    else {
                        return Ok(done);
                    };
                    done.push((number, fetch(case, &agent, &address)?));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.join().expect("a worker does not panic")?);
    }
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, checked)| checked).collect())
}

fn fetch(case: Case, agent: &Agent, address: &str) -> Result<Checked> {
    agent.serve_next(case.clone());
    let fetched = client::fetch(address, &case)?;
    let served = agent.served()?;
    Ok(Checked { case, fetched, served })
}
