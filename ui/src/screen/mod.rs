//! The screens, a folder each.

pub mod compare;
pub mod inspect;
pub mod library;
pub mod replay;
