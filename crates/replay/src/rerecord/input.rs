//! The next request.

use std::{collections::BTreeSet, ops::Range};

use scrubjay_protocol::{
    input,
    json::{self, Member, Value, string_at},
};

use super::{
    Brought, Known, Thread,
    answer::{self, Message},
};
use crate::adapt::{IdKind, names};

/// What stands before text in some bodies.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// What to ask the live agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request's body.
    pub body: Vec<u8>,
    /// What the recorded client added and this request lacks, each as a
    /// sentence that gives the reason.
    pub left_out: Vec<String>,
}

/// Why a recorded request is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    #[error("its body is no run input")]
    NoInput,
    #[error("{0}")]
    NothingNew(String),
}

/// What becomes of a message of the recorded request.
enum Origin {
    /// The client added it.
    Client,
    /// An answer brought it: which, and its place there.
    Answer(usize, usize),
}

/// What is new in a request: how much of it stays, and what does not.
#[derive(Default)]
struct News {
    kept: usize,
    left_out: Vec<String>,
}

impl Thread {
    /// The next request of the thread, made from the recorded one's body
    /// without its content encoding. Requests come in their recorded order,
    /// and [`Thread::answered`] between them.
    ///
    /// # Errors
    /// When nothing of it can be asked.
    pub fn request(&mut self, recorded: &[u8]) -> Result<Request, Unasked> {
        let recorded = recorded.strip_prefix(MARK).unwrap_or(recorded);
        let place = input_place(recorded).ok_or(Unasked::NoInput)?;
        let own = &recorded[place.clone()];
        let members = json::members(own).map_err(|_not_an_object| Unasked::NoInput)?;
        self.requests += 1;
        self.name_run(own, &members);
        let mut news = News::default();
        let messages = member(&members, "messages").map(|place| self.messages(&own[place.clone()], &mut news));
        let resume = member(&members, "resume").map(|place| self.resume(&own[place.clone()], &mut news));
        if news.kept == 0 && !news.left_out.is_empty() {
            return Err(Unasked::NothingNew(news.left_out.swap_remove(0)));
        }
        let made = self.spliced(own, &members, |name, value| match name {
            Some("messages") => messages.clone(),
            Some("resume") => resume.clone(),
            Some("state") => self.state(value),
            _ => None,
        });
        self.live.extend(sent_ids(&made));
        let (before, after) = (&recorded[..place.start], &recorded[place.end..]);
        let body = match before.trim_ascii().is_empty() {
            true => [before, &made, after].concat(),
            false => self.enveloped(recorded, &place, &made),
        };
        Ok(Request {
            body,
            left_out: news.left_out,
        })
    }

    /// The input with new values where there are, and ids put in elsewhere.
    fn spliced(
        &self,
        input: &[u8],
        members: &[Member],
        value_of: impl Fn(Option<&str>, &[u8]) -> Option<Vec<u8>>,
    ) -> Vec<u8> {
        let putter = self.putter();
        let mut made = Vec::with_capacity(input.len());
        let mut from = 0;
        for found in members {
            let (name, value) = (&found.name_range, &found.value_range);
            made.extend_from_slice(&input[from..name.start]);
            from = value.end;
            match value_of(found.name.as_str(), &input[value.clone()]) {
                Some(new) => {
                    made.extend_from_slice(&input[name.start..value.start]);
                    made.extend_from_slice(&new);
                }
                None => {
                    // With its name, which decides what may be an id.
                    let alone = [b"{", &input[name.start..value.end], b"}"].concat();
                    let put = putter.put_into(&alone);
                    made.extend_from_slice(&put[1..put.len() - 1]);
                }
            }
        }
        made.extend_from_slice(&input[from..]);
        made
    }

    /// The envelope around an input, whose parameters may name the thread, too.
    fn enveloped(&self, recorded: &[u8], place: &Range<usize>, input: &[u8]) -> Vec<u8> {
        let without = [&recorded[..place.start], b"null", &recorded[place.end..]].concat();
        let envelope = self.putter().put_into(&without);
        let end = envelope.len();
        let inner = envelope_body(&envelope).unwrap_or(end..end);
        [&envelope[..inner.start], input, &envelope[inner.end..]].concat()
    }

