//! Faults that a replay makes on purpose: name, sentence, parameters.
//!
//! The replay reads the names and the keys of this table, and help, page and
//! docs/replay.md show the sentences. A spec is `name:key=value,key=value`.

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A whole number.
    Number,
    /// A time such as `250ms` or `2s`.
    Time,
    /// A size such as `64` or `11MiB`.
    Size,
    /// One of these: value and words.
    OneOf(&'static [(&'static str, &'static str)]),
    /// Which events: a way of saying it, and its value, as `event=12`.
    Where(&'static [(&'static str, &'static str)]),
    /// Some text.
    Text,
}

/// One parameter of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// In the spec; empty where the value says its own key.
    pub key: &'static str,
    /// On the page.
    pub label: &'static str,
    /// The kind of its value.
    pub takes: Takes,
    /// The value that the page begins with.
    pub usual: &'static str,
    /// What holds when it is left out; none where it must be given.
    pub unless: Option<&'static str>,
}

/// One way in which an answer goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In specs.
    pub name: &'static str,
    /// On the page.
    pub title: &'static str,
    pub sentence: &'static str,
    /// One that takes text to the end of the spec is the last.
    pub fields: &'static [Field],
}

const PLACES: &[(&str, &str)] = &[
    ("event", "event number"),
    ("type", "events of type"),
    ("every", "every so many"),
    ("rate", "a share of all"),
];
const CUTS: &[(&str, &str)] = &[
    ("event", "event number"),
    ("type", "event of type"),
    ("byte", "byte number"),
];

const WHERE: Field = Field {
    key: "",
    label: "at",
    takes: Takes::Where(PLACES),
    usual: "event=12",
    unless: None,
};

const fn field(key: &'static str, label: &'static str, takes: Takes, usual: &'static str) -> Field {
    Field {
        key,
        label,
        takes,
        usual,
        unless: None,
    }
}

impl Field {
    const fn unless(mut self, holds: &'static str) -> Self {
        self.unless = Some(holds);
        self
    }
}

/// All faults, in the order in which they are listed.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "cut",
        title: "Cut",
        sentence: "The answer ends after this place: with a reset, cleanly or unterminated.",
        fields: &[
            Field {
                label: "after",
                takes: Takes::Where(CUTS),
                ..WHERE
            },
            field(
                "how",
                "ends",
                Takes::OneOf(&[
                    ("reset", "by a reset"),
                    ("clean", "cleanly"),
                    ("unterminated", "unterminated"),
                ]),
                "reset",
            ),
        ],
    },
    Fault {
        name: "stall",
        title: "Stall",
        sentence: "Nothing more comes after this place, for a time or for good.",
        fields: &[WHERE, field("for", "for", Takes::Time, "5s").unless("for good")],
    },
    Fault {
        name: "delay",
        title: "Delay",
        sentence: "The event comes later than it was recorded, and so does what follows.",
        fields: &[WHERE, field("by", "by", Takes::Time, "500ms")],
    },
    Fault {
        name: "drop",
        title: "Drop",
        sentence: "The event is left out.",
        fields: &[WHERE],
    },
    Fault {
        name: "duplicate",
        title: "Duplicate",
        sentence: "The event comes twice.",
        fields: &[WHERE],
    },
    Fault {
        name: "reorder",
        title: "Reorder",
        sentence: "The event changes places with the one after it.",
        fields: &[WHERE],
    },
    Fault {
        name: "corrupt",
        title: "Corrupt",
        sentence: "The event's JSON is broken, so that it cannot be read.",
        fields: &[
            WHERE,
            field(
                "how",
                "how",
                Takes::OneOf(&[
                    ("", "by the seed"),
                    ("half", "cut in half"),
                    ("brace", "a brace missing"),
                    ("comma", "a comma missing"),
                    ("bytes", "bytes that are no text"),
                ]),
                "",
            )
            .unless("by the seed"),
        ],
    },
    Fault {
        name: "oversize",
        title: "Oversize",
        sentence: "The event is padded to a size beyond what a client's buffer takes.",
        fields: &[WHERE, field("size", "to", Takes::Size, "11MiB").unless("11MiB")],
    },
    Fault {
        name: "unknown",
        title: "Unknown type",
        sentence: "An event of a type that no client knows follows the event.",
        fields: &[WHERE, field("name", "type", Takes::Text, "").unless("SCRUBJAY_UNKNOWN")],
    },
    Fault {
        name: "edit",
        title: "Edit",
        sentence: "Other text is sent in the place of the event.",
        fields: &[
            field("event", "event", Takes::Number, "12"),
            field(
                "text",
                "sent instead",
                Takes::Text,
                "{\"type\":\"CUSTOM\",\"name\":\"x\",\"value\":1}",
            ),
        ],
    },
    Fault {
        name: "error",
        title: "RUN_ERROR",
        sentence: "A RUN_ERROR replaces the run's end, or follows an event and ends the run.",
        fields: &[
            field("event", "after event", Takes::Number, "").unless("the end"),
            field("code", "code", Takes::Text, "").unless("none"),
            field("message", "message", Takes::Text, "").unless("injected by a fault"),
        ],
    },
    Fault {
        name: "split",
        title: "Split",
        sentence: "No write has more bytes than this, so frames and characters are cut.",
        fields: &[field("bytes", "bytes", Takes::Size, "1").unless("1")],
    },
    Fault {
        name: "coalesce",
        title: "Coalesce",
        sentence: "So many events go out in one write, as through a buffering proxy.",
        fields: &[field("events", "events", Takes::Number, "10").unless("all")],
    },
    Fault {
        name: "drip",
        title: "Drip",
        sentence: "So many bytes go out at a time, with this time between them.",
        fields: &[
            field("bytes", "bytes", Takes::Size, "1").unless("1"),
            field("every", "every", Takes::Time, "10ms").unless("10ms"),
        ],
    },
    Fault {
        name: "slow-head",
        title: "Slow head",
        sentence: "The status and headers of the answer come late.",
        fields: &[field("by", "by", Takes::Time, "2s")],
    },
    Fault {
        name: "status",
        title: "Status first",
        sentence: "The first requests get this status in place of the answer, with Retry-After if given.",
        fields: &[
            field("code", "code", Takes::Number, "503").unless("503"),
            field("retry-after", "Retry-After", Takes::Time, "").unless("none"),
            field("times", "times", Takes::Number, "1").unless("1"),
        ],
    },
];

