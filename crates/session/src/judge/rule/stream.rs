//! Rules about what a stream says.

use crate::fold::rule::rules;

const LIFECYCLE: &str = "Events, Lifecycle Events";
const TEXT: &str = "Events, Text Message Events";
const TOOLS: &str = "Events, Tool Call Events";
const TOOL_SCHEMA: &str = "Tools, Tool Structure";
const FRONTEND: &str = "Tools, Frontend-Defined Tools";
const STATE: &str = "State Management";
const PATCH: &str = "State Management, JSON Patch Format (RFC 6902)";
const MESSAGES: &str = "Messages, Message Synchronization";
const ACTIVITY: &str = "Events, Activity Events";
const INPUT: &str = "SDK reference, RunAgentInput";
const INTERRUPTS: &str = "Interrupts";
const SCHEMA: &str = "SDK reference, Event types";

rules! {
    RunFailed "run.error" Warning false
        "run ended by RUN_ERROR"
        "The agent says that the run failed. The protocol was kept; whatever the run was for was not done."
        LIFECYCLE, "The client hands the message to its subscribers; messages and state stay as they are.",
        "Read the message, and the frames before it."
        []
    Truncated "run.truncated" Error false
        "body ended inside a run"
        "The body ended as HTTP says it should, and neither RUN_FINISHED nor RUN_ERROR came. The protocol calls such a run truncated. It breaks @ag-ui/client 1.0.0 in that `runAgent` resolves as if the run had succeeded."
        LIFECYCLE, "@ag-ui/client 1.0.0 reports success; what was open stays open, so a page goes on showing that it waits.",
        "Send RUN_ERROR from the handler that catches everything; look for a process that was ended and for a proxy's time limit."
        [TypeScript1]
    SilentFailure "run.silent_failure" Warning false
        "error inside a run that finished well"
        "A RAW event reports an error, nothing was said or done after it, and the run finished as a success."
        LIFECYCLE, "The client shows a run that ended well and has nothing to show for it.",
        "Send RUN_ERROR where the provider's error is caught."
        []
    IdMismatch "run.id_mismatch" Warning false
        "ids that are not those of the request"
        "threadId or runId of a run's first or last event differ from the request's, or from each other."
        LIFECYCLE, "The official client does not look; pages that keep runs by id lose the answer.",
        "Copy threadId and runId from the input into RUN_STARTED and RUN_FINISHED."
        []
    NewerVersion "run.version" Note false
        "protocol version that is not 1.0"
        "RUN_STARTED declares a newer version than the official client speaks, or none that can be read as MAJOR.MINOR."
        LIFECYCLE, "The official client warns and goes on.",
        "Declare the version that the agent speaks, as MAJOR.MINOR."
        []
    SecondRun "run.several" Note false
        "several runs on one stream"
        "A run follows another in one answer. That is legal since @ag-ui/client 0.0.38, and behind RUN_ERROR since 0.0.59."
        LIFECYCLE, "The official client goes on: messages accumulate, state stays.",
        "Nothing, unless older clients are served."
        [TypeScript35]
    Overlap "item.overlap" Note false
        "items that overlap"
        "A tool call or a step began inside an open text message, or two tool calls are open at once. That is legal since @ag-ui/client 0.0.38."
        TOOLS, "Clients since 0.0.38 keep the items apart by their ids.",
        "Nothing, unless older clients are served: then end one item before the next."
        [TypeScript35]
    Unclosed "item.unclosed" Note false
        "run failed with open items"
        "RUN_ERROR came while items were open. The protocol allows it."
        LIFECYCLE, "What was open stays as it is; a page may go on showing that it waits.",
        "Close what is open before RUN_ERROR, so that pages need not guess."
        []
    Reopened "item.reopened" Note false
        "message opened again"
        "TEXT_MESSAGE_START or REASONING_MESSAGE_START names a message that is there and closed. Its text goes on."
        TEXT, "The client appends to the old message: two texts become one bubble.",
        "Use a new messageId for each message."
        []
    Merged "item.merged" Note false
        "text on both sides of a tool call"
        "Text went on under one id after a tool call had begun inside it."
        TEXT, "The client shows both texts as one bubble above the tool call.",
        "End the message before the call, and open a new one behind it."
        []
    DuplicateId "message.duplicate_id" Warning false
        "one id for two messages"
        "An id that one message has is given to another of a different kind. Lookups find the first."
        MESSAGES, "The client keeps both or appends to the wrong one; pages that key by id show one.",
        "Make a new id for each message, results included."
        []
    DuplicateText "message.duplicate_text" Note false
        "same text under two ids"
        "Two messages of one role in one run have the same text."
        MESSAGES, "The client shows the text twice.",
        "Send a text once; a snapshot repeats it under the id of the stream."
        []
    CallRestarted "call.restarted" Warning false
        "tool call that was there already"
        "TOOL_CALL_START names a call that the conversation holds. A resumed call is answered, not started again."
        TOOLS, "The client appends the arguments to those that it has, which is rarely JSON any more.",
        "After a resume, send TOOL_CALL_RESULT under the old id and nothing else of the call."
        []
    UnknownResult "call.unknown_result" Warning false
        "result for a call that nobody made"
        "TOOL_CALL_RESULT names a call that neither the stream nor the request holds."
        TOOLS, "The client appends the result at the end; no call shows it.",
        "Use the toolCallId of TOOL_CALL_START."
        []
    SecondResult "call.second_result" Warning false
        "second result for a call"
        "The call has a result already."
        TOOLS, "The client holds two tool messages; models that are sent both refuse the conversation.",
        "Send one result a call."
        []
    FrontendResult "call.frontend_result" Warning false
        "result for a tool of the frontend"
        "The stream answers a call of a tool that the request offered. The frontend runs such a tool and answers itself."
        FRONTEND, "The client sees a call with an answer and does not run the tool, or answers it a second time.",
        "End the run after TOOL_CALL_END and wait for the next input."
        []
    PendingCalls "call.pending" Warning false
        "pending tool calls that are not"
        "pendingToolCallIds names other calls than those that the run started and did not answer."
        LIFECYCLE, "The client takes the list as it is and runs the wrong tools, or waits.",
        "List the unanswered calls in the order of their starts, or leave the list out."
        []
    ArgumentsNotJson "args.not_json" Warning false
        "arguments that are not JSON"
        "At TOOL_CALL_END the deltas of TOOL_CALL_ARGS together are no JSON."
        TOOLS, "The client keeps the text; a frontend tool that parses it fails.",
        "Send the arguments once, as pieces of one JSON text; look for a call whose deltas went under another id."
        []
    ArgumentsMissing "args.missing" Warning false
        "no arguments where some are required"
        "The call ended without arguments, and the tool that the request offers requires some."
        TOOL_SCHEMA, "The frontend runs the tool with nothing.",
        "Send TOOL_CALL_ARGS between START and END; look for arguments that went under another id."
        []
    ArgumentsSchema "args.schema" Warning false
        "arguments that do not fit the tool"
        "The arguments are JSON and break the JSON Schema in the tool's parameters."
        TOOL_SCHEMA, "The client does not check; the frontend's tool gets what it does not expect.",
        "Ask the model for strict arguments, or mend the schema."
        []
    ToolSchema "args.bad_schema" Note false
        "tool schema that cannot be read"
        "The parameters of a tool are no JSON Schema that can be read without fetching anything, so its arguments are not checked."
        TOOL_SCHEMA, "None.",
        "Put what is referred to into the schema itself."
        []
    ActivityReplaces "activity.replaces" Warning false
        "activity that replaces a message"
        "ACTIVITY_SNAPSHOT uses the id of a message that is no activity."
        ACTIVITY, "The client puts the activity in the place of the message, whose text is gone.",
        "Give activities ids of their own."
        []
    ActivityWithoutSnapshot "activity.no_snapshot" Note false
        "activity delta without a snapshot"
        "ACTIVITY_DELTA names an activity that is not there."
        ACTIVITY, "The client ignores it without a word.",
        "Send ACTIVITY_SNAPSHOT first."
        []
    EncryptedNowhere "encrypted.no_target" Note false
        "encrypted value for nothing"
        "REASONING_ENCRYPTED_VALUE names a message or a call that is not there."
        "Reasoning, Encrypted values", "The client ignores it without a word; the value is not sent back.",
        "Send it after the message or the call that it belongs to."
        []
    SnapshotDisagrees "snapshot.disagrees" Warning false
        "snapshot that disagrees with the stream"
        "MESSAGES_SNAPSHOT leaves out or changes what this run has streamed, or brings a tool call that the stream left out."
        MESSAGES, "The client follows the snapshot: bubbles vanish, change or appear.",
        "Build the snapshot from the ids that were streamed, after everything was streamed."
        []
    SnapshotOrder "snapshot.order" Note false
        "snapshot in another order"
        "Messages stand in another order in MESSAGES_SNAPSHOT than the client has them."
        MESSAGES, "The official client keeps its own order and appends what is new.",
        "Send messages in the order in which they were streamed."
        []
    PatchDiffers "patch.differs" Warning false
        "patch that readers apply differently"
        "fast-json-patch 3.1.1, which the JavaScript client uses, and RFC 6902 come to different ends with this patch."
        PATCH, "Frontends in JavaScript and strict readers hold different values from here on.",
        "Use canonical indexes, - for the end of an array, and replace or remove only for what exists."
        []
    DeltaLarger "state.delta_larger" Note false
        "delta larger than the state"
        "STATE_DELTA is longer than the whole state would be."
        STATE, "None, except for the bytes.",
        "Send STATE_SNAPSHOT when most of the state changes."
        []
    LargeState "state.large" Warning false
        "state over 1 MB"
        "The state is over 1 MB as JSON. JavaScript copies it at every delta, and the client sends it back with every run."
        STATE, "Pages become slow, and requests large.",
        "Keep large values out of the state and refer to them."
        []
    SnakeCase "schema.snake_case" Warning false
        "snake_case name"
        "A member has the name that Python gives it (message_id), and the protocol's name (messageId) is absent."
        SCHEMA, "The official client removes the member, or gives up because the right one is missing.",
        "Serialise with aliases (pydantic: by_alias=True)."
        []
    TypeCase "schema.type_case" Warning false
        "event type in another spelling"
        "The type is one of the protocol's in other letters (RunStarted, run_started)."
        SCHEMA, "The official client drops the event, so the run looks empty.",
        "Write types in upper snake case."
        [Python Go Dart DotNet Cpp Rust]
    LegacyInterrupt "compat.on_interrupt" Note false
        "interrupt as a custom event"
        "Older LangGraph adapters tell of an interrupt by CUSTOM on_interrupt. Since protocol 0.0.54 it is an outcome of RUN_FINISHED."
        INTERRUPTS, "The official client passes it on as any custom event; it holds no open interrupt.",
        "Update the adapter."
        []
    InterruptTwice "interrupt.duplicate" Warning false
        "two interrupts with one id"
        "Interrupts of one run share an id, so an answer cannot tell which is meant."
        INTERRUPTS, "The client takes one answer for both.",
        "Give each interrupt an id of its own."
        []
    Usage "usage.sum" Note false
        "token counts that do not add up"
        "A total is not input plus output, or a part is larger than its whole."
        "Events, Token usage", "None; costs that are computed from it are wrong.",
        "Input and output are inclusive totals; cached and reasoning tokens are parts of them."
        []
    TimeBackwards "time.backwards" Note false
        "timestamps that go back"
        "An event's timestamp is earlier than that of an event before it."
        SCHEMA, "None in the official client; pages that sort by time reorder.",
        "Stamp events when they are sent, with one clock."
        []
    InputShape "input.shape" Warning false
        "request against the schema"
        "A member of the RunAgentInput is missing or of a wrong kind."
        INPUT, "Agents that check their input answer with an error.",
        "Send what the schema asks for."
        []
    InputSpelling "input.spelling" Note false
        "snake_case name in the request"
        "A member of the RunAgentInput has the name that Python gives it."
        INPUT, "Agents that read the protocol's names do not find it.",
        "Write threadId, runId, forwardedProps."
        []
}
