//! Spans as bars: runs, steps, sub-agents, messages, reasoning, tool calls.

use std::sync::Arc;

use super::{
    super::{Failed, Reader, answer::*, describe},
    Form, LaneId, Shape,
    draw::{Canvas, Pencil, label},
    sample::Columns,
};
use crate::{
    derive::spans::{self, SpanBlock},
    exchange::Ending,
    shelf::Shelf,
    words,
};

/// Spans drawn one by one, for each pixel of width.
const SPANS_PER_PX: u32 = 1;
/// Blocks of spans at which a range with too many is looked into for long ones.
const SAMPLES: u32 = 48;
/// Rows into which parallel tool calls stack.
const TOOL_ROWS: u8 = 4;

impl<S: Shelf> Reader<S> {
    /// Draws the spans of a range; says whether all of them were drawn, so
    /// that the lanes need no density beneath.
    pub(crate) fn draw_spans(
        &mut self,
        pencil: &Pencil,
        columns: &Columns,
        canvas: &mut Canvas,
    ) -> Result<bool, Failed<S::Error>> {
        let (first_seq, last_seq) = columns.seqs;
        let first = self.first_span_past(|seq| seq >= first_seq)?;
        let end = self.first_span_past(|seq| seq > last_seq)?.max(first);
        for ordinal in self.open_at(first, first_seq)? {
            let span = self.span(ordinal)?;
            self.draw_span(&span, pencil, canvas)?;
        }
        if end - first <= pencil.width * SPANS_PER_PX {
            self.draw_range(first, end, pencil, canvas)?;
            return Ok(true);
        }
        self.draw_long_ones(first, end, pencil, canvas)?;
        Ok(false)
    }

    fn draw_range(
        &mut self,
        first: u32,
        end: u32,
        pencil: &Pencil,
        canvas: &mut Canvas,
    ) -> Result<(), Failed<S::Error>> {
        let mut ordinal = first;
        while ordinal < end {
            let block = self.block_of(ordinal)?;
            let inside = (ordinal % spans::BLOCK) as usize;
            let Some(rest) = block.spans.get(inside..) else { break };
            let rest = &rest[..rest.len().min((end - ordinal) as usize)];
            for span in rest {
                self.draw_span(span, pencil, canvas)?;
            }
            ordinal += (rest.len() as u32).max(1);
        }
        Ok(())
    }

    /// Spans that begin before a frame and reach over it.
    fn open_at(&mut self, first: u32, seq: u32) -> Result<Vec<u32>, Failed<S::Error>> {
        let Some(before) = first.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let block = self.block_of(before)?;
        let mut open = Vec::new();
        for ordinal in block.open.iter().copied() {
            let span = self.span(ordinal)?;
            if self.reaches(&span, seq) {
                open.push(ordinal);
            }
        }
        let inside = (before % spans::BLOCK + 1) as usize;
        let later = block.spans.iter().take(inside).filter(|span| self.reaches(span, seq));
        open.extend(later.map(|span| span.ordinal));
        Ok(open)
    }

    fn reaches(&self, span: &Span, seq: u32) -> bool {
        span.last_seq >= seq || self.is_live(span)
    }

    /// Of a range with too many spans, those that are open at some of its blocks.
    fn draw_long_ones(
        &mut self,
        first: u32,
        end: u32,
        pencil: &Pencil,
        canvas: &mut Canvas,
    ) -> Result<(), Failed<S::Error>> {
        let (first_block, last_block) = (first / spans::BLOCK + 1, (end - 1) / spans::BLOCK);
        let stride = ((last_block.saturating_sub(first_block)) / SAMPLES).max(1);
        let mut long = Vec::new();
        for number in (first_block..=last_block).step_by(stride as usize) {
            let block = self.block_of(number * spans::BLOCK)?;
            long.extend(block.open.iter().copied().filter(|ordinal| *ordinal >= first));
        }
        long.sort_unstable();
        long.dedup();
        for ordinal in long {
            let span = self.span(ordinal)?;
            self.draw_span(&span, pencil, canvas)?;
        }
        Ok(())
    }

