//! What is said while replaying.

use std::path::Path;

use scrubjay_engine::{Asker, Engine, EngineError, HitCounts};
use scrubjay_ipc::{AnswerMiss, AnyAsk, ClientStage, ReplayClient, ReplayMiss, ReplayView, Steer, SteerBy};
use scrubjay_session::shelf::Shelf as _;

use super::{Args, keys, lines};
use crate::{
    args::Format,
    failure::{Failure, note, note_exposure, tell},
    json::Line,
    out::Out,
    safe::{safe, shortened},
    words,
};

/// Tells what is answered.
pub(super) struct Told<'a> {
    engine: &'a Engine,
    /// One for each source, and at least one.
    replays: &'a [ReplayView],
    args: &'a Args,
    /// Where the fallback's answers are recorded.
    misses_into: &'a Path,
    out: &'a mut Out,
    /// Answers of each replay that were told.
    seen: Vec<u64>,
    /// What was shown as the next event, and whose: replay, client, frame.
    shown: Option<(u64, u64, u32)>,
    /// The miss that was shown as waiting: replay and request.
    shown_miss: Option<(u64, u64)>,
}

/// How it came out, over all replays.
pub(super) struct Outcome {
    /// Runs that were not asked for.
    runs: Vec<i64>,
    /// Other exchanges that were not asked for.
    others: Vec<i64>,
    struck: HitCounts,
}

impl Outcome {
    /// As it stands now.
    pub(super) fn of(engine: &Engine, replays: &[ReplayView]) -> Result<Self, EngineError> {
        let mut outcome = Self {
            runs: Vec::new(),
            others: Vec::new(),
            struck: HitCounts::default(),
        };
        for replay in replays {
            let now = engine.replay(replay.replay)?;
            let (runs, others) = now.unused.iter().partition(|index| now.unused_runs.contains(index));
            let (runs, others): (Vec<i64>, Vec<i64>) = (runs, others);
            outcome.runs.extend(runs);
            outcome.others.extend(others);
            let struck = engine.replay_struck(replay.replay)?;
            add(&mut outcome.struck.faults, struck.faults);
            add(&mut outcome.struck.holds, struck.holds);
        }
        // What a fallback answered is served at every address.
        for unused in [&mut outcome.runs, &mut outcome.others] {
            unused.sort_unstable();
            unused.dedup();
        }
        Ok(outcome)
    }
}

/// Each replay has the same faults in the same order.
fn add(all: &mut Vec<(String, u64)>, more: Vec<(String, u64)>) {
    if all.is_empty() {
        *all = more;
        return;
    }
    for ((_, times), (_, more)) in all.iter_mut().zip(more) {
        *times += more;
    }
}

