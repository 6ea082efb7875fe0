//! Findings as they are listed: in the order of frames, in blocks of [`BLOCK`].

use std::sync::Arc;

use super::kinds::Severity;
use crate::{
    codec::{Damaged, Reader, Writer, open_page},
    fold::rule::Client,
    judge::rule::rule,
};

/// Findings in a block.
pub const BLOCK: u32 = 128;

/// Something wrong or notable at a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FindingEntry {
    /// At which frame; 0 is the request, and one past the last frame the end.
    pub seq: u32,
    pub rule: String,
    pub severity: Severity,
    /// What, as a sentence.
    pub message: String,
    /// The official client gives up here.
    pub stop: bool,
    /// Releases of the official client that give up at this one, where not all do at which the rule is broken.
    pub fails: Option<String>,
}

impl FindingEntry {
    /// Clients that fail at this, with their versions.
    pub fn clients(&self) -> Vec<String> {
        let clients = rule(&self.rule).map_or(&[][..], |rule| rule.fails).iter();
        let name = |client: &Client| match (client, &self.fails) {
            (Client::TypeScript(_), Some(versions)) => Client::official(versions),
            _ => client.name(),
        };
        clients.map(name).collect()
    }
}

pub(crate) fn encode(entries: &[FindingEntry]) -> Arc<[u8]> {
    let mut writer = Writer::default();
    writer.uint(entries.len() as u64);
    for entry in entries {
        writer.uint(u64::from(entry.seq));
        writer.u8(Severity::code(Some(entry.severity)) | u8::from(entry.stop) << 4);
        writer.text(&entry.rule);
        writer.text(&entry.message);
        writer.opt_text(entry.fails.as_deref());
    }
    writer.into_page()
}

pub(crate) fn decode(page: &[u8]) -> Result<Vec<FindingEntry>, Damaged> {
    let bytes = open_page(page)?;
    let mut reader = Reader::new(&bytes);
    let mut entries = Vec::new();
    for _ in 0..reader.count()? {
        let seq = reader.u32()?;
        let flags = reader.u8()?;
        entries.push(FindingEntry {
            seq,
            severity: Severity::from_code(flags & 0xf).ok_or(Damaged)?,
            stop: flags & 0x10 != 0,
            rule: reader.text()?,
            message: reader.text()?,
            fails: reader.opt_text()?,
        });
    }
    Ok(entries)
}
