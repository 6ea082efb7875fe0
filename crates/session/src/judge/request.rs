//! What the request asked for, as far as the answer is held to it.

use std::collections::BTreeMap;

use scrubjay_protocol::{
    input::Request,
    json::{Value, Wtf8},
    problem::rule as problems,
};

use super::{
    arguments::Tool,
    interrupts::answered_in,
    rule::{INPUT_SHAPE, INPUT_SPELLING},
};
use crate::{
    exchange::{Exchange, misses_bytes},
    fold::Violation,
    recognise::{Asks, asks, method_of},
};

/// The request as it was sent.
#[derive(Debug, Default)]
pub(super) struct RunRequest {
    /// The body is a run input.
    pub(super) is_input: bool,
    /// The last of its messages is a user's.
    pub(super) is_user_turn: bool,
    pub(super) asks: Asks,
    /// The method that it names in the envelope of CopilotKit's single endpoint.
    pub(super) endpoint_method: String,
    pub(super) is_posted: bool,
    /// Bytes of it were not recorded.
    pub(super) misses_bytes: bool,
    /// It asks for what was said before, not for a new run.
    pub(super) is_connect: bool,
    pub(super) thread_id: Option<Wtf8>,
    pub(super) run_id: Option<Wtf8>,
    pub(super) has_state: bool,
    /// What the frontend offers, by name.
    pub(super) tools: BTreeMap<Wtf8, Tool>,
    /// The interrupts that it answers.
    pub(super) resume: Vec<Wtf8>,
}

impl RunRequest {
    /// Reads a request, with what is wrong with it.
    pub(super) fn read(exchange: &Exchange, body: &[u8]) -> (Self, Vec<Violation>) {
        let parsed = Request::read(body);
        let asks = asks(&exchange.request, &parsed);
        let mut request = Self {
            is_connect: asks == Asks::Connect,
            asks,
            endpoint_method: method_of(&parsed),
            is_posted: exchange.request.method == "POST",
            misses_bytes: misses_bytes(body),
            ..Self::default()
        };
        if let Some(input) = parsed.input_value() {
            request.is_input = true;
            let last = input
                .get("messages")
                .and_then(Value::as_array)
                .and_then(<[Value]>::last);
            request.is_user_turn = last.and_then(|message| message.get("role")).and_then(Value::as_str) == Some("user");
            let text = |name: &str| input.get(name).and_then(Value::as_wtf8).cloned();
            request.thread_id = text("threadId");
            request.run_id = text("runId");
            request.has_state = input.get("state").is_some_and(|state| !matches!(state, Value::Null));
            request.resume = answered_in(input.get("resume"));
            for tool in input.get("tools").and_then(Value::as_array).unwrap_or_default() {
                if let Some(name) = tool.get("name").and_then(Value::as_wtf8) {
                    request.tools.insert(name.clone(), Tool::new(tool.get("parameters")));
                }
            }
        }
        let findings = parsed.problems.iter().filter_map(|problem| match problem.rule {
            problems::INPUT => Some(Violation::new(&INPUT_SHAPE, problem.message.clone())),
            problems::SPELLING => Some(Violation::new(&INPUT_SPELLING, problem.message.clone())),
            _ => None,
        });
        (request, findings.collect())
    }
}
