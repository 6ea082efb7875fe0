//! What the official TypeScript reader makes of a frame.
//!
//! Of SSE, it cuts at LF LF and nowhere else. A frame that ends otherwise waits: its
//! lines are read together with those of the next frames, up to one that does
//! end in LF LF, or up to the end of the body. If two of them carry data, the
//! two together are no JSON, and the client gives up. Records of the protobuf
//! transport say their length, so each is judged alone.

use scrubjay_protocol::{frame::Frame, json::Value, problem::rule as problems};

use super::{
    finding::Broken,
    rule::{CUT, LINE_ENDS, NOT_JSON, rule},
};

/// The stage: what waits for LF LF.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Framing {
    pub(crate) waiting: Waiting,
    /// Line ends have been found fault with already.
    pub(crate) findings: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Waiting {
    #[default]
    Nothing,
    /// One frame with data, as an event.
    Event(Value),
    /// Data that is no event, or several frames with data.
    Broken,
}

/// What is to be done with a frame.
pub(crate) enum Read {
    /// Nothing: no data, or it waits.
    Nothing,
    /// An event goes on.
    Event(Value),
    /// The client gives up, or the event is beyond our limits.
    Broken(Broken),
}

/// Problems of data, the first that applies being what the client meets.
const FATAL: [&str; 8] = [
    problems::OVER_10_MIB,
    problems::RECORD,
    problems::DONE,
    problems::EMPTY_DATA,
    problems::TWO_EVENTS,
    problems::JSON,
    problems::NOT_AN_OBJECT,
    problems::NO_TYPE,
];
/// Events that the client would take and that are not folded here.
const BEYOND: [&str; 2] = [problems::EVENT_SIZE, problems::NESTING];

impl Framing {
    pub(crate) fn read(&mut self, frame: &Frame) -> Read {
        if frame.is_record {
            return judge_record(frame);
        }
        let carries = !frame.data.is_empty() || frame.has(problems::EMPTY_DATA) || frame.value.is_some();
        let carries = carries && !(frame.has(problems::BARE_DATA) && frame.data.trim_ascii().is_empty());
        let ends = !frame.has(problems::CRLF);
        if ends && self.waiting == Waiting::Nothing {
            return if carries { judge(frame) } else { Read::Nothing };
        }
        if carries {
            self.wait(frame);
        }
        if ends { self.flush() } else { Read::Nothing }
    }

    /// The end of the body.
    pub(crate) fn flush(&mut self) -> Read {
        match std::mem::take(&mut self.waiting) {
            Waiting::Nothing => Read::Nothing,
            Waiting::Event(value) => Read::Event(value),
            Waiting::Broken => Read::Broken(Broken::new(
                &LINE_ENDS,
                "the official client cuts at LF LF only, so it read several frames as one, which is not JSON",
            )),
        }
    }

    fn wait(&mut self, frame: &Frame) {
        self.waiting = match (&self.waiting, &frame.value) {
            (Waiting::Nothing, Some(value)) => Waiting::Event(value.clone()),
            _ => Waiting::Broken,
        };
    }

    /// What else there is to say about a frame as a frame.
    pub(crate) fn notes(&mut self, frame: &Frame) -> Vec<Broken> {
        let mut notes = Vec::new();
        for problem in &frame.problems {
            if FATAL.contains(&problem.rule) || BEYOND.contains(&problem.rule) {
                continue;
            }
            if problem.rule == problems::CUT && (frame.is_record || !frame.data.is_empty()) {
                continue;
            }
            if problem.rule == problems::CRLF && std::mem::replace(&mut self.findings, true) {
                continue;
            }
            if let Some(rule) = rule(problem.rule) {
                notes.push(Broken {
                    stops: false,
                    ..Broken::new(rule, problem.message.clone())
                });
            }
        }
        notes
    }
}

/// The client drops records of later protocols, and fails at ones that are cut
/// or broken.
fn judge_record(frame: &Frame) -> Read {
    match (refused(frame), &frame.value) {
        (Some(read), _) => read,
        (None, Some(value)) => Read::Event(value.clone()),
        (None, None) if frame.has(problems::CUT) => Read::Broken(Broken::new(&CUT, "the body ends inside this record")),
        (None, None) => Read::Nothing,
    }
}

/// What a problem makes of a frame that has one, whatever else it has.
fn refused(frame: &Frame) -> Option<Read> {
    let problem = FATAL
        .iter()
        .chain(&BEYOND)
        .find_map(|id| frame.problems.iter().find(|problem| problem.rule == *id))?;
    Some(match rule(problem.rule) {
        Some(rule) => Read::Broken(Broken::new(rule, problem.message.clone())),
        None => Read::Nothing,
    })
}

fn judge(frame: &Frame) -> Read {
    match (refused(frame), &frame.value) {
        (Some(read), _) => read,
        (None, Some(value)) => Read::Event(value.clone()),
        (None, None) if frame.has(problems::CUT) => Read::Broken(Broken::new(
            &CUT,
            "the body ends inside this event, so its data is no JSON",
        )),
        (None, None) => Read::Broken(Broken::new(&NOT_JSON, "the data is no event")),
    }
}
