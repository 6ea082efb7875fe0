//! What events and inputs are made of.

use super::view::{ReadMember, Text, views};
use crate::json::{Object, Value, Wtf8};

views! {
    /// A message of the conversation, of any role.
    Message {
        /// Its id.
        id: Text<'a> = "id",
        /// Who speaks.
        role: Role<'a> = "role",
        /// What is said; absent for most assistant messages with calls.
        content: Content<'a> = "content",
        /// Name of the speaker.
        name: Text<'a> = "name",
        /// Calls that an assistant makes.
        tool_calls: Vec<ToolCall<'a>> = "toolCalls",
        /// The call that a tool answers.
        tool_call_id: Text<'a> = "toolCallId",
        /// Why a tool failed.
        error: Text<'a> = "error",
        /// Type of an activity.
        activity_type: Text<'a> = "activityType",
        /// Opaque text of a provider, like a credential.
        encrypted_value: Text<'a> = "encryptedValue",
        /// Open metadata.
        metadata: Option<&'a Object> = "metadata",
        /// Sub-agent that it belongs to.
        subagent_run_id: Text<'a> = "subagentRunId",
    }

    /// A call of a tool.
    ToolCall {
        /// Its id.
        id: Text<'a> = "id",
        /// Always `function` in protocol 1.0.
        kind: Text<'a> = "type",
        /// What is called.
        function: FunctionCall<'a> = "function",
        /// Opaque text of a provider, like a credential.
        encrypted_value: Text<'a> = "encryptedValue",
        /// Open metadata.
        metadata: Option<&'a Object> = "metadata",
    }

    /// Name and arguments of a call.
    FunctionCall {
        /// Name of the tool.
        name: Text<'a> = "name",
        /// Arguments as text, by convention JSON.
        arguments: Text<'a> = "arguments",
    }

    /// One part of a message's content, retired `binary` parts included.
    Part {
        /// What it is.
        kind: PartKind<'a> = "type",
        /// Its id.
        id: Text<'a> = "id",
        /// Text of a text part.
        text: Text<'a> = "text",
        /// Where the bytes of a media part are.
        source: Option<Source<'a>> = "source",
        /// Any JSON.
        metadata: Option<&'a Value> = "metadata",
        /// Media type of a retired `binary` part.
        mime_type: Text<'a> = "mimeType",
        /// Base64 of a retired `binary` part.
        data: Text<'a> = "data",
        /// Address of a retired `binary` part.
        url: Text<'a> = "url",
        /// File name of a retired `binary` part.
        filename: Text<'a> = "filename",
    }

    /// Where the bytes of a media part are. Never fetched by a viewer.
    Source {
        /// `data`, `url` or `file`.
        kind: Text<'a> = "type",
        /// Base64, an address, or a provider's handle.
        value: Text<'a> = "value",
        /// Media type.
        mime_type: Text<'a> = "mimeType",
        /// Provider that issued a handle.
        provider: Text<'a> = "provider",
    }

    /// How a run or a sub-agent ended, when it says so.
    Outcome {
        /// `success`, `interrupt`, `cancelled`, `suspended`.
        kind: Text<'a> = "type",
        /// Calls of the run that have no result.
        pending_tool_call_ids: Vec<Text<'a>> = "pendingToolCallIds",
        /// What the run waits for.
        interrupts: Vec<Interrupt<'a>> = "interrupts",
        /// What a suspended sub-agent waits for.
        interrupt_ids: Vec<Text<'a>> = "interruptIds",
    }

    /// A question to a person, for which a run stopped.
    Interrupt {
        /// Its id, unique in the run.
        id: Text<'a> = "id",
        /// Why: `tool_call`, `input_required`, `confirmation` or anything else.
        reason: Text<'a> = "reason",
        /// The question.
        message: Text<'a> = "message",
        /// The call that waits.
        tool_call_id: Text<'a> = "toolCallId",
        /// JSON Schema of the answer.
        response_schema: Option<&'a Object> = "responseSchema",
        /// Until when it can be answered, by convention ISO 8601.
        expires_at: Text<'a> = "expiresAt",
        /// Open metadata.
        metadata: Option<&'a Object> = "metadata",
        /// Sub-agent that asks.
        subagent_run_id: Text<'a> = "subagentRunId",
    }

    /// The answer to an interrupt.
    ResumeEntry {
        /// The interrupt it answers.
        interrupt_id: Text<'a> = "interruptId",
        /// `resolved` or `cancelled`.
        status: Text<'a> = "status",
        /// The answer.
        payload: Option<&'a Value> = "payload",
        /// Open metadata.
        metadata: Option<&'a Object> = "metadata",
    }

    /// Tokens that a model used. Absent means not reported.
    TokenUsage {
        /// Who ran the model.
        provider: Text<'a> = "provider",
        /// The model.
        model: Text<'a> = "model",
        /// Tokens read, cached ones included.
        input_tokens: Option<f64> = "inputTokens",
        /// Tokens written, reasoning included.
        output_tokens: Option<f64> = "outputTokens",
        /// Both.
        total_tokens: Option<f64> = "totalTokens",
        /// Part of the output.
        reasoning_tokens: Option<f64> = "reasoningTokens",
        /// Part of the input that came from a cache.
        cached_input_tokens: Option<f64> = "cachedInputTokens",
        /// Part of the input that went into a cache.
        cache_write_input_tokens: Option<f64> = "cacheWriteInputTokens",
    }

    /// One operation of a JSON Patch.
    PatchOp {
        /// `add`, `remove`, `replace`, `move`, `copy`, `test`.
        op: Text<'a> = "op",
        /// JSON Pointer to the target.
        path: Text<'a> = "path",
        /// JSON Pointer to the origin of `move` and `copy`.
        from: Text<'a> = "from",
        /// The operand; `null` is one.
        value: Option<&'a Value> = "value",
    }

    /// A tool that the frontend offers.
    Tool {
        /// Its name.
        name: Text<'a> = "name",
        /// What it does.
        description: Text<'a> = "description",
        /// JSON Schema of its arguments.
        parameters: Option<&'a Value> = "parameters",
        /// Open metadata.
        metadata: Option<&'a Object> = "metadata",
    }

    /// Something that the frontend wants the agent to know.
    Context {
        /// What it is.
        description: Text<'a> = "description",
        /// The thing.
        value: Text<'a> = "value",
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role<'a> {
    /// Instructions of the developer.
    Developer,
    /// Instructions of the system.
    System,
    /// The person.
    User,
    /// The agent.
    Assistant,
    /// The result of a call.
    Tool,
    /// Something shown besides the conversation.
    Activity,
    /// What a model thought.
    Reasoning,
    /// A role that protocol 1.0 does not have.
    Other(&'a Wtf8),
    /// No role, or one that is no string.
    #[default]
    Missing,
}

impl<'a> ReadMember<'a> for Role<'a> {
    fn read_member(value: Option<&'a Value>) -> Self {
        let Some(text) = value.and_then(Value::as_wtf8) else {
            return Self::Missing;
        };
        match text.as_bytes() {
            b"developer" => Self::Developer,
            b"system" => Self::System,
            b"user" => Self::User,
            b"assistant" => Self::Assistant,
            b"tool" => Self::Tool,
            b"activity" => Self::Activity,
            b"reasoning" => Self::Reasoning,
            _ => Self::Other(text),
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content<'a> {
    /// Nothing is there.
    #[default]
    Absent,
    /// Text.
    Text(&'a Wtf8),
    /// Parts of several kinds.
    Parts(Vec<Part<'a>>),
    /// An object: what an activity shows.
    Object(&'a Object),
    /// Anything else.
    Other(&'a Value),
}

impl<'a> ReadMember<'a> for Content<'a> {
    fn read_member(value: Option<&'a Value>) -> Self {
        match value {
            None => Self::Absent,
            Some(Value::String(text)) => Self::Text(text),
            Some(Value::Array(parts)) => Self::Parts(parts.iter().map(Part::read).collect()),
            Some(Value::Object(object)) => Self::Object(object),
            Some(other) => Self::Other(other),
        }
    }
}

/// What a part of a content is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PartKind<'a> {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Any other file.
    Document,
    /// The retired part that was all of these.
    Binary,
    /// A kind that protocol 1.0 does not have.
    Other(&'a Wtf8),
    /// No type, or one that is no string.
    #[default]
    Missing,
}

impl<'a> ReadMember<'a> for PartKind<'a> {
    fn read_member(value: Option<&'a Value>) -> Self {
        let Some(text) = value.and_then(Value::as_wtf8) else {
            return Self::Missing;
        };
        match text.as_bytes() {
            b"text" => Self::Text,
            b"image" => Self::Image,
            b"audio" => Self::Audio,
            b"video" => Self::Video,
            b"document" => Self::Document,
            b"binary" => Self::Binary,
            _ => Self::Other(text),
        }
    }
}
