//! Request bodies: the RunAgentInput, alone or in an envelope.
//!
//! ```
//! use scrubjay_protocol::input::Request;
//!
//! let request = Request::read(br#"{"method":"agent/run","params":{},"body":{"threadId":"t","runId":"r","messages":[]}}"#);
//! assert_eq!(request.envelope().unwrap().method.unwrap(), "agent/run");
//! assert_eq!(request.thread_id().unwrap(), "t");
//! assert_eq!(request.problems, []);
//! ```

use crate::{
    event::{member, snake_case},
    json::{self, Cause, NESTING_LIMIT, Object, Value, Wtf8},
    problem::{Problem, rule},
    schema,
};

/// What CopilotKit's single endpoint wraps around a request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Envelope<'a> {
    /// `agent/run`, `agent/connect`, `info` and the like.
    pub method: Option<&'a Wtf8>,
    /// Parameters, such as `agentId`.
    pub params: Option<&'a Object>,
    /// The request inside.
    pub body: Option<&'a Value>,
}

/// A request body, read leniently.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The body as JSON, if it is.
    pub value: Option<Value>,
    /// What is wrong with it. A body that is no input has no problems as one.
    pub problems: Vec<Problem>,
}

impl Request {
    /// Reads a body, after its content encoding was undone.
    pub fn read(body: &[u8]) -> Self {
        let mut request = Self::default();
        let body = request.without_mark(body);
        if body.trim_ascii().is_empty() {
            return request;
        }
        match json::parse_within(body, NESTING_LIMIT) {
            Ok(parsed) => {
                if let Some(at) = parsed.broken_utf8_at {
                    request.note(
                        rule::UTF8,
                        format!("byte {at} of the request body is not UTF-8, and reads as U+FFFD"),
                    );
                }
                request.value = Some(parsed.value);
                request.judge();
            }
            Err(error) if error.cause == Cause::Size => {
                request.note(rule::EVENT_SIZE, format!("the request body {}", error.message));
            }
            Err(error) if error.cause == Cause::Nesting => {
                request.note(rule::NESTING, format!("the request body is {}", error.message));
            }
            Err(error) => request.note(rule::JSON, format!("the request body is not JSON: {error}")),
        }
        request
    }

    /// The `threadId` of the run input.
    pub fn thread_id(&self) -> Option<&Wtf8> {
        member(self.input_value()?.as_object()?, "threadId")?.as_wtf8()
    }

    /// The run input, if the body is one or an envelope holds one.
    pub fn input_value(&self) -> Option<&Value> {
        let value = self.value.as_ref()?;
        if is_run_input(value) {
            return Some(value);
        }
        self.envelope()?.body.filter(|body| is_run_input(body))
    }

    /// Whether the body, or what an envelope holds, has a member of a run input
    /// (`threadId`, `runId`, `messages`).
    pub fn has_input_member(&self) -> bool {
        let has_one = |value: &Value| signs(value).contains(&true);
        let held = self.envelope().and_then(|envelope| envelope.body);
        self.value.as_ref().is_some_and(has_one) || held.is_some_and(has_one)
    }

    /// The envelope, if the body is one.
    pub fn envelope(&self) -> Option<Envelope<'_>> {
        let value = self.value.as_ref()?;
        let object = value.as_object()?;
        let envelope = Envelope {
            method: member(object, "method").and_then(Value::as_wtf8),
            params: member(object, "params").and_then(Value::as_object),
            body: member(object, "body"),
        };
        let known = envelope
            .method
            .is_some_and(|method| method.as_bytes().starts_with(b"agent/") || *method == *"info");
        let holds_input = envelope.method.is_some() && envelope.body.is_some_and(is_run_input);
        (!is_run_input(value) && (known || holds_input)).then_some(envelope)
    }

    fn without_mark<'a>(&mut self, body: &'a [u8]) -> &'a [u8] {
        let Some(rest) = body.strip_prefix(b"\xEF\xBB\xBF") else {
            return body;
        };
        self.note(rule::BOM, "the request body begins with a byte order mark");
        rest
    }

    fn judge(&mut self) {
        let Some(input) = self.input_value() else {
            return;
        };
        let mut problems = misspellings(input);
        let misspelt = !problems.is_empty();
        problems.extend(schema::input_issues(input).into_iter().filter_map(|issue| {
            // A misspelt member is not also missing.
            let missing = misspelt && issue.message.ends_with("received undefined");
            (!missing).then(|| Problem::new(rule::INPUT, issue.to_string()))
        }));
        self.problems.append(&mut problems);
    }

    fn note(&mut self, rule: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::new(rule, message));
    }
}

