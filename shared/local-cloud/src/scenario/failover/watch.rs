//! The breaker of the storage, as all functions share it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_adapters::{SystemClock, storage_breakers};
use causeway_cloud::breaker::{Breakers, Dependency, View};
use causeway_resilience::breaker::{Change, Event, Outcome, Phase, Settings};
use causeway_resilience::{Deadline, Invalid};

use super::second::Second;
use crate::cli::CliError;
use crate::oci::STATE_BUCKET;

/// Names of the breakers of the two sides, as functions call them.
const FIRST: &str = "oci-object-storage";
const SECONDS: [&str; 2] = ["second-directory", "second-s3"];
/// Folder of all documents, as functions have it when nobody says another.
const PREFIX: &str = "causeway-state";
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of it.
pub(super) struct Watch {
    breakers: Breakers,
    first: Dependency,
    second: Dependency,
    seen: Option<View>,
    told: u64,
    pub(super) changes: Vec<Event>,
}

/// How it stands, and what changed since the last look.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) state: &'static str,
    pub(super) changes: Vec<&'static str>,
}

impl Watch {
    pub(super) fn new(second: &Second, rules: &Settings) -> Result<Self, CliError> {
        let invalid = |error: Invalid| CliError::usage(error.to_string());
        let (place, rules) = ((STATE_BUCKET, PREFIX), rules.config().map_err(invalid)?);
        let breakers = storage_breakers(&second.objects, place, rules, Arc::new(SystemClock)).map_err(invalid)?;
        let dependency = |name: &str| Dependency::new(name, "").map_err(invalid);
        let (first, second) = (dependency(FIRST)?, dependency(SECONDS[usize::from(second.is_s3())])?);
        Ok(Self { breakers, first, second, seen: None, told: 0, changes: Vec::new() })
    }

    /// A breaker that nobody has used only counts for its first minute. The drill does not wait for that.
    ///
    /// # Errors
    /// The documents cannot be written.
    pub(super) async fn begin(&mut self) -> Result<(), CliError> {
        let failed = |error: &dyn std::fmt::Display| CliError { text: format!("the breakers: {error}"), exit: 74 };
        for dependency in [&self.first, &self.second] {
            let ticket = self.breakers.of(dependency).enter(patience()).await;
            ticket.map_err(|_| failed(&"closed"))?.report(Outcome::Passed, patience()).await;
            let released = self.breakers.release(dependency, "causeway up", patience()).await;
            released.map_err(|error| failed(&error))?;
        }
        self.look().await;
        self.changes.clear();
        Ok(())
    }

    /// Reads it anew.
    pub(super) async fn look(&mut self) -> Seen {
        if let Some(view) = self.breakers.see(&self.first, patience()).await {
            self.seen = Some(view);
        }
        let Some(view) = &self.seen else { return Seen { state: "unknown", changes: Vec::new() } };
        let news: Vec<Event> = view.changes.iter().filter(|event| event.epoch > self.told).cloned().collect();
        self.told = news.iter().map(|event| event.epoch).max().unwrap_or(self.told);
        let changes = news.iter().map(|event| event.change.name()).collect();
        self.changes.extend(news);
        Seen { state: state(&view.phase), changes }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.seen.as_ref().is_some_and(|view| view.phase == Phase::Closed)
    }

    /// How often it opened.
    pub(super) fn opened(&self) -> usize {
        self.changes.iter().filter(|event| matches!(event.change, Change::Opened { .. })).count()
    }
}

fn state(phase: &Phase) -> &'static str {
    match phase {
        Phase::Closed => "closed",
        Phase::Open { .. } => "open",
        Phase::HalfOpen { .. } => "half-open",
    }
}

fn patience() -> Deadline {
    Deadline::within(Instant::now(), Some(PATIENCE))
}
