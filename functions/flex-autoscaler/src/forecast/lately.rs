//! What was measured in the last minutes, five at a time: how many minutes were, and the highest of them.
//!
//! A tick reads as many minutes as one answer of Monitoring holds of the whole fleet. Where a rule looks back farther, what
//! earlier ticks have read stands here. It is kept as a short text, three digits for each metric and five
//! minutes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::hour::{amount, step};
use super::profile::{SLOT_SECONDS, at, place};
use super::text::{digit, number, pair, step_of, values};

const SLOT_MINUTES: i64 = SLOT_SECONDS / 60;
/// A day and the five minutes that it began in: no rule looks back farther.
const MOST: usize = 24 * 12 + 1;
const VERSION: &str = "1";
/// Digits of five minutes.
const DIGITS: usize = 3;

/// What was measured of one machine in the last minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lately {
    cpu: Past,
    memory: Past,
}

/// Of one metric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The five minutes since 1970 of the last of `slots`.
    newest: i64,
    /// In order of time.
    slots: Vec<Slot>,
}

/// Five minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slot {
    /// Minutes that were measured.
    minutes: u8,
    /// Step of the highest amount.
    highest: u16,
}

/// What is remembered of a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Earlier {
    /// Minutes that were measured.
    pub minutes: usize,
    /// The highest amount; `None` without any.
    pub highest: Option<f64>,
}

impl Lately {
    /// Takes what a tick has read: minutes since 1970 and amounts, in order of time. What it has read is believed, and what
    /// lies before it is kept for `window_minutes`.
    pub fn record(
        &mut self,
        now: Timestamp,
        window_minutes: u32,
        cpu: impl Iterator<Item = (i64, f64)>,
        memory: impl Iterator<Item = (i64, f64)>,
    ) {
        let running = now.as_second().div_euclid(SLOT_SECONDS);
        let most = usize::try_from(i64::from(window_minutes) / SLOT_MINUTES + 2).unwrap_or(MOST).min(MOST);
        self.cpu.record(running, most, cpu);
        self.memory.record(running, most, memory);
    }

    /// The moment until which it is known what was measured; `None` when nothing is.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        let newest = (!self.cpu.slots.is_empty()).then_some(self.cpu.newest)?;
        Timestamp::from_second(newest.checked_mul(SLOT_SECONDS)?).ok()
    }

    /// Of the CPU, in OCPUs.
    #[must_use]
    pub fn cpu(&self) -> &Past {
        &self.cpu
    }

    /// Of the memory, in GB.
    #[must_use]
    pub fn memory(&self) -> &Past {
        &self.memory
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cpu.slots.is_empty()
    }
}

impl Past {
    /// What was read stands in place of what is known of its minutes; the five minutes that it begins in may have been read
    /// in part, and keep the higher of the two.
    fn record(&mut self, running: i64, most: usize, read: impl Iterator<Item = (i64, f64)>) {
        self.forget_the_future(running);
        place(&mut self.slots, &mut self.newest, running, most);
        self.slots.drain(..self.slots.len().saturating_sub(most));
        let mut found: BTreeMap<i64, Slot> = BTreeMap::new();
        for (minute, used) in read {
            let slot = found.entry(minute.div_euclid(SLOT_MINUTES).min(running)).or_default();
            slot.minutes = (slot.minutes + 1).min(SLOT_MINUTES as u8);
            slot.highest = slot.highest.max(step(Some(used)));
        }
        let Some(first) = found.keys().next().copied() else { return };
        let kept = usize::try_from(first - self.newest + self.slots.len() as i64).unwrap_or(0);
        self.slots.iter_mut().skip(kept).for_each(|slot| *slot = Slot::default());
        for (number, slot) in found {
            let index = place(&mut self.slots, &mut self.newest, number, most);
            if let Some(held) = index.and_then(|index| self.slots.get_mut(index)) {
                *held = Slot { minutes: held.minutes.max(slot.minutes), highest: held.highest.max(slot.highest) };
            }
        }
    }

    /// A clock that went back leaves five minutes that have not been yet.
    fn forget_the_future(&mut self, running: i64) {
        if let Ok(ahead @ 1..) = usize::try_from(self.newest.saturating_sub(running)) {
            self.slots.truncate(self.slots.len().saturating_sub(ahead));
            self.newest = running;
        }
    }

    /// What is known of the minutes from `oldest` on that are not in a list that begins with the minutes `read`, in order of
    /// time; all since 1970.
    #[must_use]
    pub fn earlier(&self, oldest: i64, read: impl Iterator<Item = i64>) -> Earlier {
        let mut read = read.map(|minute| minute.div_euclid(SLOT_MINUTES)).peekable();
        let Some(last) = read.peek().copied() else { return Earlier::default() };
        let known_of_last = read.take_while(|number| *number == last).count();
        let mut earlier = Earlier::default();
        for number in oldest.div_euclid(SLOT_MINUTES)..=last {
            let Some(slot) = at(&self.slots, self.newest, number).filter(|slot| slot.minutes > 0) else { continue };
            let inside = ((number + 1) * SLOT_MINUTES - oldest).min(i64::from(slot.minutes));
            let known = if number == last { known_of_last } else { 0 };
            let unread = usize::try_from(inside).unwrap_or(0).saturating_sub(known);
            if unread == 0 {
                continue;
            }
            earlier.minutes += unread;
            earlier.highest = amount(slot.highest).map(|used| earlier.highest.map_or(used, |most| used.max(most)));
        }
        earlier
    }
}

impl fmt::Display for Lately {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        write!(formatter, "{VERSION}:{}:", self.cpu.newest)?;
        self.cpu.slots.iter().try_for_each(|slot| write_slot(formatter, *slot))?;
        formatter.write_str(":")?;
        self.memory.slots.iter().try_for_each(|slot| write_slot(formatter, *slot))
    }
}

fn write_slot(formatter: &mut fmt::Formatter<'_>, slot: Slot) -> fmt::Result {
    write!(formatter, "{}", digit(slot.minutes.into()))?;
    pair(formatter, slot.highest)
}

/// Reads the short text.
fn parse(text: &str) -> Option<Lately> {
    if text.is_empty() {
        return Some(Lately::default());
    }
    let [VERSION, newest, cpu, memory] = text.split(':').collect::<Vec<_>>()[..] else { return None };
    let newest = number(newest)?;
    let past =
        |text| Some(Past { newest, slots: values(text, DIGITS, MOST)?.chunks_exact(DIGITS).map(slot).collect() });
    Some(Lately { cpu: past(cpu)?, memory: past(memory)? }).filter(|lately| !lately.is_empty())
}

fn slot(digits: &[u8]) -> Slot {
    Slot { minutes: digits[0].min(SLOT_MINUTES as u8), highest: step_of(&digits[1..]) }
}

impl Serialize for Lately {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lately {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom("what was measured lately is not one of ours"))
    }
}

#[cfg(test)]
mod tests;
