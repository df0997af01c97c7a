//! ListMetrics.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::query::compartments;
use super::streams::{Stream, all};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::page;
use crate::reply::Reply;

const PAGE: (usize, usize) = (1000, 1000);

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    name: Option<String>,
    namespace: Option<String>,
    resource_group: Option<String>,
    dimension_filters: Option<BTreeMap<String, String>>,
    group_by: Option<Vec<String>>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

impl Details {
    fn fits(&self, stream: &Stream) -> bool {
        let same = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
        let filters = self.dimension_filters.iter().flatten();
        same(&self.name, &stream.name)
            && same(&self.namespace, &stream.namespace)
            && (self.resource_group.is_none() || self.resource_group == stream.resource_group)
            && filters.into_iter().all(|(key, value)| stream.dimensions.get(key) == Some(value))
    }
}

/// ListMetrics.
pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    let reader = emulator.store.read()?;
    let mut found = Vec::new();
    for compartment in compartments(emulator, call)? {
        found.extend(all(&reader, &compartment, |stream| details.fits(stream))?);
    }
    let grouped = details.group_by.as_deref().unwrap_or_default();
    let allowed = ["namespace", "name", "resourceGroup"];
    if let Some(other) = grouped.iter().find(|name| !allowed.contains(&name.as_str())) {
        return Err(Error::invalid(format!("Metrics cannot be grouped by {other}.")));
    }
    let key = |stream: &Stream| match details.sort_by.as_deref() {
        Some("RESOURCEGROUP") => stream.resource_group.clone().unwrap_or_default(),
        Some("NAMESPACE") | None => stream.namespace.clone(),
        Some(_) => stream.name.clone(),
    };
    found.sort_by_key(key);
    if details.sort_order.as_deref() == Some("DESC") {
        found.reverse();
    }
    let mut shown: Vec<serde_json::Value> = found.iter().map(|stream| show(stream, grouped)).collect();
    shown.dedup();
    page::of_list(shown, call, PAGE)?.reply(Clone::clone)
}

/// Grouped lists show only what they are grouped by.
fn show(stream: &Stream, grouped: &[String]) -> serde_json::Value {
    let mut shown = json!({
        "name": stream.name,
        "namespace": stream.namespace,
        "resourceGroup": stream.resource_group,
        "compartmentId": stream.compartment,
        "dimensions": stream.dimensions,
    });
    if let (false, Some(members)) = (grouped.is_empty(), shown.as_object_mut()) {
        members.retain(|name, _| grouped.iter().any(|one| one == name) || name == "compartmentId");
    }
    shown
}
