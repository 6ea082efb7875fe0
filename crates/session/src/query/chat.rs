//! The conversation as the official client holds it at a frame.

use std::collections::BTreeMap;

use scrubjay_protocol::json::{self, Wtf8};

use super::{Failed, Reader, answer::*, seek::ShelfPieces};
use crate::{
    fold::{
        Fold, LostPath, Message,
        piece::PieceSource,
        value::{Node, Value, write_json_within},
    },
    shelf::Shelf,
};

/// Bytes of a message's text.
const TEXT_LEN: usize = 32 * 1024;
/// Bytes of arguments, results and JSON.
const CARD_LEN: usize = 16 * 1024;
/// Arguments up to here are checked for being JSON.
const CHECKED_LEN: u64 = 1024 * 1024;
/// Tool calls of a message that are shown.
const CARDS: usize = 1_000;
/// Parts of a message's content that are shown.
const PARTS: usize = 1_000;
/// Bytes of text in them.
const PARTS_LEN: usize = 1024 * 1024;
/// Lost paths of an activity.
const LOST: usize = 10;
/// Messages that one window gives.
const WINDOW: u32 = 500;
/// Messages looked through for a result, after the call.
const RESULTS_AFTER: usize = 64;

/// A window of the conversation.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatWindow {
    /// As of which frame.
    pub as_of: u32,
    /// Number of the first message given.
    pub first: u32,
    pub total: u32,
    pub messages: Vec<ChatMessage>,
    pub interrupts: Vec<Interrupt>,
    /// The official client had given up before this moment.
    pub stop: Option<Stop>,
    /// After this frame bytes are missing, so that the client may hold more than this. A snapshot of the messages says
    /// what it holds again.
    pub missing_since: Option<u32>,
    /// The same of activities and reasoning alone, which the client keeps beside a snapshot that has none.
    pub kept_missing_since: Option<u32>,
    /// Time to the first character of text.
    pub ttft_us: Option<u64>,
    /// Characters of assistant text received so far, in this window's messages.
    pub chars: u64,
}

/// One message.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatMessage {
    /// Place in the list, from 0.
    pub index: u32,
    pub id: String,
    /// `role`, as it stands.
    pub role: String,
    pub name: Option<String>,
    /// Sub-agent it belongs to, if any.
    pub subagent: Option<String>,
    /// Text; of a long message the last part as of the moment.
    pub text: String,
    /// Bytes of text left out before `text`.
    pub text_skipped: u64,
    /// Parts that are not text, in words.
    pub parts: Vec<String>,
    /// Parts of the content, text or not, that are not shown whole.
    pub parts_skipped: u32,
    /// Whole content as JSON, for activities and anything unusual.
    pub json: Option<String>,
    pub tools: Vec<ToolCard>,
    /// Tool calls left out after `tools`.
    pub tools_skipped: u32,
    /// Text is still arriving.
    pub open: bool,
    /// It came with the request.
    pub from_input: bool,
    /// It holds an encrypted value.
    pub encrypted: bool,
    /// Tool message: the call it answers.
    pub answers: Option<String>,
    /// Of an activity: what dropped patches would have written, at most ten paths.
    pub lost: Vec<LostPath>,
    /// Frame that made it; 0 is the request's input.
    pub first_seq: u32,
    /// Frame that last touched it.
    pub last_seq: u32,
}

/// One tool call.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ToolCard {
    pub id: String,
    pub name: String,
    pub arguments: String,
    /// Arguments are still arriving.
    pub open: bool,
    /// Arguments are JSON (false also while they arrive).
    pub arguments_valid: bool,
    pub result: Option<String>,
    /// Frame that started it.
    pub first_seq: u32,
}

/// An open interrupt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interrupt {
    pub id: String,
    pub reason: String,
    pub message: String,
    /// Response schema as JSON.
    pub response_schema: Option<String>,
}

