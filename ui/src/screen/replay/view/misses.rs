//! Requests that nothing recorded answers, and the recordings that can answer them by hand.

use leptos::prelude::*;
use scrubjay_ipc::{NearRecording, ReplayMiss};

use super::answers::differences;
use crate::{
    browser,
    part::coded::coded,
    screen::replay::model::{ReplayModel, Side},
    words,
};

/// Misses of the replay shown that nothing was chosen for.
pub(crate) fn open_misses(model: ReplayModel) -> usize {
    let misses = model.current().map(|replay| replay.misses).unwrap_or_default();
    misses.iter().filter(|miss| miss.chosen.is_none()).count()
}

/// In the banner: there are misses, and the way to them.
pub(crate) fn notice(model: ReplayModel) -> AnyView {
    let count = Memo::new(move |_| open_misses(model) as u64);
    let notice =
        move || {
            let count = count.get();
            (count > 0).then(|| {
            let words = if count == 1 { "1 miss".to_owned() } else { format!("{} misses", words::count(count)) };
            view! {
                <button class="btn outline miss-notice" data-misses=count.to_string() title="Requests without a match"
                    on:click=move |_| model.side.set(Side::Misses)><span class="bad">"✕"</span>" "{words}</button>
            }
        })
        };
    view! { {notice} }.into_any()
}

/// The list, newest first.
pub(crate) fn misses(model: ReplayModel) -> AnyView {
    let list = Memo::new(move |_| model.current().map(|replay| replay.misses).unwrap_or_default());
    let state = move || if list.with(Vec::is_empty) { "empty" } else { "ready" };
    view! {
        <div class="misses" data-pane="replay-misses" data-state=state>
            {move || list.with(Vec::is_empty).then(|| view! {
                <p class="dim">"Every request so far was answered from the recording. This pane lists requests without a match, with the closest recordings."</p>
            })}
            <For each=move || list.get() key=key_of children=move |miss| miss_view(model, &miss)/>
        </div>
    }
    .into_any()
}

/// A miss is drawn again when this differs.
fn key_of(miss: &ReplayMiss) -> (u64, bool, Option<i64>) {
    (miss.request, miss.waits, miss.chosen)
}

fn miss_view(model: ReplayModel, miss: &ReplayMiss) -> AnyView {
    let request = miss.request;
    let session = (!miss.session.is_empty()).then(|| {
        view! { <span class="tag" title="x-scrubjay-session"><bdi>{words::visible(&miss.session)}</bdi></span> }
    });
    let waits = miss.waits.then(|| view! { <span class="tag warn">"waits"</span> });
    let lets_go = miss.waits.then(|| {
        view! { <button class="btn outline" data-let-miss=request.to_string() on:click=move |_| model.answer_miss(request, None)>"Answer as a miss"</button> }
    });
    let chosen = miss.chosen.map(|exchange| {
        view! {
            <p class="chosen" role="status" data-chosen=exchange.to_string()><span class="ok">"✓"</span>
                {format!(" Answered with exchange {exchange}. The same request of this session gets it again.")}</p>
        }
    });
    let nearest = miss.nearest.clone().into_iter();
    let nearest = nearest
        .map(|near| near_view(model, request, miss.chosen, &near))
        .collect_view();
    view! {
        <article class="miss-one" data-miss=request.to_string() data-waits=miss.waits.to_string() aria-label=format!("Request {request}")>
            <div class="line"><b>{request}</b><bdi class="cut">{words::visible(&miss.name)}</bdi>{session}{waits}
                <span class="sp"></span><span class="faint">{browser::clock_words(&miss.at)}</span></div>
            <p><bdi>{words::visible(&words::leading(&miss.asks))}</bdi></p>
            <p class="dim"><bdi>{coded(&words::leading(&miss.why))}</bdi></p>
            {chosen}{lets_go}
            {nearest}
            {other(model, request)}
        </article>
    }
    .into_any()
}

/// A recording that comes close, and the button that answers with it.
fn near_view(model: ReplayModel, request: u64, chosen: Option<i64>, near: &NearRecording) -> AnyView {
    let exchange = near.exchange;
    let is_chosen = chosen == Some(exchange);
    let n = near.differences.len() as u64;
    let note = (!near.note.is_empty()).then(|| view! { <p class="dim"><bdi>{words::visible(&near.note)}</bdi></p> });
    let table = (n > 0).then(|| {
        view! {
            <details class="near-differences"><summary>{words::many(n, "difference")}</summary>{differences(&near.differences)}</details>
        }
    });
    view! {
        <div class="near" data-near=exchange.to_string()>
            <div class="line"><span>{format!("Exchange {exchange}")}</span><bdi class="cut dim">{words::visible(&near.name)}</bdi><span class="sp"></span>
                <button class="btn outline" data-answer-with=exchange.to_string() aria-pressed=is_chosen.to_string()
                    on:click=move |_| model.answer_miss(request, Some(exchange))>"Answer with this one"</button></div>
            {note}{table}
        </div>
    }
    .into_any()
}

/// Any other recording, by its number.
fn other(model: ReplayModel, request: u64) -> AnyView {
    let number = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(exchange) = number.get_untracked().trim().parse() {
            model.answer_miss(request, Some(exchange));
        }
    };
    view! {
        <form class="line" on:submit=submit>
            <label class="in-line"><span>"Another exchange"</span>
                <input class="field number" inputmode="numeric" data-field="answer-with" prop:value=number
                    on:input=move |event| number.set(event_target_value(&event))/></label>
            <button class="btn outline" type="submit">"Answer with it"</button>
        </form>
    }
    .into_any()
}
