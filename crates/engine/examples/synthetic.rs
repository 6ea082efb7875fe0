//! Writes a made-up exchange into a store, for trying out what a million events feel like.
//!
//! ```text
//! cargo run --release -p scrubjay-engine --example synthetic -- STORE [EVENTS]
//! ```

#![expect(clippy::print_stdout, reason = "an example prints its results")]

mod support;

use std::{error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let store = words
        .next()
        .map(PathBuf::from)
        .ok_or("usage: synthetic STORE [EVENTS]")?;
    let events = match words.next() {
        Some(word) => word.to_str().ok_or("EVENTS is a number")?.parse()?,
        None => 1_000_000,
    };
    let exchange = support::write_synthetic(&store, events)?;
    println!("exchange {exchange} of {} holds {events} events", store.display());
    Ok(())
}
