//! A machine's past: every hour of the last eight days, and every five minutes of the last two hours.

use jiff::Timestamp;

use super::hour::{Hour, Load, amount, step};

/// Hours that are kept: a week, and a day to compare it with.
pub(super) const HOURS: usize = 8 * 24;
/// Five-minute slots that are kept: those of the running hour and of the one before.
pub(super) const SLOTS: usize = 24;
pub(super) const SLOT_SECONDS: i64 = 300;
pub(super) const HOUR_SECONDS: i64 = 3600;
const SLOTS_PER_HOUR: i64 = HOUR_SECONDS / SLOT_SECONDS;

/// What a machine used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The hour since 1970 of the last of `hours`.
    pub(super) newest: i64,
    /// In order of time, at most [`HOURS`].
    pub(super) hours: Vec<Hour>,
    /// The five minutes since 1970 of the last of `slots`.
    pub(super) newest_slot: i64,
    /// Steps of the most OCPUs in five minutes, in order of time, at most [`SLOTS`]; 0: not measured.
    pub(super) slots: Vec<u16>,
}

/// An amount of use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    /// OCPUs; `None` when not measured.
    pub ocpus: Option<f64>,
    /// Memory in GB; `None` when not measured.
    pub memory_gb: Option<f64>,
}

impl Profile {
    /// Remembers what was used at a moment. Moments before the last eight days are ignored, as are amounts that are
    /// none. To record the same again changes nothing.
    pub fn record(&mut self, at: Timestamp, used_ocpus: Option<f64>, used_memory_gb: Option<f64>) {
        let (ocpus, memory) = (step(used_ocpus), step(used_memory_gb));
        let at = at.as_second();
        let slot = at.div_euclid(SLOT_SECONDS);
        let day_shape = if ocpus > 0 { self.record_slot(slot, ocpus) } else { None };
        let Some(index) = place(&mut self.hours, &mut self.newest, at.div_euclid(HOUR_SECONDS), HOURS) else { return };
        let Some(hour) = self.hours.get_mut(index) else { return };
        hour.memory = hour.memory.max(memory);
        match day_shape {
            Some(slots) => hour.summarize(slots),
            None => hour.raise(ocpus),
        }
    }

    /// Puts a step into its slot. Gives all slots of its hour, when they changed and are still there.
    fn record_slot(&mut self, slot: i64, ocpus: u16) -> Option<Vec<u16>> {
        let index = place(&mut self.slots, &mut self.newest_slot, slot, SLOTS)?;
        let held = self.slots.get_mut(index)?;
        if *held >= ocpus {
            return None;
        }
        *held = ocpus;
        let first = slot.div_euclid(SLOTS_PER_HOUR) * SLOTS_PER_HOUR;
        let whole = first + SLOTS_PER_HOUR > self.newest_slot - SLOTS_PER_HOUR;
        whole.then(|| (first..first + SLOTS_PER_HOUR).map(|slot| self.slot(slot)).collect())
    }

    /// The step of five minutes; 0 when not measured.
    fn slot(&self, slot: i64) -> u16 {
        at(&self.slots, self.newest_slot, slot).unwrap_or(0)
    }

    /// The highest use in the coming minutes, as it was at the same time one day and seven days ago; `None` when
    /// neither was measured.
    #[must_use]
    pub fn peak_of_window(&self, now: Timestamp, horizon_minutes: u32) -> Option<Used> {
        let first = now.as_second().div_euclid(HOUR_SECONDS);
        let last = (now.as_second() + i64::from(horizon_minutes) * 60).div_euclid(HOUR_SECONDS);
        let hours = [24, 7 * 24].into_iter().flat_map(|back| (first..=last).map(move |hour| hour - back));
        self.highest(hours)
    }

    /// The most memory in the last hours, in GB; `None` when not measured.
    #[must_use]
    pub fn memory_peak_gb(&self, now: Timestamp, hours: u32) -> Option<f64> {
        let last = now.as_second().div_euclid(HOUR_SECONDS);
        self.highest(last - i64::from(hours)..=last).and_then(|used| used.memory_gb)
    }

