//! Everything that folding can say about a frame, as a registry.
//!
//! One type a rule. A rule whose breaking ends the official client's run is a
//! stop; the others are findings beside a run that goes on. Ids are stable:
//! people filter by them. `V01` to `V19` are the rules of the client's
//! verifier; ids under `framing.` are those of [`scrubjay_protocol::problem`].

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Likely wrong.
    Warning,
    /// Wrong: a client breaks.
    Error,
}

/// A rule.
pub trait Rule: Sync {
    /// Stable id.
    fn id(&self) -> &'static str;
    /// What it is about, in a few words.
    fn title(&self) -> &'static str;
    /// What breaks it and what comes of that.
    fn explanation(&self) -> &'static str;
    /// How bad breaking it is.
    fn severity(&self) -> Severity;
    /// The official client gives up when it is broken.
    fn stops(&self) -> bool;
}

/// The rule of an id.
pub fn rule(id: &str) -> Option<&'static dyn Rule> {
    REGISTRY.iter().copied().find(|rule| rule.id() == id)
}

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $stops:literal $title:literal $explanation:literal)*) => {
        /// All rules, stops first.
        pub static REGISTRY: &[&dyn Rule] = &[$(&$name),*];

        $(
            #[doc = concat!("`", $id, "`: `", $title, "`.")]
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Rule for $name {
                fn id(&self) -> &'static str { $id }
                fn title(&self) -> &'static str { $title }
                fn explanation(&self) -> &'static str { $explanation }
                fn severity(&self) -> Severity { Severity::$severity }
                fn stops(&self) -> bool { $stops }
            }
        )*
    };
}

