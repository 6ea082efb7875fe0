//! Where runs begin and end.

use std::collections::HashSet;

use scrubjay_protocol::{
    event::EventType,
    json::{Object, Value, Wtf8},
};

use super::{
    items::{answered_at, call_of},
    reported::Reported,
    request::RunRequest,
    rule::{
        CALL_LEFT_OPEN, ID_MISMATCH, LEGACY_INTERRUPT, NEWER_VERSION, NO_RESULT, PENDING_CALLS, REPEATED_RUN_ID,
        RUN_AFTER_ERROR, RUN_FAILED, SECOND_RUN, SILENT_FAILURE, UNCLOSED, USAGE,
    },
};
use crate::{
    fold::{BeforeEvent, Event, Violation, clipped, text_of},
    measures,
};

/// Unanswered calls that are remembered in a run. Where there are more, the
/// list of pending ones is not judged.
const CALLS: usize = 256;
/// Calls named in a finding.
const NAMED: usize = 20;
/// Types of providers' own events that report an error.
const ERRORS: [&str; 4] = ["error", "on_chain_error", "on_llm_error", "on_chat_model_error"];

/// The run that is under way, or the last one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Runs {
    pub(super) count: u32,
    pub(super) thread_id: Wtf8,
    pub(super) run_id: Wtf8,
    /// Frame of its RUN_STARTED.
    pub(super) first_seq: u32,
    pub(super) failed: bool,
    /// A RAW event has reported an error, and nothing was said since.
    pub(super) raw_error: Option<u32>,
    /// Calls without a result, in the order of their starts.
    pub(super) unanswered: Vec<Wtf8>,
    /// A custom event explains calls without a result: `on_interrupt`, or
    /// `PredictState`, whose tools frontends answer without offering them.
    pub(super) leaves_calls_open: bool,
    /// Calls of the frontend's tools without a result, once the run has finished.
    pub(super) left_open: Vec<Wtf8>,
}

impl Runs {
    pub(super) fn started(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        request: &RunRequest,
        findings: &mut Vec<Violation>,
    ) {
        if self.count > 0 {
            let (rule, after) = match self.failed {
                true => (&RUN_AFTER_ERROR, "RUN_ERROR"),
                false => (&SECOND_RUN, "RUN_FINISHED"),
            };
            let message = format!("run {} on one stream, after {after}", self.count + 1);
            findings.push(Violation::new(rule, message));
            if !request.is_connect {
                self.follows_another(before, event, findings);
            }
        }
        *self = Self {
            count: self.count.saturating_add(1),
            thread_id: event.required("threadId").clone(),
            run_id: event.required("runId").clone(),
            first_seq: before.seq,
            ..Self::default()
        };
        if !request.is_connect {
            // The runs after the first have ids of their own.
            let run_id = if self.count == 1 { &request.run_id } else { &None };
            self.compare("request's", &[&request.thread_id, run_id], event, findings);
        }
        judge_version(event, findings);
    }

    /// What the run before has left for a run on the same stream.
    fn follows_another(&self, before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
        let run_id = event.required("runId");
        if *run_id == self.run_id {
            let message = format!("the run before it on this stream has the runId '{run_id}', too");
            findings.push(Violation::new(&REPEATED_RUN_ID, message));
        }
        let open = self.left_open.iter().filter(|id| answered_at(before, id).is_none());
        let calls: Vec<String> = open.filter_map(|id| Some(named(id, &tool_of(before, id)?))).collect();
        if !calls.is_empty() {
            let message = format!(
                "the next run begins, and the frontend has not answered: {}",
                listed(&calls)
            );
            findings.push(Violation::new(&CALL_LEFT_OPEN, message));
        }
    }

    /// Whether something else explains that nothing follows a result.
    pub(super) fn explains_end(&self, event: &Event) -> bool {
        let outcome = event.object("outcome");
        let kind = outcome.and_then(|outcome| outcome.get("type")).and_then(Value::as_str);
        kind.is_some_and(|kind| kind != "success")
            || self.leaves_calls_open
            || self.raw_error.is_some()
            || !self.unanswered.is_empty()
            || !pending_in(outcome).is_empty()
    }

