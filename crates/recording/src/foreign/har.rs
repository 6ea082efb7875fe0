//! HAR 1.2: what browsers, proxies and test tools keep of HTTP exchanges.
//!
//! A HAR holds bodies as text, decoded by the tool, and no chunks. Chrome keeps
//! the times of the events of a stream beside it; then each event is a chunk.

mod entry;

use super::{
    archive::Attached,
    document::{Halt, Part, fields, or_end, string, walk},
    taking::Taking,
};
use crate::read::Stop;

/// Tells how much of the file became exchanges.
#[derive(Default)]
struct Tally {
    entries: usize,
    /// Scripts, images, styles and the like.
    of_page: usize,
    /// Sockets and what is no HTTP.
    of_other_protocols: usize,
    without_body: usize,
    with_times: usize,
    streams: usize,
    tool: String,
}

pub(super) fn take(taking: &mut Taking<'_>, attached: &Attached<'_>) -> Result<(), Halt> {
    taking.name = "HAR file";
    let (text, end) = taking.text();
    let mut tally = Tally::default();
    let walked = walk(text, &["log.entries"], &mut |part, value, at| match part {
        Part::Item(_) => entry::take(taking, value, at, attached, &mut tally),
        Part::Member("log.creator") => {
            tally.tool = tool(value);
            Ok(())
        }
        Part::Member("log.version") => version(value),
        Part::Name(_) | Part::Member(_) => Ok(()),
    });
    tally.note(taking);
    or_end(walked, end)
}

/// HAR 1.1 and 1.2 are read alike; a later major version may mean anything.
fn version(text: &str) -> Result<(), Stop> {
    let version = string(Some(text)).unwrap_or_default();
    match version.split('.').next() {
        Some("1" | "") | None => Ok(()),
        Some(_) => {
            let version: String = version.chars().take(20).collect();
            Err(Stop::Damaged(format!(
                "it is of HAR version {version:?}, and this program reads version 1.2; a newer program is needed"
            )))
        }
    }
}

fn tool(creator: &str) -> String {
    let [name] = fields(creator, ["name"]);
    string(name).unwrap_or_default().chars().take(40).collect()
}

impl Tally {
    fn note(&self, taking: &mut Taking<'_>) {
        let of_tool = match self.tool.as_str() {
            "" => String::new(),
            tool => format!(" of {tool}"),
        };
        let times = match (self.streams, self.with_times) {
            (0, _) => "",
            (streams, timed) if streams == timed => ", and chunks are made, one for each event at its time",
            (_, 0) => ", and its streams have no times for their events, so that each stands at the time of its end",
            _ => ", and of the streams without times for their events each stands at the time of its end",
        };
        taking.note(format!(
            "The file is a HAR{of_tool}: it has bodies as text, decoded by the tool{times}."
        ));
        let others = self.of_page + self.of_other_protocols;
        if others > 0 {
            taking.note(format!(
                "{others} of its {} entries were left out: parts of a page, and what is not HTTP.",
                self.entries
            ));
        }
        if self.without_body > 0 {
            taking.note(format!(
                "{} of its answers have no body in the file, though they had one.",
                self.without_body
            ));
        }
    }
}