rules! {
    V01 "V01" Error true "event after RUN_ERROR"
        "Once RUN_ERROR has come, only RUN_STARTED may follow."
    V02 "V02" Error true "event after RUN_FINISHED"
        "Once RUN_FINISHED has come, only RUN_STARTED or RUN_ERROR may follow."
    V03 "V03" Error true "stream does not begin with a run"
        "The first event of a known type must be RUN_STARTED or RUN_ERROR."
    V04 "V04" Error true "run inside a run"
        "RUN_STARTED came while the run before it had neither finished nor failed."
    V05 "V05" Error true "null sub-agent tag"
        "subagentRunId is optional; null is not a way to leave it out."
    V06 "V06" Error true "null or bad member of a sub-agent event"
        "Optional members of SUBAGENT_* are left out, not null; an outcome is success or suspended."
    V07 "V07" Error true "text message opened twice"
        "TEXT_MESSAGE_START came for an id that is still open."
    V08 "V08" Error true "text without an open message"
        "TEXT_MESSAGE_CONTENT or TEXT_MESSAGE_END names an id that is not open."
    V09 "V09" Error true "tool call opened twice"
        "TOOL_CALL_START came for an id that is still open."
    V10 "V10" Error true "arguments without an open tool call"
        "TOOL_CALL_ARGS or TOOL_CALL_END names an id that is not open."
    V11 "V11" Error true "step opened twice"
        "STEP_STARTED came for a name that is still open under the same owner."
    V12 "V12" Error true "step finished that is not open"
        "STEP_FINISHED names a step that was not started, or that somebody else started."
    V13 "V13" Error true "reasoning opened twice"
        "REASONING_START or REASONING_MESSAGE_START came for an id that is still open."
    V14 "V14" Error true "reasoning that is not open"
        "Content or an end names a reasoning message or span that is not open."
    V15 "V15" Error true "sub-agent started wrongly"
        "SUBAGENT_STARTED needs an id and a name, an id that was not used in this run, and a parent that was started."
    V16 "V16" Error true "sub-agent ended wrongly"
        "SUBAGENT_FINISHED or SUBAGENT_ERROR needs the id of an active sub-agent; an error needs a message."
    V17 "V17" Error true "event under another owner than its item's"
        "A tag on a continuation differs from the sub-agent that opened the item."
    V18 "V18" Error true "tool call under another owner than its message's"
        "A tool call belongs to the message that carries it, so both have one owner."
    V19 "V19" Error true "run finished with open items"
        "RUN_FINISHED came while steps, messages, reasoning, tool calls or sub-agents were open."
    Schema "schema.invalid" Error true "event against the schema"
        "A member that the protocol describes is missing or has a wrong value."
    ChunkWithoutId "chunk.no_id" Error true "first chunk without an id"
        "A chunk that opens an item needs its id."
    ChunkWithoutName "chunk.no_name" Error true "first tool chunk without a name"
        "A chunk that opens a tool call needs toolCallName."
    ChunkConflict "chunk.conflict" Error true "chunk contradicts its opener"
        "A continuation may repeat a member of the opener only with the same value."
    ChunkOwner "chunk.owner" Error true "chunk under another owner"
        "A chunk's tag differs from the lane in which its item is open."
    ChunkAmbiguous "chunk.ambiguous" Error true "chunk that could belong to several items"
        "A chunk without id and tag came while several lanes have an open item of its kind."
    NotJson "framing.json" Error true "frame that is not JSON"
        "The official client fails at data that is not JSON, an empty data line included."
    NotAnObject "framing.not_an_object" Error true "frame that is no object"
        "The official client fails at JSON that is not an object."
    NoType "framing.no_type" Error true "event without a type"
        "The official client fails at an object whose type is not a non-empty string."
    Cut "framing.cut" Error true "body cut inside a frame"
        "The body ends inside the frame, and the official client fails at what came of it."
    Done "framing.done" Error true "frame that says [DONE]"
        "[DONE] is a habit of other protocols; the official client fails at it, as it is not JSON."
    EmptyData "framing.empty_data" Error true "empty data"
        "The official client fails at a data field with nothing in it."
    TwoEvents "framing.two_events" Error true "two events in a frame"
        "Without the blank line between them, the official client reads two events as one broken JSON."
    TooLarge "framing.over_10_mib" Error true "frame over 10 MiB"
        "The official client gives up once 10 MiB have come without a blank line."
    LineEnds "framing.crlf" Error true "frame that does not end in LF LF"
        "The official client cuts at LF LF only: what comes before the next one is read together with this."
    StateFunction "apply.function" Error true "patch that copies a function"
        "A patch copies what every JavaScript object inherits into the state, which the client cannot clone."
    EventSize "limit.event_size" Error false "event too large to be folded"
        "Events over 64 MiB are kept and not folded."
    Nesting "limit.nesting" Error false "event too deep to be folded"
        "JSON nested over 512 levels is kept and not folded."
    PatchLimit "limit.patch" Error false "patch that multiplies the state"
        "A patch whose result would be over 256 MiB or 512 levels is not folded."
    PatchFailed "patch.failed" Error false "patch that does not apply"
        "The client warns and keeps the value it had; the run goes on."
    UnknownType "schema.unknown_type" Note false "unknown event type"
        "The client drops events of a type that protocol 1.0 does not have, with a warning."
    StrippedMember "schema.stripped" Note false "member removed"
        "The client removes members that the schema does not describe, with a warning."
    StrippedVariant "schema.stripped_variant" Warning false "value of unknown kind removed"
        "The client removes messages, parts, operations and outcomes of a kind it does not know."
    Retired "compat.retired" Warning false "retired shape"
        "The client translates this shape of older protocols; the translation will go away."
    NoTarget "apply.no_target" Warning false "nothing to apply to"
        "The event is legal, but the message or call it names is not there; the client warns and ignores it."
    ActivityId "apply.activity_id" Warning false "id of an activity used for text"
        "The client drops text under the id of an activity message."
    NotAnActivity "apply.not_an_activity" Warning false "activity patch for another message"
        "ACTIVITY_DELTA names a message that is no activity; the client ignores it."
    Renamed "apply.renamed" Warning false "tool call started again under another name"
        "The client renames the call that it already has."
    ParentRole "apply.parent_role" Warning false "parent message that is no assistant's"
        "The tool call gets a message of its own, under the call's id."
    DuplicateKey "json.duplicate_key" Warning false "member that stands twice"
        "JavaScript keeps the last value of a name, in the place of the first."
    ChangedNumber "json.changed_number" Warning false "number that JavaScript cannot hold"
        "Numbers are doubles to the client; what it holds is another number than what was sent."
    LoneSurrogate "json.lone_surrogate" Note false "half of a surrogate pair"
        "The half stays in the text until its other half is appended."
    ByteOrderMark "framing.bom" Note false "byte order mark"
        "The body begins with a byte order mark, which readers skip."
    CrInside "framing.cr_inside" Note false "CR inside a frame"
        "A line ends with CR, which the official client keeps in the line."
    NotAField "framing.not_a_field" Warning false "line that is no field"
        "The line is neither a field of SSE nor a comment; readers skip it."
    BareData "framing.bare_data" Note false "data without a colon"
        "A data field to the standard, nothing to the official client."
    Utf8 "framing.utf8" Warning false "bytes that are not UTF-8"
        "Readers see U+FFFD in their place."
    Unterminated "framing.unterminated" Note false "no blank line at the end"
        "The last frame is whole, and its blank line is missing."
    Record "framing.record" Error true "record that cannot be decoded"
        "A record of the binary transport is no message of protobuf, names no event or two, contradicts itself, or has an integer beyond 2^53."
    Unwritable "record.not_json" Note false "value that JSON does not have"
        "The binary transport can carry infinite numbers, NaN and items that are nothing; a patch makes them null."
    Input "input.shape" Note false "request that is no run input"
        "Messages and state begin empty."
    EndsInside "framing.pending" Note false "events that came only with the end"
        "Without LF LF behind it, the client reads a frame when the body ends."
}
