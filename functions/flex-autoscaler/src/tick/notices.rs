//! Alerts that a tick itself has to tell, beside those of the rules.

use crate::decide::Action;
use crate::input::Instance;
use crate::record::{Alert, Severity};
use crate::state::Answer;

/// What people are told of parts of the state that are gone or cannot be read, unless they are told of the whole.
pub(super) fn lost_parts(alerts: &[Alert], parts: &[String]) -> Option<Alert> {
    const CODE: &str = "state_corrupt";
    let first = parts.first().filter(|_| alerts.iter().all(|alert| alert.code != CODE))?;
    Some(Alert {
        topic: format!("{CODE}/{first}"),
        dedup_key: format!("{CODE}/{first}"),
        code: CODE,
        severity: Severity::Critical,
        instance: None,
        title: format!("flex-autoscaler: {CODE}"),
        body: format!("parts of the state are gone, or cannot be read and were left as they are: {}", parts.join(", ")),
    })
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
