//! How a replay is served, in words: paces, stages, and what an address is for.

use scrubjay_ipc::{ClientStage, ReplayClient};

/// A pace, taken apart for its controls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// At the recorded times.
    Recorded,
    /// So many times as fast.
    Times(f64),
    /// So many milliseconds between events.
    Fixed(f64),
    /// All at once.
    Instant,
    /// Nothing goes until a person sends it.
    Step,
}

impl Pace {
    /// Reads `recorded`, `2x`, `fixed:20`, `instant`, `step`. What else stands
    /// there is for the engine to judge and reads as recorded.
    pub fn read(text: &str) -> Self {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        match text {
            "instant" => Self::Instant,
            "step" => Self::Step,
            _ => {
                let times = text.strip_suffix(['x', '×']).and_then(number).map(Self::Times);
                let fixed = text.strip_prefix("fixed:").and_then(number).map(Self::Fixed);
                times.or(fixed).unwrap_or(Self::Recorded)
            }
        }
    }

    /// As the command line takes it.
    pub fn spec(self) -> String {
        match self {
            Self::Recorded => "recorded".to_owned(),
            Self::Times(times) => format!("{times}x"),
            Self::Fixed(ms) => format!("fixed:{ms}"),
            Self::Instant => "instant".to_owned(),
            Self::Step => "step".to_owned(),
        }
    }

    /// Its name in the list of paces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Times(_) => "times",
            Self::Fixed(_) => "fixed",
            Self::Instant => "instant",
            Self::Step => "step",
        }
    }

    /// The pace of a name, with a number that makes sense at first.
    pub fn named(name: &str) -> Self {
        match name {
            "times" => Self::Times(2.0),
            "fixed" => Self::Fixed(50.0),
            "instant" => Self::Instant,
            "step" => Self::Step,
            _ => Self::Recorded,
        }
    }

    /// Its number and unit, if it has one.
    pub fn number(self) -> Option<(f64, &'static str)> {
        match self {
            Self::Times(times) => Some((times, "×")),
            Self::Fixed(ms) => Some((ms, "ms")),
            Self::Recorded | Self::Instant | Self::Step => None,
        }
    }

    /// The same with another number.
    pub fn with_number(self, number: f64) -> Self {
        match self {
            Self::Times(_) => Self::Times(number),
            Self::Fixed(_) => Self::Fixed(number),
            other => other,
        }
    }
}

/// What each pace does, for its list: name, title, sentence.
pub const PACES: [(&str, &str, &str); 5] = [
    (
        "recorded",
        "as recorded",
        "Events go out with the gaps they were recorded with.",
    ),
    ("times", "times", "The recorded gaps, divided by this number."),
    ("fixed", "fixed gap", "The same gap before every event."),
    ("instant", "instant", "Everything goes out at once."),
    ("step", "by hand", "Nothing goes out until you send it."),
];

/// What a miss is answered with: word and title.
pub const MISSES: [(&str, &str); 3] = [
    ("not-found", "gets 404"),
    ("run-error", "gets RUN_ERROR"),
    ("wait", "waits for your choice"),
];

/// How a stream stands, in a word.
pub fn stage(stage: ClientStage) -> &'static str {
    match stage {
        ClientStage::Streaming => "streaming",
        ClientStage::Held => "held",
        ClientStage::Done => "complete",
        ClientStage::Left => "left",
    }
}

/// Its sign.
pub fn stage_sign(stage: ClientStage) -> &'static str {
    match stage {
        ClientStage::Streaming => "▶",
        ClientStage::Held => "‖",
        ClientStage::Done => "✓",
        ClientStage::Left => "⊘",
    }
}

/// Whether something can still be sent.
pub fn is_open(stage: ClientStage) -> bool {
    matches!(stage, ClientStage::Streaming | ClientStage::Held)
}

/// The tokens of the heads' hues, one after the other.
const HUES: [&str; 6] = ["--accent", "--tool", "--reason", "--state", "--act", "--run"];

/// The token of a client's hue.
pub fn hue(client: u64) -> &'static str {
    HUES[(client % HUES.len() as u64) as usize]
}

/// The client that a person means who chose none: the newest that is held,
/// else the newest that still gets something, else the newest.
pub fn usual_client(clients: &[ReplayClient]) -> Option<u64> {
    let first = |is_meant: &dyn Fn(&ReplayClient) -> bool| clients.iter().find(|client| is_meant(client));
    first(&|client| client.stage == ClientStage::Held)
        .or_else(|| first(&|client| is_open(client.stage)))
        .or(clients.first())
        .map(|client| client.client)
}

/// What a client is called by its `User-Agent`: a browser by its own name
/// and version, any other program by the first word of it.
pub fn client_name(agent: &str) -> String {
    // Each browser also says the names of those that it wants to pass for.
    const BROWSERS: [(&str, &str); 5] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    let browser = BROWSERS.iter().find_map(|(mark, name)| {
        let (_, version) = agent.split_once(mark)?;
        let version = version.split(['.', ' ']).next().unwrap_or_default();
        Some(format!("{name} {version}"))
    });
    let first = agent.split_whitespace().next().map(str::to_owned);
    browser
        .or(first)
        .unwrap_or_else(|| "a client without a name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_are_read_as_the_command_line_writes_them() {
        for (text, pace) in [
            ("recorded", Pace::Recorded),
            ("2x", Pace::Times(2.0)),
            ("0.5x", Pace::Times(0.5)),
            ("fixed:20", Pace::Fixed(20.0)),
            ("instant", Pace::Instant),
            ("step", Pace::Step),
        ] {
            assert_eq!(Pace::read(text), pace);
            assert_eq!(pace.spec(), text);
            assert_eq!(Pace::named(pace.name()).name(), pace.name());
        }
        assert_eq!(Pace::read(""), Pace::Recorded);
        assert_eq!(Pace::read("NaNx"), Pace::Recorded);
        assert_eq!(Pace::named("fixed").with_number(7.5).spec(), "fixed:7.5");
    }

    #[test]
    fn browsers_are_called_by_their_own_names() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome 140",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
                "Edge 140",
            ),
            ("python-httpx/0.28.1", "python-httpx/0.28.1"),
            ("", "a client without a name"),
        ] {
            assert_eq!(client_name(agent), name);
        }
    }

    #[test]
    fn the_held_client_is_meant_before_one_that_streams() {
        let client = |client, stage| ReplayClient {
            client,
            request: client,
            name: String::new(),
            exchange: 1,
            seq: 0,
            at_us: 0,
            frames: 9,
            stage,
            next: None,
        };
        let done = client(4, ClientStage::Done);
        let streaming = client(3, ClientStage::Streaming);
        let held = client(2, ClientStage::Held);
        assert_eq!(usual_client(&[done.clone(), streaming.clone(), held]), Some(2));
        assert_eq!(usual_client(&[done.clone(), streaming]), Some(3));
        assert_eq!(usual_client(&[done]), Some(4));
        assert_eq!(usual_client(&[]), None);
    }
}
