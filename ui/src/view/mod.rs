//! Markup: one pane a file.

pub(crate) mod chat;
pub(crate) mod commands;
pub(crate) mod detail;
pub(crate) mod first_run;
pub(crate) mod go_to;
pub(crate) mod input;
pub(crate) mod inspect;
pub(crate) mod key_sheet;
pub(crate) mod library;
pub(crate) mod library_rows;
pub(crate) mod list;
pub(crate) mod notice;
pub(crate) mod rows;
pub(crate) mod sources;
pub(crate) mod splitter;
pub(crate) mod state;
pub(crate) mod status_bar;
pub(crate) mod timeline;
pub(crate) mod top_bar;
pub(crate) mod transport;
