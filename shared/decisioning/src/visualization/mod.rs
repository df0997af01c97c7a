//! The visualization agent: the results of the other agents as files for people and for other tools.
//!
//! [`render::render`] makes the files, [`visualize::visualize`] is the whole job over the object port. Nothing is computed here that
//! the agents did not compute: each figure of the page is shown by the pointer of its place in the export, and what
//! is absent says why. The page asks no host for anything and runs no script.
//!
//! | file | what it is |
//! |---|---|
//! | `dashboard.html` | the page |
//! | `export.json`, `export.schema.json` | all results, and the JSON Schema of that file |
//! | `analytics_cloud.json` | connection, data set and canvas for Oracle Analytics Cloud |
//! | `apex_regions.sql` | views and region queries for an APEX page |

pub mod alerts;
pub mod artifacts;
pub mod data;
pub mod render;
pub mod request;
pub mod store;
pub mod visualize;

mod analytics_cloud;
mod charts;
mod components;
mod doc;
mod downsample;
mod format;
mod page;
mod sql;

use crate::result::AgentResult;

pub use render::Options;
pub use request::Request;
pub use store::VisualizeError;
pub use visualize::visualize;

/// What the visualization agent answers with.
pub type Answer = AgentResult<data::Data>;

#[cfg(test)]
mod tests;
