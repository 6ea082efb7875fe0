//! `scrubjay spans`: what was assembled from the frames.

use scrubjay_session::query::{Kind, Span, SpanText};

use crate::{
    args::One,
    command::Execute,
    contract::{SpanContent, SpanLine},
    failure::Failure,
    json,
    library::{note_no_events, unreadable},
    out::Out,
    safe::shortened,
    words,
};

/// More text than there is.
const WHOLE: usize = usize::MAX / 4;
/// Spans read at a time.
const SPANS: u32 = 256;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    one: One,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let (library, index, mut reader) = self.one.open(out)?;
        let count = reader.summary().spans;
        for first in (0..count).step_by(SPANS as usize) {
            let end = first.saturating_add(SPANS).min(count);
            let spans = reader.spans(first..end).map_err(unreadable)?;
            for (ordinal, span) in (first..end).zip(&spans) {
                let said = reader.span_text(ordinal, WHOLE).map_err(unreadable)?;
                let parent = span
                    .parent
                    .map(|parent| reader.span(parent))
                    .transpose()
                    .map_err(unreadable)?;
                out.text(&if out.is_json() {
                    json_line(span, &said, parent.as_ref())
                } else {
                    text_line(span, &said)
                })?;
            }
        }
        out.flush()?;
        note_no_events(&reader, index, out.format);
        library.finish()
    }
}

fn json_line(span: &Span, said: &SpanText, parent: Option<&Span>) -> String {
    json::line(&SpanLine {
        kind: span.kind.as_str(),
        id: Some(span.id.as_str()).filter(|id| !id.is_empty()),
        name: Some(span.name.as_str()).filter(|name| !name.is_empty()),
        first_seq: span.first_seq,
        last_seq: span.last_seq,
        start_us: span.start_us,
        end_us: span.end_us,
        open: span.open,
        content: match span.kind {
            Kind::Tool => SpanContent::Tool {
                args: &said.text,
                result: said.result.as_deref(),
            },
            _ => SpanContent::Other { text: &said.text },
        },
        parent: parent.map(called),
    })
}

/// What a span is known by: its id, or its name where it has none.
fn called(span: &Span) -> &str {
    if span.id.is_empty() { &span.name } else { &span.id }
}

fn text_line(span: &Span, said: &SpanText) -> String {
    let open = if span.open { " (open)" } else { "" };
    // The event that begins a run is about nothing that was said.
    let text = if span.kind == Kind::Run { "" } else { said.text.as_str() };
    let line = format!(
        "{:>6}–{:<6}  {:>10}  {:<10}  {:<20}  {}{open}",
        span.first_seq,
        span.last_seq,
        words::duration(span.end_us.saturating_sub(span.start_us)),
        span.kind.as_str(),
        shortened(if span.name.is_empty() { &span.id } else { &span.name }, 40),
        shortened(text, 120),
    );
    let mut text = format!("{}\n", line.trim_end());
    if let Some(result) = &said.result {
        text.push_str(&format!("{:>39}result  {}\n", "", shortened(result, 120)));
    }
    text
}
