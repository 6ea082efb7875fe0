//! The verifier's rules, V01 to V19.

use super::{GIVES_UP, rules};

const LIFECYCLE: &str = "Events, Lifecycle Events";
const TEXT: &str = "Events, Text Message Events";
const TOOLS: &str = "Events, Tool Call Events";
const REASONING: &str = "Reasoning, Reasoning Events";
const SUBAGENTS: &str = "Events, Subagent Events";

rules! {
    V01 "V01" Error true
        "event after RUN_ERROR"
        "Once RUN_ERROR has come, only RUN_STARTED may follow."
        LIFECYCLE, GIVES_UP,
        "Return after sending RUN_ERROR; a common cause is a finally block that always sends RUN_FINISHED."
        [TypeScript1]
    V02 "V02" Error true
        "event after RUN_FINISHED"
        "Once RUN_FINISHED has come, only RUN_STARTED or RUN_ERROR may follow."
        LIFECYCLE, GIVES_UP,
        "Send RUN_FINISHED once, as the last event of the run, after everything that is still queued."
        [TypeScript1]
    V03 "V03" Error true
        "stream does not begin with a run"
        "The first event of a known type must be RUN_STARTED or RUN_ERROR."
        LIFECYCLE, GIVES_UP,
        "Send RUN_STARTED before anything else, snapshots included."
        [TypeScript1]
    V04 "V04" Error true
        "run inside a run"
        "RUN_STARTED came while the run before it had neither finished nor failed."
        LIFECYCLE, GIVES_UP,
        "End the run before with RUN_FINISHED or RUN_ERROR; what a sub-agent does is marked with subagentRunId, not with a run of its own."
        [TypeScript1]
    V05 "V05" Error true
        "null sub-agent tag"
        "subagentRunId is optional; null is not a way to leave it out."
        SUBAGENTS, GIVES_UP,
        "Leave the member out when the parent agent speaks."
        [TypeScript1]
    V06 "V06" Error true
        "null or bad member of a sub-agent event"
        "Optional members of SUBAGENT_* are left out, not null; an outcome is success or suspended."
        SUBAGENTS, GIVES_UP,
        "Leave out what is not known, and use one of the two outcomes."
        [TypeScript1]
    V07 "V07" Error true
        "text message opened twice"
        "TEXT_MESSAGE_START came for an id that is still open."
        TEXT, GIVES_UP,
        "Send TEXT_MESSAGE_END first, or use a new messageId. START followed by CHUNK of the same message does this, too."
        [TypeScript1]
    V08 "V08" Error true
        "text without an open message"
        "TEXT_MESSAGE_CONTENT or TEXT_MESSAGE_END names an id that is not open."
        TEXT, GIVES_UP,
        "Send TEXT_MESSAGE_START with this messageId before, also when text goes on after a tool call; send END once."
        [TypeScript1]
    V09 "V09" Error true
        "tool call opened twice"
        "TOOL_CALL_START came for an id that is still open."
        TOOLS, GIVES_UP,
        "Send TOOL_CALL_END first, or use a toolCallId of its own for each call."
        [TypeScript1]
    V10 "V10" Error true
        "arguments without an open tool call"
        "TOOL_CALL_ARGS or TOOL_CALL_END names an id that is not open."
        TOOLS, GIVES_UP,
        "Send TOOL_CALL_START before, and nothing for the call after its TOOL_CALL_END."
        [TypeScript1]
    V11 "V11" Error true
        "step opened twice"
        "STEP_STARTED came for a name that is still open under the same owner."
        LIFECYCLE, GIVES_UP,
        "Finish the step first, or give steps that overlap different names."
        [TypeScript1]
    V12 "V12" Error true
        "step finished that is not open"
        "STEP_FINISHED names a step that was not started, or that somebody else started."
        LIFECYCLE, GIVES_UP,
        "Use the stepName and the subagentRunId of the STEP_STARTED; steps of another request do not belong here."
        [TypeScript1]
    V13 "V13" Error true
        "reasoning opened twice"
        "REASONING_START or REASONING_MESSAGE_START came for an id that is still open. Clients before 1.0 did not check this."
        REASONING, GIVES_UP,
        "End the message or the span first, or use a new id."
        [TypeScript1]
    V14 "V14" Error true
        "reasoning that is not open"
        "Content or an end names a reasoning message or span that is not open. Clients before 1.0 did not check this."
        REASONING, GIVES_UP,
        "Send REASONING_START and REASONING_MESSAGE_START with these ids before; a span and its message are two things, and each is opened."
        [TypeScript1]
    V15 "V15" Error true
        "sub-agent started wrongly"
        "SUBAGENT_STARTED needs an id and a name, an id that was not used in this run, and a parent that was started."
        SUBAGENTS, GIVES_UP,
        "Make a new subagentRunId for each start, and start parents before children."
        [TypeScript1]
    V16 "V16" Error true
        "sub-agent ended wrongly"
        "SUBAGENT_FINISHED or SUBAGENT_ERROR needs the id of an active sub-agent; an error needs a message."
        SUBAGENTS, GIVES_UP,
        "End a sub-agent once, with the id of its start."
        [TypeScript1]
    V17 "V17" Error true
        "event under another owner than its item's"
        "A tag on a continuation differs from the sub-agent that opened the item."
        SUBAGENTS, GIVES_UP,
        "Tag every event of an item as its opener is tagged, or not at all."
        [TypeScript1]
    V18 "V18" Error true
        "tool call under another owner than its message's"
        "A tool call belongs to the message that carries it, so both have one owner."
        SUBAGENTS, GIVES_UP,
        "Give the call a parentMessageId of the same sub-agent, or none."
        [TypeScript1]
    V19 "V19" Error true
        "run finished with open items"
        "RUN_FINISHED came while steps, messages, reasoning, tool calls or sub-agents were open. Clients before 1.0 did not look at reasoning."
        LIFECYCLE, GIVES_UP,
        "Close what is open before RUN_FINISHED, also on the paths of errors and of cancelling."
        [TypeScript1]
}
