//! Rows, detail, state, chat and input of a made-up exchange.

use std::collections::BTreeSet;

use scrubjay_ipc::{
    Cause, CausesView, ChangeKind, ChangeView, Chat, ChatMessage, ChatView, Code, DetailView, FieldView, FindingView,
    InputView, Kind, OperationFate, OperationView, ReadValue, Report, Row, RowOf, RowPlace, Rows, RowsOf, RowsPage,
    SpanView, State, StateLine, StateView, ToolCard, ValueShape, ValueView,
};
use serde_json::Value;

use super::story::Story;

/// A row: a span, or a frame in one.
#[derive(Clone, Copy)]
enum Line {
    Span(u32),
    Frame(u32),
}

impl Story {
    fn lines(&self, view: RowsOf, expanded: &[u32]) -> Vec<Line> {
        if view == RowsOf::Events {
            return (1..=self.frames.len() as u32).map(Line::Frame).collect();
        }
        let mut lines = Vec::new();
        for span in 0..self.spans.len() as u32 {
            lines.push(Line::Span(span));
            if expanded.contains(&span) {
                let own = (1..).zip(&self.frames).filter(|(_, frame)| frame.span == span);
                lines.extend(own.map(|(seq, _)| Line::Frame(seq)));
            }
        }
        lines
    }

    pub(super) fn rows(&self, ask: &Rows) -> RowsPage {
        let lines = self.lines(ask.view, &ask.expanded);
        let page = lines.iter().skip(ask.first as usize).take(ask.count as usize);
        let depth = u8::from(ask.view == RowsOf::Spans);
        RowsPage {
            first: ask.first,
            total: lines.len() as u64,
            rows: page.map(|line| self.row(*line, depth)).collect(),
        }
    }

    fn row(&self, line: Line, depth: u8) -> Row {
        match line {
            Line::Span(number) => {
                let span = &self.spans[number as usize];
                let frames = &self.frames[span.first as usize - 1..span.last as usize];
                let duration_us = self.at_us(span.last) - self.at_us(span.first);
                Row {
                    span: Some(number),
                    depth: 0,
                    first_seq: span.first,
                    last_seq: span.last,
                    at_us: self.at_us(span.first),
                    duration_us,
                    kind: span.kind,
                    subject: span.name.clone(),
                    summary: self.summary(number, span.last),
                    measure: crate::model::words::duration(duration_us),
                    severity: frames
                        .iter()
                        .filter(|f| f.span == number)
                        .filter_map(|f| f.severity)
                        .max(),
                    open: span.open,
                }
            }
            Line::Frame(seq) => {
                let frame = &self.frames[seq as usize - 1];
                let text = frame.event.to_string();
                Row {
                    span: None,
                    depth,
                    first_seq: seq,
                    last_seq: seq,
                    at_us: frame.at_us,
                    duration_us: frame.at_us - self.at_us(seq - 1),
                    kind: frame.kind,
                    subject: frame.type_name.to_owned(),
                    summary: frame.event["delta"]
                        .as_str()
                        .map_or_else(|| text.clone(), str::to_owned),
                    measure: format!("{} B", text.len() + 8),
                    severity: frame.severity,
                    open: false,
                }
            }
        }
    }

    pub(super) fn row_of(&self, ask: &RowOf) -> RowPlace {
        let lines = self.lines(ask.view, &ask.expanded);
        let span = ask
            .seq
            .checked_sub(1)
            .and_then(|at| self.frames.get(at as usize))
            .map(|frame| frame.span);
        let exact = lines
            .iter()
            .position(|line| matches!(line, Line::Frame(seq) if *seq == ask.seq));
        let whole = lines
            .iter()
            .position(|line| matches!(line, Line::Span(number) if Some(*number) == span));
        RowPlace {
            row: exact.or(whole).unwrap_or(0) as u64,
        }
    }

