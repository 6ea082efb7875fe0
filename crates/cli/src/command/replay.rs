//! `scrubjay replay`: a recording served as the agent.
//!
//! - `addresses`: which sources are served, and where each listens.
//! - `console`: what is printed: the ready line, a line an answer, the next event; and typed orders.
//! - `lines`: the text of those lines; `outcome`: what was asked for, and what faults did.
//! - `keys`: what is typed while events are sent by hand.

mod addresses;
mod console;
mod keys;
mod lines;
mod outcome;

use clap::builder::NonEmptyStringValueParser;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use scrubjay_door::{Door, DoorOptions};
use scrubjay_engine::{Engine, EngineError, NewsFeed, Opening, Options, ReplayConfig, raise_descriptor_limit};
use scrubjay_ipc::{Code, News, ReplayOptions, faults};

use self::{
    console::Console,
    keys::{Key, Keys},
    outcome::Outcome,
};
use crate::{
    args::{Format, HostArgs, LimitArg, Tls},
    command::Execute,
    command::serve::address,
    failure::{Failure, note, note_clock, note_exposure},
    library::Library,
    out::Out,
    signals::{Meaning, Signals},
    source_args,
};

/// How long answers of the control door that have begun are waited for at the end.
const LAST_ANSWERS: Duration = Duration::from_millis(300);
/// What a control door on an address of the network exposes.
const CONTROL_GIVES_AWAY: &str = "every program that has this address with its token can read every recording, delete \
     it, control this replay and record through new sources";
/// Between looks at whether there is room for more lines.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A recording file or a store; absent means the default store
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<PathBuf>,

    /// Index of an exchange (see scrubjay list); repeat for several, absent means all
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// Serve what was recorded through this source; repeat for several, absent means each at an address of its own
    #[arg(long = "source", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) sources: Vec<String>,

    /// Address for the frontend to call, port 0 picks a free port; repeat for several sources, which otherwise take the next free ports
    #[arg(long = "listen", value_name = "ADDR", default_value = "127.0.0.1:5291")]
    pub(crate) listen: Vec<String>,

    /// How fast to send: recorded, 2x (twice as fast), instant, fixed:MS (so long between events), or step (an event each time you press Enter)
    #[arg(long, value_name = "PACE", default_value = "recorded", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) pace: String,

    /// Send every byte as recorded; absent means that ids are replaced by those of the request
    #[arg(long)]
    pub(crate) exact: bool,

    /// Answer each run once and contact no upstream; exit with status 1 where a run was not asked for or a fault never struck
    #[arg(long)]
    pub(crate) strict: bool,

    /// What must equal the recorded request: documented (the conversation), or exact (also state, tools, context and forwarded properties)
    #[arg(long = "match", value_name = "HOW", default_value = "documented", value_parser = ["documented", "exact"])]
    pub(crate) matching: String,

    /// How to answer a request that matches no recording: not-found (404), run-error (a RUN_ERROR in a stream), or wait (until you choose a recording)
    #[arg(long = "miss", value_name = "HOW", default_value = "not-found", value_parser = ["not-found", "run-error", "wait"])]
    pub(crate) on_miss: String,

    /// Inject a fault, such as cut:event=12,how=reset; repeat for several
    #[arg(long = "fault", value_name = "SPEC")]
    pub(crate) faults: Vec<String>,

    /// Read faults and seed from this JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Option<PathBuf>,

    /// Seed of the random faults; the same seed gives the same faults
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Stop streams before events such as #12, STATE_*, or tool:NAME, and wait for Enter
    #[arg(long, value_name = "FILTER")]
    pub(crate) hold: Option<String>,

    /// Move the timestamps of events by the time that has passed since the recording
    #[arg(long, conflicts_with = "exact")]
    pub(crate) shift_timestamps: bool,

    /// Forward requests that match no recording to this agent, and record its answers
    #[arg(long, value_name = "URL", conflicts_with = "strict")]
    pub(crate) fallback: Option<String>,

    /// Record the answers of --fallback into this store; without SOURCE, also the store to serve
    #[arg(long, value_name = "PATH")]
    pub(crate) store: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) hosts: HostArgs,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) tls: Tls,

    /// Also let pages of this origin (scheme, host and port) read the answers; repeat for several. Pages of this machine (localhost, loopback addresses) always may
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(crate) allow_origins: Vec<String>,

    /// Address at which tests and pages can control this replay
    #[arg(long, value_name = "ADDR")]
    pub(crate) control: Option<String>,
}

