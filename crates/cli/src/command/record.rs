//! `scrubjay record`: captures until it is told to stop, or while a command runs.

use std::process::ExitStatus;

use scrubjay_engine::{Engine, NewsFeed, Opening, Options, SourcePlan};
use scrubjay_ipc::{News, Source};
use tokio::process::{Child, Command};

use super::list;
use crate::{
    args::{self, Format},
    failure::{Failure, note, to_stderr},
    json::Line,
    library::unreadable,
    out::Out,
    plan,
    safe::{safe, shortened},
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
    let sources = start(&engine, &plans)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)?;
    let ended = runtime.block_on(record(&engine, &sources, args, out));
    if !engine.close() {
        note(
            "Not everything has reached the store yet; it is in the spool, and the next start takes it in.",
            out.format,
        );
    }
    out.flush()?;
    ended
}

fn plans(args: &args::Record) -> Result<Vec<SourcePlan>, Failure> {
    let labels: Vec<_> = args
        .labels
        .iter()
        .map(|text| plan::label(text))
        .collect::<Result<_, _>>()?;
    let plans = plan::plans(&args.upstreams, &args.listens, args.name.as_deref())?;
    Ok(plans
        .into_iter()
        .map(|plan| SourcePlan {
            keep_secrets: args.keep_secrets,
            keep_host: args.keep_host,
            drain: args.drain,
            labels: labels.clone(),
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

async fn record(engine: &Engine, sources: &[Source], args: &args::Record, out: &mut Out) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let feed = engine.news()?;
    let mut log = Log::new(engine, args.command.is_empty(), out);
    log.ready(sources)?;
    if args.command.is_empty() {
        log.follow(feed, signals.asked_to_stop()).await?;
        return Ok(());
    }
    let mut child = spawn(args, sources)?;
    let status = wait(&mut child, &mut signals, feed, &mut log).await?;
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

/// What is said while recording: on standard output, or on standard error
/// where a command owns that.
struct Log<'a> {
    engine: &'a Engine,
    owns_stdout: bool,
    out: &'a mut Out,
    warned: bool,
}

impl<'a> Log<'a> {
    fn new(engine: &'a Engine, owns_stdout: bool, out: &'a mut Out) -> Self {
        Self {
            engine,
            owns_stdout,
            out,
            warned: false,
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        if self.owns_stdout {
            self.out.text(text)?;
            self.out.flush()
        } else {
            to_stderr(text);
            Ok(())
        }
    }

    /// The first line: connections are accepted.
    fn ready(&mut self, sources: &[Source]) -> Result<(), Failure> {
        let store = self.engine.path().display().to_string();
        let text = if self.out.is_json() {
            let url = sources.first().map_or("", |source| source.url.as_str());
            ready_line(url, &store, sources)
        } else {
            let lines = sources.iter().map(|source| {
                format!(
                    "{} → {}  ({})\n",
                    source.url,
                    safe(&source.upstream),
                    safe(&source.name)
                )
            });
            format!("recording into {}\n{}", safe(&store), lines.collect::<String>())
        };
        self.say(&text)?;
        let health = self.engine.health()?;
        self.room(health.low_disk, health.free_bytes);
        Ok(())
    }

    /// Tells what comes until asked to stop.
    async fn follow(&mut self, mut feed: NewsFeed, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return Ok(()),
                news = feed.next() => match news {
                    Some(news) => self.tell(&news)?,
                    None => return Ok(()),
                },
            }
        }
    }

    fn tell(&mut self, news: &News) -> Result<(), Failure> {
        match news {
            News::Began { exchange } if !self.out.is_json() => self.began(*exchange),
            News::Grown {
                exchange, live: false, ..
            } => self.ended(*exchange),
            News::Health(health) => {
                self.room(health.low_disk, health.free_bytes);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An exchange that was deleted meanwhile is not worth a failure.
    fn began(&mut self, index: i64) -> Result<(), Failure> {
        use scrubjay_session::shelf::Shelf as _;
        let Some(exchange) = self.engine.shelf(index).ok().and_then(|shelf| shelf.exchange().ok()) else {
            return Ok(());
        };
        let line = format!(
            "#{index} {} {} {}\n",
            shortened(&exchange.source, 20),
            shortened(&exchange.request.method, 12),
            shortened(&exchange.request.target, 80)
        );
        self.say(&line)
    }

    fn ended(&mut self, index: i64) -> Result<(), Failure> {
        let as_json = self.out.is_json();
        let text = self.engine.with(index, |reader| {
            let (exchange, summary) = (reader.exchange(), reader.summary());
            Ok(match as_json {
                true => list::line(index, exchange, summary),
                false => list::ended_line(index, exchange, summary),
            })
        });
        match text {
            Ok(text) => self.say(&text),
            Err(_gone) => Ok(()),
        }
    }

    /// Warns once that the disk is nearly full.
    fn room(&mut self, low_disk: bool, free_bytes: u64) {
        if low_disk && !self.warned {
            let format = if self.out.is_json() { Format::Json } else { Format::Text };
            let free = words::bytes(free_bytes);
            note(
                &format!("Only {free} are free on the disk of the store; when it is full, traffic goes on unrecorded."),
                format,
            );
        }
        self.warned = low_disk;
    }
}

/// The line that says that connections are accepted.
pub(crate) fn ready_line(url: &str, store: &str, sources: &[Source]) -> String {
    let sources = sources.iter().map(|source| {
        Line::new()
            .string("name", &source.name)
            .string("url", &source.url)
            .string("upstream", &source.upstream)
            .object()
    });
    Line::new()
        .value("ready", true)
        .string("url", url)
        .string("store", store)
        .list("sources", sources)
        .end()
}
