//! All about the frame under the playhead: verdict, fields, raw, hex.

use leptos::prelude::*;
use scrubjay_ipc::{Fate, Field, FindingEntry, FrameDetail, Kind, Operation, SpanDetail, SpanEvent, Target};

use super::{chat::interrupt, link::frame_link, run_card};
use crate::{
    browser,
    part::{coded::coded, note::failure, tab::tab},
    screen::inspect::{
        model::{Inspect, sides::DetailTab},
        words,
    },
};

const TABS: [(DetailTab, &str); 4] = [
    (DetailTab::Verdict, "Verdict"),
    (DetailTab::Fields, "Fields"),
    (DetailTab::Raw, "Raw"),
    (DetailTab::Hex, "Hex"),
];

pub(crate) fn detail(inspect: Inspect) -> AnyView {
    let sides = inspect.sides;
    let state = move || {
        if inspect.seq.get() == 0 {
            return "empty";
        }
        sides.detail.state(|view| view.seq == inspect.seq.get(), |_| false)
    };
    let as_of = move || sides.detail.read(|view| view.seq).unwrap_or(0).to_string();
    let tabs = TABS.map(|(tab, name)| {
        let choose = move |tab| sides.detail_tab.set(tab);
        self::tab(name, name.to_lowercase(), tab, move || sides.detail_tab.get(), choose)
    });
    view! {
        <section class="pane detail" aria-label="Detail" data-pane="detail" data-state=state data-as-of=as_of>
            <div class="ph">{move || sides.detail.read(head)}<span class="sp"></span><span class="tabs" role="tablist">{tabs}</span></div>
            <div class="body" tabindex="0" data-focus="">{move || body(inspect)}</div>
        </section>
    }
    .into_any()
}

fn head(view: &FrameDetail) -> AnyView {
    view! {
        <span class="gl" style=format!("background:var({})", words::kind_token(view.kind))></span>
        <b class="cut">{view.type_name.clone()}</b><span>{words::frame(view.seq)}</span>
    }
    .into_any()
}

fn body(inspect: Inspect) -> AnyView {
    let sides = inspect.sides;
    if inspect.seq.get() == 0 {
        return view! { <p class="dim pad">"Before the first event there is only the request. Press "<kbd>"→"</kbd>" to go to the first event."</p> }.into_any();
    }
    if let Some(report) = sides.detail.report.get() {
        return failure(&report);
    }
    let shown = sides.detail.read(|view| match sides.detail_tab.get() {
        DetailTab::Verdict => verdict(inspect, view),
        DetailTab::Fields => fields(view),
        DetailTab::Raw => raw(view),
        DetailTab::Hex => hex(view),
    });
    shown.into_any()
}

fn verdict(inspect: Inspect, view: &FrameDetail) -> AnyView {
    let findings: Vec<_> = view.findings.iter().map(finding).collect();
    let mended = view.mended_at.map(|seq| {
        view! { <p class="fine" data-mended=seq.to_string()>"What was lost by then is mended by "{frame_link(inspect, seq)}"."</p> }
    });
    let fine = view
        .findings
        .is_empty()
        .then(|| view! { <p class="fine"><span>"✓"</span>" Nothing wrong with this event."</p> });
    let interrupts: Vec<_> = view.interrupts.iter().map(|one| interrupt(inspect, one)).collect();
    view! {
        {findings}{fine}{mended}
        {interrupts}
        {operations(view)}
        {arrival(view)}
        {view.span.as_ref().map(|span| assembled(inspect, span))}
    }
    .into_any()
}

fn finding(finding: &FindingEntry) -> AnyView {
    let severity = words::severity(finding.severity);
    let message = words::leading(&finding.message);
    let (lead, rest) = first_sentence(&message);
    view! {
        <div class=format!("verdict {severity}") data-finding=finding.rule.clone()>
            <b>{words::severity_sign(finding.severity)}" "{coded(lead)}</b>
            {(!rest.is_empty()).then(|| view! { <p>{coded(rest)}</p> })}
            <p class="rule">{finding.rule.clone()}{finding.stop.then_some(" · the official client gives up here")}</p>
        </div>
    }
    .into_any()
}

fn first_sentence(text: &str) -> (&str, &str) {
    match text.find(". ") {
        Some(at) => (&text[..=at], text[at + 2..].trim()),
        None => (text, ""),
    }
}

fn operations(view: &FrameDetail) -> Option<AnyView> {
    let list = &view.operations;
    if list.is_empty() {
        return None;
    }
    let line = |(n, operation): (usize, &Operation)| {
        let (sign, class) = match operation.fate {
            Fate::Applied => ("✓", "ok"),
            Fate::Failed => ("✕", "bad"),
            Fate::Skipped => ("–", "faint"),
        };
        let from = operation
            .from
            .as_ref()
            .map(|from| view! { <span class="dim">" from "{words::visible(from)}</span> });
        // What a finding above says already is not said again.
        let is_said = view.findings.iter().any(|finding| finding.message == operation.reason);
        let reason = (!is_said && !operation.reason.is_empty())
            .then(|| view! { <p class="bad plain">{coded(&words::leading(&operation.reason))}</p> });
        view! {
            <tr><td>"op "{words::count(n as u64 + 1)}</td><td class=class>{sign}" "{operation.op.clone()}</td>
                <td><div class="op-parts"><span><bdi>{words::visible(&operation.path)}</bdi>{from}</span>
                    <bdi>{operation.value.as_deref().map(words::visible)}</bdi></div>{reason}</td></tr>
        }
    };
    let lines: Vec<_> = list.iter().take(200).enumerate().map(line).collect();
    let more = (list.len() > 200).then(
        || view! { <p class="dim">{format!("and {}", words::many(list.len() as u64 - 200, "more operation"))}</p> },
    );
    Some(view! { <table class="ops"><tbody>{lines}</tbody></table>{more} }.into_any())
}

