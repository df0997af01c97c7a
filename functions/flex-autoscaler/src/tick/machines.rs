//! The machines that a tick is about, and what their shapes allow.

use std::collections::{BTreeMap, BTreeSet};

use causeway_cloud::Fleet;
use causeway_cloud::fleet::{Machine, MachineState, Selector, Shape, Work};
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use futures_util::TryStreamExt;

use super::at_once::at_once;
use super::patience::Patience;
use crate::request::{Scope, Target};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Machines that are meant, by OCID.
    pub(crate) machines: BTreeMap<String, Machine>,
    /// Machines that have ended.
    pub(crate) ended: Vec<Machine>,
    /// Machines that were named and are not there.
    pub(crate) missing: Vec<String>,
    /// Machines that were named and could not be looked at, and why.
    pub(crate) unknown: Vec<String>,
    /// Machines that were named and have not the tags of the fleet.
    pub(crate) strangers: Vec<String>,
    /// Machines of each compartment that may have measurements, by availability domain, whether they are meant or not.
    pub(crate) census: BTreeMap<String, BTreeMap<String, usize>>,
}

/// Reads of the fleet.
pub(crate) struct Reads<'a> {
    pub(crate) fleet: &'a dyn Fleet,
    pub(crate) patience: &'a Patience<'a>,
    /// Calls under way at once.
    pub(crate) concurrency: usize,
}

impl Reads<'_> {
    /// The machines that are meant; `own` is the deployment's fleet, whose tags machines need that are named.
    ///
    /// # Errors
    /// The service's. One page that is missing would look like machines that are gone. Of machines that are named all must
    /// fail: else those that do are left out.
    pub(crate) async fn find(&self, target: &Target, own: &Scope) -> Result<Found, ServiceFailure> {
        match target {
            Target::Scope(scope) => self.list(scope).await,
            Target::Ids(ids) => self.named(ids, own).await,
        }
    }

    async fn list(&self, scope: &Scope) -> Result<Found, ServiceFailure> {
        let everything = Selector { compartment: scope.compartment_id.clone(), tags: BTreeMap::new() };
        let wanted = Selector { compartment: None, tags: scope.tags.clone() };
        let listed: Vec<Machine> =
            self.patience.call(|deadline| self.fleet.machines(&everything, deadline).try_collect()).await?;
        let mut found = Found::default();
        for machine in listed {
            // Without measurements, and perhaps without its tags: who remembers it knows whether it was meant.
            if machine.state == MachineState::Terminated {
                found.ended.push(machine);
                continue;
            }
            found.count(&machine);
            if wanted.holds(&machine) {
                found.machines.insert(machine.id.clone(), machine);
            }
        }
        Ok(found)
    }

    async fn named(&self, ids: &BTreeSet<String>, own: &Scope) -> Result<Found, ServiceFailure> {
        let ours = Selector { compartment: None, tags: own.tags.clone() };
        let answers = at_once(ids.iter().map(|id| self.machine(id)).collect(), self.concurrency).await;
        let mut found = Found::default();
        let mut failed = None;
        for (id, machine) in ids.iter().cloned().zip(answers) {
            match machine {
                Ok(None) => found.missing.push(id),
                Ok(Some(machine)) if machine.state == MachineState::Terminated => found.ended.push(machine),
                Ok(Some(machine)) if !ours.holds(&machine) => found.strangers.push(id),
                Ok(Some(machine)) => {
                    found.count(&machine);
                    found.machines.insert(id, machine);
                }
                Err(failure) => {
                    tracing::error!(%failure, id, "a machine that was named could not be looked at");
                    found.unknown.push(format!("{id} is not known: {failure}"));
                    failed.get_or_insert(failure);
                }
            }
        }
        match failed {
            Some(failure) if found.unknown.len() == ids.len() => Err(failure),
            _ => Ok(found),
        }
    }

    /// One machine with its etag; `None` when it is gone.
    ///
    /// # Errors
    /// The service's.
    pub(crate) async fn machine(&self, id: &str) -> Result<Option<Machine>, ServiceFailure> {
        match self.patience.call(|deadline| self.fleet.machine(id, deadline)).await {
            Ok(machine) => Ok(Some(machine)),
            Err(failure) if failure.kind() == Kind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What the shapes of a compartment allow.
    ///
    /// # Errors
    /// The service's.
    pub(crate) async fn shapes(&self, compartment: Option<&str>) -> Result<Vec<Shape>, ServiceFailure> {
        self.patience.call(|deadline| self.fleet.shapes(compartment, deadline).try_collect()).await
    }

    /// How far accepted work is, by its id; work that cannot be asked for is left out: unknown is not over.
    pub(crate) async fn works(&self, ids: Vec<String>) -> BTreeMap<String, Work> {
        let asked = ids.iter().map(|id| self.patience.call(move |deadline| self.fleet.work(id, deadline)));
        let answers = at_once(asked.collect(), self.concurrency).await;
        let told = ids.into_iter().zip(answers).filter_map(|(id, work)| {
            let work = work.inspect_err(|failure| tracing::warn!(%failure, work = id, "unknown work"));
            Some((id, work.ok()?))
        });
        told.collect()
    }
}

impl Found {
    fn count(&mut self, machine: &Machine) {
        let domains = self.census.entry(machine.compartment.clone()).or_default();
        *domains.entry(machine.availability_domain.clone()).or_default() += 1;
    }
}
