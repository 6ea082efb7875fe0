//! One made-up exchange: its frames, spans and writes of state.

use scrubjay_ipc::{Axis, EndingView, Extent, Kind, Opened, RunVerdict, RunView, Severity, StopView, Transport};
use serde_json::{Value, json};

use super::LIVE;

/// One frame.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) at_us: u64,
    pub(super) type_name: &'static str,
    pub(super) kind: Kind,
    pub(super) span: u32,
    pub(super) event: Value,
    pub(super) severity: Option<Severity>,
}

/// One span; frames are numbered from 1.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) open: bool,
    /// Frame after which a tool waits for its result.
    pub(super) args_end: u32,
}

/// One exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    pub(super) frames: Vec<Frame>,
    pub(super) spans: Vec<Span>,
    pub(super) live: bool,
    at_us: u64,
    seed: u32,
}

const WORDS: &str = "I have found two flights that match your dates. The earlier one leaves Berlin at 07:40 and lands in \
Oslo at 09:15; the later one is cheaper but has a stop in Copenhagen. Shall I add the earlier flight to your cart, \
or would you rather see hotels near the fjord first? Prices include one checked bag.";

impl Story {
    /// The exchange as it is at a time of the page.
    pub(super) fn of(exchange: i64, now_ms: f64) -> Self {
        let mut story = Self {
            seed: 7 + exchange as u32,
            ..Self::default()
        };
        story.tell();
        if exchange == LIVE {
            for _ in 0..12 {
                story.tell();
            }
            let now_us = (now_ms * 1e3) as u64 + 4_000_000;
            let seen = story.frames.partition_point(|frame| frame.at_us <= now_us);
            story.live = seen < story.frames.len();
            story.cut(seen as u32);
        }
        story
    }

    fn cut(&mut self, frames: u32) {
        self.frames.truncate(frames as usize);
        self.spans.retain(|span| span.first <= frames);
        for span in &mut self.spans {
            span.open |= span.last > frames;
            span.last = span.last.min(frames);
        }
    }

