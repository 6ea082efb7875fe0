//! What can go wrong on purpose: each fault with its fields, a sentence, and its spec.
//!
//! Specs are those of the command line: `name:key=value,key=value`. The engine
//! has the last word on them; here they are only written and explained.

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A whole number; what stands there at first.
    Number(&'static str),
    /// One of these, the first at first: value and words.
    OneOf(&'static [(&'static str, &'static str)]),
    /// Some text.
    Text(&'static str),
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
    /// Nothing may stand there, and then it is left out.
    pub optional: bool,
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
    /// Its fields.
    pub fields: &'static [Field],
}

const fn number(key: &'static str, label: &'static str, usual: &'static str) -> Field {
    Field {
        key,
        label,
        takes: Takes::Number(usual),
        optional: false,
    }
}

const fn event(usual: &'static str) -> Field {
    number("event", "event", usual)
}

/// All faults, in the order of the chooser.
pub const FAULTS: &[Fault] = &[Fault {
    name: "cut",
    title: "Cut after an event",
    sentence: "The stream ends behind this event: cleanly, by a reset, or as if it were complete but without its last event.",
    fields: &[
        event("12"),
        Field {
            key: "how",
            label: "end",
            takes: Takes::OneOf(&[("reset", "reset"), ("clean", "clean end")]),
            optional: false,
        },
    ],
}];

/// Writes a spec from what stands in the fields.
///
/// # Errors
///
/// A sentence that says which field is wrong.
pub fn compose(fault: &Fault, values: &[String]) -> Result<String, String> {
    let mut parts = Vec::new();
    for (field, value) in fault.fields.iter().zip(values) {
        let value = value.trim();
        if value.is_empty() {
            if field.optional {
                continue;
            }
            return Err(format!("{} needs {}.", fault.title, field.label));
        }
        if matches!(field.takes, Takes::Number(_)) && value.parse::<u64>().is_err() {
            return Err(format!("“{value}” is no whole number for {}.", field.label));
        }
        parts.push(format!("{}={value}", field.key));
    }
    if parts.is_empty() {
        return Ok(fault.name.to_owned());
    }
    Ok(format!("{}:{}", fault.name, parts.join(",")))
}

/// What stands in a fault's fields at first.
pub fn usual(fault: &Fault) -> Vec<String> {
    let first = |field: &Field| match field.takes {
        Takes::Number(usual) | Takes::Text(usual) => usual.to_owned(),
        Takes::OneOf(all) => all.first().map_or("", |(value, _)| value).to_owned(),
    };
    fault.fields.iter().map(first).collect()
}

/// The fault of a spec, if it is one that is known here.
pub fn of_spec(spec: &str) -> Option<&'static Fault> {
    let name = spec.split(':').next().unwrap_or(spec).trim();
    FAULTS.iter().find(|fault| fault.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_composes_from_its_usual_values_and_is_known_again() {
        for fault in FAULTS {
            let spec = compose(fault, &usual(fault)).unwrap();
            assert_eq!(of_spec(&spec), Some(fault), "{spec}");
            assert!(fault.sentence.ends_with('.'), "{}", fault.sentence);
        }
        assert_eq!(of_spec("nonsense:x=1"), None);
    }

    #[test]
    fn a_wrong_number_is_named() {
        let wrong = compose(&FAULTS[0], &["twelve".to_owned(), "reset".to_owned()]);
        assert_eq!(wrong, Err("“twelve” is no whole number for event.".to_owned()));
        let missing = compose(&FAULTS[0], &[String::new(), "reset".to_owned()]);
        assert_eq!(missing, Err("Cut after an event needs event.".to_owned()));
    }
}
