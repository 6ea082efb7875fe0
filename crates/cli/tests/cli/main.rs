//! The command line from outside: transcripts of command, standard output,
//! standard error and exit status, with what differs from run to run redacted.

#![expect(clippy::unwrap_used, reason = "tests")]

mod agent;
mod answering;
mod attacks;
mod bad_input;
mod beside;
mod bombs;
mod browsing;
mod changes;
mod checking;
mod comparing;
mod escapes;
mod faults;
mod files;
mod foreign;
mod full_disk;
mod fuzz;
mod growth;
mod help;
#[cfg(target_os = "linux")]
mod hostile;
mod keeping;
mod load;
mod odd;
mod page;
mod ports;
#[cfg(unix)]
mod privacy;
mod process;
mod raw;
mod raw_http2;
mod raw_limits;
mod raw_requests;
mod raw_responses;
mod reading;
mod recording;
mod replaying;
mod rerecording;
mod round_trip;
mod secrets;
mod serving;
mod sharing;
mod stage;
mod stopping;
mod taken;
mod upstreams;
