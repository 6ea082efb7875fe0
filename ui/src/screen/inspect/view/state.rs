//! The state tree as of the playhead, with what changed and who set it.

use leptos::{ev, prelude::*};
use scrubjay_ipc::{
    ChangeKind, Dropped, Lost, LostPath, ReadValue, Report, StateLine, StateTree, Target, ValueShape, ValueView, Write,
    WriteHistory, Writes,
};

use super::link::frame_link;
use crate::{
    bridge, browser,
    part::{
        coded::coded,
        list::list,
        note::{failure_of, note},
    },
    screen::inspect::{
        model::{Inspect, value::Read},
        words,
    },
};

pub(crate) fn state(inspect: Inspect) -> AnyView {
    let tree = inspect.tree;
    let pane = tree.list.page;
    let state = move || {
        pane.state(
            |view| view.as_of == inspect.seq.get(),
            |view| view.total == 0 && !tree.changed_only.get(),
        )
    };
    let as_of = move || pane.read(|view| view.as_of).unwrap_or(0).to_string();
    // Between state events the tree stays as it is, and so do its elements.
    let shown = Memo::new(move |_| pane.read(|view| view.lines.clone()).unwrap_or_default());
    let lines = move || shown.with(|lines| lines.iter().map(|line| line_view(inspect, line)).collect_view());
    let attributes = view! {
        <{..} role="tree" tabindex="0" data-focus="" aria-label="State"
            on:keydown=move |event| press_key(inspect, &event)/>
    };
    view! {
        <div class="side-body" data-pane="state" data-state=state data-as-of=as_of>
            <div class="sub">
                <label class="check"><input type="checkbox" prop:checked=move || tree.changed_only.get()
                    on:change=move |event| tree.changed_only.set(event_target_checked(&event))/>" Changed only"</label>
                <span class="sp"></span>
                {move || pane.read(base)}
            </div>
            {move || pane.read(|view| banner(inspect, view))}
            <div class="tree">
                {list(tree.list, attributes, lines)}
                {move || pane.read(|view| empty(inspect, view)).flatten()}
            </div>
            {whole(inspect)}
            {failure_of(pane.report)}
        </div>
    }
    .into_any()
}

/// The keys of the tree.
fn press_key(inspect: Inspect, event: &ev::KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() {
        return;
    }
    let is_used = match (event.key().as_str(), event.shift_key()) {
        ("ArrowRight", false) if event.alt_key() => open_below(inspect),
        _ if event.alt_key() => false,
        ("ArrowUp", true) => walk_writes(inspect, false),
        ("ArrowDown", true) => walk_writes(inspect, true),
        ("Enter", true) => go_to_setter(inspect),
        ("Enter", false) => read_focused(inspect),
        (_, true) => false,
        (key, false) => inspect.tree.key(key),
    };
    if is_used {
        event.prevent_default();
    }
}

/// Against what the changes are shown.
fn base(view: &StateTree) -> AnyView {
    let size = words::bytes(view.bytes);
    let words = match view.last_state_seq {
        Some(seq) => format!(
            "{} by {} · {size}",
            words::many(view.changes.len() as u64, "change"),
            words::frame(seq)
        ),
        None => format!("state of the input · {size}"),
    };
    view! { <span class="dim">{words}</span> }.into_any()
}

fn banner(inspect: Inspect, view: &StateTree) -> AnyView {
    let dropped = view.dropped.as_ref().map(|dropped| dropped_patch(inspect, dropped));
    let unknown = view.unknown_since.map(|since| {
        view! {
            <div class="still" role="status" data-banner="unknown">
                <b>{format!("Cannot tell the state since {}", words::frame_or_request(since))}</b>
                ": the client may hold another until a snapshot sets all of it."
            </div>
        }
    });
    let lost = view.lost.as_ref().map(|lost| lost_paths(inspect, lost));
    let after = view.after_stop.then(|| {
        view! {
            <div class="still" role="status" data-banner="after-stop">
                "The official client gave up before this moment. The pane shows what a more lenient client would hold."
            </div>
        }
    });
    view! { {unknown}{dropped}{lost}{after} }.into_any()
}

