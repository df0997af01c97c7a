//! Making the record say what became of the decisions.

use crate::record::{Kind, Record, Rejected};
use crate::state::Correction;

/// A decision that the service did not agree to: the machine is held, and what was decided stands among what was
/// rejected.
pub(super) fn correct(record: &mut Record, id: &str, correction: Correction) {
    let Correction { reason, is_deferred } = correction;
    if is_deferred && !record.deferred.iter().any(|known| known == id) {
        record.deferred.push(id.to_owned());
        record.partial = true;
    }
    let Some(decision) = record.decisions.iter_mut().find(|decision| decision.id == id) else { return };
    if let Some(to) = decision.to.filter(|_| decision.decision.is_resize()) {
        decision.rejected.push(Rejected { decision: decision.decision, to, rule: reason.rule, code: reason.code });
    }
    let now = if reason.code == "gone" { Kind::Dropped } else { Kind::Hold };
    decision.decision = now;
    decision.reason = reason.code;
    decision.to = decision.from;
    (decision.price_delta_per_hour, decision.expected_downtime_minutes) = (0.0, 0.0);
    decision.reasons.insert(0, reason);
    record.count();
}
