//! Shrinking: only on full knowledge, for a saving that is worth it (R2 to R7, R14), and at the end of windows (R12).

use causeway_cloud::fleet::Size;

use crate::record::{Kind, Reason, Severity};
use crate::size::{covers, larger, price_per_hour, same, smaller};
use crate::state::{Entry, Fired};

use super::bounds::{Bounds, Clamped};
use super::draft::Draft;
use super::observe::{Seen, minutes_between};
use super::one::Case;
use super::sizing::{down_need, holding, is_legal, shrunk};
use super::up::{No, advice_text, cooldown, daily_cap, is_beyond_band, not_again, restart};

/// Shrinks the machine or says why not. Nothing asks for more.
pub(crate) fn decide(
    case: &Case<'_>,
    entry: &Entry,
    seen: &Seen,
    current: Size,
    bounds: &Bounds<'_>,
    draft: &mut Draft<'_>,
) {
    if let Err(no) = is_known(case, seen) {
        draft.settle(no.kind, no.rule, no.code, no.text);
        if no.code == "stale" {
            draft.alert(format!("stale/{}", case.instance.id), "stale", Severity::Warning);
        }
        return;
    }
    if let Some(clamped) = after_window(case, entry, seen, current, bounds) {
        let text = "its window is over and the last minutes need less".to_owned();
        draft.clamps(clamped.clamps);
        return draft.resize(Kind::ScheduledDown, clamped.size, Reason { rule: "R12", code: "window_end", text });
    }
    let need = down_need(case.policy, current, &seen.cpu, &seen.memory, seen.memory_day_max);
    let need =
        Size { ocpus: seen.advice.map_or(need.ocpus, |advice| advice.ocpus.max(cool(case, seen, current))), ..need };
    let wanted = shrunk(case.policy, current, need);
    let clamped = bounds.down(current, wanted);
    let by_cpu = bounds.down(current, shrunk(case.policy, current, Size { memory_gb: 0.0, ..need })).size;
    let price = |size: Size| price_per_hour(size, &case.policy.prices);
    let is_memory_bound = is_coupled(case) && price(clamped.size) > price(by_cpu);
    let size = clamped.size;
    let stopped_by = clamped.clamps.last().map(|clamp| (clamp.rule, clamp.code));
    draft.clamps(clamped.clamps);
    if same(size, current) {
        return steady(current, bounds.least(), stopped_by, is_memory_bound, draft);
    }
    match allowed(case, entry, seen, current, size, is_memory_bound) {
        Ok(()) => {
            draft.resize(Kind::Down, size, reason(seen));
            short_day(case, entry, draft);
        }
        Err(no) => {
            draft.reject(Kind::Down, size, no.rule, no.code);
            draft.settle(no.kind, no.rule, no.code, no.text);
        }
    }
}

/// The fewest OCPUs at which the last minutes would not have been hot (R4): the costs shrink no machine below them.
fn cool(case: &Case<'_>, seen: &Seen, current: Size) -> f64 {
    seen.cpu.peak / case.policy.up.at_percent * current.ocpus
}

fn is_coupled(case: &Case<'_>) -> bool {
    case.policy.limits.coupling == crate::policy::Coupling::Coupled
}

/// Whether enough is known to say that nothing asks for more (R2, R3).
fn is_known(case: &Case<'_>, seen: &Seen) -> Result<(), No> {
    let (cpu, memory) = (&seen.cpu, &seen.memory);
    let watches_memory = case.policy.down.watch_memory;
    if cpu.fits_up && (memory.fits_up || !watches_memory) {
        return Ok(());
    }
    if let Some(why) = &case.instance.unmeasured {
        return Err(No::hold("R2", "stale", format!("its measurements could not be had: {why}")));
    }
    if watches_memory && (cpu.fits_up || memory.fits_up) {
        let name = if cpu.fits_up { "memory" } else { "CPU" };
        return Err(No::hold("R3", "partial_metrics", format!("too few recent points of {name}")));
    }
    let age =
        cpu.measured.age_minutes.map_or_else(|| "there are none".to_owned(), |age| format!("newest {age} minutes old"));
    if cpu.is_stale {
        return Err(No::hold("R2", "stale", format!("no recent points of CPU, {age}")));
    }
    Err(No::hold("R2", "sparse", format!("{} recent points of CPU are too few", cpu.measured.points)))
}

