//! The specs of faults, written from the fields of the page. They are those of
//! the command line, `name:key=value,key=value`; the engine checks them.

pub use scrubjay_ipc::faults::{FAULTS, Fault, Field, Takes};

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
        return Err(format!("{}: “{}” needs a value.", fault.title, field.label));
    }
    let starts_with_digit = given.starts_with(|first: char| first.is_ascii_digit());
    let is_last_text = matches!(field.key, "text" | "message");
    match field.takes {
        Takes::Number if given.parse::<u64>().is_err() => Err(format!(
            "“{given}” is not a whole number, which “{}” needs.",
            field.label
        )),
        Takes::Time if !starts_with_digit => Err(format!("“{given}” is not a time. Write 250ms or 2s.")),
        Takes::Size if !starts_with_digit => Err(format!("“{given}” is not a size. Write 64, 4KiB or 11MiB.")),
        Takes::Where(_) if split_place(value).0 != "type" && !starts_with_digit => {
            Err(format!("“{given}” is not a number, which “{}” needs.", field.label))
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
    scrubjay_ipc::faults::fault(name)
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
            "“twelve” is not a number, which “after” needs."
        );
        assert_eq!(of("delay", &["event=1", ""]), "Delay: “by” needs a value.");
        assert_eq!(
            of("delay", &["event=1", "soon"]),
            "“soon” is not a time. Write 250ms or 2s."
        );
        assert_eq!(
            of("unknown", &["event=1", "A,B"]),
            "“A,B” has a comma, which ends a field."
        );
        assert_eq!(of_spec("nonsense:x=1"), None);
    }
}
