//! What a value no longer shows of the text that it was read from.
//!
//! JavaScript rounds numbers, keeps the last of two members of one name, and
//! holds halves of surrogate pairs. The client view does the same, so
//! each difference is a finding. One pass over the text, which is known to be
//! JSON, and no recursion.

use super::{
    finding::Violation,
    rule::{CHANGED_NUMBER, DUPLICATE_KEY, LONE_SURROGATE},
};

/// Longest text that is looked through, bytes.
const LIMIT: usize = 1024 * 1024;
/// Digits that every number may have and keep.
const SAFE_DIGITS: usize = 15;

/// Members of the objects that are open, innermost last.
#[derive(Default)]
struct Scan<'a> {
    /// Where the names of each open object begin in `names`; arrays have none.
    open: Vec<Option<usize>>,
    names: Vec<&'a [u8]>,
    duplicate: Option<&'a [u8]>,
    changed: Option<&'a str>,
    lone: bool,
}

/// Looks through the text of an event.
pub(crate) fn facts(text: &[u8]) -> Vec<Violation> {
    if text.len() > LIMIT {
        return Vec::new();
    }
    let mut scan = Scan::default();
    scan.run(text);
    scan.findings()
}

impl<'a> Scan<'a> {
    fn run(&mut self, text: &'a [u8]) {
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            at += match byte {
                b'"' => self.string(&text[at..]),
                b'-' | b'0'..=b'9' => self.number(&text[at..]),
                b'{' => {
                    self.open.push(Some(self.names.len()));
                    1
                }
                b'[' => {
                    self.open.push(None);
                    1
                }
                b'}' | b']' => {
                    self.close();
                    1
                }
                _ => 1,
            };
        }
    }

    /// A string from its quote on; its length with both quotes.
    fn string(&mut self, text: &'a [u8]) -> usize {
        let mut end = 1;
        let mut high = false;
        while let Some(byte) = text.get(end).filter(|byte| **byte != b'"') {
            let step = if *byte == b'\\' { 2 } else { 1 };
            let unit = (step == 2).then(|| surrogate(&text[end..])).flatten();
            self.lone |= match unit {
                Some(unit) if unit >= 0xDC00 => !high,
                _ => high,
            };
            high = unit.is_some_and(|unit| unit < 0xDC00);
            end += if unit.is_some() { 6 } else { step };
        }
        self.lone |= high;
        let end = end.min(text.len());
        let after = text.get(end + 1..).unwrap_or_default();
        let is_name = after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if is_name {
            self.names.push(&text[1..end]);
        }
        end + 1
    }

    fn number(&mut self, text: &'a [u8]) -> usize {
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let len = text.iter().position(|byte| !is_part(byte)).unwrap_or(text.len());
        if len > SAFE_DIGITS || text[..len].contains(&b'e') || text[..len].contains(&b'E') {
            let number = std::str::from_utf8(&text[..len]).unwrap_or_default();
            if changes(number) {
                self.changed.get_or_insert(number);
            }
        }
        len
    }

    fn close(&mut self) {
        let Some(Some(begins)) = self.open.pop() else { return };
        let names = &mut self.names[begins..];
        if self.duplicate.is_none() && names.len() > 1 {
            names.sort_unstable();
            self.duplicate = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        }
        self.names.truncate(begins);
    }

    fn findings(&self) -> Vec<Violation> {
        let mut findings = Vec::new();
        if let Some(name) = self.duplicate {
            let name = String::from_utf8_lossy(name);
            let message = format!("the member '{name}' stands twice in one object, and the last value counts");
            findings.push(Violation::new(&DUPLICATE_KEY, message));
        }
        if let Some(number) = self.changed {
            let shown = &number[..number.len().min(60)];
            let message = format!("JavaScript cannot hold {shown} exactly, so the client holds another number");
            findings.push(Violation::new(&CHANGED_NUMBER, message));
        }
        if self.lone {
            let message =
                "a string holds half of a surrogate pair, which becomes a character only if its other half follows";
            findings.push(Violation::new(&LONE_SURROGATE, message));
        }
        findings
    }
}

/// The surrogate that an escape at the start of this text stands for.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xD800..0xE000).contains(&unit).then_some(unit)
}

/// Whether a whole number is another one as a double, or any is beyond it.
/// Fractions are rounded by everybody, and read back the same.
fn changes(number: &str) -> bool {
    let held: f64 = number.parse().unwrap_or(f64::NAN);
    if !held.is_finite() {
        return true;
    }
    let is_whole = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_whole && format!("{held:.0}") != number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reading_changes_is_told() {
        for (text, wanted) in [
            (r#"{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}"#, &[][..]),
            (r#"{"a":1,"b":{"x":2,"y":0,"x":3}}"#, &["json.duplicate_key"]),
            (r#"{"a" :1, "a": 2}"#, &["json.duplicate_key"]),
            (r#"["a","a",{"k":"a"}]"#, &[]),
            ("[9007199254740992,-9007199254740991,100000000000000000000]", &[]),
            ("[9007199254740993]", &["json.changed_number"]),
            (
                "[123456789012345678901234567890123456789012345]",
                &["json.changed_number"],
            ),
            ("[1e400]", &["json.changed_number"]),
            ("[0.1,3.141592653589793238462643,1e21]", &[]),
            (r#"["\ud83d\ude00","😀","\\ud83d"]"#, &[]),
            (r#"["\ud83d"]"#, &["json.lone_surrogate"]),
            (r#"["\ude00\ud83d"]"#, &["json.lone_surrogate"]),
            (r#"["\ud83dx"]"#, &["json.lone_surrogate"]),
            (r#"{"\"a":1,"\"b":"\"","c":"x\\"}"#, &[]),
        ] {
            let findings: Vec<_> = facts(text.as_bytes()).iter().map(|violation| violation.id).collect();
            assert_eq!(findings, wanted, "{text}");
        }
    }
}
