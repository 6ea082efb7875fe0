//! `scrubjay serve`: the window's page in a browser.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use scrubjay_door::{Door, DoorError, OnNewUrl};
use scrubjay_engine::{Engine, Opening, Options, SourceConfig, raise_descriptor_limit};
use scrubjay_ipc::{Code, Source};
use tokio::sync::mpsc;

use super::record::{bind, choice, start};
use crate::{
    args::{ChoiceArgs, SourceArgs, Tls},
    command::Execute,
    contract::recorder::UrlLine,
    failure::{Failure, note},
    incidents, json,
    log::ready_line,
    out::Out,
    safe::safe,
    signals::{Meaning, Signals},
    source_args,
};

/// Addresses that wait to be printed, at most.
const WAITING: usize = 16;
/// How long answers that have begun are waited for at the end.
const LAST_ANSWERS: Duration = Duration::from_millis(300);
/// Between looks at incidents.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Forward to this agent and record meanwhile; repeat for several sources
    #[arg(long = "upstream", value_name = "[NAME=]URL")]
    pub(crate) upstreams: Vec<String>,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// Let sources also answer requests whose Host is this name, such as host.docker.internal; repeat for several
    #[arg(long = "allow-host", value_name = "NAME", requires = "upstreams")]
    pub(crate) allow_hosts: Vec<String>,

    /// Address of the page
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5292")]
    pub(crate) listen: String,

    #[command(flatten)]
    pub(crate) tls: Tls,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        if !scrubjay_door::is_built() {
            return Err(Failure::new(
                Code::Internal,
                "This program was built without the page.",
                "In the repository: cargo xtask ui && cargo run --release -p scrubjay-cli -- serve.",
            ));
        }
        let listen = address(&self.listen)?;
        let configs = source_configs(self)?;
        // Ports that are taken make no store.
        let socket = scrubjay_door::listen(listen).map_err(|error| refused(&error))?;
        let bound = bind(&configs)?;
        raise_descriptor_limit();
        let options = Options {
            path: self.source.path(),
            opening: Opening::Window,
        };
        let engine = Engine::open_within(&options, self.source.limit.limits())?;
        let sources = start(&engine, bound)?;
        out.queue(true)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let absorbed = engine.clone();
        let signals = Signals::new(Meaning::Stop, out.format, move || absorbed.absorbed_bytes())?;
        let stopping = signals.stopping();
        let ended = runtime.block_on(serve(&engine, socket, &sources, signals, out));
        stopping.begin();
        // A question that still waits for the disk is not waited for.
        runtime.shutdown_background();
        engine.close();
        ended.and(incidents::print_last(&engine, out))
    }
}

fn source_configs(args: &Args) -> Result<Vec<SourceConfig>, Failure> {
    let common = SourceConfig {
        paths: choice(&args.choice)?,
        hosts: source_args::hosts(&args.allow_hosts)?,
        tls: source_args::tls(&args.tls, &args.upstreams)?,
        ..SourceConfig::default()
    };
    source_args::source_configs(&args.upstreams, &[], None, &common)
}

/// A port alone means loopback.
pub(super) fn address(text: &str) -> Result<SocketAddr, Failure> {
    let local = text.replace("localhost:", "127.0.0.1:");
    let port = local
        .trim_start_matches(':')
        .parse()
        .map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    local.parse().or(port).map_err(|error| {
        Failure::new(
            Code::BadAddress,
            format!("{text:?} is no address to listen on: {error}."),
            "Give an address such as 127.0.0.1:5292; port 0 picks a free one.",
        )
    })
}

async fn serve(
    engine: &Engine,
    socket: TcpListener,
    sources: &[Source],
    mut signals: Signals,
    out: &mut Out,
) -> Result<(), Failure> {
    let (sender, mut urls) = mpsc::channel::<String>(WAITING);
    // An address that does not fit in is one of many that were not used.
    let on_new_url: OnNewUrl = Box::new(move |url| {
        sender.try_send(url.to_owned()).ok();
    });
    let door = Door::open_on(engine.clone(), socket, Some(on_new_url)).map_err(|error| refused(&error))?;
    if let Some(exposure) = door.exposure() {
        note(&exposure, out.format);
    }
    ready(engine, &door.url(), sources, out)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut serving = std::pin::pin!(door.serve(async {
        stopped.await.ok();
    }));
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = &mut serving => return Ok(()),
            () = signals.asked_to_stop() => break,
            _ = look.tick() => incidents::print_new(engine, out)?,
            Some(url) = urls.recv() => another(&url, out)?,
        }
    }
    drop(stop);
    // A browser that takes its answer slowly is not waited for.
    tokio::time::timeout(LAST_ANSWERS, serving).await.ok();
    Ok(())
}

fn ready(engine: &Engine, url: &str, sources: &[Source], out: &mut Out) -> Result<(), Failure> {
    source_args::note_sources(engine, sources, out.format);
    let store = engine.path().display().to_string();
    let text = if out.is_json() {
        ready_line(url, &store, sources)
    } else {
        let sources = sources
            .iter()
            .map(|source| format!("recording {}", source_args::source_lines(source)));
        format!("showing {} at\n  {url}\n{}", safe(&store), sources.collect::<String>())
    };
    out.text(&text)?;
    out.flush()
}

/// The address was used; this one lets another browser in.
fn another(url: &str, out: &mut Out) -> Result<(), Failure> {
    let text = if out.is_json() {
        json::line(&UrlLine { url })
    } else {
        format!("for another browser:\n  {url}\n")
    };
    out.text(&text)
}

fn refused(error: &DoorError) -> Failure {
    Failure::Report(error.report())
}
