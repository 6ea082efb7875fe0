//! Choosing what goes wrong on purpose.

use leptos::{ev, prelude::*};

use crate::{
    screen::replay::model::{
        ReplayModel,
        faults::{FAULTS, Fault, Field, Takes, compose, of_spec, split_place, usual, usual_place},
    },
    words,
};

/// The chooser: what is on, and what can be added.
pub(crate) fn faults(model: ReplayModel) -> AnyView {
    let on = Memo::new(move |_| model.options().faults);
    let open = RwSignal::new(None::<&'static str>);
    let list = move || {
        let on = on.get();
        if on.is_empty() {
            return view! { <p class="dim">"No faults: the stream is served as it was recorded. A fault applies to the requests after it; the recording is not changed."</p> }.into_any();
        }
        on.into_iter()
            .enumerate()
            .map(|(at, spec)| chip(model, at, &spec))
            .collect_view()
            .into_any()
    };
    let chooser = FAULTS.iter().map(|fault| {
        let is_open = move || open.get() == Some(fault.name);
        view! {
            <div class="fault" class:open=is_open data-fault=fault.name>
                <button type="button" class="fault-name" aria-expanded=move || is_open().to_string()
                    on:click=move |_| open.update(|open| *open = if *open == Some(fault.name) { None } else { Some(fault.name) })>
                    <span class="caret">{move || if is_open() { "▾" } else { "▸" }}</span>{fault.title}</button>
                {move || is_open().then(|| form(model, fault))}
            </div>
        }
    });
    view! {
        <div class="faults" data-pane="faults" data-state=move || if on.with(Vec::is_empty) { "empty" } else { "ready" }
            data-total=move || on.with(Vec::len).to_string()>
            {list}
            <h3 class="minor">"Add a fault"</h3>
            {chooser.collect_view()}
            {typed(model)}
        </div>
    }
    .into_any()
}

/// A fault that is on: its spec, what it does, and its end.
fn chip(model: ReplayModel, at: usize, spec: &str) -> AnyView {
    let sentence = of_spec(spec).map_or("A fault you type yourself.", |fault| fault.sentence);
    view! {
        <div class="fault-on" data-fault-on=spec.to_owned()>
            <div class="line"><code class="cut">{words::visible(spec)}</code><span class="sp"></span>
                <button type="button" class="remove" aria-label="Remove this fault" on:click=move |_| model.change(|options| {
                    if at < options.faults.len() {
                        options.faults.remove(at);
                    }
                })>"×"</button></div>
            <p class="dim">{sentence}</p>
        </div>
    }
    .into_any()
}

/// The fields of one fault.
fn form(model: ReplayModel, fault: &'static Fault) -> AnyView {
    let values = RwSignal::new(usual(fault));
    let wrong = RwSignal::new(String::new());
    let add = move |_| match compose(fault, &values.get_untracked()) {
        Ok(spec) => {
            wrong.set(String::new());
            model.change(|options| options.faults.push(spec));
        }
        Err(words) => wrong.set(words),
    };
    let fields = fault
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| input(values, at, field));
    view! {
        <div class="fault-form"><p class="dim">{fault.sentence}</p>
            <div class="line wrap">{fields.collect_view()}
                <button type="button" class="btn outline" data-add-fault=fault.name on:click=add>"Add"</button></div>
            <code class="faint">{move || values.with(|values| compose(fault, values)).unwrap_or_default()}</code>
            {move || { let wrong = wrong.get(); (!wrong.is_empty()).then(|| view! { <p class="bad" role="alert">{wrong}</p> }) }}
        </div>
    }
    .into_any()
}

fn input(values: RwSignal<Vec<String>>, at: usize, field: &'static Field) -> AnyView {
    let value = Signal::derive(move || values.with(|values| values.get(at).cloned().unwrap_or_default()));
    let write = move |text: String| {
        values.update(|values| {
            if let Some(value) = values.get_mut(at) {
                *value = text;
            }
        });
    };
    let typed = move |event: ev::Event| write(event_target_value(&event));
    let placeholder = field.unless.unwrap_or_default();
    let class = if matches!(field.takes, Takes::Text) {
        "field"
    } else {
        "field number"
    };
    let taken = match field.takes {
        Takes::OneOf(all) => {
            let options = all
                .iter()
                .map(|(name, words)| view! { <option value=*name selected=*name == field.usual>{*words}</option> });
            view! { <select class="field" data-fault-field=field.key on:change=typed>{options.collect_view()}</select> }.into_any()
        }
        Takes::Where(ways) => place(value, write, ways),
        Takes::Number | Takes::Time | Takes::Size | Takes::Text => {
            view! { <input class=class data-fault-field=field.key placeholder=placeholder prop:value=value on:input=typed/> }.into_any()
        }
    };
    view! { <label class="in-line"><span>{field.label}</span>{taken}</label> }.into_any()
}

/// Which events: a way of saying it, and its value.
fn place(
    value: Signal<String>,
    write: impl Fn(String) + Copy + 'static,
    ways: &'static [(&'static str, &'static str)],
) -> AnyView {
    let way = Memo::new(move |_| value.with(|value| split_place(value).0.to_owned()));
    let options = ways.iter().map(|(name, words)| {
        view! { <option value=*name selected=move || way.get() == *name>{*words}</option> }
    });
    let choose = move |event: ev::Event| {
        let way = event_target_value(&event);
        write(format!("{way}={}", usual_place(&way)));
    };
    let typed = move |event: ev::Event| write(format!("{}={}", way.get_untracked(), event_target_value(&event)));
    let is_type = move || way.get() == "type";
    view! {
        <select class="field" data-fault-field="way" on:change=choose>{options.collect_view()}</select>
        <input class="field" class:number=move || !is_type() data-fault-field="place" aria-label="Which"
            prop:value=move || value.with(|value| split_place(value).1.to_owned()) on:input=typed/>
    }
    .into_any()
}

/// A spec as the command line takes it; the engine answers what is wrong with it.
fn typed(model: ReplayModel) -> AnyView {
    let add = move |event: ev::KeyboardEvent| {
        if event.key() != "Enter" {
            return;
        }
        event.prevent_default();
        let spec = event_target_value(&event).trim().to_owned();
        if !spec.is_empty() {
            model.change(|options| options.faults.push(spec));
        }
    };
    // Empty again once what was typed is on.
    let field = move || {
        let _on = model.options().faults.len();
        view! { <input class="field wide" data-field="fault-spec" aria-label="A fault as the command line takes it"
        placeholder="or a spec of --fault, then Enter" on:keydown=add/> }
    };
    view! { {field} }.into_any()
}
