//! `scrubjay events`: a line a frame.

use scrubjay_session::query::EventLine;

use crate::{
    args::One,
    command::Execute,
    contract::{FindingObject, FrameLine},
    failure::Failure,
    json,
    library::{note_no_events, unreadable},
    out::Out,
    safe::{safe, shortened},
    words,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    one: One,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let library = self.one.source.open(out)?;
        let (indexes, many) = library.one_or_all(self.one.exchange)?;
        for index in indexes {
            let mut reader = library.reader(index)?;
            let frames = reader.summary().frames;
            if many && !out.is_json() {
                out.text(&format!("exchange {index}\n"))?;
            }
            for event in reader.events(1..frames.saturating_add(1)) {
                let event = event.map_err(unreadable)?;
                if out.is_json() {
                    out.verbatim(&json_line(many.then_some(index), &event))?;
                } else {
                    out.text(&text_line(&event))?;
                }
            }
            out.flush()?;
            note_no_events(&reader, index, out.format);
        }
        out.flush()?;
        library.finish()
    }
}

fn json_line(exchange: Option<i64>, event: &EventLine) -> String {
    let findings = event.findings.iter().map(|finding| FindingObject {
        seq: None,
        ..finding.into()
    });
    json::line(&FrameLine {
        exchange,
        seq: event.seq,
        at_us: event.entry.at_us,
        offset: event.entry.offset,
        len: event.entry.len,
        chunk: event.entry.chunk,
        kind: event.entry.kind.as_str(),
        type_name: event.type_name.as_deref(),
        event: event.event.as_deref().and_then(json::raw),
        findings: findings.collect(),
    })
}

fn text_line(event: &EventLine) -> String {
    let name = event.type_name.as_deref().unwrap_or_else(|| event.entry.kind.as_str());
    let mut text = format!(
        "{:>6}  {:>10}  {:<28}  {}",
        event.seq,
        words::duration(event.entry.at_us),
        safe(name),
        shortened(event.event.as_deref().unwrap_or_default(), 160)
    );
    text.truncate(text.trim_end().len());
    text.push('\n');
    for finding in &event.findings {
        text.push_str(&format!(
            "{:>6}  {:>10}  {} {}: {}\n",
            "",
            "",
            finding.severity.as_str(),
            safe(&finding.rule),
            safe(&finding.message)
        ));
    }
    text
}
