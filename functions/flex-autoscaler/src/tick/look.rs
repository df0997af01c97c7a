//! A second look at what is about to change.

use causeway_cloud::fleet::Machine;
use causeway_resilience::ServiceFailure;
use futures_util::future::join;

use super::at_once::at_once;
use super::{Tick, Work};
use crate::decide::{Outcome, decide};
use crate::input::{Inputs, Instance};
use crate::policy::Mode;

/// Looks at machines that are about to change, until each has been seen with its etag.
const MAX_LOOKS: usize = 3;

type Look = Result<Option<Machine>, ServiceFailure>;

impl Tick<'_> {
    /// Decides, looks again at every machine that would change, and decides again: lists have no etags, and what they
    /// say may be some pages old.
    pub(super) async fn decided(&self, work: &mut Work) -> Outcome {
        let gather = self.gather();
        // How far earlier changes are seldom matters to those that come next, so nothing waits for it.
        let ids = unseen(&decide(&work.inputs));
        let (seen, works) = join(self.look(&ids), gather.works(&work.inputs)).await;
        works.put_into(&mut work.inputs);
        see(&mut work.inputs, ids, seen);
        for _ in 1..MAX_LOOKS {
            let outcome = decide(&work.inputs);
            let ids = unseen(&outcome);
            if ids.is_empty() || self.patience.is_over() {
                return outcome;
            }
            let seen = self.look(&ids).await;
            see(&mut work.inputs, ids, seen);
        }
        decide(&work.inputs)
    }

    /// The same decisions with nothing to do: the machines are looked at that `enforce` would change.
    pub(super) async fn decided_dry(&self, work: &mut Work) -> Outcome {
        let mode = std::mem::replace(&mut work.inputs.policy.mode, Mode::Enforce);
        drop(self.decided(work).await);
        work.inputs.policy.mode = mode;
        decide(&work.inputs)
    }

    async fn look(&self, ids: &[String]) -> Vec<Look> {
        let gather = self.gather();
        let reads = gather.reads();
        at_once(ids.iter().map(|id| reads.machine(id)).collect(), self.owner.config.concurrency).await
    }
}

/// Machines that are to change and were not seen with their etags.
fn unseen(outcome: &Outcome) -> Vec<String> {
    let unseen = outcome.actions.iter().filter(|action| action.if_match.is_none());
    unseen.map(|action| action.id.clone()).collect()
}

fn see(inputs: &mut Inputs, ids: Vec<String>, seen: Vec<Look>) {
    for (id, machine) in ids.into_iter().zip(seen) {
        let Some(instance) = inputs.instances.iter_mut().find(|instance| instance.id == id) else { continue };
        match machine {
            Ok(Some(machine)) => *instance = renewed(std::mem::replace(instance, machine.clone().into()), machine),
            // It stays without an etag, and what has none is not changed. One that was listed a moment ago and is not
            // found now may have ended, or may not be read: the next list tells.
            Ok(None) => tracing::warn!(id, "a machine that was listed is not found"),
            Err(failure) => tracing::warn!(%failure, id, "a machine could not be looked at"),
        }
    }
}

/// The machine as it is now, with what was measured of it.
fn renewed(before: Instance, machine: Machine) -> Instance {
    let Instance { cpu, memory, unmeasured, work_requests, .. } = before;
    Instance { cpu, memory, unmeasured, work_requests, ..Instance::from(machine) }
}
