//! What an engine does, seen from outside: an agent behind it, a frontend
//! before it, and the questions of a page.

mod files;
mod recording;
mod sources;
mod stage;
