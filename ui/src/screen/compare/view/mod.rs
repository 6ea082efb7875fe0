//! The Compare screen: two runs, where they first part, and every pair beside each other.

pub(crate) mod lanes;
pub(crate) mod pair;
pub(crate) mod pairs;
pub(crate) mod toolbar;

use leptos::prelude::*;
use scrubjay_ipc::{CompareResult, CompareStage, Divergence, Ignore, PairRow, ThreadPairView};

use crate::{
    part::coded::coded,
    screen::compare::{model::CompareModel, words as how},
    screen::{Page, Screen},
    words,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Nothing,
    Refused,
    Working,
    Cancelled,
    Done,
}

pub(crate) fn screen(page: Page) -> AnyView {
    let model = page.compare;
    let phase = Memo::new(move |_| phase_of(model));
    let word = move || match phase.get() {
        Phase::Nothing | Phase::Cancelled => "empty",
        Phase::Refused => "error",
        Phase::Working => "loading",
        Phase::Done => "ready",
    };
    let as_of = move || model.chosen.get().map(|pair| pair.to_string());
    view! {
        <div class="compare" data-pane="compare" data-state=word data-as-of=as_of
            data-comparison=move || model.comparison.get().map(|comparison| comparison.to_string())>
            {move || match phase.get() {
                Phase::Nothing => nothing(page),
                _ => toolbar::toolbar(page),
            }}
            {move || match phase.get() {
                Phase::Nothing => ().into_any(),
                Phase::Refused => refused(page),
                Phase::Working => working(model),
                Phase::Cancelled => cancelled(model),
                Phase::Done => done(page),
            }}
        </div>
    }
    .into_any()
}

fn phase_of(model: CompareModel) -> Phase {
    if model.sides.with(Option::is_none) {
        return Phase::Nothing;
    }
    if model.view.report.with(Option::is_some) {
        return Phase::Refused;
    }
    model
        .view
        .value
        .with(|view| match view.as_ref().map(|view| &view.stage) {
            None | Some(CompareStage::Working(_)) => Phase::Working,
            Some(CompareStage::Cancelled) => Phase::Cancelled,
            Some(CompareStage::Failed(_)) => Phase::Refused,
            Some(CompareStage::Done(_)) => Phase::Done,
        })
}

/// No two runs are chosen.
fn nothing(page: Page) -> AnyView {
    let baseline = move || {
        match page.compare.baseline.get() {
        Some(baseline) => view! {
            <p data-baseline=""><span class="side-tag a">"A"</span><bdi>{baseline.name()}</bdi></p>
            <p class="dim">"Now open or choose another run and press "<kbd>"Ctrl ⇧b"</kbd>"."</p>
        }
        .into_any(),
        None => view! {
            <p class="dim">"Select two runs in the Library ("<kbd>"Space"</kbd>" or Ctrl click) and press Compare. Or take one, or all that are selected, as the baseline with "
                <kbd>"Ctrl b"</kbd>", and on others press "<kbd>"Ctrl ⇧b"</kbd>": threads are paired."</p>
        }
        .into_any(),
    }
    };
    view! {
        <div class="blank">
            <h2>"Compare two runs"</h2>
            <p>"See where the two first differ, what else differs, and what only follows from that."</p>
            {baseline}
            <button class="btn solid" on:click=move |_| page.shell.screen.set(Screen::Library)>"Choose in the Library"</button>
        </div>
    }
    .into_any()
}

fn refused(page: Page) -> AnyView {
    let model = page.compare;
    let report = model.view.report.get().or_else(|| {
        model
            .view
            .value
            .with(|view| match view.as_ref().map(|view| &view.stage) {
                Some(CompareStage::Failed(report)) => Some(report.clone()),
                _ => None,
            })
    });
    view! {
        <div class="blank" role="alert">
            <h2>{report.as_ref().map(|report| coded(&report.message))}</h2>
            <p class="dim">{report.map(|report| coded(&report.hint))}</p>
            <div class="line"><button class="btn outline" on:click=move |_| model.again()>"Try again"</button>
                <button class="btn outline" on:click=move |_| page.shell.screen.set(Screen::Library)>"Choose in the Library"</button></div>
        </div>
    }
    .into_any()
}

