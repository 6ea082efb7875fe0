//! `scrubjay events`: a line a frame.

use scrubjay_session::query::EventLine;

use super::show::finding_list;
use crate::{
    args::{LimitArg, One},
    command::Execute,
    failure::Failure,
    json::Line,
    library::{Library, note_no_events, unreadable},
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
        let library = Library::open(self.one.source.path(), out)?;
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

    fn limit(&self) -> Option<&LimitArg> {
        Some(&self.one.source.limit)
    }
}

fn json_line(exchange: Option<i64>, event: &EventLine) -> String {
    let line = match exchange {
        Some(index) => Line::new().value("exchange", index),
        None => Line::new(),
    };
    line.value("seq", event.seq)
        .value("atUs", event.entry.at_us)
        .value("offset", event.entry.offset)
        .value("len", event.entry.len)
        .value("chunk", event.entry.chunk)
        .string("kind", event.kind_name())
        .optional("type", event.type_name.as_deref())
        .raw("event", event.event.as_deref().unwrap_or("null"))
        .raw("findings", &finding_list(&event.findings))
        .end()
}

fn text_line(event: &EventLine) -> String {
    let name = event.type_name.as_deref().unwrap_or_else(|| event.kind_name());
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
