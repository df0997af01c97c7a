//! Every function that this executable links: one line each in [`FUNCTIONS`].

use std::process::ExitCode;
use std::sync::Arc;

use causeway_adapters::{SETTINGS, SystemClock, connect};
use causeway_runtime::{Handler, Settings, run};
use decision_agent::DecisionAgent;
use decisioning_flow::DecisioningFlow;
use discovery_agent::DiscoveryAgent;
use egress_monitor::EgressMonitor;
use flex_autoscaler::FlexAutoscaler;
use health_checker::HealthChecker;
use intelligence_agent::IntelligenceAgent;
use strategy_agent::StrategyAgent;
use vision::Vision;
use visualization_agent::VisualizationAgent;

/// All functions, in the order in which they are listed.
pub const FUNCTIONS: &[Function] = &[
    Function::of::<DiscoveryAgent>(|| run(SETTINGS, |config| DiscoveryAgent::connect(config, &connect()?))),
    Function::of::<IntelligenceAgent>(|| run(SETTINGS, |config| IntelligenceAgent::connect(config, &connect()?))),
    Function::of::<StrategyAgent>(|| run(SETTINGS, |config| StrategyAgent::connect(config, &connect()?))),
    Function::of::<DecisionAgent>(|| run(SETTINGS, |config| DecisionAgent::connect(&config, &connect()?))),
    Function::of::<DecisioningFlow>(|| {
        run(SETTINGS, |config| DecisioningFlow::connect(config, &connect()?, Arc::new(SystemClock)))
    }),
    Function::of::<VisualizationAgent>(|| run(SETTINGS, |config| VisualizationAgent::connect(config, &connect()?))),
    Function::of::<EgressMonitor>(|| {
        run(SETTINGS, |config| EgressMonitor::connect(config, &connect()?, Arc::new(SystemClock)))
    }),
    Function::of::<FlexAutoscaler>(|| {
        run(SETTINGS, |config| FlexAutoscaler::connect(config, &connect()?, Arc::new(SystemClock)))
    }),
    Function::of::<HealthChecker>(|| {
        run(SETTINGS, |config| HealthChecker::connect(config, &connect()?, Arc::new(SystemClock)))
    }),
    Function::of::<Vision>(|| run(SETTINGS, |config| Vision::connect(config, &connect()?, Arc::new(SystemClock)))),
];

/// A linked function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name on every platform.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// Prefix of its settings, which are handed to its process.
    pub prefix: &'static str,
    /// Serves calls until the process is ended.
    pub run: fn() -> ExitCode,
}

impl Function {
    const fn of<H: Handler>(run: fn() -> ExitCode) -> Self {
        Self { name: H::NAME, about: H::ABOUT, prefix: <H::Config as Settings>::PREFIX, run }
    }
}

/// The function of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All names, for messages.
#[must_use]
pub fn names() -> String {
    FUNCTIONS.iter().map(|function| function.name).collect::<Vec<_>>().join(", ")
}