    /// One line of what a span says up to a frame.
    pub(super) fn summary(&self, number: u32, until: u32) -> String {
        let span = &self.spans[number as usize];
        let text = self.text(number, until);
        match span.kind {
            Kind::Run => format!("{} {}", span.id, if span.open { "started" } else { "success" }),
            Kind::State if span.name == "delta" => {
                let event = &self.frames[span.first as usize - 1].event;
                format!("{} operations", event["delta"].as_array().map_or(0, Vec::len))
            }
            Kind::State => "snapshot, 3 members".to_owned(),
            Kind::Activity => "plan: 3 of 5 steps done".to_owned(),
            _ if text.is_empty() => span.name.clone(),
            _ => text,
        }
    }

    fn text(&self, number: u32, until: u32) -> String {
        let own = (1..)
            .zip(&self.frames)
            .filter(|(seq, frame)| frame.span == number && *seq <= until);
        own.filter_map(|(_, frame)| frame.event["delta"].as_str()).collect()
    }

    pub(super) fn detail(&self, seq: u32) -> Result<DetailView, Report> {
        let Some(frame) = seq.checked_sub(1).and_then(|at| self.frames.get(at as usize)) else {
            return Err(Report::new(
                Code::NotFound,
                "Before the first event there is only the request.",
                "Press → to step in.",
            ));
        };
        let raw = format!("data: {}\n\n", frame.event);
        let span = &self.spans[frame.span as usize];
        let fields = frame.event.as_object().into_iter().flatten();
        Ok(DetailView {
            seq,
            type_name: frame.type_name.to_owned(),
            kind: frame.kind,
            at_us: frame.at_us,
            wall: "2026-11-20T12:04:31.882310Z".to_owned(),
            gap_us: frame.at_us - self.at_us(seq - 1),
            timestamp: Some(("1795176253678".to_owned(), Some(12))),
            offset: u64::from(seq) * 151,
            len: raw.len() as u64,
            chunk: u64::from(seq),
            chunk_frames: if seq.is_multiple_of(9) { 3 } else { 1 },
            chunk_boundaries: if seq.is_multiple_of(5) { vec![21] } else { Vec::new() },
            findings: self.findings(seq),
            fields: fields
                .map(|(name, value)| FieldView {
                    name: name.clone(),
                    value: value.to_string(),
                    cut: false,
                    known: name != "rawEvent",
                })
                .collect(),
            operations: self.operations(seq),
            bytes: raw.clone().into_bytes(),
            raw,
            raw_lossy: false,
            raw_cut: false,
            span: Some(SpanView {
                ordinal: frame.span,
                kind: span.kind,
                id: span.id.clone(),
                name: span.name.clone(),
                first_seq: span.first,
                last_seq: span.last,
                duration_us: self.at_us(span.last) - self.at_us(span.first),
                frames: span.last - span.first + 1,
                text: self.text(frame.span, span.last),
                result: (span.kind == Kind::Tool && !span.open).then(|| "{\"found\":2,\"cheapest\":118.4}".to_owned()),
                open: span.open,
            }),
        })
    }

    fn findings(&self, seq: u32) -> Vec<FindingView> {
        let severity = self.frames[seq as usize - 1].severity;
        severity.map(|severity| FindingView {
            seq,
            rule: "patch-does-not-apply".to_owned(),
            severity,
            message: "Operation 2 could not be applied: replace /items/3 needs an existing member, and /items is missing. \
                      The official client drops the whole patch and keeps the state it had.".to_owned(),
            stop: false,
        }).into_iter().collect()
    }

