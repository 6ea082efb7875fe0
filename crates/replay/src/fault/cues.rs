//! Faults of frames: what each lets through.

use std::time::Duration;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use scrubjay_protocol::event::EventType;

use super::{
    Flow, made,
    spec::{After, CutHow, Damage, Fault, What as Kind, Where},
};
use crate::{
    cue::{Cue, Format, What},
    schedule::{End, How},
    tally::Tally,
};

/// One fault at work on one answer.
pub(super) struct Stage {
    spec: String,
    kind: Kind,
    random: ChaCha8Rng,
    /// Events met that it counts.
    counted: u32,
    /// It did what it says at least once.
    struck: bool,
    /// How often, in all answers.
    tally: Tally,
    /// What it keeps back.
    held: Vec<Cue>,
    sent_len: u64,
    waiting_us: u64,
    /// The last frame that passed.
    last: Option<Cue>,
    done: bool,
}

impl Stage {
    pub(super) fn new(fault: &Fault, seed: u64) -> Self {
        Self {
            spec: fault.spec.clone(),
            kind: fault.what.clone(),
            random: ChaCha8Rng::seed_from_u64(seed),
            counted: 0,
            struck: false,
            tally: fault.struck.clone(),
            held: Vec::new(),
            sent_len: 0,
            waiting_us: 0,
            last: None,
            done: false,
        }
    }

    /// Takes what the fault before lets through.
    pub(super) fn take(&mut self, flow: Flow, out: &mut Vec<Flow>) {
        if self.done {
            return;
        }
        match flow {
            Flow::Cue(mut cue) => {
                cue.held_us += std::mem::take(&mut self.waiting_us);
                self.cue(cue, out);
            }
            Flow::End(end) => {
                self.done = true;
                self.finish(end, out);
            }
        }
    }

    fn cue(&mut self, cue: Cue, out: &mut Vec<Flow>) {
        match self.kind.clone() {
            Kind::Cut {
                after: After::Byte(limit),
                how,
            } => self.cut_at_byte(cue, limit, how, out),
            Kind::Error { after: None, .. } => self.hold_terminal(cue, out),
            Kind::Reorder(place) => self.reorder(cue, &place, out),
            Kind::Edit(seq, text) => {
                let strikes = self.strikes(&Where::Event(seq), &cue);
                self.change(cue, strikes, out, |cue, format, _| {
                    made::edit(&cue.bytes, format, &text)
                });
            }
            Kind::Corrupt(place, damage) => {
                let strikes = self.strikes(&place, &cue);
                self.change(cue, strikes, out, |cue, format, random| {
                    let damage = damage.unwrap_or_else(|| Damage::ALL[(random.next_u32() % 4) as usize]);
                    made::corrupt(&cue.bytes, format, damage)
                });
            }
            Kind::Oversize(place, len) => {
                let strikes = self.strikes(&place, &cue);
                self.change(cue, strikes, out, |cue, format, _| {
                    made::oversize(&cue.bytes, format, len)
                });
            }
            kind => self.pass(&kind, cue, out),
        }
    }

    /// The faults that leave the event itself as it is.
    fn pass(&mut self, kind: &Kind, mut cue: Cue, out: &mut Vec<Flow>) {
        let place = match kind {
            Kind::Drop(place)
            | Kind::Duplicate(place)
            | Kind::Unknown(place, _)
            | Kind::Delay { before: place, .. }
            | Kind::Stall { after: place, .. }
            | Kind::Cut {
                after: After::Event(place),
                ..
            } => place.clone(),
            Kind::Error { after: Some(seq), .. } => Where::Event(*seq),
            _ => return out.push(Flow::Cue(cue)),
        };
        if !self.strikes(&place, &cue) {
            return out.push(Flow::Cue(cue));
        }
        self.strike();
        match kind {
            Kind::Drop(_) => {}
            Kind::Delay { wait, .. } => {
                cue.held_us += micros(*wait);
                out.push(Flow::Cue(cue));
            }
            Kind::Duplicate(_) => {
                let copy = cue.remade(cue.bytes.clone());
                out.extend([Flow::Cue(cue), Flow::Cue(copy)]);
            }
            Kind::Unknown(_, name) => {
                let made = inserted(&cue, made::unknown(format_of(&cue), name), EventType::from_name(name));
                out.extend([Flow::Cue(cue), Flow::Cue(made)]);
            }
            _ => self.stop_behind(kind, cue, out),
        }
    }

    fn stop_behind(&mut self, kind: &Kind, cue: Cue, out: &mut Vec<Flow>) {
        let at_us = cue.at_us();
        let how = match kind {
            Kind::Stall { wait: Some(wait), .. } => {
                self.waiting_us = micros(*wait);
                return out.push(Flow::Cue(cue));
            }
            Kind::Stall { wait: None, .. } => How::Never,
            Kind::Cut { how, .. } => ending(*how),
            _ => How::Complete(Vec::new()),
        };
        let error = match kind {
            Kind::Error { code, message, .. } => Some(made::run_error(format_of(&cue), code.as_deref(), message)),
            _ => None,
        };
        let error = error.map(|bytes| inserted(&cue, bytes, EventType::RunError));
        out.push(Flow::Cue(cue));
        out.extend(error.map(Flow::Cue));
        self.stop(at_us, how, out);
    }

    fn stop(&mut self, at_us: u64, how: How, out: &mut Vec<Flow>) {
        self.done = true;
        out.push(Flow::End(End {
            at_us,
            held_us: 0,
            how,
            why: format!("fault `{}`", self.spec),
        }));
    }

