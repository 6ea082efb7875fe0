//! Rules about frames, their JSON, the schema, and chunks that open items.

use super::{
    Client::TypeScript,
    GIVES_UP, Rule,
    Severity::{Error, Note, Warning},
    rules,
};

const SSE: &str = "Architecture, HTTP client and SSE (one event a frame, lines end in LF)";
const BINARY: &str = "Architecture, HTTP binary protocol";
const EVENT_TYPES: &str = "SDK reference, Event types (members, required and optional)";
const CHUNKS: &str = "Events, TextMessageChunk and ToolCallChunk (conversion to start, content and end)";
const LIMIT: &str = "None: a limit of Scrubjay's";
const FAITHFUL: &str =
    "The client is not affected. Scrubjay keeps the bytes and shows messages and state without this event.";
const HARMLESS: &str = "None: the official client reads on as if it were not there.";

rules! {
    SCHEMA = Rule {
        id: "schema.invalid", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "event against the schema",
        explanation: "A member that the protocol describes is missing, null or of a wrong kind.",
        clause: EVENT_TYPES,
        effect: GIVES_UP,
        fix: "Send the member as the message says; leave optional members out instead of sending null.",
    };
    CHUNK_WITHOUT_ID = Rule {
        id: "chunk.no_id", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "first chunk without an id",
        explanation: "A chunk that opens an item needs its id. An event between two chunks without ids closes the item, so the next one opens.",
        clause: CHUNKS,
        effect: GIVES_UP,
        fix: "Send messageId or toolCallId on every chunk.",
    };
    CHUNK_WITHOUT_NAME = Rule {
        id: "chunk.no_name", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "first tool chunk without a name",
        explanation: "A chunk that opens a tool call needs toolCallName.",
        clause: CHUNKS,
        effect: GIVES_UP,
        fix: "Send toolCallName with the first chunk of a call.",
    };
    CHUNK_CONFLICT = Rule {
        id: "chunk.conflict", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "chunk contradicts its opener",
        explanation: "A continuation may repeat a member of the opener only with the same value.",
        clause: CHUNKS,
        effect: GIVES_UP,
        fix: "Send role, name, toolCallName and parentMessageId with the first chunk only.",
    };
    CHUNK_OWNER = Rule {
        id: "chunk.owner", severity: Error, stops: true, fails: &[TypeScript("0.0.59 to 1.0.0")],
        title: "chunk under another owner",
        explanation: "A chunk's tag differs from the lane in which its item is open.",
        clause: CHUNKS,
        effect: GIVES_UP,
        fix: "Tag all chunks of an item alike.",
    };
    CHUNK_AMBIGUOUS = Rule {
        id: "chunk.ambiguous", severity: Error, stops: true, fails: &[TypeScript("0.0.59 to 1.0.0")],
        title: "chunk that could belong to several items",
        explanation: "A chunk without id and tag came while several lanes have an open item of its kind.",
        clause: CHUNKS,
        effect: GIVES_UP,
        fix: "Send the id on every chunk as soon as sub-agents speak.",
    };
    NOT_JSON = Rule {
        id: "framing.json", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "frame that is not JSON",
        explanation: "The official client fails at data that is not JSON.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Serialise each event whole before writing it; NaN, dates and byte strings are what breaks serialisers.",
    };
    NOT_AN_OBJECT = Rule {
        id: "framing.not_an_object", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "frame that is no object",
        explanation: "The official client fails at JSON that is not an object.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Send one event object a frame, not a list and not a string.",
    };
    NO_TYPE = Rule {
        id: "framing.no_type", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "event without a type",
        explanation: "The official client fails at an object whose type is not a non-empty string.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Send AG-UI events only on this stream; other data goes into CUSTOM or RAW.",
    };
    CUT = Rule {
        id: "framing.cut", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "body cut inside a frame",
        explanation: "The body ends inside the frame, and the official client fails at what came of it.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Look for what ended the process or the connection; see also how the transport ended.",
    };
    DONE = Rule {
        id: "framing.done", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "frame that says [DONE]",
        explanation: "[DONE] is a habit of other protocols; the official client fails at it, as it is not JSON.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "End the body after RUN_FINISHED and send nothing more.",
    };
    EMPTY_DATA = Rule {
        id: "framing.empty_data", severity: Error, stops: true, fails: &[TypeScript("0.0.43 to 1.0.0")],
        title: "empty data",
        explanation: "The official client fails at a data field with nothing in it.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Keep a connection alive with comments (a line that begins with a colon).",
    };
    TWO_EVENTS = Rule {
        id: "framing.two_events", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "two events in a frame",
        explanation: "Without the blank line between them, the official client reads two events as one broken JSON.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Write two line feeds after every event.",
    };
    TWICE = Rule {
        id: "framing.twice", severity: Error, stops: true, fails: &[TypeScript("0.0.34 to 1.0.0")],
        title: "event that was framed or encoded twice",
        explanation: "The data is an SSE frame again (`data: data: {…}`), or a JSON string that holds an event or a frame. The official client finds no object there.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Write each event once: give the SSE library the event's JSON, or write the frame yourself, not both.",
    };
    TOO_LARGE = Rule {
        id: "framing.over_10_mib", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "frame over 10 MiB",
        explanation: "The official client gives up once 10 MiB have come without a blank line.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Send large results by reference, or state as deltas.",
    };
    LINE_ENDS = Rule {
        id: "framing.crlf", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "frames that the client reads as one",
        explanation: "The official client cuts at LF LF only. Frames that CRLF or CR separates are one to it, and two events together are not JSON.",
        clause: SSE,
        effect: GIVES_UP,
        fix: "Set the line separator of the SSE library to LF (sse-starlette: sep=\"\\n\"), and look for a gateway that converts line ends.",
    };
    LOST = Rule {
        id: "framing.lost", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "event that the client does not see",
        explanation: "The line of data begins after CR. To @ag-ui/client 1.0.0 only LF ends a line, so the data is the end of another line, which it skips.",
        clause: SSE,
        effect: "The official client goes on without the event.",
        fix: "End every line with LF.",
    };
    EVENT_SIZE = Rule {
        id: "limit.event_size", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "event too large to be folded",
        explanation: "Events over 64 MiB are kept and not folded. @ag-ui/client 1.0.0 gives up earlier, at 10 MiB of SSE without a blank line.",
        clause: LIMIT,
        effect: FAITHFUL,
        fix: "Send large results by reference.",
    };
    NESTING = Rule {
        id: "limit.nesting", severity: Warning, stops: false, fails: &[],
        title: "event too deep to be folded",
        explanation: "JSON nested over 512 levels is kept and not folded.",
        clause: LIMIT,
        effect: FAITHFUL,
        fix: "Flatten what is sent; few readers accept JSON this deep.",
    };
    DUPLICATE_KEY = Rule {
        id: "json.duplicate_key", severity: Warning, stops: false, fails: &[],
        title: "member that stands twice",
        explanation: "JavaScript keeps the last value of a name, in the place of the first; other readers keep the first or refuse.",
        clause: SSE,
        effect: "The client holds the last of the values.",
        fix: "Write each member once.",
    };
    CHANGED_NUMBER = Rule {
        id: "json.changed_number", severity: Warning, stops: false, fails: &[],
        title: "number that JavaScript cannot hold",
        explanation: "Numbers are doubles to JavaScript; what it holds is another number than what was sent.",
        clause: SSE,
        effect: "The client holds and shows another number.",
        fix: "Send ids and large integers as strings.",
    };
    LONE_SURROGATE = Rule {
        id: "json.lone_surrogate", severity: Note, stops: false, fails: &[],
        title: "half of a surrogate pair",
        explanation: "A character was split between two events. The half stays in the text until its other half is appended.",
        clause: SSE,
        effect: "Text shows a replacement character until the other half comes.",
        fix: "Split text between characters, not between UTF-16 units.",
    };
    BYTE_ORDER_MARK = Rule {
        id: "framing.bom", severity: Note, stops: false, fails: &[],
        title: "byte order mark",
        explanation: "The body begins with a byte order mark, which readers skip.",
        clause: SSE,
        effect: HARMLESS,
        fix: "Write UTF-8 without a mark.",
    };
    CR_INSIDE = Rule {
        id: "framing.cr_inside", severity: Note, stops: false, fails: &[],
        title: "CR inside a frame",
        explanation: "A line ends with CR, which the official client keeps in the line.",
        clause: SSE,
        effect: "The CR becomes part of the line; JSON allows it at the end.",
        fix: "End lines with LF.",
    };
    NOT_AFIELD = Rule {
        id: "framing.not_a_field", severity: Warning, stops: false, fails: &[],
        title: "line that is no field",
        explanation: "The line is neither a field of SSE nor a comment; readers skip it. Newline-delimited JSON without `data:` looks like this.",
        clause: SSE,
        effect: "The line is skipped; if all are, the run succeeds and is empty.",
        fix: "Begin each line of an event with `data: `.",
    };
    BARE_DATA = Rule {
        id: "framing.bare_data", severity: Note, stops: false, fails: &[],
        title: "data without a colon",
        explanation: "A data field to the standard, nothing to the official client.",
        clause: SSE,
        effect: HARMLESS,
        fix: "Write the colon.",
    };
    UTF8 = Rule {
        id: "framing.utf8", severity: Warning, stops: false, fails: &[],
        title: "bytes that are not UTF-8",
        explanation: "Readers see U+FFFD in their place.",
        clause: SSE,
        effect: "Text shows replacement characters.",
        fix: "Encode as UTF-8, and do not cut inside a character when text is shortened.",
    };
    UNTERMINATED = Rule {
        id: "framing.unterminated", severity: Note, stops: false, fails: &[],
        title: "no blank line at the end",
        explanation: "The last frame is whole, and its blank line is missing. The official client reads it when the body ends; a strict SSE reader drops it.",
        clause: SSE,
        effect: "The official client reads the frame when the body ends.",
        fix: "Write two line feeds after the last event, too.",
    };
    ENDS_INSIDE = Rule {
        id: "framing.pending", severity: Note, stops: false, fails: &[],
        title: "event that the client reads late",
        explanation: "Without LF LF after it, the client reads an event with what comes next, or when the body ends.",
        clause: SSE,
        effect: "The event arrives late.",
        fix: "Write two line feeds after every event.",
    };
    RECORD = Rule {
        id: "framing.record", severity: Error, stops: true, fails: &[TypeScript("1.0.0")],
        title: "record that cannot be decoded",
        explanation: "A record of the binary transport is no message of protobuf, names no event or two, contradicts itself, or has an integer beyond 2^53.",
        clause: BINARY,
        effect: GIVES_UP,
        fix: "Encode with the published definition of the protocol version that the client speaks, and write the length of each record.",
    };
    UNWRITABLE = Rule {
        id: "record.not_json", severity: Note, stops: false, fails: &[],
        title: "value that JSON does not have",
        explanation: "The binary transport can carry infinite numbers, NaN and items that are nothing. Clients hold them until a patch copies the state through JSON, which makes them null.",
        clause: BINARY,
        effect: "The official client holds the value and shows null; a patch that tests or adds it fails.",
        fix: "Send null, or a string.",
    };
    UNKNOWN_ENCODING = Rule {
        id: "encoding.unknown", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "unknown content encoding",
        explanation: "Nobody here knows the encoding, so there are no frames. A client that did not ask for it fails at it: @ag-ui/client 1.0.0 reads it as broken text.",
        clause: "HTTP (RFC 9110), Content-Encoding",
        effect: "A client that does not know the encoding reads noise.",
        fix: "Use an encoding that the request's Accept-Encoding names, or none for event streams.",
    };
    BROKEN_ENCODING = Rule {
        id: "encoding.broken", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "broken content encoding",
        explanation: "The encoded body breaks its own format, or ends inside it. @ag-ui/client 1.0.0 fails as fetch does.",
        clause: "HTTP (RFC 9110), Content-Encoding",
        effect: "Reading the body fails.",
        fix: "Flush and finish the compressor before the body ends, also on errors.",
    };
    DECODED_SIZE = Rule {
        id: "limit.decoded_size", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "encoded body that unfolds beyond the limit",
        explanation: "The encoded body unfolds to more than is decoded here. @ag-ui/client 1.0.0 would run out of memory.",
        clause: LIMIT,
        effect: FAITHFUL,
        fix: "Look for what compresses so well: usually a repeated snapshot.",
    };
}
