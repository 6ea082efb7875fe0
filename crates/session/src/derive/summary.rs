//! The summary page: what a list shows of an exchange without opening it.

use std::sync::Arc;

use super::{finding::FindingEntry, kinds::Severity};
use crate::codec::{Damaged, Reader, Writer, open_page};

pub use crate::{
    fold::Stop,
    recognise::{Asks, Transport},
};

/// Runs that a summary names; more are counted in [`Summary::run_count`].
pub const RUNS_NAMED: usize = 1_000;

/// How a run came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::FromRepr, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// No terminal event yet. Once the exchange has ended: none.
    #[default]
    #[strum(serialize = "none")]
    Open,
    /// Finished.
    Success,
    /// Finished, waiting for a person.
    Interrupt,
    /// Finished, stopped on purpose.
    Cancelled,
    /// Ended by an error event.
    Error,
    /// Bytes are missing in which it may have ended.
    Unknown,
}

impl Outcome {
    /// The contract's word: `none` for a run without a terminal event, `unknown` where its bytes are missing.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    pub(crate) fn from_code(code: u8) -> Self {
        Self::from_repr(code).unwrap_or_default()
    }
}

/// A run of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub run_id: String,
    pub thread_id: String,
    /// `parentRunId`, if the stream gives one.
    pub parent_run_id: Option<String>,
    /// How it came out.
    pub outcome: Outcome,
    pub first_seq: u32,
    /// Last frame so far: the terminal event, or the last frame before the next run.
    pub last_seq: u32,
    /// When the first frame came.
    pub first_at_us: u64,
    /// When the last one came.
    pub last_at_us: u64,
    /// First character of text in it.
    pub first_text_us: Option<u64>,
    /// Tool calls started in it.
    pub tools: u32,
    /// Its input brings a new user message (a turn).
    pub turn: bool,
}

/// The findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RuleCount {
    pub rule: String,
    pub severity: Severity,
    pub count: u32,
    /// Frame of the first.
    pub first_seq: u32,
    /// Frame of the last.
    pub last_seq: u32,
}

/// An entry of a request's `resume`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// `interruptId`.
    pub id: String,
    /// Its status is `cancelled`.
    pub is_cancelled: bool,
}

/// An interrupt that waits for an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenInterrupt {
    pub id: String,
    /// `expiresAt`, as it was sent.
    pub expires_at: Option<String>,
}

/// What a list shows of an exchange.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// What the body is read as.
    pub transport: Transport,
    pub frames: u32,
    /// Frames that are AG-UI events of a known type.
    pub events: u32,
    /// Spans, rows in the span view.
    pub spans: u32,
    /// Bytes of the decoded body covered by frames.
    pub decoded_len: u64,
    /// When the last frame came.
    pub last_at_us: u64,
    /// Findings: error, warning, note.
    pub findings: [u32; 3],
    /// The runs, the first [`RUNS_NAMED`] of them.
    pub runs: Vec<Run>,
    pub run_count: u32,
    /// `threadId` as the stream says, else as the request says.
    pub thread_id: String,
    /// `runId` of the request.
    pub run_id: String,
    /// `parentRunId` of the request, if it gives one.
    pub parent_run_id: Option<String>,
    /// The request's body is a RunAgentInput (or an envelope that holds one).
    pub is_run_input: bool,
    pub asks: Asks,
    /// Bytes went to the client, or came from it, that are not here.
    pub misses_bytes: bool,
    /// The method that it names in the envelope of CopilotKit's single endpoint
    /// (`agent/run`, `info`); empty for any other request.
    pub endpoint_method: String,
    /// The last user text of the input, shortened; empty if there is none.
    pub title: String,
    /// From the request to the first character of text.
    pub ttft_us: Option<u64>,
    /// Tool calls started.
    pub tools: u32,
    /// Characters of assistant text.
    pub text_chars: u64,
    /// Where the official client gives up.
    pub stop: Option<Stop>,
    /// Findings by rule, in the order in which the rules were first broken.
    pub rules: Vec<RuleCount>,
    /// The interrupts that the request answers.
    pub resume: Vec<Answer>,
    /// The request may answer interrupts in another way: by a tool message at its end, or in `forwardedProps`.
    pub answers_otherwise: bool,
    /// What the last run that finished left open.
    pub open_interrupts: Vec<OpenInterrupt>,
    /// The first frame after missing bytes, and when it came: from there on a run may be under way whose start is missing.
    pub(crate) unstarted: Option<(u32, u64)>,
    /// The input ends with a user message.
    pub(crate) turn: bool,
    /// Entries in each list of marks, in the order of `List`.
    pub(crate) marks: [u32; super::marks::List::COUNT],
    /// Only this page is stored, and those of findings: the rest is made again
    /// when needed, which for a small exchange is quicker than reading it would be.
    pub recompute: bool,
}

