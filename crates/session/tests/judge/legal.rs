//! Random legal runs have nothing above a note; with one thing broken, just
//! that is found.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::stage::{INPUT, Stage, problems};

/// The frontend's tool.
const OFFERED: &str = r#""tools":[{"name":"front","description":"","parameters":{}}]"#;

/// What a run does, one thing after the other, each whole.
#[derive(Clone, Debug)]
enum Act {
    Text(Vec<String>),
    TextChunks(Vec<String>),
    Reasoning(Vec<String>),
    Call { args: bool, result: bool },
    CallChunks,
    Step(Box<Act>),
    Subagent(Box<Act>),
    Snapshot(u32),
    Delta(u32),
    Activity(u32),
    Raw,
    Custom,
    Unknown,
    Comment,
}

fn act() -> impl Strategy<Value = Act> {
    let words = || vec("[a-z é😀]{0,12}", 1..4);
    let leaf = prop_oneof![
        words().prop_map(Act::Text),
        words().prop_map(Act::TextChunks),
        words().prop_map(Act::Reasoning),
        (any::<bool>(), any::<bool>()).prop_map(|(args, result)| Act::Call { args, result }),
        Just(Act::CallChunks),
        (0..9_u32).prop_map(Act::Snapshot),
        (0..9_u32).prop_map(Act::Delta),
        (0..4_u32).prop_map(Act::Activity),
        Just(Act::Raw),
        Just(Act::Custom),
        Just(Act::Unknown),
        Just(Act::Comment),
    ];
    leaf.prop_recursive(2, 6, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Act::Step(Box::new(inner))),
            inner.prop_map(|inner| Act::Subagent(Box::new(inner))),
        ]
    })
}

/// Writes a run, with ids of its own for everything.
#[derive(Default)]
struct Script {
    lines: Vec<String>,
    next: u32,
    tag: String,
}

