//! Growing: emergencies, hot metrics, floors (R3 to R7, R12, R13, R17).

use causeway_cloud::fleet::Size;

use crate::forecast::Advice;
use crate::policy::Policy;
use crate::record::{Kind, Reason, Severity};
use crate::size::{covers, floor_to, larger, price_per_hour, same};
use crate::state::{Change, Entry, Infeasible};

use super::bounds::Bounds;
use super::draft::Draft;
use super::floors::Floors;
use super::observe::{Seen, minutes_between};
use super::one::Case;
use super::signal::Signal;
use super::sizing::{grown, is_hot, is_legal, legalised, up_need};

/// A size that something asks for.
struct Wish {
    kind: Kind,
    size: Size,
    reason: Reason,
}

/// Why a wish is not fulfilled.
pub(crate) struct No {
    pub kind: Kind,
    pub rule: &'static str,
    pub code: &'static str,
    pub text: String,
}

impl No {
    pub(crate) fn hold(rule: &'static str, code: &'static str, text: impl Into<String>) -> Self {
        Self { kind: Kind::Hold, rule, code, text: text.into() }
    }
}

/// Takes the largest wish that no rule is against. False when nothing asks for more.
pub(crate) fn decide(
    case: &Case<'_>,
    entry: &Entry,
    seen: &Seen,
    current: Size,
    floors: &Floors<'_>,
    bounds: &Bounds<'_>,
    draft: &mut Draft<'_>,
) -> bool {
    let wishes = wishes(case, seen, current, floors, bounds);
    let mut first_no = None;
    for wish in wishes {
        let wanted = legalised(&case.policy.limits, case.shape, wish.size);
        match granted(case, entry, current, wanted, wish.kind, bounds, draft) {
            Ok(size) => {
                if wish.kind == Kind::ScheduledUp {
                    draft.window(floors.mark());
                }
                draft.resize(wish.kind, size, wish.reason);
                return true;
            }
            Err(no) => {
                draft.reject(wish.kind, wanted, no.rule, no.code);
                draft.aside(wish.reason.rule, wish.reason.code, wish.reason.text);
                first_no.get_or_insert(no);
            }
        }
    }
    let Some(no) = first_no else { return false };
    draft.settle(no.kind, no.rule, no.code, no.text);
    tell(case, draft, no.code);
    true
}

/// Everything that asks for more, the largest first. Each holds the smaller ones too.
fn wishes(case: &Case<'_>, seen: &Seen, current: Size, floors: &Floors<'_>, bounds: &Bounds<'_>) -> Vec<Wish> {
    let policy = case.policy;
    let mut wishes: Vec<Wish> = hot(case, seen, current).into_iter().chain(advised(policy, seen, current)).collect();
    let floor = |kind, size: Size, rule, code, text: &str| {
        let reason = Reason { rule, code, text: text.to_owned() };
        (!covers(current, size)).then(|| Wish { kind, size: larger(current, size), reason })
    };
    if let Some((size, leader)) = &floors.window {
        let text = format!("floor of the window {}", super::support::plain(&leader.window.id));
        wishes.extend(floor(Kind::ScheduledUp, *size, "R12", "window_floor", &text));
    }
    if let Some(size) = floors.predicted.filter(|_| policy.predictive.grow) {
        let text = "as much was used at this time of earlier days";
        wishes.extend(floor(Kind::PredictedUp, size, "R13", "predicted_floor", text));
    }
    if policy.limits.enforce_bounds {
        wishes.extend(floor(Kind::RaiseToMin, bounds.least(), "R9", "below_min", "below the least size"));
    }
    wishes.sort_by(|one, other| {
        let price = |wish: &Wish| price_per_hour(wish.size, &policy.prices);
        price(other).total_cmp(&price(one)).then(one.kind.cmp(&other.kind))
    });
    for index in (0..wishes.len().saturating_sub(1)).rev() {
        wishes[index].size = larger(wishes[index].size, wishes[index + 1].size);
    }
    // An emergency may do what others may not, so it comes first and takes the largest size with it.
    if let Some(index) = wishes.iter().position(|wish| wish.kind == Kind::EmergencyUp) {
        let mut first = wishes.remove(index);
        first.size = wishes.iter().fold(first.size, |size, wish| larger(size, wish.size));
        wishes.insert(0, first);
    }
    wishes
}