pub(super) fn after_help() -> String {
    format!(
        "Faults for --fault, as NAME or NAME:KEY=VALUE,KEY=VALUE; docs/replay.md explains the keys:\n{}\n\
         Every program and every page of this machine can read what is served, and any other machine if --listen names \
         no loopback address. --control opens the interface of serve, which needs its token.",
        faults::list()
    )
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let plan = checked_plan(self)?;
        let (engine, damaged) = self.open(out.format)?;
        let (engine, misses_into) = stores(engine, self)?;
        let plan = ReplayConfig {
            misses_into: misses_into.clone(),
            ..plan
        };
        raise_descriptor_limit();
        note_clock(out.format);
        let replays = addresses::start(&engine, self, &plan)?;
        out.queue(true)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let misses_path = misses_into.as_ref().unwrap_or(&engine).path().to_owned();
        let format = out.format;
        let mut console = Console::new(&engine, &replays, self, &misses_path, out);
        let signals = Signals::new(Meaning::Stop, format, || 0)?;
        let stopping = signals.stopping();
        // The verdict of a strict replay is lost if it hangs: then it does not pass.
        stopping.set_status(if self.strict { 2 } else { 0 });
        let ended = runtime.block_on(replaying(&engine, self, signals, &mut console));
        stopping.begin();
        // A question of the control door that still waits for the disk is not waited for.
        runtime.shutdown_background();
        let outcome = Outcome::of(&engine, &replays);
        engine.close();
        if let Some(store) = misses_into {
            store.close();
        }
        ended?;
        let answered = console.ended(&outcome?);
        damaged.and(answered)
    }

    /// A second store that nothing would be read from or written to.
    fn refusal(&self) -> Option<Failure> {
        let is_idle = self.source.is_some() && self.store.is_some() && self.fallback.is_none();
        is_idle.then(|| {
            Failure::bad_argument(
                "--store names where the fallback's answers go, and there is no --fallback.",
                "Leave out --store, or SOURCE to serve the store.",
            )
        })
    }
}

impl Args {
    /// What is served, and that it is damaged where it is.
    fn open(&self, format: Format) -> Result<(Engine, Result<(), Failure>), Failure> {
        let source = self.source.clone().or_else(|| self.store.clone());
        let library = Library::open(source, self.limit.limits(), format)?;
        library.some_or_all(&self.exchanges)?;
        let damaged = library.finish();
        let engine = library.into_engine();
        if let Some(fallback) = self.fallback.as_deref().filter(|_| self.tls.insecure) {
            source_args::note_unverified(fallback, format);
        }
        if let Some(damage) = engine.damage().first().filter(|_| engine.is_damaged()) {
            note(damage, format);
        }
        Ok((engine, damaged))
    }
}

