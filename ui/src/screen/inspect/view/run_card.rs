//! A run in words: who it is, when it was, how it came out, what it was asked.

use leptos::prelude::*;
use scrubjay_ipc::{LibraryRow, RunView, SpanDetail, Target};

use super::link::{self, frame_link};
use crate::{
    browser,
    screen::inspect::{
        model::{Inspect, sides::Side},
        words,
    },
};

/// Runs that are named which name this one as their parent.
const CHILDREN: usize = 50;

/// The facts of the run that a span is.
pub(super) fn facts(inspect: Inspect, span: &SpanDetail) -> AnyView {
    let first = span.first_seq;
    let is_ahead = span.later > 0;
    let run = inspect.opened.with_untracked(|opened| {
        let runs = &opened.as_ref()?.runs;
        runs.iter().find(|run| run.first_seq == first).cloned()
    });
    let Some(run) = run else { return ().into_any() };
    let id = |name: &'static str, value: &str| {
        (!value.is_empty()).then(|| view! { <dt>{name}</dt><dd><bdi>{words::visible(value)}</bdi></dd> })
    };
    let (run_id, name) = (run.run_id.clone(), run.run_id.clone());
    view! {
        <dl class="facts run-facts" data-run-card=name>
            {id("runId", &run.run_id)}{id("threadId", &run.thread_id)}
            <dt>"outcome"</dt><dd>{outcome(inspect, &run, is_ahead)}</dd>
            {move || started(inspect, first)}
            {move || asked(inspect, &run_id)}
            {move || kin(inspect, &run)}
        </dl>
    }
    .into_any()
}

/// How it came out. What lies after the playhead is said to be later.
fn outcome(inspect: Inspect, run: &RunView, is_ahead: bool) -> AnyView {
    let last = run.last_seq;
    let word = words::verdict(run.verdict);
    let later = is_ahead.then(|| view! { <span class="dim">" later, at "{frame_link(inspect, last)}</span> });
    view! { <b>{word}</b>{later} }.into_any()
}

/// The runs that it belongs together with, and those before and after it in its thread, with the ways there.
fn kin(inspect: Inspect, run: &RunView) -> Option<AnyView> {
    let exchange = inspect.exchange.get()?;
    let around = inspect.thread.around(exchange, run.first_seq);
    let thread = around.filter(|around| around.total > 1).map(|around| {
        let place = format!("run {} of {}", words::count(around.number), words::count(around.total));
        let before = around
            .before
            .map(|row| view! { <dt>"run before"</dt><dd data-run-before="">{row_link(inspect, &row)}</dd> });
        let after = around
            .after
            .map(|row| view! { <dt>"run after"</dt><dd data-run-after="">{row_link(inspect, &row)}</dd> });
        view! { <dt>"in thread"</dt><dd>{place}</dd>{before}{after} }
    });
    Some(view! { {linked(inspect, run)}{thread} }.into_any())
}

/// The interrupts that it answers, its parent, and the runs that name it as theirs.
fn linked(inspect: Inspect, run: &RunView) -> Option<AnyView> {
    let links = inspect.thread.links.get()?;
    let is_asked_for = inspect.opened.with(|opened| {
        let first = opened.as_ref().and_then(|opened| opened.runs.first());
        first.is_some_and(|first| first.first_seq == run.first_seq)
    });
    let answered = links.answered.into_iter().filter(|_| is_asked_for);
    let answered = answered.map(|answered| {
        let id = words::visible(&answered.id);
        view! { <dt>"resumes"</dt><dd><bdi>{id}</bdi>{link::raised(inspect, &answered.id)}</dd> }
    });
    let parents = links.parents.into_iter().filter(|link| link.first_seq == run.first_seq);
    let parents = parents.map(|parent| view! { <dt>"parentRunId"</dt><dd>{link::parent(inspect, &parent.id)}</dd> });
    let children = links
        .children
        .into_iter()
        .filter(|link| link.first_seq == run.first_seq);
    let children = children.map(|child| view! { <dt>"parent of"</dt><dd>{link::run_link(inspect, &child.run)}</dd> });
    Some(view! { {answered.collect_view()}{parents.collect_view()}{children.take(CHILDREN).collect_view()} }.into_any())
}

/// A run's id, which leads to it, and how it came out.
fn row_link(inspect: Inspect, row: &LibraryRow) -> AnyView {
    let (exchange, first) = (row.exchange, row.first_seq);
    let name = if row.run_id.is_empty() { &row.title } else { &row.run_id };
    view! {
        <button class="link" on:click=move |_| inspect.open(exchange, Some(first))><bdi>{words::visible(name)}</bdi></button>
        <span class="dim">" · "{words::verdict(row.verdict)}</span>
    }
    .into_any()
}

/// Time of day of its first event, once the events of the span are known.
fn started(inspect: Inspect, first: u32) -> Option<AnyView> {
    let began_at_us = inspect.sides.span.value.with(|view| {
        let events = &view.as_ref()?.events;
        events.iter().find(|event| event.seq == first).map(|event| event.at_us)
    })?;
    let started_ms = inspect.opened.with(|opened| Some(opened.as_ref()?.started_at_millis))?;
    let at_us = started_ms.saturating_mul(1_000).saturating_add_unsigned(began_at_us);
    let clock = words::clock(at_us, browser::minutes_east(started_ms));
    let go = move |_| inspect.visit(Target::Seq(first));
    Some(
        view! { <dt>"started"</dt><dd>{clock}<span class="dim">" · "<button class="link" on:click=go>{words::offset(began_at_us)}</button></span></dd> }
            .into_any(),
    )
}

/// What the request gave this run, and the way to all of it.
fn asked(inspect: Inspect, run_id: &str) -> Option<AnyView> {
    let input = inspect.sides.input.read(|view| {
        let is_this = view.is_run_input && view.run_id == run_id;
        is_this.then(|| words::run_input(view))
    })??;
    Some(
        view! {
            <dt>"input"</dt><dd>{input}" "<button class="link" on:click=move |_| inspect.sides.show(Side::Input)>"all of it"</button></dd>
        }
        .into_any(),
    )
}
