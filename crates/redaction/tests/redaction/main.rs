//! A redacted exchange is the exchange, but for what was taken out.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "captures are files")]

mod captures;
mod outline;
mod streams;