impl Script {
    fn id(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn event(&mut self, body: &str) {
        self.lines.push(format!("data: {{{body}{}}}\n\n", self.tag));
    }

    fn act(&mut self, act: &Act) {
        let id = self.id();
        match act {
            Act::Text(words) => {
                self.event(&format!(
                    r#""type":"TEXT_MESSAGE_START","messageId":"m{id}","role":"assistant""#
                ));
                for word in words {
                    self.event(&format!(
                        r#""type":"TEXT_MESSAGE_CONTENT","messageId":"m{id}","delta":"{word}""#
                    ));
                }
                self.event(&format!(r#""type":"TEXT_MESSAGE_END","messageId":"m{id}""#));
            }
            Act::TextChunks(words) => {
                for word in words {
                    self.event(&format!(
                        r#""type":"TEXT_MESSAGE_CHUNK","messageId":"m{id}","delta":"{word}""#
                    ));
                }
            }
            Act::Reasoning(words) => self.reasoning(id, words),
            Act::Call { args, result } => self.call(id, *args, *result),
            Act::CallChunks => {
                self.event(&format!(
                    r#""type":"TOOL_CALL_CHUNK","toolCallId":"c{id}","toolCallName":"front","delta":"{{""#
                ));
                self.event(&format!(
                    r#""type":"TOOL_CALL_CHUNK","toolCallId":"c{id}","delta":"}}""#
                ));
            }
            Act::Step(inner) => {
                self.event(&format!(r#""type":"STEP_STARTED","stepName":"s{id}""#));
                self.act(inner);
                self.event(&format!(r#""type":"STEP_FINISHED","stepName":"s{id}""#));
            }
            Act::Subagent(inner) => self.subagent(id, inner),
            Act::Snapshot(value) => self.event(&format!(r#""type":"STATE_SNAPSHOT","snapshot":{{"n":{value}}}"#)),
            Act::Delta(value) => self.event(&format!(
                r#""type":"STATE_DELTA","delta":[{{"op":"add","path":"/n","value":{value}}}]"#
            )),
            Act::Activity(deltas) => self.activity(id, *deltas),
            Act::Raw => self.event(r#""type":"RAW","event":{"event":"on_chat_model_stream"}"#),
            Act::Custom => self.event(r#""type":"CUSTOM","name":"x","value":null"#),
            Act::Unknown => self.lines.push("data: {\"type\":\"META\"}\n\n".into()),
            Act::Comment => self.lines.push(": ping\n\n".into()),
        }
    }

    fn reasoning(&mut self, id: u32, words: &[String]) {
        self.event(&format!(r#""type":"REASONING_START","messageId":"z{id}""#));
        self.event(&format!(
            r#""type":"REASONING_MESSAGE_START","messageId":"q{id}","role":"reasoning""#
        ));
        for word in words {
            self.event(&format!(
                r#""type":"REASONING_MESSAGE_CONTENT","messageId":"q{id}","delta":"{word}""#
            ));
        }
        self.event(&format!(r#""type":"REASONING_MESSAGE_END","messageId":"q{id}""#));
        self.event(&format!(r#""type":"REASONING_END","messageId":"z{id}""#));
    }

    fn call(&mut self, id: u32, args: bool, result: bool) {
        // The frontend answers its own calls, in the next request.
        let tool = if result { "f" } else { "front" };
        self.event(&format!(
            r#""type":"TOOL_CALL_START","toolCallId":"c{id}","toolCallName":"{tool}""#
        ));
        if args {
            self.event(&format!(
                r#""type":"TOOL_CALL_ARGS","toolCallId":"c{id}","delta":"{{\"a\":1""#
            ));
            self.event(&format!(r#""type":"TOOL_CALL_ARGS","toolCallId":"c{id}","delta":"}}""#));
        }
        self.event(&format!(r#""type":"TOOL_CALL_END","toolCallId":"c{id}""#));
        if result {
            self.event(&format!(
                r#""type":"TOOL_CALL_RESULT","messageId":"r{id}","toolCallId":"c{id}","content":"ok""#
            ));
        }
    }

    fn subagent(&mut self, id: u32, inner: &Act) {
        let outer = std::mem::take(&mut self.tag);
        let parent = outer.replace("subagentRunId", "parentSubagentRunId");
        self.lines.push(format!(
            "data: {{\"type\":\"SUBAGENT_STARTED\",\"subagentRunId\":\"p{id}\",\"name\":\"n\"{parent}}}\n\n"
        ));
        self.tag = format!(r#","subagentRunId":"p{id}""#);
        self.act(inner);
        self.tag = outer;
        self.lines.push(format!(
            "data: {{\"type\":\"SUBAGENT_FINISHED\",\"subagentRunId\":\"p{id}\"}}\n\n"
        ));
    }

    fn activity(&mut self, id: u32, deltas: u32) {
        self.event(&format!(
            r#""type":"ACTIVITY_SNAPSHOT","messageId":"y{id}","activityType":"plan","content":{{"l":[]}}"#
        ));
        for _ in 0..deltas {
            self.event(&format!(
                r#""type":"ACTIVITY_DELTA","messageId":"y{id}","activityType":"plan","patch":[{{"op":"add","path":"/l/-","value":1}}]"#
            ));
        }
    }

    fn whole(acts: &[Act]) -> Self {
        let mut script = Self::default();
        script.event(r#""type":"RUN_STARTED","threadId":"t","runId":"r""#);
        acts.iter().for_each(|act| script.act(act));
        script.event(r#""type":"RUN_FINISHED","threadId":"t","runId":"r""#);
        script
    }

    fn problems(&self) -> Vec<String> {
        let input = INPUT.replace(r#""tools":[]"#, OFFERED);
        problems(&Stage::new(&input, self.lines.concat().into_bytes()).findings())
    }
}

/// A mistake: the line that is put in, and the rule that finds it.
const MISTAKES: [(&str, &str); 14] = [
    (r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#, "V04"),
    (r#"{"type":"TEXT_MESSAGE_END","messageId":"nobody"}"#, "V08"),
    (r#"{"type":"TOOL_CALL_END","toolCallId":"nobody"}"#, "V10"),
    (r#"{"type":"STEP_FINISHED","stepName":"nobody"}"#, "V12"),
    (r#"{"type":"REASONING_MESSAGE_END","messageId":"nobody"}"#, "V14"),
    (r#"{"type":"SUBAGENT_FINISHED","subagentRunId":"nobody"}"#, "V16"),
    (r#"{"type":"CUSTOM","name":null,"value":1}"#, "schema.invalid"),
    (
        r#"{"type":"STATE_DELTA","delta":[{"op":"remove","path":"/nobody"}]}"#,
        "patch.failed",
    ),
    (
        r#"{"type":"TOOL_CALL_RESULT","messageId":"x","toolCallId":"nobody","content":"ok"}"#,
        "call.unknown_result",
    ),
    ("{", "framing.json"),
    ("[DONE]", "framing.done"),
    (r#"{"type":"StateSnapshot","snapshot":1}"#, "schema.type_case"),
    (r#"{"type":"TEXT_MESSAGE_CHUNK","delta":"x"}"#, "chunk.no_id"),
    (
        r#"{"type":"CUSTOM","name":"x","value":1,"value":2}"#,
        "json.duplicate_key",
    ),
];

/// The end of a run with something open, with what closes it left out.
const UNCLOSED: [&str; 5] = [
    r#"{"type":"TEXT_MESSAGE_START","messageId":"nobody"}"#,
    r#"{"type":"TOOL_CALL_START","toolCallId":"nobody","toolCallName":"f"}"#,
    r#"{"type":"STEP_STARTED","stepName":"nobody"}"#,
    r#"{"type":"REASONING_START","messageId":"nobody"}"#,
    r#"{"type":"SUBAGENT_STARTED","subagentRunId":"nobody","name":"n"}"#,
];

/// Where lines stand between whole things: an open item is not broken into.
fn is_between(script: &Script, place: usize) -> bool {
    place > 0 && place < script.lines.len() && script.tag.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn legal_runs_have_nothing_above_a_note(acts in vec(act(), 0..12)) {
        prop_assert_eq!(Script::whole(&acts).problems(), Vec::<String>::new());
    }

    #[test]
    fn one_mistake_is_found_and_nothing_else(
        before in vec(act(), 0..6),
        after in vec(act(), 0..6),
        (line, rule) in select(&MISTAKES[..]),
    ) {
        let mut script = Script::default();
        script.event(r#""type":"RUN_STARTED","threadId":"t","runId":"r""#);
        before.iter().for_each(|act| script.act(act));
        let chunks_open = matches!(before.last(), Some(Act::TextChunks(_) | Act::CallChunks | Act::Comment | Act::Unknown | Act::Raw | Act::Activity(_)));
        prop_assume!(rule != "chunk.no_id" || !chunks_open);
        prop_assume!(is_between(&script, script.lines.len() - 1) || before.is_empty());
        script.lines.push(format!("data: {line}\n\n"));
        let seq = script.lines.len();
        after.iter().for_each(|act| script.act(act));
        script.event(r#""type":"RUN_FINISHED","threadId":"t","runId":"r""#);
        prop_assert_eq!(script.problems(), vec![format!("{rule}@{seq}")]);
    }

    #[test]
    fn an_item_that_is_left_open_is_found_at_the_end(acts in vec(act(), 0..6), line in select(&UNCLOSED[..])) {
        let mut script = Script::whole(&acts);
        let end = script.lines.pop().unwrap_or_default();
        script.lines.push(format!("data: {line}\n\n"));
        script.lines.push(end);
        prop_assert_eq!(script.problems(), vec![format!("V19@{}", script.lines.len())]);
    }

    #[test]
    fn a_body_that_is_cut_between_frames_is_truncated(acts in vec(act(), 0..6), keep in 1..40_usize) {
        let mut script = Script::whole(&acts);
        script.lines.truncate(keep.min(script.lines.len() - 1));
        prop_assert_eq!(script.problems(), vec![format!("run.truncated@{}", script.lines.len())]);
    }
}