fn working(model: CompareModel) -> AnyView {
    let part = move || {
        model
            .view
            .value
            .with(|view| match view.as_ref().map(|view| &view.stage) {
                Some(CompareStage::Working(part)) => *part,
                _ => 0.0,
            })
    };
    view! {
        <div class="blank waiting" data-progress=move || part().to_string()>
            <p>"Comparing…"</p>
            <progress max="1" value=move || part().to_string() aria-label="Part compared"></progress>
            <button class="btn outline" data-cancel="" on:click=move |_| model.cancel()>"Cancel"</button>
        </div>
    }
    .into_any()
}

fn cancelled(model: CompareModel) -> AnyView {
    view! {
        <div class="blank">
            <h2>"The comparison was cancelled"</h2>
            <button class="btn outline" on:click=move |_| model.again()>"Compare again"</button>
        </div>
    }
    .into_any()
}

// ---- what came out ------------------------------------------------------

fn done(page: Page) -> AnyView {
    let model = page.compare;
    let result = Memo::new(move |_| model.result());
    view! {
        {move || result.get().map(|result| verdict(model, &result))}
        {lanes::lanes(model, page.shell)}
        <div class="compare-panes">
            {pairs::pairs(model)}
            {pair::pair(page)}
        </div>
    }
    .into_any()
}

/// Where they first part, how much differs, and how the times compare.
fn verdict(model: CompareModel, result: &CompareResult) -> AnyView {
    let sentence = match &result.first {
        Some(first) => divergence(model, how::first_label(result), first),
        None => {
            let sentence = how::same_sentence(result, model.level.get_untracked());
            view! { <p class="same-sentence" data-divergence="none"><span class="ok">"✓ "</span>{sentence}</p> }
                .into_any()
        }
    };
    let count = |(kind, count): (scrubjay_ipc::PairKind, u32)| {
        view! {
            <span class=format!("count {}", how::class(kind)) data-count=how::class(kind)><i>{how::sign(kind)}</i>
                {how::kind(kind)}" "<b>{words::count(u64::from(count))}</b></span>
        }
    };
    let ttft = result
        .ttft_delta_us
        .map(|us| view! { <span>"first text "<b>{how::delta(us)}</b></span> });
    view! {
        <div class="verdict-bar" data-pane="verdict" data-state="ready" data-as-of=model.comparison.get_untracked().map(|comparison| comparison.to_string())>
            {premise(model, result)}
            {sentence}
            {result.nothing_shared.clone().map(|words| view! { <p class="dim" data-nothing-shared="">{words}</p> })}
            {problems(model, result)}
            {threads(model, result)}
            <div class="line counts-line">{how::counts(&result.counts).into_iter().map(count).collect_view()}
                <span class="sp"></span><span class="dim">"B against A:"</span>
                <span>"length "<b>{how::delta(result.duration_delta_us)}</b></span>{ttft}</div>
        </div>
    }
    .into_any()
}

/// The threads, where there are several: a press goes to the first pair that differs.
fn threads(model: CompareModel, result: &CompareResult) -> Option<AnyView> {
    if result.threads.len() < 2 {
        return None;
    }
    let one = |known: &ThreadPairView| {
        let pair = known.pair;
        let class = if known.differences > 0 {
            "chip thread differs"
        } else {
            "chip thread"
        };
        let title = match known.paired_by.as_str() {
            "" => "Only one side has this thread".to_owned(),
            by => format!("Paired by {by}"),
        };
        view! {
            <button class=class data-thread=how::thread_name(known) title=title on:click=move |_| { model.visit_pair(pair); }>
                <bdi class="cut">{words::visible(&how::thread_name(known))}</bdi><b>{how::threads(known)}</b></button>
        }
    };
    let threads = result.threads.iter().map(one).collect_view();
    Some(view! { <div class="line threads-line" data-threads=result.threads.len().to_string()><span class="dim">"threads"</span>{threads}</div> }.into_any())
}

