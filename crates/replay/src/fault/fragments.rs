//! Faults of frames: what each lets through.

use std::time::Duration;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use scrubjay_protocol::event::EventType;

use super::{
    Flow, frames,
    spec::{After, CutHow, Damage, Fault, What as Kind, Where},
};
use crate::{
    counter::Counter,
    fragment::{Format, Fragment, What},
    schedule::{End, EndKind},
};

/// One fault at work on one answer.
pub(super) struct FaultStage {
    spec: String,
    kind: Kind,
    random: ChaCha8Rng,
    /// Events met that it counts.
    counted: u32,
    /// It has struck at least once.
    struck: bool,
    /// How often, in all answers.
    counter: Counter,
    /// What it keeps back.
    held: Vec<Fragment>,
    sent_len: u64,
    waiting_us: u64,
    /// The last frame that passed.
    last: Option<Fragment>,
    done: bool,
}

impl FaultStage {
    pub(super) fn new(fault: &Fault, seed: u64) -> Self {
        Self {
            spec: fault.spec.clone(),
            kind: fault.what.clone(),
            random: ChaCha8Rng::seed_from_u64(seed),
            counted: 0,
            struck: false,
            counter: fault.struck.clone(),
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
            Flow::Fragment(mut fragment) => {
                fragment.held_us += std::mem::take(&mut self.waiting_us);
                self.fragment(fragment, out);
            }
            Flow::End(end) => {
                self.done = true;
                self.finish(end, out);
            }
        }
    }

    fn fragment(&mut self, fragment: Fragment, out: &mut Vec<Flow>) {
        match self.kind.clone() {
            Kind::Cut {
                after: After::Byte(limit),
                how,
            } => self.cut_at_byte(fragment, limit, how, out),
            Kind::Error { after: None, .. } => self.hold_terminal(fragment, out),
            Kind::Reorder(place) => self.reorder(fragment, &place, out),
            Kind::Edit(seq, text) => {
                let strikes = self.strikes(&Where::Event(seq), &fragment);
                self.change(fragment, strikes, out, |fragment, format, _| {
                    frames::edit(&fragment.bytes, format, &text)
                });
            }
            Kind::Corrupt(place, damage) => {
                let strikes = self.strikes(&place, &fragment);
                self.change(fragment, strikes, out, |fragment, format, random| {
                    let damage = damage.unwrap_or_else(|| Damage::ALL[(random.next_u32() % 4) as usize]);
                    frames::corrupt(&fragment.bytes, format, damage)
                });
            }
            Kind::Oversize(place, len) => {
                let strikes = self.strikes(&place, &fragment);
                self.change(fragment, strikes, out, |fragment, format, _| {
                    frames::oversize(&fragment.bytes, format, len)
                });
            }
            kind => self.pass(&kind, fragment, out),
        }
    }