    fn tell(&mut self) {
        let run = self.open(Kind::Run, &format!("run_{}", self.spans.len()), "run");
        self.push(
            run,
            "RUN_STARTED",
            json!({"threadId": "thread_91", "runId": format!("run_{run}")}),
            140,
        );
        let state = self.open(Kind::State, "state", "snapshot");
        let snapshot = json!({"snapshot": {"cart": {"items": [{"sku": "A-02", "qty": 1}], "total": 96.0, "currency": "EUR"},
            "customer": {"name": "Ada", "tier": "gold", "address": {"city": "Berlin", "zip": "10115"}}, "steps": ["plan"]}});
        self.push(state, "STATE_SNAPSHOT", snapshot, 20);
        self.close(state);
        let step = self.open(Kind::Step, "plan", "plan");
        self.push(step, "STEP_STARTED", json!({"stepName": "plan"}), 10);
        self.say(
            Kind::Reasoning,
            "The user approved the budget, so I should look for direct flights first and compare.",
        );
        self.push(step, "STEP_FINISHED", json!({"stepName": "plan"}), 12);
        self.close(step);
        let step = self.open(Kind::Step, "search", "search");
        self.push(step, "STEP_STARTED", json!({"stepName": "search"}), 30);
        self.call("search_flights", r#"{"from":"TXL","to":"OSL","max":200}"#, 1_900_000);
        self.patch(
            &json!([{"op": "replace", "path": "/cart/total", "value": 118.4},
            {"op": "add", "path": "/cart/coupon", "value": "SPRING"}]),
            None,
        );
        self.say(Kind::Text, WORDS);
        self.patch(
            &json!([{"op": "add", "path": "/cart/note", "value": "gift"},
            {"op": "replace", "path": "/items/3", "value": {"sku": "A-17", "qty": 1}},
            {"op": "replace", "path": "/cart/total", "value": 129.9}]),
            Some(Severity::Error),
        );
        let agent = self.open(Kind::Subagent, "pricing", "pricing");
        self.push(
            agent,
            "CUSTOM",
            json!({"name": "subagent_started", "value": "pricing"}),
            60,
        );
        self.call("search_hotels", r#"{"city":"Oslo","nights":2}"#, 2_200_000);
        self.push(
            agent,
            "CUSTOM",
            json!({"name": "subagent_finished", "value": "pricing"}),
            60,
        );
        self.close(agent);
        self.push(step, "STEP_FINISHED", json!({"stepName": "search"}), 12);
        self.close(step);
        let activity = self.open(Kind::Activity, "plan", "plan");
        let content = json!({"messageId": "act", "activityType": "plan", "content": {"done": 3, "of": 5}});
        self.push(activity, "ACTIVITY_SNAPSHOT", content, 40);
        self.close(activity);
        self.patch(&json!([{"op": "add", "path": "/steps/1", "value": "search"}]), None);
        self.at_us += 7_400_000;
        self.say(Kind::Text, &WORDS[48..]);
        self.push(
            run,
            "RUN_FINISHED",
            json!({"threadId": "thread_91", "runId": format!("run_{run}")}),
            90,
        );
        self.close(run);
        self.at_us += 2_600_000;
    }

    fn say(&mut self, kind: Kind, text: &str) {
        let (prefix, id) = match kind {
            Kind::Reasoning => ("REASONING_MESSAGE", format!("think_{}", self.spans.len())),
            _ => ("TEXT_MESSAGE", format!("msg_{}", self.spans.len())),
        };
        let names: [&'static str; 3] = if prefix == "TEXT_MESSAGE" {
            ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"]
        } else {
            [
                "REASONING_MESSAGE_START",
                "REASONING_MESSAGE_CONTENT",
                "REASONING_MESSAGE_END",
            ]
        };
        let span = self.open(kind, &id, "assistant");
        self.push(span, names[0], json!({"messageId": id, "role": "assistant"}), 380);
        for word in text.split_inclusive(' ') {
            let wait = 12 + self.chance(70);
            self.push(span, names[1], json!({"messageId": id, "delta": word}), wait);
        }
        self.push(span, names[2], json!({"messageId": id}), 8);
        self.close(span);
    }

    fn call(&mut self, tool: &str, arguments: &str, wait_us: u64) {
        let id = format!("call_{}", self.spans.len());
        let span = self.open(Kind::Tool, &id, tool);
        self.push(
            span,
            "TOOL_CALL_START",
            json!({"toolCallId": id, "toolCallName": tool}),
            60,
        );
        for part in arguments.as_bytes().chunks(5) {
            let delta = String::from_utf8_lossy(part);
            self.push(span, "TOOL_CALL_ARGS", json!({"toolCallId": id, "delta": delta}), 22);
        }
        self.push(span, "TOOL_CALL_END", json!({"toolCallId": id}), 10);
        self.spans[span as usize].args_end = self.frames.len() as u32;
        self.at_us += wait_us;
        let result =
            json!({"messageId": format!("r_{id}"), "toolCallId": id, "content": "{\"found\":2,\"cheapest\":118.4}"});
        self.push(span, "TOOL_CALL_RESULT", result, 5);
        self.close(span);
    }

    fn patch(&mut self, delta: &Value, severity: Option<Severity>) {
        let span = self.open(Kind::State, "state", "delta");
        self.push(span, "STATE_DELTA", json!({"delta": delta}), 25);
        if let Some(frame) = self.frames.last_mut() {
            frame.severity = severity;
        }
        self.close(span);
    }

    fn open(&mut self, kind: Kind, id: &str, name: &str) -> u32 {
        let first = self.frames.len() as u32 + 1;
        self.spans.push(Span {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            first,
            last: first,
            open: true,
            args_end: 0,
        });
        self.spans.len() as u32 - 1
    }

    fn close(&mut self, span: u32) {
        self.spans[span as usize].open = false;
    }

    fn push(&mut self, span: u32, type_name: &'static str, mut event: Value, after_ms: u64) {
        self.at_us += after_ms * 1_000 + u64::from(self.seed % 997);
        event["type"] = type_name.into();
        let kind = self.spans[span as usize].kind;
        self.frames.push(Frame {
            at_us: self.at_us,
            type_name,
            kind,
            span,
            event,
            severity: None,
        });
        self.spans[span as usize].last = self.frames.len() as u32;
    }

    fn chance(&mut self, most: u64) -> u64 {
        self.seed = (u64::from(self.seed) * 16_807 % 2_147_483_647) as u32;
        u64::from(self.seed) % most
    }

    pub(super) fn duration_us(&self) -> u64 {
        self.frames.last().map_or(0, |frame| frame.at_us)
    }

    pub(super) fn at_us(&self, seq: u32) -> u64 {
        seq.checked_sub(1)
            .and_then(|at| self.frames.get(at as usize))
            .map_or(0, |frame| frame.at_us)
    }

    /// Long gaps on the collapsed axis: from, to, true length.
    pub(super) fn gaps(&self) -> Vec<(f64, f64, u64)> {
        let mut gaps = Vec::new();
        let mut cut = 0.0;
        for pair in self.frames.windows(2) {
            let length = pair[1].at_us - pair[0].at_us;
            if length > 2_000_000 {
                let from = pair[0].at_us as f64 - cut;
                cut += length as f64 - 500_000.0;
                gaps.push((from, from + 500_000.0, length));
            }
        }
        gaps
    }

    pub(super) fn x(&self, axis: Axis, seq: u32) -> f64 {
        let at = self.at_us(seq);
        match axis {
            Axis::Clock => at as f64,
            Axis::Index => f64::from(seq),
            Axis::Collapsed => {
                let mut cut = 0.0;
                for pair in self.frames[..seq as usize].windows(2) {
                    let length = (pair[1].at_us - pair[0].at_us) as f64;
                    cut += if length > 2e6 { length - 5e5 } else { 0.0 };
                }
                at as f64 - cut
            }
        }
    }

    pub(super) fn extent(&self) -> Extent {
        let last = self.frames.len() as u32;
        Extent {
            clock: self.duration_us() as f64,
            collapsed: self.x(Axis::Collapsed, last),
            index: f64::from(last),
        }
    }

    pub(super) fn opened(&self, exchange: i64) -> Opened {
        let errors = self.frames.iter().filter(|frame| frame.severity.is_some()).count() as u32;
        let runs = self
            .spans
            .iter()
            .filter(|span| span.kind == Kind::Run)
            .map(|span| RunView {
                run_id: span.id.clone(),
                thread_id: "thread_91".to_owned(),
                verdict: if span.open {
                    RunVerdict::Live
                } else {
                    RunVerdict::Success
                },
                first_seq: span.first,
                last_seq: span.last,
            });
        let stop = self
            .frames
            .iter()
            .position(|frame| frame.severity == Some(Severity::Error));
        Opened {
            exchange,
            source: "shop".to_owned(),
            method: "POST".to_owned(),
            target: "/agui".to_owned(),
            status: Some(200),
            content_type: "text/event-stream".to_owned(),
            encoding: None,
            transport: Transport::Sse,
            ending: if self.live {
                EndingView::Open
            } else {
                EndingView::Complete
            },
            started_at: "2026-11-20T12:04:13.678123Z".to_owned(),
            started_at_millis: 1_795_176_253_678,
            duration_us: self.duration_us(),
            ttft_us: Some(1_412_000),
            frames: self.frames.len() as u32,
            spans: self.spans.len() as u32,
            chunks: self.frames.len() as u64,
            bytes: self.frames.len() as u64 * 151,
            findings: [errors, 0, 2],
            runs: runs.collect(),
            thread_id: "thread_91".to_owned(),
            stop: stop.filter(|_| false).map(|at| StopView {
                seq: at as u32,
                rule: String::new(),
                message: String::new(),
            }),
            labels: vec![("branch".to_owned(), "main".to_owned())],
            holes: Vec::new(),
            extent: self.extent(),
            progress: 1.0,
        }
    }
}
