//! Scenarios of `causeway up`: a story that the local cloud plays by itself.
//!
//! [`autoscaler`] plays machines under load with flex-autoscaler at work, in simulated time; [`failover`] breaks the
//! storage under functions that are called all the time.

mod account;
mod autoscaler;
pub(crate) mod clock;
mod failover;
mod fleet;
mod lines;
mod loads;

use crate::arguments::{Scenario, ScenarioArguments};
use crate::cli::CliError;
use crate::cloud::{Cloud, Program};
use crate::oci::Oci;
use crate::oci::environment::other_cloud;
pub(crate) use autoscaler::RESTART_STEP_MS;

/// A scenario that has been asked for.
pub(crate) enum Plan {
    Autoscaler(autoscaler::Plan),
    Failover(failover::Plan),
}

/// A scenario that is being played.
pub(crate) enum Play {
    Autoscaler(Box<autoscaler::Play>),
    Failover(Box<failover::Play>),
}

impl Plan {
    /// What the arguments ask for, if anything.
    ///
    /// # Errors
    /// What it needs cannot be had, or the functions would work on something else than the emulator.
    pub(crate) fn of(args: &ScenarioArguments, own: &[(String, String)]) -> Result<Option<Self>, CliError> {
        let Some(scenario) = args.scenario else { return Ok(None) };
        let local = own.iter().find(|(name, value)| name == "CAUSEWAY_LOCAL_ROOT" && !value.is_empty());
        if let Some(name) = other_cloud(own).or(local.map(|(name, _)| name.as_str())) {
            let text = format!("--scenario works on its own OCI alone: unset {name}, which chooses something else");
            return Err(CliError::usage(text));
        }
        Ok(Some(match scenario {
            Scenario::Autoscaler => Self::Autoscaler(autoscaler::Plan::of(args)?),
            Scenario::Failover => Self::Failover(failover::Plan::of(args)?),
        }))
    }

    /// Makes ready what has to be there before anything is in a new OCI.
    ///
    /// # Errors
    /// The emulator fails, or a directory cannot be made.
    pub(crate) async fn begin(self, oci: &Oci) -> Result<Play, CliError> {
        Ok(match self {
            Self::Autoscaler(plan) => Play::Autoscaler(Box::new(plan.begin(oci).await?)),
            Self::Failover(plan) => Play::Failover(Box::new(plan.begin(oci).await?)),
        })
    }
}

impl Play {
    /// Puts there what the functions work on.
    ///
    /// # Errors
    /// The emulator or the second side refuses.
    pub(crate) async fn furnish(&mut self, oci: &Oci) -> Result<(), CliError> {
        match self {
            Self::Autoscaler(play) => play.furnish().await,
            Self::Failover(play) => play.furnish(oci).await,
        }
    }

    /// Sets the variables of the functions that take part.
    pub(crate) fn direct(&self, programs: &mut [Program], oci: &Oci) {
        match self {
            Self::Autoscaler(play) => play.direct(programs, oci),
            Self::Failover(play) => play.direct(programs),
        }
    }

    /// Plays to the end.
    ///
    /// # Errors
    /// The emulator fails, or standard output cannot be written.
    pub(crate) async fn run(&mut self, cloud: &Cloud, oci: &Oci) -> Result<(), CliError> {
        match self {
            Self::Autoscaler(play) => play.run(cloud).await,
            Self::Failover(play) => play.run(cloud, oci).await,
        }
    }

    /// What came of it, once something was played.
    ///
    /// # Errors
    /// Standard output cannot be written, or what was played did not hold.
    pub(crate) fn sum_up(&self) -> Result<(), CliError> {
        match self {
            Self::Autoscaler(play) => play.sum_up(),
            Self::Failover(play) => play.sum_up(),
        }
    }

    /// What the first line says of it.
    pub(crate) fn about(&self) -> &'static str {
        match self {
            Self::Autoscaler(_) => "a scenario in simulated time",
            Self::Failover(_) => "a drill of an outage of Object Storage",
        }
    }
}