    /// Makes ids for the thread and the run.
    fn name_run(&mut self, input: &[u8], members: &[Member]) {
        for found in members {
            let kind = found.name.as_str().and_then(names::kind);
            let id = string_at(input, &found.value_range);
            if let (Some(kind @ (IdKind::Thread | IdKind::Run)), Some(id)) = (kind, id) {
                self.name(kind, &id.to_str_lossy());
            }
        }
    }

    /// The list of messages, as JSON text.
    fn messages(&mut self, recorded: &[u8], news: &mut News) -> Vec<u8> {
        let messages = answer::messages(recorded);
        let origins: Vec<Origin> = messages.iter().map(|message| self.origin(message)).collect();
        let mut sent: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.answers.len()];
        for origin in &origins {
            if let Origin::Answer(answer, place) = origin {
                sent[*answer].insert(*place);
            }
        }
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut given: BTreeSet<usize> = BTreeSet::new();
        let mut has_history = false;
        for (message, origin) in messages.iter().zip(&origins) {
            match origin {
                Origin::Answer(answer, _) => {
                    has_history = true;
                    if given.insert(*answer) {
                        texts.extend(self.answers[*answer].given(&sent[*answer]));
                    }
                }
                Origin::Client => {
                    let first_in = self.recorded.get(&message.id).copied().unwrap_or(self.requests);
                    if has_history {
                        texts.extend(self.silent_before(first_in, &sent, &mut given));
                    }
                    has_history |= first_in < self.requests;
                    texts.extend(self.own(message, news));
                }
            }
        }
        [b"[".as_slice(), &texts.join(b",".as_slice()), b"]"].concat()
    }

    /// Where the recorded answer brought nothing and the live one did: that
    /// stands before what the client added next.
    fn silent_before(&self, first_in: usize, sent: &[BTreeSet<usize>], given: &mut BTreeSet<usize>) -> Vec<Vec<u8>> {
        let mut texts = Vec::new();
        for (number, answer) in self.answers.iter().enumerate().take(first_in.saturating_sub(1)) {
            if answer.recorded.is_empty() && given.insert(number) {
                texts.extend(answer.given(&sent[number]));
            }
        }
        texts
    }

    /// Whether an answer brought a message, by its id, the call that it
    /// answers, the calls that it makes, or, where clients changed ids, by its text.
    fn origin(&self, message: &Message) -> Origin {
        let find = |look: &dyn Fn(&Message) -> bool| {
            let mut answers = self.answers.iter().enumerate();
            answers.find_map(|(number, answer)| {
                let place = answer.recorded.iter().position(look)?;
                Some(Origin::Answer(number, place))
            })
        };
        if let Some(origin) = find(&|known| known.id == message.id) {
            return origin;
        }
        if self.recorded.contains_key(&message.id) {
            return Origin::Client;
        }
        let calls = |message: &Message| -> Vec<String> { message.calls.iter().map(|call| call.id.clone()).collect() };
        find(&|known| known.is_result() && message.is_result() && known.call_id == message.call_id)
            .or_else(|| find(&|known| !known.calls.is_empty() && calls(known) == calls(message)))
            .or_else(|| find(&|known| is_alike(known, message)))
            .unwrap_or(Origin::Client)
    }

    /// What the client added, under this thread's ids; nothing when the live
    /// agent made no such call.
    fn own(&mut self, message: &Message, news: &mut News) -> Option<Vec<u8>> {
        let is_new = match message.id.is_empty() {
            true => true,
            false => self
                .recorded
                .insert(message.id.clone(), self.first_seen(&message.id))
                .is_none(),
        };
        if message.is_result()
            && let Some(Known { name, live: None }) = self.calls.get(&message.call_id)
        {
            if is_new {
                news.left_out.push(format!(
                    "the result of the tool `{name}` was not sent, because the agent did not call it now"
                ));
            }
            return None;
        }
        news.kept += usize::from(is_new);
        self.name(IdKind::Other, &message.id);
        for call in &message.calls {
            self.name(IdKind::Other, &call.id);
        }
        if message.is_result() {
            self.name(IdKind::Other, &message.call_id);
        }
        Some(self.putter().put_into(&message.text))
    }

    fn first_seen(&self, id: &str) -> usize {
        self.recorded.get(id).copied().unwrap_or(self.requests)
    }

    /// The answers to interrupts, as JSON text.
    fn resume(&self, recorded: &[u8], news: &mut News) -> Vec<u8> {
        let Ok(entries) = json::elements(recorded) else {
            return recorded.to_vec();
        };
        let putter = self.putter();
        let mut texts = Vec::new();
        for place in entries {
            let entry = &recorded[place];
            let value = json::parse(entry).unwrap_or_default();
            let id = value.get("interruptId").and_then(Value::as_str).unwrap_or_default();
            if let Some(Known { name, live: None }) = self.interrupts.get(id) {
                news.left_out.push(format!(
                    "the answer to the interrupt `{name}` was not sent, because the agent did not raise it now"
                ));
                continue;
            }
            news.kept += 1;
            texts.push(putter.put_into(entry));
        }
        [b"[".as_slice(), &texts.join(b",".as_slice()), b"]"].concat()
    }

    /// The live agent's last state, where the recorded one is the recorded agent's.
    fn state(&self, recorded: &[u8]) -> Option<Vec<u8>> {
        let (theirs, live) = self.states.as_ref()?;
        let sent = json::parse(recorded).ok()?;
        let held = json::parse(theirs.as_bytes()).ok()?;
        is_same(&sent, &held).then(|| live.clone().into_bytes())
    }
}

