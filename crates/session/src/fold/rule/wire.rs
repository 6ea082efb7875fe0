//! Rules about frames, their JSON, the schema, and chunks that open items.

use super::{GIVES_UP, rules};

const SSE: &str = "Architecture, HTTP client and SSE (one event a frame, lines end in LF)";
const BINARY: &str = "Architecture, HTTP binary protocol";
const SCHEMA: &str = "SDK reference, Event types (members, required and optional)";
const CHUNKS: &str = "Events, TextMessageChunk and ToolCallChunk (conversion to start, content and end)";
const LIMIT: &str = "None: a limit of Scrubjay's";
const FAITHFUL: &str =
    "The client is not affected. Scrubjay keeps the bytes and shows messages and state without this event.";
const HARMLESS: &str = "None: the official client reads on as if it were not there.";

rules! {
    Schema "schema.invalid" Error true
        "event against the schema"
        "A member that the protocol describes is missing, null or of a wrong kind."
        SCHEMA, GIVES_UP,
        "Send the member as the message says; leave optional members out instead of sending null."
        [TypeScript1]
    ChunkWithoutId "chunk.no_id" Error true
        "first chunk without an id"
        "A chunk that opens an item needs its id. An event between two chunks without ids closes the item, so the next one opens."
        CHUNKS, GIVES_UP,
        "Send messageId or toolCallId on every chunk."
        [TypeScript1]
    ChunkWithoutName "chunk.no_name" Error true
        "first tool chunk without a name"
        "A chunk that opens a tool call needs toolCallName."
        CHUNKS, GIVES_UP,
        "Send toolCallName with the first chunk of a call."
        [TypeScript1]
    ChunkConflict "chunk.conflict" Error true
        "chunk contradicts its opener"
        "A continuation may repeat a member of the opener only with the same value."
        CHUNKS, GIVES_UP,
        "Send role, name, toolCallName and parentMessageId with the first chunk only."
        [TypeScript1]
    ChunkOwner "chunk.owner" Error true
        "chunk under another owner"
        "A chunk's tag differs from the lane in which its item is open."
        CHUNKS, GIVES_UP,
        "Tag all chunks of an item alike."
        [TypeScript1]
    ChunkAmbiguous "chunk.ambiguous" Error true
        "chunk that could belong to several items"
        "A chunk without id and tag came while several lanes have an open item of its kind."
        CHUNKS, GIVES_UP,
        "Send the id on every chunk as soon as sub-agents speak."
        [TypeScript1]
    NotJson "framing.json" Error true
        "frame that is not JSON"
        "The official client fails at data that is not JSON."
        SSE, GIVES_UP,
        "Serialise each event whole before writing it; NaN, dates and byte strings are what breaks serialisers."
        [TypeScript1]
    NotAnObject "framing.not_an_object" Error true
        "frame that is no object"
        "The official client fails at JSON that is not an object."
        SSE, GIVES_UP,
        "Send one event object a frame, not a list and not a string."
        [TypeScript1]
    NoType "framing.no_type" Error true
        "event without a type"
        "The official client fails at an object whose type is not a non-empty string."
        SSE, GIVES_UP,
        "Send AG-UI events only on this stream; other data goes into CUSTOM or RAW."
        [TypeScript1]
    Cut "framing.cut" Error true
        "body cut inside a frame"
        "The body ends inside the frame, and the official client fails at what came of it."
        SSE, GIVES_UP,
        "Look for what ended the process or the connection; see also how the transport ended."
        [TypeScript1]
    Done "framing.done" Error true
        "frame that says [DONE]"
        "[DONE] is a habit of other protocols; the official client fails at it, as it is not JSON."
        SSE, GIVES_UP,
        "End the body after RUN_FINISHED and send nothing more."
        [TypeScript1]
    EmptyData "framing.empty_data" Error true
        "empty data"
        "The official client fails at a data field with nothing in it."
        SSE, GIVES_UP,
        "Keep a connection alive with comments (a line that begins with a colon)."
        [TypeScript1]
    TwoEvents "framing.two_events" Error true
        "two events in a frame"
        "Without the blank line between them, the official client reads two events as one broken JSON."
        SSE, GIVES_UP,
        "Write two line feeds after every event."
        [TypeScript1]
    TooLarge "framing.over_10_mib" Error true
        "frame over 10 MiB"
        "The official client gives up once 10 MiB have come without a blank line."
        SSE, GIVES_UP,
        "Send large results by reference, or state as deltas."
        [TypeScript1]
    LineEnds "framing.crlf" Error true
        "frame that does not end in LF LF"
        "The official client cuts at LF LF only: what comes before the next one is read together with this."
        SSE, GIVES_UP,
        "Set the line separator of the SSE library to LF (sse-starlette: sep=\"\\n\"), and look for a gateway that converts line ends."
        [TypeScript1]
    EventSize "limit.event_size" Error false
        "event too large to be folded"
        "Events over 64 MiB are kept and not folded. @ag-ui/client 1.0.0 gives up earlier, at 10 MiB of SSE without a blank line."
        LIMIT, FAITHFUL,
        "Send large results by reference."
        [TypeScript1]
    Nesting "limit.nesting" Warning false
        "event too deep to be folded"
        "JSON nested over 512 levels is kept and not folded."
        LIMIT, FAITHFUL,
        "Flatten what is sent; few readers accept JSON this deep."
        []
    DuplicateKey "json.duplicate_key" Warning false
        "member that stands twice"
        "JavaScript keeps the last value of a name, in the place of the first; other readers keep the first or refuse."
        SSE, "The client holds the last of the values.",
        "Write each member once."
        []
    ChangedNumber "json.changed_number" Warning false
        "number that JavaScript cannot hold"
        "Numbers are doubles to JavaScript; what it holds is another number than what was sent."
        SSE, "The client holds and shows another number.",
        "Send ids and large integers as strings."
        []
    LoneSurrogate "json.lone_surrogate" Note false
        "half of a surrogate pair"
        "A character was split between two events. The half stays in the text until its other half is appended."
        SSE, "Text shows a replacement character until the other half comes.",
        "Split text between characters, not between UTF-16 units."
        []
    ByteOrderMark "framing.bom" Note false
        "byte order mark"
        "The body begins with a byte order mark, which readers skip."
        SSE, HARMLESS,
        "Write UTF-8 without a mark."
        []
    CrInside "framing.cr_inside" Note false
        "CR inside a frame"
        "A line ends with CR, which the official client keeps in the line."
        SSE, "The CR becomes part of the line; JSON allows it at the end.",
        "End lines with LF."
        []
    NotAField "framing.not_a_field" Warning false
        "line that is no field"
        "The line is neither a field of SSE nor a comment; readers skip it. Newline-delimited JSON without `data:` looks like this."
        SSE, "The line is skipped; if all are, the run succeeds and is empty.",
        "Begin each line of an event with `data: `."
        []
    BareData "framing.bare_data" Note false
        "data without a colon"
        "A data field to the standard, nothing to the official client."
        SSE, HARMLESS,
        "Write the colon."
        []
    Utf8 "framing.utf8" Warning false
        "bytes that are not UTF-8"
        "Readers see U+FFFD in their place."
        SSE, "Text shows replacement characters.",
        "Encode as UTF-8, and do not cut inside a character when text is shortened."
        []
    Unterminated "framing.unterminated" Note false
        "no blank line at the end"
        "The last frame is whole, and its blank line is missing. The official client reads it; a strict SSE reader drops it."
        SSE, "The official client reads the frame when the body ends.",
        "Write two line feeds after the last event, too."
        []
    EndsInside "framing.pending" Note false
        "events that came only with the end"
        "Without LF LF behind it, the client reads a frame when the body ends."
        SSE, "The events arrive late.",
        "Write two line feeds after every event."
        []
    Record "framing.record" Error true
        "record that cannot be decoded"
        "A record of the binary transport is no message of protobuf, names no event or two, contradicts itself, or has an integer beyond 2^53."
        BINARY, GIVES_UP,
        "Encode with the published definition of the protocol version that the client speaks, and write the length of each record."
        [TypeScript1]
    Unwritable "record.not_json" Note false
        "value that JSON does not have"
        "The binary transport can carry infinite numbers, NaN and items that are nothing. Clients hold them until a patch copies the state through JSON, which makes them null."
        BINARY, "The official client holds the value and shows null; a patch that tests or adds it fails.",
        "Send null, or a string."
        []
    UnknownEncoding "encoding.unknown" Error false
        "unknown content encoding"
        "Nobody here knows the encoding, so there are no frames. A client that did not ask for it fails at it: @ag-ui/client 1.0.0 reads it as broken text."
        "HTTP (RFC 9110), Content-Encoding", "A client that does not know the encoding reads noise.",
        "Use an encoding that the request's Accept-Encoding names, or none for event streams."
        [TypeScript1]
    BrokenEncoding "encoding.broken" Error false
        "broken content encoding"
        "The encoded body breaks its own format, or ends inside it. @ag-ui/client 1.0.0 fails as fetch does."
        "HTTP (RFC 9110), Content-Encoding", "Reading the body fails.",
        "Flush and finish the compressor before the body ends, also on errors."
        [TypeScript1]
    DecodedSize "limit.decoded_size" Error false
        "encoded body that unfolds beyond the limit"
        "The encoded body unfolds to more than is decoded here. @ag-ui/client 1.0.0 would run out of memory."
        LIMIT, FAITHFUL,
        "Look for what compresses so well: usually a repeated snapshot."
        [TypeScript1]
}
