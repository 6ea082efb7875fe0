//! A long run, made up: the same bytes each time it is asked for.
//!
//! It looks like what a framework sends that repeats its own event in
//! `rawEvent`: about 300 bytes an event, of which few are text. One run holds
//! messages of some hundred deltas, reasoning, tool calls, steps, and a state
//! of about 100 KB that every tenth event changes.

use std::fmt::Write as _;

/// Entries of the state; each is about 125 bytes of JSON.
const ENTRIES: u64 = 800;
/// Text deltas of a message.
const DELTAS: u64 = 300;
/// A turn: a message, reasoning, a tool call, and a step around them.
const TURN: u64 = DELTAS + 60;

const WORDS: [&str; 16] = [
    "scrub", "the", "timeline", "back", "until", "state", "and", "stream", "part", "where", "a", "patch", "failed",
    "quietly", "before", "noon",
];

/// Makes the frames one after another.
pub(crate) struct Stream {
    events: u64,
    next: u64,
    turn: u64,
    step: u64,
    seed: u64,
}

impl Stream {
    /// A run of so many events.
    pub(crate) fn new(events: u64) -> Self {
        Self {
            events,
            next: 0,
            turn: 0,
            step: 0,
            seed: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// The request that asked for it.
    pub(crate) fn request_body() -> Vec<u8> {
        br#"{"threadId":"thread-synthetic","runId":"run-synthetic","state":{},"messages":[{"id":"u1","role":"user","content":"Tell me a very long story."}],"tools":[],"context":[],"forwardedProps":{}}"#.to_vec()
    }

    /// Writes the next frame to `out`, which is emptied first; false at the end.
    pub(crate) fn next_frame(&mut self, out: &mut String) -> bool {
        out.clear();
        if self.next == self.events {
            return false;
        }
        let event = self.next;
        self.next += 1;
        out.push_str("data: {");
        match event {
            0 => out.push_str(r#""type":"RUN_STARTED","threadId":"thread-synthetic","runId":"run-synthetic""#),
            1 => self.snapshot(out),
            _ if self.next == self.events => {
                out.push_str(r#""type":"RUN_FINISHED","threadId":"thread-synthetic","runId":"run-synthetic""#);
            }
            // What is open when the end comes near is closed by not beginning anew.
            _ if self.step == 0 && self.next + TURN >= self.events => self.filler(out),
            _ if event.is_multiple_of(10) => self.delta(out),
            _ => self.turn_event(out),
        }
        if event > 1 {
            self.raw_event(out);
        }
        out.push_str("}\n\n");
        true
    }

    fn turn_event(&mut self, out: &mut String) {
        let (turn, step) = (self.turn, self.step);
        self.step += 1;
        match step {
            0 => put(out, format_args!(r#""type":"STEP_STARTED","stepName":"turn {turn}""#)),
            1 => put(
                out,
                format_args!(r#""type":"REASONING_MESSAGE_START","messageId":"r{turn}","role":"reasoning""#),
            ),
            2..=20 => {
                put(
                    out,
                    format_args!(r#""type":"REASONING_MESSAGE_CONTENT","messageId":"r{turn}","delta":""#),
                );
                self.words(out);
            }
            21 => put(
                out,
                format_args!(r#""type":"REASONING_MESSAGE_END","messageId":"r{turn}""#),
            ),
            22 => put(
                out,
                format_args!(r#""type":"TOOL_CALL_START","toolCallId":"c{turn}","toolCallName":"look_up""#),
            ),
            23 => put(
                out,
                format_args!(r#""type":"TOOL_CALL_ARGS","toolCallId":"c{turn}","delta":"{{\"query\":\"""#),
            ),
            24..=40 => {
                put(
                    out,
                    format_args!(r#""type":"TOOL_CALL_ARGS","toolCallId":"c{turn}","delta":""#),
                );
                self.words(out);
            }
            41 => put(
                out,
                format_args!(r#""type":"TOOL_CALL_ARGS","toolCallId":"c{turn}","delta":"\"}}""#),
            ),
            42 => put(out, format_args!(r#""type":"TOOL_CALL_END","toolCallId":"c{turn}""#)),
            43 => put(
                out,
                format_args!(
                    r#""type":"TOOL_CALL_RESULT","messageId":"t{turn}","toolCallId":"c{turn}","content":"found","role":"tool""#
                ),
            ),
            44 => put(
                out,
                format_args!(r#""type":"TEXT_MESSAGE_START","messageId":"m{turn}","role":"assistant""#),
            ),
            step if step < 45 + DELTAS => {
                put(
                    out,
                    format_args!(r#""type":"TEXT_MESSAGE_CONTENT","messageId":"m{turn}","delta":""#),
                );
                self.words(out);
            }
            step if step == 45 + DELTAS => put(out, format_args!(r#""type":"TEXT_MESSAGE_END","messageId":"m{turn}""#)),
            _ => {
                put(out, format_args!(r#""type":"STEP_FINISHED","stepName":"turn {turn}""#));
                self.turn += 1;
                self.step = 0;
            }
        }
    }

    fn snapshot(&mut self, out: &mut String) {
        out.push_str(r#""type":"STATE_SNAPSHOT","snapshot":{"progress":0,"entries":{"#);
        for entry in 0..ENTRIES {
            let comma = if entry == 0 { "" } else { "," };
            put(
                out,
                format_args!(
                    r#"{comma}"entry-{entry:03}":{{"title":"entry number {entry}","done":false,"count":0,"tags":["alpha","beta","gamma"],"note":"set by nobody yet"}}"#
                ),
            );
        }
        out.push_str("}}");
    }

    fn delta(&mut self, out: &mut String) {
        let entry = self.random() % ENTRIES;
        let count = self.next;
        put(
            out,
            format_args!(
                r#""type":"STATE_DELTA","delta":[{{"op":"replace","path":"/entries/entry-{entry:03}/count","value":{count}}},{{"op":"replace","path":"/progress","value":{count}}}]"#
            ),
        );
    }

    fn filler(&mut self, out: &mut String) {
        put(
            out,
            format_args!(r#""type":"CUSTOM","name":"tick","value":{}"#, self.next),
        );
    }

    fn words(&mut self, out: &mut String) {
        for _ in 0..4 {
            let word = usize::try_from(self.random() % 16).expect("below 16");
            out.push_str(WORDS[word]);
            out.push(' ');
        }
        out.push('"');
    }

    fn raw_event(&mut self, out: &mut String) {
        let (id, at) = (self.random(), 1_760_000_000_000 + self.next);
        put(
            out,
            format_args!(
                r#","timestamp":{at},"rawEvent":{{"event":"on_chat_model_stream","run_id":"{id:016x}","metadata":{{"langgraph_step":{},"langgraph_node":"agent","ls_provider":"openai"}}}}"#,
                self.turn
            ),
        );
    }

    /// Xorshift: repeatable, and nothing here needs better.
    fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes everything");
}
