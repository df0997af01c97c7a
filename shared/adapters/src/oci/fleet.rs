//! Compute.

use async_trait::async_trait;
use causeway_cloud::Fleet;
use causeway_cloud::fleet::{
    Accepted, Machine, MachineState, OUT_OF_HOST_CAPACITY, RESTART_NEEDED, Resize, Selector, Shape, Size, Work,
    WorkState,
};
use causeway_oci_client::{Cause, Error, compute as api};
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, once};

use super::Oci;

const SERVICE: &str = "compute";
/// The baseline of machines that are not burstable. Oracle's reference of `LaunchInstanceShapeConfigDetails` has it left
/// blank for them, or this; the service answers `null`.
const WHOLE_BASELINE: &str = "BASELINE_1_1";

#[async_trait]
impl Fleet for Oci {
    fn machines(&self, selector: &Selector, deadline: Deadline) -> BoxStream<'static, Result<Machine, ServiceFailure>> {
        let (this, selector) = (self.clone(), selector.clone());
        let opened = async move {
            let client = this.until(deadline, SERVICE)?;
            let compartment = this.compartment(selector.compartment.as_deref(), deadline, SERVICE).await?;
            let list = client.compute().instances(&compartment, &api::ListInstances::default());
            let machines = list.map_ok(machine).map_err(ServiceFailure::from);
            Ok::<_, ServiceFailure>(machines.try_filter(move |found| std::future::ready(selector.holds(found))))
        };
        once(opened).try_flatten().boxed()
    }

    async fn machine(&self, id: &str, deadline: Deadline) -> Result<Machine, ServiceFailure> {
        Ok(machine(self.until(deadline, SERVICE)?.compute().instance(id).await?))
    }

    fn shapes(
        &self,
        compartment: Option<&str>,
        deadline: Deadline,
    ) -> BoxStream<'static, Result<Shape, ServiceFailure>> {
        let (this, named) = (self.clone(), compartment.map(str::to_owned));
        let opened = async move {
            let client = this.until(deadline, SERVICE)?;
            let compartment = this.compartment(named.as_deref(), deadline, SERVICE).await?;
            let list = client.compute().shapes(&compartment, None);
            Ok::<_, ServiceFailure>(list.map_ok(shape).map_err(ServiceFailure::from))
        };
        once(opened).try_flatten().boxed()
    }

    async fn resize(&self, resize: &Resize, deadline: Deadline) -> Result<Accepted, ServiceFailure> {
        let compute = self.until(deadline, SERVICE)?.compute();
        let updated = compute.update(&resize.id, &change(resize), resize.if_match.as_deref()).await.map_err(refused)?;
        Ok(Accepted { machine: machine(updated.instance), work: updated.work_request_id })
    }

    async fn work(&self, id: &str, deadline: Deadline) -> Result<Work, ServiceFailure> {
        let work = self.until(deadline, SERVICE)?.compute().work_request(id).await?;
        Ok(Work { state: work_state(&work.status), finished: work.time_finished })
    }
}

fn change(resize: &Resize) -> api::UpdateInstance {
    let constraint =
        if resize.may_restart { api::UpdateConstraint::AllowDowntime } else { api::UpdateConstraint::AvoidDowntime };
    let shape_config = api::Resize {
        ocpus: resize.size.ocpus,
        memory_gb: resize.size.memory_gb,
        baseline_ocpu_utilization: resize.baseline.clone(),
    };
    api::UpdateInstance {
        shape_config: Some(shape_config),
        update_operation_constraint: Some(constraint),
        retry_token: resize.retry_token.clone(),
        ..api::UpdateInstance::default()
    }
}

fn machine(instance: api::Instance) -> Machine {
    let config = instance.shape_config;
    let size = config.as_ref().and_then(|config| Some(Size { ocpus: config.ocpus?, memory_gb: config.memory_gb? }));
    Machine {
        id: instance.id,
        compartment: instance.compartment_id,
        name: instance.display_name,
        state: MachineState::from(instance.lifecycle_state.as_str()),
        shape: instance.shape,
        size,
        baseline: config.map(|config| config.baseline_ocpu_utilization.unwrap_or_else(|| WHOLE_BASELINE.to_owned())),
        availability_domain: instance.availability_domain,
        created: instance.time_created,
        tags: instance.freeform_tags.unwrap_or_default(),
        defined_tags: instance.defined_tags.unwrap_or_default(),
        on_dedicated_host: Some(instance.dedicated_vm_host_id.is_some()),
        preemptible: Some(instance.preemptible_instance_config.is_some()),
        etag: instance.etag,
    }
}

