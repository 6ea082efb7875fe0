//! `cargo xtask recordings`: makes `recordings/` again. It records captures at
//! their own pace with `scrubjay record` and exports them.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use super::{
    agent::{Agent, Pace},
    case::{self, Case},
    client,
    recorder::Recorder,
};
use crate::{
    need,
    step::{cargo, root, run, say},
};

/// File name, what it shows, and the captures in it, in order.
const RECORDINGS: &[(&str, &str, &[&str])] = &[
    (
        "tool-call-parallel",
        "Two tool calls at once, run by the agent",
        &["pydantic-ai/02-backend-tool-parallel-run1"],
    ),
    (
        "frontend-tool",
        "A tool that the frontend runs, and the second run that brings its result",
        &["ag2/03-frontend-tool-run1", "ag2/03-frontend-tool-run2"],
    ),
    (
        "interrupt-and-resume",
        "An interrupt that a person approves, and the run that resumes",
        &[
            "pydantic-ai/08-interrupt-approve-run1",
            "pydantic-ai/08-interrupt-approve-run2",
        ],
    ),
    (
        "state-with-failed-patch",
        "State deltas, one of which cannot be applied",
        &["pydantic-ai/04-bad-patch-run1"],
    ),
    (
        "shared-state",
        "State that is built up while a document is written",
        &["microsoft-agent-framework/04-shared-state"],
    ),
    ("reasoning", "Reasoning before the answer", &["mastra/07-reasoning"]),
    (
        "activities-and-steps",
        "Activities, their deltas, and steps",
        &["pydantic-ai/04-state-delta-activity-steps-run1"],
    ),
    (
        "sub-agents",
        "A sub-agent that interrupts, and the run that answers it",
        &["ag2/09-subagent-interrupt-run1", "ag2/09-subagent-interrupt-run2"],
    ),
    (
        "error-mid-run",
        "An error in the middle of a run",
        &["google-adk/05-error-mid-run"],
    ),
    (
        "cut-body",
        "A body that breaks off without a terminal event",
        &["langgraph-0.0.18/05-error-cut-stream-run1"],
    ),
    (
        "unicode",
        "Scripts, emoji and combining marks, split between deltas",
        &["langgraph/11-unicode-run1"],
    ),
    (
        "protobuf",
        "The binary transport, asked for by the Accept header",
        &["protobuf-encoder/proto-state"],
    ),
    (
        "copilotkit-session",
        "What a browser asks of CopilotKit's runtime: info, an empty connect, a run, a frontend tool",
        &[
            "copilotkit-runtime/13-info-get",
            "copilotkit-runtime/12-connect-empty-thread",
            "copilotkit-runtime/01-chat",
            "copilotkit-runtime/03-frontend-tool-run1",
            "copilotkit-runtime/03-frontend-tool-run2",
        ],
    ),
    (
        "predictive-state",
        "State predicted from the arguments of a tool call as they stream",
        &["google-adk/09-predictive-state-run1"],
    ),
];

/// Records and exports all of them.
pub(crate) fn record() -> Result<()> {
    need::for_ui()?;
    run(&mut cargo(&["build", "--quiet", "--package=scrubjay-cli"]))?;
    let binary = root().join("target/debug/scrubjay");
    let cases = case::find(&root().join("tests/corpus"))?;
    let work = root().join("target/recordings");
    drop(fs::remove_dir_all(&work));
    fs::create_dir_all(&work)?;
    for (name, _, wanted) in RECORDINGS {
        say(&format!("recording {name}"));
        let found = wanted
            .iter()
            .map(|wanted| find(&cases, wanted))
            .collect::<Result<Vec<_>>>()?;
        record_one(name, &found, &binary, &work)?;
    }
    fs::write(root().join("recordings/README.md"), readme(&cases)?)?;
    Ok(())
}

fn find<'a>(cases: &'a [Case], wanted: &str) -> Result<&'a Case> {
    cases
        .iter()
        .find(|case| case.name == wanted)
        .with_context(|| format!("there is no capture {wanted}"))
}

fn record_one(name: &str, cases: &[&Case], binary: &Path, work: &Path) -> Result<()> {
    let agent = Agent::start(Pace::Recorded)?;
    let store = work.join(format!("{name}.db"));
    let recorder = Recorder::start(binary, &store, [(source_name(cases)?, &agent)])?;
    let address = recorder
        .addresses()
        .first()
        .cloned()
        .context("the recorder has no source")?;
    for case in cases {
        agent.serve_next((*case).clone());
        client::fetch(&address, case)?;
        agent.served()?;
    }
    recorder.stop()?;
    let file = root().join(format!("recordings/{name}.agui.jsonl"));
    drop(fs::remove_file(&file));
    let status = Command::new(binary)
        .arg("export")
        .arg(&store)
        .arg("-o")
        .arg(&file)
        .args(["--redact", "none"])
        .status()?;
    if !status.success() {
        bail!("{name} could not be exported");
    }
    Ok(())
}

/// The framework that was captured, as the name of a source.
fn source_name(cases: &[&Case]) -> Result<String> {
    let case = cases.first().context("a recording needs a capture")?;
    let framework = case.name.split('/').next().unwrap_or_default();
    Ok(framework.replace('.', "-"))
}

fn readme(cases: &[Case]) -> Result<String> {
    let mut text = String::from(
        "# Sample recordings\n\n\
         Made by Scrubjay's own proxy from streams that we captured from real frameworks (`tests/corpus`), at their own\n\
         pace; a first start shows them. `cargo xtask recordings` makes them anew.\n\n\
         | file | shows | origin |\n|---|---|---|\n",
    );
    for (name, what, wanted) in RECORDINGS {
        let mut origins = Vec::new();
        for wanted in *wanted {
            let case = find(cases, wanted)?;
            origins.push(format!("`{wanted}` ({})", case.version));
        }
        writeln!(text, "| `{name}.agui.jsonl` | {what} | {} |", origins.join(", "))?;
    }
    Ok(text)
}
