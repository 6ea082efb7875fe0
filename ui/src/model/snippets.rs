//! How to point a frontend at a source: text to copy.

/// One way to use a local address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// For what.
    pub title: &'static str,
    /// The text.
    pub text: String,
}

/// The ways to use `url`, which stands for the whole address of its upstream.
pub fn snippets(url: &str) -> Vec<Snippet> {
    let full = url.trim_end_matches('/');
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
}
