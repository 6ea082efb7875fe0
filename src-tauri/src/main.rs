//! The window's binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    scrubjay_desktop::run(std::env::args_os().skip(1))
}