    /// The faults that leave the event itself as it is.
    fn pass(&mut self, kind: &Kind, mut fragment: Fragment, out: &mut Vec<Flow>) {
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
            _ => return out.push(Flow::Fragment(fragment)),
        };
        if !self.strikes(&place, &fragment) {
            return out.push(Flow::Fragment(fragment));
        }
        self.strike();
        match kind {
            Kind::Drop(_) => {}
            Kind::Delay { wait, .. } => {
                fragment.held_us += micros(*wait);
                out.push(Flow::Fragment(fragment));
            }
            Kind::Duplicate(_) => {
                let copy = fragment.remade(fragment.bytes.clone());
                out.extend([Flow::Fragment(fragment), Flow::Fragment(copy)]);
            }
            Kind::Unknown(_, name) => {
                let made = inserted(
                    &fragment,
                    frames::unknown(format_of(&fragment), name),
                    EventType::from_name(name),
                );
                out.extend([Flow::Fragment(fragment), Flow::Fragment(made)]);
            }
            _ => self.stop_after(kind, fragment, out),
        }
    }

    fn stop_after(&mut self, kind: &Kind, fragment: Fragment, out: &mut Vec<Flow>) {
        let at_us = fragment.at_us();
        let how = match kind {
            Kind::Stall { wait: Some(wait), .. } => {
                self.waiting_us = micros(*wait);
                return out.push(Flow::Fragment(fragment));
            }
            Kind::Stall { wait: None, .. } => EndKind::Never,
            Kind::Cut { how, .. } => ending(*how),
            _ => EndKind::Complete(Vec::new()),
        };
        let error = match kind {
            Kind::Error { code, message, .. } => {
                Some(frames::run_error(format_of(&fragment), code.as_deref(), message))
            }
            _ => None,
        };
        let error = error.map(|bytes| inserted(&fragment, bytes, EventType::RunError));
        out.push(Flow::Fragment(fragment));
        out.extend(error.map(Flow::Fragment));
        self.stop(at_us, how, out);
    }

    fn stop(&mut self, at_us: u64, how: EndKind, out: &mut Vec<Flow>) {
        self.done = true;
        out.push(Flow::End(End {
            at_us,
            held_us: 0,
            how,
            why: format!("fault `{}`", self.spec),
        }));
    }

    fn cut_at_byte(&mut self, fragment: Fragment, limit: u64, how: CutHow, out: &mut Vec<Flow>) {
        let room = usize::try_from(limit - self.sent_len).unwrap_or(usize::MAX);
        self.sent_len += fragment.bytes.len().min(room) as u64;
        if fragment.bytes.len() < room {
            return out.push(Flow::Fragment(fragment));
        }
        self.strike();
        let at_us = fragment.at_us();
        if fragment.bytes.len() == room {
            out.push(Flow::Fragment(fragment));
        } else if room > 0 {
            let mut start = fragment.rewritten(fragment.bytes.slice(..room), |place| place);
            start.what = What::Opaque(Vec::new());
            start.made = true;
            out.push(Flow::Fragment(start));
        }
        self.stop(at_us, ending(how), out);
    }

    fn reorder(&mut self, fragment: Fragment, place: &Where, out: &mut Vec<Flow>) {
        if fragment.seq().is_none() {
            return out.push(Flow::Fragment(fragment));
        }
        if self.held.is_empty() && self.strikes(place, &fragment) {
            self.held.push(fragment);
            return;
        }
        if !self.held.is_empty() {
            self.strike();
        }
        out.push(Flow::Fragment(fragment));
        out.extend(self.held.drain(..).map(Flow::Fragment));
    }

    /// Keeps the last terminal event, and what follows it, until it is known
    /// to be the last.
    fn hold_terminal(&mut self, fragment: Fragment, out: &mut Vec<Flow>) {
        let is_terminal = matches!(
            fragment.event_type(),
            Some(EventType::RunFinished | EventType::RunError)
        );
        if is_terminal {
            out.extend(self.held.drain(..).map(Flow::Fragment));
        }
        if fragment.seq().is_some() {
            self.last = Some(fragment.clone());
        }
        if is_terminal || !self.held.is_empty() {
            self.held.push(fragment);
        } else {
            out.push(Flow::Fragment(fragment));
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
            let error = format.map(|format| frames::run_error(format, code.as_deref(), message));
            if let (Some(error), Some(last)) = (error, &self.last) {
                let place = if self.held.is_empty() {
                    last.clone()
                } else {
                    self.held.remove(0)
                };
                out.push(Flow::Fragment(inserted(&place, error, EventType::RunError)));
                self.strike();
            }
        }
        out.extend(self.held.drain(..).map(Flow::Fragment));
        if !self.struck {
            let gap = if end.why.is_empty() { "" } else { "; " };
            end.why
                .push_str(&format!("{gap}fault `{}` met nothing to strike", self.spec));
        }
        out.push(Flow::End(end));
    }

    fn strike(&mut self) {
        self.struck = true;
        self.counter.count();
    }

    /// Puts other bytes in the place of the event's, if it is struck and can be changed.
    fn change(
        &mut self,
        fragment: Fragment,
        strikes: bool,
        out: &mut Vec<Flow>,
        make: impl FnOnce(&Fragment, Format, &mut ChaCha8Rng) -> Option<bytes::Bytes>,
    ) {
        let made = if strikes {
            make(&fragment, format_of(&fragment), &mut self.random)
        } else {
            None
        };
        let Some(bytes) = made else {
            return out.push(Flow::Fragment(fragment));
        };
        self.strike();
        let mut changed = fragment.rewritten(bytes, |place| place);
        changed.made = true;
        out.push(Flow::Fragment(changed));
    }

    fn strikes(&mut self, place: &Where, fragment: &Fragment) -> bool {
        let Some(seq) = fragment.seq().filter(|_| !fragment.inserted) else {
            return false;
        };
        let event_type = fragment.event_type();
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

fn format_of(fragment: &Fragment) -> Format {
    match &fragment.what {
        What::Frame { format, .. } => *format,
        What::Text | What::Opaque(_) => Format::Sse,
    }
}

/// A made event after another, or in its place: it goes out by itself.
fn inserted(fragment: &Fragment, bytes: bytes::Bytes, event_type: EventType) -> Fragment {
    let mut made = fragment.remade(bytes);
    made.inserted = true;
    made.what = What::Frame {
        seq: fragment.seq().unwrap_or_default(),
        event_type: Some(event_type),
        format: format_of(fragment),
    };
    made
}

fn ending(how: CutHow) -> EndKind {
    match how {
        CutHow::Reset => EndKind::Reset,
        CutHow::Clean => EndKind::Complete(Vec::new()),
        CutHow::Unterminated => EndKind::Unterminated,
    }
}

fn micros(wait: Duration) -> u64 {
    u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)
}
