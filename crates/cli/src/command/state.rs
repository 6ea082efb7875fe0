//! `scrubjay state`: messages and state as the official client holds them.

use clap::ArgGroup;
use std::fmt;

use scrubjay_engine::AnyShelf;
use scrubjay_session::query::{Held, Lost, LostPath, Moment, Reader, TooLarge};

use crate::{
    args::One,
    command::Execute,
    contract::{ChangeLine, Pairs, StateHead, StateRest},
    failure::Failure,
    json,
    library::unreadable,
    out::Out,
    pretty::pretty,
    safe::safe,
    words,
};

#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("moment").args(["at", "all"])))]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) one: One,

    /// Print what the client holds after this frame; 0 is the request's input, absent means the last frame
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) at: Option<i64>,

    /// Print the JSON Patch (RFC 6902) from the state at this frame to --at
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with_all = ["all", "blame", "explain"])]
    pub(crate) from: Option<i64>,

    /// Print what the client holds after every frame, from 0 on
    #[arg(long)]
    pub(crate) all: bool,

    /// Print which frame set each value of the state
    #[arg(long)]
    pub(crate) blame: bool,

    /// Print the checkpoint that the state was computed from, and over how many frames
    #[arg(long)]
    pub(crate) explain: bool,

    /// Where messages, state and interrupts together are larger than this, leave them out and print their size
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_state: String,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let limit_bytes = limit(&self.max_state)?;
        let library = self.one.source.open(out)?;
        if self.all {
            let (indexes, many) = library.one_or_all(self.one.exchange)?;
            for index in indexes {
                let mut reader = library.reader(index)?;
                // Every moment, one after the other, so that each folds one frame on.
                for seq in 0..=reader.summary().frames {
                    print_moment(many.then_some(index), seq, &mut reader, (self, limit_bytes), out)?;
                }
            }
        } else {
            let index = library.one(self.one.exchange)?;
            let mut reader = library.reader(index)?;
            let seq = match self.at {
                Some(seq) => within("--at", seq, index, &reader)?,
                None => reader.summary().frames,
            };
            match self.from {
                Some(from) => {
                    let from = within("--from", from, index, &reader)?;
                    change(from, seq, &mut reader, limit_bytes, out)?;
                }
                None => print_moment(None, seq, &mut reader, (self, limit_bytes), out)?,
            }
        }
        out.flush()?;
        library.finish()
    }
}

fn limit(text: &str) -> Result<u64, Failure> {
    words::size(text).map_err(|_no_size| {
        Failure::bad_argument(
            format!("`{text}` is no size."),
            "Give --max-state a number with a unit, such as 64MB or 1GB.",
        )
    })
}

/// The frame, if the exchange has it.
fn within(option: &str, seq: i64, index: i64, reader: &Reader<AnyShelf>) -> Result<u32, Failure> {
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
        format!("Give {option} a number from 0 (the request's input) to {last}, or use --all."),
    ))
}

/// Prints the JSON Patch from the state at a frame to the state at another.
fn change(from: u32, seq: u32, reader: &mut Reader<AnyShelf>, limit_bytes: u64, out: &mut Out) -> Result<(), Failure> {
    let patch = reader.state_patch(from, seq, limit_bytes).map_err(unreadable)?;
    if out.is_json() {
        return out.text(&json::line(&ChangeLine {
            seq,
            from,
            patch: &patch,
        }));
    }
    let mut text = format!(
        "from frame {from} to frame {seq}: {}\n",
        words::count(patch.len() as u64, "operation")
    );
    for operation in patch.iter() {
        text.push_str(&format!("  {}\n", safe(&operation.to_string())));
    }
    out.text(&text)
}

/// A moment and what is printed of it.
struct MomentReport<'a> {
    exchange: Option<i64>,
    moment: &'a Moment,
    lost: Option<Lost>,
    too_large: Option<TooLarge>,
    blame: Option<Vec<(String, u32)>>,
    /// There are more leaves than `blame` holds.
    is_blame_cut: bool,
    explain: bool,
}

fn print_moment(
    exchange: Option<i64>,
    seq: u32,
    reader: &mut Reader<AnyShelf>,
    (args, limit_bytes): (&Args, u64),
    out: &mut Out,
) -> Result<(), Failure> {
    let moment = reader.moment_at(seq).map_err(unreadable)?;
    let (blame, is_blame_cut) = match args.blame {
        true => {
            let (blame, is_cut) = reader.blame_at(seq).map_err(unreadable)?;
            (Some(blame), is_cut)
        }
        false => (None, false),
    };
    let report = MomentReport {
        exchange,
        lost: reader.lost_of(&moment).map_err(unreadable)?,
        too_large: reader.too_large(&moment, limit_bytes),
        blame,
        is_blame_cut,
        moment: &moment,
        explain: args.explain,
    };
    match out.is_json() {
        true => report.json(reader, out),
        false => report.text(reader, out),
    }
}

/// Writes to standard output what is written piece by piece.
struct Pieces<'a> {
    out: &'a mut Out,
    failed: Option<Failure>,
}

impl fmt::Write for Pieces<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.text(text).map_err(|failed| {
            self.failed = Some(failed);
            fmt::Error
        })
    }
}