/// What hot metrics ask for.
fn hot(case: &Case<'_>, seen: &Seen, current: Size) -> Option<Wish> {
    let (policy, cpu, memory) = (case.policy, &seen.cpu, &seen.memory);
    let is_memory_hot = policy.down.watch_memory && is_hot(policy, memory);
    let quiet = Signal::default();
    let memory = if is_memory_hot { memory } else { &quiet };
    let cpu = if is_left_to_costs(case, seen, current) { &quiet } else { cpu };
    if !is_hot(policy, cpu) && !is_memory_hot {
        return None;
    }
    let size = grown(policy, current, up_need(policy, current, cpu, memory));
    let is_emergency = cpu.is_emergency || memory.is_emergency;
    let (name, signal) = if is_hot(policy, cpu) { ("CPU", cpu) } else { ("memory", memory) };
    let (code, text) = if memory.is_oom {
        ("oom_suspected", "memory was full and then something was restarted".to_owned())
    } else if is_emergency {
        ("emergency", format!("{name} was at {:.1} % at the highest and is not coming down", signal.peak))
    } else {
        let code = if name == "CPU" { "cpu_hot" } else { "memory_hot" };
        (code, format!("{name} was at {:.1} % or more for too long", signal.percentile))
    };
    let kind = if is_emergency { Kind::EmergencyUp } else { Kind::Up };
    Some(Wish { kind, size, reason: Reason { rule: "R4", code, text } })
}

/// Whether the expected costs speak for the CPU in place of R4: where they are known, but for emergencies of machines
/// whose violations are dear, and for machines that cannot grow, since what is too small at the largest size must be told.
fn is_left_to_costs(case: &Case<'_>, seen: &Seen, current: Size) -> bool {
    let is_grave = seen.cpu.is_emergency && !super::cost::answer_emergencies(case.policy);
    seen.advice.is_some() && !is_grave && !is_largest(case, current)
}

/// Whether policy or shape allow no more OCPUs.
fn is_largest(case: &Case<'_>, current: Size) -> bool {
    let limits = &case.policy.limits;
    let of_shape =
        case.shape.and_then(|shape| shape.max_ocpus).filter(|most| most.is_finite()).unwrap_or(f64::INFINITY);
    current.ocpus >= floor_to(limits.max_ocpus.min(of_shape), limits.quantum_ocpus) - 1e-6
}

/// Says what R4 would ask for where the costs sit the heat out: the main reason of a size that is left, unless something
/// else asked for more. Gives whether it is an emergency.
pub(crate) fn sit_out(case: &Case<'_>, seen: &Seen, current: Size, is_asked: bool, draft: &mut Draft<'_>) -> bool {
    let policy = case.policy;
    let advice = seen.advice.filter(|advice| advice.ocpus <= current.ocpus + 1e-6);
    let Some(advice) = advice.filter(|_| is_hot(policy, &seen.cpu) && is_left_to_costs(case, seen, current)) else {
        return false;
    };
    if draft.kind().is_up() {
        return false;
    }
    let is_emergency = seen.cpu.is_emergency;
    let kind = if is_emergency { Kind::EmergencyUp } else { Kind::Up };
    let wanted = grown(policy, current, up_need(policy, current, &seen.cpu, &Signal::default()));
    draft.reject(kind, legalised(&policy.limits, case.shape, wanted), "R4", "left_to_costs");
    let text = format!("hot, and to sit it out is the cheapest: {}", advice_text(&advice));
    if is_asked || draft.kind() != Kind::Hold {
        draft.aside("R4", "left_to_costs", text);
    } else {
        draft.instead_of_steady(Reason { rule: "R4", code: "left_to_costs", text });
    }
    is_emergency
}

/// What the costs ask for.
fn advised(policy: &Policy, seen: &Seen, current: Size) -> Option<Wish> {
    let advice = seen.advice.filter(|advice| advice.ocpus > current.ocpus)?;
    let kind = if seen.cpu.is_emergency { Kind::EmergencyUp } else { Kind::Up };
    let size = grown(policy, current, Size { ocpus: advice.ocpus, memory_gb: 0.0 });
    let code = if advice.is_surge { "surge" } else { "cost" };
    Some(Wish { kind, size, reason: Reason { rule: "R5", code, text: advice_text(&advice) } })
}

