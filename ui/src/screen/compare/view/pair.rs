//! One pair: words, tree, times, and the state after it.

use leptos::prelude::*;
use scrubjay_ipc::{Change, ChangeKind, PairDetail, PairKind, TimingRow, TreeLine, WordPlace, WordRun};

use crate::{
    part::{note::failure, tab::counted},
    screen::Page,
    screen::compare::{
        commands,
        model::{CompareModel, PairTab},
        words as how,
    },
    words,
};

const TABS: [(PairTab, &str, &str); 4] = [
    (PairTab::Words, "Words", "words"),
    (PairTab::Tree, "Tree", "tree"),
    (PairTab::Timing, "Timing", "timing"),
    (PairTab::StateAfter, "State after", "state-after"),
];

pub(crate) fn pair(page: Page) -> AnyView {
    let model = page.compare;
    let state = move || {
        if model.chosen.get().is_none() {
            return "empty";
        }
        model
            .pair
            .state(|view| Some(view.row.pair) == model.chosen.get(), |_| false)
    };
    let as_of = move || model.pair.read(|view| view.row.pair.to_string());
    let tab = |(tab, name, id)| {
        counted(
            name,
            id,
            tab,
            move || model.tab.get(),
            move |tab| model.tab.set(tab),
            move || badge(model, tab),
        )
    };
    view! {
        <section class="pane pair" aria-label="The pair" data-pane="pair" data-state=state data-as-of=as_of>
            <div class="ph">{move || model.pair.read(|view| head(model, view))}<span class="sp"></span>
                <span class="tabs" role="tablist">{TABS.map(tab)}</span></div>
            <div class="body" tabindex="0" data-focus="">{move || body(page)}</div>
        </section>
    }
    .into_any()
}

fn head(model: CompareModel, view: &PairDetail) -> AnyView {
    let row = &view.row;
    let (sign, relation) = how::relation(row);
    let name = row
        .a
        .as_ref()
        .or(row.b.as_ref())
        .map(|side| side.name.clone())
        .unwrap_or_default();
    let threads = model.result().map(|result| result.threads).unwrap_or_default();
    let thread = threads.get(row.thread as usize).filter(|_| threads.len() > 1);
    let place = match thread {
        Some(thread) => format!("thread {}, turn {}", how::thread_name(thread), row.turn),
        None => format!("turn {}", row.turn),
    };
    view! {
        <span class=format!("count {}", how::class(row.kind))><i>{sign}</i>{relation}</span>
        <b class="cut"><bdi>{words::visible(&name)}</bdi></b><span class="faint cut">{words::visible(&place)}</span>
    }
    .into_any()
}

/// How much a tab has to show.
fn badge(model: CompareModel, tab: PairTab) -> Option<String> {
    let n = model.pair.value.with(|view| {
        let view = view.as_ref()?;
        let differs = |line: &&TreeLine| line.kind != PairKind::Same;
        Some(match tab {
            PairTab::Words => view.words.iter().filter(|run| run.place != WordPlace::Both).count() as u64,
            PairTab::Tree => view.tree.iter().filter(differs).count() as u64,
            PairTab::Timing => 0,
            PairTab::StateAfter => view.state_changes,
        })
    })?;
    (n > 0).then(|| format!(" {}", words::count(n)))
}

fn body(page: Page) -> AnyView {
    let model = page.compare;
    if model.chosen.get().is_none() {
        return view! { <p class="dim">"Choose a pair, or press "<kbd>"⏎"</kbd>" for the first divergence."</p> }
            .into_any();
    }
    if let Some(report) = model.pair.report.get() {
        return failure(&report);
    }
    let tab = model.tab.get();
    model.pair.value.with(|view| {
        let Some(view) = view else { return ().into_any() };
        let shown = match tab {
            PairTab::Words => word_runs(&view.words),
            PairTab::Tree => tree(&view.tree),
            PairTab::Timing => timing(&view.timing),
            PairTab::StateAfter => state_after(view),
        };
        view! { {sides(page, view)}{shown} }.into_any()
    })
}

/// Both ends, with the way to each in Inspect.
fn sides(page: Page, view: &PairDetail) -> AnyView {
    let side = |of_b: bool, cap: &'static str| {
        let side = if of_b { &view.row.b } else { &view.row.a };
        let (tag, class) = if of_b { ("B", "b") } else { ("A", "a") };
        let Some(side) = side else {
            return view! { <span class="end"><span class=format!("side-tag {class}")>{tag}</span><span class="faint">"nothing"</span></span> }.into_any();
        };
        let (exchange, first) = (side.exchange, side.first_seq);
        let open = move |_| {
            // At the pair itself, wherever the playhead has been put since.
            match page.compare.moment.get_untracked() {
                Some(_) => commands::open(page, of_b),
                None => page.inspect_exchange(exchange, Some(first)),
            }
        };
        let range = words::frames(side.first_seq, side.last_seq);
        view! {
            <span class="end"><span class=format!("side-tag {class}")>{tag}</span>
                <button class="link" data-open=class title=format!("Open in Inspect ({cap})") on:click=open>{range}</button>
                <bdi class="cut dim">{words::visible(&side.summary)}</bdi></span>
        }
        .into_any()
    };
    view! { <div class="ends">{side(false, "o")}{side(true, "⇧o")}</div> }.into_any()
}

fn none(words: &'static str) -> AnyView {
    view! { <p class="dim">{words}</p> }.into_any()
}

