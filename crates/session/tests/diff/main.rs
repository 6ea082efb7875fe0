//! Where runs part: scenarios, what holds always, and replays.

mod corpus;
mod properties;
mod replay;
mod scenarios;
mod side;
