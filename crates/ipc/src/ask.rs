//! Questions and the types of their answers.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};

use crate::{
    AddSource, AnswerMiss, Body, BodyView, CancelCompare, Cause, CausesView, Chat, ChatWindow, Compare, CompareReport,
    CompareStarted, Comparison, ComparisonView, Delete, Deleted, Detail, EditReplay, EditSource, Erase, FrameDetail,
    Health, HealthView, Input, InputView, Jump, LanePicture, Lanes, Library, LibraryPage, Links, Locate, MapMoment,
    MappedMoment, Mute, Mutes, Open, Opened, Pair, PairByHand, PairDetail, PairRow, Pairs, Place, ProblemRow,
    ProblemRows, Problems, ProblemsView, ReadValue, ReplayList, ReplayView, Replays, ReportText, Ribbons, RibbonsView,
    Row, RowOf, RowPlace, RowWindow, Rows, RunLinks, SampleTaken, Source, SourceList, Sources, SpanEventWindow,
    SpanEvents, StartReplay, State, StatePatch, StateTree, Steer, StopReplay, SwitchSource, TakeSample, Undelete,
    ValueView, WriteHistory, Writes,
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

/// Writes the departments down: an enum of questions for each, and [`AnyAsk`] of all.
macro_rules! departments {
    ($(
        $(#[$meta:meta])*
        $department:ident($questions:ident) {
            $($(#[$ask_meta:meta])* $ask:ident => $answer:ty $(, $encoding:ident)?;)*
        }
    )*) => {
        /// Any question, by the department that answers it. It travels as its
        /// fields and a tag `ask`, which names the question in all departments.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum AnyAsk { $($(#[$meta])* $department($questions),)* }

        impl AnyAsk {
            /// How the answer is written down.
            pub fn encoding(&self) -> Encoding {
                match self { $(Self::$department(ask) => ask.encoding(),)* }
            }

            /// Reads a question that is tagged so.
            fn of_tag(tag: &str, question: serde_json::Value) -> serde_json::Result<Self> {
                $(if $questions::NAMES.iter().any(|name| is_tag(tag, name)) {
                    return serde_json::from_value(question).map(Self::$department);
                })*
                Err(de::Error::custom(format_args!("there is no question `{tag}`")))
            }
        }

        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(tag = "ask", rename_all = "snake_case")]
            pub enum $questions { $($(#[$ask_meta])* $ask($ask),)* }

            impl $questions {
                const NAMES: &[&str] = &[$(stringify!($ask)),*];

                fn encoding(&self) -> Encoding {
                    match self { $(Self::$ask(_) => <$ask as Ask>::ENCODING,)* }
                }
            }

            $(
                impl From<$ask> for $questions {
                    fn from(ask: $ask) -> Self { Self::$ask(ask) }
                }

                impl From<$ask> for AnyAsk {
                    fn from(ask: $ask) -> Self { Self::$department(ask.into()) }
                }

                impl Ask for $ask {
                    type Answer = $answer;
                    $(const ENCODING: Encoding = Encoding::$encoding;)?
                }
            )*
        )*
    };
}

impl ExchangeAsk {
    /// The exchange that it is about.
    pub fn exchange(&self) -> i64 {
        match self {
            Self::Open(ask) => ask.exchange,
            Self::Rows(ask) => ask.exchange,
            Self::RowOf(ask) => ask.exchange,
            Self::Lanes(ask) => ask.exchange,
            Self::Locate(ask) => ask.exchange,
            Self::Jump(ask) => ask.exchange,
            Self::Detail(ask) => ask.exchange,
            Self::State(ask) => ask.exchange,
            Self::StatePatch(ask) => ask.exchange,
            Self::ReadValue(ask) => ask.exchange,
            Self::Chat(ask) => ask.exchange,
            Self::Cause(ask) => ask.exchange,
            Self::Input(ask) => ask.exchange,
            Self::SpanEvents(ask) => ask.exchange,
            Self::Writes(ask) => ask.exchange,
            Self::Body(ask) => ask.exchange,
            Self::Problems(ask) => ask.exchange,
            Self::ProblemRows(ask) => ask.exchange,
        }
    }
}

/// Whether `row_of` is the tag of `RowOf`.
fn is_tag(tag: &str, name: &str) -> bool {
    let letters = tag.chars().filter(|letter| *letter != '_');
    letters.eq(name.chars().map(|letter| letter.to_ascii_lowercase()))
}

impl<'de> Deserialize<'de> for AnyAsk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let question = serde_json::Value::deserialize(deserializer)?;
        let Some(tag) = question.get("ask").and_then(serde_json::Value::as_str) else {
            return Err(de::Error::missing_field("ask"));
        };
        let tag = tag.to_owned();
        Self::of_tag(&tag, question).map_err(de::Error::custom)
    }
}

departments! {
    /// The library: what is in it, what is hidden, what is muted.
    Library(LibraryAsk) {
        /// A window of the library's rows.
        Library => LibraryPage;
        /// Hides exchanges, so that it can be undone.
        Delete => Deleted;
        /// Brings hidden exchanges back.
        Undelete => Deleted;
        /// Removes hidden exchanges for good.
        Erase => Deleted;
        /// Mutes a rule, or takes that back.
        Mute => Mutes;
        /// Takes a recording that comes with the program into the store.
        TakeSample => SampleTaken;
        /// How the runs of an exchange hang together with others of their thread.
        Links => RunLinks;
    }

    /// Sources: what is recorded.
    Source(SourceAsk) {
        /// All sources with their live state.
        Sources => SourceList;
        /// Starts a new source.
        AddSource => Source;
        /// Changes a source's name, addresses or options.
        EditSource => Source;
        /// Listens, stops or pauses.
        SwitchSource => Source;
    }

    /// The store: room, backlog, trouble.
    Health(HealthAsk) {
        /// Room on disk, backlog, store.
        Health => HealthView;
    }

    /// One exchange.
    Exchange(ExchangeAsk) {
        /// The facts of one exchange.
        Open => Opened;
        /// A window of rows.
        Rows => RowWindow<Row>;
        /// The row in which a frame stands.
        RowOf => RowPlace;
        /// The lanes' picture.
        Lanes => LanePicture, Postcard;
        /// Which frame is at a place of the axis.
        Locate => Place;
        /// The next place of interest.
        Jump => Option<Place>;
        /// All about one frame.
        Detail => FrameDetail;
        /// The state tree as of a frame.
        State => StateTree;
        /// What changed in the state between two frames.
        StatePatch => json_patch::Patch;
        /// One value of the state, whole.
        ReadValue => ValueView;
        /// The conversation as of a frame.
        Chat => ChatWindow;
        /// Which frame delivered a character of the conversation.
        Cause => CausesView;
        /// The request's RunAgentInput.
        Input => InputView;
        /// Events of a span, and how many came when.
        SpanEvents => SpanEventWindow;
        /// Which frames wrote a value of the state.
        Writes => WriteHistory;
        /// The response's body, where it is no stream of events.
        Body => BodyView;
        /// What is wrong, grouped by rule.
        Problems => ProblemsView;
        /// A window of findings.
        ProblemRows => RowWindow<ProblemRow>;
    }

    /// Comparisons of two sides.
    Compare(CompareAsk) {
        /// Starts comparing two sides.
        Compare => CompareStarted;
        /// How far a comparison is, and what came out.
        Comparison => ComparisonView;
        /// Gives a comparison up.
        CancelCompare => ComparisonView;
        /// A window of pairs.
        Pairs => RowWindow<PairRow>;
        /// All about one pair.
        Pair => PairDetail;
        /// Both sides' lanes and what connects them.
        Ribbons => RibbonsView, Postcard;
        /// A playhead on both sides.
        MapMoment => MappedMoment;
        /// Pairs two spans by hand.
        PairByHand => CompareStarted;
        /// A comparison as a report.
        CompareReport => ReportText;
    }

    /// Replays: recordings that are served.
    Replay(ReplayAsk) {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Target};

    #[test]
    fn a_question_travels_with_its_tag() {
        let asks: [AnyAsk; 3] = [
            Health {}.into(),
            Locate {
                exchange: 7,
                axis: Axis::Clock,
                target: Target::X(0.5),
            }
            .into(),
            CancelCompare { comparison: 3 }.into(),
        ];
        let wire = [
            r#"{"ask":"health"}"#,
            r#"{"ask":"locate","exchange":7,"axis":"clock","target":{"x":0.5}}"#,
            r#"{"ask":"cancel_compare","comparison":3}"#,
        ];
        for (ask, wire) in asks.iter().zip(wire) {
            assert_eq!(serde_json::to_string(ask).unwrap(), wire);
            assert_eq!(serde_json::from_str::<AnyAsk>(wire).unwrap(), *ask);
        }
    }

    #[test]
    fn what_is_no_question_says_why() {
        let said = |wire: &str| serde_json::from_str::<AnyAsk>(wire).unwrap_err().to_string();
        assert_eq!(said(r#"{"exchange":1}"#), "missing field `ask`");
        assert_eq!(said(r#"{"ask":"opened"}"#), "there is no question `opened`");
        assert_eq!(said(r#"{"ask":"detail","exchange":1}"#), "missing field `seq`");
        assert!(said("[1]").contains("missing field `ask`"));
    }

    #[test]
    fn pictures_are_binary() {
        let read = |wire: &str| serde_json::from_str::<AnyAsk>(wire).unwrap().encoding();
        assert_eq!(
            read(r#"{"ask":"lanes","exchange":1,"axis":"clock","from":0.0,"to":1.0,"width_px":9}"#),
            Encoding::Postcard
        );
        assert_eq!(read(r#"{"ask":"open","exchange":1}"#), Encoding::Json);
    }
}
