//! A made-up library and its sources.

use scrubjay_ipc::{
    AddSource, Check, Checklist, Code, Deleted, EditSource, EndingView, HealthView, Library, LibraryPage, LibraryRow,
    LibrarySort, Report, RunVerdict, Source, SourceList, SourceState, Switch, SwitchSource,
};

use super::{LIVE, story::Story};

/// What was captured, and where.
pub(super) struct Shelf {
    hidden: Vec<i64>,
    sources: Vec<Source>,
    added_ms: f64,
}

const TITLES: [&str; 8] = [
    "Find me a flight to Oslo under 200 €, and a hotel.",
    "Refund order 4711 and tell the customer",
    "What did we promise in the last release notes?",
    "GET /info",
    "Summarise the attached contract in five points",
    "Plan a week of dinners without nuts",
    "Why is the nightly build red?",
    "Delete all test users older than a month",
];

impl Shelf {
    pub(super) fn made() -> Self {
        let source = |name: &str, port: u16, upstream: &str, state| Source {
            name: name.to_owned(),
            listen: format!("127.0.0.1:{port}"),
            url: format!("http://127.0.0.1:{port}"),
            upstream: upstream.to_owned(),
            keep_secrets: false,
            keep_host: false,
            drain: false,
            state,
            open: u32::from(port == 5290),
            frames_per_sec: if port == 5290 { 21 } else { 0 },
            checklist: Checklist {
                listening: Check::Done,
                upstream_answers: Check::Done,
                first_request: Check::Done,
                first_bytes: Check::Done,
                first_event: Check::Done,
            },
        };
        let failed = SourceState::Failed {
            sentence: "Port 5292 is held by another program; choose another or stop that program.".to_owned(),
        };
        let sources = vec![
            source("shop", 5290, "http://localhost:8000/agui", SourceState::Recording),
            source("runtime", 5291, "http://localhost:4000/copilotkit", SourceState::Paused),
            source("staging", 5292, "https://agents.example.org", failed),
        ];
        let sources = if is_empty() { Vec::new() } else { sources };
        Self {
            hidden: Vec::new(),
            sources,
            added_ms: 0.0,
        }
    }

    pub(super) fn has(&self, exchange: i64) -> bool {
        (1..=240).contains(&exchange) && !self.hidden.contains(&exchange) && !is_empty()
    }

    pub(super) fn page(&self, ask: &Library, now_ms: f64) -> LibraryPage {
        let live = Story::of(LIVE, now_ms);
        let all: Vec<LibraryRow> = (1..=240)
            .rev()
            .filter(|id| self.has(*id))
            .map(|id| row(id, &live))
            .collect();
        let mut by_verdict: Vec<(RunVerdict, u64)> = Vec::new();
        let mut by_source: Vec<(String, u64)> = Vec::new();
        for row in &all {
            match by_verdict.iter_mut().find(|(verdict, _)| *verdict == row.verdict) {
                Some((_, n)) => *n += 1,
                None => by_verdict.push((row.verdict, 1)),
            }
            match by_source.iter_mut().find(|(source, _)| *source == row.source) {
                Some((_, n)) => *n += 1,
                None => by_source.push((row.source.clone(), 1)),
            }
        }
        by_verdict.sort_unstable();
        let total_unfiltered = all.len() as u64;
        let text = ask.text.to_lowercase();
        let wanted = |row: &LibraryRow| {
            row.title.to_lowercase().contains(&text)
                && ask.source.as_ref().is_none_or(|source| *source == row.source)
                && (ask.verdicts.is_empty() || ask.verdicts.contains(&row.verdict))
        };
        let mut rows: Vec<LibraryRow> = all.into_iter().filter(wanted).collect();
        match ask.sort {
            LibrarySort::NewestFirst => {}
            LibrarySort::OldestFirst => rows.reverse(),
            LibrarySort::LongestFirst => rows.sort_by_key(|row| std::cmp::Reverse(row.duration_us)),
            LibrarySort::MostFramesFirst => rows.sort_by_key(|row| std::cmp::Reverse(row.frames)),
            LibrarySort::MostFindingsFirst => rows.sort_by_key(|row| std::cmp::Reverse(row.errors + row.warnings)),
        }
        let total = rows.len() as u64;
        let rows = rows
            .into_iter()
            .skip(ask.first as usize)
            .take(ask.count as usize)
            .collect();
        LibraryPage {
            first: ask.first,
            total,
            total_unfiltered,
            rows,
            by_source,
            by_verdict,
        }
    }

    pub(super) fn delete(&mut self, exchanges: Vec<i64>) -> Deleted {
        self.hidden.extend(&exchanges);
        Deleted { exchanges }
    }

    pub(super) fn undelete(&mut self, exchanges: Vec<i64>) -> Deleted {
        self.hidden.retain(|id| !exchanges.contains(id));
        Deleted { exchanges }
    }

    pub(super) fn sources(&mut self, now_ms: f64) -> SourceList {
        let passed = now_ms - self.added_ms;
        if self.added_ms > 0.0
            && let Some(source) = self.sources.last_mut()
        {
            let done = |after: f64| if passed > after { Check::Done } else { Check::Waiting };
            source.checklist = Checklist {
                listening: Check::Done,
                upstream_answers: done(1_500.0),
                first_request: done(4_000.0),
                first_bytes: done(5_000.0),
                first_event: if passed > 6_000.0 {
                    Check::Failed {
                        sentence: "The answer is JSON, not an event stream: does the client ask for text/event-stream?"
                            .to_owned(),
                    }
                } else {
                    Check::Waiting
                },
            };
        }
        SourceList {
            sources: self.sources.clone(),
        }
    }

