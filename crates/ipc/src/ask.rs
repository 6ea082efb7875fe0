//! Questions and the types of their answers.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    AddSource, AnswerMiss, Body, BodyView, CancelCompare, Cause, CausesView, Chat, ChatView, Compare, CompareReport,
    CompareStarted, Comparison, ComparisonView, Delete, Deleted, Detail, DetailView, EditReplay, EditSource, Erase,
    Health, HealthView, Input, InputView, Jump, Lanes, LanesView, Library, LibraryPage, Locate, MapMoment,
    MappedMoment, Moment, Mute, Mutes, Open, Opened, Pair, PairByHand, PairView, Pairs, PairsPage, ProblemRows,
    ProblemRowsPage, Problems, ProblemsView, ReadValue, ReplayList, ReplayView, Replays, ReportText, Ribbons,
    RibbonsView, RowOf, RowPlace, Rows, RowsPage, Source, SourceList, Sources, SpanEvents, SpanEventsView, StartReplay,
    State, StateView, Steer, StopReplay, SwitchSource, Undelete, ValueView, Writes, WritesView,
};

/// How an answer is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON text: small answers that a person may want to read in a trace.
    Json,
    /// Postcard: lane pictures, which are large and drawn at frame rate.
    Postcard,
}

/// A question that has one type of answer.
pub trait Ask: Serialize + DeserializeOwned + Into<AnyAsk> {
    /// What comes back.
    type Answer: Serialize + DeserializeOwned;
    /// How it is written down.
    const ENCODING: Encoding = Encoding::Json;
}

macro_rules! asks {
    ($($(#[$meta:meta])* $ask:ident => $answer:ty $(, $encoding:ident)?;)*) => {
        /// Any question, as it travels: its fields and a tag `ask`.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "ask", rename_all = "snake_case")]
        pub enum AnyAsk { $($(#[$meta])* $ask($ask),)* }
        $(
            impl From<$ask> for AnyAsk { fn from(ask: $ask) -> Self { Self::$ask(ask) } }
            impl Ask for $ask {
                type Answer = $answer;
                $(const ENCODING: Encoding = Encoding::$encoding;)?
            }
        )*
    };
}

asks! {
    /// A window of the library's rows.
    Library => LibraryPage;
    /// Hides exchanges, so that it can be undone.
    Delete => Deleted;
    /// Brings hidden exchanges back.
    Undelete => Deleted;
    /// Removes hidden exchanges for good.
    Erase => Deleted;
    /// All sources with their live state.
    Sources => SourceList;
    /// Starts a new source.
    AddSource => Source;
    /// Changes a source's name, addresses or options.
    EditSource => Source;
    /// Listens, stops or pauses.
    SwitchSource => Source;
    /// Room on disk, backlog, store.
    Health => HealthView;
    /// The facts of one exchange.
    Open => Opened;
    /// A window of rows.
    Rows => RowsPage;
    /// The row in which a frame stands.
    RowOf => RowPlace;
    /// The lanes' picture.
    Lanes => LanesView, Postcard;
    /// Which frame is at a place of the axis.
    Locate => Moment;
    /// The next place of interest.
    Jump => Option<Moment>;
    /// All about one frame.
    Detail => DetailView;
    /// The state tree as of a frame.
    State => StateView;
    /// One value of the state, whole.
    ReadValue => ValueView;
    /// The conversation as of a frame.
    Chat => ChatView;
    /// Which frame delivered a character of the conversation.
    Cause => CausesView;
    /// The request's RunAgentInput.
    Input => InputView;
    /// Events of a span, and how many came when.
    SpanEvents => SpanEventsView;
    /// Which frames wrote a value of the state.
    Writes => WritesView;
    /// The response's body, where it is no stream of events.
    Body => BodyView;
    /// What is wrong, grouped by rule.
    Problems => ProblemsView;
    /// A window of findings.
    ProblemRows => ProblemRowsPage;
    /// Mutes a rule, or takes that back.
    Mute => Mutes;
    /// Starts comparing two sides.
    Compare => CompareStarted;
    /// How far a comparison is, and what came out.
    Comparison => ComparisonView;
    /// Gives a comparison up.
    CancelCompare => ComparisonView;
    /// A window of pairs.
    Pairs => PairsPage;
    /// All about one pair.
    Pair => PairView;
    /// Both sides' lanes and what connects them.
    Ribbons => RibbonsView, Postcard;
    /// A playhead on both sides.
    MapMoment => MappedMoment;
    /// Pairs two spans by hand.
    PairByHand => CompareStarted;
    /// A comparison as a report.
    CompareReport => ReportText;
    /// All replays.
    Replays => ReplayList;
    /// Serves exchanges as the agent.
    StartReplay => ReplayView;
    /// Stops serving.
    StopReplay => ReplayList;
    /// Changes how a replay serves.
    EditReplay => ReplayView;
    /// Steers one client's stream by hand.
    Steer => ReplayView;
    /// Answers a request that nothing recorded answers.
    AnswerMiss => ReplayView;
}
