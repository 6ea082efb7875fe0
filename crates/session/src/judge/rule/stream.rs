//! Rules about what a stream says.

use crate::fold::rule::{
    Client::{Cpp, Dart, DotNet, Go, Python, Rust, TypeScript},
    Rule,
    Severity::{Error, Note, Warning},
    rules,
};

const LIFECYCLE: &str = "Events, Lifecycle Events";
const TEXT: &str = "Events, Text Message Events";
const TOOLS: &str = "Events, Tool Call Events";
const TOOL_STRUCTURE: &str = "Tools, Tool Structure";
const FRONTEND: &str = "Tools, Frontend-Defined Tools";
const STATE: &str = "State Management";
const PATCH: &str = "State Management, JSON Patch Format (RFC 6902)";
const MESSAGES: &str = "Messages, Message Synchronization";
const ACTIVITY: &str = "Events, Activity Events";
const INPUT: &str = "SDK reference, RunAgentInput";
const INTERRUPTS: &str = "Interrupts";
const EVENT_TYPES: &str = "SDK reference, Event types";

rules! {
    RUN_FAILED = Rule {
        id: "run.error", severity: Warning, stops: false, fails: &[],
        title: "run ended by RUN_ERROR",
        explanation: "The agent says that the run failed. The protocol was kept; whatever the run was for was not done.",
        clause: LIFECYCLE,
        effect: "The client hands the message to its subscribers; messages and state stay as they are.",
        fix: "Read the message, and the frames before it.",
    };
    TRUNCATED = Rule {
        id: "run.truncated", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "body ended inside a run",
        explanation: "The body ended as HTTP says it should, and neither RUN_FINISHED nor RUN_ERROR came. The protocol calls such a run truncated. It breaks @ag-ui/client 1.0.0 in that `runAgent` resolves as if the run had succeeded.",
        clause: LIFECYCLE,
        effect: "@ag-ui/client 1.0.0 reports success; what was open stays open, so a page goes on showing that it waits.",
        fix: "Send RUN_ERROR from the handler that catches everything; look for a process that was ended and for a proxy's time limit.",
    };
    SILENT_FAILURE = Rule {
        id: "run.silent_failure", severity: Warning, stops: false, fails: &[],
        title: "error inside a run that finished well",
        explanation: "A RAW event reports an error, nothing was said or done after it, and the run finished as a success.",
        clause: LIFECYCLE,
        effect: "The client shows a run that ended well and has nothing to show for it.",
        fix: "Send RUN_ERROR where the provider's error is caught.",
    };
    ID_MISMATCH = Rule {
        id: "run.id_mismatch", severity: Warning, stops: false, fails: &[],
        title: "ids that are not those of the request",
        explanation: "threadId or runId of a run's first or last event differ from the request's, or from each other.",
        clause: LIFECYCLE,
        effect: "The official client does not look; pages that keep runs by id lose the answer.",
        fix: "Copy threadId and runId from the input into RUN_STARTED and RUN_FINISHED.",
    };
    NEWER_VERSION = Rule {
        id: "run.version", severity: Note, stops: false, fails: &[],
        title: "protocol version that is not 1.0",
        explanation: "RUN_STARTED declares a newer version than the official client speaks, or none that can be read as MAJOR.MINOR.",
        clause: LIFECYCLE,
        effect: "The official client warns and goes on.",
        fix: "Declare the version that the agent speaks, as MAJOR.MINOR.",
    };
    SECOND_RUN = Rule {
        id: "run.several", severity: Note, stops: false, fails: &[TypeScript("0.0.34 to 0.0.36")],
        title: "several runs on one stream",
        explanation: "A run follows a finished one in one answer. That is legal since @ag-ui/client 0.0.37.",
        clause: LIFECYCLE,
        effect: "The official client goes on: messages accumulate, state stays.",
        fix: "Nothing, unless older clients are served.",
    };
    RUN_AFTER_ERROR = Rule {
        id: "run.after_error", severity: Note, stops: false, fails: &[TypeScript("0.0.34 to 0.0.58")],
        title: "run after a failed one on one stream",
        explanation: "A run follows RUN_ERROR in one answer. That is legal since @ag-ui/client 0.0.59.",
        clause: LIFECYCLE,
        effect: "The official client goes on with the new run; older ones give up, so a history that is sent again stops at the run that failed.",
        fix: "Nothing, unless older clients are served: then leave runs that failed out of an answer that has several.",
    };
    NOTHING_SAID = Rule {
        id: "run.nothing_said", severity: Note, stops: false, fails: &[],
        title: "success without a text after the last result",
        explanation: "The run finished as a success. After its last TOOL_CALL_RESULT came no text, and no change of the state, activity, custom event or result of the run in its place. Most often the model returned an empty answer. Nothing is said where no text need be missing: the last message of the request is not a user's, a tool of the frontend was called, or one whose name says that the agent speaks by it (final_result, render_card, ask_user), or the agent has answered before and never with a text.",
        clause: LIFECYCLE,
        effect: "The client shows the call and its result, and no answer.",
        fix: "Ask the model again when its answer is empty, or send RUN_ERROR; nothing, if the agent speaks through its tools.",
    };
    REPEATED_RUN_ID = Rule {
        id: "run.repeated_id", severity: Note, stops: false, fails: &[],
        title: "two runs under one runId",
        explanation: "RUN_STARTED has the runId of the run before it on the same stream.",
        clause: LIFECYCLE,
        effect: "The official client does not look; pages and logs that keep runs by id take both for one.",
        fix: "Give each run an id of its own; look for an agent that is asked twice for one request.",
    };
    EMPTY_DELTA = Rule {
        id: "item.empty_delta", severity: Note, stops: false, fails: &[TypeScript("0.0.34 to 0.0.49")],
        title: "delta without anything in it",
        explanation: "An event that goes on with a text or with arguments has an empty delta. It is reported once for each type of event.",
        clause: TEXT,
        effect: "None in the official client, except for the bytes.",
        fix: "Leave out pieces of the model's answer that have no text.",
    };
    TEXT_REPEATED = Rule {
        id: "text.repeated", severity: Note, stops: false, fails: &[],
        title: "delta that says the text again",
        explanation: "A delta of 40 bytes or more begins with the whole text of its message so far, or with the whole delta before it. Most often the agent sends the text so far, or the whole text at its end, in the place of what is new.",
        clause: TEXT,
        effect: "The client appends each delta, so the text stands there twice or more.",
        fix: "Send in each delta only what is new.",
    };
    RESULT_EARLY = Rule {
        id: "call.early_result", severity: Note, stops: false, fails: &[TypeScript("0.0.34 to 0.0.36")],
        title: "result before the end of its call",
        explanation: "TOOL_CALL_RESULT came while the call was open, so its arguments may not have been complete. It is reported once.",
        clause: TOOLS,
        effect: "The official client takes the result; pages that wait for TOOL_CALL_END show it late, or show the call as running.",
        fix: "Send TOOL_CALL_END when the arguments are complete, and the result after it.",
    };
    CALL_LEFT_OPEN = Rule {
        id: "call.left_open", severity: Note, stops: false, fails: &[],
        title: "next run before the frontend has answered",
        explanation: "A run has called a tool that the request offers, and the next run on the same stream begins without its result.",
        clause: FRONTEND,
        effect: "The client gets no chance to answer between the runs; the call stays without a result, or the frontend answers it too late.",
        fix: "End the stream after the run that calls the frontend's tool, and go on with the next request.",
    };
    RAW_TYPED = Rule {
        id: "raw.typed", severity: Note, stops: false, fails: &[],
        title: "event of the protocol inside RAW",
        explanation: "RAW holds an event whose type is one of the protocol's own. It is reported once for each type.",
        clause: EVENT_TYPES,
        effect: "The client hands it on as a foreign event: it changes neither messages nor state.",
        fix: "Send the event itself, if it is meant for the client.",
    };
    OVERLAP = Rule {
        id: "item.overlap", severity: Note, stops: false, fails: &[TypeScript("0.0.34 to 0.0.36")],
        title: "items that overlap",
        explanation: "A tool call or a step began inside an open text message, or two tool calls are open at once. That is legal since @ag-ui/client 0.0.37.",
        clause: TOOLS,
        effect: "Clients since 0.0.37 keep the items apart by their ids.",
        fix: "Nothing, unless older clients are served: then end one item before the next.",
    };
    UNCLOSED = Rule {
        id: "item.unclosed", severity: Note, stops: false, fails: &[],
        title: "run failed with open items",
        explanation: "RUN_ERROR came while items were open. The protocol allows it.",
        clause: LIFECYCLE,
        effect: "What was open stays as it is; a page may go on showing that it waits.",
        fix: "Close what is open before RUN_ERROR, so that pages need not guess.",
    };
    REOPENED = Rule {
        id: "item.reopened", severity: Note, stops: false, fails: &[],
        title: "message opened again",
        explanation: "TEXT_MESSAGE_START or REASONING_MESSAGE_START names a message that is there and closed. Its text goes on.",
        clause: TEXT,
        effect: "The client appends to the old message: two texts become one bubble.",
        fix: "Use a new messageId for each message.",
    };
    MERGED = Rule {
        id: "item.merged", severity: Note, stops: false, fails: &[],
        title: "text on both sides of a tool call",
        explanation: "Text went on under one id after a tool call had begun inside it.",
        clause: TEXT,
        effect: "The client shows both texts as one bubble above the tool call.",
        fix: "End the message before the call, and open a new one after it.",
    };
    DUPLICATE_ID = Rule {
        id: "message.duplicate_id", severity: Warning, stops: false, fails: &[],
        title: "one id for two messages",
        explanation: "An id that one message has is given to another of a different kind. Lookups find the first.",
        clause: MESSAGES,
        effect: "The client keeps both or appends to the wrong one; pages that key by id show one.",
        fix: "Make a new id for each message, results included.",
    };
    DUPLICATE_TEXT = Rule {
        id: "message.duplicate_text", severity: Note, stops: false, fails: &[],
        title: "same text under two ids",
        explanation: "Two messages of one role in one run have the same text.",
        clause: MESSAGES,
        effect: "The client shows the text twice.",
        fix: "Send a text once; a snapshot repeats it under the id of the stream.",
    };
    CALL_RESTARTED = Rule {
        id: "call.restarted", severity: Warning, stops: false, fails: &[],
        title: "tool call that was there already",
        explanation: "TOOL_CALL_START names a call that the conversation holds. A resumed call is answered, not started again.",
        clause: TOOLS,
        effect: "The client appends the arguments to those that it has, which is rarely JSON any more.",
        fix: "After a resume, send TOOL_CALL_RESULT under the old id and nothing else of the call.",
    };
    PARENT_NOWHERE = Rule {
        id: "call.parent_nowhere", severity: Note, stops: false, fails: &[],
        title: "parentMessageId that no message has",
        explanation: "TOOL_CALL_START names a parent message that was not there, and until the end of the run neither the stream nor a snapshot brought it; the text that follows has another id. Such a history does not round-trip.",
        clause: TOOLS,
        effect: "The client makes an assistant message with that id, which holds the call and no text.",
        fix: "Use the messageId of the text that the call belongs to; without such a text, leave parentMessageId out or send a snapshot that has it.",
    };
    PARENT_LATER = Rule {
        id: "call.parent_later", severity: Warning, stops: false, fails: &[],
        title: "text of a parent message after the result",
        explanation: "A call has made its parent message and got its result, and only then TEXT_MESSAGE_START opens the parent.",
        clause: TOOLS,
        effect: "The client puts the text into the message of the call: it stands above the result that it was written after.",
        fix: "Give text after a result a new messageId, or send it before the call.",
    };
    CALL_AFTER_RESULT = Rule {
        id: "call.after_result", severity: Warning, stops: false, fails: &[],
        title: "call that joins a message with an answered call",
        explanation: "TOOL_CALL_START names a parent message whose earlier call has its result already.",
        clause: TOOLS,
        effect: "The client shows both calls as made at once, above both results; models get the conversation in that order.",
        fix: "Give calls after a result a parent message of their own.",
    };
    UNKNOWN_RESULT = Rule {
        id: "call.unknown_result", severity: Warning, stops: false, fails: &[],
        title: "result for a call that nobody made",
        explanation: "TOOL_CALL_RESULT names a call that neither the stream nor the request holds.",
        clause: TOOLS,
        effect: "The client appends the result at the end; no call shows it.",
        fix: "Use the toolCallId of TOOL_CALL_START.",
    };
    SECOND_RESULT = Rule {
        id: "call.second_result", severity: Warning, stops: false, fails: &[],
        title: "second result for a call",
        explanation: "The call has a result already.",
        clause: TOOLS,
        effect: "The client holds two tool messages; models that are sent both refuse the conversation.",
        fix: "Send one result a call.",
    };
    NO_RESULT = Rule {
        id: "call.no_result", severity: Warning, stops: false, fails: &[],
        title: "call of the agent's own tool without a result",
        explanation: "The run finished as a success, and a call of a tool that the request does not offer has no result. No interrupt and no pendingToolCallIds explain it.",
        clause: TOOLS,
        effect: "The client keeps the call unanswered: a page goes on showing that the tool runs, and models refuse a conversation with such a call.",
        fix: "Send TOOL_CALL_RESULT when the tool has run; if the frontend should run it, offer it in the request.",
    };
    FRONTEND_RESULT = Rule {
        id: "call.frontend_result", severity: Warning, stops: false, fails: &[],
        title: "result for a tool of the frontend",
        explanation: "The stream answers a call of a tool that the request offered. The frontend runs such a tool and answers itself.",
        clause: FRONTEND,
        effect: "The client sees a call with an answer and does not run the tool, or answers it a second time.",
        fix: "End the run after TOOL_CALL_END and wait for the next input.",
    };
    PENDING_CALLS = Rule {
        id: "call.pending", severity: Warning, stops: false, fails: &[],
        title: "pending tool calls that are not",
        explanation: "pendingToolCallIds names other calls than those that the run started and did not answer.",
        clause: LIFECYCLE,
        effect: "The client takes the list as it is and runs the wrong tools, or waits.",
        fix: "List the unanswered calls in the order of their starts, or leave the list out.",
    };
    ARGUMENTS_NOT_JSON = Rule {
        id: "args.not_json", severity: Warning, stops: false, fails: &[],
        title: "arguments that are not JSON",
        explanation: "At TOOL_CALL_END the deltas of TOOL_CALL_ARGS together are no JSON.",
        clause: TOOLS,
        effect: "The client keeps the text; a frontend tool that parses it fails.",
        fix: "Send the arguments once, as pieces of one JSON text; look for a call whose deltas went under another id.",
    };
    ARGUMENTS_MISSING = Rule {
        id: "args.missing", severity: Warning, stops: false, fails: &[],
        title: "no arguments where some are required",
        explanation: "The call ended without arguments, and the tool that the request offers requires some.",
        clause: TOOL_STRUCTURE,
        effect: "The frontend runs the tool with nothing.",
        fix: "Send TOOL_CALL_ARGS between START and END; look for arguments that went under another id.",
    };
    ARGUMENTS_SCHEMA = Rule {
        id: "args.schema", severity: Warning, stops: false, fails: &[],
        title: "arguments that do not fit the tool",
        explanation: "The arguments are JSON and break the JSON Schema in the tool's parameters.",
        clause: TOOL_STRUCTURE,
        effect: "The client does not check; the frontend's tool gets what it does not expect.",
        fix: "Ask the model for strict arguments, or mend the schema.",
    };
    TOOL_SCHEMA = Rule {
        id: "args.bad_schema", severity: Note, stops: false, fails: &[],
        title: "tool schema that cannot be read",
        explanation: "The parameters of a tool are no JSON Schema that can be read without fetching anything, so its arguments are not checked.",
        clause: TOOL_STRUCTURE,
        effect: "None.",
        fix: "Put what is referred to into the schema itself.",
    };
    ACTIVITY_REPLACES = Rule {
        id: "activity.replaces", severity: Warning, stops: false, fails: &[],
        title: "activity that replaces a message",
        explanation: "ACTIVITY_SNAPSHOT uses the id of a message that is no activity.",
        clause: ACTIVITY,
        effect: "The client puts the activity in the place of the message, whose text is gone.",
        fix: "Give activities ids of their own.",
    };
    ACTIVITY_WITHOUT_SNAPSHOT = Rule {
        id: "activity.no_snapshot", severity: Note, stops: false, fails: &[],
        title: "activity delta without a snapshot",
        explanation: "ACTIVITY_DELTA names an activity that is not there.",
        clause: ACTIVITY,
        effect: "The client ignores it without a word.",
        fix: "Send ACTIVITY_SNAPSHOT first.",
    };
    ENCRYPTED_NOWHERE = Rule {
        id: "encrypted.no_target", severity: Note, stops: false, fails: &[],
        title: "encrypted value for nothing",
        explanation: "REASONING_ENCRYPTED_VALUE names a message or a call that is not there.",
        clause: "Reasoning, Encrypted values",
        effect: "The client ignores it without a word; the value is not sent back.",
        fix: "Send it after the message or the call that it belongs to.",
    };
    SNAPSHOT_DISAGREES = Rule {
        id: "snapshot.disagrees", severity: Warning, stops: false, fails: &[],
        title: "snapshot that disagrees with the stream",
        explanation: "MESSAGES_SNAPSHOT leaves out or changes what this run has brought, by streaming or by an earlier snapshot, or the user's last message; or it has a tool call that the stream left out, or one id twice.",
        clause: MESSAGES,
        effect: "The client follows the snapshot: bubbles vanish, change or appear. What has a new id goes to the end.",
        fix: "Build the snapshot from the ids that were streamed and sent, after everything was streamed.",
    };
    SNAPSHOT_MISPLACED = Rule {
        id: "snapshot.misplaced", severity: Warning, stops: false, fails: &[],
        title: "messages that land elsewhere than the snapshot has them",
        explanation: "MESSAGES_SNAPSHOT has a message under an id that is new to the client, before messages that the client holds. Most often the agent stores a result or a user's message under another id than was streamed or sent, or the request did not have the older messages.",
        clause: MESSAGES,
        effect: "The client keeps the order of what it holds and appends what is new, so the message stands at the end: a result after the answer that was made from it.",
        fix: "Give messages in snapshots the ids that were streamed or sent; send older messages before newer ones are streamed.",
    };
    SNAPSHOT_HISTORY = Rule {
        id: "snapshot.history", severity: Note, stops: false, fails: &[],
        title: "snapshot that changes what was said before",
        explanation: "MESSAGES_SNAPSHOT leaves out or changes messages from before this run. An agent may shorten or mend the conversation.",
        clause: MESSAGES,
        effect: "The client follows the snapshot: older bubbles vanish or change, and the next request is without them.",
        fix: "Nothing, if it is meant; otherwise build the snapshot from all messages of the request.",
    };
    SNAPSHOT_ORDER = Rule {
        id: "snapshot.order", severity: Note, stops: false, fails: &[],
        title: "snapshot in another order",
        explanation: "Messages stand in another order in MESSAGES_SNAPSHOT than the client has them.",
        clause: MESSAGES,
        effect: "The official client keeps its own order and appends what is new.",
        fix: "Send messages in the order in which they were streamed.",
    };
    UNCHANGED = Rule {
        id: "snapshot.unchanged", severity: Note, stops: false, fails: &[],
        title: "snapshots that change nothing",
        explanation: "Several snapshots of a run state what the client holds already. The first of each kind in a run is not counted. They are reported once at the end of the run, with their number and the bytes of their data, if there are two or more and they take 1,460 bytes or more: what one TCP segment carries on Ethernet, so that fewer cost no packet.",
        clause: STATE,
        effect: "None, except for the bytes.",
        fix: "Send a snapshot when something has changed, and at most one at the end.",
    };
    STATE_DROPPED = Rule {
        id: "state.dropped", severity: Note, stops: false, fails: &[],
        title: "snapshot that drops what the run has set",
        explanation: "STATE_SNAPSHOT is without members that deltas or earlier snapshots of the same run have set, or without items that deltas have added. Most often each tool sends its own part of the state as the whole.",
        clause: STATE,
        effect: "The client replaces the whole state; what the snapshot does not have is gone.",
        fix: "Send STATE_DELTA for a part of the state; nothing, if it is to be removed.",
    };
    NO_BASE = Rule {
        id: "state.no_base", severity: Note, stops: false, fails: &[],
        title: "delta without a state to change",
        explanation: "STATE_DELTA came before any STATE_SNAPSHOT, and the request has no state, so what it is to change is not on the wire.",
        clause: STATE,
        effect: "The official client changes the state that it holds for itself, an empty one most often; where a path is missing, the delta fails.",
        fix: "Send STATE_SNAPSHOT before the first delta.",
    };
    PATCH_DIFFERS = Rule {
        id: "patch.differs", severity: Warning, stops: false, fails: &[],
        title: "patch that readers apply differently",
        explanation: "fast-json-patch 3.1.1, which the JavaScript client uses, and RFC 6902 come to different ends with this patch.",
        clause: PATCH,
        effect: "Frontends in JavaScript and strict readers hold different values from here on.",
        fix: "Use canonical indexes, - for the end of an array, and replace or remove only for what exists.",
    };
    DELTA_LARGER = Rule {
        id: "state.delta_larger", severity: Note, stops: false, fails: &[],
        title: "delta larger than the state",
        explanation: "STATE_DELTA is longer than the whole state would be.",
        clause: STATE,
        effect: "None, except for the bytes.",
        fix: "Send STATE_SNAPSHOT when most of the state changes.",
    };
    LARGE_STATE = Rule {
        id: "state.large", severity: Warning, stops: false, fails: &[],
        title: "state over 1 MB",
        explanation: "The state is over 1 MB as JSON. JavaScript copies it at every delta, and the client sends it back with every run.",
        clause: STATE,
        effect: "Pages become slow, and requests large.",
        fix: "Keep large values out of the state and refer to them.",
    };
    SNAKE_CASE = Rule {
        id: "schema.snake_case", severity: Warning, stops: false, fails: &[],
        title: "snake_case name",
        explanation: "A member has the name that Python gives it (message_id), and the protocol's name (messageId) is absent.",
        clause: EVENT_TYPES,
        effect: "The official client removes the member, or gives up because the right one is missing.",
        fix: "Serialise with aliases (pydantic: by_alias=True).",
    };
    TYPE_CASE = Rule {
        id: "schema.type_case", severity: Warning, stops: false, fails: &[Python, Go, Dart, DotNet, Cpp, Rust],
        title: "event type in another spelling",
        explanation: "The type is one of the protocol's in other letters (RunStarted, run_started).",
        clause: EVENT_TYPES,
        effect: "The official client drops the event, so the run looks empty.",
        fix: "Write types in upper snake case.",
    };
    LEGACY_INTERRUPT = Rule {
        id: "compat.on_interrupt", severity: Note, stops: false, fails: &[],
        title: "interrupt as a custom event",
        explanation: "Older LangGraph adapters tell of an interrupt by CUSTOM on_interrupt. Since protocol 0.0.54 it is an outcome of RUN_FINISHED.",
        clause: INTERRUPTS,
        effect: "The official client passes it on as any custom event; it holds no open interrupt.",
        fix: "Update the adapter.",
    };
    INTERRUPT_TWICE = Rule {
        id: "interrupt.duplicate", severity: Warning, stops: false, fails: &[],
        title: "two interrupts with one id",
        explanation: "Interrupts of one run share an id, so an answer cannot tell which is meant.",
        clause: INTERRUPTS,
        effect: "The client takes one answer for both.",
        fix: "Give each interrupt an id of its own.",
    };
    INTERRUPT_AGAIN = Rule {
        id: "interrupt.again", severity: Note, stops: false, fails: &[],
        title: "answered interrupt raised again",
        explanation: "The input of the run answers an interrupt, and the run ends with one of the same id. It may be another question under an old id.",
        clause: INTERRUPTS,
        effect: "The client waits for an answer again; what knows interrupts by their ids may take it for answered.",
        fix: "Give each question an id of its own, and see whether the agent used the answer.",
    };
    INTERRUPT_DROPPED = Rule {
        id: "interrupt.dropped", severity: Warning, stops: false, fails: &[],
        title: "interrupt dropped without an answer",
        explanation: "A run of the stream ended with an interrupt, and a later run of the same stream finished without an input that answers it, and without naming the interrupted run as its parent.",
        clause: INTERRUPTS,
        effect: "The client forgets the interrupt: nobody is asked, and what waited for the answer went on or was lost.",
        fix: "End the stream after the interrupt; go on in the run whose input has the answer in `resume`.",
    };
    INTERRUPT_NO_CALL = Rule {
        id: "interrupt.no_call", severity: Warning, stops: false, fails: &[],
        title: "interrupt for a call that is not there",
        explanation: "The toolCallId of an interrupt is in no message that the client holds.",
        clause: INTERRUPTS,
        effect: "A frontend that shows the interrupt at its call shows it nowhere.",
        fix: "Stream the call before the interrupt, under the id that the interrupt names.",
    };
    INTERRUPT_ANSWERED_CALL = Rule {
        id: "interrupt.answered_call", severity: Warning, stops: false, fails: &[],
        title: "interrupt for a call that has its result",
        explanation: "The toolCallId of an interrupt names a call that was answered already.",
        clause: INTERRUPTS,
        effect: "A frontend that shows the interrupt at its call shows the result instead.",
        fix: "Send the result when the interrupt is answered.",
    };
    RESUME_MISSING = Rule {
        id: "resume.missing", severity: Warning, stops: false, fails: &[],
        title: "run without an answer to an open interrupt",
        explanation: "The thread's last recorded run ended with interrupts, and this request has no `resume`. Found by `check`, where both requests are recorded.",
        clause: INTERRUPTS,
        effect: "The official client refuses to send such a request; an agent that takes it drops the interrupt or begins anew.",
        fix: "Send an entry for each open interrupt in `resume`, `cancelled` for those that are not answered.",
    };
    RESUME_PARTIAL = Rule {
        id: "resume.partial", severity: Warning, stops: false, fails: &[],
        title: "resume that leaves interrupts open",
        explanation: "The request answers some of the interrupts that the thread's last recorded run left open, and not all.",
        clause: INTERRUPTS,
        effect: "The official client refuses to send such a request.",
        fix: "Send an entry for each open interrupt in `resume`, `cancelled` for those that are not answered.",
    };
    RESUME_UNKNOWN = Rule {
        id: "resume.unknown", severity: Warning, stops: false, fails: &[],
        title: "resume for an interrupt that is not open",
        explanation: "The request answers an interrupt that the thread's last recorded run did not leave open.",
        clause: INTERRUPTS,
        effect: "The official client sends it; agents fail at it or leave it out.",
        fix: "Answer interrupts once, and by the ids that RUN_FINISHED has.",
    };
    RESUME_EXPIRED = Rule {
        id: "resume.expired", severity: Warning, stops: false, fails: &[],
        title: "resume for an interrupt that has expired",
        explanation: "The request resolves an interrupt after its `expiresAt`. An expired one may only be cancelled.",
        clause: INTERRUPTS,
        effect: "The official client refuses to send such a request.",
        fix: "Send the entry with the status `cancelled`, or ask again.",
    };
    USAGE = Rule {
        id: "usage.sum", severity: Note, stops: false, fails: &[],
        title: "token counts that do not add up",
        explanation: "A total is not input plus output, or a part is larger than its whole.",
        clause: "Events, Token usage",
        effect: "None; costs that are computed from it are wrong.",
        fix: "Input and output are inclusive totals; cached and reasoning tokens are parts of them.",
    };
    TIME_BACKWARDS = Rule {
        id: "time.backwards", severity: Note, stops: false, fails: &[],
        title: "timestamps that go back",
        explanation: "An event's timestamp is earlier than that of an event before it.",
        clause: EVENT_TYPES,
        effect: "None in the official client; pages that sort by time reorder.",
        fix: "Stamp events when they are sent, with one clock.",
    };
    INPUT_SHAPE = Rule {
        id: "input.shape", severity: Warning, stops: false, fails: &[],
        title: "request against the schema",
        explanation: "A member of the RunAgentInput is missing or of a wrong kind.",
        clause: INPUT,
        effect: "Agents that check their input answer with an error.",
        fix: "Send what the schema asks for.",
    };
    INPUT_SPELLING = Rule {
        id: "input.spelling", severity: Note, stops: false, fails: &[],
        title: "snake_case name in the request",
        explanation: "A member of the RunAgentInput has the name that Python gives it.",
        clause: INPUT,
        effect: "Agents that read the protocol's names do not find it.",
        fix: "Write threadId, runId, forwardedProps.",
    };
}
