//! What is printed while replaying, and what typed orders do.

use std::path::Path;

use scrubjay_engine::{Asker, Engine, HitCounts};
use scrubjay_ipc::{AnswerMiss, AnyAsk, ClientStage, ReplayClient, ReplayMiss, ReplayView, Steer, SteerBy};
use scrubjay_session::shelf::Shelf as _;

use super::{Args, keys, lines, outcome::Outcome};
use crate::{
    args::Format,
    contract::{
        recorder::{ReadyLine, SourceObject},
        replay::{HeldLine, ReplayMembers, UnusedLine, UnusedObject},
    },
    failure::{Failure, note, note_exposure, print_report},
    json,
    out::Out,
    safe::{safe, shortened},
    words,
};

/// Prints what is answered, and carries out orders.
pub(super) struct Console<'a> {
    engine: &'a Engine,
    /// One for each source, and at least one.
    replays: &'a [ReplayView],
    args: &'a Args,
    /// Where the fallback's answers are recorded.
    misses_into: &'a Path,
    out: &'a mut Out,
    /// Answers of each replay that were printed.
    seen: Vec<u64>,
    /// What was shown as the next event, and whose: replay, client, frame.
    shown: Option<(u64, u64, u32)>,
    /// The miss that was shown as waiting: replay and request.
    shown_miss: Option<(u64, u64)>,
}

