//! Other numbers for some machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Policy, Problem};
use crate::input::Instance;

/// A part of a policy for the machines that a selector means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Override {
    /// Which machines.
    pub selector: Selector,
    /// The members that differ, in the shape of the policy; `overrides` is not one of them.
    pub policy: Map<String, Value>,
}

/// Which machines are meant: those that fulfil all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Selector {
    /// OCID of their compartment.
    pub compartment: Option<String>,
    /// Free-form tags that they have.
    pub tags: BTreeMap<String, String>,
}

impl Selector {
    /// Whether it means this machine.
    #[must_use]
    pub fn holds(&self, instance: &Instance) -> bool {
        self.compartment.as_ref().is_none_or(|wanted| instance.compartment.as_ref() == Some(wanted))
            && self.tags.iter().all(|(key, value)| instance.tags.get(key) == Some(value))
    }
}

/// Policies as they apply to single machines, each made once.
#[derive(Debug)]
pub struct Effective<'a> {
    base: &'a Policy,
    made: BTreeMap<Vec<usize>, Arc<Policy>>,
}

impl<'a> Effective<'a> {
    /// Of this policy.
    #[must_use]
    pub fn new(base: &'a Policy) -> Self {
        Self { base, made: BTreeMap::new() }
    }

    /// The policy of one machine. An override that does not fit, which [`Policy::check`] reports, leaves the machine
    /// with `mode: off`: no rule is better than a wrong one.
    pub fn of(&mut self, instance: &Instance) -> Arc<Policy> {
        let chosen: Vec<usize> = (0..self.base.overrides.len())
            .filter(|index| self.base.overrides[*index].selector.holds(instance))
            .collect();
        let base = self.base;
        self.made.entry(chosen).or_insert_with_key(|chosen| Arc::new(combine(base, chosen))).clone()
    }
}

fn combine(base: &Policy, chosen: &[usize]) -> Policy {
    let mut policy = Policy { overrides: Vec::new(), ..base.clone() };
    for index in chosen {
        match base.overrides[*index].onto(&policy) {
            Ok(next) => policy = next,
            Err(_) => policy.mode = super::Mode::Off,
        }
    }
    policy
}

impl Override {
    /// The path of a member that cannot differ between machines.
    fn of_the_fleet(&self) -> Option<String> {
        let has = |path: &&&[&str]| {
            let (first, rest) = path.split_first()?;
            rest.iter().try_fold(self.policy.get(*first)?, |value, member| value.get(member))
        };
        OF_THE_FLEET.iter().find(|path| has(path).is_some()).map(|path| path.join("."))
    }

    /// The policy with the members of this one in the place of its own.
    ///
    /// # Errors
    /// A text that names the member that does not fit.
    pub(super) fn onto(&self, policy: &Policy) -> Result<Policy, Problem> {
        let wrong = |path: &str, text: String| Problem { path: path.to_owned(), text };
        if self.policy.contains_key("overrides") {
            return Err(wrong("policy.overrides", "is not allowed here".to_owned()));
        }
        if let Some(path) = self.of_the_fleet() {
            return Err(wrong(&format!("policy.{path}"), "holds for the whole fleet and cannot differ".to_owned()));
        }
        let mut value = serde_json::to_value(policy).map_err(|error| wrong("policy", error.to_string()))?;
        merge(&mut value, &Value::Object(self.policy.clone()));
        Policy::deserialize(value).map_err(|error| wrong("policy", error.to_string()))
    }
}

/// Members that are asked once for all machines, by their paths.
const OF_THE_FLEET: [&[&str]; 3] = [&["fleet"], &["alerts"], &["in_flight", "forget_after_hours"]];

/// Members of objects are replaced one by one, everything else as a whole.
fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}
