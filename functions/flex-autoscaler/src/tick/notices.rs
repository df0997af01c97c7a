//! Alerts that a tick itself has to tell, beside those of the rules.

use crate::decide::{Action, Alerts, loss};
use crate::input::Instance;
use crate::record::{Alert, Severity};
use crate::reply::Busy;
use crate::state::Answer;

/// What people are told of parts of the state that are gone or cannot be read.
pub(super) fn lost_parts(parts: &[&String]) -> Alerts {
    let mut alerts = Alerts::default();
    for part in parts {
        let body = format!("a part of the state is gone, or cannot be read and was left as it is: {part}");
        alerts.add(loss(Some(part), body));
    }
    alerts
}

/// What people are told of a lease that ends so many minutes from now, which no tick can have taken with the right time.
pub(super) fn lease_ahead(busy: &Busy, minutes: u64) -> Alert {
    const CODE: &str = "lease_ahead";
    let topic = format!("{CODE}/{}", busy.until_unix_ms);
    Alert {
        dedup_key: topic.clone(),
        topic,
        code: CODE,
        severity: Severity::Critical,
        instance: None,
        title: format!("flex-autoscaler: {CODE}"),
        body: format!(
            "the lease ends in {minutes} minutes only, so a wrong clock has taken it, and nothing is done until then; \
             where no tick is at work, remove the document `lease` of the state"
        ),
    }
}

/// What people are told of a change that the service refused for a reason that does not pass by itself, in its words.
pub(super) fn refusal(instance: Option<&Instance>, action: &Action, answer: &Answer) -> Option<Alert> {
    const CODE: &str = "refused";
    let (Answer::Refused { text } | Answer::Hidden { text }) = answer else { return None };
    let name = instance.and_then(|instance| instance.name.as_deref()).unwrap_or(&action.id);
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(80).collect();
    Some(Alert {
        topic: format!("{CODE}/{}", action.id),
        dedup_key: String::new(),
        code: CODE,
        severity: Severity::Warning,
        instance: Some(action.id.clone()),
        title: format!("flex-autoscaler: {name}: {CODE}"),
        body: text.clone(),
    })
}
