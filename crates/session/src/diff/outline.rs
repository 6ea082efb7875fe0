//! One side, read once: its items in the order in which they began.
//!
//! Nothing of the content is kept but numbers, so memory goes with the number
//! of items; only what is open at a time is put together.

mod chunks;
mod drafts;
pub(super) mod findings;
mod groups;

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
};

use scrubjay_protocol::{
    event::EventType,
    frame::Frame,
    json::{Object, Value, Wtf8},
};

use self::{chunks::Cuts, drafts::Drafts, findings::CountedFinding, groups::Group};
use super::{
    Stopped,
    document::{self, level_of},
    hash::{self, Hashing, Sketch, join},
    ids::Ids,
    item::{Item, ItemKind, NO_SPAN},
    rules::{Level, Rules},
    side::{OpenSide, Pace, SideFacts, window_of},
    timing::Gaps,
};
use crate::{
    derive::{frames::FrameEntry, kinds::Kind, summary::Transport},
    exchange::{Ending, Exchange},
    query::{Failed, Reader, Summary},
    shelf::Shelf,
};

/// Bytes of the shortest text that identifies an item.
const TELLING_TEXT: usize = 20;
/// Frames between two looks at whether to go on.
const STRIDE: u32 = 256;
/// A state group in which everything is ignored.
pub(crate) const NOTHING: u64 = 0;

/// A side as numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    pub(crate) items: Vec<Item>,
    /// How to tell how alike items are; as many as items.
    pub(crate) sketches: Vec<Sketch>,
    pub(crate) ids: Ids,
    pub(crate) refs: Vec<u32>,
    pub(crate) facts: SideFacts,
    /// First and last frame of each part.
    pub(crate) windows: Vec<(u32, u32)>,
    /// The items of each thread.
    pub(crate) threads: Vec<Range<u32>>,
    /// How each part was answered.
    pub(crate) answers: Vec<Answer>,
    /// Whether the state that each part's request brings counts: after an
    /// answer it is what the agent made of it.
    pub(crate) with_state: Vec<bool>,
    /// What each input asks, by its place among the items.
    pub(crate) asked: HashMap<u32, u64>,
    pub(crate) gaps: Gaps,
    /// For each part, the item of each frame of its window; for level wire only.
    pub(crate) frame_items: Vec<Vec<u32>>,
    /// Names of sub-agents, by id.
    pub(crate) agents: HashMap<Wtf8, Wtf8>,
}

/// How the transport of a part went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    pub(crate) ending: Ending,
    pub(crate) is_stream: bool,
    /// Whether it is asked for a run and has no answer that says how one went.
    pub(crate) failed: bool,
}

impl Answer {
    fn of(exchange: &Exchange, summary: &Summary) -> Self {
        let status = exchange.response.as_ref().map(|head| head.status);
        let is_stream = summary.transport != Transport::Other;
        let is_good = status.is_none_or(|status| (200..300).contains(&status)) && exchange.ending == Ending::Complete;
        Self {
            status,
            ending: exchange.ending,
            is_stream,
            failed: !is_good || (summary.is_run_input && !is_stream),
        }
    }
}

impl Outline {
    /// The items of a thread.
    pub(crate) fn items_of(&self, thread: Option<u32>) -> Range<u32> {
        let items = thread.and_then(|thread| self.threads.get(thread as usize));
        items.cloned().unwrap_or_default()
    }

    /// How the exchange that an item is of was answered.
    pub(crate) fn answer(&self, item: &Item) -> Answer {
        self.answers.get(item.part as usize).copied().unwrap_or_default()
    }

    pub(crate) fn refs_of(&self, item: &Item) -> &[u32] {
        let (first, count) = (item.refs.0 as usize, item.refs.1 as usize);
        self.refs.get(first..first + count).unwrap_or_default()
    }

    /// Reads a side.
    pub(crate) fn read<S: Shelf + Clone>(
        open: &mut OpenSide<S>,
        rules: &Rules,
        pace: &mut Pace<'_>,
    ) -> Result<Self, Stopped<S::Error>> {
        let mut reading = Reading {
            rules,
            out: Self::default(),
            part: 0,
            begins: true,
            answered: false,
            turn: 0,
            drafts: Drafts::default(),
            state: None,
            burst: None,
            last_at_us: None,
            findings: VecDeque::new(),
            has_run: false,
        };
        for part in 0..open.parts().len() as u32 {
            let (exchange, run) = {
                let part = &open.parts()[part as usize];
                (part.exchange, part.run)
            };
            reading.part = part;
            reading.begins = open.begins(part);
            if reading.begins {
                (reading.turn, reading.answered) = (0, false);
            }
            let from = reading.out.items.len() as u32;
            reading.part(open.reader(part)?, exchange, run, pace)?;
            let to = reading.out.items.len() as u32;
            match (reading.begins, reading.out.threads.last_mut()) {
                (false, Some(thread)) => thread.end = to,
                _ => reading.out.threads.push(from..to),
            }
        }
        Ok(reading.out)
    }
}

