//! A comparison as Markdown and as JSON Lines.
