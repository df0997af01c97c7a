//! What people are told of a tenant, once for each time.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decision;
use super::state::TenantState;
use crate::burn::{Burn, Pace};

/// One thing that people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The tenant.
    pub tenant: String,
    /// What it is about: the same for every attempt to tell it, and for nothing else of this tenant.
    pub key: String,
    /// What kind of message.
    pub kind: ToldKind,
    /// In a sentence.
    pub text: String,
    /// Whether people had been told something before that is not over: the end of this is not the end of that.
    pub follows: bool,
}

/// What kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldKind {
    /// The signal: traffic has to move.
    Rollback,
    /// A person is needed.
    Page,
    /// What was told is over.
    Over,
}

/// What was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LastTold {
    /// When.
    pub at: Timestamp,
    /// The decision.
    pub decision: Decision,
}

/// What was told of a pair of windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BurnTold {
    /// Whether people wait to hear that it is over.
    pub is_open: bool,
    /// How often it was told.
    pub count: u32,
}

/// What has to be told of a decision. The same one is not told again within `pause`: what comes and goes is one thing.
/// `has_changed`: it is another than before; `is_page_due`: a lack of knowledge has lasted long enough to wake somebody.
pub(super) fn decision(
    state: &mut TenantState,
    tenant: &str,
    decision: Decision,
    (has_changed, is_page_due): (bool, bool),
    pause: SignedDuration,
    now: Timestamp,
) -> Option<Told> {
    let is_same = |last: &LastTold| last.decision == decision && now.duration_since(last.at) < pause;
    let is_new = !state.told.as_ref().is_some_and(is_same);
    let kind = match decision {
        Decision::Rollback(_) => has_changed.then_some(ToldKind::Rollback),
        Decision::Blocked(_) | Decision::Hold(_) => is_new.then_some(ToldKind::Page),
        Decision::Unknown(_) => (is_new && is_page_due).then_some(ToldKind::Page),
        Decision::Watch(_) => None,
        Decision::None => state.is_open.then_some(ToldKind::Over),
    }?;
    let follows = state.is_open;
    state.is_open = kind != ToldKind::Over;
    state.told = state.is_open.then_some(LastTold { at: now, decision });
    let key = format!("{}/{}", state.epoch, if state.is_open { decision.word() } else { "over".to_owned() });
    Some(Told { tenant: tenant.to_owned(), key, kind, text: decision.text(), follows })
}

/// What has to be told of burn rates.
pub(super) fn burns(state: &mut TenantState, tenant: &str, burns: &[Burn]) -> Vec<Told> {
    let mut all = Vec::new();
    // Counts of a state that was lost come again; its beginning does not.
    let since = state.first_at.map_or(0, Timestamp::as_second);
    for burn in burns {
        let name = format!("burn-{}m", burn.long_minutes);
        let told = state.burns.entry(name.clone()).or_default();
        let kind = match burn.pace {
            Pace::Burning if !told.is_open => ToldKind::Page,
            Pace::Fine if told.is_open => ToldKind::Over,
            // What nobody knows is not over.
            _ => continue,
        };
        told.is_open = kind == ToldKind::Page;
        told.count = told.count.saturating_add(u32::from(told.is_open));
        let word = if told.is_open { "burning" } else { "over" };
        let key = format!("{name}/{since}-{}/{word}", told.count);
        all.push(Told { tenant: tenant.to_owned(), key, kind, text: burn.why.clone(), follows: false });
    }
    all
}