    fn operations(&self, seq: u32) -> Vec<OperationView> {
        let frame = &self.frames[seq as usize - 1];
        let delta = frame.event["delta"].as_array();
        let failed = frame.severity.is_some();
        delta
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(n, op)| OperationView {
                op: op["op"].as_str().unwrap_or_default().to_owned(),
                path: op["path"].as_str().unwrap_or_default().to_owned(),
                from: None,
                value: Some(op["value"].to_string()),
                fate: match (failed, n) {
                    (true, 1) => OperationFate::Failed,
                    (true, _) => OperationFate::Skipped,
                    _ => OperationFate::Applied,
                },
                reason: if failed && n == 1 {
                    "the member /items is missing".to_owned()
                } else {
                    String::new()
                },
            })
            .collect()
    }

    fn state_at(&self, seq: u32) -> (Value, Option<u32>) {
        let mut value = Value::Object(serde_json::Map::new());
        let mut last = None;
        for (n, frame) in (1..=seq)
            .zip(&self.frames)
            .filter(|(_, frame)| frame.kind == Kind::State)
        {
            last = Some(n);
            if frame.type_name == "STATE_SNAPSHOT" {
                value = frame.event["snapshot"].clone();
            } else if frame.severity.is_none() {
                for op in frame.event["delta"].as_array().into_iter().flatten() {
                    apply(&mut value, op);
                }
            }
        }
        (value, last)
    }

    pub(super) fn state(&self, ask: &State) -> StateView {
        let (value, last) = self.state_at(ask.at);
        let (old, _) = last.map_or_else(|| (Value::Null, None), |seq| self.state_at(seq - 1));
        let mut changes = Vec::new();
        differences("", &old, &value, &mut changes);
        let failed = last.filter(|seq| self.frames[*seq as usize - 1].severity.is_some());
        let expanded: BTreeSet<&str> = ask.expanded.iter().map(String::as_str).collect();
        let mut lines = Vec::new();
        let tree = Tree {
            expanded,
            changes: &changes,
            changed_only: ask.changed_only,
            set_by: last.unwrap_or(0),
        };
        tree.lines("", 0, &value, &mut lines);
        let total = lines.len() as u64;
        StateView {
            as_of: ask.at,
            last_state_seq: last,
            any_state_event: last.is_some(),
            stuck: failed.map(|seq| (seq - 1, "the patch failed as a whole".to_owned())),
            after_stop: false,
            first: ask.first,
            total,
            lines: lines
                .into_iter()
                .skip(ask.first as usize)
                .take(ask.count as usize)
                .collect(),
            changes,
            bytes: value.to_string().len() as u64,
        }
    }

    pub(super) fn value(&self, ask: &ReadValue) -> ValueView {
        let (value, _) = self.state_at(ask.at);
        let found = value.pointer(&ask.pointer).cloned().unwrap_or(Value::Null);
        ValueView {
            text: serde_json::to_string_pretty(&found).unwrap_or_default(),
            cut: false,
        }
    }

    pub(super) fn chat(&self, ask: &Chat) -> ChatView {
        let mut messages = vec![message(
            0,
            "user_1",
            "user",
            "Find me a flight to Oslo under 200 €, and a hotel.",
            0,
        )];
        messages[0].from_input = true;
        for (number, span) in (0..).zip(&self.spans).filter(|(_, span)| span.first <= ask.at) {
            let text = self.text(number, ask.at);
            let index = messages.len() as u32;
            let open = span.last > ask.at || span.open;
            let made = match span.kind {
                Kind::Text => ChatMessage {
                    open,
                    ..message(index, &span.id, "assistant", &text, span.first)
                },
                Kind::Reasoning => ChatMessage {
                    open,
                    ..message(index, &span.id, "reasoning", &text, span.first)
                },
                Kind::Activity => ChatMessage {
                    name: Some("plan".to_owned()),
                    json: Some("{\n  \"done\": 3,\n  \"of\": 5\n}".to_owned()),
                    ..message(index, &span.id, "activity", "", span.first)
                },
                Kind::Tool => ChatMessage {
                    tools: vec![ToolCard {
                        id: span.id.clone(),
                        name: span.name.clone(),
                        arguments_valid: ask.at >= span.args_end,
                        open: ask.at < span.args_end,
                        arguments: text,
                        result: (ask.at >= span.last && !span.open)
                            .then(|| "{\"found\":2,\"cheapest\":118.4}".to_owned()),
                        first_seq: span.first,
                    }],
                    ..message(index, &span.id, "assistant", "", span.first)
                },
                _ => continue,
            };
            messages.push(made);
        }
        let total = messages.len() as u32;
        let first = ask.first.unwrap_or(total.saturating_sub(ask.count));
        ChatView {
            as_of: ask.at,
            first,
            total,
            chars: messages.iter().map(|message| message.text.len() as u64).sum(),
            messages: messages
                .into_iter()
                .skip(first as usize)
                .take(ask.count as usize)
                .collect(),
            interrupts: Vec::new(),
            stop: None,
            ttft_us: Some(1_412_000),
        }
    }

    pub(super) fn cause(&self, ask: &Cause) -> CausesView {
        let view = self.chat(&Chat {
            exchange: 0,
            at: ask.at,
            first: None,
            count: 1_000,
        });
        let id = view
            .messages
            .get(ask.message as usize)
            .map(|message| message.id.clone());
        let mut seen = 0;
        for (seq, frame) in (1..).zip(&self.frames) {
            if Some(&self.spans[frame.span as usize].id) == id.as_ref() {
                seen += frame.event["delta"]
                    .as_str()
                    .map_or(0, |delta| delta.encode_utf16().count() as u64);
                if seen > ask.utf16_offset {
                    return CausesView { seq };
                }
            }
        }
        CausesView { seq: 0 }
    }

    #[expect(
        clippy::unused_self,
        reason = "every made-up exchange was asked for by the same request"
    )]
    pub(super) fn input(&self) -> InputView {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let body = "{\n  \"threadId\": \"thread_91\",\n  \"runId\": \"run_0\",\n  \"messages\": [\n    {\n      \"id\": \"user_1\",\n      \
                    \"role\": \"user\",\n      \"content\": \"Find me a flight to Oslo under 200 €, and a hotel.\"\n    }\n  ],\n  \"state\": {}\n}";
        InputView {
            version: "HTTP/1.1".to_owned(),
            request_headers: vec![
                pair("content-type", "application/json"),
                pair("authorization", "fingerprint:3f9a"),
            ],
            response_headers: vec![
                pair("content-type", "text/event-stream"),
                pair("cache-control", "no-cache"),
            ],
            is_run_input: true,
            thread_id: "thread_91".to_owned(),
            run_id: "run_0".to_owned(),
            protocol_version: Some("1.0".to_owned()),
            parent_run_id: None,
            messages: vec![("user".to_owned(), 1)],
            tools: vec!["search_flights".to_owned(), "search_hotels".to_owned()],
            context: 0,
            resume: Vec::new(),
            body: body.to_owned(),
            cut: false,
            bytes: body.len() as u64,
        }
    }
}