    fn block_of(&mut self, ordinal: u32) -> Result<Arc<SpanBlock>, Failed<S::Error>> {
        self.pages.span_block(&self.shelf, u64::from(ordinal / spans::BLOCK))
    }

    fn draw_span(&mut self, span: &Span, pencil: &Pencil, canvas: &mut Canvas) -> Result<(), Failed<S::Error>> {
        match span.kind {
            Kind::Step => self.draw_bar(LaneId::Steps, span, Form::Bracket, span.depth.min(3), pencil, canvas),
            Kind::Subagent => {
                let suspended = !span.open && span.outcome == Outcome::Interrupt as u8;
                let form = if suspended { Form::Hatched } else { self.bar_of(span) };
                self.draw_bar(LaneId::Subagents, span, form, span.depth.min(3), pencil, canvas);
            }
            Kind::Text => self.draw_said(LaneId::Text, span, pencil, canvas),
            Kind::Reasoning => self.draw_said(LaneId::Reasoning, span, pencil, canvas),
            Kind::Tool if describe::is_result_alone(span) => self.draw_result(span, pencil, canvas)?,
            Kind::Tool => self.draw_tool(span, pencil, canvas),
            Kind::Wait => self.draw_wait(span, pencil, canvas),
            _ => {}
        }
        Ok(())
    }

    /// Whether a span goes on.
    pub(crate) fn is_live(&self, span: &Span) -> bool {
        span.open && self.exchange.ending == Ending::Open
    }

    /// Where a span ends: now, while it is live.
    pub(crate) fn end_of(&self, span: &Span) -> (u64, u32) {
        if self.is_live(span) {
            (self.end_us().max(span.end_us), self.frame_count().max(span.last_seq))
        } else {
            (span.end_us, span.last_seq)
        }
    }

    fn bar_of(&self, span: &Span) -> Form {
        if span.closed { Form::Bar } else { Form::TornBar }
    }

    fn draw_bar(&self, lane: LaneId, span: &Span, form: Form, row: u8, pencil: &Pencil, canvas: &mut Canvas) {
        let (from, to) = pencil.extent((span.start_us, span.first_seq), self.end_of(span));
        if pencil.visible(from, to) {
            let label = label(&describe::span_subject(span));
            canvas.add(lane, shape_of(span, form, from, to, row, 200, label));
        }
    }

    fn draw_wait(&self, span: &Span, pencil: &Pencil, canvas: &mut Canvas) {
        let (from, to) = pencil.extent((span.start_us, span.first_seq), self.end_of(span));
        if pencil.visible(from, to) && to > from {
            let text = format!("person {}", words::duration(self.end_of(span).0 - span.start_us));
            let so_far = if self.is_live(span) { " so far" } else { "" };
            let label = label(&format!("{text}{so_far}"));
            canvas.add(LaneId::Runs, shape_of(span, Form::Hatched, from, to, 0, 120, label));
        }
    }

    /// A message or reasoning: a whisker to the first character, then a bar as
    /// dark as it is fast.
    fn draw_said(&self, lane: LaneId, span: &Span, pencil: &Pencil, canvas: &mut Canvas) {
        let (from, to) = pencil.extent((span.start_us, span.first_seq), self.end_of(span));
        if !pencil.visible(from, to) {
            return;
        }
        let mut begin = from;
        if let Some(first_us) = span.first_text_us
            && pencil.axis != Axis::Index
        {
            let first = pencil.x(first_us, span.first_seq);
            if first - from > 2.0 * pencil.step {
                canvas.add(lane, shape_of(span, Form::Whisker, from, first, 0, 255, String::new()));
                begin = first;
            }
        }
        let label = label(&describe::span_line(span).unwrap_or_default());
        canvas.add(
            lane,
            shape_of(span, self.bar_of(span), begin, to, 0, pace_of(span), label),
        );
    }

