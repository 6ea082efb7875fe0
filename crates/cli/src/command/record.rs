//! `scrubjay record`: captures until a signal stops it, or while a command runs.

use std::ffi::OsString;
use std::process::ExitStatus;

use scrubjay_engine::{
    BoundSource, Engine, Excess, NewsFeed, Opening, Options, PathFilter, SizeCap, SourceConfig, raise_descriptor_limit,
};
use scrubjay_ipc::Source;
use tokio::process::{Child, Command};

use crate::{
    args::{ChoiceArgs, HostArgs, StoreArg, Tls},
    command::Execute,
    failure::{Failure, note},
    incidents,
    log::Log,
    out::Out,
    signals::{Meaning, Signals},
    source_args,
    words::{self, NoSize},
};

/// The smallest cap on the size of a store. Below it hardly one recording fits.
const SMALLEST_CAP: u64 = 10_000_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The agent to forward to, a URL or host:port; repeat for several sources
    #[arg(long = "upstream", value_name = "[NAME=]URL", required = true)]
    pub(crate) upstreams: Vec<String>,

    /// Address for the frontend to call, in the order of --upstream; absent means the next free port from 5290, port 0 picks one
    #[arg(long = "listen", value_name = "ADDR")]
    pub(crate) listens: Vec<String>,

    /// Name of the source, where there is one --upstream
    #[arg(long, value_name = "N")]
    pub(crate) name: Option<String>,

    /// Put this label on every exchange; repeat for several
    #[arg(long = "label", value_name = "K=V")]
    pub(crate) labels: Vec<String>,

    /// Store the values of secret headers and parameters; absent means fingerprints in their place
    #[arg(long)]
    pub(crate) keep_secrets: bool,

    /// Forward the Host header as the client sent it
    #[arg(long)]
    pub(crate) keep_host: bool,

    /// When the client disconnects, read the agent's answer to its end
    #[arg(long)]
    pub(crate) drain: bool,

    /// When the store is larger than this, such as 500MB or 2GB, delete the oldest unpinned exchanges of this recording
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_store: Option<String>,

    /// With --max-store: also delete exchanges of earlier recordings
    #[arg(long, requires = "max_store")]
    pub(crate) prune_existing: bool,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) hosts: HostArgs,

    #[command(flatten)]
    pub(crate) tls: Tls,

    #[command(flatten)]
    pub(crate) store: StoreArg,

    // No doc comment, because rustdoc would take the angle brackets for HTML.
    #[arg(
        last = true,
        value_name = "COMMAND",
        help = "Run this command and record while it runs; its environment has SCRUBJAY_URL and SCRUBJAY_URL_<NAME>"
    )]
    pub(crate) command: Vec<OsString>,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let configs = source_configs(self)?;
        let cap = self.max_store.as_deref().map(size).transpose()?;
        // A port that is taken makes no store.
        let bound = bind(&configs)?;
        let engine = Engine::open(&Options {
            path: self.store.path.clone(),
            opening: Opening::Writing,
        })?;
        let owns_stdout = self.command.is_empty();
        out.queue(owns_stdout)?;
        if let Some(max_bytes) = cap {
            keep_to(&engine, max_bytes, self.prune_existing, out)?;
        }
        let before = engine.last_exchange()?;
        let sources = start(&engine, bound)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::from)?;
        let meaning = if owns_stdout { Meaning::Stop } else { Meaning::PassOn };
        let absorbed = engine.clone();
        let mut signals = Signals::new(meaning, out.format, move || absorbed.absorbed_bytes())?;
        let stopping = signals.stopping();
        let format = out.format;
        let mut log = Log::new(&engine, &sources, before, out);
        let ended = runtime.block_on(record(&engine, &sources, self, &mut signals, &mut log));
        stopping.begin();
        let is_whole = engine.close();
        let printed = log.finish(is_whole);
        if !is_whole {
            note(
                "Not everything has reached the store yet; it is in the spool, and the next start takes it in.",
                format,
            );
        }
        ended.and(printed)
    }
}

/// Keeps the store below a size from now on. What is there already goes only if
/// that was agreed to.
fn keep_to(engine: &Engine, max_bytes: u64, takes_any: bool, out: &mut Out) -> Result<(), Failure> {
    if let Some(excess) = engine.excess(max_bytes)? {
        if !takes_any {
            return Err(too_large(engine, max_bytes, &excess));
        }
        if let Some(pruned) = engine.prune_to(max_bytes)? {
            incidents::print_pruned(&pruned, out)?;
        }
    }
    Ok(engine.set_cap(SizeCap { max_bytes, takes_any })?)
}

