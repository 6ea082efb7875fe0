//! Scrubjay.
