//! Machines that are left alone (R24).

use causeway_cloud::fleet::Shape;

use crate::input::Instance;
use crate::policy::Support;

/// Why a machine is left alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    /// It is of a kind that nobody opted in for.
    Unsupported(String),
    /// Whether it is of such a kind is not known, which is not a no.
    Unknown(&'static str),
}

/// Why a machine is left alone, if it is.
pub(crate) fn apart(instance: &Instance, shape: Option<&Shape>, support: &Support) -> Option<Apart> {
    unsupported(instance, shape, support).map(Apart::Unsupported).or_else(|| unknown(instance, support))
}

fn unsupported(instance: &Instance, shape: Option<&Shape>, support: &Support) -> Option<String> {
    let whole = |baseline: &str| matches!(baseline, "BASELINE_1_1" | "1/1");
    if let Some(baseline) = instance.baseline.as_deref().filter(|baseline| !whole(baseline) && !support.burstable) {
        return Some(format!("burstable: {}", plain(baseline)));
    }
    if instance.shape.starts_with("BM.") && !support.bare_metal {
        return Some("bare metal".to_owned());
    }
    if instance.on_dedicated_host == Some(true) && !support.dedicated_host {
        return Some("on a dedicated host".to_owned());
    }
    if instance.preemptible == Some(true) && !support.preemptible {
        return Some("preemptible".to_owned());
    }
    // Their local disks come with the size, so the service does not change it.
    if instance.shape.starts_with("VM.DenseIO.") {
        return Some(format!("{} cannot change its size", plain(&instance.shape)));
    }
    let is_flexible = shape.and_then(|shape| shape.is_flexible).unwrap_or_else(|| instance.shape.ends_with(".Flex"));
    (!is_flexible).then(|| format!("{} has no choice of sizes", plain(&instance.shape)))
}

/// A baseline must be known whatever is supported: a change sets it anew.
fn unknown(instance: &Instance, support: &Support) -> Option<Apart> {
    if instance.baseline.is_none() {
        return Some(Apart::Unknown("its baseline is not known"));
    }
    if instance.on_dedicated_host.is_none() && !support.dedicated_host {
        return Some(Apart::Unknown("whether it is on a dedicated host is not known"));
    }
    if instance.preemptible.is_none() && !support.preemptible {
        return Some(Apart::Unknown("whether it is preemptible is not known"));
    }
    None
}

/// A foreign word for a text: short and without control characters.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}
