//! Calls that the request brings with it: a run that resumes gives results of calls that an earlier run made.

use std::{collections::BTreeMap, sync::Arc};

use scrubjay_protocol::{
    input::Request,
    json::{Value, Wtf8},
};

use super::{Failed, Reader, answer::*, describe};
use crate::shelf::Shelf;

/// Names of calls by their ids.
pub(crate) type Calls = BTreeMap<String, String>;

impl<S: Shelf> Reader<S> {
    /// What a span is called: a result whose call came with the request, by the name of the tool.
    pub(crate) fn subject_of(&mut self, span: &Span) -> Result<String, Failed<S::Error>> {
        let subject = describe::span_subject(span);
        if !describe::is_result_alone(span) || !span.name.is_empty() {
            return Ok(subject);
        }
        let calls = self.calls_of_request()?;
        Ok(calls.get(&span.id).cloned().unwrap_or(subject))
    }

    fn calls_of_request(&mut self) -> Result<Arc<Calls>, Failed<S::Error>> {
        if let Some(calls) = &self.calls {
            return Ok(Arc::clone(calls));
        }
        let calls = Arc::new(calls_in(&self.request_body()?));
        self.calls = Some(Arc::clone(&calls));
        Ok(calls)
    }
}

fn calls_in(body: &[u8]) -> Calls {
    let request = Request::read(body);
    let input = request.input_value();
    let messages = list(input.and_then(|input| input.get("messages")));
    let calls = messages.iter().flat_map(|message| list(message.get("toolCalls")));
    let named = calls.filter_map(|call| {
        let name = call.get("function")?.get("name")?.as_wtf8()?;
        Some((words(call.get("id")?.as_wtf8()?), words(name)))
    });
    named.collect()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).unwrap_or_default()
}

fn words(text: &Wtf8) -> String {
    text.to_str_lossy().into_owned()
}
