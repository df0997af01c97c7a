//! What is seen of a machine, and remembered: changes that have arrived (R7), changes of others (R22), use (R13).

use causeway_cloud::fleet::{MachineState, Size, WorkState};
use jiff::{SignedDuration, Timestamp};

use crate::forecast::Advice;
use crate::policy::Mode;
use crate::size::{covers, is_size, same};
use crate::state::{Change, Commanded, Entry, Fired, Status};

use super::again::{may_be_repeated, rests};
use super::one::Case;
use super::signal::{Signal, SizeHistory, Stream};

/// A day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub cpu: Signal,
    pub memory: Signal,
    /// Highest use of memory in the last hours, in percent of the present size.
    pub memory_day_max: f64,
    /// Whether somebody else has changed the size since the last tick.
    pub is_external: bool,
    /// The size of the least expected cost, where enough is known.
    pub advice: Option<Advice>,
}

/// Looks at a machine.
pub(crate) fn observe(case: &Case<'_>, entry: &mut Entry) -> Seen {
    let before = std::mem::replace(&mut entry.seen_at, case.now);
    let Some(size) = case.instance.size.filter(|size| is_size(*size) && case.policy.mode != Mode::Off) else {
        return Seen::default();
    };
    let is_external = sizes(case, entry, size, before);
    forget_old(case, entry);
    let mut seen = measure(case, entry, size, before);
    seen.is_external = is_external;
    forget_vain(case, entry, &seen);
    seen
}

/// An intention that may not be asked for again, of a machine to which nothing has happened for so long that it would
/// show: it was never taken, and keeps the machine from what it needs.
fn forget_vain(case: &Case<'_>, entry: &mut Entry, seen: &Seen) {
    let Some(commanded) = &entry.commanded else { return };
    let is_old = minutes_between(commanded.at, case.now) >= case.policy.in_flight.stuck_after_minutes;
    let is_unsent = commanded.status == Status::Intended && rests(case.instance);
    if is_old && is_unsent && may_be_repeated(case, entry, seen, commanded).is_err() {
        entry.commanded = None;
    }
}

/// Changes that have arrived, and those of somebody else.
fn sizes(case: &Case<'_>, entry: &mut Entry, size: Size, before: Timestamp) -> bool {
    if !matches!(case.instance.state, MachineState::Running | MachineState::Stopped) {
        return false;
    }
    let Some(commanded) = entry.commanded.take() else {
        let known = entry.size.replace(size);
        let Some(known) = known.filter(|known| !same(*known, size)) else { return false };
        entry.adopt(before, case.now, known, size);
        return true;
    };
    if same(size, commanded.to) {
        arrive(case, entry, size, commanded);
        return false;
    }
    if !same(size, commanded.from) {
        entry.adopt(before, case.now, commanded.from, size);
        return true;
    }
    let is_given_up = minutes_between(commanded.at, case.now) >= case.policy.in_flight.give_up_after_minutes;
    let has_failed = has_failed(case, &commanded);
    let asked_at = commanded.at;
    entry.commanded = Some(commanded);
    // What the service accepted and did not do is like no room. What is given up was long in coming already.
    if has_failed {
        entry.no_capacity(case.policy, case.now);
    } else if is_given_up {
        entry.no_capacity(case.policy, asked_at);
    }
    false
}

/// Whether the service says that the work on a change has failed.
fn has_failed(case: &Case<'_>, commanded: &Commanded) -> bool {
    let is_ours = |id: &str| commanded.work.as_deref() == Some(id);
    case.instance.work_requests.iter().any(|work| is_ours(&work.id) && work.state == WorkState::Failed)
}

/// A change that was asked for is there. While the machine is not at work it is not over.
fn arrive(case: &Case<'_>, entry: &mut Entry, size: Size, commanded: Commanded) {
    let open = case.instance.work_requests.iter().any(crate::input::WorkRequest::is_open);
    if case.instance.state != MachineState::Running || open {
        entry.commanded = Some(commanded);
        return;
    }
    if let Some(window) = commanded.window {
        entry.fired.insert(window.id, Fired { at: commanded.at, from: commanded.from, until: window.until });
    }
    if entry.infeasible.as_ref().is_some_and(|refused| covers(size, refused.target)) {
        entry.infeasible = None;
    }
    entry.size = Some(size);
    entry.conflict_at = None;
    entry.recommendation = None;
    entry.changes.push(Change {
        begun: commanded.at,
        at: case.now,
        kind: Some(commanded.kind),
        from: commanded.from,
        to: commanded.to,
        may_restart: Some(commanded.may_restart),
    });
}

