//! What a flow of the other platform leaves unsaid, as its runtime handed results on by itself.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;

use super::document::AgentEntry;
use super::sequence::Order;

/// The `apiVersion` of such a flow.
pub(super) const API_VERSION: &str = "genai.oci.oracle.com/v1";

/// Which results an agent of a type works on: members of its request, and the types that give them.
fn works_on(kind: &str) -> &'static [(&'static str, &'static str)] {
    const ALL: [(&str, &str); 4] = [
        ("discovery", "data_discovery"),
        ("intelligence", "business_analytics"),
        ("strategy", "pattern_recognition"),
        ("decision", "decision_synthesis"),
    ];
    match kind {
        "business_analytics" | "pattern_recognition" => &[("catalogue", "data_discovery")],
        "decision_synthesis" => &ALL[..3],
        "dashboard_generation" => &ALL,
        _ => &[],
    }
}

/// The results that an agent without `inputs` gets: those of earlier stages, by the types of both. What its
/// configuration sets stays.
pub(super) fn inputs(
    name: &str,
    entries: &BTreeMap<String, Spanned<AgentEntry>>,
    order: &Order<'_>,
) -> BTreeMap<String, String> {
    let entry = &entries[name].value;
    let earlier = |kind: &str| {
        let of_kind = entries.iter().filter(|(_, other)| other.value.kind.as_deref() == Some(kind));
        let names = of_kind.map(|(other, _)| other.as_str());
        names.filter(|other| order.get(other) < order.get(name)).max_by_key(|other| order.get(other))
    };
    let wanted = works_on(entry.kind.as_deref().unwrap_or_default()).iter();
    let wanted = wanted.filter(|(member, _)| !entry.config.contains_key(*member));
    wanted.filter_map(|(member, kind)| Some(((*member).to_owned(), earlier(kind)?.to_owned()))).collect()
}