fn shape(shape: api::Shape) -> Shape {
    let (ocpus, memory) = (shape.ocpu_options, shape.memory_options);
    Shape {
        name: shape.shape,
        availability_domain: shape.availability_domain,
        is_flexible: shape.is_flexible,
        min_ocpus: ocpus.and_then(|bounds| bounds.min),
        max_ocpus: ocpus.and_then(|bounds| bounds.max),
        min_memory_gb: memory.and_then(|bounds| bounds.min_gb),
        max_memory_gb: memory.and_then(|bounds| bounds.max_gb),
        min_memory_per_ocpu_gb: memory.and_then(|bounds| bounds.min_per_ocpu_gb),
        max_memory_per_ocpu_gb: memory.and_then(|bounds| bounds.max_per_ocpu_gb),
        max_memory_per_numa_node_gb: memory.and_then(|bounds| bounds.max_per_numa_node_gb),
        resizes_to: shape.resize_compatible_shapes.unwrap_or_default(),
    }
}

fn work_state(status: &str) -> WorkState {
    match status {
        "ACCEPTED" | "IN_PROGRESS" | "CANCELING" => WorkState::Running,
        "SUCCEEDED" => WorkState::Succeeded,
        "FAILED" | "CANCELED" => WorkState::Failed,
        other => WorkState::Other(other.to_owned()),
    }
}

/// A full host is answered with 500 `InternalError`, and a restart that was not allowed with the code of any wrong
/// parameter: the message alone tells them. It goes no further than this, as it may repeat what was sent.
fn refused(error: Error) -> ServiceFailure {
    let code = match &*error.cause {
        Cause::Refused { error, .. } => told_by_words(error.status, &error.message),
        _ => None,
    };
    let failure = ServiceFailure::from(error);
    match (code, failure.status()) {
        (Some(code), status) => failure.with_answer(status, Some(code.to_owned())),
        (None, _) => failure,
    }
}

fn told_by_words(status: u16, message: &str) -> Option<&'static str> {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match status {
        500 if says(&["capacity"]) => Some(OUT_OF_HOST_CAPACITY),
        400 if says(&["reboot", "restart", "downtime"]) => Some(RESTART_NEEDED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use serde_json::{Value, json};

    use super::*;

    /// A machine whose record has these members beside those that all have.
    fn with(more: &Value) -> Machine {
        let mut instance = json!({
            "id": "i", "compartmentId": "c", "availabilityDomain": "ad", "lifecycleState": "RUNNING",
            "region": "iad", "shape": "s", "timeCreated": "2026-03-11T12:00:00Z",
        });
        instance.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        machine(serde_json::from_value(instance).unwrap())
    }

    #[test]
    fn what_only_words_tell_has_a_code() {
        for (status, message, expected) in [
            (500, "Out of host capacity.", Some(OUT_OF_HOST_CAPACITY)),
            (500, "Internal error", None),
            (400, "The change requires a reboot of the instance", Some(RESTART_NEEDED)),
            (400, "updateOperationConstraint AVOID_DOWNTIME cannot be met", Some(RESTART_NEEDED)),
            (400, "Cannot be applied without downtime", Some(RESTART_NEEDED)),
            (409, "The instance is restarting", None),
            (404, "capacity", None),
        ] {
            assert_eq!(told_by_words(status, message), expected, "{status} {message}");
        }
    }

    #[test]
    fn a_blank_baseline_is_that_of_machines_that_are_not_burstable() {
        let check = |more: Value, expected: Option<&str>| {
            assert_eq!(with(&more).baseline.as_deref(), expected, "{more}");
        };
        check(json!({ "shapeConfig": { "ocpus": 4.0, "baselineOcpuUtilization": null } }), Some("BASELINE_1_1"));
        check(json!({ "shapeConfig": { "ocpus": 4.0 } }), Some("BASELINE_1_1"));
        check(json!({ "shapeConfig": { "baselineOcpuUtilization": "BASELINE_1_2" } }), Some("BASELINE_1_2"));
        check(json!({}), None);
    }

    #[test]
    fn what_an_instance_runs_on_is_told() {
        let check = |more: Value, expected: (bool, bool)| {
            let found = with(&more);
            assert_eq!((found.on_dedicated_host, found.preemptible), (Some(expected.0), Some(expected.1)), "{more}");
        };
        check(json!({}), (false, false));
        check(json!({ "dedicatedVmHostId": null, "preemptibleInstanceConfig": null }), (false, false));
        check(json!({ "dedicatedVmHostId": "ocid1.dedicatedvmhost.oc1.iad.a" }), (true, false));
        let ended = json!({ "preemptionAction": { "type": "TERMINATE", "preserveBootVolume": false } });
        check(json!({ "preemptibleInstanceConfig": ended }), (false, true));
    }
}
