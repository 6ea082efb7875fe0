//! Answers made up in the page itself, for design work without an engine.
//!
//! A small shop agent is played: three runs, an interrupt, a failed patch,
//! parallel tools, a sub-agent. One exchange is still growing. Answers are as
//! the engine's in shape; folding here is naive, because there is little to fold.

mod library;
mod panes;
mod picture;
mod story;

use std::cell::RefCell;

use scrubjay_ipc::{AnyAsk, Code, News, Report};

use story::Story;

/// The exchange that still grows.
const LIVE: i64 = 9;

/// Everything that is made up.
struct World {
    library: library::Shelf,
    told: u32,
    sources_told_ms: f64,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World {
        library: library::Shelf::made(), told: 0, sources_told_ms: 0.0,
    });
}

/// Answers a question at a time of the page.
///
/// # Errors
///
/// What the engine would report.
pub fn answer(ask: AnyAsk, now_ms: f64) -> Result<Vec<u8>, Report> {
    WORLD.with_borrow_mut(|world| answer_in(world, ask, now_ms))
}

/// What the engine would tell without being asked.
pub fn news(now_ms: f64) -> Vec<News> {
    WORLD.with_borrow_mut(|world| {
        let story = Story::of(LIVE, now_ms);
        let mut news = Vec::new();
        if story.frames.len() as u32 != world.told {
            world.told = story.frames.len() as u32;
            news.push(News::Grown {
                exchange: LIVE,
                frames: world.told,
                duration_us: story.duration_us(),
                live: story.live,
            });
        }
        if now_ms - world.sources_told_ms > 1_000.0 {
            world.sources_told_ms = now_ms;
            news.extend([News::Sources, News::Library]);
        }
        news
    })
}

fn answer_in(world: &mut World, ask: AnyAsk, now_ms: f64) -> Result<Vec<u8>, Report> {
    let shelf = &mut world.library;
    match ask {
        AnyAsk::Library(ask) => json(&shelf.page(&ask, now_ms)),
        AnyAsk::Delete(ask) => json(&shelf.delete(ask.exchanges)),
        AnyAsk::Undelete(ask) => json(&shelf.undelete(ask.exchanges)),
        AnyAsk::Erase(ask) => json(&scrubjay_ipc::Deleted {
            exchanges: ask.exchanges,
        }),
        AnyAsk::Sources(_) => json(&shelf.sources(now_ms)),
        AnyAsk::AddSource(ask) => json(&shelf.add(ask, now_ms)?),
        AnyAsk::EditSource(ask) => json(&shelf.edit(ask)?),
        AnyAsk::SwitchSource(ask) => json(&shelf.switch(&ask)?),
        AnyAsk::Health(_) => json(&library::health()),
        AnyAsk::Open(ask) => json(&story(shelf, ask.exchange, now_ms)?.opened(ask.exchange)),
        AnyAsk::Rows(ask) => json(&story(shelf, ask.exchange, now_ms)?.rows(&ask)),
        AnyAsk::RowOf(ask) => json(&story(shelf, ask.exchange, now_ms)?.row_of(&ask)),
        AnyAsk::Lanes(ask) => {
            let view = story(shelf, ask.exchange, now_ms)?.lanes(&ask);
            postcard::to_stdvec(&view).map_err(|error| report(Code::Internal, &error.to_string()))
        }
        AnyAsk::Locate(ask) => json(&story(shelf, ask.exchange, now_ms)?.locate(&ask)),
        AnyAsk::Jump(ask) => json(&story(shelf, ask.exchange, now_ms)?.jump(&ask)),
        AnyAsk::Detail(ask) => json(&story(shelf, ask.exchange, now_ms)?.detail(ask.seq)?),
        AnyAsk::State(ask) => json(&story(shelf, ask.exchange, now_ms)?.state(&ask)),
        AnyAsk::ReadValue(ask) => json(&story(shelf, ask.exchange, now_ms)?.value(&ask)),
        AnyAsk::Chat(ask) => json(&story(shelf, ask.exchange, now_ms)?.chat(&ask)),
        AnyAsk::Cause(ask) => json(&story(shelf, ask.exchange, now_ms)?.cause(&ask)),
        AnyAsk::Input(ask) => json(&story(shelf, ask.exchange, now_ms)?.input()),
        _ => Err(report(Code::NotFound, "The mock does not answer this question.")),
    }
}

fn story(shelf: &library::Shelf, exchange: i64, now_ms: f64) -> Result<Story, Report> {
    if shelf.has(exchange) {
        Ok(Story::of(exchange, now_ms))
    } else {
        Err(Report::new(
            Code::NotFound,
            format!("There is no exchange {exchange}."),
            "It may have been deleted; choose another in the Library.",
        ))
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Report> {
    serde_json::to_vec(value).map_err(|error| report(Code::Internal, &error.to_string()))
}

fn report(code: Code, message: &str) -> Report {
    Report::new(code, message, "")
}
