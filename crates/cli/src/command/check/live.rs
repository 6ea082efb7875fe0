//! A run that is asked for now.
//!
//! The input is posted through a source of our own into a store that is gone
//! afterwards. Findings are printed as they come. When the body has ended, an
//! SSE reader that we did not write reads it again: where the two find other
//! events, that is a finding, too.

use std::path::Path;

use eventsource_stream::Eventsource as _;
use futures_util::{StreamExt as _, stream};
use scrubjay_engine::{Engine, LiveRun, TlsConfig};
use scrubjay_ipc::Code;
use scrubjay_protocol::secret;
use scrubjay_session::{
    query::{FindingEntry, Severity},
    recognise::Transport,
};

use super::{Args, Checked, Found, Muted, line, text};
use crate::{
    args::Format,
    failure::Failure,
    library::unreadable,
    out::Out,
    signals::{Meaning, Signals},
    source_args,
};

/// Longest body that is read a second time, bytes.
const SECOND_READ: usize = 64 * 1024 * 1024;
/// The second reader fails at a mark at the start (0.2.3).
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// What was found, and whether the answer was read to its end.
type Outcome = (Checked, Result<(), Failure>);

pub(super) fn check(args: &Args, url: &str, muted: &Muted, out: &mut Out) -> Result<Outcome, Failure> {
    let input = read_input(args.input.as_deref())?;
    let tls = source_args::tls(&args.tls, &[url.to_owned()])?;
    if tls.insecure {
        source_args::note_unverified(&secret::hidden(url), out.format);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)?;
    let mut shown = Shown {
        muted,
        checked: Checked {
            source: secret::hidden(url),
            exchange: 0,
            request: format!("POST {}", secret::hidden(url)),
            outcome: None,
            findings: Vec::new(),
        },
        body: Vec::new(),
    };
    let (engine, folder, whole) = runtime.block_on(run(url, input, &tls, &mut shown, out))?;
    shown.look(&engine, out)?;
    if whole.is_ok()
        && let Some(difference) = runtime.block_on(second_reading(&engine, &shown.body))?
    {
        shown.show(difference, out)?;
    }
    engine.close();
    drop(folder);
    Ok((shown.checked, whole))
}

/// A signal came before the end.
fn stopped(what_of_it: &str) -> Failure {
    Failure::new(
        Code::BadRequest,
        format!("The check was stopped before the answer ended; {what_of_it}."),
        "Let it run to the end for a verdict.",
    )
}

fn read_input(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let path = path.ok_or_else(|| {
        Failure::bad_argument(
            "--url needs --input FILE.",
            "FILE holds the RunAgentInput that is posted, as JSON.",
        )
    })?;
    let shown = path.display();
    let input = std::fs::read(path).map_err(|error| {
        Failure::new(
            Code::NotFound,
            format!("Cannot read {shown}: {error}."),
            "It is a file with a RunAgentInput as JSON.",
        )
    })?;
    match serde_json::from_slice::<serde_json::Value>(&input) {
        Ok(value) if value.is_object() => Ok(input),
        Ok(_) => Err(Failure::bad_argument(
            format!("{shown} is no JSON object."),
            "A RunAgentInput is an object with threadId, runId and messages.",
        )),
        Err(error) => Err(Failure::bad_argument(
            format!("{shown} is not JSON: {error}."),
            "A RunAgentInput is an object with threadId, runId and messages.",
        )),
    }
}

/// Reads the answer to its end, or until it is asked to stop; gives what
/// recorded it, and whether it was the end.
async fn run(
    url: &str,
    input: Vec<u8>,
    tls: &TlsConfig,
    shown: &mut Shown<'_>,
    out: &mut Out,
) -> Result<(Engine, impl Drop + use<>, Result<(), Failure>), Failure> {
    let mut signals = Signals::new(Meaning::StopInOwnTime, out.format, || 0)?;
    let mut live = tokio::select! {
        live = LiveRun::start(url, input, tls) => live?,
        () = signals.asked_to_stop() => return Err(stopped("nothing had come")),
    };
    let mut len = 0;
    let whole = loop {
        let chunk = tokio::select! {
            chunk = live.next() => chunk,
            () = signals.asked_to_stop() => break Err(stopped("what had come was checked")),
        };
        let Some(chunk) = chunk else { break Ok(()) };
        len += chunk.len();
        if len <= SECOND_READ {
            shown.body.push(chunk);
        }
        shown.look(live.engine(), out)?;
    };
    if len > SECOND_READ {
        shown.body.clear();
    }
    let (engine, folder) = live.finish()?;
    Ok((engine, folder, whole))
}

