//! State, conversation and input.

use std::collections::BTreeMap;

use scrubjay_protocol::{
    input::Request,
    json::{Value, indented, to_json},
};
use scrubjay_session::{
    exchange::{Headers, HttpVersion},
    query::{Failed, Reader, StateQuery},
    shelf::Shelf,
};

use super::shown::shown;
use crate::{Input, InputView, ReadValue, State, StateTree, ValueView, visible};

/// Bytes of a value or a request body that are shown.
pub(super) const TEXT_LEN: usize = 1024 * 1024;
/// Lines of state, and messages, that one answer gives at most.
const LINES: u32 = 2_000;
/// Entries of a list of the input that are shown.
const ENTRIES: usize = 500;

pub(super) fn state<S: Shelf>(ask: &State, reader: &mut Reader<S>) -> Result<StateTree, Failed<S::Error>> {
    let tree = reader.state_tree(&StateQuery {
        at: ask.at,
        expanded: ask.expanded.clone(),
        changed_only: ask.changed_only,
        first: ask.first,
        count: ask.count.min(LINES),
    })?;
    Ok(shown(tree))
}

pub(super) fn value<S: Shelf>(ask: &ReadValue, reader: &mut Reader<S>) -> Result<ValueView, Failed<S::Error>> {
    let (text, cut) = reader.state_value(ask.at, &ask.pointer, TEXT_LEN)?;
    Ok(ValueView { text, cut })
}

pub(super) fn input<S: Shelf>(_: &Input, reader: &mut Reader<S>) -> Result<InputView, Failed<S::Error>> {
    let body = reader.request_body()?;
    let request = Request::read(&body);
    let input = request.input_value();
    let (text, cut) = body_text(&body, request.value.as_ref());
    let facts = reader.exchange();
    let response_headers = facts.response.as_ref().map(|head| shown_headers(&head.headers));
    let mut view = InputView {
        version: HttpVersion::as_str(facts.request.version).to_owned(),
        request_headers: shown_headers(&facts.request.headers),
        response_headers: response_headers.unwrap_or_default(),
        is_run_input: input.is_some(),
        body: text,
        cut,
        bytes: body.len() as u64,
        ..InputView::default()
    };
    if let Some(input) = input {
        describe(input, &mut view);
    }
    Ok(view)
}

fn describe(input: &Value, view: &mut InputView) {
    view.thread_id = word(input, "threadId").unwrap_or_default();
    view.run_id = word(input, "runId").unwrap_or_default();
    view.protocol_version = word(input, "protocolVersion");
    view.parent_run_id = word(input, "parentRunId");
    let mut roles: BTreeMap<String, u32> = BTreeMap::new();
    for message in list(input, "messages") {
        *roles.entry(word(message, "role").unwrap_or_default()).or_default() += 1;
    }
    view.messages = roles.into_iter().collect();
    view.tools = list(input, "tools")
        .iter()
        .take(ENTRIES)
        .filter_map(|tool| word(tool, "name"))
        .collect();
    view.context = list(input, "context").len() as u32;
    view.resume = list(input, "resume")
        .iter()
        .take(ENTRIES)
        .map(|entry| {
            (
                word(entry, "interruptId").unwrap_or_default(),
                word(entry, "status").unwrap_or_default(),
            )
        })
        .collect();
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).unwrap_or_default()
}

fn word(value: &Value, name: &str) -> Option<String> {
    Some(visible::line(&value.get(name)?.as_wtf8()?.to_str_lossy()))
}

fn shown_headers(headers: &Headers) -> Vec<(String, String)> {
    let shown =
        |(name, value): &(String, Vec<u8>)| (visible::line(name), visible::line(&String::from_utf8_lossy(value)));
    headers.iter().map(shown).collect()
}

/// Indented if it is JSON, else as it stands.
pub(super) fn body_text(body: &[u8], value: Option<&Value>) -> (String, bool) {
    let mut text = String::new();
    match value {
        Some(value) if body.len() <= 16 * TEXT_LEN => text = indented(&to_json(value), usize::MAX, TEXT_LEN),
        _ => text.push_str(&String::from_utf8_lossy(&body[..body.len().min(TEXT_LEN)])),
    }
    let cut = text.len() > TEXT_LEN || (value.is_none() && body.len() > TEXT_LEN);
    let mut end = text.len().min(TEXT_LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    (text, cut)
}