/// An advice in words.
pub(crate) fn advice_text(advice: &Advice) -> String {
    let Advice { ocpus, cost_now_per_hour, cost_then_per_hour, .. } = advice;
    format!(
        "{ocpus} OCPUs are expected to cost {cost_then_per_hour:.3} an hour, the present size {cost_now_per_hour:.3}"
    )
}

/// The size that a wish gets.
fn granted(
    case: &Case<'_>,
    entry: &Entry,
    current: Size,
    wanted: Size,
    kind: Kind,
    bounds: &Bounds<'_>,
    draft: &mut Draft<'_>,
) -> Result<Size, No> {
    let clamped = bounds.up(current, wanted, &case.allowance, kind == Kind::EmergencyUp);
    let size = feasible(case, entry, current, clamped.size, bounds)?;
    vacancy(case, current, size)?;
    if same(size, current) {
        let last = clamped.clamps.last().map_or("", |clamp| clamp.code);
        draft.clamps(clamped.clamps);
        return Err(no_room(last));
    }
    if !is_legal(case.shape, size) {
        return Err(No { kind: Kind::Blocked, ..No::hold("R10", "ratio", "no legal ratio of memory to OCPUs") });
    }
    restart(case, entry)?;
    if kind != Kind::EmergencyUp {
        doubt(case, entry, kind)?;
        patience(case, entry, kind)?;
        band(case.policy, current, size, kind)?;
    }
    let is_budget = clamped.clamps.iter().any(|clamp| clamp.code == "budget");
    draft.clamps(clamped.clamps);
    if is_budget {
        let tenant = super::support::plain(&case.policy.budget.tenant);
        draft.aside("R15", "budget", "a smaller step than wanted, for the budget");
        draft.alert(format!("budget/{tenant}"), "budget", Severity::Warning);
    }
    Ok(size)
}

/// Why there is no room for more at all.
fn no_room(code: &str) -> No {
    match code {
        "budget" => No { kind: Kind::Blocked, ..No::hold("R15", "budget", "the budget allows nothing larger") },
        "quota" => No { kind: Kind::Blocked, ..No::hold("R9", "quota", "the quota allows nothing larger") },
        "window_ceiling" => No::hold("R12", "window_ceiling", "a window's ceiling allows nothing larger"),
        _ => No::hold("R9", "at_max", "the largest size that is allowed is not enough"),
    }
}

/// What is left of a size for which there was no room a while ago: once half of the way, then a pause (R17).
fn feasible(case: &Case<'_>, entry: &Entry, current: Size, size: Size, bounds: &Bounds<'_>) -> Result<Size, No> {
    let Some(refused) = &entry.infeasible else { return Ok(size) };
    // What was refused may have been less than there is: that is no reason against more.
    if case.now >= refused.retry_at || !covers(size, refused.target) || covers(current, refused.target) {
        return Ok(size);
    }
    let pause = || not_again(refused);
    if refused.half_tried {
        return Err(pause());
    }
    let half = bounds.part(current, larger(refused.target, current), 0.5);
    if same(half, current) { Err(pause()) } else { Ok(half) }
}

/// A pause after a refusal, which is not always for want of room.
pub(crate) fn not_again(refused: &Infeasible) -> No {
    let at = refused.retry_at;
    match &refused.refusal {
        Some(text) => No::hold("R17", "refused", format!("{text}; asked again at {at}")),
        None => No::hold("R17", "infeasible", format!("there was no room; asked again at {at}")),
    }
}

/// What other machines of the shape in the availability domain were refused is not asked for (R17).
fn vacancy(case: &Case<'_>, current: Size, size: Size) -> Result<(), No> {
    match case.no_room.filter(|full| full.refuses(case.now, current, size)) {
        Some(full) => {
            let text = format!("others like it had no room; asked again at {}", full.retry_at);
            Err(No::hold("R17", "infeasible", text))
        }
        None => Ok(()),
    }
}

/// Whether the change would need a restart that is not allowed (T32).
pub(crate) fn restart(case: &Case<'_>, entry: &Entry) -> Result<(), No> {
    if entry.needs_reboot.is_some() && !super::may_restart(case.policy, case.now) {
        let text = "the size cannot change without a restart, which waits for a maintenance window";
        return Err(No::hold("R8", "needs_reboot", text));
    }
    Ok(())
}

