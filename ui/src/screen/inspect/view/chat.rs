//! The conversation as of the playhead, ending mid-word where the stream does.

use leptos::{ev, html, prelude::*};
use scrubjay_ipc::{ChatMessage, ChatWindow, Interrupt, Target, ToolCard};
use wasm_bindgen::{JsCast as _, JsValue};

use super::link::{self, frame_link};
use crate::{
    part::{
        coded::coded,
        note::{failure_of, note},
    },
    screen::inspect::{model::Inspect, words},
};

pub(crate) fn chat(inspect: Inspect) -> AnyView {
    let sides = inspect.sides;
    let state = move || {
        sides.chat.state(
            |view| view.as_of == inspect.seq.get(),
            |view| view.total == 0 && view.interrupts.is_empty(),
        )
    };
    let as_of = move || sides.chat.read(|view| view.as_of).unwrap_or(0).to_string();
    let messages = move || sides.chat.read(|view| view.messages.clone()).unwrap_or_default();
    let node = NodeRef::<html::Div>::new();
    // The last message stays in view, as in a chat, unless earlier ones were asked for.
    Effect::new(move |_| {
        sides.chat.value.track();
        if let Some(element) = node.get()
            && sides.chat_first.get_untracked().is_none()
        {
            request_animation_frame(move || element.set_scroll_top(element.scroll_height()));
        }
    });
    view! {
        <div class="side-body" data-pane="chat" data-state=state data-as-of=as_of>
            <div class="chat" node_ref=node tabindex="0" data-focus="" role="log" aria-live="off" aria-label="Conversation">
                {move || sides.chat.read(|view| before(inspect, view))}
                // Keyed, so that a message that did not change keeps its elements, and what was opened in it.
                <For
                    each=messages
                    key=key_of
                    children=move |message| message_view(inspect, &message)
                />
                {move || sides.chat.read(|view| after(inspect, view))}
                {failure_of(sides.chat.report)}
            </div>
            <div class="sub foot">{move || sides.chat.read(numbers)}</div>
        </div>
    }
    .into_any()
}

fn numbers(view: &ChatWindow) -> AnyView {
    view! { <span class="dim">{words::conversation(view)}</span> }.into_any()
}

/// What a message looks like: place, id, last frame, length of the text, whether it is open, its tools.
type Look = (u32, String, u32, usize, bool, Vec<(usize, bool, usize)>);

/// A message is drawn again when this differs.
fn key_of(message: &ChatMessage) -> Look {
    let tool = |card: &ToolCard| {
        (
            card.arguments.len(),
            card.open,
            card.result.as_ref().map_or(0, |result| result.len() + 1),
        )
    };
    let tools = message.tools.iter().map(tool).collect();
    (
        message.index,
        message.id.clone(),
        message.last_seq,
        message.text.len(),
        message.open,
        tools,
    )
}

/// What stands before the messages.
fn before(inspect: Inspect, view: &ChatWindow) -> AnyView {
    let earlier = (view.first > 0).then(|| {
        view! {
            <button class="btn earlier" on:click=move |_| inspect.sides.earlier()>
                {format!("{} earlier", words::many(u64::from(view.first), "message"))}
            </button>
        }
    });
    let none = (view.total == 0).then(|| {
        let words = if inspect.is_eventless() {
            "This exchange carries no events, so there is no conversation."
        } else {
            "No messages up to here. Rows show what else arrived: state, steps, activities."
        };
        note(words)
    });
    view! { {earlier}{none} }.into_any()
}

/// What stands behind the messages.
fn after(inspect: Inspect, view: &ChatWindow) -> AnyView {
    let later = (view.first + (view.messages.len() as u32) < view.total).then(|| {
        view! { <button class="btn earlier" on:click=move |_| inspect.sides.chat_first.set(None)>"To the last messages"</button> }
    });
    let stop = view.stop.clone().map(|stop| {
        view! {
            <div class="still" data-banner="stop"><b>"The official client gave up at "</b>
                {frame_link(inspect, stop.seq)}
                ": "{coded(&stop.message)}" "<span class="dim">{stop.rule}</span></div>
        }
    });
    let interrupts: Vec<_> = view.interrupts.iter().map(|one| interrupt(inspect, one)).collect();
    let missing = view.missing_since.map(|since| {
        let place = words::frame_or_request(since);
        view! {
            <div class="still" data-banner="missing"><b>{format!("Cannot tell since {place}")}</b>
                ": bytes that went to the client were not recorded. It may hold more than this."</div>
        }
    });
    let kept = view.kept_missing_since.map(|since| {
        let place = words::frame_or_request(since);
        view! {
            <div class="still" data-banner="missing"><b>{format!("Cannot tell since {place}")}</b>
                ": activities and reasoning in bytes that were not recorded. A snapshot has stated the rest."</div>
        }
    });
    view! { {interrupts}{later}{stop}{missing}{kept} }.into_any()
}

