//! The page: what passes between the screens and what surrounds them.

use std::rc::Rc;

use scrubjay_ipc::{Code, News, Sample, TakeSample};

use crate::{
    bridge::{self, bridge},
    browser::File,
    screen::{Page, Screen, library::words, replay::model::Served},
    shell::model::{Opening, Shell},
    signal::*,
};

impl Page {
    /// A page of the bridge that is connected.
    pub(crate) fn new() -> Self {
        let page = Self::with(Shell::new());
        bridge().listen(Rc::new(move |news| page.hear(&news)));
        page.watch_title();
        page.watch_places();
        page
    }

    fn hear(self, news: &News) {
        self.shell.hear(news);
        self.hear_on_screens(news);
    }

    /// Opens an exchange in Inspect.
    pub(crate) fn inspect_exchange(self, exchange: i64, first_seq: Option<u32>) {
        self.inspect.open(exchange, first_seq);
        self.shell.screen.set(Screen::Inspect);
    }

    /// A failure belongs to the place where it happened; elsewhere it is old news.
    fn watch_places(self) {
        Effect::new(move |before: Option<(Screen, Option<i64>)>| {
            let now = (self.shell.screen.get(), self.inspect.exchange.get());
            if before.is_some_and(|before| before != now) {
                self.shell.notice.set(None);
            }
            now
        });
    }

    /// The window's title shows rate and problems while the window is minimised.
    fn watch_title(self) {
        let title = Memo::new(move |_| {
            let mut parts = Vec::new();
            if !self.shell.recording().is_empty() {
                parts.push(format!("● {} ev/s", words::count(u64::from(self.shell.rate()))));
            }
            match self.inspect.tail().problems {
                0 => {}
                n => parts.push(words::many(u64::from(n), "problem")),
            }
            parts.push("Scrubjay".to_owned());
            parts.join(" · ")
        });
        Effect::new(move |_| bridge::set_title(&title.get()));
    }

    /// Takes a sample into the store, and opens it.
    pub(crate) fn open_sample(self, sample: Sample) {
        self.with_sample(sample, move |exchanges| {
            if let Some(first) = exchanges.first() {
                self.inspect_exchange(*first, None);
            }
        });
    }

    /// Takes a sample into the store, and serves it as the agent.
    pub(crate) fn serve_sample(self, sample: Sample) {
        self.with_sample(sample, move |exchanges| {
            let served = |exchange: &i64| Served {
                exchange: *exchange,
                title: words::sample(sample).0.to_owned(),
            };
            self.replay.offer(exchanges.iter().map(served).collect());
            self.shell.screen.set(Screen::Replay);
            self.replay.start();
        });
    }

    fn with_sample(self, sample: Sample, then: impl FnOnce(&[i64]) + 'static) {
        spawn_local(async move {
            match bridge::ask(TakeSample { sample }).await {
                Ok(taken) => {
                    self.library.changed();
                    then(&taken.exchanges);
                }
                Err(report) => self.shell.notify(report),
            }
        });
    }

    /// Reads a recording into the store.
    pub(crate) fn open_file(self, file: &File) {
        let shell = self.shell;
        shell.notice.set(None);
        shell.opening.set(Some(Opening {
            name: file.name(),
            part: 0.0,
            import: None,
        }));
        let progress = move |part| {
            shell.opening.update(|opening| {
                if let Some(opening) = opening {
                    opening.part = part;
                }
            });
        };
        let done = move |outcome| {
            shell.opening.set(None);
            match outcome {
                Ok(()) => {
                    shell.said.set("The recording is open.".to_owned());
                    self.library.clear_filters();
                    self.library.changed();
                }
                Err(report) if is_cancelled(&report) => {}
                Err(report) => shell.notify(report),
            }
        };
        let import = bridge().import(file, Box::new(progress), Box::new(done));
        let import = StoredValue::new_local(import);
        shell.opening.update(|opening| {
            if let Some(opening) = opening {
                opening.import = Some(import);
            }
        });
    }
}

fn is_cancelled(report: &scrubjay_ipc::Report) -> bool {
    report.code == Code::Superseded
}
