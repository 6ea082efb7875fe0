//! What happened in exchanges, as Markdown for an issue.
//!
//! All that was captured stands as code, so that nothing in it is Markdown.

use std::io::Write;

use scrubjay_session::{
    derive::{
        finding::FindingEntry,
        kinds::{Kind, Severity},
        spans::Span,
    },
    diff::report::code,
    fold::rule::JUDGE,
    verdict,
    words::{self, duration, rfc3339},
};

use super::export::failed;
use crate::{EngineError, Exchange, storage::Storage};

/// Spans of an exchange that are written.
const SPANS: u32 = 60;
/// Characters of what was said that are read for a line.
const CHARS: usize = 400;
/// Findings that are read at once in the search for the first problem.
const FINDINGS: u32 = 200;

/// Writes a summary.
pub(super) fn write(storage: &Storage, exchanges: &[i64], out: &mut dyn Write) -> Result<(), EngineError> {
    let mut readers = Vec::new();
    for &exchange in exchanges {
        readers.push(Exchange::open(storage.shelf(exchange)?)?);
    }
    let mut text = overview(&readers);
    text.push_str(&first_problem(&mut readers)?);
    text.push_str("\n## What happened\n");
    for reader in &mut readers {
        text.push_str(&story(reader)?);
    }
    text.push_str(&how_to_open());
    out.write_all(text.as_bytes()).map_err(failed)
}

fn overview(readers: &[Exchange]) -> String {
    let runs: u32 = readers.iter().map(|reader| reader.summary().run_count).sum();
    let mut text = format!(
        "# Recording of {} and {}\n\n| exchange | request | outcome | ending | started | frames | took |\n|--:|---|---|---|---|--:|--:|\n",
        counted(readers.len() as u64, "exchange"),
        counted(runs.into(), "run"),
    );
    for reader in readers {
        let (exchange, summary) = (reader.exchange(), reader.summary());
        let status = exchange.response.as_ref().map(|head| head.status);
        let outcomes: Vec<String> = verdict::of_exchange(exchange, summary)
            .into_iter()
            .map(|verdict| words::outcome(verdict, status))
            .collect();
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            exchange.index,
            code(&words::request_name(&exchange.request, summary)),
            outcomes.join(", "),
            words::ending(exchange.ending),
            rfc3339(exchange.started_at_us),
            summary.frames,
            duration(exchange.last_at_us),
        ));
    }
    text
}

/// The first error, else the first warning, with its moment.
fn first_problem(readers: &mut [Exchange]) -> Result<String, EngineError> {
    for (place, severity) in [Severity::Error, Severity::Warning].into_iter().enumerate() {
        for reader in readers.iter_mut() {
            if reader.summary().findings[place] == 0 {
                continue;
            }
            if let Some(found) = first_of(reader, severity)? {
                let index = reader.exchange().index;
                let stop = if found.stop {
                    " The official client gives up here."
                } else {
                    ""
                };
                return Ok(format!(
                    "\n**First problem**, at `{index}:{}`: {} `{}`, {}.{stop}\n",
                    found.seq,
                    found.severity.as_str(),
                    found.rule,
                    code(&found.message),
                ));
            }
        }
    }
    Ok("\nNo errors and no warnings were found.\n".to_owned())
}

fn first_of(reader: &mut Exchange, severity: Severity) -> Result<Option<FindingEntry>, EngineError> {
    let mut first = 0;
    loop {
        let findings = reader.findings_of(None, first, FINDINGS)?;
        let is_last = findings.len() < FINDINGS as usize;
        if let Some(found) = findings.into_iter().find(|found| found.severity == severity) {
            return Ok(Some(found));
        }
        if is_last {
            return Ok(None);
        }
        first += u64::from(FINDINGS);
    }
}

/// The items of an exchange in order, one a line.
fn story(reader: &mut Exchange) -> Result<String, EngineError> {
    let index = reader.exchange().index;
    let mut text = format!("\nExchange {index}\n\n");
    let title = reader.summary().title.clone();
    if !title.is_empty() {
        text.push_str(&format!("- asked: {}\n", code(&title)));
    }
    let count = reader.summary().spans;
    let spans = reader.spans(0..count.min(SPANS))?;
    for (ordinal, span) in (0..).zip(&spans) {
        if span.kind != Kind::Run {
            let said = reader.span_text(ordinal, CHARS)?;
            text.push_str(&line(index, span, &said.text, said.result.as_deref()));
        }
    }
    if count > SPANS {
        text.push_str(&format!("- and {} more\n", count - SPANS));
    }
    Ok(text)
}

fn line(index: i64, span: &Span, said: &str, result: Option<&str>) -> String {
    let mut parts = vec![format!("- `{index}:{}` {}", span.first_seq, span.kind.as_str())];
    parts.extend((!span.name.is_empty()).then(|| code(&span.name)));
    parts.extend((!said.is_empty()).then(|| code(said)));
    parts.extend(result.map(|result| format!("→ {}", code(result))));
    parts.extend(span.open.then(|| "(never ended)".to_owned()));
    format!("{}\n", parts.join(" "))
}

fn how_to_open() -> String {
    format!(
        "\n## To look at it\n\nA place `exchange:frame` above is of the recording, `FILE.agui.jsonl`, that belongs to this summary.\n\n\
         - `scrubjay serve FILE.agui.jsonl` opens it in a browser,\n\
         - `scrubjay check FILE.agui.jsonl` lists what is wrong,\n\
         - `scrubjay replay FILE.agui.jsonl` answers as the agent did.\n\n\
         Written by scrubjay {}; judged as {} reads it.\n",
        env!("CARGO_PKG_VERSION"),
        JUDGE,
    )
}

fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
