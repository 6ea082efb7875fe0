//! What a frame is, once it is whole.

use std::borrow::Cow;

use super::{
    decode::{Draft, Ended},
    official::BUFFER_LIMIT,
    twice,
};
use crate::{
    event::EventType,
    frame::{Detail, FrameKind},
    json::{self, Cause, JsonError, NESTING_LIMIT, Scan, VALUE_LIMIT, Value, Wtf8},
    problem::{Problem, rule},
};

impl Draft {
    /// Says what the frame is, now that it is whole.
    pub(super) fn classify(&mut self, detail: Detail, ended: Ended, limit: usize) {
        self.note_framing();
        if self.oversize {
            self.frame.kind = FrameKind::Malformed;
            let message = format!("the frame has {} bytes; up to {limit} are read", self.frame.len());
            self.frame.note(rule::EVENT_SIZE, message);
        } else if self.data_lines > 0 {
            self.classify_data(detail, ended);
        } else {
            self.frame.kind = if self.stray_lines > 0 {
                FrameKind::Malformed
            } else {
                FrameKind::Comment
            };
        }
        if ended == Ended::Body && !self.frame.has(rule::CUT) {
            self.frame.note(
                rule::UNTERMINATED,
                "the body ends without the blank line that ends a frame",
            );
        }
    }

    fn note_framing(&mut self) {
        if self.lone_cr {
            self.frame.note(
                rule::CR_INSIDE,
                "a line ends with CR alone, which the official TypeScript reader keeps in the line",
            );
        }
        if self.oversize || (self.frame.len() > BUFFER_LIMIT && utf16_len(&self.frame.data) > BUFFER_LIMIT) {
            self.frame.note(
                rule::OVER_10_MIB,
                "the frame has over 10 MiB, more than the official reader waits for",
            );
        }
    }

    pub(super) fn classify_data(&mut self, detail: Detail, ended: Ended) {
        self.frame.kind = FrameKind::Malformed;
        if self.frame.data.is_empty() {
            self.frame
                .note(rule::EMPTY_DATA, "the frame has a data field with nothing in it");
            return;
        }
        let data = std::mem::take(&mut self.frame.data);
        let text = match std::str::from_utf8(&data) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) => {
                let message = format!(
                    "byte {} of the data is not UTF-8, and reads as U+FFFD",
                    error.valid_up_to()
                );
                self.frame.note(rule::UTF8, message);
                String::from_utf8_lossy(&data)
            }
        };
        let result = read(&text, detail);
        drop(text);
        self.frame.data = data;
        self.judge_data(result, ended);
    }

    fn judge_data(&mut self, result: Result<Read, JsonError>, ended: Ended) {
        match result {
            Ok(Read::Event {
                event_type,
                value,
                refused,
            }) => {
                self.frame.kind = FrameKind::Event;
                self.frame.event_type = Some(event_type);
                self.frame.value = value;
                self.frame.problems.extend(refused);
            }
            Ok(Read::NotAnObject(kind)) => match twice::encoded(&self.frame.data) {
                Some(message) => self.frame.note(rule::TWICE, message),
                None => self
                    .frame
                    .note(rule::NOT_AN_OBJECT, format!("the data is {kind}, not an object")),
            },
            Ok(Read::NoType) => self.frame.note(
                rule::NO_TYPE,
                "the object has no `type`, or one that is not a non-empty string",
            ),
            Err(error) => self.diagnose(&error, ended),
        }
    }

    /// Says why data is not JSON.
    fn diagnose(&mut self, error: &JsonError, ended: Ended) {
        let data = &self.frame.data;
        if data.trim_ascii() == b"[DONE]" {
            self.frame
                .note(rule::DONE, "the data is `[DONE]`, which AG-UI does not have");
        } else if let Some(message) = twice::framed(data) {
            self.frame.note(rule::TWICE, message);
        } else if self.data_lines > 1 && data.split(|byte| *byte == b'\n').all(is_event) {
            let message = format!(
                "{} events stand in one frame: the blank line between them is missing",
                self.data_lines
            );
            self.frame.note(rule::TWO_EVENTS, message);
        } else if ended == Ended::Body && error.is_cut() {
            self.frame
                .note(rule::CUT, format!("the body ends inside the event: {error}"));
        } else {
            self.frame.note(rule::JSON, format!("the data is not JSON: {error}"));
        }
    }
}

/// What a frame's data turned out to be.
enum Read {
    Event {
        event_type: EventType,
        value: Option<Value>,
        /// Why it was not read, though it is one.
        refused: Option<Problem>,
    },
    NotAnObject(&'static str),
    NoType,
}

fn read(text: &str, detail: Detail) -> Result<Read, JsonError> {
    if detail == Detail::TypeOnly {
        return read_type(text.as_bytes());
    }
    match json::parse_text(text, NESTING_LIMIT) {
        Ok(value) => Ok(read_value(value)),
        Err(error) if matches!(error.cause, Cause::Nesting | Cause::Size) => read_type(text.as_bytes()),
        Err(error) => Err(error),
    }
}

fn read_value(value: Value) -> Read {
    let Value::Object(object) = &value else {
        return Read::NotAnObject(value.kind());
    };
    match object.get("type") {
        Some(Value::String(name)) if !name.is_empty() => Read::Event {
            event_type: EventType::from_name(&name.to_str_lossy()),
            value: Some(value),
            refused: None,
        },
        _ => Read::NoType,
    }
}

fn read_type(data: &[u8]) -> Result<Read, JsonError> {
    let scan = json::scan(data)?;
    let refused = refusal(&scan);
    Ok(match (scan.first, scan.type_name) {
        (b'{', Some(Some(name))) if !name.is_empty() => Read::Event {
            event_type: EventType::from_name(&name.to_str_lossy()),
            value: None,
            refused,
        },
        (b'{', _) => Read::NoType,
        (first, _) => Read::NotAnObject(kind_of(first)),
    })
}

fn refusal(scan: &Scan) -> Option<Problem> {
    let (rule, what) = if scan.nesting > NESTING_LIMIT {
        (
            rule::NESTING,
            format!("is nested more than {NESTING_LIMIT} levels deep"),
        )
    } else if scan.values > VALUE_LIMIT {
        (rule::EVENT_SIZE, format!("holds more than {VALUE_LIMIT} values"))
    } else {
        return None;
    };
    Some(Problem::new(rule, format!("the event {what}, and is not folded")))
}

fn kind_of(first: u8) -> &'static str {
    match first {
        b'[' => "an array",
        b'"' => "a string",
        b'n' => "null",
        b't' | b'f' => "a boolean",
        _ => "a number",
    }
}

pub(super) fn is_event(line: &[u8]) -> bool {
    matches!(read_type(line), Ok(Read::Event { .. }))
}

fn utf16_len(data: &[u8]) -> u64 {
    let text: Cow<'_, str> = String::from_utf8_lossy(data);
    Wtf8::from(&*text).utf16_len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_refused_for_its_nesting_or_its_number_of_values() {
        let refused = |nesting, values| {
            refusal(&Scan {
                first: b'{',
                type_name: None,
                nesting,
                values,
            })
            .map(|problem| problem.rule)
        };
        assert_eq!(refused(NESTING_LIMIT, VALUE_LIMIT), None);
        assert_eq!(refused(NESTING_LIMIT + 1, 1), Some(rule::NESTING));
        assert_eq!(refused(1, VALUE_LIMIT + 1), Some(rule::EVENT_SIZE));
    }
}
