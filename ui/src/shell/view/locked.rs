//! In the place of everything: a tab that is not let in, and what to do.

use leptos::prelude::*;

use crate::bridge::locked::Locked;

/// Shows why, over what was there before.
pub(crate) fn locked(why: Locked) -> AnyView {
    view! {
        <div class="locked" role="alert" data-locked=why.word()>
            <div class="card">
                <h2>{why.sentence()}</h2>
                <p>{why.hint()}</p>
                <p class="dim">"If that terminal is gone, run "<code>"scrubjay serve"</code>" again and open the address that it prints."</p>
            </div>
        </div>
    }
    .into_any()
}
