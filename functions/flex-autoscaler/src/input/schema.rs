//! JSON Schemas of the cloud ports' types, which have none of their own.
#![allow(dead_code, reason = "only their schemas are used")]

use causeway_cloud::fleet;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Reads shapes without a tolerance for members that are not known: a bound with a typing error would be none.
pub(crate) fn shapes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<fleet::Shape>, D::Error> {
    Ok(Vec::<Shape>::deserialize(deserializer)?.into_iter().map(Into::into).collect())
}

/// Reads a size without a tolerance for members that are not known.
pub(crate) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<fleet::Size>, D::Error> {
    let size = Option::<Size>::deserialize(deserializer)?;
    Ok(size.map(|Size { ocpus, memory_gb }| fleet::Size { ocpus, memory_gb }))
}

/// Reads money that was spent. Less than none would be more than the cap.
pub(crate) fn spent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let spent = f64::deserialize(deserializer)?;
    if spent >= 0.0 { Ok(spent) } else { Err(serde::de::Error::custom("money that was spent must not be below 0")) }
}

impl From<Shape> for fleet::Shape {
    fn from(shape: Shape) -> Self {
        Self {
            name: shape.name,
            availability_domain: shape.availability_domain,
            is_flexible: shape.is_flexible,
            min_ocpus: shape.min_ocpus,
            max_ocpus: shape.max_ocpus,
            min_memory_gb: shape.min_memory_gb,
            max_memory_gb: shape.max_memory_gb,
            min_memory_per_ocpu_gb: shape.min_memory_per_ocpu_gb,
            max_memory_per_ocpu_gb: shape.max_memory_per_ocpu_gb,
            max_memory_per_numa_node_gb: shape.max_memory_per_numa_node_gb,
            resizes_to: shape.resizes_to,
        }
    }
}

/// A size.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Size {
    /// Number of OCPUs.
    ocpus: f64,
    /// Memory in GB.
    memory_gb: f64,
}

/// A shape and what it allows; absent bounds are unknown, not infinite.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Shape {
    /// Its name.
    name: String,
    /// Availability domain that this line is about; absent: any.
    availability_domain: Option<String>,
    /// Whether the size can be chosen.
    is_flexible: Option<bool>,
    /// Smallest number of OCPUs.
    min_ocpus: Option<f64>,
    /// Largest number of OCPUs.
    max_ocpus: Option<f64>,
    /// Least memory in GB.
    min_memory_gb: Option<f64>,
    /// Most memory in GB.
    max_memory_gb: Option<f64>,
    /// Least memory in GB for each OCPU.
    min_memory_per_ocpu_gb: Option<f64>,
    /// Most memory in GB for each OCPU.
    max_memory_per_ocpu_gb: Option<f64>,
    /// Most memory in GB of one NUMA node.
    max_memory_per_numa_node_gb: Option<f64>,
    /// Shapes that a machine of this one can be changed to.
    resizes_to: Vec<String>,
}

/// What a machine is doing: RUNNING, STOPPED, STARTING, STOPPING, PROVISIONING, TERMINATING, TERMINATED, or anything
/// else that the service says.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct MachineState(String);

/// How far work is: running, succeeded, failed, or anything else that the service says, which counts as running.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct WorkState(String);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use serde_json::Value;

    use super::*;

    fn members(value: &Value) -> Vec<&String> {
        value.as_object().unwrap().keys().collect()
    }

    #[track_caller]
    fn check<Port: Serialize, Own: Serialize>(port: &Port, own: &Own) {
        let (port, own) = (serde_json::to_value(port).unwrap(), serde_json::to_value(own).unwrap());
        assert_eq!(members(&port), members(&own));
    }

    #[test]
    fn the_members_are_those_of_the_ports() {
        check(&fleet::Shape::default(), &Shape::default());
        check(&fleet::Size { ocpus: 1.0, memory_gb: 1.0 }, &Size { ocpus: 1.0, memory_gb: 1.0 });
    }

    #[test]
    fn inputs_and_outcomes_have_schemas() {
        for (schema, member) in [
            (schemars::schema_for!(crate::input::Inputs), "instances"),
            (schemars::schema_for!(crate::decide::Outcome), "actions"),
            (schemars::schema_for!(crate::policy::Policy), "allow_reboot"),
        ] {
            let schema = serde_json::to_value(schema).unwrap();
            assert!(schema["properties"][member].is_object(), "{schema}");
        }
    }
}
