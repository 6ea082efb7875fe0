//! What the official TypeScript reader makes of a frame.
//!
//! Frames are cut as the standard of SSE says, and what the client reads is another matter: it cuts at LF LF only
//! ([`sse::Reader`]). At a frame it reads nothing, one event, or two: a text that waited for LF LF, and the next one.
//! Records of the protobuf transport say their length, so each is judged alone.

use scrubjay_protocol::{
    frame::Frame,
    json::Value,
    problem::rule as problems,
    sse::{self, Frames, Text},
};

use super::{
    finding::Violation,
    rule::{CUT, ENDS_INSIDE, LINE_ENDS, LOST, NOT_JSON, Severity, TOO_LARGE, rule},
};
use crate::measures::{frame_mark, many};

/// The stage: what waits for LF LF.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Framing {
    pub(crate) reader: sse::Reader,
    /// The body ends inside a record. The client fails at it when the body ends as it should.
    pub(crate) is_record_cut: bool,
    pub(crate) reported: FramingReported,
}

/// What is reported once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct FramingReported {
    /// Frames will be read as one.
    pub(crate) joined: bool,
    /// Frames were read as one.
    pub(crate) read_as_one: bool,
    /// An event is read later than its frame.
    pub(crate) late: bool,
    /// The last frame has no blank line, which is reported there.
    pub(crate) unterminated: bool,
}

/// What is to be done with a frame.
pub(crate) enum Read {
    /// Nothing: no data.
    Nothing,
    /// An event goes on.
    Event(Value),
    /// The client gives up, or the event is beyond our limits.
    Broken(Violation),
    /// What follows from something that was reported: events are missing.
    Missing,
}

/// Problems of data, the first that applies being what the client meets.
const FATAL: [&str; 9] = [
    problems::OVER_10_MIB,
    problems::RECORD,
    problems::DONE,
    problems::EMPTY_DATA,
    problems::TWO_EVENTS,
    problems::TWICE,
    problems::JSON,
    problems::NOT_AN_OBJECT,
    problems::NO_TYPE,
];
/// Events that the client would take and that are not folded here.
const BEYOND: [&str; 2] = [problems::EVENT_SIZE, problems::NESTING];

impl Framing {
    /// What the client reads at a frame, in order; `findings` get what there is to say beside.
    pub(crate) fn read(&mut self, seq: u32, frame: &Frame, findings: &mut Vec<Violation>) -> Vec<Read> {
        if frame.is_record {
            let read = judge_record(frame);
            self.is_record_cut = matches!(read, Read::Nothing) && frame.has(problems::CUT);
            return vec![read];
        }
        self.reported.unterminated = frame.has(problems::UNTERMINATED);
        if frame.has(problems::OVER_10_MIB) {
            self.reader.clear();
            self.reader.pass(frame);
            return vec![judge(frame)];
        }
        if self.reader.reads_as_it_is(frame) {
            self.reader.pass(frame);
            let has_data = !frame.data.is_empty() || frame.has(problems::EMPTY_DATA) || frame.value.is_some();
            return has_data.then(|| judge(frame)).into_iter().collect();
        }
        self.read_on(seq, frame, findings)
    }

    fn read_on(&mut self, seq: u32, frame: &Frame, findings: &mut Vec<Violation>) -> Vec<Read> {
        let taken = self.reader.push(seq, frame);
        if taken.is_hidden {
            findings.push(Violation::new(
                &LOST,
                "the client does not see this event: its line of data begins after CR, which is text to the client",
            ));
        }
        let texts = taken.texts.into_iter();
        let mut reads: Vec<Read> = texts.map(|text| self.text(seq, text, Some(frame), findings)).collect();
        if taken.is_over {
            let message = "over 10 MiB have come without LF LF, more than the client waits for";
            reads.push(Read::Broken(Violation::new(&TOO_LARGE, message)));
        }
        findings.extend(self.join(seq));
        reads
    }

    /// The end of the body.
    pub(crate) fn finish(&mut self, seq: u32, findings: &mut Vec<Violation>) -> Read {
        match self.reader.finish() {
            None if std::mem::take(&mut self.is_record_cut) => {
                Read::Broken(Violation::new(&CUT, "the body ends inside this record"))
            }
            None => Read::Nothing,
            Some(text) => self.text(seq, text, None, findings),
        }
    }

