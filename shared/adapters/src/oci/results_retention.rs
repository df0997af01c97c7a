//! Lifecycle rules of a bucket.

use std::sync::Arc;

use async_trait::async_trait;
use causeway_cloud::results::{Expiry, Mode, Retention, Step, StepOutcome};
use causeway_oci_client::object_storage::{Condition, LifecyclePolicy, LifecycleRule};
use causeway_resilience::{Deadline, ServiceFailure};

use super::Oci;

/// Rules of one bucket.
struct Lifecycle {
    oci: Oci,
    bucket: String,
}

impl Oci {
    /// The rules of a bucket.
    pub(crate) fn retention(&self, bucket: &str) -> Arc<dyn Retention> {
        Arc::new(Lifecycle { oci: self.clone(), bucket: bucket.to_owned() })
    }
}

#[async_trait]
impl Retention for Lifecycle {
    async fn expire(&self, rule: &Expiry, mode: Mode, deadline: Deadline) -> Result<Step, ServiceFailure> {
        let what = format!("rule {}: delete objects below {} after {} days", rule.name, rule.prefix, rule.days);
        let storage = self.oci.storage(&self.oci.until(deadline, "object_storage")?);
        let policy = match storage.lifecycle(&self.bucket).await {
            Ok(policy) => Some(policy),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let wanted = LifecycleRule::delete_after_days(&rule.name, &rule.prefix, rule.days);
        let Some(rules) = changed(policy.as_ref(), wanted) else {
            return Ok(Step { what, outcome: StepOutcome::AlreadyDone });
        };
        if mode == Mode::Plan {
            return Ok(Step { what, outcome: StepOutcome::Planned });
        }
        storage.put_lifecycle(&self.bucket, &rules, &condition(policy)).await?;
        Ok(Step { what, outcome: StepOutcome::Done })
    }
}

/// All rules with the wanted one among them, as a change replaces all; `None` when it is there.
fn changed(policy: Option<&LifecyclePolicy>, wanted: LifecycleRule) -> Option<Vec<LifecycleRule>> {
    let present = policy.map_or(&[][..], |policy| &policy.items);
    if present.contains(&wanted) {
        return None;
    }
    let mut rules: Vec<_> = present.iter().filter(|rule| rule.name != wanted.name).cloned().collect();
    rules.push(wanted);
    Some(rules)
}

/// Somebody who changed the rules meanwhile is not overruled.
fn condition(policy: Option<LifecyclePolicy>) -> Condition {
    match policy.map(|policy| policy.etag) {
        Some(Some(etag)) => Condition::Match(etag),
        Some(None) => Condition::None,
        None => Condition::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_rules_stay_and_the_same_rule_is_no_change() {
        let rule = |name: &str, days| LifecycleRule::delete_after_days(name, "results/", days);
        let policy = |items: Vec<LifecycleRule>| LifecyclePolicy { items, etag: Some("e".to_owned()) };
        assert_eq!(changed(None, rule("ours", 90)), Some(vec![rule("ours", 90)]));
        let present = policy(vec![rule("theirs", 7), rule("ours", 30)]);
        assert_eq!(changed(Some(&present), rule("ours", 90)), Some(vec![rule("theirs", 7), rule("ours", 90)]));
        let present = policy(vec![rule("ours", 90)]);
        assert_eq!(changed(Some(&present), rule("ours", 90)), None);
    }
}