impl MomentReport<'_> {
    fn is_left_out(&self, held: Held) -> bool {
        self.too_large
            .as_ref()
            .is_some_and(|large| large.left_out.contains(&held))
    }

    /// A line with the contract's keys; what a client holds goes out as it is
    /// written, because it may be long.
    fn json(&self, reader: &Reader<AnyShelf>, out: &mut Out) -> Result<(), Failure> {
        out.text(&json::begun(&StateHead {
            exchange: self.exchange,
            seq: self.moment.seq,
            type_name: self.moment.type_name.as_deref(),
        }))?;
        self.held(Held::Messages, reader, out)?;
        self.held(Held::State, reader, out)?;
        out.text(&format!(",\"stopped\":{}", json::object(&self.moment.stopped)))?;
        self.held(Held::Interrupts, reader, out)?;
        out.text(&json::rest(&StateRest {
            too_large: self.too_large.as_ref(),
            blame: self.blame.as_deref().map(Pairs),
            explain: self.explain.then_some(&self.moment.explain),
            blame_cut: self.is_blame_cut,
        }))
    }

    /// A member of the line that begins with a comma.
    fn held(&self, held: Held, reader: &Reader<AnyShelf>, out: &mut Out) -> Result<(), Failure> {
        out.text(&format!(",\"{}\":", held.as_str()))?;
        if self.is_left_out(held) {
            return out.text("null");
        }
        let mut pieces = Pieces { out, failed: None };
        match reader.write_held(self.moment, held, &mut pieces) {
            Ok(()) => Ok(()),
            Err(fmt::Error) => pieces.failed.map_or(Ok(()), Err),
        }
    }

    fn text(&self, reader: &Reader<AnyShelf>, out: &mut Out) -> Result<(), Failure> {
        let moment = self.moment;
        let mut text = String::new();
        if let Some(index) = self.exchange {
            text.push_str(&format!("exchange {index}, "));
        }
        match &moment.type_name {
            _ if moment.seq == 0 => text.push_str("as of the request's input\n"),
            Some(name) => text.push_str(&format!("as of frame {}, {}\n", moment.seq, safe(name))),
            None => text.push_str(&format!("as of frame {}\n", moment.seq)),
        }
        if let Some(stop) = &moment.stopped {
            text.push_str(&format!(
                "the official client stopped at frame {} by {}: {}\n",
                stop.seq,
                safe(&stop.rule),
                safe(&stop.message)
            ));
        }
        text.push_str(&self.text_of_state());
        out.text(&text)?;
        for held in Held::ALL {
            let json = match self.is_left_out(held) {
                true => None,
                false => Some(reader.held_text(moment, held, None)),
            };
            if held == Held::Interrupts && json.as_deref() == Some("[]") {
                continue;
            }
            out.text(&format!("{}\n", held.as_str()))?;
            match json {
                Some(json) => out.text(&pretty(&json))?,
                None => out.text("  left out\n")?,
            }
        }
        out.text(&self.text_below())
    }

    /// What is not known of the state, and where it differs from what the agent meant.
    fn text_of_state(&self) -> String {
        let mut text = String::new();
        if let Some(seq) = self.moment.messages_unknown_since() {
            text.push_str(&format!(
                "cannot tell what messages the client holds: bytes are missing after frame {seq}\n"
            ));
        }
        if let Some(seq) = self.moment.unknown_since() {
            text.push_str(&format!("the client's state may be another since frame {seq}\n"));
        }
        let Some(lost) = &self.lost else { return text };
        let path = |path: &LostPath| match &path.value {
            Some(value) => format!("{} {}", safe(&path.pointer), safe(value)),
            None if path.is_removed => format!("{} (removed)", safe(&path.pointer)),
            None => safe(&path.pointer).into_owned(),
        };
        let mut paths: Vec<String> = lost.paths.iter().map(path).collect();
        if lost.more > 0 {
            paths.push(format!("{} more", lost.more));
        }
        let mend = match lost.mended_at {
            Some(seq) => format!("mended by frame {seq}"),
            None => "nothing has mended it".to_owned(),
        };
        text.push_str(&format!(
            "the state differs from what the agent meant since frame {}, whose patch was dropped: lost {}; {mend}\n",
            lost.since,
            paths.join(", ")
        ));
        text
    }

    fn text_below(&self) -> String {
        let mut text = String::new();
        if let Some(large) = &self.too_large {
            text.push_str(&format!(
                "all of it would be {} of JSON, over the limit of {}: --max-state raises it\n",
                words::bytes(large.bytes),
                words::bytes(large.limit_bytes)
            ));
        }
        for (pointer, seq) in self.blame.iter().flatten() {
            text.push_str(&format!("{:>6}  {}\n", format!("#{seq}"), safe(pointer)));
        }
        if self.is_blame_cut {
            let shown = self.blame.as_ref().map_or(0, Vec::len) as u64;
            text.push_str(&format!(
                "these are the first {}: the state has more, and they are left out\n",
                words::count(shown, "pointer")
            ));
        }
        if self.explain {
            let explain = &self.moment.explain;
            text.push_str(&format!(
                "folded {} frames from the checkpoint at frame {}\n",
                explain.folded, explain.checkpoint
            ));
        }
        text
    }
}
