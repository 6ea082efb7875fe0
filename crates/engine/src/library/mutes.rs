//! Rules that are muted: in a store, or for a recording file until it is closed.

use scrubjay_ipc::{Code, LibraryPage, Mute, Mutes, Report};
use scrubjay_session::{
    judge::rule::rule,
    query::Summary,
    shelf::{PageKind, Shelf as _},
};

use crate::{
    EngineError,
    storage::{Setting, Storage},
};

/// What is muted. What another version wrote and this one cannot read mutes nothing.
pub(crate) fn read(storage: &Storage) -> Result<Mutes, EngineError> {
    let text = storage.setting(Setting::Muted)?;
    Ok(text
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

/// Mutes a rule, or takes that back; gives what is muted from now on.
pub(crate) fn change(storage: &Storage, ask: &Mute) -> Result<Mutes, EngineError> {
    if rule(&ask.rule).is_none() {
        let report = Report::new(
            Code::BadRequest,
            format!("There is no rule {}.", ask.rule),
            "docs/rules.md lists all rules.",
        );
        return Err(EngineError::Answer { report });
    }
    let mut mutes = read(storage)?;
    mutes.set(ask);
    let text = serde_json::to_string(&mutes).expect("plain values with text for keys");
    storage.set_setting(Setting::Muted, text)?;
    Ok(mutes)
}

/// Rows whose counts leave out what is muted.
pub(crate) fn leave_out(storage: &Storage, mut page: LibraryPage) -> Result<LibraryPage, EngineError> {
    let mutes = read(storage)?;
    if mutes.is_empty() {
        return Ok(page);
    }
    for row in &mut page.rows {
        let summary = storage.shelf(row.exchange)?.page(PageKind::Summary, 0)?;
        let summary = summary.and_then(|page| Summary::from_page(&page).ok());
        if let Some(summary) = summary {
            let counts = summary.findings_without(|rule| mutes.is_muted(row.exchange, rule));
            [row.errors, row.warnings, row.notes] = counts;
        }
    }
    Ok(page)
}