impl<'a> Console<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        replays: &'a [ReplayView],
        args: &'a Args,
        misses_into: &'a Path,
        out: &'a mut Out,
    ) -> Self {
        Self {
            engine,
            replays,
            args,
            misses_into,
            out,
            seen: vec![0; replays.len()],
            shown: None,
            shown_miss: None,
        }
    }

    pub(super) fn format(&self) -> Format {
        self.out.format
    }

    /// Whether what is printed next would not pile up unread.
    pub(super) fn has_room(&self) -> bool {
        self.out.has_room()
    }

    /// Whether something may wait for what is typed.
    pub(super) fn wants_keys(&self) -> bool {
        self.replays.iter().any(|replay| keys::are_wanted(&replay.options))
    }

    /// The first line: connections are accepted.
    pub(super) fn ready(&mut self, control: Option<&str>) -> Result<(), Failure> {
        for replay in self.replays {
            let listen = self.engine.replay_address(replay.replay)?;
            let given_away = match replay.options.fallback.as_str() {
                "" => "every machine that reaches it can read what was recorded".to_owned(),
                agent => {
                    format!("every machine that reaches it can read what was recorded, and ask {agent} through it")
                }
            };
            note_exposure(listen, &given_away, self.out.format);
        }
        let text = match self.out.is_json() {
            true => self.ready_line(control),
            false => self.greeting(control),
        };
        self.out.text(&text)
    }

    fn ready_line(&self, control: Option<&str>) -> String {
        let first = &self.replays[0];
        let sources = self.replays.iter().map(|replay| SourceObject {
            name: self.name(replay),
            url: &replay.url,
            upstream: &replay.options.fallback,
            replay: Some(replay.replay),
            exchanges: Some(replay.exchanges.len()),
        });
        json::line(&ReadyLine {
            ready: true,
            url: &first.url,
            store: &self.engine.path().display().to_string(),
            sources: sources.collect(),
            replay: Some(ReplayMembers {
                replay: first.replay,
                exchanges: self.served(),
                control,
            }),
        })
    }

    /// What a replay is called among the sources.
    fn name<'r>(&self, replay: &'r ReplayView) -> &'r str {
        if replay.source.is_empty() {
            "replay"
        } else {
            &replay.source
        }
    }

    /// How many exchanges are served in all.
    fn served(&self) -> usize {
        let mut all: Vec<i64> = self
            .replays
            .iter()
            .flat_map(|replay| replay.exchanges.iter().copied())
            .collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    fn greeting(&self, control: Option<&str>) -> String {
        let options = &self.replays[0].options;
        let mut text = self.addresses();
        text.push_str(&format!(
            "{}, {}",
            words::count(self.served() as u64, "exchange"),
            if options.exact {
                "every byte as recorded"
            } else {
                "with the ids of each request"
            },
        ));
        text.push_str(&match options.pace.as_str() {
            "" | "recorded" => ", at the recorded pace".to_owned(),
            pace => format!(", pace {}", safe(pace)),
        });
        for fault in &options.faults {
            text.push_str(&format!("\nfault     {}", safe(fault)));
        }
        if !options.hold.is_empty() {
            text.push_str(&format!("\nholds at  {}", safe(&options.hold)));
        }
        if options.matching == "exact" {
            text.push_str("\nmatches   only what is the recorded input in everything but ids");
        }
        text.push_str(&self.misses());
        if let Some(control) = control {
            text.push_str(&format!("\ncontrol   {control}"));
        }
        text.push('\n');
        for (is_wanted, help) in [
            (keys::holds(options), keys::HELP),
            (options.on_miss == "wait", keys::HELP_WITH_MISSES),
        ] {
            if is_wanted {
                text.push_str(help);
                text.push('\n');
            }
        }
        text
    }

    fn addresses(&self) -> String {
        if let [one] = self.replays {
            return format!("replaying {} as the agent at\n  {}\n", safe(&one.title), one.url);
        }
        let file = self.engine.path().file_name().unwrap_or_default().to_string_lossy();
        let lines = self.replays.iter().map(|replay| {
            let count = words::count(replay.exchanges.len() as u64, "exchange");
            format!("  {}  {}, {count}\n", replay.url, safe(self.name(replay)))
        });
        let lines: String = lines.collect();
        format!(
            "replaying {}, each source at an address of its own\n{lines}",
            safe(&file)
        )
    }

    /// What becomes of a miss, where that is not the usual 404.
    fn misses(&self) -> String {
        let options = &self.replays[0].options;
        match options.on_miss.as_str() {
            _ if !options.fallback.is_empty() => format!(
                "\nmisses    go to {} and are recorded into {}",
                safe(&options.fallback),
                safe(&self.misses_into.display().to_string())
            ),
            "run-error" => "\nmisses    are answered with a RUN_ERROR where a stream is asked for".to_owned(),
            "wait" => "\nmisses    wait until a recording is chosen for them".to_owned(),
            _ => String::new(),
        }
    }

    /// Prints new answers, and the next event of a held stream.
    pub(super) fn answers(&mut self) -> Result<(), Failure> {
        for (place, replay) in self.replays.iter().enumerate() {
            let answers = self.engine.replay_answers(replay.replay, self.seen[place])?;
            self.seen[place] += answers.len() as u64;
            // With one address every answer has the same source.
            let source = (self.replays.len() > 1).then(|| self.name(replay).to_owned());
            for answer in &answers {
                let text = match self.out.is_json() {
                    true => lines::answer_json(answer, source.as_deref()),
                    false => lines::answer_text(answer, source.as_deref()),
                };
                self.out.text(&text)?;
            }
        }
        self.waiting_miss()?;
        self.next()
    }

    /// Shows the miss that waits to be answered by hand, once.
    fn waiting_miss(&mut self) -> Result<(), Failure> {
        let Some((replay, miss)) = self.missed()? else {
            return Ok(());
        };
        if self.shown_miss.replace((replay, miss.request)) == Some((replay, miss.request)) {
            return Ok(());
        }
        let text = match self.out.is_json() {
            true => lines::waiting_json(replay, &miss),
            false => lines::waiting_text(&miss),
        };
        self.out.text(&text)
    }

    /// The newest miss that waits, and of which replay.
    fn missed(&self) -> Result<Option<(u64, ReplayMiss)>, Failure> {
        for replay in self.replays.iter().filter(|replay| replay.options.on_miss == "wait") {
            let misses = self.engine.replay(replay.replay)?.misses;
            if let Some(miss) = misses.into_iter().find(|miss| miss.waits) {
                return Ok(Some((replay.replay, miss)));
            }
        }
        Ok(None)
    }

    /// Shows the event that is held, once.
    fn next(&mut self) -> Result<(), Failure> {
        let held = self.held()?;
        let next = held
            .as_ref()
            .and_then(|(replay, client)| Some((*replay, client, client.next.as_ref()?)));
        let shown = next.map(|(replay, client, next)| (replay, client.client, next.seq));
        if shown == self.shown {
            return Ok(());
        }
        self.shown = shown;
        let Some((replay, client, next)) = next else {
            return Ok(());
        };
        let text = match self.out.is_json() {
            true => json::line(&HeldLine {
                held: true,
                replay,
                client: client.client,
                request: client.request,
                exchange: client.exchange,
                seq: next.seq,
                type_name: &next.type_name,
                text: &next.text,
            }),
            false => format!(
                "      next  #{} of {}  {}  {}\n",
                next.seq,
                client.frames,
                safe(&next.type_name),
                shortened(&next.text, 100)
            ),
        };
        self.out.text(&text)
    }

    /// The stream that was held last, and of which replay.
    fn held(&self) -> Result<Option<(u64, ReplayClient)>, Failure> {
        for replay in self.replays.iter().filter(|replay| keys::holds(&replay.options)) {
            let clients = self.engine.replay(replay.replay)?.clients;
            let held = clients.into_iter().find(|client| client.stage == ClientStage::Held);
            if let Some(client) = held {
                return Ok(Some((replay.replay, client)));
            }
        }
        Ok(None)
    }

    /// Notes why what was typed does nothing.
    pub(super) fn nonsense(&self, why: &str) {
        note(why, self.out.format);
    }

    /// Notes that streams wait for orders that cannot be typed.
    pub(super) fn input_ended(&self) {
        if self.args.control.is_none() {
            note(
                "Standard input has ended, so Enter cannot be pressed: held streams wait until their client leaves. \
                 Start replay in a terminal, or control it through --control ADDR.",
                self.out.format,
            );
        }
    }

    /// Does what was typed.
    pub(super) fn steer(&mut self, by: SteerBy) -> Result<(), Failure> {
        let Some((replay, client)) = self.held()? else {
            note("No stream is held.", self.out.format);
            return Ok(());
        };
        let client = client.client;
        // The same event may be shown again when it was sent twice.
        self.shown = None;
        self.ask(Steer { replay, client, by });
        Ok(())
    }

    /// Answers the miss that waits.
    pub(super) fn answer_miss(&mut self, exchange: Option<i64>) {
        match self.missed() {
            Ok(Some((replay, miss))) => self.ask(AnswerMiss {
                replay,
                request: miss.request,
                exchange,
            }),
            Ok(None) => note("No missed request waits for an answer.", self.out.format),
            Err(failure) => {
                failure.print(self.out.format);
            }
        }
    }

    fn ask(&self, ask: impl Into<AnyAsk>) {
        if let Err(report) = self.engine.ask(Asker::default(), &ask.into()) {
            print_report(&report, self.out.format);
        }
    }

    /// The last lines: what faults and breakpoints did, and what was not asked for. A strict replay
    /// forgives neither a fault that never struck nor a run that was not asked for. What a page asks
    /// beside its runs depends on how often it is loaded and drawn, so that is printed and changes nothing.
    pub(super) fn ended(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        let has_idle_fault = outcome.struck.faults.iter().any(|(_, times)| *times == 0);
        self.struck(&outcome.struck)?;
        if self.args.strict {
            self.unused(outcome)?;
        }
        if self.args.strict && (has_idle_fault || !outcome.runs.is_empty()) {
            return Err(Failure::Status(1));
        }
        Ok(())
    }

    /// What faults and breakpoints did; of those that did nothing there is a note.
    fn struck(&mut self, struck: &HitCounts) -> Result<(), Failure> {
        if struck.faults.is_empty() && struck.holds.is_empty() {
            return Ok(());
        }
        let text = match self.out.is_json() {
            true => lines::hits_json(struck),
            false => lines::hits_text(struck),
        };
        self.out.text(&text)?;
        let never = |all: &[(String, u64)]| -> Vec<String> {
            let idle = all.iter().filter(|(_, times)| *times == 0);
            idle.map(|(word, _)| word.clone()).collect()
        };
        for fault in never(&struck.faults) {
            note(
                &format!("The fault {fault} never struck: no answer got to what it names."),
                self.out.format,
            );
        }
        for word in never(&struck.holds) {
            note(
                &format!("Nothing was held at {word}: no stream got to such an event."),
                self.out.format,
            );
        }
        Ok(())
    }

    fn unused(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        if outcome.runs.is_empty() && outcome.others.is_empty() {
            return Ok(());
        }
        let objects = |unused: &[i64]| unused.iter().map(|index| self.object(*index)).collect();
        let text = match self.out.is_json() {
            true => json::line(&UnusedLine {
                unused: objects(&outcome.runs),
                unused_others: objects(&outcome.others),
            }),
            false => {
                self.named("run", "", &outcome.runs)
                    + &self.named("other request", ", which a page need not repeat", &outcome.others)
            }
        };
        self.out.text(&text)
    }

    fn named(&self, what: &str, remark: &str, unused: &[i64]) -> String {
        if unused.is_empty() {
            return String::new();
        }
        let lines = unused.iter().map(|index| {
            let (method, target) = self.request(*index);
            format!(
                "  exchange {index}  {} {}\n",
                shortened(&method, 12),
                shortened(&target, 80)
            )
        });
        let count = words::count(unused.len() as u64, what);
        format!("{count} never asked for{remark}:\n{}", lines.collect::<String>())
    }

    fn object(&self, exchange: i64) -> UnusedObject {
        let (method, target) = self.request(exchange);
        UnusedObject {
            exchange,
            method,
            target,
        }
    }

    fn request(&self, index: i64) -> (String, String) {
        let facts = self.engine.shelf(index).ok().and_then(|shelf| shelf.exchange().ok());
        facts.map_or_else(Default::default, |facts| (facts.request.method, facts.request.target))
    }
}
