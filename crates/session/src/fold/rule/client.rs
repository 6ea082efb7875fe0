//! Rules about what the client warns of while it reads and applies events.

use super::{GIVES_UP, rules};

const MESSAGES: &str = "Messages";
const STATE: &str = "State Management, JSON Patch Format";
const ACTIVITY: &str = "Events, Activity Events";
const TOOLS: &str = "Events, Tool Call Events";
const SCHEMA: &str = "SDK reference, Event types (members that are not described)";
const LIMIT: &str = "None: a limit of Scrubjay's";

rules! {
    StateFunction "apply.function" Error true
        "patch that copies a function"
        "A patch copies what every JavaScript object inherits into the state, which the client cannot clone."
        STATE, GIVES_UP,
        "Use names of your own data; toString and the like exist on every JavaScript object."
        [TypeScript1]
    PatchFailed "patch.failed" Error false
        "patch that does not apply"
        "An operation does not fit the value that the client holds, so the whole patch is dropped. In @ag-ui/client 1.0.0 the run goes on, and from here the frontend shows a state that the agent does not have."
        STATE, "The official client warns, keeps the value of before, and goes on.",
        "Send STATE_SNAPSHOT before the first delta, use add for members that do not exist, and escape / as ~1 and ~ as ~0."
        [TypeScript1]
    PatchLimit "limit.patch" Warning false
        "patch that multiplies the state"
        "A patch whose result would be over 256 MiB or 512 levels is not folded."
        LIMIT, "The official client applies it, if its memory lasts.",
        "Do not copy the root or a branch into itself."
        []
    UnknownType "schema.unknown_type" Note false
        "unknown event type"
        "Clients of protocol 1.0 in TypeScript drop events of a type that they do not know, with a warning; others fail."
        "Events, Special Events", "The official client drops the event. Clients that fail are named beside.",
        "Send what is your own as CUSTOM."
        [TypeScript59 TypeScript38 TypeScript35 Python Go Dart DotNet Cpp Rust]
    StrippedMember "schema.stripped" Note false
        "member removed"
        "The client removes members that the schema does not describe, with a warning."
        SCHEMA, "The official client removes the member.",
        "Put what is your own under metadata, or into CUSTOM."
        []
    StrippedVariant "schema.stripped_variant" Warning false
        "value of unknown kind removed"
        "The client removes messages, parts, operations and outcomes of a kind it does not know."
        SCHEMA, "The official client removes the value, and what cannot do without it.",
        "Use the kinds that the protocol has."
        []
    Retired "compat.retired" Warning false
        "retired shape"
        "The client translates this shape of older protocols; the translation will go away."
        "Reasoning, Migration from THINKING events", "The official client 1.0 translates it with a warning.",
        "Update the agent's AG-UI package; reasoning has events of its own since 0.0.45."
        []
    NoTarget "apply.no_target" Warning false
        "nothing to apply to"
        "The event is legal, but the message or call it names is not there; the client warns and ignores it."
        MESSAGES, "The official client warns and ignores it: text or arguments are lost.",
        "A snapshot that leaves out a message which is still open removes it; send it before or after, or with the message."
        []
    ActivityId "apply.activity_id" Warning false
        "id of an activity used for text"
        "The client drops text under the id of an activity message."
        ACTIVITY, "The official client warns and drops the text.",
        "Give activities and messages ids of their own."
        []
    NotAnActivity "apply.not_an_activity" Warning false
        "activity patch for another message"
        "ACTIVITY_DELTA names a message that is no activity; the client ignores it."
        ACTIVITY, "The official client warns and ignores the patch.",
        "Use the id of the ACTIVITY_SNAPSHOT."
        []
    Renamed "apply.renamed" Warning false
        "tool call started again under another name"
        "The client renames the call that it already has."
        TOOLS, "The official client shows the new name over the old arguments.",
        "Use a toolCallId of its own for each call."
        []
    ParentRole "apply.parent_role" Warning false
        "parent message that is no assistant's"
        "The tool call gets a message of its own, under the call's id."
        TOOLS, "The official client makes a new assistant message for the call.",
        "Name the assistant message that makes the call, or none."
        []
}
