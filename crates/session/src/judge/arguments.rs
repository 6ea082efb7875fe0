//! Arguments of tool calls against the schemas of the tools.
//!
//! A schema is captured content, so it is hostile: nothing is fetched, what is
//! large or deep is not read, and patterns have a limit. A tool whose schema
//! cannot be read is reported once, and its arguments are not checked.

use scrubjay_protocol::json::{self, Cause, Value, Wtf8};

use super::rule::{ARGUMENTS_MISSING, ARGUMENTS_NOT_JSON, ARGUMENTS_SCHEMA, TOOL_SCHEMA};
use crate::fold::Violation;

/// Longest arguments that are read, bytes.
const ARGUMENTS_LEN: usize = 1024 * 1024;
/// Deepest schema and deepest arguments.
const DEPTH: usize = 64;

/// A tool that the request offers.
#[derive(Debug)]
pub(super) struct Tool {
    parameters: Option<Value>,
    checker: Checker,
}

#[derive(Debug, Default)]
enum Checker {
    #[default]
    Unread,
    Ready(Box<schema::Schema>),
    /// No schema, or one that cannot be read.
    None,
}

impl Tool {
    pub(super) fn new(parameters: Option<&Value>) -> Self {
        Self {
            parameters: parameters.filter(|value| !value.is_null()).cloned(),
            checker: Checker::Unread,
        }
    }

    fn requires_some(&self) -> bool {
        let required = self.parameters.as_ref().and_then(|schema| schema.get("required"));
        required
            .and_then(Value::as_array)
            .is_some_and(|names| !names.is_empty())
    }

    /// What is wrong with arguments that are JSON.
    fn judge(&mut self, name: &Wtf8, call: &Wtf8, text: &[u8], findings: &mut Vec<Violation>) {
        if matches!(self.checker, Checker::Unread) {
            self.checker = self.read_schema(name, findings);
        }
        let Checker::Ready(schema) = &self.checker else { return };
        let faults = schema.faults(text);
        if !faults.is_empty() {
            let message = format!(
                "the arguments of call '{call}' do not fit the parameters of tool '{name}': {}",
                faults.join("; ")
            );
            findings.push(Violation::new(&ARGUMENTS_SCHEMA, message));
        }
    }

    fn read_schema(&self, name: &Wtf8, findings: &mut Vec<Violation>) -> Checker {
        let Some(parameters) = &self.parameters else {
            return Checker::None;
        };
        match schema::Schema::read(parameters) {
            Ok(schema) => Checker::Ready(Box::new(schema)),
            Err(reason) => {
                let message = format!("the parameters of tool '{name}' cannot be read as a JSON Schema: {reason}");
                findings.push(Violation::new(&TOOL_SCHEMA, message));
                Checker::None
            }
        }
    }
}

/// Judges the arguments of a call that has ended. `tool` is the one of that
/// name in the request, if it offers one.
pub(super) fn judge(call: &Wtf8, name: &Wtf8, text: &Wtf8, tool: Option<&mut Tool>, findings: &mut Vec<Violation>) {
    let bytes = text.as_bytes();
    if bytes.len() > ARGUMENTS_LEN {
        return;
    }
    if bytes.trim_ascii().is_empty() {
        if tool.is_some_and(|tool| tool.requires_some()) {
            let message = format!("call '{call}' of tool '{name}' ended without arguments, and the tool requires some");
            findings.push(Violation::new(&ARGUMENTS_MISSING, message));
        }
        return;
    }
    match json::parse_within(bytes, DEPTH) {
        Ok(_) => {
            if let Some(tool) = tool {
                tool.judge(name, call, bytes, findings);
            }
        }
        Err(error) if matches!(error.cause, Cause::Size | Cause::Nesting) => {}
        Err(error) => {
            let message = format!("the arguments of call '{call}' of tool '{name}' are not JSON: {error}");
            findings.push(Violation::new(&ARGUMENTS_NOT_JSON, message));
        }
    }
}

/// The library's side. It needs random numbers from the system, which a page
/// in a browser has none of: there, schemas are not read.
#[cfg(not(target_arch = "wasm32"))]
mod schema {
    use jsonschema::PatternOptions;
    use scrubjay_protocol::json::{self, Value};

    use super::DEPTH;

    /// Longest schema that is read, bytes.
    const SCHEMA_LEN: usize = 256 * 1024;
    /// Faults named in a finding.
    const FAULTS: usize = 3;
    /// Characters of a fault that are shown.
    const FAULT_CHARS: usize = 160;
    /// Steps that a pattern may take on a text.
    const PATTERN_STEPS: usize = 100_000;

