//! An exchange from its parts, and what is found in it.

use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, RequestHead, ResponseHead},
    memory::MemoryShelf,
    query::{FindingEntry, Reader, Severity},
};

/// A run input that the streams here answer.
pub(crate) const INPUT: &str = r#"{"threadId":"t","runId":"r","messages":[{"id":"u","role":"user","content":"hi"}],"tools":[],"state":{"n":1},"context":[],"forwardedProps":{}}"#;

/// An exchange that ended as it should, one chunk a frame, a millisecond apart.
pub(crate) struct Stage {
    pub(crate) exchange: Exchange,
    pub(crate) request: Vec<u8>,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) body: Vec<u8>,
}

impl Stage {
    pub(crate) fn new(request: &str, body: Vec<u8>) -> Self {
        let mut chunks = Vec::new();
        let mut begins = 0;
        for (at_us, end) in (1..).map(|number| number * 1_000).zip(cuts(&body)) {
            let (offset, len) = (begins as u64, (end - begins) as u64);
            chunks.push(Chunk { offset, len, at_us });
            begins = end;
        }
        let head = ResponseHead {
            status: 200,
            headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
            ..ResponseHead::default()
        };
        let request_head = RequestHead {
            method: "POST".into(),
            target: "/agent".into(),
            ..RequestHead::default()
        };
        Self {
            exchange: Exchange {
                request: request_head,
                response: Some(head),
                ending: Ending::Complete,
                ..Exchange::default()
            },
            request: request.as_bytes().to_vec(),
            chunks,
            body,
        }
    }

    pub(crate) fn of_events<T: AsRef<str>>(request: &str, events: impl IntoIterator<Item = T>) -> Self {
        let mut body = Vec::new();
        for event in events {
            body.extend_from_slice(format!("data: {}\n\n", event.as_ref()).as_bytes());
        }
        Self::new(request, body)
    }

    pub(crate) fn reader(self) -> Reader<MemoryShelf> {
        Reader::open(MemoryShelf::new(self.exchange, self.request, self.chunks, self.body)).unwrap()
    }

    pub(crate) fn findings(self) -> Vec<FindingEntry> {
        self.reader().findings(0..u32::MAX, usize::MAX).unwrap()
    }
}

/// After every LF LF, and at the end.
fn cuts(body: &[u8]) -> Vec<usize> {
    let mut cuts: Vec<usize> = (2..=body.len()).filter(|end| &body[end - 2..*end] == b"\n\n").collect();
    if cuts.last() != Some(&body.len()) {
        cuts.push(body.len());
    }
    cuts
}

/// `rule@seq` of each finding of a severity, in order.
pub(crate) fn named(findings: &[FindingEntry], wanted: impl Fn(Severity) -> bool) -> Vec<String> {
    let mut names: Vec<String> = findings
        .iter()
        .filter(|finding| wanted(finding.severity))
        .map(|finding| format!("{}@{}", finding.rule, finding.seq))
        .collect();
    names.sort();
    names
}

/// Findings above note.
pub(crate) fn problems(findings: &[FindingEntry]) -> Vec<String> {
    named(findings, |severity| severity > Severity::Note)
}
