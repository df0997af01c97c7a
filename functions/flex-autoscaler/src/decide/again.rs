//! Whether a change that was asked for before may be asked for again (R18): what has changed since then may be against it.

use crate::input::Instance;
use crate::size::same;
use crate::state::{Commanded, Entry};

use super::bounds::Bounds;
use super::down::{full_window, known_memory, watched};
use super::floors::Floors;
use super::observe::Seen;
use super::one::{Allowance, Case};
use super::sizing::{is_hot, is_legal};
use super::windows;

/// Why a change is not asked for again, or nothing.
///
/// # Errors
/// What is against it, for people.
pub(crate) fn may_be_repeated(
    case: &Case<'_>,
    entry: &Entry,
    seen: &Seen,
    commanded: &Commanded,
) -> Result<(), &'static str> {
    if case.instance.is_paused(&case.policy.tags) {
        return Err("the machine is to be left alone");
    }
    if commanded.may_restart && !super::may_restart(case.policy, case.now) {
        return Err("it would restart the machine, which is not allowed any more");
    }
    if commanded.kind.is_down() {
        is_still_idle(case, entry, seen)?;
    }
    if is_within_bounds(case, entry, commanded) { Ok(()) } else { Err("its size is not allowed any more") }
}

fn is_still_idle(case: &Case<'_>, entry: &Entry, seen: &Seen) -> Result<(), &'static str> {
    let watches_memory = case.policy.down.watch_memory;
    if full_window(case, seen).is_err() || watched(case, entry).is_err() || known_memory(case, entry).is_err() {
        return Err("too little is known to shrink");
    }
    let is_hot = is_hot(case.policy, &seen.cpu) || (watches_memory && is_hot(case.policy, &seen.memory));
    if is_hot { Err("the machine is not idle any more") } else { Ok(()) }
}

/// Whether the size would be given today too. Its part of quota and budget is taken, as of everything under way.
fn is_within_bounds(case: &Case<'_>, entry: &Entry, commanded: &Commanded) -> bool {
    let known = case.policy.schedule.all_windows();
    let in_force = windows::in_force(&known, case.now, case.policy.schedule.lead_minutes);
    let mut bounds = Bounds::new(case.policy, case.shape, windows::ceiling(&in_force));
    let clamped = if commanded.kind.is_down() {
        Floors::new(case, entry, &in_force).add_to(&mut bounds);
        bounds.down(commanded.from, commanded.to)
    } else {
        bounds.up(commanded.from, commanded.to, &Allowance::UNLIMITED, true)
    };
    same(clamped.size, commanded.to) && is_legal(case.shape, commanded.to)
}

/// Whether nothing is going on with a machine as far as it shows.
pub(crate) fn rests(instance: &Instance) -> bool {
    instance.state == causeway_cloud::fleet::MachineState::Running
        && !instance.work_requests.iter().any(crate::input::WorkRequest::is_open)
}
