//! Which windows of a schedule are in force (R12).

use causeway_cloud::fleet::Size;
use causeway_runtime::local_time::start_of;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::policy::{Coupling, Policy, Window};
use crate::state::apply_minutes as minutes;

/// A window on one of its days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Occurrence<'a> {
    pub window: &'a Window,
    pub end: Timestamp,
}

/// The windows of a list that have begun, or begin within the lead.
pub(crate) fn in_force(windows: &[Window], now: Timestamp, lead_minutes: f64) -> Vec<Occurrence<'_>> {
    windows.iter().filter_map(|window| occurrence(window, now, lead_minutes)).collect()
}

fn occurrence(window: &Window, now: Timestamp, lead_minutes: f64) -> Option<Occurrence<'_>> {
    let zone = TimeZone::get(&window.zone).ok()?;
    let today = now.to_zoned(zone.clone()).date();
    let begun = now.saturating_add(minutes(lead_minutes)).ok()?;
    // The lead is at most a week, and one that began yesterday may go on.
    let days = -1..=(lead_minutes / 1440.0).ceil() as i64 + 1;
    days.filter_map(|day| today.checked_add(day.days()).ok())
        .filter(|date| window.starts_on(date.weekday()))
        .filter_map(|date| {
            let start = start_of(&zone, date, window.start)?;
            let last = if window.end > window.start { date } else { date.tomorrow().ok()? };
            let end = end_of(&zone, last, window.end)?;
            (start <= begun && now < end).then_some(Occurrence { window, end })
        })
        .next()
}

/// An end that the clocks skip is as much later; one that comes twice is the second.
fn end_of(zone: &TimeZone, date: Date, time: Time) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(date.to_datetime(time)).later().ok()
}

/// The largest of the floors, with the window that has it.
pub(crate) fn floor<'a>(policy: &Policy, found: &[Occurrence<'a>]) -> Option<(Size, Occurrence<'a>)> {
    let mut highest: Option<(Size, Occurrence<'a>)> = None;
    for occurrence in found {
        let Some(own) = floor_of(policy, occurrence.window) else { continue };
        highest = Some(match highest {
            None => (own, *occurrence),
            Some((size, leader)) => {
                let leader = if own.ocpus > size.ocpus { *occurrence } else { leader };
                (crate::size::larger(size, own), leader)
            }
        });
    }
    highest
}

fn floor_of(policy: &Policy, window: &Window) -> Option<Size> {
    if window.floor_ocpus.is_none() && window.floor_memory_gb.is_none() {
        return None;
    }
    let (ocpus, memory) = (window.floor_ocpus.unwrap_or(0.0), window.floor_memory_gb.unwrap_or(0.0));
    let ratio = policy.limits.coupled_memory_gb_per_ocpu;
    Some(match policy.limits.coupling {
        Coupling::Coupled => {
            let ocpus = crate::size::ceil_to(ocpus.max(memory / ratio), policy.limits.quantum_ocpus);
            Size { ocpus, memory_gb: memory.max(ocpus * ratio) }
        }
        Coupling::Independent => Size { ocpus, memory_gb: memory },
    })
}

/// The smallest of the ceilings, infinite where there is none.
pub(crate) fn ceiling(found: &[Occurrence<'_>]) -> Size {
    let least = |of: fn(&Window) -> Option<f64>| {
        found.iter().filter_map(|occurrence| of(occurrence.window)).fold(f64::INFINITY, f64::min)
    };
    Size { ocpus: least(|window| window.ceiling_ocpus), memory_gb: least(|window| window.ceiling_memory_gb) }
}
