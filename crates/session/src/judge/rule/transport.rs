//! Rules about how the bytes came, how long it took, and what they give away.

use crate::fold::rule::rules;

const HTTP: &str = "Architecture, HTTP client";
const SSE: &str = "Architecture, HTTP client and SSE";
const TIME: &str = "None: how long people wait";

rules! {
    NoAnswer "transport.no_answer" Error false
        "no answer"
        "Upstream could not be reached, or sent no head. @ag-ui/client 1.0.0 rejects as fetch does."
        HTTP, "`runAgent` rejects.",
        "See whether the agent runs and listens where the source forwards to."
        [TypeScript1]
    BadStatus "transport.status" Error false
        "run refused with an error status"
        "A run was asked for, and the answer's status is not 2xx. @ag-ui/client 1.0.0 rejects with the status and the body."
        HTTP, "`runAgent` rejects; no event is read.",
        "Read the body of the answer."
        [TypeScript1]
    Reset "transport.reset" Error false
        "connection broke off"
        "Upstream reset the connection inside the body, or ended it there in an orderly way. @ag-ui/client 1.0.0 rejects with a network error."
        HTTP, "`runAgent` rejects after the events that came.",
        "Look for a crash of the agent, and for a proxy's time limit."
        [TypeScript1]
    Framing "transport.framing" Error false
        "length said in two ways"
        "The answer's head says where the body ends in more than one way: Content-Length beside Transfer-Encoding, or twice, or a transfer coding beside chunked. Where the two part, Scrubjay breaks the answer off at its end, so that nobody takes it for whole. @ag-ui/client 1.0.0 in Node rejects."
        "HTTP/1.1 (RFC 9112), Message Body Length", "fetch in Node refuses an answer with two lengths; browsers follow Transfer-Encoding.",
        "Send either Content-Length or Transfer-Encoding: chunked, once; leave both to the server that writes the answer."
        [TypeScript1]
    ClientLeft "transport.client_left" Note false
        "client left"
        "The client closed the connection before the body ended, as it does when somebody presses stop."
        HTTP, "The client has what came until then.",
        "Nothing, if somebody pressed stop."
        []
    RecorderStopped "transport.recorder_stopped" Note false
        "recording stopped"
        "Scrubjay stopped before the body ended; the rest was not seen."
        "None: about the recording", "None.",
        "Nothing."
        []
    NotRecorded "transport.hole" Note false
        "bytes that are not here"
        "The disk was full or recording was paused, so bytes went to the client that are not here; or a recording file was cut."
        "None: about the recording", "None.",
        "Make room; get a file that was cut again."
        []
    ContentType "transport.content_type" Warning false
        "content type of the answer"
        "An event stream is sent as text/event-stream, and protobuf as application/vnd.ag-ui.event+proto without parameters."
        SSE, "The official client reads anything as SSE and finds nothing where there is none; EventSource and most SSE libraries refuse other types.",
        "Set the content type of the response."
        []
    Compressed "transport.compressed" Note false
        "compressed event stream"
        "The stream has a content encoding. A compressor that is not flushed after every event holds events back."
        SSE, "None, if every event is flushed.",
        "Leave event streams out of the compression middleware."
        []
    Buffered "transport.buffered" Warning false
        "everything came at the end"
        "Events that were made over time arrived together: something between agent and client holds the body back."
        SSE, "People see nothing until the run is over.",
        "Turn buffering off in the proxy (nginx: X-Accel-Buffering: no), and flush after every event."
        []
    Gap "transport.gap" Warning false
        "silence that proxies cut"
        "Nothing came for 60 seconds or more, no comment either. nginx and many load balancers end a connection after 60 seconds."
        SSE, "Behind such a proxy the connection breaks here.",
        "Send a comment (a line that begins with a colon) every 15 seconds."
        []
    FirstText "time.first_text" Note false
        "long wait for the first text"
        "The first character of text came 10 seconds or more after the request."
        TIME, "People wait without a sign.",
        "Send a step, an activity or reasoning while the model works."
        []
    Stall "time.stall" Note false
        "long silence inside a run"
        "No event came for 10 seconds or more, inside a run."
        TIME, "People wait without a sign.",
        "Send a step or an activity while a tool works."
        []
    Secret "secret.on_wire" Warning false
        "something that looks like a credential"
        "A value has the form of a key, a token or a private key. Whoever gets the recording gets it, too."
        "None: about what is shared", "The client holds it and may show it.",
        "Keep credentials out of prompts, tool results and state; give the key out anew if the recording was shared."
        []
    ReadersDisagree "reader.disagrees" Warning false
        "readers that read differently"
        "An independent SSE reader finds other events in this body than Scrubjay's own."
        SSE, "Clients that use another SSE library see other events.",
        "Keep to one event a frame, `data: ` before one line of JSON, and two line feeds after it."
        []
}
