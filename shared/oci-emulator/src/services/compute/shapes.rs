//! Shapes and their limits. The numbers are those of Oracle's page of compute shapes for the flexible ones
//! that are listed here.

use serde_json::{Map, Value, json};

use super::instance::{Instance, KIND};
use crate::Emulator;
use crate::call::Call;
use crate::documents;
use crate::error::Error;
use crate::page;
use crate::reply::Reply;
use crate::store::Read;

const PAGE: (usize, usize) = (100, 1000);

/// A shape. Memory is in GB.
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// Most OCPUs and memory of a flexible shape; what a fixed one has.
    ocpus: f64,
    memory: f64,
    pub(super) flexible: bool,
    processor: &'static str,
    /// Gbps for each OCPU and at most.
    bandwidth: (f64, f64),
    /// Name of its limit in the Limits service.
    pub(super) limit: &'static str,
}

/// Memory for each OCPU when nothing is said, and the bounds.
const DEFAULT_PER_OCPU: f64 = 12.0;
const MAX_PER_OCPU: f64 = 64.0;

pub(super) const ALL: &[Shape] = &[
    flexible("VM.Standard.E4.Flex", (64.0, 1024.0), "2.55 GHz AMD EPYC 7J13", (1.0, 40.0), "standard-e4-core-count"),
    flexible("VM.Standard.E5.Flex", (94.0, 1049.0), "2.4 GHz AMD EPYC 9J14", (1.0, 40.0), "standard-e5-core-count"),
    flexible("VM.Standard3.Flex", (32.0, 512.0), "2.6 GHz Intel Xeon 8358", (1.0, 32.0), "standard3-core-count"),
    flexible("VM.Standard.A1.Flex", (80.0, 512.0), "3.0 GHz Ampere Altra", (1.0, 40.0), "standard-a1-core-count"),
    Shape {
        name: "VM.Standard.E2.1.Micro",
        ocpus: 1.0,
        memory: 1.0,
        flexible: false,
        processor: "2.0 GHz AMD EPYC 7551",
        bandwidth: (0.48, 0.48),
        limit: "standard-e2-micro-core-count",
    },
];

const fn flexible(
    name: &'static str,
    (ocpus, memory): (f64, f64),
    processor: &'static str,
    bandwidth: (f64, f64),
    limit: &'static str,
) -> Shape {
    Shape { name, ocpus, memory, flexible: true, processor, bandwidth, limit }
}

/// The shape of this name.
pub(super) fn by_name(name: &str) -> Result<&'static Shape, Error> {
    let found = ALL.iter().find(|shape| shape.name == name);
    found.ok_or_else(|| Error::invalid(format!("Shape {name} is not valid.")))
}

