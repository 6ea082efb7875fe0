//! What is around the screens: which one, theme, sources, health, messages.

use leptos::prelude::*;
use scrubjay_ipc::{Health, HealthView, News, Report, Source, SourceState, Sources};

use super::{density::Density, keyboard::Keyboard};
use crate::{
    bridge::{
        self,
        asker::{Answered, Asker},
    },
    browser,
    screen::{
        compare::model::CompareModel,
        inspect::model::{Inspect, follow::Follow, problems::ProblemsModel},
        library::model::{LibraryModel, picks::Picks},
        replay::model::ReplayModel,
    },
};

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    Library,
    Inspect,
    Compare,
    Replay,
}

impl Screen {
    /// All of them, in the order of their keys.
    pub(crate) const ALL: [Self; 4] = [Self::Library, Self::Inspect, Self::Compare, Self::Replay];

    /// Its name in addresses and attributes.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::Inspect => "inspect",
            Self::Compare => "compare",
            Self::Replay => "replay",
        }
    }

    /// The screen of a name.
    pub(crate) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.word() == word)
    }
}

/// Which theme a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThemeChoice {
    System,
    Light,
    Dark,
}

/// A file being opened.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) name: String,
    pub(crate) part: f64,
    pub(crate) import: Option<StoredValue<bridge::Import, LocalStorage>>,
}

