//! The answers that were given, each with its reason, and what the request had that the recorded one had not.

use leptos::prelude::*;
use scrubjay_ipc::{ReplayAnswer, RequestDifference};

use crate::{
    browser,
    part::coded::coded,
    screen::Page,
    screen::replay::model::{ReplayModel, Side},
    words,
};

/// The pane: the log, and the answer that is looked at.
pub(crate) fn answers(page: Page) -> AnyView {
    let model = page.replay;
    let log = Memo::new(move |_| {
        model
            .current()
            .map(|replay| (replay.log, replay.answers))
            .unwrap_or_default()
    });
    let is_empty = Memo::new(move |_| log.with(|(log, _)| log.is_empty()));
    let state = move || if is_empty.get() { "empty" } else { "ready" };
    let list = move || {
        if is_empty.get() {
            return view! {
                <p class="dim pad">"No request has come yet. This pane shows for each one which recording answered it, and why."</p>
            }
            .into_any();
        }
        view! {
            <div class="answer-list" role="listbox" tabindex="0" data-focus="" aria-label="Answers, newest first">
                <For each=move || log.with(|(log, _)| log.clone()) key=|answer| answer.request
                    children=move |answer| answer_view(model, &answer)/>
            </div>
        }
        .into_any()
    };
    let total = move || log.with(|(_, answers)| *answers);
    view! {
        <section class="pane answers" aria-label="Answers" data-pane="replay-answers" data-state=state
            data-as-of=move || total().to_string()>
            <div class="ph"><b>"Answers"</b><span class="sp"></span>
                <span>{move || words::count(total())}</span></div>
            {list}
            {move || model.answer_here().map(|answer| looked_at(page, &answer))}
        </section>
    }
    .into_any()
}

fn answer_view(model: ReplayModel, answer: &ReplayAnswer) -> AnyView {
    let request = answer.request;
    let here = Memo::new(move |_| model.answer_here().map(|answer| answer.request) == Some(request));
    let is_miss = answer.is_miss;
    let n = answer.differences.len();
    let tone = if answer.status >= 400 { "bad" } else { "ok" };
    let differs = (n > 0).then(|| view! { <span class="tag">{words::many(n as u64, "difference")}</span> });
    view! {
        <div class="answer" role="option" class:sel=here class:miss=is_miss aria-selected=move || here.get().to_string()
            data-request=request.to_string() data-status-code=answer.status.to_string() data-exchange=answer.exchange.map(|exchange| exchange.to_string())
            on:click=move |_| model.answer.set(Some(request))>
            <div class="line"><b>{request}</b><span class=tone>{answer.status}</span>
                <bdi class="cut">{words::visible(&answer.name)}</bdi><span class="sp"></span>{differs}
                <span class="faint">{browser::clock_words(&answer.at)}</span></div>
            <div class="dim cut" title=words::visible(&answer.why)>{coded(&answer.why)}</div>
        </div>
    }
    .into_any()
}

/// The reason in full, and both requests beside each other where they differ.
fn looked_at(page: Page, answer: &ReplayAnswer) -> AnyView {
    let open = answer.exchange.map(|exchange| {
        view! {
            <button class="btn outline" on:click=move |_| page.inspect_exchange(exchange, None)>"Open the recording"</button>
        }
    });
    let misses = answer.is_miss.then(|| {
        view! {
            <button class="btn outline" data-to-misses="" on:click=move |_| page.replay.side.set(Side::Misses)>"Answer it by hand"</button>
        }
    });
    let table = if answer.differences.is_empty() {
        let words = if answer.exchange.is_some() {
            "The request is the recorded one, but for ids."
        } else {
            "There is no recording to compare this request with."
        };
        view! { <p class="dim">{words}</p> }.into_any()
    } else {
        differences(&answer.differences)
    };
    view! {
        <div class="answer-detail" tabindex="0" data-focus="" data-pane="replay-answer" data-state="ready" data-as-of=answer.request.to_string()>
            <div class="line"><h3 class="minor">{format!("Request {}", words::count(answer.request))}</h3><span class="sp"></span>{misses}{open}</div>
            <p data-why=""><bdi>{coded(&answer.why)}</bdi></p>
            {table}
        </div>
    }
    .into_any()
}

/// Two requests beside each other where they differ.
pub(crate) fn differences(list: &[RequestDifference]) -> AnyView {
    let value = |text: &Option<String>| match text {
        Some(text) => view! { <bdi dir="auto">{words::visible(text)}</bdi> }.into_any(),
        None => view! { <span class="faint">"–"</span> }.into_any(),
    };
    let line = |difference: &RequestDifference| {
        let pointer = if difference.pointer.is_empty() {
            "(all of it)".to_owned()
        } else {
            words::visible(&difference.pointer)
        };
        view! {
            <tr data-difference=difference.pointer.clone()><td><bdi>{pointer}</bdi></td>
                <td class="only-a">{value(&difference.recorded)}</td><td class="only-b">{value(&difference.asked)}</td></tr>
        }
    };
    let lines = list.iter().map(line).collect_view();
    view! {
        <table class="two-sides"><thead><tr><th>"in the request"</th><th>"recorded"</th><th>"asked now"</th></tr></thead><tbody>{lines}</tbody></table>
    }
    .into_any()
}