fn forget_old(case: &Case<'_>, entry: &mut Entry) {
    let is_recent = |at: Timestamp| case.now.duration_since(at) < DAY;
    let last = entry.changes.last().copied();
    entry.changes.retain(|change| is_recent(change.at) || Some(*change) == last);
    entry.fired.retain(|_, fired| is_recent(fired.until));
    let believed = case.policy.capacity.needs_reboot_hours * 60.0;
    let longest = case.policy.capacity.max_retry_after_minutes;
    entry.infeasible = entry.infeasible.take().filter(|refused| minutes_between(refused.retry_at, case.now) < longest);
    entry.needs_reboot = entry.needs_reboot.filter(|needs| minutes_between(needs.at, case.now) < believed);
    entry.forget_conflict(case.now);
}

/// What the points say, and what of them is remembered.
fn measure(case: &Case<'_>, entry: &mut Entry, size: Size, before: Timestamp) -> Seen {
    let (now, policy, instance) = (case.now, case.policy, case.instance);
    let ocpus = SizeHistory::new(&entry.changes, size.ocpus, |change| (change.from.ocpus, change.to.ocpus));
    let memory =
        SizeHistory::new(&entry.changes, size.memory_gb, |change| (change.from.memory_gb, change.to.memory_gb));
    let window = policy.down.window_minutes.max(policy.up.window_minutes);
    let day = window.max(policy.down.memory_window_hours.saturating_mul(60));
    let cpu = Stream::new(&instance.cpu, now, policy, &ocpus, window);
    let memory = Stream::new(&instance.memory, now, policy, &memory, day);
    remember(entry, &cpu, &memory, case, before);
    if instance.unmeasured.is_none() {
        entry.lately.record(now, window, cpu.used(), memory.used());
    }
    let mut seen = Seen {
        cpu: cpu.signal(now, policy, size.ocpus, entry.lately.cpu()),
        memory: memory.signal(now, policy, size.memory_gb, entry.lately.memory()),
        ..Seen::default()
    };
    seen.memory_day_max = day_max(entry, now, policy.down.memory_window_hours, size, memory.highest(size.memory_gb));
    seen.advice = seen.cpu.fits_up.then(|| super::cost::advice(case, entry, size)).flatten();
    if seen.memory.measured.window_max.is_some() {
        seen.memory.measured.day_max = Some(super::signal::round(seen.memory_day_max, 3));
    }
    seen
}

/// The profile keeps what came since the last tick, a little overlapping for points that arrive late.
fn remember(entry: &mut Entry, cpu: &Stream, memory: &Stream, case: &Case<'_>, before: Timestamp) {
    const LATE_MINUTES: i64 = 10;
    let now = case.now;
    let minute = |at: Timestamp| at.as_second().div_euclid(60);
    let window = minute(now) - i64::from(case.policy.down.window_minutes);
    let is_first = entry.profile.history_hours(now) == 0;
    let from = if is_first { window } else { window.max(minute(before) - LATE_MINUTES) };
    // A document may have a whole day of memory.
    let is_first = entry.profile.memory_hours(now, case.policy.down.memory_window_hours) == 0;
    let memory_from = if is_first { i64::MIN } else { from };
    let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap_or(now);
    for sample in cpu.since(from) {
        entry.profile.record(at(sample.minute), Some(sample.used), None);
    }
    for sample in memory.since(memory_from) {
        entry.profile.record(at(sample.minute), None, Some(sample.used));
    }
}

/// The most memory of the day in percent of the present size. The profile is coarse: within its grain the points
/// themselves are believed.
fn day_max(entry: &Entry, now: Timestamp, hours: u32, size: Size, of_points: f64) -> f64 {
    const GRAIN: f64 = 1.004;
    let remembered = entry.profile.memory_peak_gb(now, hours).map_or(0.0, |gb| gb / size.memory_gb * 100.0);
    if remembered <= of_points * GRAIN { of_points } else { remembered }
}

/// Minutes from one moment to a later one; 0 when it is not later.
pub(crate) fn minutes_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.duration_since(from).as_secs_f64() / 60.0).max(0.0)
}
