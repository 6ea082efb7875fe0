//! How to point a frontend at a source: text to copy.

/// One way to use a local address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// For what.
    pub title: &'static str,
    /// The text.
    pub text: String,
}

/// The ways to use `url` instead of `upstream`, whose path is kept.
pub fn snippets(url: &str, upstream: &str) -> Vec<Snippet> {
    let path = path_of(upstream);
    let full = format!("{}{path}", url.trim_end_matches('/'));
    vec![
        Snippet {
            title: "AG-UI HttpAgent",
            text: format!("new HttpAgent({{ url: \"{full}\" }})"),
        },
        Snippet {
            title: "CopilotKit runtime",
            text: format!("agents: {{ my_agent: new HttpAgent({{ url: \"{full}\" }}) }}"),
        },
        Snippet {
            title: "Environment",
            text: format!("AGENT_URL={full}"),
        },
        Snippet {
            title: "curl",
            text: format!(
                "curl -N {full} -H 'content-type: application/json' -H 'accept: text/event-stream' \
                 -d '{{\"threadId\":\"t1\",\"runId\":\"r1\",\"state\":{{}},\"messages\":[{{\"id\":\"m1\",\"role\":\"user\",\
                 \"content\":\"Hello\"}}],\"tools\":[],\"context\":[],\"forwardedProps\":{{}}}}'"
            ),
        },
    ]
}

/// The ways to use a replay at `url`. A request that it answers for certain is
/// the recorded one: `method`, `target` and `body`, which is absent when it is
/// too long to show.
pub fn replay_snippets(url: &str, method: &str, target: &str, body: Option<&str>) -> Vec<Snippet> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let origin = url.trim_end_matches('/');
    // The path as it was asked: to a server `/chat/` is not `/chat`.
    let mut list = snippets(origin, &format!("http://recorded{path}"));
    list.retain(|snippet| snippet.title != "curl");
    let stripped = path.trim_end_matches('/');
    if stripped.len() < path.len() {
        for snippet in &mut list {
            snippet.text = snippet
                .text
                .replace(&format!("{origin}{stripped}"), &format!("{origin}{path}"));
        }
    }
    if let Some(body) = body {
        let mut text = format!("curl -N -X {method} {}", quoted(&format!("{origin}{target}")));
        if !body.is_empty() {
            text.push_str(" -H 'content-type: application/json' -H 'accept: text/event-stream'");
            text.push_str(&format!(" -d {}", quoted(body)));
        }
        list.push(Snippet { title: "curl", text });
    }
    list
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The path of an address, without a query or a slash at its end.
pub fn path_of(upstream: &str) -> &str {
    let rest = upstream.split_once("://").map_or(upstream, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replays_example_is_the_recorded_request() {
        let made = replay_snippets(
            "http://127.0.0.1:5291",
            "POST",
            "/chat/?a=b",
            Some(r#"{"say":"it's me"}"#),
        );
        assert_eq!(made[0].text, "new HttpAgent({ url: \"http://127.0.0.1:5291/chat/\" })");
        let curl = made.last().unwrap();
        assert_eq!(
            curl.text,
            r#"curl -N -X POST 'http://127.0.0.1:5291/chat/?a=b' -H 'content-type: application/json' -H 'accept: text/event-stream' -d '{"say":"it'\''s me"}'"#
        );
        let too_long = replay_snippets("http://127.0.0.1:5291", "POST", "/", None);
        assert!(too_long.iter().all(|snippet| snippet.title != "curl"));
    }

    #[test]
    fn the_upstreams_path_is_kept() {
        let made = snippets("http://127.0.0.1:5290", "http://localhost:8000/agui?x=1");
        assert_eq!(made[0].text, "new HttpAgent({ url: \"http://127.0.0.1:5290/agui\" })");
        assert!(made[3].text.starts_with("curl -N http://127.0.0.1:5290/agui -H"));
        assert_eq!(
            snippets("http://127.0.0.1:5290/", "localhost:8000")[2].text,
            "AGENT_URL=http://127.0.0.1:5290"
        );
    }
}
