//! How a recording is served: pace, ids, what is strict, where it holds.

use leptos::{ev, prelude::*};

use crate::screen::replay::{
    model::ReplayModel,
    words::{MISSES, PACES, Pace},
};

/// The controls; what they change holds at once for a replay that runs.
pub(crate) fn bar(model: ReplayModel) -> AnyView {
    let options = Memo::new(move |_| model.options());
    let text = move |read: fn(&scrubjay_ipc::ReplayOptions) -> String| Signal::derive(move || options.with(read));
    let exact = Signal::derive(move || options.with(|options| options.exact));
    let strict = Signal::derive(move || options.with(|options| options.strict));
    let whole = Signal::derive(move || options.with(|options| options.matching == "exact"));
    let hold = text(|options| options.hold.clone());
    let fallback = text(|options| options.fallback.clone());
    let seed = text(|options| options.seed.to_string());
    let seeded = move |text: String| {
        // What is no number leaves the seed as it is; the field shows it again.
        if let Ok(seed) = text.trim().parse() {
            model.change(|options| options.seed = seed);
        }
    };
    view! {
        <div class="bar options" role="group" aria-label="How it is served" data-pane="replay-options" data-state="ready">
            {pace(model)}
            <span class="chip group" role="group" aria-label="Ids">
                <button type="button" class:on=move || !exact.get() aria-pressed=move || (!exact.get()).to_string() data-ids="adapted"
                    title="threadId, runId and other ids of the request stand in place of the recorded ones"
                    on:click=move |_| model.change(|options| options.exact = false)>"adapted ids"</button>
                <button type="button" class:on=exact aria-pressed=move || exact.get().to_string() data-ids="exact"
                    title="The bytes as they were recorded, ids and all"
                    on:click=move |_| model.change(|options| options.exact = true)>"exact bytes"</button>
            </span>
            <label class="check" title="No upstream is contacted, each run is answered once, and runs that were not asked for are reported">
                <input type="checkbox" data-field="strict" prop:checked=strict
                    on:change=move |event| { let on = event_target_checked(&event); model.change(|options| options.strict = on); }/>"strict"</label>
            <label class="check" title="State, tools, context and forwarded properties must be as recorded too">
                <input type="checkbox" data-field="match" prop:checked=whole
                    on:change=move |event| {
                        let word = if event_target_checked(&event) { "exact" } else { "documented" };
                        model.change(|options| options.matching = word.to_owned());
                    }/>"exact input"</label>
            {on_miss(model)}
            {field("hold at", "hold", "a filter: tool:checkout", hold, move |text| model.change(|options| options.hold = text))}
            {field("misses go to", "fallback", "nowhere, or a URL", fallback, move |text| model.change(|options| options.fallback = text))}
            {field("seed", "seed", "0", seed, seeded)}
        </div>
    }
    .into_any()
}

/// A field that takes effect when it is left, or with Enter.
fn field(
    label: &'static str,
    id: &'static str,
    hint: &'static str,
    value: Signal<String>,
    take: impl Fn(String) + Copy + 'static,
) -> AnyView {
    let changed = move |event: ev::Event| {
        let text = event_target_value(&event).trim().to_owned();
        if text != value.get_untracked() {
            take(text);
        }
    };
    view! {
        <label class="in-line"><span>{label}</span>
            <input class=format!("field {id}") data-field=id placeholder=hint prop:value=value on:change=changed/></label>
    }
    .into_any()
}

/// What a request gets that nothing recorded answers.
fn on_miss(model: ReplayModel) -> AnyView {
    let word = Memo::new(move |_| {
        let word = model.options().on_miss;
        if word.is_empty() { "not-found".to_owned() } else { word }
    });
    let choose = move |event: ev::Event| {
        let word = event_target_value(&event);
        model.change(|options| options.on_miss = word);
    };
    let options = MISSES.map(|(name, title)| {
        view! { <option value=name selected=move || word.get() == name>{title}</option> }
    });
    view! {
        <label class="in-line"><span>"a miss"</span>
            <select class="field" data-field="on-miss" title="What a request without a match gets" on:change=choose>{options}</select></label>
    }
    .into_any()
}

fn pace(model: ReplayModel) -> AnyView {
    let pace = Memo::new(move |_| Pace::read(&model.options().pace));
    let choose = move |event: ev::Event| {
        let name = event_target_value(&event);
        model.change(|options| options.pace = Pace::named(&name).spec());
    };
    let options = PACES.map(|(name, title, sentence)| {
        view! { <option value=name title=sentence selected=move || pace.get().name() == name>{title}</option> }
    });
    let sentence = move || {
        let name = pace.get().name();
        PACES
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(.., sentence)| *sentence)
    };
    let numbered = move |event: ev::Event| {
        let number = event_target_value(&event).trim().replace(',', ".").parse::<f64>();
        if let Ok(number) = number.map(f64::abs) {
            model.change(|options| options.pace = pace.get_untracked().with_number(number).spec());
        }
    };
    let has_number = Memo::new(move |_| pace.get().number().map(|(_, unit)| unit));
    let number = move || {
        has_number.get().map(|unit| {
            view! {
                <span class="in-line"><input class="field number" data-field="pace-number" aria-label="Number of the pace" inputmode="decimal"
                    prop:value=move || pace.get().number().map(|(number, _)| number.to_string()) on:change=numbered/><span>{unit}</span></span>
            }
        })
    };
    view! {
        <label class="in-line"><span>"pace"</span>
            <select class="field" data-field="pace" title=sentence on:change=choose>{options}</select></label>
        {number}
    }
    .into_any()
}
