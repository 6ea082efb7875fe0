//! What surrounds the screens: which is shown, theme, sources, health, messages.

use scrubjay_ipc::{Check, Health, HealthView, News, Report, Source, SourceState, Sources};

use super::{density::Density, keyboard::Keyboard};
use crate::{
    bridge::{self, Cancel, asker::Asker},
    browser,
    screen::Screen,
    signal::*,
};

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
    pub(crate) import: Option<StoredValue<Cancel, LocalStorage>>,
}

/// Everything around the screens. Copied freely; all parts are signals.
#[derive(Clone, Copy)]
pub(crate) struct Shell {
    pub(crate) screen: RwSignal<Screen>,
    pub(crate) theme: RwSignal<ThemeChoice>,
    /// Counts up when the colours may have changed, so that the canvas reads them again.
    pub(crate) colours: RwSignal<u32>,
    pub(crate) help: RwSignal<bool>,
    pub(crate) settings: RwSignal<bool>,
    pub(crate) go_to: RwSignal<bool>,
    pub(crate) density: RwSignal<Density>,
    pub(crate) keyboard: RwSignal<Keyboard>,
    pub(crate) notice: RwSignal<Option<Report>>,
    pub(crate) said: RwSignal<String>,
    pub(crate) health: RwSignal<Option<HealthView>>,
    pub(crate) sources: RwSignal<Option<Vec<Source>>>,
    pub(crate) opening: RwSignal<Option<Opening>>,
    /// The source made on the first-run card, until the card is closed.
    pub(crate) first_source: RwSignal<Option<String>>,
    /// The first-run card was asked for.
    is_guide_wanted: RwSignal<bool>,
    /// Counts up when the first-run card was closed, or asked for again.
    guide: RwSignal<u32>,
    sources_asker: Asker<Sources>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let theme = match browser::recall("theme").as_deref() {
            Some("light") => ThemeChoice::Light,
            Some("dark") => ThemeChoice::Dark,
            _ => ThemeChoice::System,
        };
        let this = Self {
            screen: RwSignal::new(Screen::Library),
            theme: RwSignal::new(theme),
            colours: RwSignal::new(0),
            help: RwSignal::new(false),
            settings: RwSignal::new(false),
            go_to: RwSignal::new(false),
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
            is_guide_wanted: RwSignal::new(false),
            guide: RwSignal::new(0),
            sources_asker: Asker::unheard(),
        };
        this.sources_asker.heard_by(move |answered| match answered.answer {
            Ok(list) => this.sources.set(Some(list.sources)),
            Err(report) => this.notice.set(Some(report)),
        });
        this.ask_sources();
        spawn_local(async move {
            if let Ok(health) = bridge::ask(Health {}).await {
                this.health.set(Some(health));
            }
        });
        this
    }

    /// Asks for the sources again.
    pub(crate) fn ask_sources(self) {
        self.sources_asker.ask(Sources {});
    }

    pub(crate) fn hear(self, news: &News) {
        match news {
            News::Sources => self.ask_sources(),
            News::Health(health) => self.health.set(Some(health.clone())),
            News::Library | News::Grown { .. } | News::Began { .. } | News::Compared { .. } | News::Replays => {}
        }
    }

    /// Closes one thing that is open; gives whether there was any.
    pub(crate) fn close(self) -> bool {
        for sheet in [self.settings, self.help, self.go_to] {
            if sheet.get_untracked() {
                sheet.set(false);
                return true;
            }
        }
        let has_notice = self.notice.with_untracked(Option::is_some);
        if has_notice {
            self.notice.set(None);
        }
        has_notice
    }

    /// Shows a failure.
    pub(crate) fn notify(self, report: Report) {
        self.said.set(report.message.clone());
        self.notice.set(Some(report));
    }

    /// Whether what is open takes nothing in: a file, or a store that cannot be written.
    pub(crate) fn is_read_only(self) -> bool {
        self.health
            .with(|health| health.as_ref().is_some_and(|health| health.read_only))
    }

    /// Shows the first-run card, or closes it for good.
    pub(crate) fn show_guide(self, shows: bool) {
        self.first_source.set(None);
        self.is_guide_wanted.set(shows);
        if let Some(name) = untrack(move || self.guide_name()) {
            browser::remember(&name, if shows { "open" } else { "closed" });
        }
        self.guide.update(|turn| *turn += 1);
    }

    /// Whether the first-run card may be shown: something can be recorded, and it was not closed here.
    pub(crate) fn may_guide(self) -> bool {
        self.guide.track();
        let name = self.guide_name().filter(|_| !self.is_read_only());
        name.is_some_and(|name| browser::recall(&name).as_deref() != Some("closed"))
    }

    /// Whether the first-run card is shown: where nothing was captured, or it was asked for, until its source has
    /// recorded an event.
    pub(crate) fn guides(self, is_library_empty: bool) -> bool {
        let made = self.first_source.get();
        let has_recorded = made.as_ref().is_some_and(|name| {
            let source = self.source(name);
            source.is_some_and(|source| source.checklist.first_event == Check::Done)
        });
        let is_wanted = is_library_empty || made.is_some() || self.is_guide_wanted.get();
        self.may_guide() && is_wanted && !has_recorded
    }

    /// Another store has a first run of its own.
    fn guide_name(self) -> Option<String> {
        self.health
            .with(|health| Some(format!("guide.{}", health.as_ref()?.store)))
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

    /// The source of that name, if it is known.
    pub(crate) fn source(self, name: &str) -> Option<Source> {
        self.sources
            .with(|sources| sources.iter().flatten().find(|source| source.name == name).cloned())
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
}