/// Whether an object has at least two of the three members that only a run
/// input has together.
fn is_run_input(value: &Value) -> bool {
    signs(value).into_iter().filter(|sign| *sign).count() >= 2
}

/// Which of the members of a run input an object has.
fn signs(value: &Value) -> [bool; 3] {
    let Some(object) = value.as_object() else {
        return [false; 3];
    };
    let is_text = |name: &str| member(object, name).is_some_and(|value| value.as_wtf8().is_some());
    [
        is_text("threadId"),
        is_text("runId"),
        member(object, "messages").is_some_and(|value| value.as_array().is_some()),
    ]
}

fn misspellings(input: &Value) -> Vec<Problem> {
    let names = ["threadId", "runId", "protocolVersion", "parentRunId", "forwardedProps"];
    let misspelt = names
        .into_iter()
        .filter(|name| input.get(name).is_none() && input.get(&snake_case(name)).is_some());
    misspelt
        .map(|name| {
            Problem::new(
                rule::SPELLING,
                format!("`{}` should be spelt `{name}`", snake_case(name)),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(body: &str) -> Vec<&'static str> {
        Request::read(body.as_bytes())
            .problems
            .iter()
            .map(|problem| problem.rule)
            .collect()
    }

    #[test]
    fn inputs_are_recognised_alone_and_in_envelopes() {
        for (body, input, envelope) in [
            (r#"{"threadId":"t","runId":"r"}"#, true, false),
            (r#"{"threadId":"t","messages":[]}"#, true, false),
            (r#"{"thread_id":"t","run_id":"r","messages":[]}"#, true, false),
            (r#"{"messages":[]}"#, false, false),
            (r#"{"method":"info"}"#, false, true),
            (
                r#"{"method":"agent/connect","params":{"agentId":"a"},"body":{"threadId":"t","runId":"r","messages":[]}}"#,
                true,
                true,
            ),
            (r#"{"method":"run","body":{"threadId":"t","runId":"r"}}"#, true, true),
            (r#"{"method":"GET","body":"x"}"#, false, false),
            ("[]", false, false),
        ] {
            let request = Request::read(body.as_bytes());
            assert_eq!(
                (request.input_value().is_some(), request.envelope().is_some()),
                (input, envelope),
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_an_input_is_reported() {
        assert_eq!(rules(""), [""; 0]);
        assert_eq!(rules("{"), [rule::JSON]);
        assert_eq!(rules("\u{feff}{}"), [rule::BOM]);
        assert_eq!(rules(&"[".repeat(600)), [rule::NESTING]);
        assert_eq!(
            rules(r#"{"threadId":"t","runId":"r","messages":[],"state":null}"#),
            [""; 0]
        );
        assert_eq!(
            rules(r#"{"threadId":"t","runId":7,"messages":[],"tools":{}}"#),
            [rule::INPUT; 2]
        );
        assert_eq!(
            rules(r#"{"thread_id":"t","run_id":"r","messages":[]}"#),
            [rule::SPELLING; 2]
        );
    }

    #[test]
    fn what_the_schema_refuses_is_named_with_the_value_found() {
        let body = format!(
            r#"{{"threadId":null,"runId":"r","parentRunId":7,"messages":[{{"id":"m","role":"user","content":{{"text":"{}"}}}}],"state":{{}}}}"#,
            "x".repeat(80)
        );
        let request = Request::read(body.as_bytes());
        let messages: Vec<&str> = request
            .problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert_eq!(
            messages[..2],
            [
                "/threadId: Invalid input: expected string, received null",
                "/parentRunId: Invalid input: expected string, received number, found 7",
            ]
        );
        let content = messages.iter().find(|message| message.contains("/content")).unwrap();
        assert!(
            content.contains(r#", found {"text":"xxx"#) && content.ends_with('…'),
            "{content}"
        );
    }
}
