//! Two threads that ask the same, each in its CopilotKit page, served again
//! from their recording: neither is given the other's words or history.

mod stage;

use std::path::Path;

use fantoccini::wd::WindowHandle;
use serde_json::Value;
use stage::{
    Page, agents, chat, node,
    record::{Recording, read},
    replay::Replaying,
    web::page_server,
};

const RUNTIME: &str = "tests/copilotkit/front.mjs";
const QUESTION: &str = "hello";
const ROUNDS: usize = 20;
/// Which tab takes its next step; each loads, asks, loads again and asks again.
const ORDERS: [&str; 5] = ["ABABABAB", "AABBAABB", "BAABBABA", "ABBBABAA", "BBABAABA"];

#[tokio::test(flavor = "multi_thread")]
async fn two_threads_with_equal_questions_never_mix() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("session.db");
    let origin = page_server(&folder.path().join("bundle")).await;
    let mut tabs = Tabs::open(&origin, &folder.path().join("profile")).await;

    let recorded = {
        let (_agent, agent) = agents::start("autogen", &[]);
        let (_runtime, runtime) = node::serve(RUNTIME, &[&format!("{agent}/chat/")]);
        let recording = Recording::start(&store, &runtime, &[]);
        let recorded = tabs.walk(&recording.url, ["thread-a", "thread-b"], ORDERS[0]).await;
        assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
        recorded
    };
    let [a, b] = &recorded;
    assert!(
        a.iter().all(|said| !b.contains(said)),
        "or a mix would not show: {recorded:?}"
    );

    for round in 0..ROUNDS {
        let fresh = [format!("fresh-{round}-1"), format!("fresh-{round}-2")];
        let known = ["thread-a", "thread-b"].map(str::to_owned);
        // Ids of the recording in one round, ids of today in the next, and each in every order.
        let is_known = round % 2 == 0;
        let threads = if is_known { known } else { fresh };
        let order = ORDERS[round / 2 % ORDERS.len()];
        let replay = Replaying::start(&store, &["--strict"]);
        let said = tabs.walk(&replay.url, [&threads[0], &threads[1]], order).await;
        let what = || format!("round {round}, {threads:?}, {order}: {:#?}", replay.answers());
        if is_known {
            assert_eq!(said, recorded, "{}", what());
        } else {
            let swapped = [b.clone(), a.clone()];
            assert!(said == recorded || said == swapped, "{said:?} in {}", what());
        }
        let what = what();
        assert_eq!(
            replay.stop(),
            0,
            "each run was asked for in {what}, of {:#?}",
            listed(&store)
        );
    }
    tabs.page.close().await;
}

fn listed(store: &Path) -> Vec<String> {
    let exchanges = read(store, "list", &["--all"]);
    let line = |of: &Value| format!("{} {} {} {}", of["index"], of["method"], of["target"], of["threadId"]);
    exchanges.iter().map(line).collect()
}

/// A browser with two tabs.
struct Tabs {
    page: Page,
    handles: [WindowHandle; 2],
    origin: String,
}

/// How far one tab is.
#[derive(Default)]
struct Walk {
    steps: usize,
    asked: usize,
    said: Vec<String>,
}

impl Tabs {
    async fn open(origin: &str, profile: &Path) -> Self {
        let page = Page::tab("about:blank", profile, (1000, 800)).await;
        let first = page.client.window().await.expect("a tab has a handle");
        let second = page.client.new_window(true).await.expect("a tab can be opened").handle;
        Self {
            page,
            handles: [first, second],
            origin: origin.to_owned(),
        }
    }

    /// Takes both tabs through their steps, and gives what each was answered.
    async fn walk(&mut self, runtime: &str, threads: [&str; 2], order: &str) -> [Vec<String>; 2] {
        let mut walks = [Walk::default(), Walk::default()];
        for name in order.chars() {
            let tab = usize::from(name == 'B');
            self.show(tab).await;
            self.step(&mut walks[tab], runtime, threads[tab]).await;
        }
        for (tab, walk) in walks.iter_mut().enumerate() {
            self.show(tab).await;
            self.settle(walk).await;
        }
        walks.map(|walk| walk.said)
    }

    async fn show(&self, tab: usize) {
        let handle = self.handles[tab].clone();
        self.page
            .client
            .switch_to_window(handle)
            .await
            .expect("the tab is there");
    }

    async fn step(&self, walk: &mut Walk, runtime: &str, thread: &str) {
        self.settle(walk).await;
        if walk.steps.is_multiple_of(2) {
            let url = format!("{}/?runtime={runtime}/api/copilotkit&thread={thread}", self.origin);
            self.page.client.goto(&url).await.expect("the page should open");
            // Its history is what it was answered before.
            self.settle(walk).await;
        } else {
            chat::ask(&self.page, QUESTION).await;
            walk.asked += 1;
        }
        walk.steps += 1;
    }

    /// Waits until all is answered that was asked; what stood there stays.
    async fn settle(&self, walk: &mut Walk) {
        if walk.asked == 0 {
            return;
        }
        let said = chat::answers(&self.page, walk.asked).await;
        assert_eq!(said[..walk.said.len()], walk.said, "what was answered before stays");
        walk.said = said;
    }
}
