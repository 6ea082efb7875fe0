//! Which texts of an answer are made safe to show. Pointers keep their
//! characters, because they are asked with again; so does what the page shows
//! verbatim and copies: a field's value, a message's text, arguments, results.

use scrubjay_session::{
    diff,
    links::{RunLinks, RunPlace},
    query,
};

use crate::visible;

/// An answer that holds captured text.
pub(super) trait Captured {
    /// Makes its text safe to show.
    fn make_visible(&mut self);
}

/// The answer with its text made safe to show.
pub(super) fn shown<T: Captured>(mut answer: T) -> T {
    answer.make_visible();
    answer
}

fn line(text: &mut String) {
    *text = visible::line(text);
}

fn lines<'a>(texts: impl IntoIterator<Item = &'a mut String>) {
    texts.into_iter().for_each(line);
}

impl<T: Captured> Captured for Vec<T> {
    fn make_visible(&mut self) {
        self.iter_mut().for_each(T::make_visible);
    }
}

impl<T: Captured> Captured for Option<T> {
    fn make_visible(&mut self) {
        self.iter_mut().for_each(T::make_visible);
    }
}

impl Captured for query::Stop {
    fn make_visible(&mut self) {
        line(&mut self.message);
    }
}

impl Captured for query::FindingEntry {
    fn make_visible(&mut self) {
        line(&mut self.message);
    }
}

impl Captured for query::Place {
    fn make_visible(&mut self) {
        lines([&mut self.type_name, &mut self.hint]);
    }
}

impl Captured for query::FrameDetail {
    fn make_visible(&mut self) {
        line(&mut self.type_name);
        self.findings.make_visible();
        self.fields.make_visible();
        self.operations.make_visible();
        self.interrupts.make_visible();
        if let Some(span) = &mut self.span {
            lines([&mut span.id, &mut span.name]);
        }
    }
}

impl<T: Captured> Captured for query::RowWindow<T> {
    fn make_visible(&mut self) {
        self.rows.make_visible();
    }
}

impl Captured for query::Row {
    fn make_visible(&mut self) {
        lines([&mut self.subject, &mut self.summary]);
    }
}

impl Captured for query::Field {
    fn make_visible(&mut self) {
        line(&mut self.name);
    }
}

impl Captured for query::Operation {
    fn make_visible(&mut self) {
        lines([&mut self.op, &mut self.path, &mut self.reason]);
        lines(self.from.iter_mut().chain(&mut self.value));
    }
}

impl Captured for query::StateTree {
    fn make_visible(&mut self) {
        lines(self.dropped.iter_mut().map(|dropped| &mut dropped.why));
        if let Some(lost) = &mut self.lost {
            lost.paths.make_visible();
        }
        self.lines.make_visible();
        self.changes.make_visible();
    }
}

impl Captured for query::StateLine {
    fn make_visible(&mut self) {
        lines([&mut self.key, &mut self.preview].into_iter().chain(&mut self.old));
        if let Some(lost) = &mut self.lost {
            lost.make_visible();
        }
    }
}

impl Captured for query::LostPath {
    fn make_visible(&mut self) {
        lines(&mut self.value);
    }
}

impl Captured for query::Change {
    fn make_visible(&mut self) {
        lines(self.old.iter_mut().chain(&mut self.new));
    }
}

impl Captured for query::ChatWindow {
    fn make_visible(&mut self) {
        self.messages.make_visible();
        self.interrupts.make_visible();
        self.stop.make_visible();
    }
}

impl Captured for query::ChatMessage {
    fn make_visible(&mut self) {
        lines([&mut self.id, &mut self.role]);
        lines(self.name.iter_mut().chain(&mut self.subagent).chain(&mut self.answers));
        lines(&mut self.parts);
        self.lost.make_visible();
        for tool in &mut self.tools {
            lines([&mut tool.id, &mut tool.name]);
        }
    }
}

impl Captured for query::Interrupt {
    fn make_visible(&mut self) {
        lines([&mut self.id, &mut self.reason]);
        self.message = visible::text(&self.message);
    }
}

impl Captured for RunLinks {
    fn make_visible(&mut self) {
        for answer in &mut self.answers {
            line(&mut answer.id);
            answer.run.make_visible();
        }
        for answered in &mut self.answered {
            line(&mut answered.id);
            answered.raised.make_visible();
        }
        for parent in &mut self.parents {
            line(&mut parent.id);
            parent.run.make_visible();
        }
        for child in &mut self.children {
            child.run.make_visible();
        }
    }
}

impl Captured for RunPlace {
    fn make_visible(&mut self) {
        line(&mut self.run_id);
    }
}

impl Captured for query::SpanEventWindow {
    fn make_visible(&mut self) {
        lines(self.events.iter_mut().map(|event| &mut event.type_name));
    }
}

impl Captured for query::WriteHistory {
    fn make_visible(&mut self) {
        for write in &mut self.writes {
            lines([&mut write.type_name, &mut write.value]);
        }
    }
}

impl Captured for query::LanePicture {
    fn make_visible(&mut self) {
        for lane in &mut self.lanes {
            lines(lane.shapes.iter_mut().map(|shape| &mut shape.label));
        }
    }
}

impl Captured for diff::PairRow {
    fn make_visible(&mut self) {
        line(&mut self.summary);
        for side in self.a.iter_mut().chain(&mut self.b) {
            lines([&mut side.name, &mut side.summary]);
        }
    }
}

impl Captured for diff::PairDetail {
    fn make_visible(&mut self) {
        self.row.make_visible();
        self.words.make_visible();
        self.tree.make_visible();
        self.state_after.make_visible();
    }
}

impl Captured for diff::TreeLine {
    fn make_visible(&mut self) {
        lines([&mut self.pointer, &mut self.key, &mut self.note]);
        lines(self.a.iter_mut().chain(&mut self.b));
    }
}

impl Captured for diff::WordRun {
    fn make_visible(&mut self) {
        self.text = visible::text(&self.text);
    }
}