fn message(index: u32, id: &str, role: &str, text: &str, first_seq: u32) -> ChatMessage {
    ChatMessage {
        index,
        id: id.to_owned(),
        role: role.to_owned(),
        name: None,
        subagent: None,
        text: text.to_owned(),
        text_skipped: 0,
        parts: Vec::new(),
        json: None,
        tools: Vec::new(),
        open: false,
        from_input: false,
        encrypted: false,
        answers: None,
        first_seq,
        last_seq: first_seq,
    }
}

fn apply(value: &mut Value, op: &Value) {
    let path = op["path"].as_str().unwrap_or_default();
    let Some((parent, key)) = path.rsplit_once('/') else {
        return;
    };
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(key.to_owned(), op["value"].clone());
        }
        Some(Value::Array(items)) => items.push(op["value"].clone()),
        _ => {}
    }
}

fn differences(pointer: &str, old: &Value, new: &Value, out: &mut Vec<ChangeView>) {
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        for (key, value) in new {
            let pointer = format!("{pointer}/{key}");
            match old.get(key) {
                Some(before) => differences(&pointer, before, value, out),
                None => out.push(change(pointer, ChangeKind::Added, None, Some(value))),
            }
        }
    } else if old != new && !pointer.is_empty() {
        out.push(change(pointer.to_owned(), ChangeKind::Changed, Some(old), Some(new)));
    }
}

