//! The state lane: diamonds, ticks, crosses, and the band while something of it is lost.

use super::{
    super::{Failed, Reader, answer::*},
    Form, LaneId, Shape,
    draw::{self, Canvas, Pencil},
    sample::Columns,
};
use crate::{
    derive::marks::{List, Mark, StateMark},
    shelf::Shelf,
};

/// Marks drawn one by one, for each pixel of width.
const MARKS_PER_PX: u32 = 2;

impl<S: Shelf> Reader<S> {
    pub(crate) fn draw_state(
        &mut self,
        pencil: &Pencil,
        columns: &Columns,
        canvas: &mut Canvas,
    ) -> Result<(), Failed<S::Error>> {
        let (first_seq, last_seq) = columns.seqs;
        let first = self
            .pages
            .mark_past(&self.shelf, List::States, |mark| mark.seq >= first_seq)?;
        let end = self
            .pages
            .mark_past(&self.shelf, List::States, |mark| mark.seq > last_seq)?
            .max(first);
        if end - first > pencil.width * MARKS_PER_PX {
            draw::density(columns, LaneId::State, canvas);
            return Ok(());
        }
        let mut lost = self.lost_before(first)?;
        for idx in first..end {
            let mark = self.pages.mark(&self.shelf, List::States, idx)?;
            match (lost, mark.lost_since()) {
                (Some(since), None) => {
                    band(since, (mark.at_us, mark.seq), pencil, canvas);
                    lost = None;
                }
                (None, Some(_)) => lost = Some((mark.at_us, mark.seq)),
                _ => {}
            }
            let severity = self.frame(mark.seq)?.severity;
            canvas.add(LaneId::State, point(&mark, severity, pencil));
        }
        if let Some(since) = lost {
            let until = match end < self.pages.mark_count(List::States) {
                true => self
                    .pages
                    .mark(&self.shelf, List::States, end)
                    .map(|mark| (mark.at_us, mark.seq))?,
                false => (self.end_us(), self.frame_count()),
            };
            band(since, until, pencil, canvas);
        }
        Ok(())
    }

    /// The failure since which something is lost when the range begins: its
    /// time and number.
    fn lost_before(&mut self, first: u32) -> Result<Option<(u64, u32)>, Failed<S::Error>> {
        let Some(before) = first.checked_sub(1) else {
            return Ok(None);
        };
        let mark = self.pages.mark(&self.shelf, List::States, before)?;
        let Some(seq) = mark.lost_since() else {
            return Ok(None);
        };
        Ok(Some((self.frame(seq)?.at_us, seq)))
    }
}

fn point(mark: &Mark, severity: Option<Severity>, pencil: &Pencil) -> Shape {
    let (form, strength) = match StateMark::of(mark) {
        StateMark::Snapshot => (Form::Diamond, 255),
        StateMark::Failed => (Form::Cross, 255),
        StateMark::Delta => (Form::Tick, (60 + mark.operations().min(13) * 15) as u8),
    };
    let x = pencil.x(mark.at_us, mark.seq);
    shape(form, x, x, strength, severity, (mark.seq, mark.seq))
}

/// From the first loss to the event that mends the last.
fn band(since: (u64, u32), until: (u64, u32), pencil: &Pencil, canvas: &mut Canvas) {
    let (from, to) = (pencil.x(since.0, since.1), pencil.x(until.0, until.1));
    if pencil.visible(from, to) && to > from {
        let severity = Some(Severity::Warning);
        let words = format!("differs from what the agent meant, since #{}", since.1);
        canvas.add(
            LaneId::State,
            Shape {
                label: draw::label(&words),
                ..shape(Form::Dashed, from, to, 160, severity, (since.1, until.1))
            },
        );
    }
}

fn shape(form: Form, from: f64, to: f64, strength: u8, severity: Option<Severity>, seqs: (u32, u32)) -> Shape {
    Shape {
        form,
        from,
        to,
        row: 0,
        kind: Kind::State,
        strength,
        severity,
        first_seq: seqs.0,
        last_seq: seqs.1,
        label: String::new(),
    }
}
