//! Shared breakers over a store that fails at the worst moment, by a clock whose hands the tests turn.

mod clocks;
mod documents;
mod fallbacks;
mod model;
mod news;
mod orders;
mod sharing;
mod stage;
mod vectors;

use std::sync::Arc;
use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::breaker::{Config, HalfOpen, LostProbe, Mode, Outcome, Phase, Settings, State};

use super::*;
use crate::Objects;
use crate::state::Documents;
use stage::{Stage, Watch};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const OK: Outcome = Outcome::Passed;
const BAD: Outcome = Outcome::Failed;
const NO: Deadline = Deadline::NONE;

fn service() -> Dependency {
    Dependency::new("object-storage", "acme").unwrap()
}

/// One store and the true time.
struct Yard {
    stage: Arc<Stage>,
}

/// A process: its clock and its breakers.
struct Process {
    watch: Arc<Watch>,
    breakers: Breakers,
}

fn defaults() -> Config {
    Settings::default().config().unwrap()
}

impl Yard {
    fn new() -> Self {
        Self { stage: Arc::new(Stage::new()) }
    }

    /// With a document that is past its first minute.
    async fn begun() -> Self {
        let yard = Self::new();
        let process = yard.process("first");
        process.call(OK).await;
        yard.stage.pass(61 * SECOND);
        process.call(OK).await;
        process.breakers.flush(NO).await;
        yard
    }

    /// A process by whose breaker the first probe is due.
    async fn half_open(&self, lost: LostProbe) -> Process {
        let half_open = HalfOpen { lost, ..defaults().half_open };
        self.half_open_by(Config { half_open, ..defaults() }).await
    }

    async fn half_open_by(&self, config: Config) -> Process {
        let process = self.with("one", config, Sharing::default());
        process.calls(5, BAD).await;
        self.stage.pass(31 * SECOND);
        process
    }

    fn documents(&self, watch: &Arc<Watch>) -> Documents {
        Documents::new(Arc::clone(&self.stage) as Objects, "state/breakers", Arc::clone(watch) as _)
    }

    fn process(&self, instance: &str) -> Process {
        self.with(instance, defaults(), Sharing::default())
    }

    fn with(&self, instance: &str, config: Config, sharing: Sharing) -> Process {
        let watch = Arc::new(Watch::new(&self.stage));
        let documents = Some(self.documents(&watch));
        let breakers =
            Breakers::new(documents, config, sharing, Arc::clone(&watch) as _, Arc::new(|| 0.5), instance.to_owned());
        Process { watch, breakers: breakers.unwrap() }
    }

    /// The state as the document has it.
    fn state(&self) -> State {
        serde_json::from_value(self.stage.newest()["state"].take()).unwrap()
    }
}

impl Process {
    fn breaker(&self) -> Arc<Breaker> {
        self.breakers.of(&service())
    }

    async fn enter(&self) -> Result<Ticket, Rejected> {
        self.breaker().enter(NO).await
    }

    async fn call(&self, outcome: Outcome) {
        self.enter().await.unwrap().report(outcome, NO).await;
    }

    async fn calls(&self, number: u32, outcome: Outcome) {
        for _ in 0..number {
            self.call(outcome).await;
        }
    }
}

fn asked(mode: Mode, author: &str, lasts: Duration) -> NewOrder<'_> {
    NewOrder { mode, author, reason: Some("a drill"), lasts }
}

fn is_open(state: &State) -> bool {
    matches!(state.phase(), Phase::Open { .. })
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
