//! The page in one of the two webviews that it is made for.

use std::{path::Path, time::Duration};

use fantoccini::wd::TimeoutConfiguration;
use serde_json::{Value, json};

use crate::stage::{Display, Page, Running, serve::serve};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Webview {
    /// A tab of headless Chromium with WebGL in software, over `scrubjay serve`.
    Tab,
    /// The real window: WebKitGTK on a virtual display.
    Window,
}

/// What a driver waits for a part.
const PATIENCE: Duration = Duration::from_secs(120);

/// A page, and what ends with it.
pub(crate) struct Opened {
    pub(crate) page: Page,
    _served: Option<Running>,
    _display: Option<Display>,
    _profile: tempfile::TempDir,
}

const SIZE: (u32, u32) = (1440, 900);

impl Webview {
    /// Opens the library of a store.
    pub(crate) async fn open(self, store: &Path) -> Opened {
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let opened = self.open_with(store, profile).await;
        let patience = TimeoutConfiguration::new(Some(PATIENCE), Some(PATIENCE), None);
        let set = opened.page.client.update_timeouts(patience).await;
        set.expect("the driver takes its patience");
        opened
    }

    async fn open_with(self, store: &Path, profile: tempfile::TempDir) -> Opened {
        match self {
            Self::Tab => {
                let (served, url) = serve(store);
                Opened {
                    page: Page::tab(&url, profile.path(), SIZE).await,
                    _served: Some(served),
                    _display: None,
                    _profile: profile,
                }
            }
            Self::Window => {
                let display = Display::start();
                let store = store.to_str().expect("the path is UTF-8");
                Opened {
                    page: Page::window(&display, &["--store", store, "--no-samples"]).await,
                    _served: None,
                    _display: Some(display),
                    _profile: profile,
                }
            }
        }
    }
}

impl Opened {
    /// Does a part of `gestures.js`, and gives its figures.
    pub(crate) async fn gesture(&self, part: &str) -> Value {
        let script = include_str!("gestures.js");
        let done = self.page.client.execute_async(script, vec![json!(part)]).await;
        done.unwrap_or_else(|error| panic!("the page could not do `{part}`: {error}"))
    }
}
