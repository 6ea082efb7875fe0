//! The formats in which exchanges leave as a file.
//!
//! The command line, the window's dialog and the door read names, endings and
//! media types here. A format is a line of each table and its writer in
//! [`super::export`].

/// A format of a file of exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A recording, as it is.
    Recording,
    /// A recording, packed with gzip.
    RecordingGzip,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Recording, Self::RecordingGzip];

    /// How the name of such a file ends, in lower case, with its dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Recording => ".agui.jsonl",
            Self::RecordingGzip => ".agui.jsonl.gz",
        }
    }

    /// The media type of such a file (RFC 2046).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Recording => "application/x-ndjson",
            Self::RecordingGzip => "application/gzip",
        }
    }

    /// What a name asks for by its ending, in any case, if it is one of these.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| name.ends_with(format.ending()))
    }

    /// The endings as they stand in a sentence: `.a, .b or .c`.
    pub fn endings() -> String {
        let [rest @ .., last] = Self::ALL.map(Self::ending);
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
            ("run.jsonl", None),
            ("agui.jsonl.gz.txt", None),
        ] {
            assert_eq!(ExportFormat::of_name(name), asked, "{name}");
        }
        assert_eq!(ExportFormat::endings(), ".agui.jsonl or .agui.jsonl.gz");
    }
}
