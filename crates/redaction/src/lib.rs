//! Redaction: taking secrets out of exchanges before they are shared.
//!
//! ```
//! use scrubjay_redaction::{Plan, Redactor, Whole};
//! use scrubjay_session::exchange::{Chunk, Exchange};
//!
//! let body = br#"data: {"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"ask ada@example.org"}
//!
//! "#;
//! let whole = Whole {
//!     exchange: Exchange { body_len: body.len() as u64, ..Exchange::default() },
//!     request_body: Vec::new(),
//!     chunks: vec![Chunk { offset: 0, len: body.len() as u64, at_us: 7 }],
//!     body: body.to_vec(),
//! };
//!
//! let mut redactor = Redactor::new(Plan::default(), [7; 32]);
//! redactor.look(&whole);
//! let redacted = redactor.redact(whole);
//! let text = String::from_utf8(redacted.body).unwrap();
//! assert!(!text.contains("ada@") && text.contains("ask *"));
//! let report = redactor.report("everything", "test 1");
//! assert_eq!(report.findings[0].rule, "email");
//! assert_eq!(report.findings[0].at, "TEXT_MESSAGE_CONTENT /delta");
//! ```
//!
//! # Map
//!
//! - [`Plan`]: what is to be taken out: a profile, rules of a person's own, what is switched off.
//! - `placeholder`: what stands in its place. `names`, `detect`: what looks like a secret.
//! - `literal`, `layer`: strings of JSON, base64 and percent-encoding, and back to as many bytes.
//! - `node`, `place`, `walk`: what the places of events and requests mean, and the way through them.
//! - `values`: what was found, and where it stands again.
//! - [`Redactor`] (`redactor`): one text. `head`, `body`, `frames`, `pack`: one exchange.
//! - [`Report`]: what was done, for people and for the file.
//! - [`Secrets`] (`rescan`): whether a file still holds something.
//!
//! # Invariants
//!
//! - A text keeps its length, in characters and in bytes, in every encoding; a body keeps its length, its frames and
//!   its chunks. A body with a content encoding keeps its chunks and their times, and what each of them unpacks to.
//! - What a text becomes depends on the text alone, once all was looked at: equal texts stay equal.
//! - JSON stays JSON, with the same members in the same order.
//! - What was taken out once is left alone the next time, under any key.
//!
//! # What is not here
//!
//! No IO and no chance: who shares brings the key and writes the file.

mod body;
mod detect;
mod frames;
mod head;
mod layer;
mod literal;
mod names;
mod node;
mod pack;
mod place;
mod placeholder;
mod plan;
mod redactor;
mod report;
mod rescan;
mod values;
mod walk;

use scrubjay_session::exchange::{Chunk, Exchange};

pub use self::{
    detect::RULES,
    plan::{Plan, Profile, RulesError, Switch},
    redactor::Redactor,
    report::{Finding, Manifest, Report},
    rescan::{Form, Hit, Rescan, Secrets},
};

/// An exchange with its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    pub exchange: Exchange,
    pub request_body: Vec<u8>,
    pub chunks: Vec<Chunk>,
    /// The response body on the wire, without its holes.
    pub body: Vec<u8>,
}

impl Redactor {
    /// Notes the secrets of an exchange.
    pub fn look(&mut self, whole: &Whole) {
        if self.is_looking() {
            self.exchange(&mut whole.clone());
        }
    }

    /// The exchange without the secrets of all that were looked at.
    pub fn redact(&mut self, mut whole: Whole) -> Whole {
        if self.is_looking() {
            self.matcher = Some(values::Matcher::new(&self.values));
        }
        self.exchange(&mut whole);
        whole
    }

    fn exchange(&mut self, whole: &mut Whole) {
        self.request_body(whole);
        self.response_body(whole);
        self.head(&mut whole.exchange);
    }
}
