//! A decision in the making.

use causeway_cloud::fleet::Size;

use crate::record::{Alert, Clamp, Decision, Kind, Known, Reason, Rejected, Severity};
use crate::size::price_per_hour;
use crate::state::{Commanded, Entry, WindowMark};

use super::floors::Floors;
use super::observe::{Seen, minutes_between};
use super::one::{Case, Verdict};
use super::signal::round;

/// A decision in the making; `HOLD` until something else is settled.
pub(crate) struct Draft<'a> {
    case: &'a Case<'a>,
    kind: Kind,
    from: Option<Size>,
    to: Option<Size>,
    reasons: Vec<Reason>,
    asides: Vec<Reason>,
    known: Known,
    clamps: Vec<Clamp>,
    rejected: Vec<Rejected>,
    alerts: Vec<Alert>,
    window: Option<WindowMark>,
    is_repetition: bool,
    is_in_flight: bool,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(case: &'a Case<'a>, entry: &Entry, seen: &Seen) -> Self {
        let from = case.instance.size.filter(|size| crate::size::is_size(*size));
        let known = Known {
            cpu: seen.cpu.measured.clone(),
            memory: seen.memory.measured.clone(),
            level_changed_at: seen.advice.and_then(|advice| advice.level).map(|level| level.changed_at),
            unchanged_minutes: Some(round(minutes_between(entry.unchanged_since(), case.now), 1)),
            ..Known::default()
        };
        Self {
            case,
            kind: Kind::Hold,
            from,
            to: from,
            reasons: Vec::new(),
            asides: Vec::new(),
            known,
            clamps: Vec::new(),
            rejected: Vec::new(),
            alerts: Vec::new(),
            window: None,
            is_repetition: false,
            is_in_flight: false,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The floors that are known.
    pub(crate) fn floors(&mut self, floors: &Floors<'_>) {
        self.known.window_floor = floors.window.as_ref().map(|(size, _)| *size);
        self.known.predicted_floor = floors.predicted;
    }

    /// A decision that leaves the size, with its main reason.
    pub(crate) fn settle(&mut self, kind: Kind, rule: &'static str, code: &'static str, text: impl Into<String>) {
        self.kind = kind;
        self.to = self.from;
        self.reasons.insert(0, Reason { rule, code, text: text.into() });
    }

    /// A better reason to leave the size than that nothing smaller would do.
    pub(crate) fn instead_of_steady(&mut self, reason: Reason) {
        self.reasons.retain(|known| !matches!(known.code, "steady" | "at_min"));
        self.reasons.insert(0, reason);
    }

    /// Something is under way with the machine.
    pub(crate) fn moves(&mut self) {
        self.is_in_flight = true;
    }

    /// Something has to end first.
    pub(crate) fn in_flight(&mut self, text: impl Into<String>) {
        self.moves();
        self.settle(Kind::Hold, "R8", "in_flight", text);
    }

    /// A decision for another size.
    pub(crate) fn resize(&mut self, kind: Kind, to: Size, reason: Reason) {
        self.kind = kind;
        self.to = Some(to);
        self.reasons.insert(0, reason);
        let numa = self.case.shape.and_then(|shape| shape.max_memory_per_numa_node_gb);
        if let (Some(numa), Some(from)) = (numa, self.from)
            && from.memory_gb <= numa
            && to.memory_gb > numa
        {
            self.aside("R10", "numa", format!("more than the {numa} GB of one NUMA node"));
        }
    }

    /// The window for which it grows.
    pub(crate) fn window(&mut self, window: Option<WindowMark>) {
        self.window = window;
    }

    /// The same change as before, whose request may have been lost.
    pub(crate) fn repeat(&mut self, commanded: &Commanded) {
        self.is_repetition = true;
        self.window.clone_from(&commanded.window);
        let text = "nobody knows whether it was asked for; it is asked for again with the same token".to_owned();
        self.resize(commanded.kind, commanded.to, Reason { rule: "R18", code: "repeated", text });
    }

    /// Somebody else has changed the size: the main reason where nothing is done.
    pub(crate) fn external(&mut self) {
        let text = "somebody else changed the size; it is taken as it is";
        if self.kind == Kind::Hold {
            self.settle(Kind::Hold, "R22", "external_change", text);
        } else {
            self.aside("R22", "external_change", text);
        }
    }

    /// Turns a change into none.
    pub(crate) fn refuse(&mut self, rule: &'static str, code: &'static str, text: impl Into<String>) {
        if let Some(to) = self.to.filter(|_| self.kind.is_resize()) {
            self.reject(self.kind, to, rule, code);
        }
        self.window = None;
        self.settle(Kind::Hold, rule, code, text);
    }

    /// A reason that is not the main one.
    pub(crate) fn aside(&mut self, rule: &'static str, code: &'static str, text: impl Into<String>) {
        self.asides.push(Reason { rule, code, text: text.into() });
    }

    pub(crate) fn reject(&mut self, decision: Kind, to: Size, rule: &'static str, code: &'static str) {
        self.rejected.push(Rejected { decision, to, rule, code });
    }

    pub(crate) fn clamps(&mut self, clamps: Vec<Clamp>) {
        self.clamps.extend(clamps);
    }

    /// Something to tell, about the main reason.
    pub(crate) fn alert(&mut self, topic: String, code: &'static str, severity: Severity) {
        let instance = self.case.instance;
        let name = super::support::plain(instance.name.as_deref().unwrap_or(&instance.id));
        let body = self.reasons.first().map(|reason| reason.text.clone()).unwrap_or_default();
        self.alerts.push(Alert {
            dedup_key: topic.clone(),
            topic,
            code,
            severity,
            instance: Some(instance.id.clone()),
            title: format!("flex-autoscaler: {name}: {code}"),
            body,
        });
    }

    pub(crate) fn end(mut self) -> Verdict {
        self.reasons.append(&mut self.asides);
        let prices = &self.case.policy.prices;
        let delta = match (self.from, self.to) {
            (Some(from), Some(to)) => price_per_hour(to, prices) - price_per_hour(from, prices),
            _ => 0.0,
        };
        let restarts = self.kind.is_resize() && super::may_restart(self.case.policy, self.case.now);
        let instance = self.case.instance;
        let decision = Decision {
            id: instance.id.clone(),
            name: instance.name.clone(),
            decision: self.kind,
            reason: self.reasons.first().map_or("steady", |reason| reason.code),
            from: self.from,
            to: self.to,
            reasons: self.reasons,
            inputs: self.known,
            clamps: self.clamps,
            rejected: self.rejected,
            price_delta_per_hour: round(delta, 6),
            expected_downtime_minutes: if restarts { prices.resize_downtime_minutes } else { 0.0 },
            epoch: self.case.epoch,
            config_hash: self.case.config_hash.to_owned(),
        };
        Verdict {
            decision,
            alerts: self.alerts,
            window: self.window,
            is_repetition: self.is_repetition,
            is_in_flight: self.is_in_flight,
        }
    }
}
