//! The command line from outside: transcripts of command, standard output,
//! standard error and exit status, with what differs from run to run redacted.

#![expect(clippy::unwrap_used, reason = "tests")]

mod agent;
mod answering;
mod bad_input;
mod bombs;
mod browsing;
mod changes;
mod checking;
mod comparing;
mod escapes;
mod files;
mod full_disk;
mod fuzz;
mod help;
mod keeping;
mod odd;
mod ports;
mod process;
mod reading;
mod recording;
mod replaying;
mod rerecording;
mod round_trip;
mod secrets;
mod serving;
mod stage;
mod stopping;
mod upstreams;
