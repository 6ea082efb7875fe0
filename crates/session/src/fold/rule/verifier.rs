//! The verifier's rules, V01 to V19.

use super::{Client::TypeScript, GIVES_UP, Rule, Severity::Error, rules};

const LIFECYCLE: &str = "Events, Lifecycle Events";
const TEXT: &str = "Events, Text Message Events";
const TOOLS: &str = "Events, Tool Call Events";
const REASONING: &str = "Reasoning, Reasoning Events";
const SUBAGENTS: &str = "Events, Subagent Events";

rules! {
    V01 = Rule {
        id: "V01", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "event after RUN_ERROR",
        explanation: "Once RUN_ERROR has come, only RUN_STARTED may follow.",
        clause: LIFECYCLE,
        effect: GIVES_UP,
        fix: "Return after sending RUN_ERROR; a common cause is a finally block that always sends RUN_FINISHED.",
    };
    V02 = Rule {
        id: "V02", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "event after RUN_FINISHED",
        explanation: "Once RUN_FINISHED has come, only RUN_STARTED or RUN_ERROR may follow.",
        clause: LIFECYCLE,
        effect: GIVES_UP,
        fix: "Send RUN_FINISHED once, as the last event of the run, after everything that is still queued.",
    };
    V03 = Rule {
        id: "V03", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "stream does not begin with a run",
        explanation: "The first event of a known type must be RUN_STARTED or RUN_ERROR.",
        clause: LIFECYCLE,
        effect: GIVES_UP,
        fix: "Send RUN_STARTED before anything else, snapshots included.",
    };
    V04 = Rule {
        id: "V04", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "run inside a run",
        explanation: "RUN_STARTED came while the run before it had neither finished nor failed.",
        clause: LIFECYCLE,
        effect: GIVES_UP,
        fix: "End the run before with RUN_FINISHED or RUN_ERROR; what a sub-agent does is marked with subagentRunId, not with a run of its own.",
    };
    V05 = Rule {
        id: "V05", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "null sub-agent tag",
        explanation: "subagentRunId is optional; null is not a way to leave it out.",
        clause: SUBAGENTS,
        effect: GIVES_UP,
        fix: "Leave the member out when the parent agent speaks.",
    };
    V06 = Rule {
        id: "V06", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "null or bad member of a sub-agent event",
        explanation: "Optional members of SUBAGENT_* are left out, not null; an outcome is success or suspended.",
        clause: SUBAGENTS,
        effect: GIVES_UP,
        fix: "Leave out what is not known, and use one of the two outcomes.",
    };
    V07 = Rule {
        id: "V07", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "text message opened twice",
        explanation: "TEXT_MESSAGE_START came for an id that is still open.",
        clause: TEXT,
        effect: GIVES_UP,
        fix: "Send TEXT_MESSAGE_END first, or use a new messageId. START followed by CHUNK of the same message does this, too.",
    };
    V08 = Rule {
        id: "V08", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "text without an open message",
        explanation: "TEXT_MESSAGE_CONTENT or TEXT_MESSAGE_END names an id that is not open.",
        clause: TEXT,
        effect: GIVES_UP,
        fix: "Send TEXT_MESSAGE_START with this messageId before, also when text goes on after a tool call; send END once.",
    };
    V09 = Rule {
        id: "V09", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "tool call opened twice",
        explanation: "TOOL_CALL_START came for an id that is still open.",
        clause: TOOLS,
        effect: GIVES_UP,
        fix: "Send TOOL_CALL_END first, or use a toolCallId of its own for each call.",
    };
    V10 = Rule {
        id: "V10", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "arguments without an open tool call",
        explanation: "TOOL_CALL_ARGS or TOOL_CALL_END names an id that is not open.",
        clause: TOOLS,
        effect: GIVES_UP,
        fix: "Send TOOL_CALL_START before, and nothing for the call after its TOOL_CALL_END.",
    };
    V11 = Rule {
        id: "V11", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "step opened twice",
        explanation: "STEP_STARTED came for a name that is still open under the same owner.",
        clause: LIFECYCLE,
        effect: GIVES_UP,
        fix: "Finish the step first, or give steps that overlap different names.",
    };
    V12 = Rule {
        id: "V12", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "step finished that is not open",
        explanation: "STEP_FINISHED names a step that was not started, or that somebody else started.",
        clause: LIFECYCLE,
        effect: GIVES_UP,
        fix: "Use the stepName and the subagentRunId of the STEP_STARTED; steps of another request do not belong here.",
    };
    V13 = Rule {
        id: "V13", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "reasoning opened twice",
        explanation: "REASONING_START or REASONING_MESSAGE_START came for an id that is still open. Clients before 1.0 did not check this.",
        clause: REASONING,
        effect: GIVES_UP,
        fix: "End the message or the span first, or use a new id.",
    };
    V14 = Rule {
        id: "V14", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "reasoning that is not open",
        explanation: "Content or an end names a reasoning message or span that is not open. Clients before 1.0 did not check this.",
        clause: REASONING,
        effect: GIVES_UP,
        fix: "Send REASONING_START and REASONING_MESSAGE_START with these ids before; a span and its message are two things, and each is opened.",
    };
    V15 = Rule {
        id: "V15", severity: Error, stops: true, fails: &[TypeScript("0.0.59 to 1.0.0")],
        title: "sub-agent started wrongly",
        explanation: "SUBAGENT_STARTED needs an id and a name, an id that was not used in this run, and a parent that was started.",
        clause: SUBAGENTS,
        effect: GIVES_UP,
        fix: "Make a new subagentRunId for each start, and start parents before children.",
    };
    V16 = Rule {
        id: "V16", severity: Error, stops: true, fails: &[TypeScript("0.0.59 to 1.0.0")],
        title: "sub-agent ended wrongly",
        explanation: "SUBAGENT_FINISHED or SUBAGENT_ERROR needs the id of an active sub-agent; an error needs a message.",
        clause: SUBAGENTS,
        effect: GIVES_UP,
        fix: "End a sub-agent once, with the id of its start.",
    };
    V17 = Rule {
        id: "V17", severity: Error, stops: true, fails: &[TypeScript("0.0.59 to 1.0.0")],
        title: "event under another owner than its item's",
        explanation: "A tag on a continuation differs from the sub-agent that opened the item.",
        clause: SUBAGENTS,
        effect: GIVES_UP,
        fix: "Tag every event of an item as its opener is tagged, or not at all.",
    };
    V18 = Rule {
        id: "V18", severity: Error, stops: true, fails: &[TypeScript("0.0.59 to 1.0.0")],
        title: "tool call under another owner than its message's",
        explanation: "A tool call belongs to the message that carries it, so both have one owner.",
        clause: SUBAGENTS,
        effect: GIVES_UP,
        fix: "Give the call a parentMessageId of the same sub-agent, or none.",
    };
    V19 = Rule {
        id: "V19", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 0.0.44, 1.0.0")],
        title: "run finished with open items",
        explanation: "RUN_FINISHED came while steps, messages, reasoning, tool calls or sub-agents were open. Which releases give up depends on what is open, and a finding names those of its own; releases before 0.0.45 know no reasoning, and those before 0.0.59 no sub-agents.",
        clause: LIFECYCLE,
        effect: GIVES_UP,
        fix: "Close what is open before RUN_FINISHED, also on the paths of errors and of cancelling.",
    };
}

/// Releases that give up at RUN_FINISHED while items of a kind are open (`tests/judge/clients.jsonl`). A list holds
/// those after it, so that of several kinds the first decides.
pub const OPEN_ITEMS: [(&str, &str); 6] = [
    ("steps", "0.0.34 to 1.0.0"),
    ("text messages", "0.0.34 to 1.0.0"),
    ("tool calls", "0.0.34 to 1.0.0"),
    ("sub-agents", "0.0.59 to 1.0.0"),
    ("reasoning messages", "1.0.0"),
    ("reasoning spans", "1.0.0"),
];

/// Releases that give up at RUN_FINISHED while items of these kinds are open.
pub(crate) fn fails_at_open(kinds: &[&str]) -> Option<&'static str> {
    let known = OPEN_ITEMS.iter().find(|(kind, _)| kinds.contains(kind));
    known.map(|(_, versions)| *versions)
}