/// Everything around the screens, and the screens' models.
#[derive(Clone, Copy)]
pub(crate) struct Shell {
    pub(crate) screen: RwSignal<Screen>,
    pub(crate) theme: RwSignal<ThemeChoice>,
    /// Counts up when the colours may have changed, so that the canvas reads them again.
    pub(crate) colours: RwSignal<u32>,
    pub(crate) help: RwSignal<bool>,
    pub(crate) settings: RwSignal<bool>,
    pub(crate) density: RwSignal<Density>,
    pub(crate) keyboard: RwSignal<Keyboard>,
    pub(crate) notice: RwSignal<Option<Report>>,
    pub(crate) said: RwSignal<String>,
    pub(crate) health: RwSignal<Option<HealthView>>,
    pub(crate) sources: RwSignal<Option<Vec<Source>>>,
    pub(crate) opening: RwSignal<Option<Opening>>,
    /// The source made on the first-run card, until the card is closed.
    pub(crate) first_source: RwSignal<Option<String>>,
    /// Counts up when the first-run card was closed, or asked for again.
    guide: RwSignal<u32>,
    pub(crate) library: LibraryModel,
    pub(crate) inspect: Inspect,
    pub(crate) problems: ProblemsModel,
    pub(crate) compare: CompareModel,
    pub(crate) replay: ReplayModel,
    /// Runs selected beside each other in the library.
    pub(crate) picks: Picks,
    sources_asker: StoredValue<Option<Asker<Sources>>, LocalStorage>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let theme = match browser::recall("theme").as_deref() {
            Some("light") => ThemeChoice::Light,
            Some("dark") => ThemeChoice::Dark,
            _ => ThemeChoice::System,
        };
        let inspect = Inspect::new();
        let this = Self {
            screen: RwSignal::new(Screen::Library),
            theme: RwSignal::new(theme),
            colours: RwSignal::new(0),
            help: RwSignal::new(false),
            settings: RwSignal::new(false),
            density: RwSignal::new(Density::named(&browser::recall("density").unwrap_or_default())),
            keyboard: RwSignal::new(Keyboard {
                singles: browser::recall("single-keys").as_deref() != Some("off"),
                ..Keyboard::default()
            }),
            notice: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            health: RwSignal::new(None),
            sources: RwSignal::new(None),
            opening: RwSignal::new(None),
            first_source: RwSignal::new(None),
            guide: RwSignal::new(0),
            library: LibraryModel::new(),
            inspect,
            problems: ProblemsModel::new(inspect),
            compare: CompareModel::new(),
            replay: ReplayModel::new(),
            picks: Picks::new(),
            sources_asker: StoredValue::new_local(None),
        };
        this.sources_asker
            .set_value(Some(Asker::new(move |answered: Answered<Sources>| {
                match answered.answer {
                    Ok(list) => this.sources.set(Some(list.sources)),
                    Err(report) => this.notice.set(Some(report)),
                }
            })));
        this.ask_sources();
        leptos::task::spawn_local(async move {
            if let Ok(health) = bridge::ask(Health {}).await {
                this.health.set(Some(health));
            }
        });
        bridge::listen(move |news| this.hear(news));
        this.watch_title();
        this.watch_places();
        this.watch_problems();
        this
    }

    /// Asks for the sources again.
    pub(crate) fn ask_sources(self) {
        if let Some(asker) = self.sources_asker.get_value() {
            asker.ask(Sources {});
        }
    }

    fn hear(self, news: News) {
        match news {
            News::Library => self.library.changed(),
            News::Sources => self.ask_sources(),
            News::Grown { exchange, .. } => self.inspect.grown(exchange),
            News::Began { exchange } => self.began(exchange),
            News::Health(health) => self.health.set(Some(health)),
            News::Compared { comparison } => self.compare.further(comparison),
            News::Replays => self.replay.changed(),
        }
    }

    /// A run began: a window that follows goes there.
    fn began(self, exchange: i64) {
        let inspect = self.inspect;
        let follows = inspect.follow.get_untracked() == Follow::Following;
        let has_ended = !inspect.tail_now().live;
        if self.screen.get_untracked() == Screen::Inspect && follows && has_ended {
            inspect.open(exchange, None);
        }
        self.library.changed();
    }

    /// Opens an exchange in Inspect.
    pub(crate) fn inspect_exchange(self, exchange: i64, first_seq: Option<u32>) {
        self.inspect.open(exchange, first_seq);
        self.screen.set(Screen::Inspect);
    }

    /// Tells a failure.
    pub(crate) fn tell(self, report: Report) {
        self.said.set(report.message.clone());
        self.notice.set(Some(report));
    }

    /// Whether what is open takes nothing in: a file, or a store that cannot be written.
    pub(crate) fn is_read_only(self) -> bool {
        self.health
            .with(|health| health.as_ref().is_some_and(|health| health.read_only))
    }

    /// Shows the first-run card where it has something to say, or closes it for good.
    pub(crate) fn show_guide(self, shows: bool) {
        self.first_source.set(None);
        if let Some(name) = untrack(move || self.guide_name()) {
            browser::remember(&name, if shows { "open" } else { "closed" });
        }
        self.guide.update(|turn| *turn += 1);
    }

    /// Whether the first-run card may be shown: something can be recorded, and nobody closed it here.
    pub(crate) fn may_guide(self) -> bool {
        self.guide.track();
        let name = self.guide_name().filter(|_| !self.is_read_only());
        name.is_some_and(|name| browser::recall(&name).as_deref() != Some("closed"))
    }

    /// Another store has a first run of its own.
    fn guide_name(self) -> Option<String> {
        self.health
            .with(|health| Some(format!("guide.{}", health.as_ref()?.store)))
    }

    /// A failure was about the place where it happened; elsewhere it is old news.
    fn watch_places(self) {
        Effect::new(move |before: Option<(Screen, Option<i64>)>| {
            let now = (self.screen.get(), self.inspect.exchange.get());
            if before.is_some_and(|before| before != now) {
                self.notice.set(None);
            }
            now
        });
    }

    /// Frames a second over all sources that record.
    pub(crate) fn rate(self) -> u32 {
        self.sources
            .with(|sources| sources.iter().flatten().map(|source| source.frames_per_sec).sum())
    }

    /// Sources that record now.
    pub(crate) fn recording(self) -> Vec<Source> {
        self.sources.with(|sources| {
            let live = sources
                .iter()
                .flatten()
                .filter(|source| source.state == SourceState::Recording);
            live.cloned().collect()
        })
    }

    /// The source of the open exchange, if it is known.
    pub(crate) fn source_here(self) -> Option<Source> {
        let name = self
            .inspect
            .opened
            .with(|opened| opened.as_ref().map(|opened| opened.source.clone()))?;
        self.sources
            .with(|sources| sources.iter().flatten().find(|source| source.name == name).cloned())
    }

    /// The window's title tells the truth when the window is minimised.
    fn watch_title(self) {
        let title = Memo::new(move |_| {
            let mut parts = Vec::new();
            if !self.recording().is_empty() {
                parts.push(format!("● {} ev/s", self.rate()));
            }
            match self.inspect.tail().problems {
                0 => {}
                1 => parts.push("1 problem".to_owned()),
                n => parts.push(format!("{n} problems")),
            }
            parts.push("Scrubjay".to_owned());
            parts.join(" · ")
        });
        Effect::new(move |_| bridge::set_title(&title.get()));
    }

    /// Says that problems arrived, at most as often as facts are asked for, and only when the playhead stays behind.
    fn watch_problems(self) {
        let problems = Memo::new(move |_| (self.inspect.exchange.get(), self.inspect.tail().problems));
        Effect::new(move |before: Option<(Option<i64>, u32)>| {
            let now = problems.get();
            let is_detached = matches!(self.inspect.follow.get_untracked(), Follow::Detached { .. });
            if let Some((exchange, known)) = before
                && exchange == now.0
                && now.1 > known
                && is_detached
            {
                self.said.set(format!("{} problems in this exchange", now.1));
            }
            now
        });
    }

    /// Single characters are keys, or need Control and Alt.
    pub(crate) fn set_singles(self, on: bool) {
        self.keyboard.update(|keyboard| keyboard.singles = on);
        browser::remember("single-keys", if on { "on" } else { "off" });
    }

    /// How close rows stand.
    pub(crate) fn set_density(self, density: Density) {
        self.density.set(density);
        browser::remember("density", density.word());
    }

    /// Light, dark, or as the system.
    pub(crate) fn set_theme(self, theme: ThemeChoice) {
        self.theme.set(theme);
        browser::remember(
            "theme",
            match theme {
                ThemeChoice::System => "system",
                ThemeChoice::Light => "light",
                ThemeChoice::Dark => "dark",
            },
        );
    }

    /// Saves the open exchange: a dialog in the window, a download in a browser.
    pub(crate) fn save(self) {
        let Some(exchange) = self.inspect.exchange.get_untracked() else {
            return;
        };
        leptos::task::spawn_local(async move {
            match bridge::export(exchange).await {
                Ok(Some(path)) => {
                    self.said.set(format!("Saved as {path}"));
                    self.inspect.remark.set(format!("saved as {path}"));
                }
                Ok(None) => {}
                Err(report) => self.tell(report),
            }
        });
    }

    /// Opens a recording.
    pub(crate) fn open_file(self, file: &web_sys::File) {
        self.notice.set(None);
        self.opening.set(Some(Opening {
            name: file.name(),
            part: 0.0,
            import: None,
        }));
        let import = bridge::import(
            file,
            move |part| {
                self.opening.update(|opening| {
                    if let Some(opening) = opening {
                        opening.part = part;
                    }
                });
            },
            move |outcome| {
                self.opening.set(None);
                match outcome {
                    Ok(()) => {
                        self.said.set("The recording is open.".to_owned());
                        self.library.clear_filters();
                        self.library.changed();
                    }
                    Err(report) if report.code == scrubjay_ipc::Code::Superseded => {}
                    Err(report) => self.tell(report),
                }
            },
        );
        let import = StoredValue::new_local(import);
        self.opening.update(|opening| {
            if let Some(opening) = opening {
                opening.import = Some(import);
            }
        });
    }
}