    pub(super) fn add(&mut self, ask: AddSource, now_ms: f64) -> Result<Source, Report> {
        if !ask.upstream.contains("http") && !ask.upstream.contains(':') {
            return Err(Report::new(
                Code::BadAddress,
                format!("“{}” is not an address that can be forwarded to.", ask.upstream),
                "Give a URL such as http://localhost:8000/agui.",
            ));
        }
        let port = 5_293 + self.sources.len() as u16;
        let source = Source {
            name: if ask.name.is_empty() {
                format!("agent{}", self.sources.len())
            } else {
                ask.name
            },
            listen: format!("127.0.0.1:{port}"),
            url: format!("http://127.0.0.1:{port}"),
            upstream: ask.upstream,
            keep_secrets: ask.keep_secrets,
            keep_host: false,
            drain: false,
            state: SourceState::Recording,
            open: 0,
            frames_per_sec: 0,
            checklist: Checklist {
                listening: Check::Done,
                ..Checklist::default()
            },
        };
        self.added_ms = now_ms;
        self.sources.push(source.clone());
        Ok(source)
    }

    pub(super) fn edit(&mut self, ask: EditSource) -> Result<Source, Report> {
        let source = self.find(&ask.name)?;
        source.name = ask.new_name;
        source.listen = ask.listen;
        source.upstream = ask.upstream;
        source.keep_secrets = ask.keep_secrets;
        Ok(source.clone())
    }

    pub(super) fn switch(&mut self, ask: &SwitchSource) -> Result<Source, Report> {
        let source = self.find(&ask.name)?;
        source.state = match ask.to {
            Switch::Record => SourceState::Recording,
            Switch::Pause => SourceState::Paused,
            Switch::Stop | Switch::Remove => SourceState::Stopped,
        };
        let source = source.clone();
        if ask.to == Switch::Remove {
            self.sources.retain(|known| known.name != ask.name);
        }
        Ok(source)
    }

    fn find(&mut self, name: &str) -> Result<&mut Source, Report> {
        let missing = || Report::new(Code::NotFound, format!("There is no source {name}."), "");
        self.sources
            .iter_mut()
            .find(|source| source.name == name)
            .ok_or_else(missing)
    }
}

/// `?mock=empty` shows a first start.
fn is_empty() -> bool {
    #[cfg(target_arch = "wasm32")]
    return crate::page::parameter("mock").as_deref() == Some("empty");
    #[cfg(not(target_arch = "wasm32"))]
    false
}

fn row(id: i64, live: &Story) -> LibraryRow {
    const VERDICTS: [RunVerdict; 8] = [
        RunVerdict::Success,
        RunVerdict::Error,
        RunVerdict::Success,
        RunVerdict::NoRun,
        RunVerdict::Interrupt,
        RunVerdict::Success,
        RunVerdict::None,
        RunVerdict::Cancelled,
    ];
    let n = (id as usize) % 8;
    let is_live = id == LIVE;
    let no_run = VERDICTS[n] == RunVerdict::NoRun;
    let started = now() - (240 - id) * 1_740_000 - 12_000;
    LibraryRow {
        exchange: id,
        run: (!no_run).then_some(0),
        source: if n == 3 { "runtime" } else { "shop" }.to_owned(),
        method: if no_run { "GET" } else { "POST" }.to_owned(),
        target: if no_run { "/copilotkit/info" } else { "/agui" }.to_owned(),
        status: Some(if n == 1 { 500 } else { 200 }),
        content_type: if no_run {
            "application/json"
        } else {
            "text/event-stream"
        }
        .to_owned(),
        run_id: if no_run {
            String::new()
        } else {
            format!("run_{:04x}", id * 7_919)
        },
        thread_id: if no_run {
            String::new()
        } else {
            format!("thread_{}", id / 3)
        },
        title: TITLES[n].to_owned(),
        verdict: if is_live && live.live {
            RunVerdict::Live
        } else {
            VERDICTS[n]
        },
        ending: match n {
            _ if is_live => EndingView::Open,
            6 => EndingView::UpstreamReset,
            7 => EndingView::ClientLeft,
            _ => EndingView::Complete,
        },
        started_at: "2026-11-20T12:04:13.678Z".to_owned(),
        started_at_millis: started,
        duration_us: if is_live {
            live.duration_us()
        } else {
            400_000 + (id as u64 * 7_919 % 97) * 310_000
        },
        ttft_us: (!no_run).then_some(240_000 + (id as u64 * 31 % 19) * 91_000),
        frames: if is_live {
            live.frames.len() as u64
        } else {
            12 + (id as u64 * 7_919) % 4_000
        },
        bytes: 1_800 + (id as u64 * 7_919 % 9_901) * 97,
        tools: (id % 4) as u32,
        errors: u32::from(n == 1) * 2,
        warnings: u32::from(n == 4),
        notes: u32::from(n == 5) * 3,
        labels: if n == 0 {
            vec![("branch".to_owned(), "main".to_owned())]
        } else {
            Vec::new()
        },
        first_seq: 1,
        last_seq: 12,
    }
}

fn now() -> i64 {
    #[cfg(target_arch = "wasm32")]
    return crate::page::wall_ms();
    #[cfg(not(target_arch = "wasm32"))]
    1_795_176_253_678
}

pub(super) fn health() -> HealthView {
    HealthView {
        store: "~/.local/share/scrubjay/store.db".to_owned(),
        read_only: false,
        store_bytes: 41_000_000,
        free_bytes: 3_100_000_000,
        low_disk: false,
        backlog_bytes: 0,
        version: "0.1.0".to_owned(),
    }
}