    /// Compares the ids of a boundary event with those that came before.
    fn compare(&self, whose: &str, known: &[&Option<Wtf8>; 2], event: &Event, findings: &mut Vec<Violation>) {
        let names = ["threadId", "runId"];
        let differ = names.iter().zip(known).filter_map(|(name, known)| {
            let (known, said) = (known.as_ref()?, event.text(name)?);
            (known != said).then(|| {
                let known = known.to_str_lossy();
                format!("{name} is '{said}', and the {whose} is '{}'", clipped(&known))
            })
        });
        let differ: Vec<String> = differ.collect();
        if !differ.is_empty() {
            let message = format!("{}: {}", event.name(), differ.join("; "));
            findings.push(Violation::new(&ID_MISMATCH, message));
        }
    }

    pub(super) fn finished(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        request: &RunRequest,
        findings: &mut Vec<Violation>,
    ) {
        if self.count > 0 {
            let own = [&Some(self.thread_id.clone()), &Some(self.run_id.clone())];
            self.compare("run's", &own, event, findings);
        }
        judge_usage(event, findings);
        let outcome = event.object("outcome");
        let kind = outcome.and_then(|outcome| outcome.get("type")).and_then(Value::as_str);
        if kind.is_none_or(|kind| kind == "success") {
            self.succeeded(outcome, findings);
            if !self.leaves_calls_open && pending_in(outcome).is_empty() {
                judge_unanswered(&self.unanswered, before, request, findings);
            }
        }
        let offered = |id: &Wtf8| tool_of(before, id).is_some_and(|name| request.tools.contains_key(&name));
        self.left_open = std::mem::take(&mut self.unanswered);
        self.left_open.retain(offered);
    }

    fn succeeded(&mut self, outcome: Option<&Object>, findings: &mut Vec<Violation>) {
        if let Some(seq) = self.raw_error.take() {
            let message = format!(
                "RAW of {} reports an error, nothing came of the run after it, and it finished as a success",
                measures::frame(seq)
            );
            findings.push(Violation::new(&SILENT_FAILURE, message));
        }
        let listed = pending_in(outcome);
        let is_known = self.unanswered.len() < CALLS;
        if listed.is_empty() || !is_known || listed.iter().copied().eq(&self.unanswered) {
            return;
        }
        let names = |ids: &mut dyn Iterator<Item = &Wtf8>| {
            let names: Vec<String> = ids
                .take(NAMED)
                .map(|id| clipped(&id.to_str_lossy()).into_owned())
                .collect();
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        };
        let message = format!(
            "pendingToolCallIds names {}, and unanswered are: {}",
            names(&mut listed.into_iter()),
            names(&mut self.unanswered.iter())
        );
        findings.push(Violation::new(&PENDING_CALLS, message));
    }

    pub(super) fn failed(&mut self, before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
        self.failed = true;
        self.raw_error = None;
        let code = event.text("code").map(|code| format!(" ({code})")).unwrap_or_default();
        let message = format!("the agent reports: {}{code}", event.required("message"));
        findings.push(Violation::new(&RUN_FAILED, message));
        judge_usage(event, findings);
        if before.open.count() > 0 {
            let message = format!("RUN_ERROR came while items were open: {}", before.open.names());
            findings.push(Violation::new(&UNCLOSED, message));
        }
    }

    /// What an event says about how the run goes.
    pub(super) fn follow(&mut self, seq: u32, event: &Event, reported: &mut Reported, findings: &mut Vec<Violation>) {
        use EventType as E;
        match event.kind {
            E::Raw if reports_error(event) => self.raw_error = Some(seq),
            E::Custom => {
                self.raw_error = None;
                let is_interrupt = *event.required("name") == *"on_interrupt";
                self.leaves_calls_open |= is_interrupt || *event.required("name") == *"PredictState";
                if is_interrupt && reported.is_first("compat.on_interrupt", b"") {
                    let message = "CUSTOM on_interrupt tells of an interrupt, as adapters did before protocol 0.0.54";
                    findings.push(Violation::new(&LEGACY_INTERRUPT, message));
                }
            }
            E::ToolCallStart => {
                self.raw_error = None;
                let id = event.required("toolCallId");
                if self.unanswered.len() < CALLS && !self.unanswered.contains(id) {
                    self.unanswered.push(id.clone());
                }
            }
            E::ToolCallResult => {
                self.raw_error = None;
                let id = event.required("toolCallId");
                self.unanswered.retain(|unanswered| unanswered != id);
            }
            E::MessagesSnapshot => {
                self.raw_error = None;
                self.answered_in(event);
            }
            E::TextMessageContent
            | E::ReasoningMessageContent
            | E::ToolCallArgs
            | E::StateSnapshot
            | E::StateDelta
            | E::ActivitySnapshot
            | E::ActivityDelta => self.raw_error = None,
            _ => {}
        }
    }