/// The size for a machine that grew for a window that is over and demands its end.
fn after_window(case: &Case<'_>, entry: &Entry, seen: &Seen, current: Size, bounds: &Bounds<'_>) -> Option<Clamped> {
    let windows = case.policy.schedule.all_windows();
    let ends = |id: &str| windows.iter().any(|window| window.id == id && window.enforce_end);
    let is_over = |fired: &&Fired| case.now >= fired.until && entry.is_of_window(fired);
    let fired = entry.fired.iter().filter(|(id, _)| ends(id)).map(|(_, fired)| fired).find(is_over)?;
    let need = Size {
        ocpus: seen.cpu.peak / case.policy.down.target_percent * current.ocpus,
        memory_gb: seen.memory_day_max / case.policy.down.memory_target_percent * current.memory_gb,
    };
    let wanted = smaller(larger(fired.from, holding(&case.policy.limits, need)), current);
    let clamped = bounds.down(current, wanted);
    let rules = [
        full_window(case, seen),
        watched(case, entry),
        known_memory(case, entry),
        patience(case, entry),
        daily_cap(case, entry),
        restart(case, entry),
        not_refused(case, entry, current),
    ];
    let is_allowed = !same(clamped.size, current) && is_legal(case.shape, clamped.size);
    (is_allowed && rules.iter().all(Result::is_ok)).then_some(clamped)
}

/// Nothing is to be done; why.
fn steady(
    current: Size,
    least: Size,
    stopped_by: Option<(&'static str, &'static str)>,
    is_memory_bound: bool,
    draft: &mut Draft<'_>,
) {
    if current.ocpus < least.ocpus - 1e-6 || current.memory_gb < least.memory_gb - 1e-6 {
        return draft.settle(Kind::Hold, "R9", "below_min", "below the least size, which is not enforced");
    }
    match stopped_by {
        Some(("R9", _)) => draft.settle(Kind::Hold, "R9", "at_min", "the least size that is allowed"),
        Some((rule, code)) => draft.settle(Kind::Hold, rule, code, "a floor keeps the size"),
        None if is_memory_bound => draft.settle(Kind::Hold, "R5", "memory_bound", "memory needs the size"),
        None if same(current, least) => draft.settle(Kind::Hold, "R9", "at_min", "the least size that is allowed"),
        None => draft.settle(Kind::Hold, "R11", "steady", "the size fits"),
    }
}

/// Why it shrinks.
fn reason(seen: &Seen) -> Reason {
    if let Some(advice) = &seen.advice {
        return Reason { rule: "R5", code: "cost", text: advice_text(advice) };
    }
    let text = format!("CPU was at {:.1} % at the highest in the whole window", seen.cpu.window_max);
    Reason { rule: "R4", code: "idle", text }
}

/// Hours of the day in which memory was measured, and how many there are; nothing where nobody looks at memory.
fn hours_of_memory(case: &Case<'_>, entry: &Entry) -> Option<(u32, u32)> {
    let down = &case.policy.down;
    let known = || (entry.profile.memory_hours(case.now, down.memory_window_hours), down.memory_window_hours);
    down.watch_memory.then(known)
}

/// Tells when the day's memory is not known for a whole day.
fn short_day(case: &Case<'_>, entry: &Entry, draft: &mut Draft<'_>) {
    if let Some((known, wanted)) = hours_of_memory(case, entry).filter(|(known, wanted)| known < wanted) {
        let text = format!("the highest of memory is that of {known} whole hours, not of {wanted}");
        draft.aside("R5", "memory_short", text);
    }
}

/// Nothing shrinks while too little is known of the day's memory (R5): an hour that nobody measured is not one in which none
/// was used.
pub(crate) fn known_memory(case: &Case<'_>, entry: &Entry) -> Result<(), No> {
    let Some((known, all)) = hours_of_memory(case, entry) else { return Ok(()) };
    if known >= case.policy.down.min_memory_hours.min(all) {
        return Ok(());
    }
    Err(No::hold("R5", "memory_short", format!("memory was measured in {known} of the last {all} hours")))
}