impl Summary {
    /// Counts a finding.
    pub(crate) fn count(&mut self, finding: &FindingEntry) {
        self.findings[2 - finding.severity as usize] += 1;
        match self.rules.iter_mut().find(|known| known.rule == finding.rule) {
            Some(known) => {
                known.count += 1;
                known.last_seq = finding.seq;
            }
            None => self.rules.push(RuleCount {
                rule: finding.rule.clone(),
                severity: finding.severity,
                count: 1,
                first_seq: finding.seq,
                last_seq: finding.seq,
            }),
        }
    }

    /// Bytes are missing after the last frame so far. A run that was under way may have ended in them.
    pub(crate) fn miss_bytes(&mut self) {
        self.misses_bytes = true;
        if let Some(run) = self.runs.last_mut().filter(|run| run.outcome == Outcome::Open) {
            run.outcome = Outcome::Unknown;
        }
    }

    /// Findings (error, warning, note) of rules that are not muted.
    pub fn findings_without(&self, is_muted: impl Fn(&str) -> bool) -> [u32; 3] {
        let mut findings = self.findings;
        for known in self.rules.iter().filter(|known| is_muted(&known.rule)) {
            let count = &mut findings[2 - known.severity as usize];
            *count = count.saturating_sub(known.count);
        }
        findings
    }

    /// Writes the page.
    pub(crate) fn to_page(&self) -> Arc<[u8]> {
        let mut writer = Writer::default();
        writer.u8(match self.transport {
            Transport::Sse => 0,
            Transport::Protobuf => 1,
            Transport::Other => 2,
        });
        let flags = [self.recompute, self.is_run_input, self.turn, self.misses_bytes];
        writer.u8((0..)
            .zip(flags)
            .fold(0, |byte, (place, flag)| byte | u8::from(flag) << place));
        for count in [self.frames, self.events, self.spans, self.run_count, self.tools] {
            writer.uint(u64::from(count));
        }
        writer.uint(self.decoded_len);
        writer.uint(self.last_at_us);
        writer.uint(self.text_chars);
        self.findings.iter().for_each(|count| writer.uint(u64::from(*count)));
        self.marks.iter().for_each(|count| writer.uint(u64::from(*count)));
        writer.text(&self.thread_id);
        writer.text(&self.run_id);
        writer.opt_text(self.parent_run_id.as_deref());
        writer.text(&self.title);
        writer.u8(self.asks as u8);
        writer.text(&self.endpoint_method);
        writer.opt_uint(self.ttft_us);
        writer.opt_uint(self.unstarted.map(|(seq, _)| u64::from(seq)));
        writer.uint(self.unstarted.map_or(0, |(_, at_us)| at_us));
        self.write_stop(&mut writer);
        self.write_interrupts(&mut writer);
        writer.uint(self.runs.len() as u64);
        self.runs.iter().for_each(|run| write_run(&mut writer, run));
        writer.uint(self.rules.len() as u64);
        self.rules.iter().for_each(|known| write_rule(&mut writer, known));
        writer.into_page()
    }

    fn write_interrupts(&self, writer: &mut Writer) {
        writer.u8(u8::from(self.answers_otherwise));
        writer.uint(self.resume.len() as u64);
        for answer in &self.resume {
            writer.text(&answer.id);
            writer.u8(u8::from(answer.is_cancelled));
        }
        writer.uint(self.open_interrupts.len() as u64);
        for open in &self.open_interrupts {
            writer.text(&open.id);
            writer.opt_text(open.expires_at.as_deref());
        }
    }

    fn read_interrupts(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        self.answers_otherwise = reader.u8()? != 0;
        for _ in 0..reader.count()? {
            self.resume.push(Answer {
                id: reader.text()?,
                is_cancelled: reader.u8()? != 0,
            });
        }
        for _ in 0..reader.count()? {
            self.open_interrupts.push(OpenInterrupt {
                id: reader.text()?,
                expires_at: reader.opt_text()?,
            });
        }
        Ok(())
    }

    fn write_stop(&self, writer: &mut Writer) {
        match &self.stop {
            None => writer.u8(0),
            Some(stop) => {
                writer.u8(1);
                writer.uint(u64::from(stop.seq));
                writer.text(&stop.rule);
                writer.text(&stop.message);
            }
        }
    }

