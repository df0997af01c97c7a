//! The decision about one machine.

use causeway_cloud::fleet::{MachineState, Shape, Size};
use jiff::Timestamp;

use crate::input::Instance;
use crate::policy::{Mode, Policy};
use crate::record::{Alert, Decision, Kind, Severity};
use crate::state::{Commanded, Entry, NoRoom, Status, WindowMark};

use super::again::{may_be_repeated, rests};
use super::bounds::Bounds;
use super::draft::Draft;
use super::observe::{Seen, minutes_between, observe};
use super::support::{Apart, apart};
use super::{down, floors, up, windows};

/// What a decision about one machine depends on, besides what is remembered of it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The moment.
    pub now: Timestamp,
    /// Epoch of the lease.
    pub epoch: u64,
    /// The machine's own policy.
    pub policy: &'a Policy,
    /// Its fingerprint, see [`Policy::hash`].
    pub config_hash: &'a str,
    /// The limits of its shape; `None` when unknown.
    pub shape: Option<&'a Shape>,
    /// The machine and its points.
    pub instance: &'a Instance,
    /// By how much it may grow.
    pub allowance: Allowance,
    /// Growth for which machines like it had no room.
    pub no_room: Option<NoRoom>,
}

/// By how much a machine may grow, as far as quota and budget go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// OCPUs.
    pub ocpus: f64,
    /// GB of memory.
    pub memory_gb: f64,
    /// Money in an hour.
    pub price_per_hour: f64,
    /// Money in an hour, for an emergency.
    pub emergency_price_per_hour: f64,
}

impl Allowance {
    /// No bound.
    pub const UNLIMITED: Self = Self {
        ocpus: f64::INFINITY,
        memory_gb: f64::INFINITY,
        price_per_hour: f64::INFINITY,
        emergency_price_per_hour: f64::INFINITY,
    };
}

/// The decision about one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// What there is to tell; the caller knows what was told already.
    pub alerts: Vec<Alert>,
    /// The window that the machine grows for.
    pub window: Option<WindowMark>,
    /// Whether it is a change that was asked for before and whose request may have been lost.
    pub is_repetition: bool,
    /// Whether something is under way with the machine.
    pub is_in_flight: bool,
}

impl Verdict {
    /// The size that the machine is to have, when it is to change.
    #[must_use]
    pub fn resize(&self) -> Option<Size> {
        self.decision.decision.is_resize().then_some(self.decision.to).flatten()
    }
}

/// Decides about one machine, and remembers what was seen of it. The guards over the fleet are not asked; whoever
/// carries the decision out says so with [`Entry::command`].
#[must_use]
pub fn one(case: &Case<'_>, entry: &mut Entry) -> Verdict {
    let seen = observe(case, entry);
    propose(case, entry, &seen)
}

/// The decision from what was seen.
pub(crate) fn propose(case: &Case<'_>, entry: &Entry, seen: &Seen) -> Verdict {
    let mut draft = Draft::new(case, entry, seen);
    let Some(current) = usable(case, &mut draft) else { return draft.end() };
    if is_under_way(case, entry, seen, &mut draft) {
        return draft.end();
    }
    let is_asked = rules(case, entry, seen, current, &mut draft);
    if let Some(level) = seen.advice.and_then(|advice| advice.level).filter(|level| level.is_felt) {
        let text = format!("the load is at another level since {}; what was before counts little", level.changed_at);
        draft.aside("R13", "level_changed", text);
    }
    let is_urgent = up::sit_out(case, seen, current, is_asked, &mut draft);
    if seen.is_external {
        draft.external();
    }
    if case.instance.is_paused(&case.policy.tags) {
        pause(case, is_urgent, &mut draft);
    } else if is_urgent {
        draft.alert(format!("left_to_costs/{}", case.instance.id), "left_to_costs", Severity::Warning);
    }
    draft.end()
}

/// The size of a machine that can be decided about.
fn usable(case: &Case<'_>, draft: &mut Draft<'_>) -> Option<Size> {
    let instance = case.instance;
    // Also of a machine that is not ours to change: the others of its cluster wait for it.
    if is_moving(instance) && !instance.gone {
        draft.moves();
    }
    if instance.gone || instance.is_ended() {
        draft.settle(Kind::Dropped, "R8", "gone", "the machine is not there any more");
        return None;
    }
    if case.policy.mode == Mode::Off {
        draft.settle(Kind::Hold, "R21", "off", "switched off by the policy");
        return None;
    }
    match apart(instance, case.shape, &case.policy.support) {
        Some(Apart::Unsupported(text)) => draft.settle(Kind::Blocked, "R24", "unsupported", text),
        Some(Apart::Unknown(text)) => draft.settle(Kind::Hold, "R24", "kind_unknown", text),
        None => return known_size(instance, draft),
    }
    None
}

fn known_size(instance: &Instance, draft: &mut Draft<'_>) -> Option<Size> {
    let size = instance.size.filter(|size| crate::size::is_size(*size));
    if size.is_none() {
        draft.settle(Kind::Hold, "R1", "size_unknown", "the service does not tell the size");
    }
    size
}