/// The last state event had no effect.
fn dropped_patch(inspect: Inspect, dropped: &Dropped) -> AnyView {
    let why = coded(dropped.why.trim_end_matches('.'));
    let before = match dropped.applied_seq {
        0 => "the request's input".into_any(),
        seq => frame_link(inspect, seq),
    };
    view! {
        <div class="still" role="status" data-banner="dropped">
            <b>"The patch of "</b>{frame_link(inspect, dropped.seq)}<b>" was dropped"</b>
            ": "{why}". The state is as of "{before}"."
        </div>
    }
    .into_any()
}

/// Lost paths that the line names.
const LOST_NAMED: usize = 6;

/// What differs from what the agent meant, since when, and until when.
fn lost_paths(inspect: Inspect, lost: &Lost) -> AnyView {
    let named: Vec<String> = lost.paths.iter().take(LOST_NAMED).map(lost_path).collect();
    let rest = (lost.paths.len() - named.len()) as u64 + lost.more;
    let rest = (rest > 0).then(|| format!(" and {rest} more"));
    let mend = match lost.mended_at {
        Some(seq) => view! { ". Mended by "{frame_link(inspect, seq)}"." }.into_any(),
        None => ". Nothing has mended it yet.".into_any(),
    };
    view! {
        <div class="still" role="status" data-banner="lost" data-since=lost.since.to_string()>
            <b>"Differs from what the agent meant since "</b>{frame_link(inspect, lost.since)}": lost "
            <bdi>{named.join(", ")}</bdi>{rest}{mend}
        </div>
    }
    .into_any()
}

fn lost_path(path: &LostPath) -> String {
    let pointer = words::visible(&path.pointer);
    match &path.value {
        Some(value) => format!("{pointer} {}", words::visible(value)),
        None if path.is_removed => format!("{pointer} (removed)"),
        None => pointer,
    }
}

fn empty(inspect: Inspect, view: &StateTree) -> Option<AnyView> {
    let tree = inspect.tree;
    if view.total > 0 {
        return None;
    }
    let words = if inspect.is_eventless() {
        "This exchange carries no events, so there is no state."
    } else if tree.changed_only.get() && view.any_state_event {
        "Nothing changed at the last state event."
    } else if view.any_state_event {
        "The state is empty here."
    } else if view.bytes <= 2 {
        "This agent has sent no state up to here; the input's state is {}."
    } else {
        "This agent has sent no state up to here."
    };
    Some(note(words))
}

fn line_view(inspect: Inspect, line: &StateLine) -> AnyView {
    let tree = inspect.tree;
    let (class, sign) = match line.change {
        Some(ChangeKind::Added) => ("added", "+"),
        Some(ChangeKind::Changed) => ("changed", "~"),
        Some(ChangeKind::Removed) => ("removed", "−"),
        None => ("", ""),
    };
    let is_branch = line.children > 0;
    let caret = match (is_branch, line.expanded) {
        (false, _) => "",
        (true, true) => "▾",
        (true, false) => "▸",
    };
    let pointer = StoredValue::new(line.pointer.clone());
    let is_focused = move || pointer.with_value(|pointer| tree.focus.with(|focus| focus.as_ref() == Some(pointer)));
    let click = move |_| {
        tree.focus.set(Some(pointer.get_value()));
        if is_branch {
            pointer.with_value(|pointer| tree.toggle(pointer));
        }
    };
    let open = move |_| {
        if !is_branch {
            inspect.value.open(pointer.get_value());
        }
    };
    view! {
        <div class=format!("tl {class}") role="treeitem" class:focus=is_focused data-pointer=line.pointer.clone()
            attr:aria-level=(line.depth + 1).to_string() aria-expanded=is_branch.then(|| line.expanded.to_string())
            style=format!("--depth:{}", line.depth.min(40)) title=line.pointer.clone() on:click=click on:dblclick=open>
            <span class="tl-caret">{caret}</span><span class="tl-sign">{sign}</span>
            {key_and_value(line)}<span class="sp"></span>{setter(inspect, line.set_by)}
        </div>
    }
    .into_any()
}

