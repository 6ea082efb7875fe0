//! What is said while replaying.

use std::path::Path;

use scrubjay_engine::{Asker, Engine, Struck};
use scrubjay_ipc::{AnyAsk, ClientStage, ReplayAnswer, ReplayClient, ReplayView, RequestDifference, Steer, SteerBy};
use scrubjay_session::shelf::Shelf as _;

use super::keys;
use crate::{
    args,
    failure::{Failure, note, note_exposure, tell},
    json::Line,
    out::Out,
    safe::{safe, shortened},
    words,
};

/// Differences that are shown of an answer.
const DIFFERENCES: usize = 5;

/// Tells what is answered.
pub(super) struct Told<'a> {
    engine: &'a Engine,
    replay: &'a ReplayView,
    args: &'a args::Replay,
    /// Where the fallback's answers are recorded.
    misses_into: &'a Path,
    out: &'a mut Out,
    /// Answers that were told.
    seen: u64,
    /// The event that was shown as the next one, and whose.
    shown: Option<(u64, u32)>,
}

impl<'a> Told<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        replay: &'a ReplayView,
        args: &'a args::Replay,
        misses_into: &'a Path,
        out: &'a mut Out,
    ) -> Self {
        Self {
            engine,
            replay,
            args,
            misses_into,
            out,
            seen: 0,
            shown: None,
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.out.text(text)
    }

    /// Whether what is said next would not pile up unread.
    pub(super) fn has_room(&self) -> bool {
        self.out.has_room()
    }

    /// The first line: connections are accepted.
    pub(super) fn ready(&mut self, control: Option<&str>) -> Result<(), Failure> {
        let listen = self.engine.replay_address(self.replay.replay)?;
        note_exposure(listen, "whoever reaches it can read what was recorded", self.out.format);
        let text = match self.out.is_json() {
            true => self.ready_line(control),
            false => self.greeting(control),
        };
        self.say(&text)
    }

    fn ready_line(&self, control: Option<&str>) -> String {
        let source = Line::new()
            .string("name", "replay")
            .string("url", &self.replay.url)
            .string("upstream", &self.replay.manner.fallback)
            .object();
        Line::new()
            .value("ready", true)
            .string("url", &self.replay.url)
            .string("store", &self.engine.path().display().to_string())
            .list("sources", [source])
            .value("replay", self.replay.replay)
            .value("exchanges", self.replay.exchanges.len())
            .optional("control", control)
            .end()
    }

    fn greeting(&self, control: Option<&str>) -> String {
        let (replay, manner) = (self.replay, &self.replay.manner);
        let count = replay.exchanges.len();
        let mut text = format!(
            "replaying {} as the agent at\n  {}\n{}, {}",
            safe(&replay.title),
            replay.url,
            words::count(count as u64, "exchange"),
            if manner.exact {
                "every byte as recorded"
            } else {
                "with the ids of each request"
            },
        );
        text.push_str(&match manner.pace.as_str() {
            "" | "recorded" => ", at the recorded pace".to_owned(),
            pace => format!(", pace {}", safe(pace)),
        });
        for fault in &manner.faults {
            text.push_str(&format!("\nfault     {}", safe(fault)));
        }
        if !manner.hold.is_empty() {
            text.push_str(&format!("\nholds at  {}", safe(&manner.hold)));
        }
        if !manner.fallback.is_empty() {
            text.push_str(&format!(
                "\nmisses    go to {} and are recorded into {}",
                safe(&manner.fallback),
                safe(&self.misses_into.display().to_string())
            ));
        }
        if let Some(control) = control {
            text.push_str(&format!("\ncontrol   {control}"));
        }
        text.push('\n');
        if keys::are_wanted(manner) {
            text.push_str(keys::HELP);
            text.push('\n');
        }
        text
    }

    /// Tells new answers, and what goes next by hand.
    pub(super) fn answers(&mut self) -> Result<(), Failure> {
        let answers = self.engine.replay_answers(self.replay.replay, self.seen)?;
        self.seen += answers.len() as u64;
        for answer in &answers {
            let text = match self.out.is_json() {
                true => line(answer),
                false => lines(answer),
            };
            self.say(&text)?;
        }
        self.next()
    }

    /// Shows the event that waits for a hand, once.
    fn next(&mut self) -> Result<(), Failure> {
        if !keys::are_wanted(&self.replay.manner) {
            return Ok(());
        }
        let held = self.held()?;
        let next = held.as_ref().and_then(|client| Some((client, client.next.as_ref()?)));
        let shown = next.map(|(client, next)| (client.client, next.seq));
        if shown == self.shown {
            return Ok(());
        }
        self.shown = shown;
        let Some((client, next)) = next else {
            return Ok(());
        };
        let text = match self.out.is_json() {
            true => Line::new()
                .value("held", true)
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

    /// The stream that was held last.
    fn held(&self) -> Result<Option<ReplayClient>, Failure> {
        let clients = self.engine.replay(self.replay.replay)?.clients;
        Ok(clients.into_iter().find(|client| client.stage == ClientStage::Held))
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
        let Some(client) = self.held()? else {
            note("No stream waits for a hand.", self.out.format);
            return Ok(());
        };
        let steer = Steer {
            replay: self.replay.replay,
            client: client.client,
            by,
        };
        // The same event may be shown again when it was sent twice.
        self.shown = None;
        if let Err(report) = self.engine.ask(Asker::default(), &AnyAsk::from(steer)) {
            tell(&report, self.out.format);
        }
        Ok(())
    }

    /// The last words: what faults and breakpoints did, and what nobody asked for. A strict replay
    /// forgives neither a fault that never struck nor a recording that was not asked for.
    pub(super) fn ended(&mut self, unused: &[i64], struck: &Struck) -> Result<(), Failure> {
        let has_idle_fault = struck.faults.iter().any(|(_, times)| *times == 0);
        self.struck(struck)?;
        if self.args.strict && !unused.is_empty() {
            self.unused_ones(unused)?;
        }
        if self.args.strict && (has_idle_fault || !unused.is_empty()) {
            return Err(Failure::Status(1));
        }
        Ok(())
    }

    /// What faults and breakpoints did; of those that did nothing there is a note.
    fn struck(&mut self, struck: &Struck) -> Result<(), Failure> {
        if struck.faults.is_empty() && struck.holds.is_empty() {
            return Ok(());
        }
        let text = match self.out.is_json() {
            true => struck_line(struck),
            false => struck_lines(struck),
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

    fn unused_ones(&mut self, unused: &[i64]) -> Result<(), Failure> {
        let text = match self.out.is_json() {
            true => Line::new()
                .list("unused", unused.iter().map(|index| self.unused(*index)))
                .end(),
            false => {
                let lines = unused.iter().map(|index| format!("  {}\n", self.named(*index)));
                format!(
                    "{} never asked for:\n{}",
                    words::count(unused.len() as u64, "exchange"),
                    lines.collect::<String>()
                )
            }
        };
        self.say(&text)
    }

    fn unused(&self, index: i64) -> String {
        let (method, target) = self.request(index);
        Line::new()
            .value("exchange", index)
            .string("method", &method)
            .string("target", &target)
            .object()
    }

    fn named(&self, index: i64) -> String {
        let (method, target) = self.request(index);
        format!(
            "exchange {index}  {} {}",
            shortened(&method, 12),
            shortened(&target, 80)
        )
    }

    fn request(&self, index: i64) -> (String, String) {
        let facts = self.engine.shelf(index).ok().and_then(|shelf| shelf.exchange().ok());
        facts.map_or_else(Default::default, |facts| (facts.request.method, facts.request.target))
    }
}

fn struck_line(struck: &Struck) -> String {
    let faults = struck
        .faults
        .iter()
        .map(|(fault, times)| Line::new().string("fault", fault).value("struck", times).object());
    let holds = struck
        .holds
        .iter()
        .map(|(word, times)| Line::new().string("hold", word).value("stopped", times).object());
    Line::new()
        .list("faults", faults.collect::<Vec<_>>())
        .list("holds", holds.collect::<Vec<_>>())
        .end()
}

fn struck_lines(struck: &Struck) -> String {
    let line = |what: &str, word: &str, did: &str, times: u64| match times {
        0 => format!("{what}  {}  never {did}\n", safe(word)),
        times => format!("{what}  {}  {did} {}\n", safe(word), words::count(times, "time")),
    };
    let faults = struck
        .faults
        .iter()
        .map(|(word, times)| line("fault", word, "struck", *times));
    let holds = struck
        .holds
        .iter()
        .map(|(word, times)| line("hold", word, "stopped", *times));
    faults.chain(holds).collect()
}

fn line(answer: &ReplayAnswer) -> String {
    let (method, target) = answer.target.split_once(' ').unwrap_or_default();
    let differences = answer.differences.iter().map(|difference| {
        Line::new()
            .string("pointer", &difference.pointer)
            .optional("recorded", difference.recorded.as_deref())
            .optional("asked", difference.asked.as_deref())
            .object()
    });
    Line::new()
        .value("request", answer.request)
        .optional_value("exchange", answer.exchange)
        .string("why", &answer.why)
        .string("method", method)
        .string("target", target)
        .value("status", answer.status)
        .string("at", &answer.at)
        .list("differences", differences)
        .end()
}

fn lines(answer: &ReplayAnswer) -> String {
    let got = match answer.exchange {
        Some(index) => format!("exchange {index}"),
        None => format!("{}", answer.status),
    };
    let mut text = format!(
        "{:>5}  {}  ←  {got}  {}\n",
        format!("#{}", answer.request),
        shortened(&answer.target, 60),
        safe(&answer.why)
    );
    for difference in answer.differences.iter().take(DIFFERENCES) {
        text.push_str(&difference_line(difference));
    }
    if answer.differences.len() > DIFFERENCES {
        text.push_str(&format!(
            "         … and {} more\n",
            answer.differences.len() - DIFFERENCES
        ));
    }
    text
}

fn difference_line(difference: &RequestDifference) -> String {
    let value = |value: &Option<String>| {
        value
            .as_deref()
            .map_or("nothing".to_owned(), |text| shortened(text, 40))
    };
    format!(
        "         {}  recorded {}, asked {}\n",
        shortened(&difference.pointer, 40),
        value(&difference.recorded),
        value(&difference.asked)
    )
}
