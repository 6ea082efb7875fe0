//! How to point a frontend at a source or a replay: text to copy.

/// One way to use a local address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    pub title: &'static str,
    pub text: String,
}

/// The ways to use the source at `url`, which stands for the whole address of
/// its upstream.
pub fn snippets(url: &str) -> Vec<Snippet> {
    let full = url.trim_end_matches('/');
    let mut list = agent_at(full);
    list.push(Snippet {
        title: "curl",
        text: format!(
            "curl -N {full} -H 'content-type: application/json' -H 'accept: text/event-stream' \
             -d '{{\"threadId\":\"t1\",\"runId\":\"r1\",\"state\":{{}},\"messages\":[{{\"id\":\"m1\",\"role\":\"user\",\
             \"content\":\"Hello\"}}],\"tools\":[],\"context\":[],\"forwardedProps\":{{}}}}'"
        ),
    });
    list
}

/// The ways to use a replay at `url`. A request that it answers for certain is
/// the recorded one: `method`, `target` and `body`, which is absent when it is
/// too long to show.
pub fn replay_snippets(url: &str, method: &str, target: &str, body: Option<&str>) -> Vec<Snippet> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let origin = url.trim_end_matches('/');
    // The path as it was asked: to a server `/chat/` is not `/chat`.
    let mut list = agent_at(&format!("{origin}{path}"));
    if let Some(body) = body {
        // Brackets and braces of the URL and an @ at the beginning of the body stand for themselves.
        let mut text = format!("curl -N -g -X {method} {}", quoted(&format!("{origin}{target}")));
        if !body.is_empty() {
            text.push_str(" -H 'content-type: application/json' -H 'accept: text/event-stream'");
            text.push_str(&format!(" --data-raw {}", quoted(body)));
        }
        list.push(Snippet { title: "curl", text });
    }
    list
}

/// What a frontend or a runtime needs to use the agent at this address.
fn agent_at(address: &str) -> Vec<Snippet> {
    vec![
        Snippet {
            title: "AG-UI HttpAgent",
            text: format!("new HttpAgent({{ url: \"{address}\" }})"),
        },
        Snippet {
            title: "CopilotKit runtime",
            text: format!("agents: {{ my_agent: new HttpAgent({{ url: \"{address}\" }}) }}"),
        },
        Snippet {
            title: "Environment",
            text: format!("AGENT_URL={address}"),
        },
    ]
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What the path of an upstream means for a frontend, if it has one.
pub fn mapping(upstream: &str) -> Option<String> {
    let path = path_of(upstream);
    (!path.is_empty()).then(|| {
        format!("This address stands for the whole upstream: / goes to {path} and /x goes to {path}/x. Leave {path} out of the frontend's address.")
    })
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
    fn the_address_stands_for_the_whole_upstream() {
        let made = snippets("http://127.0.0.1:5290/");
        assert_eq!(made[0].text, "new HttpAgent({ url: \"http://127.0.0.1:5290\" })");
        assert!(made[3].text.starts_with("curl -N http://127.0.0.1:5290 -H"));
        assert_eq!(made[2].text, "AGENT_URL=http://127.0.0.1:5290");
    }

    #[test]
    fn a_path_of_the_upstream_is_explained() {
        assert_eq!(mapping("http://localhost:8000"), None);
        assert_eq!(mapping("http://localhost:8000/"), None);
        let sentence = mapping("http://localhost:8000/agui").unwrap();
        assert!(sentence.contains("/x goes to /agui/x"), "{sentence}");
    }

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
            r#"curl -N -g -X POST 'http://127.0.0.1:5291/chat/?a=b' -H 'content-type: application/json' -H 'accept: text/event-stream' --data-raw '{"say":"it'\''s me"}'"#
        );
        let too_long = replay_snippets("http://127.0.0.1:5291", "POST", "/", None);
        assert!(too_long.iter().all(|snippet| snippet.title != "curl"));
    }
}
