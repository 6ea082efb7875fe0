//! The commands, one file each.

pub(crate) mod body;
pub(crate) mod check;
pub(crate) mod delete;
pub(crate) mod diff;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod record;
pub(crate) mod reindex;
pub(crate) mod replay;
pub(crate) mod rerecord;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod spans;
pub(crate) mod state;
