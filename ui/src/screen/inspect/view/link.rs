//! Names that lead somewhere: frames, runs, and what belongs together.

use leptos::prelude::*;
use scrubjay_ipc::{InterruptAnswer, RunPlace, Target};

use crate::screen::inspect::{model::Inspect, words};

/// Puts the playhead on a frame; back leads to where it was.
pub(crate) fn frame_link(inspect: Inspect, seq: u32) -> AnyView {
    view! { <button class="link" on:click=move |_| inspect.visit(Target::Seq(seq))>{words::frame(seq)}</button> }
        .into_any()
}

/// A run's id, which leads to a frame of it; back leads to where it was.
pub(super) fn run_link(inspect: Inspect, place: &RunPlace) -> AnyView {
    let (exchange, seq) = (place.exchange, place.seq);
    let name = if place.run_id.is_empty() {
        format!("exchange {exchange}")
    } else {
        words::visible(&place.run_id)
    };
    let title = format!("Go to {} of exchange {exchange}", words::frame_or_request(seq));
    view! {
        <button class="link" title=title data-goes-to=format!("{exchange}:{seq}")
            on:click=move |_| inspect.visit_in(exchange, seq)><bdi>{name}</bdi></button>
    }
    .into_any()
}

/// What later requests answer to an interrupt, with the ways there.
pub(super) fn answers(inspect: Inspect, interrupt: &str) -> Option<AnyView> {
    let answers = inspect.thread.answers_to(interrupt)?;
    if answers.is_empty() {
        return Some(view! { <p class="dim">"No later request of its thread names it."</p> }.into_any());
    }
    let line = |answer: &InterruptAnswer| {
        let how = if answer.is_cancelled {
            "Cancelled by "
        } else {
            "Answered by "
        };
        view! { <p>{how}{run_link(inspect, &answer.run)}</p> }
    };
    Some(answers.iter().map(line).collect_view().into_any())
}

/// Where an interrupt was raised that the request answers.
pub(super) fn raised(inspect: Inspect, interrupt: &str) -> Option<AnyView> {
    let place = inspect.thread.links.with(|links| {
        let answered = links.as_ref()?.answered.iter();
        answered
            .filter(|answered| answered.id == interrupt)
            .find_map(|answered| answered.raised.clone())
    })?;
    let frame = words::frame(place.seq);
    Some(view! { <span class="dim">{format!(", raised at {frame} of ")}</span>{run_link(inspect, &place)} }.into_any())
}

/// The parent that a run names: its id, and the way there.
pub(super) fn parent(inspect: Inspect, id: &str) -> AnyView {
    let place = inspect.thread.links.with(|links| {
        let parents = links.as_ref().map(|links| &links.parents)?.iter();
        Some(
            parents
                .filter(|parent| parent.id == id)
                .find_map(|parent| parent.run.clone()),
        )
    });
    match place {
        Some(Some(place)) => run_link(inspect, &place),
        Some(None) => {
            view! { <bdi>{words::visible(id)}</bdi><span class="dim">" (not found in its thread)"</span> }.into_any()
        }
        None => view! { <bdi>{words::visible(id)}</bdi> }.into_any(),
    }
}
