//! CopilotKit's chat in a page, used as a person uses it.

use std::time::{Duration, Instant};

use super::{PATIENCE, Page};

/// The key Enter as WebDriver writes it.
const ENTER: &str = "\u{e007}";

/// Types a question into the chat and sends it.
pub async fn ask(page: &Page, words: &str) {
    // A question that comes before the runtime's agents are known is lost with the agent that stood in for them.
    page.wait_until(
        "the page knows the runtime's agents",
        "performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/info') && entry.responseEnd > 0)",
    )
    .await;
    let field = page.wait_for("[data-testid=copilot-chat-textarea]").await;
    field.send_keys(words).await.expect("the field takes text");
    let value = "document.querySelector('[data-testid=copilot-chat-textarea]').value";
    // What is sent before the field holds it would be sent without its end.
    page.wait_until("the field holds the question", &format!("{value} === '{words}'"))
        .await;
    // A page that is busy with its own start takes no key: the question then stays in the field.
    let began = Instant::now();
    while page.eval(&format!("return {value}")).await == words {
        assert!(
            began.elapsed() < PATIENCE,
            "the question was not sent: {}",
            page.text("body").await
        );
        field.send_keys(ENTER).await.expect("the field takes keys");
        for _ in 0..20 {
            if page.eval(&format!("return {value}")).await != words {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits until the chat holds so many answers of the scripted model and no run
/// goes on; gives their texts.
pub async fn answers(page: &Page, count: usize) -> Vec<String> {
    page.wait_until(
        &format!("the chat holds {count} whole answers"),
        &format!(
            "document.querySelector('[data-copilot-running=false]') \
             && !document.querySelector('[data-copilot-running=true]') && ({SAID}).length === {count}"
        ),
    )
    .await;
    let said = page.eval(&format!("return {SAID}")).await;
    serde_json::from_value(said).expect("a list of texts")
}

/// What the chat shows of answers now, whole or not.
pub async fn shown(page: &Page) -> Vec<String> {
    let said = page.eval(&format!("return {SAID}")).await;
    serde_json::from_value(said).expect("a list of texts")
}

/// Texts of the assistant's messages that the scripted model wrote.
const SAID: &str = "[...document.querySelectorAll('[data-testid=copilot-assistant-message]')]\
     .map((message) => message.innerText.trim()).filter((text) => /^Answer \\d+:/.test(text))";