    /// Reads a text of the client's at this frame.
    fn text(&mut self, seq: u32, text: Text, frame: Option<&Frame>, findings: &mut Vec<Violation>) -> Read {
        let (frames, has_cr) = (text.frames, text.data.contains(&b'\r'));
        let is_last = text.is_last;
        let read = match frame.filter(|frame| frame.data == text.data) {
            Some(frame) => judge(frame),
            None => judge(&text.read()),
        };
        match read {
            Read::Broken(violation) if violation.stops && frames.count > 1 => self.read_as_one(frames),
            Read::Broken(mut violation) if violation.stops && has_cr => {
                violation.message.push_str("; CR is text to the client");
                Read::Broken(violation)
            }
            Read::Event(value) => {
                findings.extend(self.late(seq, frames, is_last));
                Read::Event(value)
            }
            read => read,
        }
    }

    fn read_as_one(&mut self, frames: Frames) -> Read {
        if std::mem::replace(&mut self.reported.read_as_one, true) {
            return Read::Missing;
        }
        let message = format!(
            "the client cuts at LF LF only, so it read {} as one, which is not JSON",
            names(frames)
        );
        Read::Broken(Violation::new(&LINE_ENDS, message))
    }

    /// What waits holds two frames, and no text that follows can make JSON of them.
    fn join(&mut self, seq: u32) -> Option<Violation> {
        let frames = self.reader.text.frames;
        let is_second = frames.count == 2 && frames.last == seq;
        if self.reported.joined || !is_second || !self.reader.gives_up() {
            return None;
        }
        self.reported.joined = true;
        let message = format!(
            "the client cuts at LF LF only, and there is none between {} and {}: it reads them as one, which is not JSON",
            frame_mark(frames.first),
            frame_mark(frames.last)
        );
        Some(Violation {
            stops: false,
            ..Violation::new(&LINE_ENDS, message)
        })
    }

    fn late(&mut self, seq: u32, frames: Frames, is_last: bool) -> Option<Violation> {
        let is_late = frames.last < seq || is_last && !self.reported.unterminated;
        if !is_late || std::mem::replace(&mut self.reported.late, true) {
            return None;
        }
        let when = if is_last {
            "when the body ends".to_owned()
        } else {
            format!("with {}", frame_mark(seq))
        };
        let message = format!(
            "there is no LF LF after {}, so the client reads it only {when}",
            frame_mark(frames.last)
        );
        Some(Violation::new(&ENDS_INSIDE, message))
    }

    /// What else there is to say about a frame as a frame.
    pub(crate) fn notes(frame: &Frame) -> Vec<Violation> {
        let mut notes = Vec::new();
        for problem in &frame.problems {
            if FATAL.contains(&problem.rule) || BEYOND.contains(&problem.rule) {
                continue;
            }
            if problem.rule == problems::CUT && (frame.is_record || !frame.data.is_empty()) {
                continue;
            }
            if let Some(rule) = rule(problem.rule) {
                notes.push(Violation {
                    stops: false,
                    // A line without data that is cut is skipped, and no reader fails at it.
                    severity: rule.severity.min(Severity::Warning),
                    ..Violation::new(rule, problem.message.clone())
                });
            }
        }
        notes
    }
}

fn names(frames: Frames) -> String {
    let (first, last) = (frame_mark(frames.first), frame_mark(frames.last));
    match frames.count {
        2 => format!("{first} and {last}"),
        number => format!("{} from {first} to {last}", many(u64::from(number), "frame")),
    }
}

/// The client drops records of later protocols, fails at broken ones, and waits for the rest of one that is cut.
fn judge_record(frame: &Frame) -> Read {
    match (refused(frame), &frame.value) {
        (Some(read), _) => read,
        (None, Some(value)) => Read::Event(value.clone()),
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
        Some(rule) => Read::Broken(Violation::new(rule, problem.message.clone())),
        None => Read::Nothing,
    })
}

fn judge(frame: &Frame) -> Read {
    match (refused(frame), &frame.value) {
        (Some(read), _) => read,
        (None, Some(value)) => Read::Event(value.clone()),
        (None, None) if frame.has(problems::CUT) => Read::Broken(Violation::new(
            &CUT,
            "the body ends inside this event, so its data is no JSON",
        )),
        (None, None) => Read::Broken(Violation::new(&NOT_JSON, "the data is no event")),
    }
}
