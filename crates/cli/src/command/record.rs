//! `scrubjay record`: captures until it is told to stop, or while a command runs.

use std::process::ExitStatus;

use scrubjay_engine::{Engine, NewsFeed, Opening, Options, SourcePlan};
use scrubjay_ipc::Source;
use tokio::process::{Child, Command};

use crate::{
    args,
    failure::{Failure, note},
    log::Log,
    out::Out,
    plan,
    signals::Signals,
    words,
};

pub(crate) fn run(args: &args::Record, out: &mut Out) -> Result<(), Failure> {
    let plans = plans(args)?;
    let max_bytes = args.max_store.as_deref().map(size).transpose()?;
    let engine = Engine::open(&Options {
        path: args.store.path.clone(),
        opening: Opening::Writing,
    })?;
    if max_bytes.is_some() {
        engine.set_max_bytes(max_bytes)?;
    }
    let before = engine.exchanges()?.last().copied();
    let sources = start(&engine, &plans)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)?;
    let format = out.format;
    let mut log = Log::new(&engine, &sources, before, args.command.is_empty(), out);
    let ended = runtime.block_on(record(&engine, &sources, args, &mut log));
    let is_whole = engine.close();
    let told = log.finish();
    if !is_whole {
        note(
            "Not everything has reached the store yet; it is in the spool, and the next start takes it in.",
            format,
        );
    }
    ended.and(told)
}

fn plans(args: &args::Record) -> Result<Vec<SourcePlan>, Failure> {
    let labels: Vec<_> = args
        .labels
        .iter()
        .map(|text| plan::label(text))
        .collect::<Result<_, _>>()?;
    let plans = plan::plans(&args.upstreams, &args.listens, args.name.as_deref())?;
    let upstreams: Vec<&str> = plans.iter().map(|plan| plan.upstream.as_str()).collect();
    let tls = plan::tls(&args.tls, &upstreams)?;
    Ok(plans
        .into_iter()
        .map(|plan| SourcePlan {
            keep_secrets: args.keep_secrets,
            keep_host: args.keep_host,
            drain: args.drain,
            labels: labels.clone(),
            tls: tls.clone(),
            ..plan
        })
        .collect())
}

fn size(text: &str) -> Result<u64, Failure> {
    words::size(text).ok_or_else(|| {
        Failure::bad_argument(
            format!("{text:?} is no size."),
            "Give a number and a unit, such as 500MB or 2GB.",
        )
    })
}

/// Starts all or none: what was started is closed with the engine.
pub(crate) fn start(engine: &Engine, plans: &[SourcePlan]) -> Result<Vec<Source>, Failure> {
    plans.iter().map(|plan| Ok(engine.run_source(plan)?)).collect()
}

async fn record(engine: &Engine, sources: &[Source], args: &args::Record, log: &mut Log<'_>) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let feed = engine.news()?;
    log.ready()?;
    if args.command.is_empty() {
        log.follow(feed, signals.asked_to_stop()).await?;
        return Ok(());
    }
    let mut child = spawn(args, sources)?;
    let status = wait(&mut child, &mut signals, feed, log).await?;
    match status_of(status) {
        0 => Ok(()),
        status => Err(Failure::Status(status)),
    }
}

fn spawn(args: &args::Record, sources: &[Source]) -> Result<Child, Failure> {
    let [program, rest @ ..] = args.command.as_slice() else {
        unreachable!("there is a command")
    };
    let mut command = Command::new(program);
    command.args(rest);
    for source in sources {
        command.env(plan::variable(&source.name), &source.url);
    }
    if let Some(first) = sources.first() {
        command.env("SCRUBJAY_URL", &first.url);
    }
    command.spawn().map_err(|error| {
        Failure::bad_argument(
            format!("Cannot start {}: {error}.", program.display()),
            "Check the command that stands behind --.",
        )
    })
}

/// Waits for the command, telling what is captured and passing on signals.
async fn wait(
    child: &mut Child,
    signals: &mut Signals,
    mut feed: NewsFeed,
    log: &mut Log<'_>,
) -> Result<ExitStatus, Failure> {
    let id = child.id();
    let mut fed = true;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            signal = signals.next() => signals.pass_on(signal, id),
            news = feed.next(), if fed => match news {
                Some(news) => log.tell(&news)?,
                None => fed = false,
            },
        }
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