fn key_and_value(line: &StateLine) -> AnyView {
    let old = line.old.as_ref();
    let old = old.map(|old| view! { <bdi class="old">{words::visible(old)}</bdi><span class="faint">" → "</span> });
    let lost = line.lost.as_ref().map(ghost);
    let lost_below = (line.lost_below > 0 && !line.expanded).then(|| {
        view! { <span class="below lost" title="Lost inside, by dropped patches">{format!("lost: {}", line.lost_below)}</span> }
    });
    let below = (line.changes_below > 0 && !line.expanded)
        .then(|| view! { <span class="below" title="Changes inside">{format!("●{}", words::count(u64::from(line.changes_below)))}</span> });
    view! {
        <span class="tl-text"><bdi class="tl-key">{words::visible(&line.key)}</bdi>" "{old}{(!line.is_lost).then(|| value(line))}{lost}</span>
        {below}{lost_below}
    }
    .into_any()
}

/// What a dropped patch would have left in a place.
fn ghost(path: &LostPath) -> AnyView {
    let what = match &path.value {
        Some(value) => words::visible(value),
        None if path.is_removed => "removal".to_owned(),
        None => "a copy of what was lost".to_owned(),
    };
    let frame = words::frame(path.last);
    view! { <span class="ghost" data-lost=path.pointer.clone() title="A dropped patch would have left this here">" · lost: "<bdi>{what}</bdi>{format!(" ({frame})")}</span> }
        .into_any()
}

/// Who set a value, and the way there.
fn setter(inspect: Inspect, set_by: u32) -> AnyView {
    let visit = move |event: ev::MouseEvent| {
        event.stop_propagation();
        inspect.visit(Target::Seq(set_by));
    };
    view! {
        <button class="blame" tabindex="-1" title="Go to the event that set this (Shift Enter)" on:click=visit>
            {words::frame_or_request(set_by)}</button>
    }
    .into_any()
}

fn value(line: &StateLine) -> AnyView {
    let text = words::visible(&line.preview);
    let children = words::count(u64::from(line.children));
    match line.shape {
        ValueShape::Array => view! { <span class="tl-value dim">{format!("[{children}]")}</span> }.into_any(),
        ValueShape::Object if line.expanded => {
            view! { <span class="tl-value dim">{format!("{{{children}}}")}</span> }.into_any()
        }
        ValueShape::Object => {
            view! { <span class="tl-value dim">{format!("{{{children}}} ")}<bdi class="faint">{text}</bdi></span> }
                .into_any()
        }
        shape => {
            let class = match shape {
                ValueShape::String => "v-string",
                ValueShape::Number => "v-number",
                _ => "v-word",
            };
            let gone = if line.change == Some(ChangeKind::Removed) {
                " gone"
            } else {
                ""
            };
            view! { <bdi class=format!("tl-value {class}{gone}")>{text}</bdi> }.into_any()
        }
    }
}

fn go_to_setter(inspect: Inspect) -> bool {
    let Some(line) = inspect.tree.focused() else {
        return false;
    };
    inspect.visit(Target::Seq(line.set_by));
    true
}

/// Opens everything below the focused line.
fn open_below(inspect: Inspect) -> bool {
    let (Some(line), Some(exchange)) = (inspect.tree.focused(), inspect.exchange.get_untracked()) else {
        return false;
    };
    let (at, pointer) = (inspect.seq.get_untracked(), line.pointer);
    leptos::task::spawn_local(async move {
        let ask = ReadValue {
            exchange,
            at,
            pointer: pointer.clone(),
        };
        if let Ok(value) = bridge::ask(ask).await
            && let Ok(value) = serde_json::from_str(&value.text)
        {
            inspect.tree.open_below(&pointer, &value);
        }
    });
    true
}