    #[derive(Debug)]
    pub(super) struct Schema(jsonschema::Validator);

    impl Schema {
        pub(super) fn read(parameters: &Value) -> Result<Self, String> {
            let text = json::to_json(parameters);
            if text.len() > SCHEMA_LEN {
                return Err(format!("it is over {} KiB", SCHEMA_LEN / 1024));
            }
            if json::parse_within(text.as_bytes(), DEPTH).is_err() {
                return Err(format!("it is nested over {DEPTH} levels"));
            }
            let schema: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let patterns = PatternOptions::fancy_regex().backtrack_limit(PATTERN_STEPS);
            let validator = jsonschema::options().with_pattern_options(patterns).build(&schema);
            validator.map(Self).map_err(|error| shown(&error.to_string()))
        }

        /// What is wrong, the first few.
        pub(super) fn faults(&self, text: &[u8]) -> Vec<String> {
            let Ok(arguments) = serde_json::from_slice::<serde_json::Value>(text) else {
                // JSON that this reader refuses (half a surrogate pair, 1e400) is not judged.
                return Vec::new();
            };
            let faults = self.0.iter_errors(&arguments).take(FAULTS);
            let line = |error: jsonschema::ValidationError<'_>| {
                let place = error.instance_path().to_string();
                match place.as_str() {
                    "" => shown(&error.to_string()),
                    place => format!("{place}: {}", shown(&error.to_string())),
                }
            };
            faults.map(line).collect()
        }
    }

    fn shown(text: &str) -> String {
        match text.char_indices().nth(FAULT_CHARS) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text.to_owned(),
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod schema {
    use scrubjay_protocol::json::Value;

    #[derive(Debug)]
    pub(super) struct Schema;

    impl Schema {
        #[expect(
            clippy::unnecessary_wraps,
            reason = "elsewhere a schema may be one that cannot be read"
        )]
        pub(super) fn read(_: &Value) -> Result<Self, String> {
            Ok(Self)
        }

        pub(super) fn faults(&self, _: &[u8]) -> Vec<String> {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(parameters: &str, arguments: &str) -> Vec<String> {
        let parameters = json::parse(parameters.as_bytes()).unwrap();
        let mut tool = Tool::new(Some(&parameters));
        let mut findings = Vec::new();
        judge(
            &"c".into(),
            &"f".into(),
            &arguments.into(),
            Some(&mut tool),
            &mut findings,
        );
        findings
            .into_iter()
            .map(|violation| format!("{}: {}", violation.id, violation.message))
            .collect()
    }

    #[test]
    fn arguments_are_held_to_the_schema() {
        let schema = r#"{"type":"object","properties":{"n":{"type":"integer"},"s":{"enum":["a"]}},"required":["n"]}"#;
        assert_eq!(rules(schema, r#"{"n":1}"#), [""; 0]);
        let findings = rules(schema, r#"{"n":"x","s":"b"}"#);
        assert!(
            findings[0].starts_with("args.schema: ") && findings[0].contains("/n") && findings[0].contains("/s"),
            "{findings:?}"
        );
        assert!(rules(schema, "{}")[0].contains("\"n\" is a required property"));
        assert!(rules(schema, "")[0].starts_with("args.missing"));
        assert!(rules(schema, "{\"n\":1}{\"n\":1}")[0].starts_with("args.not_json"));
        assert_eq!(rules(r#"{"type":"object"}"#, ""), [""; 0]);
    }

    #[test]
    fn hostile_schemas_are_a_note_or_nothing() {
        for schema in [
            r#"{"$ref":"https://example.com/x.json"}"#,
            r#"{"type":7}"#,
            r#"{"pattern":"("}"#,
        ] {
            let findings = rules(schema, r#"{"n":1}"#);
            assert!(
                findings.len() == 1 && findings[0].starts_with("args.bad_schema"),
                "{schema}: {findings:?}"
            );
        }
        for schema in [
            r##"{"$ref":"#"}"##,
            r##"{"allOf":[{"$ref":"#"}]}"##,
            r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##,
            r##"{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"not":{"$ref":"#"}}}}"##,
            r#"{"properties":{"n":{"pattern":"^(a+)+$"}}}"#,
        ] {
            rules(
                schema,
                r#"{"n":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}"#,
            );
        }
        let deep = format!("{}{{}}{}", r#"{"not":"#.repeat(200), "}".repeat(200));
        assert!(rules(&deep, "{}")[0].starts_with("args.bad_schema"));
    }
}
