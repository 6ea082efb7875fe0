//! A source as a page shows it.

use std::sync::atomic::Ordering;

use scrubjay_ipc::{Checklist, Source, SourceState};
use scrubjay_store::Source as Stored;

use super::{Capture, Running, lock, url_of};

impl Capture {
    pub(super) fn view(&self, stored: &Stored) -> Source {
        let mut view = Source {
            name: stored.name.clone(),
            url: url_of(&stored.listen),
            listen: stored.listen.clone(),
            upstream: stored.upstream.clone(),
            keep_secrets: stored.keep_secrets,
            keep_host: stored.keep_host,
            drain: stored.drain,
            unverified: false,
            state: SourceState::Stopped,
            open: 0,
            frames_per_sec: 0,
            checklist: Checklist::default(),
        };
        let is_running = lock(&self.running)
            .get(&stored.name)
            .map(|running| running.add_to(&mut view))
            .is_some();
        if is_running {
            return view;
        }
        if self.is_elsewhere(&stored.name) {
            view.state = SourceState::Elsewhere;
        } else if let Some(sentence) = lock(&self.failed).get(&stored.name) {
            let sentence = sentence.clone();
            view.state = SourceState::Failed { sentence };
        }
        view
    }
}

impl Running {
    fn add_to(&self, view: &mut Source) {
        view.listen = self.address.to_string();
        view.url = url_of(&view.listen);
        view.state = match self.is_paused {
            true => SourceState::Paused,
            false => SourceState::Recording,
        };
        view.unverified = self.unstored.tls.is_unverified && view.upstream.starts_with("https://");
        view.open = self.activity.open.load(Ordering::Relaxed);
        view.checklist = self.activity.checks.view(&self.listening.sightings());
    }
}
