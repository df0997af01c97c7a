//! The rules of the five decision agents, as values in and values out.
//!
//! [`dataset`] reads tables from objects, [`discovery`] profiles and judges them, [`result`] is the
//! envelope that every agent answers with. Nothing here knows a host, opens a connection or reads a
//! clock of its own: objects come through the port of `causeway-cloud`, time through [`budget::Clock`].

pub mod budget;
pub mod dataset;
pub mod decision;
pub mod discovery;
pub mod intelligence;
pub mod narrative;
pub mod result;
pub mod sources;
pub mod statistics;
pub mod strategy;
pub mod visualization;

#[cfg(test)]
mod tests;
