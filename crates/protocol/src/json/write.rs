//! Writing JSON as `JSON.stringify` does, without spaces.

use std::fmt::Write as _;

use super::{Value, Wtf8, wtf8::runs};

/// Writes a value on one line.
///
/// Numbers and escapes follow JavaScript: `-0` is `0`, infinities are `null`,
/// `1e21` has an exponent, surrogates without a partner are `\udXXX`.
pub fn to_json(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    text
}

/// Appends a value to a text.
pub fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(text, *number),
        Value::String(string) => write_string(text, string),
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_value(text, item);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (place, (name, item)) in object.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_string(text, name);
                text.push(':');
                write_value(text, item);
            }
            text.push('}');
        }
    }
}

/// Appends a string in quotes.
pub fn write_string(text: &mut String, string: &Wtf8) {
    text.push('"');
    for (run, unit) in runs(string.as_bytes()) {
        write_run(text, run);
        if let Some(unit) = unit {
            write_escape(text, unit);
        }
    }
    text.push('"');
}

fn write_run(text: &mut String, run: &str) {
    let mut from = 0;
    for (at, byte) in run.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        text.push_str(&run[from..at]);
        from = at + 1;
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            0x08 => text.push_str("\\b"),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            0x0C => text.push_str("\\f"),
            b'\r' => text.push_str("\\r"),
            _ => write_escape(text, u16::from(byte)),
        }
    }
    text.push_str(&run[from..]);
}

fn write_escape(text: &mut String, unit: u16) {
    write!(text, "\\u{unit:04x}").expect("a String takes everything");
}

/// Appends a number as `JSON.stringify` writes it.
pub fn write_number(text: &mut String, number: f64) {
    if !number.is_finite() {
        text.push_str("null");
    } else if number == 0.0 {
        text.push('0');
    } else if number.fract() == 0.0 && number.abs() < 1e15 {
        // The common case, and exact: Display never uses an exponent.
        write!(text, "{number}").expect("a String takes everything");
    } else {
        write_shortest(text, number);
    }
}

/// `Number::toString` of ECMAScript for what is left: the shortest digits
/// that read back the same, and an exponent outside of 1e-7 … 1e21.
fn write_shortest(text: &mut String, number: f64) {
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').expect("LowerExp writes an exponent");
    let exponent: i32 = exponent.parse().expect("LowerExp writes a whole exponent");
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|char| *char != '.').collect();
    let digits = even_of_a_tie(digits, exponent, number.abs());
    let count = i32::try_from(digits.len()).expect("at most 17 digits");
    // ECMAScript's n: the value is 0.digits × 10^point.
    let point = exponent + 1;
    text.push_str(sign);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    if count <= point && point <= 21 {
        text.push_str(&digits);
        text.push_str(&zeros(point - count));
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).expect("positive"));
        text.push_str(whole);
        text.push('.');
        text.push_str(fraction);
    } else if -6 < point && point <= 0 {
        text.push_str("0.");
        text.push_str(&zeros(-point));
        text.push_str(&digits);
    } else {
        let (first, rest) = digits.split_at(1);
        text.push_str(first);
        if !rest.is_empty() {
            text.push('.');
            text.push_str(rest);
        }
        write!(text, "e{exponent:+}").expect("a String takes everything");
    }
}

/// Where two shortest forms are equally near, JavaScript takes the even one,
/// and Rust does not say which.
fn even_of_a_tie(digits: String, exponent: i32, number: f64) -> String {
    let last = digits.as_bytes()[digits.len() - 1];
    // Below 15 digits only one form of that length reads back the same.
    if digits.len() < 15 || last.is_multiple_of(2) {
        return digits;
    }
    let count = digits.len();
    let exact = format!("{number:.0$e}", count + 20);
    let exact: String = exact
        .chars()
        .filter(|char| *char != '.')
        .take_while(|char| *char != 'e')
        .collect();
    let (floor, rest) = exact.split_at(count);
    if !rest.starts_with('5') || rest[1..].bytes().any(|digit| digit != b'0') {
        return digits;
    }
    let other = if floor == digits {
        let head = &digits[..count - 1];
        // A nine would carry, and then a shorter form would have been found.
        format!("{head}{}", char::from((last + 1).min(b'9')))
    } else {
        floor.to_owned()
    };
    let reads_back = format!("{}.{}e{exponent}", &other[..1], &other[1..]).parse() == Ok(number);
    if reads_back { other } else { digits }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn numbers_read_as_javascript_writes_them() {
        for (from, to) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("1.0", "1"),
            ("1e3", "1000"),
            ("100000000000000000000", "100000000000000000000"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("123456789012345678901234", "1.2345678901234569e+23"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("1.5e-7", "1.5e-7"),
            ("-1.5", "-1.5"),
            ("0.1", "0.1"),
            ("9007199254740993", "9007199254740992"),
            ("1e400", "null"),
            ("-1e400", "null"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("123.456", "123.456"),
            ("-123456789.125", "-123456789.125"),
            ("4.35", "4.35"),
            ("269601799711836.125", "269601799711836.12"),
            ("-147740291067080.125", "-147740291067080.12"),
            ("1e15", "1000000000000000"),
            ("123456789012345680000", "123456789012345680000"),
            ("0.00001234", "0.00001234"),
        ] {
            let value = parse(from.as_bytes()).unwrap();
            assert_eq!(to_json(&value), to, "{from}");
        }
    }

    #[test]
    fn strings_escape_what_javascript_escapes() {
        let text = r#""\b\t\n\f\r\"\\\u0000\u001f/\u2028é😀\ud800""#;
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(
            to_json(&value),
            "\"\\b\\t\\n\\f\\r\\\"\\\\\\u0000\\u001f/\u{2028}é😀\\ud800\""
        );
    }
}