/// Where the memory was lost the points may be of another size, from before a change that nobody remembers. Growth
/// that rests on them waits until all of them are newer (R20). Where our own changes are not known either, one may be under
/// way: all growth waits.
fn doubt(case: &Case<'_>, entry: &Entry, kind: Kind) -> Result<(), No> {
    let minutes = minutes_between(entry.since, case.now);
    let rests_on_memory = kind == Kind::Up || !entry.is_recalled;
    if !entry.is_lost || !rests_on_memory || minutes >= f64::from(case.policy.up.window_minutes) {
        return Ok(());
    }
    let text = format!("what was known was lost {minutes:.0} minutes ago; the points may be of another size");
    Err(No::hold("R20", "no_history", text))
}

/// Pauses after changes (R7), and those of others (R22). Floors of windows wait for nothing of ours.
fn patience(case: &Case<'_>, entry: &Entry, kind: Kind) -> Result<(), No> {
    daily_cap(case, entry)?;
    let Some(last) = entry.last_change() else { return Ok(()) };
    let times = &case.policy.cooldown;
    let pause = if last.grew() { times.up_after_up_minutes } else { times.up_after_down_minutes };
    let minutes = minutes_between(last.at, case.now);
    if minutes >= pause || (kind == Kind::ScheduledUp && last.kind.is_some()) {
        return Ok(());
    }
    Err(cooldown(last.kind.is_none(), minutes, pause))
}

/// A pause that is not over.
pub(crate) fn cooldown(is_external: bool, minutes: f64, pause: f64) -> No {
    let text = format!("changed {minutes:.0} minutes ago, the pause is {pause:.0}");
    if is_external { No::hold("R22", "external_change", text) } else { No::hold("R7", "cooldown", text) }
}

/// Most restarts in a day (R7). A change that can only be live is none.
pub(crate) fn daily_cap(case: &Case<'_>, entry: &Entry) -> Result<(), No> {
    if !super::may_restart(case.policy, case.now) {
        return Ok(());
    }
    let counted: Vec<&Change> = entry.changes.iter().filter(|change| counts(change, case)).collect();
    if counted.len() < case.policy.cooldown.max_restarts_per_day as usize {
        return Ok(());
    }
    let unknown = counted.iter().filter(|change| change.may_restart.is_none()).count();
    let doubt = if unknown > 0 {
        format!("; {unknown} of these changes are not known to have been live")
    } else {
        String::new()
    };
    Err(No::hold("R7", "daily_cap", format!("restarted {} times in 24 hours{doubt}", counted.len())))
}

/// Whether a change of ours may have restarted the machine in the last day. Of emergencies none counts.
fn counts(change: &Change, case: &Case<'_>) -> bool {
    const DAY_MINUTES: f64 = 24.0 * 60.0;
    let is_ours = change.kind.is_some_and(|kind| kind != Kind::EmergencyUp);
    is_ours && change.may_restart != Some(false) && minutes_between(change.at, case.now) < DAY_MINUTES
}

/// Changes that are none (R6).
fn band(policy: &Policy, current: Size, size: Size, kind: Kind) -> Result<(), No> {
    let is_felt = matches!(kind, Kind::ScheduledUp | Kind::RaiseToMin) || is_beyond_band(policy, current, size);
    if is_felt { Ok(()) } else { Err(No::hold("R6", "dead_band", "the change would be too small")) }
}

/// Whether a size differs by more than the dead band.
pub(crate) fn is_beyond_band(policy: &Policy, current: Size, size: Size) -> bool {
    let share = |from: f64, to: f64| ((to - from) / from * 100.0).abs();
    let change = share(current.ocpus, size.ocpus).max(share(current.memory_gb, size.memory_gb));
    change > policy.down.dead_band_percent
}

/// What people are told when a machine cannot grow.
fn tell(case: &Case<'_>, draft: &mut Draft<'_>, code: &'static str) {
    let id = &case.instance.id;
    match code {
        "at_max" => draft.alert(format!("ceiling/{id}"), "ceiling", Severity::Warning),
        "budget" => {
            let tenant = super::support::plain(&case.policy.budget.tenant);
            // A topic of its own: that a step was smaller may have been told a moment ago.
            draft.alert(format!("budget/{tenant}/exhausted"), "budget", Severity::Critical);
        }
        "quota" | "ratio" | "infeasible" | "refused" | "needs_reboot" => {
            draft.alert(format!("{code}/{id}"), code, Severity::Warning);
        }
        _ => {}
    }
}