    /// How many hours that are over at `now` are known. Hours in which no OCPUs were measured are not.
    #[must_use]
    pub fn history_hours(&self, now: Timestamp) -> u32 {
        let running = now.as_second().div_euclid(HOUR_SECONDS);
        let ahead = usize::try_from(self.newest.saturating_sub(running).saturating_add(1)).unwrap_or(0);
        let past = &self.hours[..self.hours.len().saturating_sub(ahead)];
        u32::try_from(past.iter().filter(|hour| hour.ocpus > 0).count()).unwrap_or(u32::MAX)
    }

    /// In how many of the last `hours` hours that are over at `now` memory was measured.
    #[must_use]
    pub fn memory_hours(&self, now: Timestamp, hours: u32) -> u32 {
        let running = now.as_second().div_euclid(HOUR_SECONDS);
        let is_known = |hour: &i64| at(&self.hours, self.newest, *hour).is_some_and(|hour| hour.memory > 0);
        u32::try_from((running - i64::from(hours)..running).filter(is_known).count()).unwrap_or(u32::MAX)
    }

    /// The hours that are over at `now`, youngest first, with their age: 1 is the hour before the running one.
    pub(super) fn past(&self, now: Timestamp) -> impl Iterator<Item = (usize, Load)> {
        let running = now.as_second().div_euclid(HOUR_SECONDS);
        let newest = self.newest;
        let known = self.hours.iter().rev().zip(0_i64..).filter_map(|(hour, back)| Some((back, hour.load()?)));
        known.filter_map(move |(back, load)| {
            let age = usize::try_from(running - (newest - back)).ok()?;
            (1..=HOURS).contains(&age).then_some((age, load))
        })
    }

    /// The OCPUs of the last hour's five minutes, youngest first, with their age in five minutes.
    pub(super) fn recent(&self, now: Timestamp) -> impl Iterator<Item = (usize, f64)> {
        let running = now.as_second().div_euclid(SLOT_SECONDS);
        let slots = (0..=usize::try_from(SLOTS_PER_HOUR).unwrap_or(0)).zip((0..=running).rev());
        slots.filter_map(|(age, slot)| Some((age, amount(self.slot(slot))?)))
    }

    fn highest(&self, hours: impl Iterator<Item = i64>) -> Option<Used> {
        let mut highest = Hour::default();
        for found in hours.filter_map(|hour| at(&self.hours, self.newest, hour)) {
            highest.ocpus = highest.ocpus.max(found.ocpus);
            highest.memory = highest.memory.max(found.memory);
        }
        let used = Used { ocpus: amount(highest.ocpus), memory_gb: amount(highest.memory) };
        (used.ocpus.is_some() || used.memory_gb.is_some()).then_some(used)
    }
}

/// What a list that ends at `newest` has at a number.
pub(super) fn at<T: Copy>(list: &[T], newest: i64, number: i64) -> Option<T> {
    let behind = usize::try_from(newest.checked_sub(number)?).ok()?;
    list.len().checked_sub(behind + 1).and_then(|index| list.get(index)).copied()
}

/// The index of a number in a list that ends at `newest`; the list grows to it and forgets its oldest. `None` when
/// the number is too old.
pub(super) fn place<T: Copy + Default>(list: &mut Vec<T>, newest: &mut i64, number: i64, most: usize) -> Option<usize> {
    if list.is_empty() {
        *newest = number;
        list.push(T::default());
    }
    let ahead = usize::try_from(number.saturating_sub(*newest)).unwrap_or(0);
    if ahead > 0 {
        let drop = list.len().saturating_add(ahead).saturating_sub(most).min(list.len());
        list.drain(..drop);
        list.resize(list.len().saturating_add(ahead).min(most), T::default());
        *newest = number;
    }
    let behind = usize::try_from(*newest - number).unwrap_or(0);
    if behind >= most {
        return None;
    }
    if list.len() <= behind {
        let missing = behind + 1 - list.len();
        list.splice(0..0, std::iter::repeat_n(T::default(), missing));
    }
    Some(list.len() - 1 - behind)
}