impl Field {
    fn keys(&self) -> Vec<&'static str> {
        match self.takes {
            Takes::Where(ways) => ways
                .iter()
                .flat_map(|(way, _)| match *way {
                    "type" => vec!["type", "nth"],
                    way => vec![way],
                })
                .collect(),
            _ => vec![self.key],
        }
    }

    /// As the documentation writes it: `` `how=reset|clean` ``.
    fn described(&self) -> String {
        let key = self.key;
        let values = |all: &[(&'static str, &str)]| -> Vec<&'static str> {
            let all = all.iter().map(|(value, _)| *value);
            all.filter(|value| !value.is_empty()).collect()
        };
        let text = match self.takes {
            Takes::Where(ways) => {
                let ways = ways.iter().map(|(way, _)| match *way {
                    "type" => "`type=NAME`".to_owned(),
                    "rate" => "`rate=P`".to_owned(),
                    way => format!("`{way}=N`"),
                });
                return ways.collect::<Vec<_>>().join(" or ");
            }
            Takes::OneOf(all) => format!("`{key}={}`", values(all).join("\\|")),
            Takes::Number => format!("`{key}=N`"),
            Takes::Time => format!("`{key}=TIME`"),
            Takes::Size => format!("`{key}=SIZE`"),
            Takes::Text => format!("`{key}=TEXT`"),
        };
        match (self.unless, self.takes) {
            (Some(holds), _) => format!("{text} ({holds} if absent)"),
            (None, Takes::OneOf(_)) => format!("{text} ({} if absent)", self.usual),
            (None, _) => text,
        }
    }
}

impl Fault {
    /// The keys of its own that a spec may have.
    pub fn keys(&self) -> Vec<&'static str> {
        self.fields.iter().flat_map(Field::keys).collect()
    }
}

/// The fault of this name.
pub fn fault(name: &str) -> Option<&'static Fault> {
    FAULTS.iter().find(|fault| fault.name == name)
}

/// The table as Markdown, for docs/replay.md.
pub fn table() -> String {
    let mut text = "| fault | what happens | parameters |\n|---|---|---|\n".to_owned();
    for fault in FAULTS {
        let fields: Vec<String> = fault.fields.iter().map(Field::described).collect();
        text.push_str(&format!(
            "| `{}` | {} | {} |\n",
            fault.name,
            fault.sentence,
            fields.join(", ")
        ));
    }
    text
}

/// A line a fault, for help.
pub fn list() -> String {
    let lines = FAULTS
        .iter()
        .map(|fault| format!("  {:<10} {}\n", fault.name, fault.sentence));
    lines.collect()
}
