//! The short text that a profile is kept as: `2:hour:hours:slot:slots`, about 1.6 kB for eight days. Texts of an earlier
//! version, `hour:hours:slot:slots`, have two amounts less for each hour; these are taken to lie between the others.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::hour::{Hour, RANKS};
use super::profile::{HOURS, Profile, SLOTS};

/// 64 digits, all plain in JSON.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
/// What texts of this version begin with.
const VERSION: &str = "2";
/// Digits of an hour: peak, ratios, memory.
const HOUR_DIGITS: usize = 4 + RANKS.len();
/// Digits of an hour of the version before: peak, the second busiest and the median, memory.
const OLD_HOUR_DIGITS: usize = 6;
/// Digits of five minutes.
const SLOT_DIGITS: usize = 2;
/// Numbers of hours and of slots beyond this are no time that a machine has seen.
const FARTHEST: i64 = 1 << 40;

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hours.is_empty() {
            return Ok(());
        }
        write!(formatter, "{VERSION}:{}:", self.newest)?;
        for hour in &self.hours {
            pair(formatter, hour.ocpus)?;
            hour.parts.iter().try_for_each(|part| write!(formatter, "{}", digit(u16::from(*part))))?;
            pair(formatter, hour.memory)?;
        }
        write!(formatter, ":{}:", self.newest_slot)?;
        self.slots.iter().try_for_each(|slot| pair(formatter, *slot))
    }
}

/// A step, in two digits.
pub(super) fn pair(formatter: &mut fmt::Formatter<'_>, step: u16) -> fmt::Result {
    write!(formatter, "{}{}", digit(step / 64), digit(step))
}

pub(super) fn digit(value: u16) -> char {
    char::from(DIGITS[usize::from(value % 64)])
}

/// An hour from its digits.
type ReadHour = fn(&[u8]) -> Hour;

/// Reads the short text.
fn parse(text: &str) -> Option<Profile> {
    if text.is_empty() {
        return Some(Profile::default());
    }
    let parts: Vec<&str> = text.split(':').collect();
    let (parts, (digits, hour)) = match parts.as_slice() {
        [VERSION, rest @ ..] if rest.len() == 4 => (rest, (HOUR_DIGITS, hour as ReadHour)),
        old => (old, (OLD_HOUR_DIGITS, old_hour as ReadHour)),
    };
    let [newest, hours, newest_slot, slots] = parts.try_into().ok()?;
    let hours = values(hours, digits, HOURS)?;
    let slots = values(slots, SLOT_DIGITS, SLOTS)?;
    if hours.is_empty() {
        return None;
    }
    let hours = hours.chunks_exact(digits).map(hour).collect();
    let slots = slots.chunks_exact(SLOT_DIGITS).map(step_of).collect();
    Some(Profile { newest: number(newest)?, hours, newest_slot: number(newest_slot)?, slots })
}

/// The values of the digits of at most so many things.
pub(super) fn values(digits: &str, each: usize, most: usize) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(each) || digits.len() > each * most {
        return None;
    }
    let value = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).and_then(|index| u8::try_from(index).ok());
    digits.bytes().map(value).collect()
}

/// The step of two digits.
pub(super) fn step_of(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |step, digit| step * 64 + u16::from(*digit))
}

fn hour(digits: &[u8]) -> Hour {
    let mut parts = [0; RANKS.len()];
    parts.copy_from_slice(&digits[2..2 + RANKS.len()]);
    Hour { ocpus: step_of(&digits[..2]), parts, memory: step_of(&digits[2 + RANKS.len()..]) }
}

fn old_hour(digits: &[u8]) -> Hour {
    let (high, median) = (digits[2], digits[3]);
    // Both are digits, so the sum of nine of them is less than the largest number of its type.
    let between = |ninths: u16| (u16::from(high) * (9 - ninths) + u16::from(median) * ninths) / 9;
    let part = |ninths| u8::try_from(between(ninths)).unwrap_or(median);
    Hour { ocpus: step_of(&digits[..2]), parts: [high, part(2), part(6), median], memory: step_of(&digits[4..]) }
}

pub(super) fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.abs() < FARTHEST)
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom("the profile is not one of ours"))
    }
}