/// The playhead goes to the write of the focused value before or behind it.
fn walk_writes(inspect: Inspect, forward: bool) -> bool {
    let (Some(line), Some(exchange)) = (inspect.tree.focused(), inspect.exchange.get_untracked()) else {
        return false;
    };
    let (at, pointer) = (inspect.seq.get_untracked(), line.pointer);
    leptos::task::spawn_local(async move {
        let ask = Writes {
            exchange,
            at,
            pointer: pointer.clone(),
            most: 2,
        };
        let Ok(writes) = bridge::ask(ask).await else { return };
        let before = writes.writes.iter().map(|write| write.seq).find(|seq| *seq < at);
        match if forward { writes.next } else { before } {
            Some(seq) => inspect.visit(Target::Seq(seq)),
            None => {
                let side = if forward { "after" } else { "before" };
                inspect
                    .remark
                    .set(format!("No write of {pointer} {side} {}", words::frame(at)));
            }
        }
    });
    true
}

fn read_focused(inspect: Inspect) -> bool {
    let Some(line) = inspect.tree.focused() else {
        return false;
    };
    inspect.value.open(line.pointer);
    true
}

/// One value, whole, below the tree, and who wrote it.
fn whole(inspect: Inspect) -> AnyView {
    let model = inspect.value;
    let is_open = Memo::new(move |_| model.pointer.with(Option::is_some));
    let panel = move || {
        is_open.get().then(|| {
            let as_of = move || model.value.with(|read| read.as_ref().map(|read| words::as_of(read.at)));
            let pointer = move || model.pointer.get().unwrap_or_default();
            let is_settled = move |read: &Read<_>| read.at == inspect.seq.get();
            let state = move || words::ready_if(model.value.with(|read| read.as_ref().is_some_and(is_settled)));
            view! {
                <div class="whole" data-pane="value" data-state=state data-value=pointer>
                    <div class="sub"><b class="mono cut"><bdi>{move || words::visible(&pointer())}</bdi></b>
                        <span class="dim">{as_of}</span><span class="sp"></span>{whole_buttons(inspect)}</div>
                    {move || model.value.with(|read| read.as_ref().map(|read| whole_text(&read.answer)))}
                    {move || model.writes().map(|writes| history(inspect, &writes))}
                </div>
            }
        })
    };
    view! { {panel} }.into_any()
}

fn whole_buttons(inspect: Inspect) -> AnyView {
    let model = inspect.value;
    let copy_path = move |_| browser::copy(&model.pointer.get_untracked().unwrap_or_default());
    let copy_value = move |_| {
        model.value.with_untracked(|read| {
            if let Some(Ok(value)) = read.as_ref().map(|read| &read.answer) {
                browser::copy(&value.text);
            }
        });
    };
    view! {
        <button class="btn" on:click=copy_path>"Copy path"</button>
        <button class="btn" on:click=copy_value>"Copy value"</button>
        <button class="btn" aria-label="Close" on:click=move |_| model.clear()>"×"</button>
    }
    .into_any()
}

fn whole_text(answer: &Result<ValueView, Report>) -> AnyView {
    match answer {
        Ok(value) => view! {
            <pre dir="auto">{words::visible(&value.text)}</pre>
            {value.cut.then(|| view! { <p class="dim">"Cut at 1 MB."</p> })}
        }
        .into_any(),
        Err(report) => view! { <p class="dim pad">{report.message.clone()}</p> }.into_any(),
    }
}

/// Who wrote a value, the newest first.
fn history(inspect: Inspect, writes: &WriteHistory) -> AnyView {
    let count = writes.writes.len() as u64;
    let more = if writes.more { " or more" } else { "" };
    let title = format!("written {}{more}", words::many(count, "time"));
    let line = |write: &Write| {
        let seq = write.seq;
        view! {
            <tr data-write=seq.to_string() on:click=move |_| inspect.visit(Target::Seq(seq))><td>{words::frame_or_request(seq)}</td>
                <td>{words::offset(write.at_us)}</td><td class="cut"><bdi>{words::visible(&write.value)}</bdi></td></tr>
        }
    };
    let next = writes.next.map(|seq| {
        view! { <span>" · next by "{frame_link(inspect, seq)}</span> }
    });
    let lines: Vec<_> = writes.writes.iter().map(line).collect();
    view! {
        <div class="history" data-writes=count.to_string()><p class="dim">{title}{next}</p>
            <table class="span-events"><tbody>{lines}</tbody></table></div>
    }
    .into_any()
}