fn message_view(inspect: Inspect, message: &ChatMessage) -> AnyView {
    let class = match message.role.as_str() {
        "user" => "user",
        "assistant" => "assistant",
        "reasoning" => "reasoning",
        "tool" => "toolmsg",
        "activity" => "activity",
        _ => "other",
    };
    let class = format!("msg {class}");
    let body = body(inspect, message);
    if message.role == "reasoning" {
        let open = message.open;
        return view! { <details class=class open=open data-message=message.id.clone()>{reasoning_head(message)}{body}</details> }.into_any();
    }
    // The call that it answers shows the result already; the message itself is one line that opens.
    if let Some(call) = &message.answers {
        let head = answer_head(message, call);
        // A button inside a summary is out of reach for those who listen to the page.
        return view! {
            <div class="answer-of">
                <details class=class data-message=message.id.clone()>{head}{body}</details>
                {origin_button(inspect, message)}
            </div>
        }
        .into_any();
    }
    let lost = lost_paths(inspect, message);
    view! { <article class=class data-message=message.id.clone()>{message_head(inspect, message)}{body}{lost}</article> }
        .into_any()
}

/// What dropped patches of an activity have lost.
fn lost_paths(inspect: Inspect, message: &ChatMessage) -> AnyView {
    let Some(since) = message.lost.iter().map(|path| path.since).min() else {
        return ().into_any();
    };
    let paths: Vec<String> = message.lost.iter().map(|path| words::visible(&path.pointer)).collect();
    view! {
        <p class="dim">"It differs from what the agent meant since "{frame_link(inspect, since)}", whose patch was dropped: "
            <span class="mono">{paths.join(", ")}</span></p>
    }
    .into_any()
}

fn length(message: &ChatMessage) -> String {
    words::many(message.text.chars().count() as u64, "character")
}

fn message_head(inspect: Inspect, message: &ChatMessage) -> AnyView {
    let name = message.name.as_ref();
    let name = name.map(|name| view! { <bdi class="dim">{words::visible(name)}</bdi> });
    let agent = message.subagent.as_ref();
    let agent = agent.map(|agent| view! { <span class="tag">{words::visible(agent)}</span> });
    let locked = message
        .encrypted
        .then(|| view! { <span class="tag" title="The message holds an encrypted value">"encrypted"</span> });
    view! {
        <div class="msg-head"><b>{message.role.clone()}</b>{name}{agent}{locked}<span class="sp"></span>{origin_button(inspect, message)}</div>
    }
    .into_any()
}

fn reasoning_head(message: &ChatMessage) -> AnyView {
    view! {
        <summary><b>"reasoning"</b><span class="dim">{length(message)}{message.open.then_some(", arriving")}</span>
            <span class="sp"></span><span class="blame">{words::frame(message.first_seq)}</span></summary>
    }
    .into_any()
}

fn answer_head(message: &ChatMessage, call: &str) -> AnyView {
    view! {
        <summary><b>{message.role.clone()}</b><span class="dim cut">"answers "<bdi class="mono">{words::visible(call)}</bdi>
            {format!(" · {}", length(message))}</span></summary>
    }
    .into_any()
}

/// Where a message came from, and the way there.
fn origin_button(inspect: Inspect, message: &ChatMessage) -> AnyView {
    let first = message.first_seq;
    let origin = if message.from_input {
        "from the request".to_owned()
    } else {
        words::frame(first)
    };
    view! { <button class="blame" on:click=move |_| inspect.visit(Target::Seq(first))>{origin}</button> }.into_any()
}

