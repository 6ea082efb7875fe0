//! The formats in which exchanges leave as a file.
//!
//! The command line, the window's dialog and the door read names, endings and
//! media types here. A format is a line of each table and its writer in
//! [`super::export`].

use scrubjay_recording::Outward;

/// A format of a file of exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A recording, as it is.
    Recording,
    /// A recording, packed with gzip.
    RecordingGzip,
    /// HAR 1.2.
    Har,
    /// The bodies of event streams.
    EventStream,
    /// JSON Lines of events.
    EventLines,
    /// A JSON array of events.
    EventArray,
    /// What happened, as Markdown for an issue.
    Summary,
    /// A configuration of aimock.
    Aimock,
    /// Commands that ask again.
    Curl,
}

impl ExportFormat {
    /// All formats. Of two with endings that fit a name the first is meant.
    pub const ALL: [Self; 9] = [
        Self::Recording,
        Self::RecordingGzip,
        Self::Har,
        Self::EventStream,
        Self::EventLines,
        Self::EventArray,
        Self::Summary,
        Self::Aimock,
        Self::Curl,
    ];

    /// Those that a name asks for by its ending.
    const BY_NAME: [Self; 7] = [
        Self::Recording,
        Self::RecordingGzip,
        Self::Har,
        Self::EventStream,
        Self::EventLines,
        Self::EventArray,
        Self::Summary,
    ];

    /// What the format is called where it is asked for by a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::RecordingGzip => "recording-gz",
            Self::Har => "har",
            Self::EventStream => "sse",
            Self::EventLines => "jsonl",
            Self::EventArray => "json",
            Self::Summary => "md",
            Self::Aimock => "aimock",
            Self::Curl => "curl",
        }
    }

    /// How the name of such a file ends, in lower case, with its dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Recording => ".agui.jsonl",
            Self::RecordingGzip => ".agui.jsonl.gz",
            Self::Har => ".har",
            Self::EventStream => ".sse",
            Self::EventLines => ".jsonl",
            Self::EventArray | Self::Aimock => ".json",
            Self::Summary => ".md",
            Self::Curl => ".sh",
        }
    }

    /// The media type of such a file (RFC 2046).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Recording | Self::EventLines => "application/x-ndjson",
            Self::RecordingGzip => "application/gzip",
            Self::Har | Self::EventArray | Self::Aimock => "application/json",
            Self::EventStream => "text/event-stream",
            Self::Summary => "text/markdown",
            Self::Curl => "application/x-sh",
        }
    }

    /// Whether a file of it holds all of an exchange.
    pub fn is_recording(self) -> bool {
        matches!(self, Self::Recording | Self::RecordingGzip)
    }

    /// What a file of it does not hold, as a sentence; none of a recording.
    pub fn loses(self) -> Option<&'static str> {
        match self {
            Self::Recording | Self::RecordingGzip => None,
            Self::Summary => Some("The summary has no events; attach a recording beside it."),
            Self::Har | Self::EventStream | Self::EventLines | Self::EventArray | Self::Aimock | Self::Curl => {
                self.outward().map(Outward::loses)
            }
        }
    }

    /// The format of another tool that it is.
    pub(crate) fn outward(self) -> Option<Outward> {
        match self {
            Self::Har => Some(Outward::Har),
            Self::EventStream => Some(Outward::EventStream),
            Self::EventLines => Some(Outward::EventLines),
            Self::EventArray => Some(Outward::EventArray),
            Self::Aimock => Some(Outward::Aimock),
            Self::Curl => Some(Outward::Curl),
            Self::Recording | Self::RecordingGzip | Self::Summary => None,
        }
    }

    /// What a name asks for by its ending, in any case, if it is one of these.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::BY_NAME.into_iter().find(|format| name.ends_with(format.ending()))
    }

    /// The format of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// The endings as they stand in a sentence: `.a, .b or .c`.
    pub fn endings() -> String {
        let [rest @ .., last] = Self::BY_NAME.map(Self::ending);
        format!("{} or {last}", rest.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::ExportFormat;

    #[test]
    fn a_name_asks_for_a_format_by_its_ending() {
        for (name, asked) in [
            ("run.agui.jsonl", Some(ExportFormat::Recording)),
            ("a/RUN.AGUI.JSONL.GZ", Some(ExportFormat::RecordingGzip)),
            ("run.jsonl", Some(ExportFormat::EventLines)),
            ("RUN.HAR", Some(ExportFormat::Har)),
            ("run.md", Some(ExportFormat::Summary)),
            ("agui.jsonl.gz.txt", None),
        ] {
            assert_eq!(ExportFormat::of_name(name), asked, "{name}");
        }
        assert_eq!(
            ExportFormat::endings(),
            ".agui.jsonl, .agui.jsonl.gz, .har, .sse, .jsonl, .json or .md"
        );
        for format in ExportFormat::ALL {
            assert_eq!(ExportFormat::of_word(format.word()), Some(format));
            assert_eq!(format.loses().is_none(), format.is_recording(), "{format:?}");
        }
    }
}