impl<S: Shelf> Reader<S> {
    /// A window of the conversation as of a frame; without `first` the last `count` messages.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn chat(&mut self, at: u32, first: Option<u32>, count: u32) -> Result<ChatWindow, Failed<S::Error>> {
        let (fold, _) = self.fold_at(at)?;
        let at_us = if at == 0 { 0 } else { self.frame(at)?.at_us };
        let ended = self.exchange.ending != crate::exchange::Ending::Open && at == self.frame_count();
        let pieces = ShelfPieces(&self.shelf);
        let total = fold.message_count() as u32;
        let count = count.min(WINDOW);
        let first = first.unwrap_or(total.saturating_sub(count)).min(total);
        // With those after it, among which are the results of its calls.
        let held = fold.messages(first as usize, count as usize + RESULTS_AFTER, &pieces);
        let chat = Chat {
            fold: &fold,
            pieces: &pieces,
            ended,
        };
        let messages: Vec<ChatMessage> = held
            .iter()
            .enumerate()
            .take(count as usize)
            .map(|(place, message)| {
                let following = &held[place + 1..held.len().min(place + 1 + RESULTS_AFTER)];
                chat.message(first + place as u32, message, following)
            })
            .collect();
        let spoken = messages
            .iter()
            .filter(|message| message.role == "assistant" && !message.from_input);
        let chars = spoken
            .map(|message| message.text.chars().count() as u64 + message.text_skipped)
            .sum();
        Ok(ChatWindow {
            as_of: at,
            first,
            total,
            interrupts: interrupts_of(&fold, &pieces),
            stop: self.pages.summary.stop.clone().filter(|stop| stop.seq < at),
            missing_since: fold.messages_missing(),
            kept_missing_since: fold.kept_missing().filter(|_| fold.messages_missing().is_none()),
            ttft_us: self.pages.summary.ttft_us.filter(|ttft_us| *ttft_us <= at_us),
            messages,
            chars,
        })
    }

    /// The frame that delivered a UTF-16 unit of a message's text, or of the
    /// arguments of one of its tool calls; 0 is the request.
    ///
    /// # Errors
    /// When there is no such frame, message or character, or the shelf cannot be read.
    pub fn cause(
        &mut self,
        at: u32,
        message: u32,
        tool: Option<u32>,
        utf16_offset: u64,
    ) -> Result<u32, Failed<S::Error>> {
        let (fold, _) = self.fold_at(at)?;
        let pieces = ShelfPieces(&self.shelf);
        let found = fold.cause(message as usize, tool.map(|tool| tool as usize), utf16_offset, &pieces);
        found.ok_or_else(|| Failed::Nothing {
            place: format!("character {utf16_offset} of message {message}"),
        })
    }
}

struct Chat<'a> {
    fold: &'a Fold,
    pieces: &'a dyn PieceSource,
    /// Nothing arrives any more, whatever was left open.
    ended: bool,
}

