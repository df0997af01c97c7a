//! Time as the emulated services see it: it can be set, advanced and stopped.
//!
//! There are two clocks. The service clock dates objects, metrics and usage rows and drives life cycles. The
//! gate clock judges the `date` of a signed request and the expiry of tokens; it follows real time unless it
//! is moved on purpose, so that moving the services forward by a month does not lock out every client.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where real time comes from; tests pass their own.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

const RUNNING: i64 = i64::MIN;

/// What has been changed about the clocks, as it is stored and reported. Durations are in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClockSetting {
    /// How far the service clock is ahead of real time, in milliseconds; ignored while it is stopped.
    pub service_offset_ms: i64,
    /// The instant at which the service clock stands still, in milliseconds since 1970.
    pub stopped_at_ms: Option<i64>,
    /// How far the gate clock is ahead of real time, in milliseconds.
    pub gate_offset_ms: i64,
}

/// The two clocks of one emulator.
pub struct Clock {
    wall: WallClock,
    offset: AtomicI64,
    stopped: AtomicI64,
    gate_offset: AtomicI64,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.setting()).finish()
    }
}

impl Clock {
    /// Clocks that follow `wall` until they are moved.
    #[must_use]
    pub fn new(wall: WallClock) -> Self {
        let zero = || AtomicI64::new(0);
        Self { wall, offset: zero(), stopped: AtomicI64::new(RUNNING), gate_offset: zero() }
    }

    /// The time of the services, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self.stopped.load(Ordering::Acquire) {
            RUNNING => self.wall_plus(self.offset.load(Ordering::Acquire)),
            at => from_ms(at),
        }
    }

    /// The time that signatures and tokens are checked against.
    #[must_use]
    pub fn gate_now(&self) -> Timestamp {
        self.wall_plus(self.gate_offset.load(Ordering::Acquire))
    }

    /// Sets the service clock; it goes on from there, or stands still when `stop` is set.
    pub fn set(&self, time: Timestamp, stop: bool) {
        let ms = time.as_millisecond();
        self.offset.store(ms.saturating_sub((self.wall)().as_millisecond()), Ordering::Release);
        self.stopped.store(if stop { ms } else { RUNNING }, Ordering::Release);
    }

    /// Moves the service clock; a stopped clock stays stopped.
    pub fn advance(&self, by: SignedDuration) {
        let moved = self.now().saturating_add(by).unwrap_or(Timestamp::MAX);
        self.set(moved, self.stopped.load(Ordering::Acquire) != RUNNING);
    }

    /// Moves the gate clock to this distance from real time.
    pub fn skew_gate(&self, by: SignedDuration) {
        self.gate_offset.store(clamp_ms(by), Ordering::Release);
    }

    /// What has been changed, for keeping.
    #[must_use]
    pub fn setting(&self) -> ClockSetting {
        let stopped = self.stopped.load(Ordering::Acquire);
        ClockSetting {
            service_offset_ms: self.offset.load(Ordering::Acquire),
            stopped_at_ms: (stopped != RUNNING).then_some(stopped),
            gate_offset_ms: self.gate_offset.load(Ordering::Acquire),
        }
    }

    /// Takes over a kept setting; the default one means real time.
    pub fn restore(&self, setting: ClockSetting) {
        self.offset.store(setting.service_offset_ms, Ordering::Release);
        self.stopped.store(setting.stopped_at_ms.unwrap_or(RUNNING), Ordering::Release);
        self.gate_offset.store(setting.gate_offset_ms, Ordering::Release);
    }

    fn wall_plus(&self, offset: i64) -> Timestamp {
        from_ms((self.wall)().as_millisecond().saturating_add(offset))
    }
}

/// The nearest instant that can be represented.
fn from_ms(ms: i64) -> Timestamp {
    let nearest = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(ms).unwrap_or(nearest)
}

fn clamp_ms(by: SignedDuration) -> i64 {
    i64::try_from(by.as_millis()).unwrap_or(if by.is_negative() { i64::MIN / 2 } else { i64::MAX / 2 })
}

/// The form of times in bodies: RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// The same, from milliseconds since 1970.
pub(crate) fn rfc3339_ms(ms: i64) -> String {
    rfc3339(from_ms(ms))
}

/// The form of times in headers (IMF-fixdate).
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed() -> Clock {
        Clock::new(Arc::new(|| "2026-09-05T01:02:03.004Z".parse().unwrap()))
    }

    #[test]
    fn the_service_clock_moves_and_the_gate_clock_does_not() {
        let clock = fixed();
        let gate = clock.gate_now();
        clock.advance(SignedDuration::from_hours(24 * 90));
        assert_eq!(rfc3339(clock.now()), "2026-12-04T01:02:03.004Z");
        assert_eq!(clock.gate_now(), gate);
    }

    #[test]
    fn a_stopped_clock_stays_stopped_when_it_is_advanced() {
        let clock = fixed();
        clock.set("2030-01-01T00:00:00Z".parse().unwrap(), true);
        clock.advance(SignedDuration::from_secs(1));
        assert_eq!(rfc3339(clock.now()), "2030-01-01T00:00:01.000Z");
        let kept = clock.setting();
        let other = fixed();
        other.restore(kept);
        assert_eq!(other.now(), clock.now());
    }

    #[test]
    fn no_step_is_too_large() {
        let clock = fixed();
        clock.advance(SignedDuration::MAX);
        clock.advance(SignedDuration::MIN);
        clock.skew_gate(SignedDuration::MAX);
        let _ = (clock.now(), clock.gate_now());
    }

    #[test]
    fn times_have_the_forms_of_the_wire() {
        let time: Timestamp = "2026-09-05T01:02:03.004Z".parse().unwrap();
        assert_eq!(http_date(time), "Sat, 05 Sep 2026 01:02:03 GMT");
        assert_eq!(rfc3339_ms(0), "1970-01-01T00:00:00.000Z");
    }
}
