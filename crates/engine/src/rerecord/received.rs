//! An answer as a client receives it.

use std::{net::SocketAddr, sync::Arc};

use scrubjay_proxy::post::{Posted, Question, ask};
use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange as Facts, Headers, ResponseHead, field},
    memory::MemoryShelf,
};

use super::Ended;
use crate::{EngineError, Exchange, shelf::AnyShelf};

/// A field in the head of an answer that Scrubjay gives in the agent's place.
const OUR_ANSWER: &str = "x-scrubjay-answer";

/// An answer as far as it has come.
#[derive(Default)]
pub(super) struct Received {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

impl Received {
    pub(super) async fn listen(&mut self, to: SocketAddr, question: Question) -> Ended {
        let mut posted = match ask(to, question).await {
            Ok(posted) => posted,
            Err(error) => return Ended::Unanswered(format!("The request could not be sent: {error}.")),
        };
        self.status = posted.status();
        self.headers = posted.headers();
        let ended = self.read(&mut posted).await;
        match field(&self.headers, OUR_ANSWER).is_empty() {
            true => ended,
            false => Ended::Unanswered(self.sentence()),
        }
    }

    async fn read(&mut self, posted: &mut Posted) -> Ended {
        loop {
            match posted.next().await {
                Ok(Some(bytes)) => self.body.extend_from_slice(&bytes),
                Ok(None) => return Ended::Complete,
                Err(_broken) => return Ended::BrokeOff,
            }
        }
    }

    /// The source's sentence in the place of an agent that does not answer.
    fn sentence(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let line = text.lines().next().unwrap_or_default();
        line.strip_prefix("Scrubjay: ").unwrap_or(line).to_owned()
    }

    /// The exchange as a client has it, to be read.
    pub(super) fn exchange(self, recorded: Facts, request: Vec<u8>) -> Result<Exchange, EngineError> {
        let mut head = recorded.request;
        head.headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
        let facts = Facts {
            request: head,
            response: Some(ResponseHead {
                status: self.status,
                headers: self.headers,
                ..ResponseHead::default()
            }),
            ending: Ending::Complete,
            ..Facts::default()
        };
        let chunk = Chunk {
            offset: 0,
            len: self.body.len() as u64,
            at_us: 0,
        };
        let shelf = MemoryShelf::new(facts, request, vec![chunk], self.body);
        Ok(Exchange::open(AnyShelf::Memory(Arc::new(shelf)))?)
    }
}