fn change(pointer: String, change: ChangeKind, old: Option<&Value>, new: Option<&Value>) -> ChangeView {
    ChangeView {
        pointer,
        change,
        old: old.map(Value::to_string),
        new: new.map(Value::to_string),
    }
}

struct Tree<'a> {
    expanded: BTreeSet<&'a str>,
    changes: &'a [ChangeView],
    changed_only: bool,
    set_by: u32,
}

impl Tree<'_> {
    fn lines(&self, pointer: &str, depth: u16, value: &Value, out: &mut Vec<StateLine>) {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(n, value)| (n.to_string(), value))
                .collect(),
            _ => Vec::new(),
        };
        for (key, value) in children {
            let pointer = format!("{pointer}/{key}");
            let below = self
                .changes
                .iter()
                .filter(|change| change.pointer.starts_with(&format!("{pointer}/")))
                .count();
            let own = self.changes.iter().find(|change| change.pointer == pointer);
            if self.changed_only && below == 0 && own.is_none() {
                continue;
            }
            let expanded = self.expanded.contains(pointer.as_str());
            out.push(line(
                &pointer,
                depth,
                key,
                value,
                own,
                below as u32,
                expanded,
                self.set_by,
            ));
            if expanded {
                self.lines(&pointer, depth + 1, value, out);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a made-up line is just its members")]
fn line(
    pointer: &str,
    depth: u16,
    key: String,
    value: &Value,
    own: Option<&ChangeView>,
    changes_below: u32,
    expanded: bool,
    set_by: u32,
) -> StateLine {
    let (shape, children, preview) = match value {
        Value::Object(members) => (
            ValueShape::Object,
            members.len(),
            members.keys().cloned().collect::<Vec<_>>().join(", "),
        ),
        Value::Array(items) => (ValueShape::Array, items.len(), String::new()),
        Value::String(_) => (ValueShape::String, 0, value.to_string()),
        Value::Number(_) => (ValueShape::Number, 0, value.to_string()),
        Value::Bool(_) => (ValueShape::Bool, 0, value.to_string()),
        Value::Null => (ValueShape::Null, 0, value.to_string()),
    };
    StateLine {
        pointer: pointer.to_owned(),
        depth,
        key,
        shape,
        preview,
        children: children as u32,
        expanded: expanded && children > 0,
        change: own.map(|change| change.change),
        old: own.and_then(|change| change.old.clone()),
        changes_below,
        set_by: if own.is_some() { set_by } else { 2 },
    }
}

#[cfg(test)]
mod tests {
    use scrubjay_ipc::{Axis, Lanes};

    use super::*;

    #[test]
    fn the_story_holds_together() {
        let story = Story::of(1, 0.0);
        let last = story.frames.len() as u32;
        let state = story.state(&State {
            exchange: 1,
            at: last,
            expanded: vec!["/cart".to_owned()],
            changed_only: false,
            first: 0,
            count: 50,
        });
        assert!(state.lines.iter().any(|line| line.pointer == "/cart/total"));
        let page = story.rows(&Rows {
            exchange: 1,
            view: RowsOf::Events,
            expanded: Vec::new(),
            first: 5,
            count: 10,
        });
        assert_eq!((page.rows.len(), page.total), (10, u64::from(last)));
        let view = story.lanes(&Lanes {
            exchange: 1,
            axis: Axis::Index,
            from: 0.0,
            to: 100.0,
            width_px: 300,
        });
        assert_eq!(view.overview.len(), 300);
        assert!(story.findings(last).is_empty());
    }
}
