//! The dock below the panes: what is wrong, a group a rule, and how to mend it.

use leptos::{ev, prelude::*};
use scrubjay_ipc::{MutedIn, ProblemGroup, ProblemRow, ProblemsView};

use crate::{
    part::{
        coded::coded,
        counts,
        list::list,
        note::failure_of,
        splitter::{Grows, Size, splitter},
    },
    screen::inspect::{
        model::{Inspect, problems::ProblemsModel},
        words,
    },
};

/// The dock: a bar that is always there, and what it opens.
pub(crate) fn dock(inspect: Inspect) -> AnyView {
    let model = inspect.problems;
    let size = Size::remembered("dock", 230.0, 120.0, 700.0);
    let state = move || {
        if !model.is_open.get() {
            return "closed";
        }
        model.groups.state(|_| true, |view| view.groups.is_empty())
    };
    view! {
        {move || model.is_open.get().then(|| splitter(size, Grows::Up, "Height of the problems"))}
        <section class="dock" class:open=move || model.is_open.get() aria-label="Problems" data-pane="problems" data-state=state
            data-as-of=move || inspect.seq.get().to_string() data-total=move || total(model).to_string()>
            <div class="ph">
                <button class="tab2" class:on=move || model.is_open.get() aria-expanded=move || model.is_open.get().to_string()
                    data-tab="problems" title="Problems (Ctrl j)" on:click=move |_| model.toggle()>
                    {move || if model.is_open.get() { "▾" } else { "▸" }}" Problems"</button>
                {move || counts(inspect)}
                <span class="sp"></span>
                {move || model.is_open.get().then(|| view! {
                    <span class="as-of">{move || words::as_of(inspect.seq.get())}</span>
                })}
            </div>
            {move || model.is_open.get().then(|| body(inspect, size))}
        </section>
    }
    .into_any()
}

fn total(model: ProblemsModel) -> u64 {
    let count = |view: &ProblemsView| view.groups.iter().map(|group| u64::from(group.found.count)).sum();
    model.groups.read(count).unwrap_or(0)
}

/// How many of each severity are not muted.
fn counts(inspect: Inspect) -> AnyView {
    let counted = inspect.problems.groups.value.with(|view| {
        let mut counted = [0_u32; 3];
        for group in view
            .iter()
            .flat_map(|view| &view.groups)
            .filter(|group| group.muted.is_none())
        {
            counted[group.found.severity as usize] += group.found.count;
        }
        counted
    });
    counts::counts(counted[2], counted[1], counted[0])
}

fn body(inspect: Inspect, size: Size) -> AnyView {
    let model = inspect.problems;
    let height = move || format!("{}px", size.px.get());
    let what = Memo::new(move |_| {
        let is_empty = model.groups.read(|view| view.groups.is_empty());
        (model.groups.report.with(Option::is_some), is_empty)
    });
    view! {
        <div class="dock-body" style:height=height>
            {move || match what.get() {
                (true, _) => failure_of(model.groups.report),
                (false, None) => view! { <p class="dim pad waiting">"Reading the findings…"</p> }.into_any(),
                (false, Some(true)) => none(model),
                (false, Some(false)) => view! { {groups(inspect)}{shown(inspect)} }.into_any(),
            }}
        </div>
    }
    .into_any()
}

fn none(model: ProblemsModel) -> AnyView {
    let rules = model.groups.read(|view| view.rules).unwrap_or(0);
    view! { <div class="pane-note"><p><span class="ok">"✓ "</span>{format!("No problems; {} checked.", words::many(u64::from(rules), "rule"))}</p>
        <p class="dim">"docs/rules.md explains each of them."</p></div> }
        .into_any()
}

// ---- groups -------------------------------------------------------------

fn groups(inspect: Inspect) -> AnyView {
    let model = inspect.problems;
    let key = move |event: ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" | "j" => model.step_group(1),
            "ArrowUp" | "k" => model.step_group(-1),
            "Enter" => model.walk(inspect, event.shift_key()),
            _ => return,
        }
        event.prevent_default();
    };
    // Groups that came again as they were keep their elements.
    let shown = Memo::new(move |_| model.groups.read(|view| view.groups.clone()).unwrap_or_default());
    view! {
        <div class="groups" role="listbox" tabindex="0" data-focus="" aria-label="Rules that were broken" on:keydown=key>
            {move || shown.with(|groups| groups.iter().map(|group| group_view(inspect, group)).collect_view())}
        </div>
    }
    .into_any()
}

