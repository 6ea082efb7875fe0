//! Rules that are muted: in a store, or for a recording file until it is closed.

use scrubjay_answers::library;
use scrubjay_ipc::{LibraryPage, Mute, Mutes};
use scrubjay_session::{
    query::Summary,
    shelf::{PageKind, Shelf as _},
};

use crate::{
    EngineError, in_thread,
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
    let mut mutes = read(storage)?;
    library::mute(&mut mutes, ask)?;
    let text = serde_json::to_string(&mutes).expect("plain values with text for keys");
    storage.set_setting(Setting::Muted, text)?;
    Ok(mutes)
}

/// Rows whose counts leave out what is muted, and have what only their threads show.
pub(crate) fn count(storage: &Storage, mut page: LibraryPage) -> Result<LibraryPage, EngineError> {
    let mutes = read(storage)?;
    library::leave_out(&mut page, &mutes, |exchange| {
        let summary = storage.shelf(exchange)?.page(PageKind::Summary, 0)?;
        Ok::<_, EngineError>(summary.and_then(|page| Summary::from_page(&page).ok()))
    })?;
    library::add_about_threads(&mut page, &mutes, |exchange| in_thread::about_listed(storage, exchange))?;
    Ok(page)
}