    /// Reads the page.
    ///
    /// # Errors
    /// When the page is damaged.
    pub fn from_page(page: &[u8]) -> Result<Self, Damaged> {
        let bytes = open_page(page)?;
        let mut reader = Reader::new(&bytes);
        let transport = match reader.u8()? {
            0 => Transport::Sse,
            1 => Transport::Protobuf,
            _ => Transport::Other,
        };
        let flags = reader.u8()?;
        let mut summary = Self {
            transport,
            recompute: flags & 1 != 0,
            is_run_input: flags & 2 != 0,
            turn: flags & 4 != 0,
            misses_bytes: flags & 8 != 0,
            frames: reader.u32()?,
            events: reader.u32()?,
            spans: reader.u32()?,
            run_count: reader.u32()?,
            tools: reader.u32()?,
            decoded_len: reader.uint()?,
            last_at_us: reader.uint()?,
            text_chars: reader.uint()?,
            findings: read_counts(&mut reader)?,
            marks: read_counts(&mut reader)?,
            thread_id: reader.text()?,
            run_id: reader.text()?,
            parent_run_id: reader.opt_text()?,
            title: reader.text()?,
            asks: Asks::from_code(reader.u8()?),
            endpoint_method: reader.text()?,
            ttft_us: reader.opt_uint()?,
            unstarted: read_unstarted(&mut reader)?,
            stop: read_stop(&mut reader)?,
            ..Self::default()
        };
        summary.read_interrupts(&mut reader)?;
        for _ in 0..reader.count()? {
            summary.runs.push(read_run(&mut reader)?);
        }
        for _ in 0..reader.count()? {
            summary.rules.push(read_rule(&mut reader)?);
        }
        Ok(summary)
    }
}

fn read_counts<const N: usize>(reader: &mut Reader<'_>) -> Result<[u32; N], Damaged> {
    let mut counts = [0; N];
    for count in &mut counts {
        *count = reader.u32()?;
    }
    Ok(counts)
}

fn read_unstarted(reader: &mut Reader<'_>) -> Result<Option<(u32, u64)>, Damaged> {
    let (seq, at_us) = (reader.opt_uint()?, reader.uint()?);
    let seq = seq.map(u32::try_from).transpose().map_err(|_too_large| Damaged)?;
    Ok(seq.map(|seq| (seq, at_us)))
}

fn read_stop(reader: &mut Reader<'_>) -> Result<Option<Stop>, Damaged> {
    if reader.u8()? == 0 {
        return Ok(None);
    }
    Ok(Some(Stop {
        seq: reader.u32()?,
        rule: reader.text()?,
        message: reader.text()?,
    }))
}

fn write_rule(writer: &mut Writer, known: &RuleCount) {
    writer.text(&known.rule);
    writer.u8(Severity::code(Some(known.severity)));
    for number in [known.count, known.first_seq, known.last_seq] {
        writer.uint(u64::from(number));
    }
}

fn read_rule(reader: &mut Reader<'_>) -> Result<RuleCount, Damaged> {
    Ok(RuleCount {
        rule: reader.text()?,
        severity: Severity::from_code(reader.u8()?).ok_or(Damaged)?,
        count: reader.u32()?,
        first_seq: reader.u32()?,
        last_seq: reader.u32()?,
    })
}

fn write_run(writer: &mut Writer, run: &Run) {
    writer.text(&run.run_id);
    writer.text(&run.thread_id);
    writer.opt_text(run.parent_run_id.as_deref());
    writer.u8(run.outcome as u8 | u8::from(run.turn) << 4);
    writer.uint(u64::from(run.first_seq));
    writer.uint(u64::from(run.last_seq));
    writer.uint(run.first_at_us);
    writer.uint(run.last_at_us);
    writer.opt_uint(run.first_text_us);
    writer.uint(u64::from(run.tools));
}

fn read_run(reader: &mut Reader<'_>) -> Result<Run, Damaged> {
    let mut run = Run {
        run_id: reader.text()?,
        thread_id: reader.text()?,
        parent_run_id: reader.opt_text()?,
        ..Run::default()
    };
    let flags = reader.u8()?;
    run.outcome = Outcome::from_code(flags & 0xf);
    run.turn = flags & 0x10 != 0;
    run.first_seq = reader.u32()?;
    run.last_seq = reader.u32()?;
    run.first_at_us = reader.uint()?;
    run.last_at_us = reader.uint()?;
    run.first_text_us = reader.opt_uint()?;
    run.tools = reader.u32()?;
    Ok(run)
}