struct Reading<'a> {
    rules: &'a Rules,
    out: Outline,
    part: u32,
    /// The part is the first of its thread.
    begins: bool,
    /// An exchange of the thread was answered well.
    answered: bool,
    turn: u32,
    drafts: Drafts,
    state: Option<Group>,
    burst: Option<Group>,
    last_at_us: Option<u64>,
    /// Findings still to come in this part.
    findings: VecDeque<CountedFinding>,
    /// A run of this part has its place.
    has_run: bool,
}

impl Reading<'_> {
    fn part<S: Shelf>(
        &mut self,
        reader: &mut Reader<S>,
        index: i64,
        run: Option<u32>,
        pace: &mut Pace<'_>,
    ) -> Result<(), Stopped<S::Error>> {
        let (exchange, summary) = (reader.exchange().clone(), reader.summary().clone());
        let answer = Answer::of(&exchange, &summary);
        let window = window_of(&summary, run);
        self.out.facts.add(index, run, &exchange, &summary);
        self.out.windows.push(window);
        self.out.answers.push(answer);
        self.out.frame_items.push(Vec::new());
        self.last_at_us = None;
        self.has_run = false;
        let with_state = run.unwrap_or(0) == 0 && self.request(&reader.request_body()?, window.0.saturating_sub(1));
        self.out.with_state.push(with_state);
        self.answered |= !answer.failed;
        self.turn = self.turn.max(1);
        self.findings = findings::of(reader, window.0, window.1)?.into();
        let cuts = Cuts::new(self.rules.level() == Level::Wire, &exchange);
        self.frames(reader, window, cuts, pace)?;
        self.end_part(reader, &exchange, &summary, run.is_none())
    }

    /// What the request brings, if it asks for a run; gives whether its state counts.
    fn request(&mut self, body: &[u8], seq: u32) -> bool {
        let Some(input) = document::input_of(body) else {
            return false;
        };
        let with_state = !self.answered && !document::follows_an_answer(&input);
        self.input(&input, with_state, seq);
        with_state
    }

    fn frames<S: Shelf>(
        &mut self,
        reader: &mut Reader<S>,
        (first, last): (u32, u32),
        mut cuts: Cuts,
        pace: &mut Pace<'_>,
    ) -> Result<(), Stopped<S::Error>> {
        let mut stopped = None;
        let mut since = 0;
        reader.each_frame(
            first..last.saturating_add(1),
            |_| true,
            |reader, seq, entry, frame| {
                since += 1;
                if since == STRIDE {
                    since = 0;
                    if let Err(stop) = pace.step(u64::from(STRIDE)) {
                        stopped = Some(stop);
                        return Ok(false);
                    }
                }
                self.frame(reader, seq, entry, frame, &mut cuts)?;
                Ok(true)
            },
        )?;
        match stopped {
            Some(stopped) => Err(stopped),
            None => pace.step(u64::from(since)),
        }
    }

    // ---- a frame ------------------------------------------------------

    fn frame<S: Shelf>(
        &mut self,
        reader: &mut Reader<S>,
        seq: u32,
        entry: &FrameEntry,
        frame: &Frame,
        cuts: &mut Cuts,
    ) -> Result<(), Failed<S::Error>> {
        if let Some(before) = self.last_at_us.replace(entry.at_us) {
            self.out.gaps.add(entry.at_us.saturating_sub(before));
        }
        if let Some(event) = &frame.value {
            self.out.ids.learn(event);
        }
        let wire = match cuts.of(reader, entry)? {
            Some(cut) => join(frame_number(frame, self.rules, &self.out.ids), cut),
            None => 0,
        };
        let item = match (entry.event.kind(), frame.value.as_ref().and_then(Value::as_object)) {
            (Kind::State, Some(event)) => Some(self.state_event(seq, entry, event, wire)),
            (Kind::Raw, _) => self.burst(seq, entry, ItemKind::Raw, wire),
            (Kind::Wire, _) if frame.comment.is_some() && frame.data.is_empty() => {
                self.burst(seq, entry, ItemKind::Wire, wire)
            }
            _ => self.span_frame(reader, seq, entry, frame, wire)?,
        };
        if self.rules.level() == Level::Wire
            && let Some(items) = self.out.frame_items.last_mut()
        {
            items.push(item.map_or(NO_SPAN, |item| item as u32));
        }
        self.findings_up_to(seq);
        Ok(())
    }

    /// Places the findings that came up to a frame.
    fn findings_up_to(&mut self, seq: u32) {
        while let Some(found) = self.findings.pop_front_if(|found| found.seq <= seq) {
            let item = self.push(ItemKind::Finding, NO_SPAN, found.seq);
            self.describe(item, &findings::document(&found.rule), 0, None);
        }
    }

    fn span_frame<S: Shelf>(
        &mut self,
        reader: &mut Reader<S>,
        seq: u32,
        entry: &FrameEntry,
        frame: &Frame,
        wire: u64,
    ) -> Result<Option<usize>, Failed<S::Error>> {
        if self.drafts.is_skipped(entry.span) {
            return Ok(None);
        }
        if !self.drafts.holds(entry.span) && !self.begin_span(reader, seq, entry.span, frame)? {
            self.drafts.skip(entry.span);
            return Ok(None);
        }
        let ends_run = matches!(frame.event_type, Some(EventType::RunFinished | EventType::RunError));
        if frame.event_type == Some(EventType::SubagentStarted) {
            self.learn_agent(frame);
        }
        let (item, done) = self.drafts.take(entry.span, seq, frame, wire);
        let item = match item {
            None if ends_run => Some(self.place_run(entry.span, seq)),
            item => item,
        };
        if let Some(item) = item {
            self.out.items[item].last_seq = seq;
        }
        if done && item.is_some() {
            self.finish(entry.span);
        }
        Ok(item)
    }

    /// Begins the item of a span; gives whether it counts at this level.
    fn begin_span<S: Shelf>(
        &mut self,
        reader: &mut Reader<S>,
        seq: u32,
        ordinal: u32,
        frame: &Frame,
    ) -> Result<bool, Failed<S::Error>> {
        let span = reader.span(ordinal)?;
        // Words are paired at every level, so that they can be shown.
        let shown = self.rules.level().max(Level::Text);
        let Some(kind) = ItemKind::of(span.kind).filter(|kind| kind.counts_from() <= shown) else {
            return Ok(false);
        };
        let own = self.out.ids.know(&span.id.as_str().into());
        // A run stands where it ends; until then it has no place.
        let item = (kind != ItemKind::Run).then(|| self.push(kind, ordinal, seq));
        if let Some(item) = item {
            self.out.items[item].open = match kind {
                ItemKind::Tool => span.ready.is_none() || span.result.is_none(),
                _ => !span.closed,
            };
        }
        self.drafts.begin(ordinal, kind, item, span.frames, own);
        if kind == ItemKind::Run && frame.event_type == Some(EventType::RunStarted) {
            self.run_started(seq, frame);
        }
        Ok(true)
    }

    fn learn_agent(&mut self, frame: &Frame) {
        let text = |name| {
            frame
                .value
                .as_ref()
                .and_then(|event| event.get(name))
                .and_then(Value::as_wtf8)
        };
        if let (Some(id), Some(name)) = (text("subagentRunId"), text("name")) {
            self.out.agents.insert(id.clone(), name.clone());
        }
    }

    /// A run that is not the first of its exchange brings an input of its own.
    fn run_started(&mut self, seq: u32, frame: &Frame) {
        self.place_open_runs(seq);
        let Some(event) = &frame.value else { return };
        if let Some(version) = event.get("protocolVersion").and_then(Value::as_str) {
            self.out
                .facts
                .protocol_version
                .get_or_insert_with(|| version.to_owned());
        }
        let is_first = !self.has_run;
        if let Some(input) = event.get("input").filter(|_| !is_first) {
            self.input(input, false, seq);
        }
    }

    fn place_open_runs(&mut self, seq: u32) {
        for span in self.drafts.unplaced() {
            let last = self.drafts.last_seq(span);
            let item = self.place_run(span, seq);
            self.out.items[item].last_seq = last;
            self.finish(span);
        }
    }

    fn place_run(&mut self, span: u32, seq: u32) -> usize {
        self.has_run = true;
        let item = self.push(ItemKind::Run, span, seq);
        self.drafts.place(span, item);
        item
    }

    // ---- items --------------------------------------------------------

    fn push(&mut self, kind: ItemKind, span: u32, seq: u32) -> usize {
        // A finding is about what stands there, and ends nothing.
        if kind.counts_from() == Level::Behaviour && kind != ItemKind::Finding {
            self.close_groups();
        }
        crate::steps::tick();
        self.out.items.push(Item {
            kind,
            part: self.part,
            span,
            turn: self.turn.max(1),
            first_seq: seq,
            last_seq: seq,
            key: hash::of(kind),
            says: [0; 4],
            refs: (0, 0),
            own: None,
            telling: matches!(kind, ItemKind::Tool | ItemKind::Input),
            open: false,
        });
        self.out.sketches.push(Sketch::default());
        self.out.items.len() - 1
    }

    fn input(&mut self, input: &Value, with_state: bool, seq: u32) {
        self.out.ids.learn(input);
        if document::begins_turn(input) || self.turn == 0 {
            self.turn += 1;
        }
        if let Some(version) = input.get("protocolVersion").and_then(Value::as_str) {
            self.out
                .facts
                .protocol_version
                .get_or_insert_with(|| version.to_owned());
        }
        let item = self.push(ItemKind::Input, NO_SPAN, seq);
        let document = document::input_document(input, with_state);
        let asked = document::asked_number(&document, &self.out.ids, self.rules);
        self.out.asked.insert(item as u32, asked);
        self.describe(item, &document, 0, None);
    }

    fn finish(&mut self, span: u32) {
        let Some(done) = self.drafts.end(span) else { return };
        let Some(item) = done.item else { return };
        let agents = &self.out.agents;
        let document = done.draft.document(|id| agents.get(id).cloned());
        self.describe(item, &document, done.wire, done.own);
    }

    /// Turns a document into numbers.
    fn describe(&mut self, place: usize, document: &Object, wire: u64, own: Option<u32>) {
        let kind = self.out.items[place].kind;
        let mut hashing = Hashing::new(self.rules, &self.out.ids);
        let mut says = [0_u64; 4];
        for (name, value) in document {
            let name = name.as_bytes();
            if let Some(member) = hashing.member(name, value) {
                let level = level_of(kind, name) as usize;
                // A sum, because the order of members does not count.
                says[level] = says[level].wrapping_add(join(hash::of(name), member));
            }
        }
        says[Level::Wire as usize] = wire;
        let (refs, sketch) = (hashing.refs, hashing.sketch);
        let item = &mut self.out.items[place];
        item.says = says;
        item.own = own;
        item.key = hash::of((
            kind,
            document.get("name").and_then(Value::as_wtf8),
            document.get("agent").and_then(Value::as_wtf8),
        ));
        item.telling |= document
            .get("text")
            .and_then(Value::as_wtf8)
            .is_some_and(|text| text.len() >= TELLING_TEXT);
        item.refs = (self.out.refs.len() as u32, refs.len() as u32);
        self.out.refs.extend(refs);
        self.out.sketches[place] = sketch;
    }

    // ---- the end of a part --------------------------------------------

    fn end_part<S: Shelf>(
        &mut self,
        reader: &mut Reader<S>,
        exchange: &Exchange,
        summary: &Summary,
        is_whole: bool,
    ) -> Result<(), Stopped<S::Error>> {
        let (first, last) = self.out.windows.last().copied().unwrap_or((1, 0));
        self.place_open_runs(last);
        self.close_groups();
        for span in self.drafts.spans() {
            self.finish(span);
        }
        self.drafts = Drafts::default();
        self.findings_up_to(u32::MAX);
        if summary.is_run_input || last >= first {
            self.push(ItemKind::FinalState, NO_SPAN, last);
        }
        if is_whole {
            let document = end_document(reader, exchange, summary)?;
            let item = self.push(ItemKind::End, NO_SPAN, last);
            self.describe(item, &document, 0, None);
        }
        Ok(())
    }
}

