//! The memory of a look that found no credentials.

use std::time::{Duration, SystemTime};

use crate::Error;

/// Pause after the first failure; each further one doubles it.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// The latest failure in a row of them, and how long it counts.
#[derive(Debug, Default)]
pub(super) struct Backoff(Option<Failure>);

#[derive(Debug)]
struct Failure {
    error: Error,
    at: SystemTime,
    pause: Duration,
}

impl Backoff {
    /// The failure that still counts. A clock that was set back ends the pause: nobody knows how long ago it was.
    pub(super) fn failure(&self, now: SystemTime) -> Option<Error> {
        let counts = |last: &&Failure| now.duration_since(last.at).is_ok_and(|past| past < last.pause);
        self.0.as_ref().filter(counts).map(|last| last.error.clone())
    }

    /// Remembers one more failure.
    pub(super) fn note(&mut self, at: SystemTime, error: Error) {
        let pause = self.0.as_ref().map_or(FIRST, |last| (last.pause * 2).min(LONGEST));
        self.0 = Some(Failure { error, at, pause });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
        assert_eq!(backoff.failure(now), None);
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            let error = Error::NoProvider(pause.to_string());
            backoff.note(now, error.clone());
            let pause = Duration::from_secs(pause);
            assert_eq!(backoff.failure(now), Some(error.clone()));
            assert_eq!(backoff.failure(now + pause - Duration::from_millis(1)), Some(error));
            assert_eq!(backoff.failure(now + pause), None);
            assert_eq!(backoff.failure(now - Duration::from_secs(1)), None, "the clock was set back");
            now += pause;
        }
    }
}
