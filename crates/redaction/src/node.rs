//! What a place in an event or a request means, and so what is looked for there.

use scrubjay_protocol::event::EventType;

/// A value of a document, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// An event whose type protocol 1.0 knows.
    Event,
    /// An event of another type.
    Stranger,
    /// `RunAgentInput`.
    Input,
    /// The body of a request, which may have the input in it.
    Request,
    Message,
    /// A part of a message's content.
    Part,
    ToolCall,
    Function,
    Tool,
    Context,
    Interrupt,
    /// The operations of a JSON Patch.
    Patch,
    Operation,
    /// A JSON Pointer into the state.
    Pointer,
    /// A text that comes in pieces.
    Stream,
    /// What a user or a model says.
    Content,
    /// JSON of an application.
    Data,
    /// The schema of a tool's parameters.
    Schema,
    /// Schemas by name.
    Properties,
    /// An id or a name of the protocol.
    Id,
    /// A word of the protocol.
    Fixed,
}

impl Node {
    /// An event of this type.
    pub(crate) fn of_event(event_type: Option<&EventType>) -> Self {
        match event_type {
            Some(EventType::Unknown(_)) | None => Self::Stranger,
            Some(_) => Self::Event,
        }
    }

    /// The node of a member, or of an item (no name).
    pub(crate) fn child(self, name: Option<&str>) -> Self {
        let Some(name) = name else { return self.item() };
        match self {
            Self::Event => event_member(name),
            Self::Stranger => match name {
                "type" | "role" => Self::Fixed,
                "delta" => Self::Stream,
                "name" => Self::Id,
                _ if is_id(name) => Self::Id,
                _ => Self::Data,
            },
            Self::Request | Self::Input => input_member(self, name),
            Self::Message => match name {
                "content" | "name" | "error" => Self::Content,
                "toolCalls" | "tool_calls" => Self::ToolCall,
                "role" | "activityType" => Self::Fixed,
                _ if is_id(name) => Self::Id,
                _ => Self::Data,
            },
            // A message's content may be parts, and an activity's is data.
            Self::Content => match name {
                "type" => Self::Fixed,
                "text" => Self::Content,
                _ => Self::Data,
            },
            Self::Part | Self::Interrupt => match name {
                "type" | "status" | "reason" | "mimeType" | "mime_type" => Self::Fixed,
                "text" | "message" => Self::Content,
                "source" => Self::Part,
                "interrupts" => Self::Interrupt,
                _ if is_id(name) => Self::Id,
                _ => Self::Data,
            },
            Self::ToolCall => match name {
                "type" => Self::Fixed,
                "function" => Self::Function,
                _ if is_id(name) => Self::Id,
                _ => Self::Data,
            },
            Self::Function => match name {
                "name" => Self::Id,
                _ => Self::Content,
            },
            Self::Tool => match name {
                "name" => Self::Id,
                "parameters" => Self::Schema,
                "description" => Self::Content,
                _ => Self::Data,
            },
            Self::Context => Self::Content,
            Self::Operation => match name {
                "op" => Self::Fixed,
                "path" | "from" => Self::Pointer,
                _ => Self::Data,
            },
            Self::Schema => match name {
                "description" | "title" => Self::Content,
                "default" | "const" | "enum" | "examples" => Self::Data,
                "properties" | "$defs" | "definitions" => Self::Properties,
                _ => Self::Schema,
            },
            Self::Properties => Self::Schema,
            Self::Patch | Self::Pointer | Self::Stream | Self::Data => Self::Data,
            Self::Id | Self::Fixed => Self::Id,
        }
    }

    fn item(self) -> Self {
        match self {
            Self::Patch | Self::Stream => Self::Operation,
            Self::Content => Self::Part,
            other => other,
        }
    }

    /// Whether ids of models and frameworks stand here.
    pub(crate) fn has_ids(self) -> bool {
        matches!(self, Self::Id | Self::Fixed)
    }

    /// Whether what stands here is a user's or a model's.
    pub(crate) fn is_said(self) -> bool {
        matches!(self, Self::Content | Self::Stream | Self::Data)
    }
}

fn event_member(name: &str) -> Node {
    match name {
        "type" | "role" | "subtype" | "activityType" => Node::Fixed,
        "delta" => Node::Stream,
        "patch" => Node::Patch,
        "messages" => Node::Message,
        "input" => Node::Input,
        "content" | "message" | "description" => Node::Content,
        "outcome" | "interrupts" => Node::Interrupt,
        "snapshot" | "value" | "event" | "rawEvent" | "raw_event" | "result" | "metadata" | "encryptedValue"
        | "encrypted_value" | "usage" => Node::Data,
        _ => Node::Id,
    }
}

fn input_member(node: Node, name: &str) -> Node {
    match name {
        "messages" => Node::Message,
        "tools" => Node::Tool,
        "context" => Node::Context,
        // CopilotKit puts the input into an envelope.
        "body" | "input" if node == Node::Request => Node::Input,
        "method" if node == Node::Request => Node::Fixed,
        "resume" => Node::Interrupt,
        _ if is_id(name) => Node::Id,
        _ => Node::Data,
    }
}

fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("Id") || name.ends_with("_id") || name.ends_with("Ids")
}
