//! The state lane: diamonds, ticks, crosses, and the band while it is stuck.

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
/// Marks looked back for what the state was when the range begins.
const LOOK_BACK: u32 = 512;

fn what(mark: &Mark) -> u64 {
    mark.extra & 3
}

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
        let mut stuck = self.stuck_before(first)?;
        for idx in first..end {
            let mark = self.pages.mark(&self.shelf, List::States, idx)?;
            if what(&mark) == StateMark::Snapshot as u64
                && let Some(since) = stuck.take()
            {
                band(&since, (mark.at_us, mark.seq), pencil, canvas);
            }
            if what(&mark) == StateMark::Failed as u64 {
                stuck.get_or_insert(mark);
            }
            let severity = self.frame(mark.seq)?.severity;
            canvas.add(LaneId::State, point(&mark, severity, pencil));
        }
        if let Some(since) = stuck {
            let until = match end < self.pages.mark_count(List::States) {
                true => self
                    .pages
                    .mark(&self.shelf, List::States, end)
                    .map(|mark| (mark.at_us, mark.seq))?,
                false => (self.end_us(), self.frame_count()),
            };
            band(&since, until, pencil, canvas);
        }
        Ok(())
    }

    /// The failure since which the state stands still when the range begins.
    fn stuck_before(&mut self, first: u32) -> Result<Option<Mark>, Failed<S::Error>> {
        let mut since = None;
        for idx in (first.saturating_sub(LOOK_BACK)..first).rev() {
            let mark = self.pages.mark(&self.shelf, List::States, idx)?;
            if what(&mark) == StateMark::Snapshot as u64 {
                break;
            }
            if what(&mark) == StateMark::Failed as u64 {
                since = Some(mark);
            }
        }
        Ok(since)
    }
}

fn point(mark: &Mark, severity: Option<Severity>, pencil: &Pencil) -> Shape {
    let (form, strength) = match what(mark) {
        code if code == StateMark::Snapshot as u64 => (Form::Diamond, 255),
        code if code == StateMark::Failed as u64 => (Form::Cross, 255),
        _ => (Form::Tick, (60 + (mark.extra >> 2).min(13) * 15) as u8),
    };
    let x = pencil.x(mark.at_us, mark.seq);
    shape(form, x, x, strength, severity, (mark.seq, mark.seq))
}

fn band(since: &Mark, until: (u64, u32), pencil: &Pencil, canvas: &mut Canvas) {
    let from = pencil.x(since.at_us, since.seq);
    let to = pencil.x(until.0, until.1);
    if pencil.visible(from, to) && to > from {
        let severity = Some(Severity::Warning);
        canvas.add(
            LaneId::State,
            shape(Form::Dashed, from, to, 160, severity, (since.seq, until.1)),
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