fn body(inspect: Inspect, message: &ChatMessage) -> AnyView {
    let index = message.index;
    let skipped = message.text_skipped;
    let cut = (skipped > 0).then(|| view! { <p class="dim">{format!("… {} before this", words::bytes(skipped))}</p> });
    let text = (!message.text.is_empty() || (message.open && message.tools.is_empty())).then(|| {
        // Offsets count from the text's true start; what was left out is counted in bytes, so only whole texts lead back.
        let click = move |event: ev::MouseEvent| {
            if let Some(offset) = clicked_offset(&event).filter(|_| skipped == 0) {
                inspect.sides.find_cause(inspect, index, None, offset);
            }
        };
        let caret = message.open.then(|| view! { <span class="caret-end" aria-label="still arriving"></span> });
        view! { <div class="text" dir="auto" title="Click a character to go to its event" on:click=click>{words::visible(&message.text)}{caret}</div> }
    });
    let parts: Vec<_> = message
        .parts
        .iter()
        .map(|part| view! { <span class="tag">{words::visible(part)}</span> })
        .collect();
    let (parts_skipped, tools_skipped) = (u64::from(message.parts_skipped), u64::from(message.tools_skipped));
    let parts_cut = (parts_skipped > 0)
        .then(|| view! { <p class="dim">{format!("… {} not shown whole", words::many(parts_skipped, "part"))}</p> });
    let tools_cut = (tools_skipped > 0).then(
        || view! { <p class="dim">{format!("… {} not shown", words::many(tools_skipped, "more tool call"))}</p> },
    );
    let json = message
        .json
        .clone()
        .map(|json| view! { <pre class="json" dir="auto">{words::visible(&json)}</pre> });
    let tools: Vec<_> = (0..)
        .zip(&message.tools)
        .map(|(number, card)| tool(inspect, index, number, card))
        .collect();
    view! { {cut}{text}{parts}{parts_cut}{json}{tools}{tools_cut} }.into_any()
}

/// Offset, in UTF-16 units, of the character that was clicked.
fn clicked_offset(event: &ev::MouseEvent) -> Option<u64> {
    let target: web_sys::Element = event.current_target()?.dyn_into().ok()?;
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    let (node, offset) = text_at("caretPositionFromPoint", "offsetNode", "offset", x, y)
        .or_else(|| text_at("caretRangeFromPoint", "startContainer", "startOffset", x, y))?;
    let is_text = node.node_type() == web_sys::Node::TEXT_NODE && target.contains(Some(&node));
    is_text.then_some(offset)
}

/// The text at a point, by one of the two ways that browsers have; not every browser has both.
fn text_at(find: &str, node: &str, offset: &str, x: f64, y: f64) -> Option<(web_sys::Node, u64)> {
    let document = document();
    let find: js_sys::Function = js_sys::Reflect::get(&document, &find.into()).ok()?.dyn_into().ok()?;
    let place = find
        .call2(&document, &x.into(), &y.into())
        .ok()
        .filter(JsValue::is_object)?;
    let node = js_sys::Reflect::get(&place, &node.into()).ok()?.dyn_into().ok()?;
    let offset = js_sys::Reflect::get(&place, &offset.into()).ok()?.as_f64()?;
    Some((node, offset as u64))
}

fn tool(inspect: Inspect, message: u32, number: u32, card: &ToolCard) -> AnyView {
    let first = card.first_seq;
    let (word, class) = match (&card.result, card.open) {
        (Some(_), _) => ("answered", "ok"),
        (None, true) => ("arguments arriving", "busy"),
        (None, false) => ("waiting for the result", "busy"),
    };
    let broken = (!card.open && !card.arguments_valid && !card.arguments.is_empty())
        .then(|| view! { <p class="bad">"✕ These arguments are not JSON."</p> });
    let click = move |event: ev::MouseEvent| {
        if let Some(offset) = clicked_offset(&event) {
            inspect.sides.find_cause(inspect, message, Some(number), offset);
        }
    };
    let caret = card.open.then(|| view! { <span class="caret-end"></span> });
    let result = card.result.as_ref().map(|result| {
        view! { <div class="tool-result"><span class="dim">"result"</span><pre dir="auto">{words::visible(result)}</pre></div> }
    });
    view! {
        <div class="tool-card" data-call=card.id.clone()>
            <div class="msg-head"><span class="gl" style="background:var(--tool)"></span><b><bdi>{words::visible(&card.name)}</bdi></b>
                <span class=format!("state {class}")>{word}</span><span class="sp"></span>
                <button class="blame" on:click=move |_| inspect.visit(Target::Seq(first))>{words::frame_or_request(first)}</button></div>
            <pre class="args" dir="auto" on:click=click>{words::visible(&card.arguments)}{caret}</pre>
            {broken}{result}
        </div>
    }
    .into_any()
}

/// What a run waits for, and who answered it.
pub(super) fn interrupt(inspect: Inspect, interrupt: &Interrupt) -> AnyView {
    let schema = interrupt.response_schema.clone().map(|schema| {
        view! { <details><summary class="dim">"expected answer"</summary><pre dir="auto">{words::visible(&schema)}</pre></details> }
    });
    let id = interrupt.id.clone();
    view! {
        <div class="tool-card interrupt" data-interrupt=interrupt.id.clone()>
            <div class="msg-head"><b>"‖ waiting for a person"</b><span class="dim">{words::visible(&interrupt.reason)}</span></div>
            <div class="text" dir="auto">{words::visible(&interrupt.message)}</div>{schema}
            {move || link::answers(inspect, &id)}
        </div>
    }
    .into_any()
}
