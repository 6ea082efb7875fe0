//! Rules about what the client warns of while it reads and applies events.

use super::{
    Client::{Cpp, Dart, DotNet, Go, Python, Rust, TypeScript},
    GIVES_UP, Rule,
    Severity::{Error, Note, Warning},
    rules,
};

const MESSAGES: &str = "Messages";
const STATE: &str = "State Management, JSON Patch Format";
const ACTIVITY: &str = "Events, Activity Events";
const TOOLS: &str = "Events, Tool Call Events";
const EVENT_TYPES: &str = "SDK reference, Event types (members that are not described)";
const LIMIT: &str = "None: a limit of Scrubjay's";

rules! {
    STATE_FUNCTION = Rule {
        id: "apply.function", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "patch that copies a function",
        explanation: "A patch copies what every JavaScript object inherits into the state, which the client cannot clone.",
        clause: STATE,
        effect: GIVES_UP,
        fix: "Use names of your own data; toString and the like exist on every JavaScript object.",
    };
    PATCH_FAILED = Rule {
        id: "patch.failed", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "patch that does not apply",
        explanation: "An operation does not fit the value that the client holds, so the whole patch is dropped. In @ag-ui/client 1.0.0 the run goes on, and from here the frontend shows a state that the agent does not have.",
        clause: STATE,
        effect: "The official client warns, keeps the value of before, and goes on.",
        fix: "Send STATE_SNAPSHOT before the first delta, use add for members that do not exist, and escape / as ~1 and ~ as ~0.",
    };
    PATCH_LIMIT = Rule {
        id: "limit.patch", severity: Warning, stops: false, fails: &[],
        title: "patch that multiplies the state",
        explanation: "A patch whose result would be over 256 MiB or 512 levels is not folded.",
        clause: LIMIT,
        effect: "The official client applies it, if its memory lasts.",
        fix: "Do not copy the root or a branch into itself.",
    };
    UNKNOWN_TYPE = Rule {
        id: "schema.unknown_type", severity: Note, stops: false, fails: &[TypeScript("0.0.34 to 0.0.59"), Python, Go, Dart, DotNet, Cpp, Rust],
        title: "unknown event type",
        explanation: "Clients of protocol 1.0 in TypeScript drop events of a type that they do not know, with a warning; others fail.",
        clause: "Events, Special Events",
        effect: "The official client drops the event. Clients that fail are named beside.",
        fix: "Send what is your own as CUSTOM.",
    };
    STRIPPED_MEMBER = Rule {
        id: "schema.stripped", severity: Note, stops: false, fails: &[],
        title: "member removed",
        explanation: "The client removes members that the schema does not describe, with a warning.",
        clause: EVENT_TYPES,
        effect: "The official client removes the member.",
        fix: "Put what is your own under metadata, or into CUSTOM.",
    };
    STRIPPED_VARIANT = Rule {
        id: "schema.stripped_variant", severity: Warning, stops: false, fails: &[],
        title: "value of unknown kind removed",
        explanation: "The client removes messages, parts, operations and outcomes of a kind it does not know.",
        clause: EVENT_TYPES,
        effect: "The official client removes the value, and what cannot do without it.",
        fix: "Use the kinds that the protocol has.",
    };
    RETIRED = Rule {
        id: "compat.retired", severity: Warning, stops: false, fails: &[],
        title: "retired shape",
        explanation: "The client translates this shape of older protocols; the translation will go away.",
        clause: "Reasoning, Migration from THINKING events",
        effect: "The official client 1.0 translates it with a warning.",
        fix: "Update the agent's AG-UI package; reasoning has events of its own since 0.0.45.",
    };
    NO_TARGET = Rule {
        id: "apply.no_target", severity: Warning, stops: false, fails: &[],
        title: "nothing to apply to",
        explanation: "The event is legal, but the message or call it names is not there; the client warns and ignores it.",
        clause: MESSAGES,
        effect: "The official client warns and ignores it: text or arguments are lost.",
        fix: "A snapshot that leaves out a message which is still open removes it; send it before or after, or with the message.",
    };
    ACTIVITY_ID = Rule {
        id: "apply.activity_id", severity: Warning, stops: false, fails: &[],
        title: "id of an activity used for text",
        explanation: "The client drops text under the id of an activity message.",
        clause: ACTIVITY,
        effect: "The official client warns and drops the text.",
        fix: "Give activities and messages ids of their own.",
    };
    NOT_AN_ACTIVITY = Rule {
        id: "apply.not_an_activity", severity: Warning, stops: false, fails: &[],
        title: "activity patch for another message",
        explanation: "ACTIVITY_DELTA names a message that is no activity; the client ignores it.",
        clause: ACTIVITY,
        effect: "The official client warns and ignores the patch.",
        fix: "Use the id of the ACTIVITY_SNAPSHOT.",
    };
    RENAMED = Rule {
        id: "apply.renamed", severity: Warning, stops: false, fails: &[],
        title: "tool call started again under another name",
        explanation: "The client renames the call that it already has.",
        clause: TOOLS,
        effect: "The official client shows the new name over the old arguments.",
        fix: "Use a toolCallId of its own for each call.",
    };
    PARENT_ROLE = Rule {
        id: "apply.parent_role", severity: Warning, stops: false, fails: &[],
        title: "parent message that is no assistant's",
        explanation: "The tool call gets a message of its own, under the call's id.",
        clause: TOOLS,
        effect: "The official client makes a new assistant message for the call.",
        fix: "Name the assistant message that makes the call, or none.",
    };
}