fn too_large(engine: &Engine, max_bytes: u64, excess: &Excess) -> Failure {
    let would_go = &excess.would_go;
    let size = format!(
        "The store {} takes up {}, more than the {} of --max-store",
        engine.path().display(),
        words::bytes(excess.used_bytes),
        words::bytes(max_bytes)
    );
    match would_go.exchanges.len() as u64 {
        0 => Failure::bad_argument(
            format!("{size}, and nothing in it may go: it is pinned or still open."),
            "Give a larger size, or record into another store.",
        ),
        count => Failure::bad_argument(
            format!(
                "{size}: about {}, recorded {}, would go. Nothing was deleted.",
                words::count(count, "exchange"),
                incidents::span(would_go)
            ),
            "Give a larger size, record into another store, or let the oldest go with --prune-existing.",
        ),
    }
}

fn source_configs(args: &Args) -> Result<Vec<SourceConfig>, Failure> {
    let labels: Vec<_> = args
        .labels
        .iter()
        .map(|text| source_args::label(text))
        .collect::<Result<_, _>>()?;
    let common = SourceConfig {
        hosts: source_args::hosts(&args.hosts.allowed)?,
        keep_secrets: args.keep_secrets,
        keep_host: args.keep_host,
        drain: args.drain,
        labels,
        tls: source_args::tls(&args.tls, &args.upstreams)?,
        paths: choice(&args.choice)?,
        ..SourceConfig::default()
    };
    source_args::source_configs(&args.upstreams, &args.listens, args.name.as_deref(), &common)
}

/// What is recorded of what is forwarded.
pub(crate) fn choice(args: &ChoiceArgs) -> Result<PathFilter, Failure> {
    Ok(PathFilter::new(&args.only, &args.skip)?)
}

fn size(text: &str) -> Result<u64, Failure> {
    let problem = match words::size(text) {
        Ok(bytes) if bytes >= SMALLEST_CAP => return Ok(bytes),
        Ok(bytes) => format!(
            "A store of {} is too small to record into; {} is the least.",
            words::bytes(bytes),
            words::bytes(SMALLEST_CAP)
        ),
        Err(NoSize::NoUnit) => format!("The size {text:?} has no unit."),
        Err(NoSize::NoSense) => format!("{text:?} is no size."),
    };
    Err(Failure::bad_argument(
        problem,
        "Give a number and a unit, such as 500MB or 2GB.",
    ))
}

/// Listens for all or none.
pub(crate) fn bind(configs: &[SourceConfig]) -> Result<Vec<BoundSource>, Failure> {
    configs.iter().map(|config| Ok(config.bind()?)).collect()
}

/// Starts all or none: what was started is closed with the engine.
pub(crate) fn start(engine: &Engine, bound: Vec<BoundSource>) -> Result<Vec<Source>, Failure> {
    bound.into_iter().map(|bound| Ok(engine.run_bound(bound)?)).collect()
}

async fn record(
    engine: &Engine,
    sources: &[Source],
    args: &Args,
    signals: &mut Signals,
    log: &mut Log<'_>,
) -> Result<(), Failure> {
    let feed = engine.news()?;
    log.ready()?;
    if args.command.is_empty() {
        raise_descriptor_limit();
        return log.follow(feed, signals.asked_to_stop()).await;
    }
    let mut child = spawn(args, sources)?;
    // The command keeps the limit that it would have without us.
    raise_descriptor_limit();
    let status = wait(&mut child, signals, feed, log).await?;
    match status_of(status) {
        0 => Ok(()),
        status => Err(Failure::Status(status)),
    }
}

fn spawn(args: &Args, sources: &[Source]) -> Result<Child, Failure> {
    let [program, rest @ ..] = args.command.as_slice() else {
        unreachable!("there is a command")
    };
    let mut command = Command::new(program);
    command.args(rest);
    for source in sources {
        command.env(source_args::variable(&source.name), &source.url);
    }
    if let Some(first) = sources.first() {
        command.env("SCRUBJAY_URL", &first.url);
    }
    command.spawn().map_err(|error| {
        Failure::bad_argument(
            format!("Cannot start {}: {error}.", program.display()),
            "Check the command that stands after --.",
        )
    })
}

/// Waits for the command, printing what is captured and passing on signals.
async fn wait(
    child: &mut Child,
    signals: &mut Signals,
    feed: NewsFeed,
    log: &mut Log<'_>,
) -> Result<ExitStatus, Failure> {
    let id = child.id();
    let passing_on = async {
        loop {
            let signal = signals.next().await;
            signals.pass_on(signal, id);
        }
    };
    let mut following = std::pin::pin!(log.follow(feed, passing_on));
    tokio::select! {
        status = child.wait() => Ok(status?),
        // Recording goes on for as long as the command runs, even where its lines cannot be printed.
        Err(failure) = &mut following => Err(failure),
    }
}

/// As a shell gives it: of a command that a signal ended, 128 and its number.
fn status_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}
