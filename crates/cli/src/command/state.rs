//! `scrubjay state`: messages and state as the official client holds them.

use scrubjay_engine::AnyShelf;
use scrubjay_session::query::{Reader, StateAt};

use crate::{
    args,
    failure::Failure,
    json::Line,
    library::{Library, unreadable},
    out::Out,
    pretty::pretty,
    safe::safe,
};

pub(crate) fn run(args: &args::State, out: &mut Out) -> Result<(), Failure> {
    let library = Library::open(args.one.source.path(), out)?;
    if args.all {
        let (indexes, many) = library.one_or_all(args.one.exchange)?;
        for index in indexes {
            all(index, many.then_some(index), &library, args, out)?;
        }
    } else {
        let index = library.one(args.one.exchange)?;
        let mut reader = library.reader(index)?;
        let seq = match args.at {
            Some(seq) => within(seq, index, &reader)?,
            None => reader.summary().frames,
        };
        let state = reader.state_at(seq).map_err(unreadable)?;
        tell(None, &state, &mut reader, args, out)?;
    }
    out.flush()?;
    library.finish()
}

/// Every moment of an exchange, one after the other, so that each folds one frame on.
fn all(index: i64, named: Option<i64>, library: &Library, args: &args::State, out: &mut Out) -> Result<(), Failure> {
    let mut reader = library.reader(index)?;
    for seq in 0..=reader.summary().frames {
        let state = reader.state_at(seq).map_err(unreadable)?;
        tell(named, &state, &mut reader, args, out)?;
    }
    Ok(())
}

/// The frame, if the exchange has it.
fn within(seq: i64, index: i64, reader: &Reader<AnyShelf>) -> Result<u32, Failure> {
    let last = reader.summary().frames;
    if let Some(seq) = u32::try_from(seq).ok().filter(|seq| *seq <= last) {
        return Ok(seq);
    }
    let sentence = match last {
        0 => format!("Exchange {index} has no frames, so there is no frame {seq}."),
        _ => format!("Exchange {index} has no frame {seq}: its last frame is {last}."),
    };
    Err(Failure::bad_argument(
        sentence,
        format!("Give --at a number from 0 (the request's input) to {last}, or use --all."),
    ))
}

fn tell(
    exchange: Option<i64>,
    state: &StateAt,
    reader: &mut Reader<AnyShelf>,
    args: &args::State,
    out: &mut Out,
) -> Result<(), Failure> {
    let blame = if args.blame {
        Some(reader.blame_at(state.seq).map_err(unreadable)?)
    } else {
        None
    };
    if out.is_json() {
        out.text(&json_line(exchange, state, blame.as_deref(), args.explain))
    } else {
        out.text(&text(exchange, state, blame.as_deref(), args.explain))
    }
}

fn json_line(exchange: Option<i64>, state: &StateAt, blame: Option<&[(String, u32)]>, explain: bool) -> String {
    let mut line = Line::new();
    if let Some(index) = exchange {
        line = line.value("exchange", index);
    }
    let stopped = state.stopped.as_ref().map_or_else(
        || "null".to_owned(),
        |stop| {
            Line::new()
                .value("seq", stop.seq)
                .string("rule", &stop.rule)
                .string("message", &stop.message)
                .object()
        },
    );
    line = line
        .value("seq", state.seq)
        .optional("type", state.type_name.as_deref())
        .raw("messages", &state.messages)
        .raw("state", &state.state)
        .raw("stopped", &stopped)
        .raw("interrupts", &state.interrupts);
    if let Some(blame) = blame {
        let pointers = blame
            .iter()
            .fold(Line::new(), |line, (pointer, seq)| line.value(pointer, seq));
        line = line.raw("blame", &pointers.object());
    }
    if explain {
        let explained = Line::new()
            .value("checkpoint", state.explain.checkpoint)
            .value("folded", state.explain.folded);
        line = line.raw("explain", &explained.object());
    }
    line.end()
}

fn text(exchange: Option<i64>, state: &StateAt, blame: Option<&[(String, u32)]>, explain: bool) -> String {
    let mut text = String::new();
    if let Some(index) = exchange {
        text.push_str(&format!("exchange {index}, "));
    }
    match &state.type_name {
        _ if state.seq == 0 => text.push_str("as of the request's input\n"),
        Some(name) => text.push_str(&format!("as of frame {}, {}\n", state.seq, safe(name))),
        None => text.push_str(&format!("as of frame {}\n", state.seq)),
    }
    if let Some(stop) = &state.stopped {
        text.push_str(&format!(
            "the official client stopped at frame {} by {}: {}\n",
            stop.seq,
            safe(&stop.rule),
            safe(&stop.message)
        ));
    }
    for (name, json) in [("messages", &state.messages), ("state", &state.state)] {
        text.push_str(&format!("{name}\n{}", pretty(json)));
    }
    if state.interrupts != "[]" {
        text.push_str(&format!("interrupts\n{}", pretty(&state.interrupts)));
    }
    for (pointer, seq) in blame.unwrap_or_default() {
        text.push_str(&format!("{:>6}  {}\n", format!("#{seq}"), safe(pointer)));
    }
    if explain {
        text.push_str(&format!(
            "folded {} frames from the checkpoint at frame {}\n",
            state.explain.folded, state.explain.checkpoint
        ));
    }
    text
}