fn group_view(inspect: Inspect, group: &ProblemGroup) -> AnyView {
    let model = inspect.problems;
    let rule = group.found.rule.clone();
    let is_chosen = {
        let rule = rule.clone();
        move || model.rule.with(|chosen| chosen.as_ref() == Some(&rule))
    };
    let is_chosen_too = is_chosen.clone();
    let click = move |event: ev::MouseEvent| {
        model.choose(Some(rule.clone()));
        model.walk(inspect, event.shift_key());
    };
    let places = if group.found.count == 1 {
        words::frame_or_request(group.found.first_seq)
    } else {
        format!(
            "{} – {}",
            words::frame_or_request(group.found.first_seq),
            words::frame_or_request(group.found.last_seq)
        )
    };
    let muted = group.muted.map(|muted| {
        let words = match muted {
            MutedIn::Here => "muted here",
            MutedIn::Everywhere => "muted",
        };
        view! { <span class="tag">{words}</span> }
    });
    let severity = words::severity(group.found.severity);
    view! {
        <div class="problem-group" role="option" class:sel=is_chosen class:muted=group.muted.is_some() aria-selected=move || is_chosen_too().to_string()
            data-rule=group.found.rule.clone() data-severity=severity data-count=group.found.count.to_string()
            title="Click to go to the next of them; Shift click goes to the previous one" on:click=click>
            <span class=format!("sev sev-{severity}")>{words::severity_sign(group.found.severity)}</span>
            <span class="cut">{words::leading(&group.title)}</span>
            {group.stop.then(|| view! { <span class="tag warn" title="The official client gives up at the first">"stops"</span> })}{muted}
            <span class="sp"></span><span class="faint">{places}</span><b class="num">{words::count(u64::from(group.found.count))}</b>
        </div>
    }
    .into_any()
}

// ---- the group that is looked at ----------------------------------------

fn shown(inspect: Inspect) -> AnyView {
    let model = inspect.problems;
    let group = Memo::new(move |_| model.group_here());
    view! {
        <div class="problem" tabindex="0" data-focus="">
            {move || group.get().map(|group| explained(inspect, &group))}
        </div>
        {findings(inspect)}
    }
    .into_any()
}

fn explained(inspect: Inspect, group: &ProblemGroup) -> AnyView {
    let part =
        |name: &'static str, words: &str| (!words.is_empty()).then(|| view! { <dt>{name}</dt><dd>{coded(words)}</dd> });
    let clients = (!group.clients.is_empty()).then(|| {
        let list: Vec<_> = group
            .clients
            .iter()
            .map(|client| view! { <span class="tag">{client.clone()}</span>" " })
            .collect();
        view! { <dt>"Clients that fail"</dt><dd>{list}</dd> }
    });
    view! {
        <div class="line"><h3>{words::leading(&group.title)}</h3><span class="rule mono faint">{group.found.rule.clone()}</span>
            <span class="sp"></span>{mutes(inspect, group)}</div>
        <p class="message"><bdi>{coded(&words::leading(&group.message))}</bdi></p>
        <dl class="explained">
            {part("Why", &group.explanation)}{part("In a client", &group.effect)}{part("To mend it", &group.fix)}{part("Protocol", &group.clause)}{clients}
        </dl>
        {move || { let refused = inspect.problems.refused.get(); (!refused.is_empty()).then(|| view! { <p class="bad" role="alert">{refused}</p> }) }}
    }
    .into_any()
}

fn mutes(inspect: Inspect, group: &ProblemGroup) -> AnyView {
    let model = inspect.problems;
    let button = |words: &'static str, name: &'static str, here: bool, muted: bool| {
        let rule = group.found.rule.clone();
        view! {
            <button class="btn outline" data-mute=name on:click=move |_| {
                let exchange = inspect.exchange.get_untracked().filter(|_| here);
                model.mute(rule.clone(), exchange, muted);
            }>{words}</button>
        }
    };
    match group.muted {
        None => view! { {button("Mute in this recording", "here", true, true)}{button("Mute everywhere", "everywhere", false, true)} }.into_any(),
        Some(MutedIn::Here) => button("Unmute", "unmute", true, false).into_any(),
        Some(MutedIn::Everywhere) => button("Unmute everywhere", "unmute", false, false).into_any(),
    }
}

/// The findings of the rule, a window of them.
fn findings(inspect: Inspect) -> AnyView {
    let model = inspect.problems;
    let rows = move || {
        model.rows.page.read(|page| {
            let rows = (page.first..).zip(&page.rows);
            rows.map(|(number, row)| finding_view(inspect, number, row))
                .collect_view()
        })
    };
    let attributes = view! {
        <{..} role="grid" tabindex="0" aria-label="Findings of this rule"
            aria-rowcount=move || model.rows.total().to_string()/>
    };
    view! { <div class="findings">{list(model.rows, attributes, rows)}</div> }.into_any()
}

fn finding_view(inspect: Inspect, number: u64, row: &ProblemRow) -> AnyView {
    let (inspect, model): (Inspect, ProblemsModel) = (inspect, inspect.problems);
    let seq = row.finding.seq;
    let is_here = move || inspect.seq.get() == seq;
    let mended = row.mended_at.map(|seq| format!(" · mended by {}", words::frame(seq)));
    let message = words::visible(&words::leading(&row.finding.message)) + &mended.unwrap_or_default();
    let whole = message.clone();
    view! {
        <div class="finding" role="row" class:sel=is_here aria-selected=move || is_here().to_string() aria-rowindex=(number + 1).to_string()
            data-seq=seq.to_string() title=whole on:click=move |_| model.visit(inspect, number, seq)>
            <span class="n" role="gridcell">{words::frame_or_request(seq)}</span>
            <span class="t" role="gridcell">{words::offset_short(row.at_us)}</span>
            <bdi class="cut" role="gridcell">{message}</bdi>
        </div>
    }
    .into_any()
}
