//! Rules about how the bytes came, how long it took, and what they give away.

use crate::fold::rule::{
    Client::TypeScript,
    Rule,
    Severity::{Error, Note, Warning},
    rules,
};

const HTTP: &str = "Architecture, HTTP client";
const SSE: &str = "Architecture, HTTP client and SSE";
const TIME: &str = "None: how long people wait";

rules! {
    NO_ANSWER = Rule {
        id: "transport.no_answer", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "no answer",
        explanation: "Upstream could not be reached, or sent no head. @ag-ui/client 1.0.0 rejects as fetch does.",
        clause: HTTP,
        effect: "`runAgent` rejects.",
        fix: "See whether the agent runs and listens where the source forwards to.",
    };
    BAD_STATUS = Rule {
        id: "transport.status", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "run refused with an error status",
        explanation: "A run was asked for, and the answer's status is 400 or above. @ag-ui/client 1.0.0 rejects with the status and the body.",
        clause: HTTP,
        effect: "`runAgent` rejects; no event is read.",
        fix: "Read the body of the answer.",
    };
    REFUSED = Rule {
        id: "transport.refused", severity: Warning, stops: false, fails: &[],
        title: "request refused with an error status",
        explanation: "A request that clients make before or beside a run was answered with a status of 400 or above: CopilotKit's info or another method of its endpoint, or a part of a RunAgentInput.",
        clause: "None: CopilotKit's endpoints",
        effect: "Without info, CopilotKit's frontend knows no agent and runs none.",
        fix: "Read the body of the answer. An agent's own address is no runtime: point the frontend at a runtime, or give the agent to it as an HttpAgent.",
    };
    REDIRECTED = Rule {
        id: "transport.redirect", severity: Note, stops: false, fails: &[],
        title: "request redirected",
        explanation: "The answer sends the client elsewhere. fetch follows, with the same method and body after 307 and 308, and with GET and without the body after 301, 302 and 303. Without a Location there is nowhere to follow to: fetch gives the answer to the client as it is, and @ag-ui/client 1.0.0 rejects with its status.",
        clause: HTTP,
        effect: "The client asks again; what is not on its way through Scrubjay is not recorded.",
        fix: "Ask for the address that the answer names, often the same with or without a slash at its end. An answer without a Location is the server's mistake: send one, or another status.",
    };
    RESET = Rule {
        id: "transport.reset", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "connection broke off",
        explanation: "Upstream reset the connection inside the body, or ended it there in an orderly way. @ag-ui/client 1.0.0 rejects with a network error.",
        clause: HTTP,
        effect: "`runAgent` rejects after the events that came.",
        fix: "Look for a crash of the agent, and for a proxy's time limit.",
    };
    FRAMING = Rule {
        id: "transport.framing", severity: Error, stops: false, fails: &[TypeScript("1.0.0")],
        title: "length said in two ways",
        explanation: "The answer's head says where the body ends in more than one way: Content-Length beside Transfer-Encoding, or twice, or a transfer coding beside chunked. Where the two part, Scrubjay breaks the answer off at its end, so that nobody takes it for whole. @ag-ui/client 1.0.0 in Node rejects.",
        clause: "HTTP/1.1 (RFC 9112), Message Body Length",
        effect: "fetch in Node refuses an answer with two lengths; browsers follow Transfer-Encoding.",
        fix: "Send either Content-Length or Transfer-Encoding: chunked, once; leave both to the server that writes the answer.",
    };
    CLIENT_LEFT = Rule {
        id: "transport.client_left", severity: Note, stops: false, fails: &[],
        title: "client left",
        explanation: "The client closed the connection before the body ended, as it does when somebody presses stop.",
        clause: HTTP,
        effect: "The client has what came until then.",
        fix: "Nothing, if somebody pressed stop.",
    };
    RECORDER_STOPPED = Rule {
        id: "transport.recorder_stopped", severity: Note, stops: false, fails: &[],
        title: "recording stopped",
        explanation: "Scrubjay stopped before the body ended; the rest was not seen.",
        clause: "None: about the recording",
        effect: "None.",
        fix: "Nothing.",
    };
    NOT_RECORDED = Rule {
        id: "transport.hole", severity: Note, stops: false, fails: &[],
        title: "bytes that are not here",
        explanation: "The disk was full or recording was paused, so bytes went to the client that are not here; or a recording file was cut. From there on rules about one event speak, and where the client gives up cannot be told. The state is known again from a STATE_SNAPSHOT on, the messages from a MESSAGES_SNAPSHOT on (activities and reasoning only if it states some, and their order only as the snapshot has it), a run from its RUN_STARTED on as far as it depends on nothing before. A run that may have ended in what is missing has the outcome unknown.",
        clause: "None: about the recording",
        effect: "None.",
        fix: "Make room; get a file that was cut again.",
    };
    CONTENT_TYPE = Rule {
        id: "transport.content_type", severity: Warning, stops: false, fails: &[],
        title: "content type of the answer",
        explanation: "An event stream is sent as text/event-stream, and protobuf as application/vnd.ag-ui.event+proto without parameters.",
        clause: SSE,
        effect: "The official client reads anything as SSE and finds nothing where there is none; EventSource and most SSE libraries refuse other types.",
        fix: "Set the content type of the response.",
    };
    COMPRESSED = Rule {
        id: "transport.compressed", severity: Note, stops: false, fails: &[],
        title: "compressed event stream",
        explanation: "The stream has a content encoding. A compressor that is not flushed after every event holds events back.",
        clause: SSE,
        effect: "None, if every event is flushed.",
        fix: "Leave event streams out of the compression middleware.",
    };
    BUFFERED = Rule {
        id: "transport.buffered", severity: Warning, stops: false, fails: &[],
        title: "everything came at the end",
        explanation: "Events that were made over time arrived together: something between agent and client holds the body back.",
        clause: SSE,
        effect: "People see nothing until the run is over.",
        fix: "Turn buffering off in the proxy (nginx: X-Accel-Buffering: no), and flush after every event.",
    };
    GAP = Rule {
        id: "transport.gap", severity: Warning, stops: false, fails: &[],
        title: "silence that proxies cut",
        explanation: "Nothing came for 60 seconds or more, no comment either. nginx and many load balancers end a connection after 60 seconds.",
        clause: SSE,
        effect: "Behind such a proxy the connection breaks here.",
        fix: "Send a comment (a line that begins with a colon) every 15 seconds.",
    };
    FIRST_TEXT = Rule {
        id: "time.first_text", severity: Note, stops: false, fails: &[],
        title: "long wait for the first text",
        explanation: "The first character of text came 10 seconds or more after the request.",
        clause: TIME,
        effect: "People wait without a sign.",
        fix: "Send a step, an activity or reasoning while the model works.",
    };
    STALL = Rule {
        id: "time.stall", severity: Note, stops: false, fails: &[],
        title: "long silence inside a run",
        explanation: "No event came for 10 seconds or more, inside a run.",
        clause: TIME,
        effect: "People wait without a sign.",
        fix: "Send a step or an activity while a tool works.",
    };
    SECRET = Rule {
        id: "secret.on_wire", severity: Warning, stops: false, fails: &[],
        title: "something that looks like a credential",
        explanation: "A value has the form of a key, a token or a private key. Whoever gets the recording gets it, too.",
        clause: "None: about what is shared",
        effect: "The client holds it and may show it.",
        fix: "Keep credentials out of prompts, tool results and state; give the key out anew if the recording was shared.",
    };
    READERS_DISAGREE = Rule {
        id: "reader.disagrees", severity: Warning, stops: false, fails: &[],
        title: "readers that read differently",
        explanation: "An independent SSE reader finds other events in this body than Scrubjay's own.",
        clause: SSE,
        effect: "Clients that use another SSE library see other events.",
        fix: "Keep to one event a frame, `data: ` before one line of JSON, and two line feeds after it.",
    };
}
