//! Which two runs, how they are compared, what is ignored, and the report.

use leptos::{ev, prelude::*};
use scrubjay_ipc::{Ignore, SideView};

use crate::{
    bridge, browser,
    screen::{
        Page,
        compare::{
            commands::copy_report,
            model::{CompareModel, ComparedRuns},
            words as how,
        },
    },
    words,
};

pub(crate) fn toolbar(page: Page) -> AnyView {
    let model = page.compare;
    let sides = Memo::new(move |_| {
        let views = model
            .view
            .value
            .with(|view| view.as_ref().map(|view| (view.a.clone(), view.b.clone())));
        model.sides.get().map(|sides| (sides, views))
    });
    let titles = move || {
        let ((a, b), views) = sides.get()?;
        let (a_view, b_view) = views.unzip();
        Some(view! {
            {side("A", "a", &a, a_view.as_ref())}
            <button class="btn icon" data-swap="" title="Swap the sides (\\)" aria-label="Swap the sides" on:click=move |_| model.swap()>"⇄"</button>
            {side("B", "b", &b, b_view.as_ref())}
        })
    };
    view! {
        <div class="bar compare-head">
            <span class="sides">{titles}</span>
            <span class="sp"></span>
            {levels(model)}
            {report(page)}
        </div>
        {ignores(model)}
    }
    .into_any()
}

/// A side's title, start and size.
fn side(tag: &'static str, class: &'static str, picked: &ComparedRuns, view: Option<&SideView>) -> AnyView {
    let facts = view.filter(|view| !view.title.is_empty()).map(|view| {
        format!(
            "{} · {} · {}",
            browser::clock_words(&view.started_at)
                .split('.')
                .next()
                .unwrap_or_default(),
            words::many(u64::from(view.frames), "event"),
            words::duration(view.duration_us)
        )
    });
    let known = view.map(|view| &view.title).filter(|title| !title.is_empty());
    let title = match known.filter(|_| picked.title.is_empty()) {
        Some(known) => known.clone(),
        None => picked.name(),
    };
    let known = known.filter(|known| **known != title).cloned();
    view! {
        <span class="compared" data-side=class title=known><span class=format!("side-tag {class}")>{tag}</span>
            <b class="cut"><bdi>{title}</bdi></b><span class="dim">{facts}</span></span>
    }
    .into_any()
}

fn levels(model: CompareModel) -> AnyView {
    let level = how::LEVELS.map(|(level, name, sentence)| {
        let on = move || model.level.get() == level;
        view! {
            <button class:on=on aria-pressed=move || on().to_string() data-level=name title=format!("{sentence} (v)")
                on:click=move |_| model.set_level(level)>{name}</button>
        }
    });
    view! { <span class="chip group" role="group" aria-label="What counts as different">{level}</span> }.into_any()
}

// ---- what is ignored ----------------------------------------------------

/// Chips of what is ignored, and a field for more.
fn ignores(model: CompareModel) -> AnyView {
    let wrong = model.wrong_ignore;
    let own = move || model.ignore.get();
    let usual = Memo::new(move |_| {
        let own = model.ignore.get();
        let is_own = |words: &String| own.iter().any(|ignore| how::ignored(ignore) == words);
        let all = model
            .view
            .value
            .with(|view| view.as_ref().map(|view| view.ignoring.clone()).unwrap_or_default());
        all.into_iter().filter(|words| !is_own(words)).collect::<Vec<_>>()
    });
    let add = move |event: ev::KeyboardEvent| {
        if event.key() != "Enter" {
            return;
        }
        event.prevent_default();
        match how::read_ignore(&event_target_value(&event)) {
            Ok(ignore) => model.type_ignore(ignore),
            Err(words) => wrong.set(words),
        }
    };
    // The field is empty again once what was typed has become a chip.
    let field = move || {
        model.ignore.track();
        view! {
            <input class="field ignore" data-field="ignore" aria-label="Ignore a pointer or a pattern" title="Enter adds it (i)"
                placeholder="+ /args/max, or a pattern" on:keydown=add on:input=move |_| wrong.set(String::new())
                aria-invalid=move || wrong.with(|wrong| !wrong.is_empty()).to_string() aria-describedby="ignore-wrong"/>
        }
    };
    view! {
        <div class="bar ignores" role="group" aria-label="Ignored">
            <span class="dim">"ignoring"</span>
            {move || usual.get().into_iter().map(|words| view! { <span class="tag" data-ignoring=words.clone()>{words.clone()}</span> }).collect_view()}
            {move || own().into_iter().map(|ignore| own_chip(model, ignore)).collect_view()}
            {field}
            {move || { let wrong = wrong.get(); (!wrong.is_empty()).then(|| view! { <span class="bad cut" id="ignore-wrong" role="alert" title=wrong.clone()>{wrong.clone()}</span> }) }}
        </div>
    }
    .into_any()
}

fn own_chip(model: CompareModel, ignore: Ignore) -> AnyView {
    let kind = match ignore {
        Ignore::Pointer(_) => "pointer",
        Ignore::Pattern(_) => "pattern",
    };
    let text = how::ignored(&ignore).to_owned();
    view! {
        <span class="chip" data-ignoring=text.clone() title=kind><bdi class="mono cut">{words::visible(&text)}</bdi>
            <button class="remove" aria-label=format!("Compare {text} again") on:click=move |_| model.toggle_ignore(ignore.clone())>"×"</button></span>
    }
    .into_any()
}

// ---- the report ---------------------------------------------------------

fn report(page: Page) -> AnyView {
    let is_done = Memo::new(move |_| page.compare.result().is_some());
    let buttons = move || {
        is_done.get().then(|| {
            let saves = bridge::bridge().saves_downloads().then(|| {
                view! {
                    <button class="btn" data-save-report="" title="Save the report as Markdown" on:click=move |_| save_report(page)>"Save…"</button>
                }
            });
            view! {
                <button class="btn" data-report="markdown" title="Copy the report as Markdown (Ctrl e)"
                    on:click=move |_| copy_report(page, false)>"Copy report"</button>
                <button class="btn" data-report="json" title="Copy the report as JSON Lines" on:click=move |_| copy_report(page, true)>"as JSON"</button>
                {saves}
            }
        })
    };
    view! { {buttons} }.into_any()
}

fn save_report(page: Page) {
    page.compare.report(false, move |report| match report {
        Ok(text) => browser::save("comparison.md", "text/markdown", &text),
        Err(report) => page.shell.notify(report),
    });
}