/// What was found and printed so far.
struct Shown<'a> {
    muted: &'a Muted,
    checked: Checked,
    /// The answer so far, in its chunks; empty when it is too long to be read twice.
    body: Vec<Vec<u8>>,
}

impl Shown<'_> {
    /// Prints findings that are new.
    fn look(&mut self, engine: &Engine, out: &mut Out) -> Result<(), Failure> {
        let Some(index) = engine.exchanges()?.first().copied() else {
            return Ok(());
        };
        let known = self.checked.findings.len() as u64;
        let new = engine.with(index, |reader| Ok(reader.findings_of(None, known, u32::MAX)?))?;
        new.into_iter().try_for_each(|finding| self.show(finding, out))
    }

    /// Why no answer came, from the one that stands in its place.
    fn cause(&self) -> Option<String> {
        let text = String::from_utf8(self.body.concat()).ok()?;
        let sentence = text.lines().next()?.strip_prefix("Scrubjay: ")?;
        Some(sentence.trim_end_matches('.').to_owned())
    }

    fn show(&mut self, mut finding: FindingEntry, out: &mut Out) -> Result<(), Failure> {
        if finding.rule == "transport.no_answer"
            && let Some(cause) = self.cause()
        {
            finding.message = cause;
        }
        let found = Found {
            line: None,
            // What mends it may still come.
            mend: None,
            is_muted: self.muted.is_muted(&finding.rule),
            finding,
        };
        match out.format {
            Format::Json => out.text(&line(&self.checked, &found, false))?,
            Format::Text => out.text(&text::finding(&found))?,
            _ => {}
        }
        self.checked.findings.push(found);
        out.flush()
    }
}

/// Where an independent reader finds other events than ours, if anywhere.
async fn second_reading(engine: &Engine, body: &[Vec<u8>]) -> Result<Option<FindingEntry>, Failure> {
    let Some(index) = engine.exchanges()?.first().copied() else {
        return Ok(None);
    };
    let mut reader = scrubjay_engine::Exchange::open(engine.shelf(index)?).map_err(unreadable)?;
    let is_readable = body.first().is_some_and(|first| !first.starts_with(MARK));
    if reader.summary().transport != Transport::Sse || !is_readable {
        return Ok(None);
    }
    let chunks = stream::iter(
        body.iter()
            .map(|chunk| Ok::<_, std::convert::Infallible>(chunk.as_slice())),
    );
    let theirs: Vec<Option<String>> = chunks
        .eventsource()
        .map(|event| event.ok().map(|event| event.data))
        .collect()
        .await;
    let mut theirs = theirs.into_iter().filter(|data| data.as_deref() != Some(""));
    let frames = reader.summary().frames;
    for seq in 1..=frames {
        let frame = reader.frame_data(seq).map_err(unreadable)?;
        if frame.data.is_empty() || frame.is_cut {
            continue;
        }
        let ours = String::from_utf8_lossy(&frame.data).into_owned();
        let message = match theirs.next() {
            Some(Some(data)) if data == ours => continue,
            Some(Some(data)) => format!("an independent reader has {} here", excerpt(&data)),
            Some(None) => "an independent reader fails here".to_owned(),
            None => "an independent reader has no event here".to_owned(),
        };
        return Ok(Some(disagreement(seq, message)));
    }
    let more = theirs.count();
    Ok((more > 0).then(|| disagreement(frames, format!("an independent reader has {more} events more"))))
}

fn disagreement(seq: u32, message: String) -> FindingEntry {
    FindingEntry {
        seq,
        rule: "reader.disagrees".to_owned(),
        severity: Severity::Warning,
        message,
        stop: false,
        fails: None,
    }
}

fn excerpt(data: &str) -> String {
    let short: String = data.chars().take(80).collect();
    format!("{short:?}")
}