/// What was said, checked as far as it can be before anything is opened.
fn checked_plan(args: &Args) -> Result<ReplayConfig, Failure> {
    let mut plan = ReplayConfig {
        exchanges: args.exchanges.clone(),
        listen: args.listen.first().cloned().unwrap_or_default(),
        options: ReplayOptions {
            pace: args.pace.clone(),
            exact: args.exact,
            strict: args.strict,
            fallback: args.fallback.clone().unwrap_or_default(),
            hold: args.hold.clone().unwrap_or_default(),
            matching: args.matching.clone(),
            on_miss: args.on_miss.clone(),
            ..ReplayOptions::default()
        },
        shifts_timestamps: args.shift_timestamps,
        hosts: source_args::hosts(&args.hosts.allowed)?,
        allow_origins: args.allow_origins.clone(),
        tls: source_args::tls(&args.tls, args.fallback.as_slice())?,
        ..ReplayConfig::default()
    };
    if let Some(path) = &args.overlay {
        let text = std::fs::read(path).map_err(|error| unread(path, &error))?;
        plan.take_overlay(&text)?;
    }
    let options = &mut plan.options;
    options.faults.extend(args.faults.iter().cloned());
    options.seed = args.seed.unwrap_or(options.seed);
    plan.check()?;
    Ok(plan)
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Code::BadFile,
        format!("Cannot read the overlay {}: {error}.", path.display()),
        "Check the path; an overlay is a JSON file with \"faults\", a list of what --fault takes.",
    )
}

/// What is served, and where what the fallback answers is recorded: where it
/// was said. A store takes its own misses, and is opened for writing then.
fn stores(engine: Engine, args: &Args) -> Result<(Engine, Option<Engine>), Failure> {
    if args.fallback.is_none() {
        return Ok((engine, None));
    }
    let path = engine.path().to_owned();
    if let Some(into) = args.store.clone().filter(|_| args.source.is_some()) {
        return Ok((engine, Some(opened(into)?)));
    }
    if engine.is_read_only() {
        return Err(EngineError::MissesNeedStore { path }.into());
    }
    engine.close();
    Ok((opened(path)?, None))
}

fn opened(path: PathBuf) -> Result<Engine, Failure> {
    Ok(Engine::open(&Options {
        path: Some(path),
        opening: Opening::Writing,
    })?)
}

async fn replaying(
    engine: &Engine,
    args: &Args,
    mut signals: Signals,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let feed = engine.news()?;
    let control = match &args.control {
        Some(listen) => Some(Control::open(engine, listen, console.format()).await?),
        None => None,
    };
    let keys = console.wants_keys().then(Keys::read).transpose()?;
    console.ready(control.as_ref().map(|control| control.url.as_str()))?;
    let ended = follow(console, feed, keys, signals.asked_to_stop()).await;
    if let Some(control) = control {
        control.close().await;
    }
    ended
}

/// Prints what is answered until asked to stop.
async fn follow(
    console: &mut Console<'_>,
    mut feed: NewsFeed,
    mut keys: Option<Keys>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let mut stop = std::pin::pin!(stop);
    // Answers wait while those before them are not read.
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = &mut stop => return console.answers(),
            _ = look.tick() => {}
            news = feed.next(), if console.has_room() => match news {
                Some(News::Replays) => console.answers()?,
                Some(_) => {}
                None => return Ok(()),
            },
            key = keys::next(&mut keys) => match key {
                Key::Order(by) => console.steer(by)?,
                Key::Miss(exchange) => console.answer_miss(exchange),
                Key::Nonsense(why) => console.nonsense(&why),
                Key::NoMore => console.input_ended(),
            },
        }
    }
}

/// The door through which a test or a page steers this replay.
struct Control {
    url: String,
    stop: tokio::sync::oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

impl Control {
    async fn open(engine: &Engine, listen: &str, format: Format) -> Result<Self, Failure> {
        let plan = DoorOptions {
            listen: address(listen)?,
            on_new_url: None,
        };
        let door = Door::open(engine.clone(), plan)
            .await
            .map_err(|error| Failure::Report(error.report()))?;
        note_exposure(door.address(), CONTROL_GIVES_AWAY, format);
        let url = door.url();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let serving = tokio::spawn(async move {
            // Later requests find the connection closed.
            door.serve(async { stopped.await.unwrap_or_default() }).await;
        });
        Ok(Self { url, stop, serving })
    }

    async fn close(self) {
        drop(self.stop);
        // A test that takes its answer slowly is not waited for.
        tokio::time::timeout(LAST_ANSWERS, self.serving).await.ok();
    }
}
