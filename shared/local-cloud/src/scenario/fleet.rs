//! The machines in the emulator: their load, what is measured of them, and time, which moves by minutes.
//!
//! A minute is measured as the machine was at its beginning: load divided by the size that it had, at most 100 %, and
//! nothing while it restarts. Memory is not measured, for a trace says nothing of it.

use std::path::Path;

use flex_autoscaler::replay::model::{REFERENCE_OCPUS, STEP_MINUTES};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::account::Account;
use super::clock::Hands;
use super::loads::{HISTORY_STEPS, Loads};
use crate::cli::CliError;
use crate::oci::target::{Answer, OCI, SendError, Target};

const SHAPE: &str = "VM.Standard.E5.Flex";
/// Memory that comes with an OCPU, in GB, as in the default policy.
const MEMORY_PER_OCPU_GB: f64 = 16.0;
/// Cores that the data centre has for us.
const LIMIT: u32 = 1_000_000;
/// The tag of the machines.
pub(super) const TAG: (&str, &str) = ("scenario", "autoscaler");

/// All machines at one moment.
pub(super) struct Fleet {
    target: Target,
    hands: Hands,
    compartment: String,
    pub(super) machines: Vec<Machine>,
    /// Samples since the beginning.
    step: usize,
    pub(super) now: Timestamp,
}

/// One machine.
pub(super) struct Machine {
    pub(super) id: String,
    pub(super) name: String,
    demand: Vec<Option<f64>>,
    domain: Value,
    pub(super) seen: Seen,
    pub(super) account: Account,
}

/// What a machine was in the last minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// Its OCPUs.
    pub(super) ocpus: f64,
    /// Whether it ran.
    pub(super) running: bool,
    /// OCPUs that its load asked for; `None` where the trace has a gap.
    pub(super) demand: Option<f64>,
}

impl Seen {
    /// Percent of the machine that are busy.
    pub(super) fn busy(&self) -> Option<f64> {
        self.demand.filter(|_| self.running && self.ocpus > 0.0).map(|demand| (demand / self.ocpus * 100.0).min(100.0))
    }
}

impl Fleet {
    /// Sets the clocks to the end of the history; machines come with [`Fleet::furnish`].
    pub(super) async fn new(
        target: Target,
        compartment: String,
        loads: &Loads,
        hands: Hands,
    ) -> Result<Self, CliError> {
        let start = Timestamp::from_second(loads.start).map_err(|error| CliError::usage(error.to_string()))?;
        let history = i64::try_from(HISTORY_STEPS).unwrap_or(0) * i64::from(STEP_MINUTES);
        let mut fleet = Self { target, hands, compartment, machines: Vec::new(), step: HISTORY_STEPS, now: start };
        fleet.move_to(start + SignedDuration::from_mins(history)).await?;
        Ok(fleet)
    }

    /// Machines as large as the traces assume, with what was measured of them in the last three hours.
    pub(super) async fn furnish(&mut self, loads: &Loads) -> Result<(), CliError> {
        self.add_limit().await.map_err(|error| failed(&error))?;
        for load in &loads.loads {
            let body = json!({
                "displayName": load.name, "shape": SHAPE, "freeformTags": { TAG.0: TAG.1 },
                "shapeConfig": { "ocpus": REFERENCE_OCPUS, "memoryInGBs": REFERENCE_OCPUS * MEMORY_PER_OCPU_GB },
            });
            let made = self.post("/_causeway/compute/instances", &body).await.map_err(|error| failed(&error))?;
            self.machines.push(Machine {
                id: made["id"].as_str().unwrap_or_default().to_owned(),
                name: load.name.clone(),
                demand: load.demand.clone(),
                domain: made["availabilityDomain"].clone(),
                seen: Seen { ocpus: REFERENCE_OCPUS, running: true, demand: None },
                account: Account::new(REFERENCE_OCPUS),
            });
        }
        self.add_history().await.map_err(|error| failed(&error))
    }

    async fn add_limit(&self) -> Result<(), SendError> {
        let path = format!("{OCI}/20160918/availabilityDomains?compartmentId={}", self.compartment);
        let domains = self.target.ask(Method::GET, &path, None).await?.accepted()?.json();
        for domain in domains.as_array().into_iter().flatten() {
            let limit = json!({
                "service": "compute", "name": "standard-e5-core-count", "scopeType": "AD",
                "availabilityDomain": domain["name"], "value": LIMIT,
            });
            self.post("/_causeway/limits", &limit).await?;
        }
        Ok(())
    }