    fn cut_at_byte(&mut self, cue: Cue, limit: u64, how: CutHow, out: &mut Vec<Flow>) {
        let room = usize::try_from(limit - self.sent_len).unwrap_or(usize::MAX);
        self.sent_len += cue.bytes.len().min(room) as u64;
        if cue.bytes.len() < room {
            return out.push(Flow::Cue(cue));
        }
        self.strike();
        let at_us = cue.at_us();
        if cue.bytes.len() == room {
            out.push(Flow::Cue(cue));
        } else if room > 0 {
            let mut start = cue.rewritten(cue.bytes.slice(..room), |place| place);
            start.what = What::Opaque(Vec::new());
            start.made = true;
            out.push(Flow::Cue(start));
        }
        self.stop(at_us, ending(how), out);
    }

    fn reorder(&mut self, cue: Cue, place: &Where, out: &mut Vec<Flow>) {
        if cue.seq().is_none() {
            return out.push(Flow::Cue(cue));
        }
        if self.held.is_empty() && self.strikes(place, &cue) {
            self.held.push(cue);
            return;
        }
        if !self.held.is_empty() {
            self.strike();
        }
        out.push(Flow::Cue(cue));
        out.extend(self.held.drain(..).map(Flow::Cue));
    }

    /// Keeps the last terminal event, and what follows it, until it is known
    /// to be the last.
    fn hold_terminal(&mut self, cue: Cue, out: &mut Vec<Flow>) {
        let is_terminal = matches!(cue.event_type(), Some(EventType::RunFinished | EventType::RunError));
        if is_terminal {
            out.extend(self.held.drain(..).map(Flow::Cue));
        }
        if cue.seq().is_some() {
            self.last = Some(cue.clone());
        }
        if is_terminal || !self.held.is_empty() {
            self.held.push(cue);
        } else {
            out.push(Flow::Cue(cue));
        }
    }

    fn finish(&mut self, mut end: End, out: &mut Vec<Flow>) {
        end.held_us += self.waiting_us;
        if let Kind::Error {
            after: None,
            code,
            message,
        } = &self.kind
        {
            let format = self.last.as_ref().map(format_of);
            let error = format.map(|format| made::run_error(format, code.as_deref(), message));
            if let (Some(error), Some(last)) = (error, &self.last) {
                let place = if self.held.is_empty() {
                    last.clone()
                } else {
                    self.held.remove(0)
                };
                out.push(Flow::Cue(inserted(&place, error, EventType::RunError)));
                self.strike();
            }
        }
        out.extend(self.held.drain(..).map(Flow::Cue));
        if !self.struck {
            let gap = if end.why.is_empty() { "" } else { "; " };
            end.why
                .push_str(&format!("{gap}fault `{}` met nothing to strike", self.spec));
        }
        out.push(Flow::End(end));
    }

    fn strike(&mut self) {
        self.struck = true;
        self.tally.count();
    }

    /// Puts other bytes in the place of the event's, if it is struck and can be changed.
    fn change(
        &mut self,
        cue: Cue,
        strikes: bool,
        out: &mut Vec<Flow>,
        make: impl FnOnce(&Cue, Format, &mut ChaCha8Rng) -> Option<bytes::Bytes>,
    ) {
        let made = if strikes {
            make(&cue, format_of(&cue), &mut self.random)
        } else {
            None
        };
        let Some(bytes) = made else {
            return out.push(Flow::Cue(cue));
        };
        self.strike();
        let mut changed = cue.rewritten(bytes, |place| place);
        changed.made = true;
        out.push(Flow::Cue(changed));
    }

    fn strikes(&mut self, place: &Where, cue: &Cue) -> bool {
        let Some(seq) = cue.seq().filter(|_| !cue.inserted) else {
            return false;
        };
        let event_type = cue.event_type();
        match place {
            Where::Event(wanted) => seq == *wanted,
            Where::Type(name, nth) => {
                let is_one = event_type.is_some_and(|known| known.name() == name);
                self.counted += u32::from(is_one);
                is_one && nth.is_none_or(|nth| nth == self.counted)
            }
            Where::Every(every) => {
                self.counted += u32::from(event_type.is_some());
                event_type.is_some() && self.counted.is_multiple_of(*every)
            }
            // One draw an event, so that what is struck does not depend on
            // what other faults do.
            Where::Rate(rate) => event_type.is_some() && f64::from(self.random.next_u32()) / 4_294_967_296.0 < *rate,
        }
    }
}

fn format_of(cue: &Cue) -> Format {
    match &cue.what {
        What::Frame { format, .. } => *format,
        What::Text | What::Opaque(_) => Format::Sse,
    }
}

/// A made event behind another, or in its place: it goes out by itself.
fn inserted(cue: &Cue, bytes: bytes::Bytes, event_type: EventType) -> Cue {
    let mut made = cue.remade(bytes);
    made.inserted = true;
    made.what = What::Frame {
        seq: cue.seq().unwrap_or_default(),
        event_type: Some(event_type),
        format: format_of(cue),
    };
    made
}

fn ending(how: CutHow) -> How {
    match how {
        CutHow::Reset => How::Reset,
        CutHow::Clean => How::Complete(Vec::new()),
        CutHow::Unterminated => How::Unterminated,
    }
}

fn micros(wait: Duration) -> u64 {
    u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)
}
