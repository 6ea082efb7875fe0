//! What can go wrong on purpose: each fault with its fields, a sentence, and its spec.
//!
//! Specs are those of the command line, `name:key=value,key=value`. The engine
//! has the last word on them; here they are only written and explained.

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

/// One field of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key in the spec.
    pub key: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What stands there at first.
    pub usual: &'static str,
    /// Nothing may stand there; what then holds, for its placeholder.
    pub unless: Option<&'static str>,
}

/// One way to break a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name in specs.
    pub name: &'static str,
    /// Its name on the page.
    pub title: &'static str,
    /// What it does, as a sentence.
    pub sentence: &'static str,
    /// Its fields; one that takes text to the end of the spec is the last.
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

/// All faults, in the order of the chooser.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "cut",
        title: "Cut",
        sentence: "The answer ends behind this place: by a reset, cleanly without its last event, or in the middle of the transfer.",
        fields: &[
            Field {
                label: "behind",
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
        sentence: "The stream stands still behind this place, for so long or for good.",
        fields: &[WHERE, field("for", "for", Takes::Time, "5s").unless("for good")],
    },
    Fault {
        name: "delay",
        title: "Delay",
        sentence: "The event comes later than it was recorded, and what follows with it.",
        fields: &[WHERE, field("by", "by", Takes::Time, "500ms")],
    },
    Fault {
        name: "drop",
        title: "Drop",
        sentence: "The event is left out; the client never sees it.",
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
        sentence: "The event changes places with the one behind it.",
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
        sentence: "The event is blown up beyond what a client's buffer takes.",
        fields: &[WHERE, field("size", "to", Takes::Size, "11MiB").unless("11MiB")],
    },
    Fault {
        name: "unknown",
        title: "Unknown type",
        sentence: "The event gets a type that no client knows.",
        fields: &[WHERE, field("name", "type", Takes::Text, "").unless("SCRUBJAY_UNKNOWN")],
    },
    Fault {
        name: "edit",
        title: "Edit",
        sentence: "Another event is sent in the place of this one.",
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
        sentence: "A RUN_ERROR takes the place of the run's end, or comes behind an event and ends it.",
        fields: &[
            field("event", "behind event", Takes::Number, "").unless("the end"),
            field("code", "code", Takes::Text, "").unless("none"),
            field("message", "message", Takes::Text, "").unless("injected by a fault"),
        ],
    },
    Fault {
        name: "split",
        title: "Split",
        sentence: "The bytes come in pieces of this size, through the middle of frames and characters.",
        fields: &[field("bytes", "bytes", Takes::Size, "1").unless("1")],
    },
    Fault {
        name: "coalesce",
        title: "Coalesce",
        sentence: "So many events come in one piece, as through a buffering proxy.",
        fields: &[field("events", "events", Takes::Number, "10").unless("all")],
    },
    Fault {
        name: "drip",
        title: "Drip",
        sentence: "The answer trickles: so many bytes, again and again after this time.",
        fields: &[
            field("bytes", "bytes", Takes::Size, "1").unless("1"),
            field("every", "every", Takes::Time, "10ms").unless("10ms"),
        ],
    },
    Fault {
        name: "slow-head",
        title: "Slow head",
        sentence: "The answer's status and headers come late.",
        fields: &[field("by", "by", Takes::Time, "2s")],
    },
    Fault {
        name: "status",
        title: "Status first",
        sentence: "So many requests get this status before one is answered, with Retry-After if it is given.",
        fields: &[
            field("code", "code", Takes::Number, "503").unless("503"),
            field("retry-after", "Retry-After", Takes::Time, "").unless("none"),
            field("times", "times", Takes::Number, "1").unless("1"),
        ],
    },
];

/// Writes a spec from what stands in the fields.
///
/// # Errors
///
/// A sentence that says which field is wrong.
pub fn compose(fault: &Fault, values: &[String]) -> Result<String, String> {
    let mut parts = Vec::new();
    for (field, value) in fault.fields.iter().zip(values) {
        let value = value.trim();
        if value.is_empty() && field.unless.is_some() {
            continue;
        }
        check(fault, field, value)?;
        parts.push(match field.takes {
            Takes::Where(_) => value.to_owned(),
            _ => format!("{}={value}", field.key),
        });
    }
    if parts.is_empty() {
        return Ok(fault.name.to_owned());
    }
    Ok(format!("{}:{}", fault.name, parts.join(",")))
}