/// What a frame says, to the last member; times aside.
pub(crate) fn frame_number(frame: &Frame, rules: &Rules, ids: &Ids) -> u64 {
    let Some(event) = frame.value.as_ref().and_then(Value::as_object) else {
        return hash::of((frame.kind, &frame.data, &frame.comment));
    };
    let mut hashing = Hashing::new(rules, ids);
    let members = event
        .iter()
        .filter(|(name, _)| *name != "timestamp" && *name != "rawEvent");
    members.fold(1, |all, (name, value)| {
        let member = hashing
            .member_at(b"event", std::slice::from_ref(name), value)
            .unwrap_or(0);
        all.wrapping_add(join(hash::of(name), member))
    })
}

/// Status, ending, and where the official client gives up.
pub(crate) fn end_document<S: Shelf>(
    reader: &mut Reader<S>,
    exchange: &Exchange,
    summary: &Summary,
) -> Result<Object, Failed<S::Error>> {
    let mut document = Object::new();
    if let Some(response) = &exchange.response {
        document.insert("status", Value::Number(f64::from(response.status)));
    }
    document.insert("ending", Value::string(exchange.ending.as_str()));
    if let Some(stop) = &summary.stop {
        document.insert("stop", Value::string(stop.rule.as_str()));
    }
    if summary.transport == Transport::Other {
        let body = reader.decoded(0..document::TEXT_LEN as u64 + 1)?;
        if let Some(body) = document::body_value(&body) {
            document.insert("body", body);
        }
    }
    Ok(document)
}