impl Brought {
    /// Texts of the live messages where the recorded request has these of the
    /// recorded ones. What stands for a message that was not sent is not
    /// sent; what stands for none goes with a whole answer.
    fn given(&self, sent: &BTreeSet<usize>) -> Vec<Vec<u8>> {
        let roles: BTreeSet<&str> = sent.iter().map(|place| self.recorded[*place].role.as_str()).collect();
        let is_whole = self
            .recorded
            .iter()
            .enumerate()
            .all(|(place, message)| sent.contains(&place) || !roles.contains(message.role.as_str()));
        let withheld = |role: &str| !roles.contains(role) && self.recorded.iter().any(|message| message.role == role);
        let pairs = self.live.iter().zip(&self.partners);
        pairs
            .filter(|(message, partner)| match partner {
                _ if message.is_kept_by_clients() => false,
                Some(place) => sent.contains(place),
                None => is_whole && !withheld(&message.role),
            })
            .map(|(message, _)| message.text.clone())
            .collect()
    }
}

/// Whether two messages of an agent have the same words.
fn is_alike(known: &Message, message: &Message) -> bool {
    let is_agents = known.role == "assistant" && message.role == "assistant";
    is_agents && !known.content.is_empty() && known.content == message.content && known.calls == message.calls
}

/// Where the run input stands in a body.
fn input_place(body: &[u8]) -> Option<Range<usize>> {
    let request = input::Request::read(body);
    request.input_value()?;
    match request.envelope() {
        Some(_) => envelope_body(body),
        None => json::skip_value(body, 0).ok(),
    }
}

fn envelope_body(envelope: &[u8]) -> Option<Range<usize>> {
    member(&json::members(envelope).ok()?, "body").cloned()
}

/// The last member of a name, which is the one that counts.
fn member<'a>(members: &'a [Member], name: &str) -> Option<&'a Range<usize>> {
    let found = members.iter().rev().find(|member| member.name.as_str() == Some(name));
    found.map(|member| &member.value_range)
}

/// Ids of the messages of an input.
fn sent_ids(input: &[u8]) -> Vec<String> {
    let members = json::members(input).unwrap_or_default();
    let messages = member(&members, "messages").map(|place| answer::messages(&input[place.clone()]));
    messages.into_iter().flatten().map(|message| message.id).collect()
}

/// Whether two values are the same in any order of members.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    other
                        .get_bytes(name.as_bytes())
                        .is_some_and(|other| is_same(value, other))
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        _ => one == other,
    }
}
