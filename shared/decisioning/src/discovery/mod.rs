//! The discovery agent: what tables there are, what is in them, how they hang together, what is wrong.
//!
//! [`survey::survey`] is the whole job over the object port; the other modules are its rules, each pure.
//! A figure that comes from a sketch or a sample says so; a figure that cannot be computed is absent with
//! a reason, never a default.

pub mod alerts;
pub mod data;
pub mod domains;
pub mod drift;
pub mod footer;
pub mod keys;
pub mod limits;
pub mod links;
pub mod pii;
pub mod profile;
pub mod quality;
pub mod request;
pub mod survey;

mod bounds;
mod column;
mod correlate;
mod dictionary;
pub(crate) mod fit;
mod moments;
mod report;
mod rows;
mod sketches;
mod slots;
mod statements;
mod summarise;
mod table;

use crate::result::AgentResult;

pub use limits::Limits;
pub use request::{Request, RequestError};
pub(crate) use slots::Slots;
pub use survey::survey;

/// What the discovery agent answers with.
pub type Answer = AgentResult<data::Data>;
