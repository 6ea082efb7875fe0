//! What recording costs, and how quick a million events are: medians and p95.
//!
//! ```text
//! cargo run --release -p scrubjay-engine --example bench [-- capture|million] [EVENTS]
//! cargo run --release -p scrubjay-engine --example bench -- beside FOLDER PROGRAM
//! ```
//!
//! - `capture`: delay and throughput of what passes a source, in turns with the
//!   agent itself and a bare hyper pass-through, so that what the machine does
//!   meanwhile falls on all of them
//! - `million`: questions about one very long exchange
//! - `beside`: delay of what passes a source while the recordings in FOLDER are
//!   asked about, by its engine and by PROGRAM, the command line
//! - `wire`: the agent, the client and the bare pass-through

#![expect(clippy::print_stdout, reason = "an example prints its results")]

mod beside;
mod capture;
mod million;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use wire::Failed;

/// Events of the long exchange unless a number is given.
const EVENTS: u64 = 1_000_000;

fn main() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    if let [part, hostile, program] = &std::env::args().skip(1).collect::<Vec<_>>()[..]
        && part == "beside"
    {
        return beside::measure(folder.path(), hostile.as_ref(), program.as_ref());
    }
    let (mut parts, mut events) = (Vec::new(), EVENTS);
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "capture" | "million" => parts.push(word),
            number => events = number.parse()?,
        }
    }
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|word| word == part);
    if wants("capture") {
        capture::measure(folder.path())?;
    }
    if wants("million") {
        million::measure(&folder.path().join("million.db"), events)?;
    }
    Ok(())
}

/// The value that so many per cent are at or below.
fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part / 100.0).ceil().max(1.0) as usize;
    values.get(place - 1).copied().unwrap_or(f64::NAN)
}