    /// A snapshot may bring results that were not streamed.
    fn answered_in(&mut self, event: &Event) {
        let messages = event.get("messages").and_then(Value::as_array).unwrap_or_default();
        let answered: HashSet<&Wtf8> = messages
            .iter()
            .filter_map(|message| message.get("toolCallId").and_then(Value::as_wtf8))
            .collect();
        self.unanswered.retain(|id| !answered.contains(id));
    }
}

/// The calls that a run's outcome says are pending.
fn pending_in(outcome: Option<&Object>) -> Vec<&Wtf8> {
    let listed = outcome.and_then(|outcome| outcome.get("pendingToolCallIds"));
    let listed = listed.and_then(Value::as_array).unwrap_or_default();
    listed.iter().filter_map(Value::as_wtf8).collect()
}

/// Calls of the agent's own tools that the end of a run leaves without a result.
fn judge_unanswered(
    unanswered: &[Wtf8],
    before: &BeforeEvent<'_>,
    request: &RunRequest,
    findings: &mut Vec<Violation>,
) {
    // What a connect brings is a part of the conversation, and the frontend's tools are not in its request.
    if before.is_lossy || !request.is_input || request.is_connect {
        return;
    }
    let calls: Vec<String> = unanswered
        .iter()
        .filter(|id| answered_at(before, id).is_none())
        .filter_map(|id| Some((id, tool_of(before, id)?)))
        .filter(|(_, name)| !request.tools.contains_key(name))
        .map(|(id, name)| named(id, &name))
        .collect();
    if calls.is_empty() {
        return;
    }
    let message = format!(
        "the run finished as a success, and no result came for: {}",
        listed(&calls)
    );
    findings.push(Violation::new(&NO_RESULT, message));
}

/// The name of the tool that a call is of.
fn tool_of(before: &BeforeEvent<'_>, id: &Wtf8) -> Option<Wtf8> {
    let (call, _) = call_of(before, id)?;
    let name = text_of(call.get("function")?, "name")?;
    Some(Wtf8::from_bytes(name.to_vec()))
}

fn named(id: &Wtf8, tool: &Wtf8) -> String {
    let (id, tool) = (id.to_str_lossy(), tool.to_str_lossy());
    format!("call '{}' of tool '{}'", clipped(&id), clipped(&tool))
}

/// The first calls, and how many there are beside them.
fn listed(calls: &[String]) -> String {
    let more = match calls.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{}{more}", calls[..calls.len().min(NAMED)].join("; "))
}

fn reports_error(event: &Event) -> bool {
    let Some(raw) = event.object("event") else { return false };
    ["event", "type"]
        .iter()
        .filter_map(|name| raw.get(name).and_then(Value::as_str))
        .any(|kind| ERRORS.contains(&kind))
}

fn judge_version(event: &Event, findings: &mut Vec<Violation>) {
    let Some(version) = event.text("protocolVersion") else {
        return;
    };
    let text = version.to_str_lossy();
    let parts = text.split_once('.').and_then(|(major, minor)| {
        let number = |part: &str| {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u32>().ok()).flatten()
        };
        Some((number(major)?, number(minor)?))
    });
    let message = match parts {
        None => format!("protocolVersion is '{text}', which is not MAJOR.MINOR"),
        Some(parts) if parts > (1, 0) => format!("protocolVersion is '{text}', and the official client speaks 1.0"),
        Some(_) => return,
    };
    findings.push(Violation::new(&NEWER_VERSION, message));
}

fn judge_usage(event: &Event, findings: &mut Vec<Violation>) {
    for usage in event.get("usage").and_then(Value::as_array).unwrap_or_default() {
        let count = |name| usage.get(name).and_then(Value::as_f64);
        let (input, output) = (count("inputTokens"), count("outputTokens"));
        if let (Some(input), Some(output), Some(total)) = (input, output, count("totalTokens"))
            && (input + output - total).abs() >= 1.0
        {
            let message = format!(
                "totalTokens is {total}, and inputTokens {input} and outputTokens {output} make {}",
                input + output
            );
            findings.push(Violation::new(&USAGE, message));
        }
        for (part, whole, name) in [
            ("reasoningTokens", output, "outputTokens"),
            ("cachedInputTokens", input, "inputTokens"),
            ("cacheWriteInputTokens", input, "inputTokens"),
        ] {
            if let (Some(some), Some(whole)) = (count(part), whole)
                && some > whole
            {
                let message = format!("{part} is {some}, more than {name}, {whole}, of which it is a part");
                findings.push(Violation::new(&USAGE, message));
            }
        }
    }
}
