//! The request: what the client sent, and the heads of both sides.

use leptos::prelude::*;
use scrubjay_ipc::InputView;

use super::link;
use crate::{
    browser,
    part::note::failure_of,
    screen::inspect::{model::Inspect, words},
};

pub(crate) fn input(inspect: Inspect) -> AnyView {
    let sides = inspect.sides;
    let state = move || {
        sides
            .input
            .state(|_| true, |view| view.bytes == 0 && view.request_headers.is_empty())
    };
    view! {
        <div class="side-body" data-pane="input" data-state=state data-as-of="0">
            <div class="body" tabindex="0" data-focus="">
                {move || sides.input.read(|view| request(inspect, view))}
                {failure_of(sides.input.report)}
            </div>
        </div>
    }
    .into_any()
}

fn request(inspect: Inspect, view: &InputView) -> AnyView {
    let line = inspect.opened.with(|opened| {
        opened.as_ref().map(|opened| {
            let status = opened.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            view! { <p class="mono request-line"><b>{opened.method.clone()}</b>" "<bdi>{words::visible(&opened.target)}</bdi>
                <span class="dim">{format!(" {} → {status}", view.version)}</span></p> }
        })
    });
    let text = view.body.clone();
    let body = if view.bytes == 0 {
        view! { <p class="dim">"The request has no body."</p> }.into_any()
    } else {
        view! {
            <div class="tools"><h3 class="minor">"body"<span class="dim">{format!(" · {}", words::bytes(view.bytes))}</span></h3><span class="sp"></span>
                <button class="btn" on:click=move |_| browser::copy(&text)>"Copy"</button></div>
            <pre class="raw" dir="auto">{words::visible(&view.body)}</pre>
            {view.cut.then(|| view! { <p class="dim">"Cut at 1 MB."</p> })}
        }
        .into_any()
    };
    view! {
        {line}
        {view.is_run_input.then(|| facts(inspect, view))}
        {headers("request headers", &view.request_headers)}
        {headers("response headers", &view.response_headers)}
        {body}
    }
    .into_any()
}

fn facts(inspect: Inspect, view: &InputView) -> AnyView {
    let counts: Vec<String> = view
        .messages
        .iter()
        .map(|(role, n)| format!("{} {role}", words::count(u64::from(*n))))
        .collect();
    let messages = if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    };
    let tools = if view.tools.is_empty() {
        "none".to_owned()
    } else {
        view.tools.join(", ")
    };
    let fact =
        |name: &'static str, value: String| view! { <dt>{name}</dt><dd><bdi>{words::visible(&value)}</bdi></dd> };
    let resume: Vec<_> = view
        .resume
        .iter()
        .map(|(id, status)| resumed(inspect, id, status))
        .collect();
    let parent = view.parent_run_id.clone();
    let parent = parent.map(|id| view! { <dt>"parentRunId"</dt><dd>{move || link::parent(inspect, &id)}</dd> });
    view! {
        <dl class="facts">
            {fact("threadId", view.thread_id.clone())}
            {fact("runId", view.run_id.clone())}
            {parent}
            {view.protocol_version.clone().map(|version| fact("protocol", version))}
            {fact("messages", messages)}
            {fact("tools", tools)}
            {fact("context", words::many(u64::from(view.context), "entry").replace("entrys", "entries"))}
            {resume}
        </dl>
    }
    .into_any()
}

/// An interrupt that the request answers, and the way to where it was raised.
fn resumed(inspect: Inspect, id: &str, status: &str) -> AnyView {
    let words = words::visible(&format!("{id} ({status})"));
    let id = id.to_owned();
    view! { <dt>"resumes"</dt><dd><bdi>{words}</bdi>{move || link::raised(inspect, &id)}</dd> }.into_any()
}

fn headers(title: &'static str, list: &[(String, String)]) -> AnyView {
    let lines: Vec<_> = list
        .iter()
        .map(|(name, value)| view! { <tr><td><bdi>{words::visible(name)}</bdi></td><td><bdi>{words::visible(value)}</bdi></td></tr> })
        .collect();
    view! {
        <details class="headers"><summary><b>{title}</b><span class="dim">{format!(" {}", words::count(list.len() as u64))}</span></summary>
            <table class="fields"><tbody>{lines}</tbody></table></details>
    }
    .into_any()
}