    /// Arguments arriving, waiting, result.
    fn draw_tool(&self, span: &Span, pencil: &Pencil, canvas: &mut Canvas) {
        let (from, to) = pencil.extent((span.start_us, span.first_seq), self.end_of(span));
        if !pencil.visible(from, to) {
            return;
        }
        let row = span.depth.min(TOOL_ROWS - 1);
        let text = match span.depth.checked_sub(TOOL_ROWS - 1) {
            Some(more) if more > 0 => format!("+{more} {}", describe::span_subject(span)),
            _ => describe::span_subject(span),
        };
        let mut add = |form, (from, to), strength, label| {
            canvas.add(LaneId::Tools, shape_of(span, form, from, to, row, strength, label));
        };
        let Some(ready) = span.ready else {
            let form = match span.result {
                Some(_) => Form::Bar,
                None => self.bar_of(span),
            };
            return add(form, (from, to), 200, label(&text));
        };
        let ready = pencil.extent(ready, ready).1;
        add(Form::Bar, (from, ready), 200, label(&text));
        if to - ready > pencil.step / 2.0 {
            add(Form::Pale, (ready, to), 120, label(&text));
        }
        if let Some((at_us, seq)) = span.result {
            let x = pencil.x(at_us, seq);
            let mut dot = shape_of(span, Form::Dot, x, x, row, 255, String::new());
            dot.first_seq = seq;
            canvas.add(LaneId::Tools, dot);
        }
    }

    /// A result of a call that an earlier run made: it takes no time here.
    fn draw_result(&mut self, span: &Span, pencil: &Pencil, canvas: &mut Canvas) -> Result<(), Failed<S::Error>> {
        let x = pencil.x(span.start_us, span.first_seq);
        if pencil.visible(x, x) {
            let label = label(&format!("result of {}", self.subject_of(span)?));
            let row = span.depth.min(TOOL_ROWS - 1);
            canvas.add(LaneId::Tools, shape_of(span, Form::Dot, x, x, row, 255, label));
        }
        Ok(())
    }

    /// Runs come from the summary, so that they are there at any zoom.
    pub(crate) fn draw_runs(&self, pencil: &Pencil, canvas: &mut Canvas) {
        let ended = self.exchange.ending != Ending::Open;
        let last = self.pages.summary.runs.last().map_or(0, |run| run.first_seq);
        for run in &self.pages.summary.runs {
            let is_endless = matches!(run.outcome, Outcome::Open | Outcome::Unknown);
            let live = is_endless && !ended && run.first_seq == last;
            let end = if live {
                (self.end_us(), self.frame_count())
            } else {
                (run.last_at_us, run.last_seq)
            };
            let (from, to) = pencil.extent((run.first_at_us, run.first_seq), end);
            if !pencil.visible(from, to) {
                continue;
            }
            // Neither a run that goes on nor one that broke off has an end.
            let form = if is_endless { Form::TornBar } else { Form::Bar };
            let word = if live {
                "so far"
            } else {
                describe::outcome_word(run.outcome)
            };
            canvas.add(
                LaneId::Runs,
                Shape {
                    form,
                    from,
                    to,
                    row: 0,
                    kind: Kind::Run,
                    strength: 220,
                    severity: (run.outcome == Outcome::Error).then_some(Severity::Error),
                    first_seq: run.first_seq,
                    last_seq: run.last_seq,
                    label: label(format!("{} {word}", run.run_id).trim()),
                },
            );
        }
    }
}

fn shape_of(span: &Span, form: Form, from: f64, to: f64, row: u8, strength: u8, label: String) -> Shape {
    Shape {
        form,
        from,
        to,
        row,
        kind: span.kind,
        strength,
        severity: span.severity,
        first_seq: span.first_seq,
        last_seq: span.last_seq,
        label,
    }
}

/// How dark a message is: characters a second, from 10 to 1,000.
fn pace_of(span: &Span) -> u8 {
    let seconds = (span.end_us.saturating_sub(span.first_text_us.unwrap_or(span.start_us))) as f64 / 1e6;
    let pace = span.chars as f64 / seconds.max(0.001);
    let share = (pace.max(1.0).log10() - 1.0) / 2.0;
    (90.0 + 150.0 * share.clamp(0.0, 1.0)) as u8
}
