//! `scrubjay serve`: the window's page in a browser.

use std::net::{Ipv4Addr, SocketAddr};

use scrubjay_door::{Door, DoorError, Plan};
use scrubjay_engine::{Engine, Opening, Options};
use scrubjay_ipc::{Code, Source};
use tokio::sync::mpsc;

use super::record::start;
use crate::{
    args,
    failure::{Failure, note},
    json::Line,
    log::ready_line,
    out::Out,
    plan,
    safe::safe,
    signals::Signals,
};

/// Addresses that wait to be printed, at most.
const WAITING: usize = 16;

pub(crate) fn run(args: &args::Serve, out: &mut Out) -> Result<(), Failure> {
    if !scrubjay_door::is_built() {
        return Err(Failure::new(
            Code::Internal,
            "This program was built without the page.",
            "In the repository: cargo xtask ui && cargo run --release -p scrubjay-cli -- serve.",
        ));
    }
    let listen = address(&args.listen)?;
    let mut plans = plan::plans(&args.upstreams, &[], None)?;
    let upstreams: Vec<&str> = plans.iter().map(|plan| plan.upstream.as_str()).collect();
    let tls = plan::tls(&args.tls, &upstreams)?;
    plans.iter_mut().for_each(|plan| plan.tls = tls.clone());
    let engine = Engine::open(&Options {
        path: args.source.path(),
        opening: Opening::Window,
    })?;
    let sources = start(&engine, &plans)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(serve(&engine, listen, &sources, out));
    engine.close();
    ended
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

async fn serve(engine: &Engine, listen: SocketAddr, sources: &[Source], out: &mut Out) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let (tell, mut told) = mpsc::channel::<String>(WAITING);
    let plan = Plan {
        listen,
        // Nobody needs more addresses than they have seen.
        on_new_url: Some(Box::new(move |url| drop(tell.try_send(url.to_owned())))),
    };
    let door = Door::open(engine.clone(), plan)
        .await
        .map_err(|error| refused(&error))?;
    if let Some(exposure) = door.exposure() {
        note(&exposure, out.format);
    }
    ready(engine, &door.url(), sources, out)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut serving = std::pin::pin!(door.serve(async {
        drop(stopped.await);
    }));
    loop {
        tokio::select! {
            served = &mut serving => return served.map_err(|error| refused(&error)),
            () = signals.asked_to_stop() => break,
            Some(url) = told.recv() => another(&url, out)?,
        }
    }
    drop(stop);
    serving.await.map_err(|error| refused(&error))
}

fn ready(engine: &Engine, url: &str, sources: &[Source], out: &mut Out) -> Result<(), Failure> {
    for source in sources.iter().filter(|source| source.unverified) {
        plan::note_unverified(&source.upstream, out.format);
    }
    let store = engine.path().display().to_string();
    let text = if out.is_json() {
        ready_line(url, &store, sources)
    } else {
        let sources = sources.iter().map(|source| {
            format!(
                "recording {} → {}  ({})\n{}",
                source.url,
                safe(&source.upstream),
                safe(&source.name),
                plan::mapping(source)
            )
        });
        format!("showing {} at\n  {url}\n{}", safe(&store), sources.collect::<String>())
    };
    out.text(&text)?;
    out.flush()
}

/// The address was used; this one lets another browser in.
fn another(url: &str, out: &mut Out) -> Result<(), Failure> {
    let text = if out.is_json() {
        Line::new().string("url", url).end()
    } else {
        format!("for another browser:\n  {url}\n")
    };
    match out.text(&text).and_then(|()| out.flush()) {
        // Whoever has an address keeps it.
        Err(Failure::ReaderGone) => Ok(()),
        told => told,
    }
}

fn refused(error: &DoorError) -> Failure {
    Failure::Report(error.report())
}