fn arrival(view: &FrameDetail) -> AnyView {
    let together = match view.chunk_frames {
        0 | 1 => "alone in its chunk".to_owned(),
        n => format!("one of {} in its chunk", words::count(u64::from(n))),
    };
    let split = match view.chunk_boundaries.len() {
        0 => String::new(),
        1 => " · split over 2 chunks".to_owned(),
        n => format!(" · split over {} chunks", words::count(n as u64 + 1)),
    };
    let stamp = view.timestamp.as_ref().map(|(text, skew)| {
        let skew = skew.map(skew_words).unwrap_or_default();
        view! { <dt>"timestamp"</dt><dd>{text.clone()}<span class="dim">{skew}</span></dd> }
    });
    view! {
        <dl class="facts">
            <dt>"arrived"</dt><dd>{browser::clock_words(&view.wall)}<span class="dim">{format!(" · {} · Δ {}", words::offset(view.at_us), words::duration(view.gap_us))}</span></dd>
            <dt>"chunk"</dt><dd title="Chunks are counted from 1">{words::count(view.chunk + 1)}<span class="dim">{format!(" · {together}{split}")}</span></dd>
            <dt>"bytes"</dt><dd>{words::bytes(view.len)}<span class="dim">{format!(" at offset {}", words::count(view.offset))}</span></dd>
            {stamp}
        </dl>
    }
    .into_any()
}

fn assembled(inspect: Inspect, span: &SpanDetail) -> AnyView {
    let (first, last) = (span.first_seq, span.last_seq);
    let mut facts = vec![words::many(u64::from(span.frames), "event")];
    if span.open {
        facts.push("still open".to_owned());
    } else if span.duration_us > 0 {
        facts.push(words::duration(span.duration_us));
    }
    let facts = facts.join(" · ");
    let id = (!span.id.is_empty()).then(|| view! { <bdi class="mono">{words::visible(&span.id)}</bdi>" · " });
    let is_run = span.kind == Kind::Run;
    let text = (!span.text.is_empty()).then(|| {
        let text = view! { <pre class="assembled" dir="auto">{words::visible(&span.text)}</pre> };
        // What the card or the operations say in words already.
        match span.kind {
            Kind::Run | Kind::State => {
                view! { <details class="fold"><summary class="dim">"JSON of the event"</summary>{text}</details> }
                    .into_any()
            }
            _ => text.into_any(),
        }
    });
    let result = span.result.as_ref().map(|result| {
        view! { <h4>"result"</h4><pre class="assembled" dir="auto">{words::visible(result)}</pre> }
    });
    let jump = move |seq| frame_link(inspect, seq);
    let later = (span.later > 0).then(|| {
        let words = format!(
            "as of the playhead; {} follow",
            words::many(u64::from(span.later), "more event").replace("more events", "more")
        );
        view! { <p class="dim">{words}</p> }
    });
    let ordinal = span.ordinal;
    view! {
        <div class="span-card">
            <h3><span class="gl" style=format!("background:var({})", words::kind_token(span.kind))></span>
                {words::kind(span.kind)}" "<bdi>{words::visible(&span.name)}</bdi></h3>
            <p class="dim">{(!is_run).then_some(id)}{facts}" · "{jump(first)}{(last != first).then(|| view! { " – "{jump(last)} })}</p>
            {if is_run { run_card::facts(inspect, span) } else { ().into_any() }}
            {text}{result}{later}
            {(span.frames > 1).then_some(move || events(inspect, ordinal))}
        </div>
    }
    .into_any()
}

/// The events of a span around the playhead, with the gaps between them, and how many came when.
fn events(inspect: Inspect, ordinal: u32) -> Option<AnyView> {
    inspect.sides.span.value.with(|view| {
        let view = view.as_ref().filter(|view| view.span == ordinal)?;
        let here = inspect.seq.get_untracked();
        let line = |event: &SpanEvent| {
            let seq = event.seq;
            view! {
                <tr class:here=seq == here data-span-event=seq.to_string() on:click=move |_| inspect.step_to(Target::Seq(seq))>
                    <td>{words::frame(seq)}</td><td>{words::offset(event.at_us)}</td>
                    <td class="num">{format!("Δ {}", words::duration(event.gap_us))}</td><td>{event.type_name.clone()}</td>
                    <td class="num">{words::bytes(event.len)}</td></tr>
            }
        };
        let lines: Vec<_> = view.events.iter().map(line).collect();
        let left_out = (view.total as usize > view.events.len()).then(|| {
            let (first, last) = (view.first + 1, view.first + view.events.len() as u32);
            let words = format!("events {} – {} of {}", words::count(u64::from(first)), words::count(u64::from(last)), words::count(u64::from(view.total)));
            view! { <p class="dim">{words}</p> }
        });
        Some(view! { {sparkline(&view.rate)}<table class="span-events"><tbody>{lines}</tbody></table>{left_out} }.into_any())
    })
}

