//! The signal as machines get it: a document for each rollback.
//!
//! What has to be written is in the state before it is written, like messages: a tick that ends early leaves it to the
//! next. A document ends by itself, so that one which nobody could take back is not followed hours later.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rollback::{Decision, TenantReport};

/// The document `signals/<tenant>-<epoch>`. Whoever moves traffic follows it before `valid_until`, unless it is withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Signal {
    /// The decision, with its reasons.
    #[serde(flatten)]
    pub report: TenantReport,
    /// From then on it must not be followed.
    pub valid_until: Timestamp,
    /// Since when it must not be followed, where something came in its way or its reason is gone.
    pub withdrawn_at: Option<Timestamp>,
}

/// A signal, and whether its document says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    /// What the document has to say.
    pub signal: Signal,
    /// Whether it is known to say so.
    pub is_written: bool,
}

/// Name of the document.
pub(crate) fn key(report: &TenantReport) -> String {
    format!("{}-{}", report.tenant, report.epoch)
}

/// Notes the signal of a rollback that is told now.
pub(crate) fn issue(
    issued: &mut BTreeMap<String, Issued>,
    report: &TenantReport,
    cooldown_minutes: u32,
    now: Timestamp,
) {
    let valid_until = now + SignedDuration::from_mins(i64::from(cooldown_minutes));
    let signal = Signal { report: report.clone(), valid_until, withdrawn_at: None };
    issued.insert(key(report), Issued { signal, is_written: false });
}

/// Takes back what is not decided any more, and forgets what is over.
pub(crate) fn withdraw(issued: &mut BTreeMap<String, Issued>, reports: &[TenantReport], now: Timestamp) {
    issued.retain(|_, one| now < one.signal.valid_until);
    let stands = |key: &str| {
        reports.iter().any(|report| matches!(report.decision, Decision::Rollback(_)) && self::key(report) == key)
    };
    for (key, one) in issued.iter_mut() {
        if one.signal.withdrawn_at.is_none() && !stands(key) {
            (one.signal.withdrawn_at, one.is_written) = (Some(now), false);
        }
    }
}

/// Notes what a document says now. One that says that it is withdrawn is done with.
pub(crate) fn written(issued: &mut BTreeMap<String, Issued>, key: &str, signal: &Signal) {
    if let Some(one) = issued.get_mut(key).filter(|one| one.signal.withdrawn_at == signal.withdrawn_at) {
        one.is_written = true;
        if signal.withdrawn_at.is_some() {
            issued.remove(key);
        }
    }
}