/// Problems that only one side has: a line for each side, and a press goes to the row.
fn problems(model: CompareModel, result: &CompareResult) -> AnyView {
    let known = &result.problems;
    let line = |side: usize| {
        let (name, class) = how::SIDES[side];
        let is_here = |row: &&PairRow| how::lone(row).is_some_and(|(of, _)| of == side);
        let shown: Vec<_> = known
            .rows
            .iter()
            .filter(is_here)
            .map(|row| problem(model, row))
            .collect();
        let more = known.counts[side].saturating_sub(shown.len() as u32);
        let more = (more > 0).then(|| view! { <span class="dim">{format!("and {more} more")}</span> });
        (known.counts[side] > 0).then(|| view! {
            <p class="line lone-problems" data-lone-problems=class><span class="dim">"Only "</span><span class=format!("side-tag {class}")>{name}</span>{shown}{more}</p>
        })
    };
    [line(0), line(1)].collect_view().into_any()
}

fn problem(model: CompareModel, row: &PairRow) -> Option<AnyView> {
    let (_, side) = how::lone(row)?;
    let pair = row.pair;
    let (rule, summary) = (words::visible(&side.name), words::visible(&side.summary));
    Some(
        view! {
            <button class="btn outline small" data-lone-problem=pair.to_string() title=summary on:click=move |_| { model.visit_pair(pair); }>
                <bdi>{rule}</bdi><span class="dim">{words::frame(side.first_seq)}</span></button>
        }
        .into_any(),
    )
}

/// What was asked otherwise, before what the agent did.
fn premise(model: CompareModel, result: &CompareResult) -> Option<AnyView> {
    let premise = result.premise.as_ref()?;
    let pair = premise.pair;
    let sentence = words::visible(&premise.sentence);
    Some(
        view! {
            <p class="divergence" data-premise=pair.to_string()><button class="link jump" on:click=move |_| { model.visit_pair(pair); }>
                <span class="dim">"You asked differently: "</span><bdi>{sentence}</bdi></button></p>
        }
        .into_any(),
    )
}

fn divergence(model: CompareModel, label: &'static str, first: &Divergence) -> AnyView {
    let recovers = first
        .recovers
        .then(|| view! { <span class="tag">"the two agree again later"</span> });
    let values = (first.a_value.is_some() || first.b_value.is_some()).then(|| {
        let ignored = first.path.clone();
        let path = (!first.path.is_empty()).then(|| {
            view! {
                <bdi class="mono dim">{words::visible(&first.path)}</bdi>
                <button class="btn outline small" data-ignore-path="" title="Compare without what stands there"
                    on:click=move |_| model.toggle_ignore(Ignore::Pointer(ignored.clone()))>"ignore"</button>
            }
        });
        let value = |value: &Option<String>| match value {
            Some(text) => view! { <bdi class="mono">{words::visible(text)}</bdi> }.into_any(),
            None => view! { <span class="faint">"nothing"</span> }.into_any(),
        };
        view! {
            <span class="values">{path}<span class="side-tag a">"A"</span>{value(&first.a_value)}
                <span class="side-tag b">"B"</span>{value(&first.b_value)}</span>
        }
    });
    view! {
        <p class="divergence" data-divergence=first.pair.to_string()>
            <button class="link jump" data-first="" title="To where they part (Enter)" on:click=move |_| model.first_divergence()>
                <span class="dim">{label}</span><b><bdi>{words::visible(&first.sentence)}</bdi></b></button>
            <kbd>"⏎"</kbd>{recovers}{values}
        </p>
    }
    .into_any()
}

/// The line at the bottom of the window.
pub(crate) fn status(page: Page) -> AnyView {
    let model = page.compare;
    let moment = move || {
        model
            .moment
            .get()
            .map(|moment| format!("A {} · B {}", words::frame(moment.a.1), words::frame(moment.b.1)))
    };
    // Moving on must not hide that a row was taken.
    let taken = move || {
        model.taken.get().map(|_| {
            view! { <span class="busy" role="status" data-status="taken">"Row taken. Choose its partner and press p, or Esc to cancel."</span> }
        })
    };
    view! {
        <b data-status="moment">{moment}</b>{taken}
        {move || model.remark.with(|remark| (!remark.is_empty()).then(|| view! {
            <span class="busy" role="status" data-status="remark">{remark.clone()}</span>
        }))}
    }
    .into_any()
}
