//! What the request asked for, as far as the answer is held to it.

use std::collections::BTreeMap;

use scrubjay_protocol::{
    input::Request,
    json::{Value, Wtf8},
    problem::rule as problems,
};

use super::{
    arguments::Tool,
    rule::{INPUT_SHAPE, INPUT_SPELLING},
};
use crate::{
    exchange::Exchange,
    fold::Broken,
    recognise::{Asks, asks},
};

/// The request.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The body is a run input.
    pub(super) is_input: bool,
    /// It asks for what was said before, not for a new run.
    pub(super) is_connect: bool,
    pub(super) thread_id: Option<Wtf8>,
    pub(super) run_id: Option<Wtf8>,
    /// What the frontend offers, by name.
    pub(super) tools: BTreeMap<Wtf8, Tool>,
}

impl Asked {
    /// Reads a request, with what is wrong with it.
    pub(super) fn read(exchange: &Exchange, body: &[u8]) -> (Self, Vec<Broken>) {
        let request = Request::read(body);
        let mut asked = Self {
            is_connect: asks(&exchange.request, &request) == Asks::Connect,
            ..Self::default()
        };
        if let Some(input) = request.input_value() {
            asked.is_input = true;
            let text = |name: &str| input.get(name).and_then(Value::as_wtf8).cloned();
            asked.thread_id = text("threadId");
            asked.run_id = text("runId");
            for tool in input.get("tools").and_then(Value::as_array).unwrap_or_default() {
                if let Some(name) = tool.get("name").and_then(Value::as_wtf8) {
                    asked.tools.insert(name.clone(), Tool::new(tool.get("parameters")));
                }
            }
        }
        let findings = request.problems.iter().filter_map(|problem| match problem.rule {
            problems::INPUT => Some(Broken::new(&INPUT_SHAPE, problem.message.clone())),
            problems::SPELLING => Some(Broken::new(&INPUT_SPELLING, problem.message.clone())),
            _ => None,
        });
        (asked, findings.collect())
    }
}
