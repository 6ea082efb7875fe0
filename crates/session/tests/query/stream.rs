//! Made-up streams.

use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    memory::MemoryShelf,
    query::Reader,
};

/// An exchange in the making: frames with the pause before each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) at_us: u64,
}

impl Stream {
    /// Bytes that arrive together, so long after the ones before.
    pub(crate) fn raw(&mut self, after_us: u64, bytes: &[u8]) -> &mut Self {
        self.at_us += after_us;
        let (offset, len) = (self.bytes.len() as u64, bytes.len() as u64);
        self.chunks.push(Chunk {
            offset,
            len,
            at_us: self.at_us,
        });
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// An event that arrives alone.
    pub(crate) fn event(&mut self, after_us: u64, json: &str) -> &mut Self {
        self.raw(after_us, format!("data: {json}\n\n").as_bytes())
    }

    pub(crate) fn exchange(&self, ending: Ending) -> Exchange {
        let head = ResponseHead {
            status: 200,
            headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
            ..ResponseHead::default()
        };
        Exchange {
            response: Some(head),
            ending,
            ..Exchange::default()
        }
    }

    pub(crate) fn shelf(&self, ending: Ending) -> MemoryShelf {
        MemoryShelf::new(
            self.exchange(ending),
            REQUEST.to_vec(),
            self.chunks.clone(),
            self.bytes.clone(),
        )
    }

    pub(crate) fn reader(&self, ending: Ending) -> Reader<MemoryShelf> {
        Reader::open(self.shelf(ending)).unwrap()
    }
}

pub(crate) const REQUEST: &[u8] = br#"{"threadId":"t1","runId":"r0","state":{"n":0},"messages":[{"id":"u1","role":"user","content":"find a flight"}],"tools":[],"context":[],"forwardedProps":{}}"#;

/// A run with one of most things, an interrupt and a second run that is cut.
pub(crate) fn everything() -> Stream {
    let mut stream = Stream::default();
    stream
        .event(120_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#)
        .event(1_000, r#"{"type":"STEP_STARTED","stepName":"plan"}"#)
        .event(1_000, r#"{"type":"STATE_SNAPSHOT","snapshot":{"cart":{"total":1},"items":[]}}"#)
        .raw(500, b": keep-alive\n\n")
        .raw(500, b": keep-alive\n\n")
        .event(1_000, r#"{"type":"REASONING_START","messageId":"think"}"#)
        .event(2_000, r#"{"type":"REASONING_MESSAGE_START","messageId":"think-1","role":"reasoning"}"#)
        .event(3_000, r#"{"type":"REASONING_MESSAGE_CONTENT","messageId":"think-1","delta":"Cheap first."}"#)
        .event(1_000, r#"{"type":"REASONING_MESSAGE_END","messageId":"think-1"}"#)
        .event(1_000, r#"{"type":"REASONING_END","messageId":"think"}"#)
        .event(4_000, r#"{"type":"TEXT_MESSAGE_START","messageId":"m1","role":"assistant"}"#)
        .event(90_000, r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"I am looking"}"#)
        .event(8_000, r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/cart/total","value":2}]}"#)
        .event(8_000, r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":" for flights."}"#)
        .event(1_000, r#"{"type":"TEXT_MESSAGE_END","messageId":"m1"}"#)
        .event(5_000, r#"{"type":"TOOL_CALL_START","toolCallId":"c1","toolCallName":"find","parentMessageId":"m1"}"#)
        .event(1_000, r#"{"type":"TOOL_CALL_START","toolCallId":"c2","toolCallName":"book"}"#)
        .event(1_000, r#"{"type":"TOOL_CALL_ARGS","toolCallId":"c1","delta":"{\"to\":"}"#)
        .event(1_000, r#"{"type":"TOOL_CALL_ARGS","toolCallId":"c2","delta":"{}"}"#)
        .event(1_000, r#"{"type":"TOOL_CALL_ARGS","toolCallId":"c1","delta":"\"Oslo\"}"}"#)
        .event(1_000, r#"{"type":"TOOL_CALL_END","toolCallId":"c1"}"#)
        .event(1_000, r#"{"type":"TOOL_CALL_END","toolCallId":"c2"}"#)
        .event(900_000, r#"{"type":"TOOL_CALL_RESULT","messageId":"x1","toolCallId":"c1","content":"3 flights"}"#)
        .event(2_000, r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/missing/total","value":3}]}"#)
        .event(2_000, r#"{"type":"CUSTOM","name":"progress","value":0.5}"#)
        .event(2_000, r#"{"type":"SUBAGENT_STARTED","subagentRunId":"s1","name":"pricing"}"#)
        .event(20_000, r#"{"type":"SUBAGENT_FINISHED","subagentRunId":"s1"}"#)
        .event(2_000, r#"{"type":"ACTIVITY_SNAPSHOT","messageId":"a1","activityType":"PLAN","content":{"n":1}}"#)
        .event(2_000, r#"{"type":"STATE_SNAPSHOT","snapshot":{"cart":{"total":9},"items":[1]}}"#)
        .event(2_000, r#"{"type":"STEP_FINISHED","stepName":"plan"}"#)
        .event(3_000, r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1","outcome":{"type":"interrupt","interrupts":[{"id":"i1","reason":"confirmation","message":"Book it?"}]}}"#)
        .event(41_000_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r2"}"#)
        .event(4_000, r#"{"type":"TEXT_MESSAGE_START","messageId":"m2","role":"assistant"}"#)
        .event(4_000, r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m2","delta":"Booked, and th"}"#)
        .raw(1_000, b"data: {\"type\":\"TEXT_MESS");
    stream
}
