//! Types of events, and members by either spelling.
//!
//! ```
//! use scrubjay_protocol::event::{EventType, Family};
//!
//! let event_type = EventType::from_name("TEXT_MESSAGE_CONTENT");
//! assert_eq!(event_type, EventType::TextMessageContent);
//! assert_eq!(event_type.family(), Family::Text);
//! assert_eq!(EventType::from_name("META").name(), "META");
//! ```
//!
//! [`crate::schema`] checks whether an event is as the official client wants it.

mod kind;
mod member;

pub use self::{
    kind::{EventType, Family},
    member::{member, snake_case},
};