/// Whether something is going on with the machine that has to end first (R8).
fn is_under_way(case: &Case<'_>, entry: &Entry, seen: &Seen, draft: &mut Draft<'_>) -> bool {
    if case.instance.state == MachineState::Stopped {
        draft.settle(Kind::Hold, "R8", "stopped", "somebody has stopped the machine");
        return true;
    }
    if is_stuck(case, entry, draft) {
        return true;
    }
    if case.instance.state != MachineState::Running {
        draft.in_flight("the machine is on its way to another state");
        return true;
    }
    if case.instance.work_requests.iter().any(crate::input::WorkRequest::is_open) {
        draft.in_flight("work on the machine is not over");
        return true;
    }
    let Some(commanded) = &entry.commanded else { return false };
    let minutes = minutes_between(commanded.at, case.now);
    let text = || format!("a change was asked for {minutes:.0} minutes ago");
    if commanded.status != Status::Intended || minutes < case.policy.in_flight.resend_after_minutes {
        draft.in_flight(text());
        return true;
    }
    match may_be_repeated(case, entry, seen, commanded) {
        Ok(()) => draft.repeat(commanded),
        Err(against) => draft.in_flight(format!("{} and is not asked for again: {against}", text())),
    }
    if minutes >= case.policy.in_flight.stuck_after_minutes {
        tell_stuck(case, commanded, draft);
    }
    true
}

/// Whether a change of ours is under way for so long that people must look, whatever the machine says that it does. One
/// that nobody may have asked for goes on being asked for.
fn is_stuck(case: &Case<'_>, entry: &Entry, draft: &mut Draft<'_>) -> bool {
    let Some(commanded) = &entry.commanded else { return false };
    let minutes = minutes_between(commanded.at, case.now);
    let is_unsent = commanded.status == Status::Intended && rests(case.instance);
    if minutes < case.policy.in_flight.stuck_after_minutes || is_unsent {
        return false;
    }
    draft.moves();
    let text = format!("a change was asked for {minutes:.0} minutes ago and is not over");
    draft.settle(Kind::Hold, "R8", "stuck", text);
    tell_stuck(case, commanded, draft);
    true
}

fn tell_stuck(case: &Case<'_>, commanded: &Commanded, draft: &mut Draft<'_>) {
    draft.alert(format!("stuck/{}/{}", case.instance.id, commanded.at), "stuck", Severity::Critical);
}

/// Whether the machine is on its way to another state, or worked on.
fn is_moving(instance: &Instance) -> bool {
    use MachineState::{Running, Stopped, Terminated, Terminating};
    let rests = matches!(instance.state, Running | Stopped | Terminated | Terminating);
    !rests || instance.work_requests.iter().any(crate::input::WorkRequest::is_open)
}

/// Growing, else shrinking. Whether anything asked for more.
fn rules(case: &Case<'_>, entry: &Entry, seen: &Seen, current: Size, draft: &mut Draft<'_>) -> bool {
    let known = case.policy.schedule.all_windows();
    let in_force = windows::in_force(&known, case.now, case.policy.schedule.lead_minutes);
    let floors = floors::Floors::new(case, entry, &in_force);
    draft.floors(&floors);
    let mut bounds = Bounds::new(case.policy, case.shape, windows::ceiling(&in_force));
    if bounds.are_empty() {
        draft.settle(Kind::Blocked, "R9", "bounds_empty", "policy and shape allow no size in common");
        return true;
    }
    if up::decide(case, entry, seen, current, &floors, &bounds, draft) {
        return true;
    }
    floors.add_to(&mut bounds);
    down::decide(case, entry, seen, current, &bounds, draft);
    false
}

/// A paused machine is left alone; what it would have needed is told, as is an emergency.
fn pause(case: &Case<'_>, is_urgent: bool, draft: &mut Draft<'_>) {
    let wanted = is_urgent || draft.kind().is_up() || draft.kind() == Kind::Blocked;
    draft.refuse("R21", "paused", "its tag says that it is to be left alone");
    if wanted {
        draft.alert(format!("paused/{}", case.instance.id), "paused", Severity::Warning);
    }
}

impl Entry {
    /// Remembers that a change is about to be asked for.
    pub fn command(&mut self, case: &Case<'_>, verdict: &Verdict) {
        let (Some(from), Some(to)) = (verdict.decision.from, verdict.resize()) else { return };
        if verdict.is_repetition {
            // Without an etag it was never sent, and the machine has still the size that it is to change from.
            if let Some(commanded) = self.commanded.as_mut().filter(|commanded| commanded.if_match.is_none()) {
                commanded.if_match.clone_from(&case.instance.etag);
            }
            return;
        }
        self.commanded = Some(Commanded {
            at: case.now,
            epoch: case.epoch,
            kind: verdict.decision.decision,
            from,
            to,
            token: super::retry_token(&case.instance.id, case.epoch, to),
            if_match: case.instance.etag.clone(),
            may_restart: super::may_restart(case.policy, case.now),
            status: Status::Intended,
            work: None,
            window: verdict.window.clone(),
        });
    }
}
