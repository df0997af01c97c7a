//! What a caller may ask for.

use std::collections::{BTreeMap, BTreeSet};

use causeway_runtime::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Mode;

/// Machines that one request may name.
pub const MAX_INSTANCE_IDS: usize = 1000;
/// Longest OCID (Oracle's page "Resource Identifiers": at most 255 characters).
const MAX_ID: usize = 255;

/// A request. The empty object is a tick over the deployment's own fleet, as a schedule sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// A tick over the deployment's fleet; the same as nothing.
    pub kind: Option<Kind>,
    /// Only these machines, by OCID; at most 1,000. Those without the tags of the deployment's fleet are `missing`.
    pub instance_ids: Option<Vec<String>>,
    /// Only machines of this compartment, with these tags and those of the deployment's fleet.
    pub selector: Option<Scope>,
    /// A mode that does less than the deployment's: `off`, `dry_run`, `recommend` or `enforce`, in this order. More
    /// than the deployment allows is refused.
    pub mode: Option<Mode>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Look at the fleet once.
    Tick,
}

/// A part of the fleet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// OCID of the compartment; the deployment's when absent. Any that the deployment's principal may read: its policies
    /// are the bound, the tags of the fleet hold there too.
    pub compartment_id: Option<String>,
    /// Machines that have all of these free-form tags.
    pub tags: BTreeMap<String, String>,
}

/// Which machines a tick is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Those of a compartment that have the tags.
    Scope(Scope),
    /// These, without repetitions.
    Ids(BTreeSet<String>),
}

impl Request {
    /// The machines that are meant; `own` are the deployment's.
    ///
    /// # Errors
    /// 400 with the path of what is wrong.
    pub(crate) fn target(&self, own: &Scope) -> Result<Target, Error> {
        match (&self.instance_ids, &self.selector) {
            (Some(_), Some(_)) => {
                Err(Error::invalid_request("instance_ids and selector exclude each other").at("selector"))
            }
            (Some(ids), None) => ids_of(ids),
            (None, Some(scope)) => Ok(Target::Scope(within(scope, own)?)),
            (None, None) => Ok(Target::Scope(own.clone())),
        }
    }
}

fn ids_of(ids: &[String]) -> Result<Target, Error> {
    let expected = format!("expected 1 to {MAX_INSTANCE_IDS} OCIDs of instances");
    if ids.is_empty() || ids.len() > MAX_INSTANCE_IDS {
        return Err(Error::invalid_request(expected).at("instance_ids"));
    }
    match ids.iter().position(|id| !is_ocid(id, "instance")) {
        Some(wrong) => Err(Error::invalid_request(expected).at(format!("instance_ids[{wrong}]"))),
        None => Ok(Target::Ids(ids.iter().cloned().collect())),
    }
}

/// A request may name another compartment and never leaves the tags of the deployment's fleet.
fn within(scope: &Scope, own: &Scope) -> Result<Scope, Error> {
    if scope.compartment_id.as_ref().is_some_and(|id| !is_ocid(id, "compartment") && !is_ocid(id, "tenancy")) {
        return Err(Error::invalid_request("expected the OCID of a compartment").at("selector.compartment_id"));
    }
    let mut tags = own.tags.clone();
    for (key, value) in &scope.tags {
        if tags.insert(key.clone(), value.clone()).is_some_and(|ours| ours != *value) {
            let text = "the deployment's fleet has another value of this tag";
            return Err(Error::invalid_request(text).at(format!("selector.tags.{key}")));
        }
    }
    Ok(Scope { compartment_id: scope.compartment_id.clone().or_else(|| own.compartment_id.clone()), tags })
}

/// Whether it has the form of an OCID: `ocid1.<kind>.<realm>.<region>.<unique>`, of printable ASCII.
fn is_ocid(text: &str, kind: &str) -> bool {
    let mut parts = text.split('.');
    let is_plain =
        text.len() <= MAX_ID && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    is_plain && parts.next() == Some("ocid1") && parts.next() == Some(kind) && parts.count() >= 3
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    const ID: &str = "ocid1.instance.oc1.iad.a";

    fn own() -> Scope {
        Scope { compartment_id: None, tags: BTreeMap::from([("autoscale".to_owned(), "yes".to_owned())]) }
    }

    #[test]
    fn machines_that_are_meant() {
        let check = |request: serde_json::Value, expected: Result<usize, &str>| {
            let read: Request = serde_json::from_value(request.clone()).unwrap();
            let found = read.target(&own()).map(|target| match target {
                Target::Scope(scope) => scope.tags.len(),
                Target::Ids(ids) => 100 * ids.len(),
            });
            let found = found.map_err(|error| error.path().unwrap_or_default().to_owned());
            assert_eq!(found, expected.map_err(str::to_owned), "{request}");
        };
        check(json!({}), Ok(1));
        check(json!({ "kind": "tick" }), Ok(1));
        check(json!({ "selector": { "tags": { "team": "a" } } }), Ok(2));
        check(json!({ "selector": { "tags": { "autoscale": "yes" } } }), Ok(1));
        check(json!({ "selector": { "tags": { "autoscale": "no" } } }), Err("selector.tags.autoscale"));
        check(json!({ "selector": { "compartment_id": "x" } }), Err("selector.compartment_id"));
        check(json!({ "instance_ids": [ID, ID] }), Ok(100));
        check(json!({ "instance_ids": [] }), Err("instance_ids"));
        check(json!({ "instance_ids": [ID, "../x"] }), Err("instance_ids[1]"));
        check(json!({ "instance_ids": vec![ID; 1001] }), Err("instance_ids"));
        check(json!({ "instance_ids": [ID], "selector": {} }), Err("selector"));
    }

    #[test]
    fn unknown_members_are_refused() {
        for wrong in [json!({ "instances": [] }), json!({ "selector": { "tag": {} } }), json!({ "kind": "tock" })] {
            assert!(serde_json::from_value::<Request>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
