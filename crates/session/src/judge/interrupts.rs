//! Interrupts that the runs of one stream raise, and what becomes of them.
//!
//! What the request answers was raised in an exchange before; that is judged where threads are known
//! ([`threads`](crate::threads)).

use scrubjay_protocol::{
    event::EventType,
    json::{Object, Value, Wtf8},
};

use super::{
    items::{answered_at, call_of},
    request::RunRequest,
    rule::{INTERRUPT_AGAIN, INTERRUPT_ANSWERED_CALL, INTERRUPT_DROPPED, INTERRUPT_NO_CALL, INTERRUPT_TWICE},
};
use crate::{
    fold::{BeforeEvent, Event, Violation, clipped},
    measures::frame_mark,
};

/// Interrupts of a run that are remembered.
pub(super) const OPEN: usize = 64;

/// An interrupt that waits for an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OpenInterrupt {
    pub(crate) id: Wtf8,
    /// Frame of the RUN_FINISHED that raised it.
    pub(crate) seq: u32,
    pub(crate) expires_at: Option<Wtf8>,
}

/// The interrupts of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Interrupts {
    /// Raised by the last run that finished.
    pub(super) open: Vec<OpenInterrupt>,
    /// The run that raised them.
    pub(super) raised_in: Wtf8,
    /// What the input of the run under way answers.
    pub(super) answered: Vec<Wtf8>,
    /// The run under way says that it goes on with the one that raised them.
    pub(super) goes_on: bool,
    pub(super) runs: u32,
}

impl Interrupts {
    pub(super) fn follow(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        request: &RunRequest,
        findings: &mut Vec<Violation>,
    ) {
        match event.kind {
            EventType::RunStarted => {
                let echoed = event.object("input").and_then(|input| input.get("resume"));
                self.answered = match (echoed, self.runs) {
                    (None, 0) => request.resume.clone(),
                    (echoed, _) => answered_in(echoed),
                };
                let parent = event.text("parentRunId");
                self.goes_on = parent.is_some_and(|parent| *parent == self.raised_in);
                self.runs = self.runs.saturating_add(1);
            }
            EventType::RunFinished => self.run_finishes(before, event, request, findings),
            _ => {}
        }
    }

    fn run_finishes(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        request: &RunRequest,
        findings: &mut Vec<Violation>,
    ) {
        let raised = raised_by(event.object("outcome"));
        judge_ids(&raised, findings);
        let ids: Vec<&Wtf8> = raised.iter().filter_map(|interrupt| id_of(interrupt)).collect();
        let again = ids.iter().copied().filter(|id| self.answered.contains(id));
        if let Some(names) = names(again) {
            let message = format!("the input of this run answers {names}, and the run ends with it again");
            findings.push(Violation::new(&INTERRUPT_AGAIN, message));
        }
        // A connect brings the runs of a conversation, and need not bring what the requests between them answered.
        if !before.is_lossy && !request.is_connect {
            // One that names the other as its parent may have been answered beside the stream.
            if !self.goes_on {
                self.judge_dropped(&ids, findings);
            }
            for interrupt in &raised {
                judge_call(before, interrupt, findings);
            }
        }
        self.answered.clear();
        self.raised_in = event.text("runId").cloned().unwrap_or_default();
        self.open = raised
            .iter()
            .take(OPEN)
            .map(|interrupt| open(interrupt, before.seq))
            .collect();
    }

    /// A run that finishes closes what the one before it left open.
    fn judge_dropped(&self, raised: &[&Wtf8], findings: &mut Vec<Violation>) {
        let is_dropped = |open: &&OpenInterrupt| !raised.contains(&&open.id) && !self.answered.contains(&open.id);
        let dropped: Vec<&OpenInterrupt> = self.open.iter().filter(is_dropped).collect();
        let Some(first) = dropped.first() else { return };
        let names = names(dropped.iter().map(|open| &open.id)).unwrap_or_default();
        let message = format!(
            "the run finishes, and {names}, raised at {}, is open no more though no input answered it",
            frame_mark(first.seq)
        );
        findings.push(Violation::new(&INTERRUPT_DROPPED, message));
    }
}

/// The call that an interrupt waits for is in the conversation, and has no result.
fn judge_call(before: &BeforeEvent<'_>, interrupt: &Value, findings: &mut Vec<Violation>) {
    let text = |name: &str| interrupt.get(name).and_then(Value::as_wtf8);
    let (Some(call), Some(id)) = (text("toolCallId"), text("id")) else {
        return;
    };
    // A sub-agent's calls need not be streamed.
    let is_own = text("subagentRunId").is_none();
    let (shown, id) = (call.to_str_lossy(), id.to_str_lossy());
    let (shown, id) = (clipped(&shown), clipped(&id));
    if call_of(before, call).is_none() {
        if !is_own {
            return;
        }
        let message = format!("interrupt '{id}' names call '{shown}', which no message of the conversation has");
        findings.push(Violation::new(&INTERRUPT_NO_CALL, message));
    } else if let Some(seq) = answered_at(before, call) {
        let place = match seq {
            0 => "in the request".to_owned(),
            seq => format!("at {}", frame_mark(seq)),
        };
        let message = format!("interrupt '{id}' names call '{shown}', which has its result {place}");
        findings.push(Violation::new(&INTERRUPT_ANSWERED_CALL, message));
    }
}

fn raised_by(outcome: Option<&Object>) -> Vec<Value> {
    let interrupts = outcome.and_then(|outcome| outcome.get("interrupts"));
    let interrupts = interrupts.and_then(Value::as_array).unwrap_or_default();
    interrupts.to_vec()
}

fn id_of(interrupt: &Value) -> Option<&Wtf8> {
    interrupt.get("id").and_then(Value::as_wtf8)
}

fn open(interrupt: &Value, seq: u32) -> OpenInterrupt {
    let text = |name: &str| interrupt.get(name).and_then(Value::as_wtf8).cloned();
    OpenInterrupt {
        id: text("id").unwrap_or_default(),
        seq,
        expires_at: text("expiresAt"),
    }
}

/// The interrupts that a `resume` answers.
pub(super) fn answered_in(resume: Option<&Value>) -> Vec<Wtf8> {
    let entries = resume.and_then(Value::as_array).unwrap_or_default();
    let ids = entries.iter().filter_map(|entry| entry.get("interruptId")?.as_wtf8());
    ids.take(OPEN).cloned().collect()
}

fn judge_ids(raised: &[Value], findings: &mut Vec<Violation>) {
    let mut ids: Vec<&Wtf8> = raised.iter().filter_map(id_of).collect();
    ids.sort_unstable();
    if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("two interrupts of the run have the id '{}'", pair[0]);
        findings.push(Violation::new(&INTERRUPT_TWICE, message));
    }
}

/// `interrupt 'a'`, `interrupts 'a', 'b'`; nothing for none.
fn names<'a>(ids: impl Iterator<Item = &'a Wtf8>) -> Option<String> {
    let named: Vec<String> = ids.map(|id| format!("'{}'", clipped(&id.to_str_lossy()))).collect();
    match named.as_slice() {
        [] => None,
        [one] => Some(format!("interrupt {one}")),
        several => Some(format!("interrupts {}", several.join(", "))),
    }
}