impl Chat<'_> {
    fn message(&self, index: u32, message: &Message, following: &[Message]) -> ChatMessage {
        let value = &message.value;
        let id = self.wtf8(value, "id").unwrap_or_default();
        let mut shown = ChatMessage {
            index,
            open: !self.ended && self.fold.is_open_message(id.as_bytes()),
            id: id.to_str_lossy().into_owned(),
            role: self.text(value, "role").unwrap_or_default(),
            name: self.text(value, "name"),
            subagent: self.text(value, "subagentRunId"),
            from_input: message.first_seq == 0,
            encrypted: value.get("encryptedValue").is_some(),
            answers: self.text(value, "toolCallId"),
            lost: self.lost(id.as_bytes(), message),
            first_seq: message.first_seq,
            last_seq: message.last_seq,
            ..ChatMessage::default()
        };
        if let Some(content) = value.get("content") {
            self.content(content, &mut shown);
        }
        if let Some(name) = self.text(value, "activityType") {
            shown.name = Some(name);
        }
        let calls = value.get("toolCalls").and_then(Value::as_list);
        if let Some(calls) = calls {
            let mut results: BTreeMap<Wtf8, &Message> = BTreeMap::new();
            for message in following {
                if let Some(call) = self.wtf8(&message.value, "toolCallId") {
                    results.entry(call).or_insert(message);
                }
            }
            shown.tools = calls
                .iter()
                .take(CARDS)
                .map(|call| self.card(call, message.first_seq, &results))
                .collect();
            shown.tools_skipped = (calls.len() - shown.tools.len()) as u32;
        }
        shown
    }

    fn lost(&self, id: &[u8], message: &Message) -> Vec<LostPath> {
        match message.is("activity") {
            true => self.fold.lost_paths_of(id).into_iter().take(LOST).collect(),
            false => Vec::new(),
        }
    }

    fn content(&self, content: &Value, shown: &mut ChatMessage) {
        match content.node() {
            Node::Text(text) => {
                let (tail, skipped) = text.tail(TEXT_LEN, self.pieces);
                shown.text = tail.into_string_lossy();
                shown.text_skipped = skipped;
            }
            Node::List(parts) => {
                let mut whole = 0;
                for part in parts.iter().take(PARTS) {
                    if shown.text.len() > PARTS_LEN {
                        break;
                    }
                    match self
                        .text(part, "text")
                        .filter(|_| self.text(part, "type").as_deref() == Some("text"))
                    {
                        Some(text) => {
                            let (text, is_cut) = super::spans::clip(text, PARTS_LEN);
                            shown.text.push_str(&text);
                            whole += usize::from(!is_cut);
                        }
                        None => {
                            shown.parts.push(self.part(part));
                            whole += 1;
                        }
                    }
                }
                shown.parts_skipped = (parts.len() - whole) as u32;
            }
            Node::Null => {}
            _ => shown.json = Some(self.json(content)),
        }
    }

    /// A part that is not text: `image, 12 kB, image/png`.
    fn part(&self, part: &Value) -> String {
        let mut words = vec![self.text(part, "type").unwrap_or_else(|| "part".to_owned())];
        if let Some(source) = part.get("source") {
            if let Some(text) = source.get("value").and_then(Value::as_text) {
                words.push(crate::words::bytes(text.len()));
            }
            words.extend(self.text(source, "mimeType"));
        }
        words.join(", ")
    }

    fn card(&self, call: &Value, first_seq: u32, results: &BTreeMap<Wtf8, &Message>) -> ToolCard {
        let id = self.wtf8(call, "id").unwrap_or_default();
        let function = call.get("function");
        let arguments = function
            .and_then(|function| function.get("arguments"))
            .and_then(Value::as_text);
        let open = !self.ended && self.fold.is_open_tool(id.as_bytes());
        let checked = arguments.filter(|text| !open && text.len() <= CHECKED_LEN);
        ToolCard {
            name: function
                .and_then(|function| self.text(function, "name"))
                .unwrap_or_default(),
            arguments: arguments
                .map(|text| text.head(CARD_LEN, self.pieces).into_string_lossy())
                .unwrap_or_default(),
            arguments_valid: checked.is_some_and(|text| json::scan(text.to_wtf8(self.pieces).as_bytes()).is_ok()),
            open,
            result: results.get(&id).and_then(|message| self.result_in(message)),
            first_seq: if call.by() > 0 { call.by() } else { first_seq },
            id: id.into_string_lossy(),
        }
    }

    /// What a message says that answers a call; the client puts those right
    /// after the message with the call.
    fn result_in(&self, message: &Message) -> Option<String> {
        let content = message.value.get("content")?;
        Some(match content.node() {
            Node::Text(text) => text.head(CARD_LEN, self.pieces).into_string_lossy(),
            _ => self.json(content),
        })
    }

    fn json(&self, value: &Value) -> String {
        let mut text = String::new();
        write_json_within(&mut text, value, CARD_LEN, self.pieces);
        super::spans::clip(text, CARD_LEN).0
    }

    fn wtf8(&self, value: &Value, name: &str) -> Option<Wtf8> {
        Some(value.get(name)?.as_text()?.to_wtf8(self.pieces))
    }

    fn text(&self, value: &Value, name: &str) -> Option<String> {
        Some(self.wtf8(value, name)?.into_string_lossy())
    }
}

fn interrupts_of(fold: &Fold, pieces: &dyn PieceSource) -> Vec<Interrupt> {
    let chat = Chat {
        fold,
        pieces,
        ended: true,
    };
    let Some(interrupts) = fold.interrupts().as_list() else {
        return Vec::new();
    };
    interrupts
        .iter()
        .take(WINDOW as usize)
        .map(|interrupt| Interrupt {
            id: chat.text(interrupt, "id").unwrap_or_default(),
            reason: chat.text(interrupt, "reason").unwrap_or_default(),
            message: chat.text(interrupt, "message").unwrap_or_default(),
            response_schema: interrupt.get("responseSchema").map(|schema| chat.json(schema)),
        })
        .collect()
}
