//! Runs that belong together lead to each other, and the address leads back to each place.

mod stage;

use stage::{
    Page,
    agent::Agent,
    flow, links,
    serve::{serve, take_in},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leads_to_its_answer_and_a_child_to_its_parent_and_back() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let agent = Agent::start().await;
    let (served, url) = serve(&folder.path().join("store.db"));
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;
    let source = flow::add_source(&page, &agent).await;
    links::record(&agent, &source).await;
    links::walk(&page).await;
    links::the_result_has_its_call(&page).await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_leads_to_a_comparison_and_says_when_a_side_is_gone() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "interrupt-and-resume.agui.jsonl");
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;
    page.wait_for(".lib-row[data-exchange]").await;
    links::a_comparison_is_an_address(&page).await;

    let go = "const to = location.pathname + '?screen=compare&a=1&b=77'; window.isBefore = true; location.assign(to)";
    page.eval(go).await;
    page.wait_for("[data-pane=compare][data-state=error]").await;
    let said = page.text("[data-pane=compare]").await;
    assert!(said.contains("77"), "it names the side that is gone: {said}");

    page.eval("location.assign(location.pathname + '?screen=replay&serve=2')")
        .await;
    page.wait_for("[data-pane=replay]").await;
    page.wait_until(
        "the exchange of the link is offered",
        "document.querySelector('[data-pane=replay]').innerText.includes('exchange 2')",
    )
    .await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}