/// Events in equal parts of the time, as bars.
fn sparkline(rate: &[u32]) -> Option<AnyView> {
    let most = rate.iter().copied().max().filter(|most| *most > 0)?;
    let bar = |(place, count): (usize, &u32)| {
        let height = f64::from(*count) / f64::from(most) * 24.0;
        (*count > 0).then(|| format!("M{place} 24h0.8v-{height:.1}h-0.8z"))
    };
    let path: String = rate.iter().enumerate().filter_map(bar).collect();
    let title = format!(
        "Events over the time of this span: at most {} in one of {} equal parts",
        words::count(u64::from(most)),
        rate.len()
    );
    Some(
        view! {
            <svg class="sparkline" viewBox=format!("0 0 {} 24", rate.len()) preserveAspectRatio="none" role="img" aria-label=title>
                <path d=path></path></svg>
        }
        .into_any(),
    )
}

fn fields(view: &FrameDetail) -> AnyView {
    let line = |field: &Field| {
        let cut = field
            .cut
            .then(|| view! { <span class="dim">" … cut; Raw shows more"</span> });
        let unknown = (!field.known).then(
            || view! { <span class="tag" title="The schema of this event type has no such member">"unknown"</span> },
        );
        view! { <tr><td><bdi>{words::visible(&field.name)}</bdi>{unknown}</td><td><bdi dir="auto">{words::visible(&field.value)}</bdi>{cut}</td></tr> }
    };
    if view.fields.is_empty() {
        return view! { <p class="dim">"This frame is not a JSON object; Raw and Hex show its bytes."</p> }.into_any();
    }
    let lines: Vec<_> = view.fields.iter().map(line).collect();
    view! { <table class="fields"><tbody>{lines}</tbody></table> }.into_any()
}

fn raw(view: &FrameDetail) -> AnyView {
    let lossy = view
        .raw_lossy
        .then(|| view! { <p class="bad">"Some bytes are not UTF-8; Hex shows them."</p> });
    let decoded = view
        .raw_decoded
        .then(|| view! { <p class="dim">"Decoded from a binary record; Hex shows its bytes."</p> });
    let cut = view.raw_cut.then(|| view! { <p class="dim">"Cut at 256 KB."</p> });
    let text = view.raw.clone();
    view! {
        <div class="tools"><button class="btn" on:click=move |_| browser::copy(&text)>"Copy"</button></div>
        {lossy}{decoded}<pre class="raw" dir="auto">{words::visible(&view.raw)}</pre>{cut}
    }
    .into_any()
}

/// The first bytes, with a bar before each that began a new chunk.
fn hex(view: &FrameDetail) -> AnyView {
    let dump = hex_dump(&view.bytes, view.len, &view.chunk_boundaries);
    let note = match view.chunk_boundaries.len() {
        0 => "All of it came in one chunk.".to_owned(),
        n => format!(
            "It came in {} chunks; a bar marks where each begins.",
            words::count(n as u64 + 1)
        ),
    };
    view! { <p class="dim">{note}</p>{dump} }.into_any()
}

/// Bytes as text, sixteen a line; `starts` are offsets at which a chunk begins.
pub(super) fn hex_dump(bytes: &[u8], len: u64, starts: &[u64]) -> AnyView {
    let line = |(offset, bytes): (usize, &[u8])| {
        let cells: Vec<_> = bytes
            .iter()
            .enumerate()
            .map(|(n, byte)| {
                let starts_chunk = starts.contains(&((offset + n) as u64));
                view! { <i class:chunk=starts_chunk title=starts_chunk.then_some("A new chunk begins here")>{format!("{byte:02x}")}</i> }
            })
            .collect();
        let text: String = bytes.iter().map(|byte| words::hex_char(*byte)).collect();
        view! { <div class="hex-line"><span class="faint">{format!("{offset:04x}")}</span><span class="hex-cells">{cells}</span><span class="hex-text">{text}</span></div> }
    };
    let shown = bytes.len() as u64;
    let more = (len > shown)
        .then(|| view! { <p class="dim">{format!("The first {} of {}.", words::bytes(shown), words::bytes(len))}</p> });
    let lines: Vec<_> = words::hex_lines(bytes).into_iter().map(line).collect();
    view! { <div class="hex">{lines}</div>{more} }.into_any()
}

/// How far the event's own time is from its arrival.
fn skew_words(micros: i64) -> String {
    let length = words::duration(micros.unsigned_abs());
    match micros {
        0 => " · as it arrived".to_owned(),
        1.. => format!(" · {length} after arrival"),
        _ => format!(" · {length} before arrival"),
    }
}