/// Every rule that may be against a smaller size.
fn allowed(
    case: &Case<'_>,
    entry: &Entry,
    seen: &Seen,
    current: Size,
    size: Size,
    is_memory_bound: bool,
) -> Result<(), No> {
    if !is_legal(case.shape, size) {
        return Err(No::hold("R10", "ratio", "the shape does not allow that much memory with so few OCPUs"));
    }
    full_window(case, seen)?;
    watched(case, entry)?;
    known_memory(case, entry)?;
    saving(case, entry, current, size, is_memory_bound)?;
    patience(case, entry)?;
    daily_cap(case, entry)?;
    restart(case, entry)?;
    not_refused(case, entry, current)?;
    // The costs have weighed the restart already.
    let is_weighed = seen.advice.is_some() && !is_memory_bound && size.ocpus < current.ocpus;
    if is_weighed { Ok(()) } else { payback(case, entry, current, size) }
}

/// Nothing shrinks on a window with holes (R2).
pub(crate) fn full_window(case: &Case<'_>, seen: &Seen) -> Result<(), No> {
    let memory_fits = seen.memory.fits_down || !case.policy.down.watch_memory;
    if seen.cpu.fits_down && memory_fits {
        return Ok(());
    }
    let found = seen.cpu.measured.window_points;
    Err(No::hold("R2", "sparse", format!("{found} points of CPU are too few to shrink on")))
}

/// Nothing shrinks that has not been watched for a while (R20), or whose limits are not known (R9).
pub(crate) fn watched(case: &Case<'_>, entry: &Entry) -> Result<(), No> {
    if case.shape.is_none() {
        return Err(No::hold("R9", "shape_unknown", "the limits of the shape are not known"));
    }
    let minutes = minutes_between(entry.since, case.now);
    if minutes < case.policy.down.min_watched_minutes {
        return Err(No::hold("R20", "no_history", format!("watched for {minutes:.0} minutes only")));
    }
    Ok(())
}

/// A saving must be worth it (R6). A size that memory dictates must save all of it: too little memory kills.
fn saving(case: &Case<'_>, entry: &Entry, current: Size, size: Size, is_memory_bound: bool) -> Result<(), No> {
    let down = &case.policy.down;
    if !is_beyond_band(case.policy, current, size) {
        return Err(No::hold(
            "R6",
            if is_memory_bound { "memory_bound" } else { "dead_band" },
            "the change would be too small",
        ));
    }
    let before = price_per_hour(current, &case.policy.prices);
    let saved = if before > 0.0 { 100.0 - price_per_hour(size, &case.policy.prices) / before * 100.0 } else { 100.0 };
    let stable_hours = minutes_between(entry.unchanged_since(), case.now) / 60.0;
    let is_stable = stable_hours >= down.small_saving_after_hours && !is_memory_bound;
    let least = if is_stable { down.small_saving_percent } else { down.min_saving_percent };
    if saved >= least - 1e-9 {
        return Ok(());
    }
    let text = format!("it would save {saved:.1} %, {least} % is the least");
    Err(No::hold("R6", if is_memory_bound { "memory_bound" } else { "small_saving" }, text))
}

/// Pauses after changes (R7), and those of others (R22).
fn patience(case: &Case<'_>, entry: &Entry) -> Result<(), No> {
    let Some(last) = entry.last_change() else { return Ok(()) };
    let times = &case.policy.cooldown;
    let pause = if last.grew() { times.down_after_up_minutes } else { times.down_after_down_minutes };
    let minutes = minutes_between(last.at, case.now);
    if minutes >= pause { Ok(()) } else { Err(cooldown(last.kind.is_none(), minutes, pause)) }
}

/// Pauses after a smaller size that was refused or did not come (R17).
fn not_refused(case: &Case<'_>, entry: &Entry, current: Size) -> Result<(), No> {
    match &entry.infeasible {
        Some(refused) if case.now < refused.retry_at && covers(current, refused.target) => Err(not_again(refused)),
        _ => Ok(()),
    }
}

/// A restart must be earned back (R14).
fn payback(case: &Case<'_>, entry: &Entry, current: Size, size: Size) -> Result<(), No> {
    let (settings, prices) = (&case.policy.payback, &case.policy.prices);
    if !settings.enabled || !super::may_restart(case.policy, case.now) {
        return Ok(());
    }
    let hold_hours = (minutes_between(entry.unchanged_since(), case.now) / 60.0).min(settings.max_hold_hours);
    let earned = (price_per_hour(current, prices) - price_per_hour(size, prices)) * hold_hours;
    let cost = prices.resize_downtime_minutes * prices.violation_price_per_minute;
    if earned >= cost - 1e-9 {
        return Ok(());
    }
    Err(No::hold(
        "R14",
        "payback",
        format!("it would earn {earned:.3} in {hold_hours:.1} hours, a restart costs {cost:.3}"),
    ))
}