impl Shape {
    /// A complete `shapeConfig`; members that the wish lacks get the shape's defaults.
    ///
    /// # Errors
    ///
    /// 400 for what the shape cannot have.
    pub(super) fn config(&self, wish: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
        if !self.flexible {
            let plain = wish.is_empty();
            plain.then_some(()).ok_or_else(|| Error::invalid(format!("Shape {} has a fixed size.", self.name)))?;
            return Ok(self.full(self.ocpus, self.memory, None));
        }
        let number = |name: &str| match wish.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| Error::invalid(format!("{name} must be a number."))),
        };
        let vcpus = number("vcpus")?.map(|vcpus| vcpus / 2.0);
        let ocpus = number("ocpus")?.or(vcpus).unwrap_or(1.0);
        let memory = number("memoryInGBs")?.unwrap_or((ocpus * DEFAULT_PER_OCPU).min(self.memory));
        let whole = ocpus.fract() == 0.0 && (1.0..=self.ocpus).contains(&ocpus);
        whole.then_some(()).ok_or_else(|| {
            Error::invalid(format!("ocpus {ocpus} is not a whole number from 1 to {} for {}.", self.ocpus, self.name))
        })?;
        let most = (ocpus * MAX_PER_OCPU).min(self.memory);
        let least = ocpus.max(1.0);
        (least..=most).contains(&memory).then_some(()).ok_or_else(|| {
            Error::invalid(format!(
                "memoryInGBs {memory} is not from {least} to {most} for {ocpus} OCPUs of {}.",
                self.name
            ))
        })?;
        Ok(self.full(ocpus, memory, wish.get("baselineOcpuUtilization").and_then(Value::as_str)))
    }

    fn full(&self, ocpus: f64, memory: f64, baseline: Option<&str>) -> Map<String, Value> {
        let config = json!({
            "ocpus": ocpus,
            "vcpus": (ocpus * 2.0).round(),
            "memoryInGBs": memory,
            "baselineOcpuUtilization": baseline.unwrap_or("BASELINE_1_1"),
            "processorDescription": self.processor,
            "networkingBandwidthInGbps": (ocpus * self.bandwidth.0).min(self.bandwidth.1),
            "maxVnicAttachments": (ocpus.round()).clamp(2.0, 24.0),
            "gpus": 0,
            "localDisks": 0,
            "resourceManagement": "STATIC",
        });
        config.as_object().cloned().unwrap_or_default()
    }

    fn show(&self) -> Value {
        let mut shown = json!({
            "shape": self.name,
            "isFlexible": self.flexible,
            "ocpus": if self.flexible { 1.0 } else { self.ocpus },
            "memoryInGBs": if self.flexible { DEFAULT_PER_OCPU } else { self.memory },
            "processorDescription": self.processor,
            "networkingBandwidthInGbps": self.bandwidth.0,
            "maxVnicAttachments": 2,
            "gpus": 0,
            "localDisks": 0,
            "billingType": if self.flexible { "PAID" } else { "ALWAYS_FREE" },
            "quotaNames": [self.limit],
        });
        if self.flexible {
            let others =
                ALL.iter().filter(|other| other.flexible && other.name != self.name && !other.name.contains(".A1."));
            let compatible: Vec<&str> = others.map(|other| other.name).collect();
            shown["ocpuOptions"] = json!({ "min": 1.0, "max": self.ocpus });
            shown["memoryOptions"] = json!({
                "minInGBs": 1.0,
                "maxInGBs": self.memory,
                "defaultPerOcpuInGBs": DEFAULT_PER_OCPU,
                "minPerOcpuInGBs": 1.0,
                "maxPerOcpuInGBs": MAX_PER_OCPU,
            });
            shown["networkingBandwidthOptions"] = json!({
                "minInGbps": self.bandwidth.0,
                "maxInGbps": self.bandwidth.1,
                "defaultPerOcpuInGbps": self.bandwidth.0,
            });
            shown["maxVnicAttachmentOptions"] = json!({ "min": 2, "max": 24.0, "defaultPerOcpu": 1.0 });
            shown["baselineOcpuUtilizations"] = json!(["BASELINE_1_8", "BASELINE_1_2", "BASELINE_1_1"]);
            shown["resizeCompatibleShapes"] = json!(if self.name.contains(".A1.") { Vec::new() } else { compatible });
        }
        shown
    }
}

/// ListShapes.
pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    emulator.compartment_of(call)?;
    let wanted = call.query("shape");
    let shapes = ALL.iter().filter(|shape| wanted.is_none_or(|wanted| wanted == shape.name));
    page::of_list(shapes.map(Shape::show).collect(), call, PAGE)?.reply(Clone::clone)
}

/// OCPUs that the instances of a limit hold in an availability domain.
pub(crate) fn cores_used(reader: &impl Read, limit: &str, domain: &str, now_ms: i64) -> Result<f64, Error> {
    let counts = |instance: &Instance| {
        let in_domain = instance.members.get("availabilityDomain").and_then(Value::as_str) == Some(domain);
        in_domain && by_name(instance.shape()).is_ok_and(|shape| shape.limit == limit)
    };
    let found: Vec<Instance> = documents::all(reader, KIND, counts)?;
    let held = found.into_iter().map(|instance| instance.at(now_ms)).filter(|instance| !instance.is_gone());
    Ok(held.map(|instance| instance.ocpus()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_a_flexible_shape() {
        let shape = by_name("VM.Standard.E5.Flex").unwrap();
        let check = |wish: Value, expected: Option<(f64, f64)>| {
            let config = shape.config(wish.as_object().unwrap()).ok();
            let got = config.map(|c| (c["ocpus"].as_f64().unwrap(), c["memoryInGBs"].as_f64().unwrap()));
            assert_eq!(got, expected, "{wish}");
        };
        check(json!({ "ocpus": 4, "memoryInGBs": 64 }), Some((4.0, 64.0)));
        check(json!({ "ocpus": 4 }), Some((4.0, 48.0)));
        check(json!({ "memoryInGBs": 16 }), Some((1.0, 16.0)));
        check(json!({ "vcpus": 8 }), Some((4.0, 48.0)));
        check(json!({ "ocpus": 64, "memoryInGBs": 1024 }), Some((64.0, 1024.0)));
        check(json!({ "ocpus": 8, "memoryInGBs": 1024 }), None);
        check(json!({ "ocpus": 8, "memoryInGBs": 4 }), None);
        check(json!({ "ocpus": 95 }), None);
        check(json!({ "ocpus": 0 }), None);
        check(json!({ "ocpus": 1.5 }), None);
        check(json!({ "ocpus": "4" }), None);
    }
}