    async fn add_history(&self) -> Result<(), SendError> {
        let minutes = i64::try_from(HISTORY_STEPS).unwrap_or(0) * i64::from(STEP_MINUTES);
        let start = self.now - SignedDuration::from_mins(minutes);
        let points = |machine: &Machine| -> Vec<Value> {
            let of_minute = |minute: i64| {
                let step = usize::try_from(minute / i64::from(STEP_MINUTES)).unwrap_or(usize::MAX);
                let seen = Seen { demand: machine.at(step), ..machine.seen };
                Some(point(start + SignedDuration::from_mins(minute), seen.busy()?))
            };
            (0..minutes).filter_map(of_minute).collect()
        };
        self.measured(self.machines.iter().map(|machine| (machine, points(machine)))).await
    }

    /// The file with the time.
    pub(super) fn clock_path(&self) -> &Path {
        self.hands.path()
    }

    /// Whether any trace goes on.
    pub(super) fn goes_on(&self) -> bool {
        self.machines.iter().any(|machine| self.step < machine.demand.len())
    }

    /// One more minute: looks at the machines, lets time pass and measures.
    pub(super) async fn minute(&mut self) -> Result<(), CliError> {
        self.look().await.map_err(|error| failed(&error))?;
        let began = self.now;
        self.move_to(began + SignedDuration::from_mins(1)).await?;
        let measured =
            self.machines.iter().filter_map(|machine| Some((machine, vec![point(began, machine.seen.busy()?)])));
        self.measured(measured).await.map_err(|error| failed(&error))
    }

    /// The next sample of the traces begins.
    pub(super) fn next_sample(&mut self) {
        self.step += 1;
    }

    async fn look(&mut self) -> Result<(), SendError> {
        let path = format!("{OCI}/20160918/instances?compartmentId={}&limit=1000", self.compartment);
        let listed = self.target.ask(Method::GET, &path, None).await?.accepted()?.json();
        for machine in &mut self.machines {
            let shown = listed.as_array().into_iter().flatten().find(|shown| shown["id"] == machine.id.as_str());
            let size = shown.and_then(|shown| shown["shapeConfig"]["ocpus"].as_f64());
            machine.seen = Seen {
                ocpus: size.unwrap_or(machine.seen.ocpus),
                running: shown.is_some_and(|shown| shown["lifecycleState"] == "RUNNING"),
                demand: machine.at(self.step),
            };
            machine.account.minute(&machine.seen);
        }
        Ok(())
    }

    async fn measured(&self, points: impl Iterator<Item = (&Machine, Vec<Value>)>) -> Result<(), SendError> {
        let metric = |(machine, points): (&Machine, Vec<Value>)| {
            json!({
                "namespace": "oci_computeagent", "compartmentId": self.compartment, "name": "CpuUtilization",
                "dimensions": { "resourceId": machine.id, "availabilityDomain": machine.domain, "shape": SHAPE },
                "datapoints": points,
            })
        };
        let metrics: Vec<Value> = points.filter(|(_, points)| !points.is_empty()).map(metric).collect();
        if metrics.is_empty() {
            return Ok(());
        }
        let answer = self.post("/_causeway/metrics", &json!({ "metricData": metrics })).await?;
        match answer["failedMetricsCount"].as_u64() {
            Some(0) => Ok(()),
            _ => Err(SendError::Broken(format!("points were refused: {answer}"))),
        }
    }

    /// Both clocks at once; they stand still until the next time.
    async fn move_to(&mut self, now: Timestamp) -> Result<(), CliError> {
        let body = json!({ "now": now, "stop": true });
        let moved = self.target.ask(Method::PUT, "/_causeway/clock", Some(&body)).await;
        moved.and_then(Answer::accepted).map_err(|error| failed(&error))?;
        self.hands.set(now).map_err(|error| CliError::io("the scenario's clock", &error))?;
        self.now = now;
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, SendError> {
        Ok(self.target.ask(Method::POST, path, Some(body)).await?.accepted()?.json())
    }
}

impl Machine {
    fn at(&self, step: usize) -> Option<f64> {
        self.demand.get(step).copied().flatten()
    }
}

fn point(at: Timestamp, value: f64) -> Value {
    json!({ "timestamp": at, "value": value })
}

fn failed(error: &SendError) -> CliError {
    CliError { text: format!("the scenario's machines: {error}"), exit: 74 }
}