impl<'a> Told<'a> {
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

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.out.text(text)
    }

    /// How it is said.
    pub(super) fn format(&self) -> Format {
        self.out.format
    }

    /// Whether what is said next would not pile up unread.
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
                "" => "whoever reaches it can read what was recorded".to_owned(),
                agent => format!("whoever reaches it can read what was recorded, and ask {agent} through it"),
            };
            note_exposure(listen, &given_away, self.out.format);
        }
        let text = match self.out.is_json() {
            true => self.ready_line(control),
            false => self.greeting(control),
        };
        self.say(&text)
    }

    fn ready_line(&self, control: Option<&str>) -> String {
        let first = &self.replays[0];
        let sources = self.replays.iter().map(|replay| {
            Line::new()
                .string("name", self.name(replay))
                .string("url", &replay.url)
                .string("upstream", &replay.options.fallback)
                .value("replay", replay.replay)
                .value("exchanges", replay.exchanges.len())
                .object()
        });
        Line::new()
            .value("ready", true)
            .string("url", &first.url)
            .string("store", &self.engine.path().display().to_string())
            .list("sources", sources)
            .value("replay", first.replay)
            .value("exchanges", self.served())
            .optional("control", control)
            .end()
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
        let (first, options) = (&self.replays[0], &self.replays[0].options);
        let mut text = match self.replays {
            [one] => format!("replaying {} as the agent at\n  {}\n", safe(&one.title), one.url),
            all => {
                let file = self.engine.path().file_name().unwrap_or_default().to_string_lossy();
                let lines = all.iter().map(|replay| {
                    let count = words::count(replay.exchanges.len() as u64, "exchange");
                    format!("  {}  {}, {count}\n", replay.url, safe(self.name(replay)))
                });
                format!(
                    "replaying {}, each source at an address of its own\n{}",
                    safe(&file),
                    lines.collect::<String>()
                )
            }
        };
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
            (keys::holds(&first.options), keys::HELP),
            (first.options.on_miss == "wait", keys::HELP_WITH_MISSES),
        ] {
            if is_wanted {
                text.push_str(help);
                text.push('\n');
            }
        }
        text
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
            "run-error" => "\nmisses    are told as RUN_ERROR to who asks for a stream".to_owned(),
            "wait" => "\nmisses    wait until a recording is chosen for them".to_owned(),
            _ => String::new(),
        }
    }

    /// Tells new answers, and what goes next by hand.
    pub(super) fn answers(&mut self) -> Result<(), Failure> {
        for (place, replay) in self.replays.iter().enumerate() {
            let answers = self.engine.replay_answers(replay.replay, self.seen[place])?;
            self.seen[place] += answers.len() as u64;
            // With one address there is nothing to tell apart.
            let source = (self.replays.len() > 1).then(|| self.name(replay).to_owned());
            for answer in &answers {
                let text = match self.out.is_json() {
                    true => lines::line(answer, source.as_deref()),
                    false => lines::lines(answer, source.as_deref()),
                };
                self.say(&text)?;
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
            true => lines::waiting_line(replay, &miss),
            false => lines::waiting_lines(&miss),
        };
        self.say(&text)
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

    /// Shows the event that waits for a hand, once.
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
            true => Line::new()
                .value("held", true)
                .value("replay", replay)
                .value("client", client.client)
                .value("request", client.request)
                .value("exchange", client.exchange)
                .value("seq", next.seq)
                .string("type", &next.type_name)
                .string("text", &next.text)
                .end(),
            false => format!(
                "      next  #{} of {}  {}  {}\n",
                next.seq,
                client.frames,
                safe(&next.type_name),
                shortened(&next.text, 100)
            ),
        };
        self.say(&text)
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

    /// Says why what was typed does nothing.
    pub(super) fn nonsense(&self, why: &str) {
        note(why, self.out.format);
    }

    /// Says that streams wait for orders that cannot be typed.
    pub(super) fn nobody_types(&self) {
        if self.args.control.is_none() {
            note(
                "Standard input has ended, so nobody can press Enter: streams that wait for a hand wait until the \
                 client leaves. Start it in a terminal, or steer it through --control ADDR.",
                self.out.format,
            );
        }
    }

    /// Does what was typed.
    pub(super) fn steer(&mut self, by: SteerBy) -> Result<(), Failure> {
        let Some((replay, client)) = self.held()? else {
            note("No stream waits for a hand.", self.out.format);
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
            Err(failure) => drop(failure.tell(self.out.format)),
        }
    }

    fn ask(&self, ask: impl Into<AnyAsk>) {
        if let Err(report) = self.engine.ask(Asker::default(), &ask.into()) {
            tell(&report, self.out.format);
        }
    }

    /// The last words: what faults and breakpoints did, and what nobody asked for. A strict replay
    /// forgives neither a fault that never struck nor a run that was not asked for. What a page asks
    /// beside its runs depends on how often it is loaded and drawn, so that is told and no more.
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
            true => lines::struck_line(struck),
            false => lines::struck_lines(struck),
        };
        self.say(&text)?;
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
        let objects = |unused: &[i64]| -> Vec<String> { unused.iter().map(|index| self.object(*index)).collect() };
        let text = match self.out.is_json() {
            true => {
                let line = Line::new().list("unused", objects(&outcome.runs));
                match outcome.others.is_empty() {
                    true => line.end(),
                    false => line.list("unused_others", objects(&outcome.others)).end(),
                }
            }
            false => {
                self.named("run", "", &outcome.runs)
                    + &self.named("other request", ", which a page need not repeat", &outcome.others)
            }
        };
        self.say(&text)
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

    fn object(&self, index: i64) -> String {
        let (method, target) = self.request(index);
        Line::new()
            .value("exchange", index)
            .string("method", &method)
            .string("target", &target)
            .object()
    }

    fn request(&self, index: i64) -> (String, String) {
        let facts = self.engine.shelf(index).ok().and_then(|shelf| shelf.exchange().ok());
        facts.map_or_else(Default::default, |facts| (facts.request.method, facts.request.target))
    }
}
