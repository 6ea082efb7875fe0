//! What the official client says about a stream, as rules.
//!
//! A rule whose breaking ends the official client's run is a
//! stop; the others are findings beside a run that goes on. Ids are stable:
//! people filter by them and mute them. `V01` to `V19` are the rules of the
//! client's verifier; ids under `framing.` are those of
//! [`scrubjay_protocol::problem`].
//!
//! Map: `verifier`, `wire` and `client` hold the rules. Rules that the client
//! does not know are in [`crate::judge`], and so is the registry of all.

mod client;
mod verifier;
mod wire;

pub use self::{client::*, verifier::*, wire::*};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::FromRepr, strum::IntoStaticStr)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[strum(serialize_all = "snake_case")]
#[repr(u8)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Likely wrong.
    Warning,
    /// Wrong: a client breaks.
    Error,
}

/// A rule: what may be wrong with a stream, and what comes of it.
#[derive(Debug)]
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// The official client gives up when it is broken.
    pub stops: bool,
    /// Clients that fail on it. Only what was tried with the client itself or
    /// is stated by its project stands here; one that is absent is untried.
    pub fails: &'static [Client],
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What breaks it and what comes of that.
    pub explanation: &'static str,
    /// Where the protocol speaks of it: a section of its documentation.
    pub clause: &'static str,
    /// What a client does when it is broken.
    pub effect: &'static str,
    /// How to mend it.
    pub fix: &'static str,
}

/// The client that decides what a stream means, and what it folds into.
pub const JUDGE: &str = "@ag-ui/client 1.0.0";

/// A client with its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Releases of the official client, such as `0.0.34 to 0.0.58`: those among
    /// the published ones from 0.0.34 on that gave up in every sequence that was
    /// tried (`tests/judge/clients.jsonl`), or 1.0.0 where no sequence shows it.
    TypeScript(&'static str),
    /// The Python package's types.
    Python,
    /// The Go SDK.
    Go,
    /// The Dart SDK.
    Dart,
    /// The .NET SDK.
    DotNet,
    /// The C++ SDK.
    Cpp,
    /// The Rust crates of 2025.
    Rust,
}

impl Client {
    /// The official client's package with these versions.
    pub(crate) fn official(versions: &str) -> String {
        format!("@ag-ui/client {versions}")
    }

    /// Package and versions.
    pub fn name(self) -> String {
        let name = match self {
            Self::TypeScript(versions) => return Self::official(versions),
            Self::Python => "ag-ui-protocol 1.0.0 (Python)",
            Self::Go => "Go SDK",
            Self::Dart => "Dart SDK",
            Self::DotNet => ".NET SDK",
            Self::Cpp => "C++ SDK",
            Self::Rust => "ag-ui-client 0.1.0 (Rust)",
        };
        name.to_owned()
    }
}

/// The rule of folding with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// All rules of folding.
#[expect(unused_qualifications, reason = "each module brings a RULES of its own")]
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [verifier::RULES, wire::RULES, client::RULES]
        .into_iter()
        .flatten()
        .copied()
}

/// What every stop does to the official client.
const GIVES_UP: &str =
    "The official client ends the run here: `runAgent` rejects, and nothing that follows is applied.";

/// Statics of rules, and a list of them that no rule can be absent from.
macro_rules! rules {
    ($($name:ident = $rule:expr;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`; `docs/rules.md` describes it.")]
            pub static $name: $crate::fold::rule::Rule = $rule;
        )*

        /// The rules of this file, in order.
        pub(super) static RULES: &[&$crate::fold::rule::Rule] = &[$(&$name),*];
    };
}
pub(crate) use rules;

/// Rules that look at one frame alone: what they find does not depend on bytes
/// that are missing before it.
const OF_ONE_FRAME: &[&str] = &[
    "schema.invalid",
    "schema.unknown_type",
    "schema.stripped",
    "schema.stripped_variant",
    "schema.snake_case",
    "schema.type_case",
    "compat.retired",
    "framing.json",
    "framing.not_an_object",
    "framing.no_type",
    "framing.done",
    "framing.empty_data",
    "framing.two_events",
    "framing.over_10_mib",
    "framing.cr_inside",
    "framing.not_a_field",
    "framing.bare_data",
    "framing.utf8",
    "framing.record",
    "record.not_json",
    "json.duplicate_key",
    "json.changed_number",
    "json.lone_surrogate",
    "limit.event_size",
    "limit.nesting",
    "secret.on_wire",
    "run.error",
    "run.version",
    "item.empty_delta",
    "raw.typed",
    "compat.on_interrupt",
    "interrupt.duplicate",
    "usage.sum",
    // They are reported only where it is known what they were to change.
    "patch.failed",
    "limit.patch",
];

/// Rules that look at the frames of one run alone: what they find after its
/// RUN_STARTED does not depend on bytes that are missing before it.
const OF_ONE_RUN: &[&str] = &[
    "V01",
    "V02",
    "V04",
    "V07",
    "V08",
    "V09",
    "V10",
    "V11",
    "V12",
    "V13",
    "V14",
    "V15",
    "V16",
    "V17",
    "V18",
    "V19",
    "chunk.no_id",
    "chunk.no_name",
    "chunk.conflict",
    "chunk.owner",
    "chunk.ambiguous",
    "run.silent_failure",
    "run.id_mismatch",
    "run.repeated_id",
    "text.repeated",
    "call.early_result",
    "call.left_open",
    "call.no_result",
    "call.pending",
    "item.overlap",
    "item.unclosed",
    "item.merged",
    "message.duplicate_text",
    "args.not_json",
    "args.missing",
    "args.schema",
    "args.bad_schema",
    "time.backwards",
    "time.stall",
    "transport.gap",
    "transport.buffered",
];

/// Whether a rule looks at the frames of one run alone.
pub(crate) fn is_of_one_run(id: &str) -> bool {
    OF_ONE_RUN.contains(&id)
}

/// Whether a rule looks at one frame alone.
pub(crate) fn is_of_one_frame(id: &str) -> bool {
    OF_ONE_FRAME.contains(&id)
}