fn check(fault: &Fault, field: &Field, value: &str) -> Result<(), String> {
    let given = match field.takes {
        Takes::Where(_) => split_place(value).1,
        _ => value,
    };
    if given.is_empty() {
        return Err(format!("{}: nothing is said for “{}”.", fault.title, field.label));
    }
    let starts_with_digit = given.starts_with(|first: char| first.is_ascii_digit());
    let is_last_text = matches!(field.key, "text" | "message");
    match field.takes {
        Takes::Number if given.parse::<u64>().is_err() => {
            Err(format!("“{given}” is no whole number for “{}”.", field.label))
        }
        Takes::Time if !starts_with_digit => Err(format!("“{given}” is no time; write 250ms or 2s.")),
        Takes::Size if !starts_with_digit => Err(format!("“{given}” is no size; write 64, 4KiB or 11MiB.")),
        Takes::Where(_) if split_place(value).0 != "type" && !starts_with_digit => {
            Err(format!("“{given}” is no number for “{}”.", field.label))
        }
        Takes::Text | Takes::Where(_) if !is_last_text && given.contains(',') => {
            Err(format!("“{given}” has a comma, which ends a field."))
        }
        _ => Ok(()),
    }
}

/// `event=12` as its two parts.
pub fn split_place(value: &str) -> (&str, &str) {
    value.split_once('=').unwrap_or((value, ""))
}

/// What stands in a way of saying where, at first.
pub fn usual_place(way: &str) -> &'static str {
    match way {
        "type" => "TEXT_MESSAGE_CONTENT",
        "every" => "10",
        "rate" => "0.1",
        "byte" => "1000",
        _ => "12",
    }
}

/// What stands in a fault's fields at first.
pub fn usual(fault: &Fault) -> Vec<String> {
    fault.fields.iter().map(|field| field.usual.to_owned()).collect()
}

/// The fault of a spec, if it is one that is known here.
pub fn of_spec(spec: &str) -> Option<&'static Fault> {
    let name = spec.split(':').next().unwrap_or(spec).trim();
    FAULTS.iter().find(|fault| fault.name == name)
}

#[cfg(test)]
mod tests {
    use scrubjay_replay::Faults;

    use super::*;

    fn is_taken(spec: &str) -> Result<(), String> {
        Faults::parse(&[spec], 0)
            .map(drop)
            .map_err(|error| format!("{spec}: {} {}", error.message, error.hint))
    }

    #[test]
    fn the_engine_takes_every_spec_that_is_composed() {
        for fault in FAULTS {
            let spec = compose(fault, &usual(fault)).unwrap();
            assert_eq!(of_spec(&spec), Some(fault), "{spec}");
            assert_eq!(is_taken(&spec), Ok(()));
            // What may be left out, left out.
            let least = |field: &Field| {
                if field.unless.is_some() {
                    String::new()
                } else {
                    field.usual.to_owned()
                }
            };
            let least: Vec<_> = fault.fields.iter().map(least).collect();
            assert_eq!(is_taken(&compose(fault, &least).unwrap()), Ok(()));
        }
    }

    #[test]
    fn every_fault_of_the_engine_can_be_chosen() {
        let names: Vec<_> = scrubjay_replay::fault::NAMES.iter().map(|(name, _)| *name).collect();
        let known: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        assert_eq!(known, names);
    }

    #[test]
    fn the_engine_takes_every_choice() {
        for fault in FAULTS {
            for (at, field) in fault.fields.iter().enumerate() {
                let (Takes::OneOf(all) | Takes::Where(all)) = field.takes else {
                    continue;
                };
                for (value, _) in all {
                    let mut values = usual(fault);
                    values[at] = match field.takes {
                        Takes::Where(_) => format!("{value}={}", usual_place(value)),
                        _ => (*value).to_owned(),
                    };
                    assert_eq!(is_taken(&compose(fault, &values).unwrap()), Ok(()));
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let of = |spec: &str, values: &[&str]| {
            let fault = of_spec(spec).unwrap();
            let values: Vec<_> = values.iter().map(|&value| value.to_owned()).collect();
            compose(fault, &values).unwrap_err()
        };
        assert_eq!(
            of("cut", &["event=twelve", "reset"]),
            "“twelve” is no number for “behind”."
        );
        assert_eq!(of("delay", &["event=1", ""]), "Delay: nothing is said for “by”.");
        assert_eq!(
            of("delay", &["event=1", "soon"]),
            "“soon” is no time; write 250ms or 2s."
        );
        assert_eq!(
            of("unknown", &["event=1", "A,B"]),
            "“A,B” has a comma, which ends a field."
        );
        assert_eq!(of_spec("nonsense:x=1"), None);
    }
}