fn word_runs(runs: &[WordRun]) -> AnyView {
    if runs.is_empty() {
        return none("This pair has no text.");
    }
    let run = |run: &WordRun| {
        let (class, title) = match run.place {
            WordPlace::Both => ("both", ""),
            WordPlace::OnlyA => ("only-a", "only in A"),
            WordPlace::OnlyB => ("only-b", "only in B"),
            WordPlace::Alike => ("alike", "white space or case alone"),
        };
        let folded = (run.folded > 0).then(|| view! { <span class="folded">{format!(" … {} … ", words::many(u64::from(run.folded), "equal word"))}</span> });
        let text = words::visible(&run.text);
        match run.place {
            WordPlace::OnlyA => view! { <del class=class title=title>{text}</del> }.into_any(),
            WordPlace::OnlyB => view! { <ins class=class title=title>{text}</ins> }.into_any(),
            WordPlace::Both | WordPlace::Alike => {
                view! { <span class=class title=title>{text}{folded}</span> }.into_any()
            }
        }
    };
    view! { <div class="words" dir="auto" data-words="">{runs.iter().map(run).collect_view()}</div> }.into_any()
}

fn tree(lines: &[TreeLine]) -> AnyView {
    if lines.is_empty() {
        return none("This pair has no JSON to take apart.");
    }
    let value = |text: &Option<String>| text.as_deref().map(words::visible);
    let line = |line: &TreeLine| {
        let sign = if line.kind == PairKind::Same {
            ""
        } else {
            how::sign(line.kind)
        };
        let note = (!line.note.is_empty()).then(|| view! { <span class="note">{line.note.clone()}</span> });
        view! {
            <tr class=how::class(line.kind) data-pointer=line.pointer.clone() title=line.pointer.clone()>
                <td style=format!("--depth:{}", line.depth.min(40))><i>{sign}</i><bdi>{words::visible(&line.key)}</bdi></td>
                <td class="a"><bdi dir="auto">{value(&line.a)}</bdi></td><td class="b"><bdi dir="auto">{value(&line.b)}</bdi></td><td>{note}</td></tr>
        }
    };
    view! {
        <table class="two-sides diff-tree" data-tree=""><thead><tr><td></td><th>"A"</th><th>"B"</th><td></td></tr></thead>
            <tbody>{lines.iter().map(line).collect_view()}</tbody></table>
    }
    .into_any()
}

/// Part by part, with bars on one scale; what is within the runs' own spread is grey.
fn timing(rows: &[TimingRow]) -> AnyView {
    if rows.is_empty() {
        return none("This pair has no times to compare.");
    }
    let most = rows
        .iter()
        .flat_map(|row| [row.a_us, row.b_us])
        .flatten()
        .max()
        .unwrap_or(1)
        .max(1);
    let bar = |us: Option<u64>, class: &'static str| {
        let share = us.map_or(0.0, |us| us as f64 / most as f64 * 100.0);
        view! { <i class=format!("time-bar {class}") style=format!("width:{share:.1}%")></i> }
    };
    let time = |us: Option<u64>| us.map_or_else(|| "–".to_owned(), words::duration);
    let line = |row: &TimingRow| {
        let delta = row.a_us.zip(row.b_us).map(|(a, b)| how::delta(b as i64 - a as i64));
        let noise = row
            .noise
            .then(|| view! { <span class="note">" within the noise"</span> });
        view! {
            <tr class:noise=row.noise data-part=row.part.clone()><td>{row.part.clone()}</td><td class="num">{time(row.a_us)}</td><td class="num">{time(row.b_us)}</td>
                <td class="num">{delta}{noise}</td><td class="bars">{bar(row.a_us, "a")}{bar(row.b_us, "b")}</td></tr>
        }
    };
    view! {
        <table class="two-sides timing" data-timing=""><thead><tr><td></td><th class="num">"A"</th><th class="num">"B"</th><th class="num">"B − A"</th><td></td></tr></thead>
            <tbody>{rows.iter().map(line).collect_view()}</tbody></table>
    }
    .into_any()
}

fn state_after(view: &PairDetail) -> AnyView {
    if view.state_changes == 0 {
        return none("After this pair both sides hold the same state.");
    }
    let line = |change: &Change| {
        let (sign, class) = match change.change {
            ChangeKind::Added => ("+", "only-b"),
            ChangeKind::Changed => ("~", "changed"),
            ChangeKind::Removed => ("−", "only-a"),
        };
        let value = |text: &Option<String>| text.as_deref().map(words::visible);
        view! {
            <tr class=class data-pointer=change.pointer.clone()><td><i>{sign}</i><bdi>{words::visible(&change.pointer)}</bdi></td>
                <td class="a"><bdi dir="auto">{value(&change.old)}</bdi></td><td class="b"><bdi dir="auto">{value(&change.new)}</bdi></td></tr>
        }
    };
    let more = view.state_changes.saturating_sub(view.state_after.len() as u64);
    let more = (more > 0).then(|| view! { <p class="dim">{format!("and {} more", words::count(more))}</p> });
    view! {
        <p class="dim">"What turns A's state into B's, once both have had this pair."</p>
        <table class="two-sides" data-state-after=""><thead><tr><td></td><th>"A"</th><th>"B"</th></tr></thead><tbody>{view.state_after.iter().map(line).collect_view()}</tbody></table>
        {more}
    }
    .into_any()
}
